"""Script compliance: does the agent say what the playbook asks, and nothing that it forbids."""

from models.scorers.compliance.loading import list_playbooks, load_playbook, playbook_schema
from models.scorers.compliance.scorer import ComplianceScorer

__all__ = ["ComplianceScorer", "list_playbooks", "load_playbook", "playbook_schema"]
