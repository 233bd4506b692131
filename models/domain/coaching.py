"""What an agent should have said instead. Immutable and JSON-ready by field name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Edit:
    """A change to the conversation.

    Attributes:
        action: ``delete`` or ``replace`` a piece of a message, or ``insert`` a message of its own.
        turn: Zero-based index of the message; for ``insert`` the new message stands before it (or at the end).
        start: First character of the piece in the message; 0 for ``insert``.
        end: Behind its last; 0 for ``insert``.
        quote: The piece as it is; empty for ``insert``.
        text: What stands there instead; empty for ``delete``.
    """

    action: Literal["delete", "replace", "insert"]
    turn: int
    start: int
    end: int
    quote: str
    text: str


@dataclass(frozen=True, slots=True)
class Coaching:
    """How one failed check would not have failed.

    Attributes:
        check: Its id.
        quoted_flips: Whether deleting exactly what the finding quotes is enough; ``None`` where it is about something
            missing.
        leave_out: The smallest deletion found that is enough; empty where something is missing, or none was found.
        say: What to say instead or in addition; with it the check does not fail and no other one does that did not
            before. Empty where no sentence of the playbook is that good.
        advice: All this for people, in Chinese.
        advice_en: And in English.
    """

    check: str
    quoted_flips: bool | None
    leave_out: tuple[Edit, ...]
    say: tuple[Edit, ...]
    advice: str
    advice_en: str
