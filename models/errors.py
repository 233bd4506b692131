"""The root of the error tree: every error a user can meet has a stable code and says where and what.

Codes are part of the public interface (CLI output, ``application/problem+json``): they are never reused or renamed.
"""

from __future__ import annotations

from typing import ClassVar


class AttuneError(Exception):
    """Base of all errors that Attune raises on purpose.

    Attributes:
        code: Stable machine-readable code, kebab-case.
        message_zh: The message for Chinese readers.
        message_en: The message for English readers; also ``str(error)``.
        hint: What the user can do about it, or ``None``.
        location: Where it is: a file and line, a JSON path, an id; or ``None``.
        problems: Where one error tells of several: each one's location, English and Chinese text; else empty.
    """

    code: ClassVar[str] = "error"

    def __init__(
        self, message_en: str, message_zh: str | None = None, *, hint: str | None = None, location: str | None = None
    ) -> None:
        """Keep both messages; the English one stands in where no Chinese one is given."""
        super().__init__(message_en)
        self.message_en = message_en
        self.message_zh = message_zh or message_en
        self.hint = hint
        self.location = location
        self.problems: tuple[tuple[str, str, str], ...] = ()


class InvalidConversationError(AttuneError):
    """A conversation breaks a rule of the interchange format; ``location`` holds the JSON path."""

    code = "invalid-conversation"


class InvalidPlaybookError(AttuneError):
    """A playbook file cannot be read or breaks its schema."""

    code = "invalid-playbook"


class UnknownPlaybookError(AttuneError):
    """No playbook has that id, and no such file exists."""

    code = "unknown-playbook"


class InvalidRubricError(AttuneError):
    """A rubric file cannot be read or breaks its schema."""

    code = "invalid-rubric"


class UnknownRubricError(AttuneError):
    """No rubric has that id, and no such file exists."""

    code = "unknown-rubric"


class ArtifactError(AttuneError):
    """A model artifact is missing, incomplete or not what its manifest says."""

    code = "invalid-artifact"


class PipelineError(AttuneError):
    """The pipeline cannot be built as configured (a component's needs are not met)."""

    code = "invalid-pipeline"
