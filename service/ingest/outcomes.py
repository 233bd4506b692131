"""What became of each line (or, in a table, of each conversation's rows)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from models.domain.conversation import Conversation
from models.errors import AttuneError


@dataclass(frozen=True, slots=True)
class Accepted:
    """A conversation that keeps all rules; ``line`` is where it begins (1-based)."""

    line: int
    conversation: Conversation
    content_hash: str


@dataclass(frozen=True, slots=True)
class Unchanged:
    """A conversation that stands in the input already, with the same content."""

    line: int
    id: str
    first_line: int


@dataclass(frozen=True, slots=True)
class Refused:
    """A line that is refused as a whole.

    Attributes:
        line: 1-based line (row) number.
        path: JSON path in the line, or the column of a table.
        code: Stable error code.
        message_en: Why.
        message_zh: Why, in Chinese.
        hint: What to do about it, or ``None``.
        id: The conversation's id, where it could be read.
    """

    line: int
    path: str
    code: str
    message_en: str
    message_zh: str
    hint: str | None = None
    id: str | None = None

    @classmethod
    def because(cls, line: int, error: AttuneError, conversation_id: Any = None) -> Refused:
        """Return the refusal that ``error`` explains."""
        known = conversation_id if isinstance(conversation_id, str) and conversation_id.isprintable() else None
        return cls(line, error.location or "$", error.code, error.message_en, error.message_zh, error.hint, known)

    def to_json(self) -> dict[str, Any]:
        """Return it JSON-ready, in the order a person reads."""
        return {
            "line": self.line,
            "path": self.path,
            "id": self.id,
            "code": self.code,
            "reason": self.message_zh,
            "reason_en": self.message_en,
            "hint": self.hint,
        }


Outcome = Accepted | Unchanged | Refused


@dataclass(slots=True)
class Summary:
    """How many conversations went which way."""

    accepted: int = 0
    unchanged: int = 0
    revised: int = 0
    refused: int = 0

    def count(self, outcome: Outcome) -> None:
        """Add one outcome of the reader."""
        match outcome:
            case Accepted():
                self.accepted += 1
            case Unchanged():
                self.unchanged += 1
            case Refused():
                self.refused += 1
