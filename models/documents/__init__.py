"""Reads YAML documents people write (playbooks, rubrics) and says where something is wrong, what, and what is allowed.

``document`` reads, ``plain_yaml`` takes only plain values, ``mistakes`` words what pydantic refuses in both languages.
"""

from models.documents.document import (
    MAX_BYTES,
    Document,
    document_hash,
    parse_document,
    read_document,
    refusal,
    validate_document,
)
from models.documents.problem import Problem

__all__ = [
    "MAX_BYTES",
    "Document",
    "Problem",
    "document_hash",
    "parse_document",
    "read_document",
    "refusal",
    "validate_document",
]
