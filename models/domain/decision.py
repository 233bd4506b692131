"""What a person decided about one criterion of one score."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

DecidedVerdict = Literal["pass", "fail", "na", "no_evidence"]


@dataclass(frozen=True, slots=True)
class Decision:
    """A verdict or a value, exactly one of them, that stands in for what the machine said.

    Attributes:
        verdict: ``pass`` is 1, ``fail`` 0; with ``na`` and ``no_evidence`` the criterion does not apply.
        value: 0…1.
        by: Who or what decided, e.g. ``review:17``; kept in the score, never read.
        kind: In which office, e.g. ``review``, ``appeal``, ``consensus``; kept in the score, never read.
    """

    verdict: DecidedVerdict | None = None
    value: float | None = None
    by: str = ""
    kind: str = ""

    def __post_init__(self) -> None:
        """Refuse a decision of nothing or of two things, or outside 0…1."""
        if (self.verdict is None) == (self.value is None):
            raise ValueError("a decision has either a verdict or a value")
        if self.value is not None and not 0 <= self.value <= 1:
            raise ValueError("the value of a decision lies between 0 and 1")
        if self.verdict not in (None, "pass", "fail", "na", "no_evidence"):
            raise ValueError("the verdict of a decision is pass, fail, na or no_evidence")

    @property
    def share(self) -> float | None:
        """What the criterion earns, 0…1, or ``None`` where it does not apply."""
        return self.value if self.verdict is None else {"pass": 1.0, "fail": 0.0}.get(self.verdict)
