"""All tables, one file each. Importing this package registers every one of them in ``metadata``."""

from sqlmodel import SQLModel

from service.db.tables.api_key import ApiKey
from service.db.tables.audit_event import AuditEvent
from service.db.tables.conversation import ConversationRow
from service.db.tables.conversation_revision import ConversationRevision
from service.db.tables.person import Person
from service.db.tables.playbook import PlaybookActivation, PlaybookVersion
from service.db.tables.score import ScoreRow

metadata = SQLModel.metadata

__all__ = [
    "ApiKey",
    "AuditEvent",
    "ConversationRevision",
    "ConversationRow",
    "Person",
    "PlaybookActivation",
    "PlaybookVersion",
    "ScoreRow",
    "metadata",
]
