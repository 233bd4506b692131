"""What conditions find: holds, does not hold, or cannot be known; and the logic of the three.

Source: Kleene, Introduction to Metamathematics, 1952, § 64 (the strong connectives).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

Missing = Literal["times", "sentiment", "csat", "encoder", "language", "agent_group"]

# What is missing where something cannot be known, for people.
MISSING: Mapping[Missing, tuple[str, str]] = {
    "times": ("消息没有时间", "messages have no times"),
    "sentiment": ("没有可以判断情绪的客户消息", "there is no customer message with a sentiment"),
    "csat": ("没有可靠的满意度预测", "there is no reliable prediction of satisfaction"),
    "encoder": ("没有编码器,无法与范例比较", "exemplars cannot be compared without an encoder"),
    "language": ("无法识别会话的语言", "the conversation's language is unknown"),
    "agent_group": ("会话没有写明客服组", "the conversation names no agent group"),
}


@dataclass(frozen=True, slots=True, order=True)
class Hit:
    """One occurrence: turn index in the context, characters in its text, and how probable it is (1: certain).

    ``more`` is where it goes on in later turns, if it is split over several.
    """

    turn: int
    start: int
    end: int
    sure: float = field(default=1.0, compare=False)
    more: tuple[Hit, ...] = ()

    @property
    def parts(self) -> tuple[Hit, ...]:
        """Its pieces, each in one turn."""
        return (replace(self, more=()), *self.more) if self.more else (self,)

    @property
    def last(self) -> int:
        """The turn that completes it."""
        return self.more[-1].turn if self.more else self.turn


@dataclass(frozen=True, slots=True)
class Finding:
    """Whether a condition holds (``None``: cannot be known), and by what.

    Attributes:
        holds: Yes, no, or unknown.
        hits: What shows it.
        after: The trigger it was looked for behind.
        missing: Where unknown: what would have to be known.
    """

    holds: bool | None
    hits: tuple[Hit, ...] = ()
    after: Hit | None = None
    missing: frozenset[Missing] = frozenset()


NO = Finding(False)
YES = Finding(True)


def unknown(missing: Missing, after: Hit | None = None) -> Finding:
    """Return that it cannot be known for want of ``missing``."""
    return Finding(None, after=after, missing=frozenset({missing}))


def kleene_not(value: bool | None) -> bool | None:
    """Return the opposite; of unknown, unknown."""
    return None if value is None else not value


def kleene_all(values: Iterable[bool | None]) -> bool | None:
    """Return no if one is no, else unknown if one is unknown, else yes."""
    listed = list(values)
    return False if False in listed else None if None in listed else True


def kleene_any(values: Iterable[bool | None]) -> bool | None:
    """Return yes if one is yes, else unknown if one is unknown, else no."""
    listed = list(values)
    return True if True in listed else None if None in listed else False


def kleene_least(count: int, values: Iterable[bool | None]) -> bool | None:
    """Return yes if so many are yes, no if so many cannot be, else unknown."""
    listed = list(values)
    held = listed.count(True)
    return True if held >= count else None if held + listed.count(None) >= count else False


def combine(holds: bool | None, parts: Sequence[Finding]) -> Finding:
    """Return what several findings make together: what those show that hold; what the unknown ones lack."""
    if holds is None:
        missing = frozenset(lack for part in parts if part.holds is None for lack in part.missing)
        return Finding(None, after=_after(parts), missing=missing)
    if not holds:
        return Finding(False, after=_after(parts))
    held = [part for part in parts if part.holds]
    return Finding(True, _once(hit for part in held for hit in part.hits), _after(held))


def _once(hits: Iterable[Hit]) -> tuple[Hit, ...]:
    """Return each place once, as sure as the surest: parts may show the same, and conditions name each other often."""
    found: dict[Hit, Hit] = {}
    for hit in hits:
        if hit not in found or found[hit].sure < hit.sure:
            found[hit] = hit
    return tuple(found.values())


def _after(parts: Sequence[Finding]) -> Hit | None:
    return next((part.after for part in parts if part.after), None)
