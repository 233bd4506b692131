"""Script compliance: does the agent say what the playbook asks, and nothing that it forbids."""

from models.scorers.compliance.loading import (
    is_file_spec,
    list_playbooks,
    load_playbook,
    parse_playbook,
    playbook_schema,
    read_playbook,
)
from models.scorers.compliance.scorer import ComplianceScorer
from models.scorers.compliance.vectors import conversation_of

__all__ = [
    "ComplianceScorer",
    "conversation_of",
    "is_file_spec",
    "list_playbooks",
    "load_playbook",
    "parse_playbook",
    "playbook_schema",
    "read_playbook",
]
