"""All tables, one file each. Importing this package registers every one of them in ``metadata``."""

from sqlmodel import SQLModel

from service.db.tables.api_key import ApiKey
from service.db.tables.appeal import Appeal
from service.db.tables.audit_event import AuditEvent
from service.db.tables.calibration import AutomationLevelRow, CalibrationMark, CalibrationSession
from service.db.tables.conversation import ConversationRow
from service.db.tables.conversation_revision import ConversationRevision
from service.db.tables.dry_run import DryRunChange, DryRunRow
from service.db.tables.person import Person
from service.db.tables.playbook import PlaybookActivation, PlaybookVersion
from service.db.tables.review import (
    DecisionView,
    ReviewDecision,
    ReviewTask,
    ReviewTaskReason,
    SamplingPolicyRow,
)
from service.db.tables.root_cause import RootCauseRow
from service.db.tables.rubric import RubricActivation, RubricVersion
from service.db.tables.score import ScoreRow

metadata = SQLModel.metadata

__all__ = [
    "ApiKey",
    "Appeal",
    "AuditEvent",
    "AutomationLevelRow",
    "CalibrationMark",
    "CalibrationSession",
    "ConversationRevision",
    "ConversationRow",
    "DecisionView",
    "DryRunChange",
    "DryRunRow",
    "Person",
    "PlaybookActivation",
    "PlaybookVersion",
    "ReviewDecision",
    "ReviewTask",
    "ReviewTaskReason",
    "RootCauseRow",
    "RubricActivation",
    "RubricVersion",
    "SamplingPolicyRow",
    "ScoreRow",
    "metadata",
]
