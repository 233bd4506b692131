"""What a new artifact must show: no worse than the published one on the same rows, better than the baselines."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from training.config import ConfigError, Gates
from training.evaluate.measures import DIRECTION, Direction

_ROUNDING = 1e-9
_ZH = {"higher": "越高越好", "lower": "越低越好", "target": "越接近目标越好"}

Reports = Mapping[str, Mapping[str, Mapping[str, Any]]]


@dataclass(frozen=True, slots=True)
class Check:
    """One comparison.

    Attributes:
        place: ``component/set``, such as ``csat/stc3-zh``.
        measure: As in the reports; ``prefix50`` for that part of ``prefix``.
        against: ``published`` or the baseline's name.
        direction: What is better; ``target``: what is closer to ``target``.
        old: The other's figure.
        new: The new artifact's.
        tolerance: How much worse the new one may be.
        target: For that direction, otherwise ``None``.
        passed: Whether it may be published, as far as this goes.
        excused: Why it may be published although not.
    """

    place: str
    measure: str
    against: str
    direction: Direction
    old: float
    new: float
    tolerance: float
    target: float | None
    passed: bool
    excused: str | None = None

    def __str__(self) -> str:
        """Say it in one line."""
        rule = self.direction if self.target is None else f"{self.direction} {self.target:g}"
        other = "已发布 published" if self.against == "published" else f"基线 baseline {self.against}"
        return (
            f"{self.place} {self.measure}: {other} {self.old:g}, 新 new {self.new:g}, "
            f"允许误差 tolerance {self.tolerance:g} ({_ZH[self.direction]} / {rule} is better)"
        )


def check_gates(new: Reports, published: Reports | None, gates: Gates, coverage: float) -> list[Check]:
    """Return every comparison that the gates ask for.

    A measure that one of the two does not have is passed over: another version of the reports is no worse model. One
    that came out as nothing is refused.

    Args:
        new: By component and set of held-out rows, with ``baselines`` in the reports.
        published: The published artifact's reports on the same rows, ``None`` where there is none.
        gates: What is asked.
        coverage: What measures of direction "target" should be equal to.
    """
    checks: list[Check] = []
    for component, sets in new.items():
        for name, report in sets.items():
            if _rows(report) < gates.least:
                continue
            place = f"{component}/{name}"
            old = (published or {}).get(component, {}).get(name, {})
            for measure, tolerance in gates.tolerance.items():
                checks.extend(_compare(place, measure, "published", old, report, tolerance, coverage))
            for baseline, figures in report.get("baselines", {}).items():
                for measure in gates.beat:
                    found = _compare(place, measure, baseline, figures, report, 0.0, coverage)
                    checks.extend(_excuse(check, gates) for check in found)
    return checks


def check_names(gates: Gates) -> None:
    """Refuse measures that nothing measures, before an hour is spent on fitting.

    Raises:
        ConfigError: The name of one is not in ``training.evaluate.measures``.
    """
    if unknown := sorted({*gates.tolerance, *gates.beat} - DIRECTION.keys()):
        raise ConfigError(f"gates: no such measure: {', '.join(unknown)}; there are {', '.join(DIRECTION)}")


def _compare(
    place: str,
    measure: str,
    against: str,
    old: Mapping[str, Any],
    new: Mapping[str, Any],
    tolerance: float,
    coverage: float,
) -> Iterator[Check]:
    before, now = _figure(old, measure), _figure(new, measure)
    if before is None:
        return
    direction = DIRECTION[measure]
    target = coverage if direction == "target" else None
    if now is None and not _has(new, measure):
        return
    if now is None:  # predictions that do not vary, say: nothing to compare is no reason to pass
        yield Check(place, measure, against, direction, before, math.nan, tolerance, target, passed=False)
        return
    if target is not None:
        worse = abs(now - target) - abs(before - target)
    else:
        worse = before - now if direction == "higher" else now - before
    # A baseline must be beaten, not met.
    passed = worse < -_ROUNDING if against != "published" else worse <= tolerance + _ROUNDING
    yield Check(place, measure, against, direction, before, now, tolerance, target, passed)


def _rows(report: Mapping[str, Any]) -> int:
    return max((report[kind] for kind in ("dialogues", "conversations", "lines") if kind in report), default=0)


def _has(report: Mapping[str, Any], measure: str) -> bool:
    return measure in report or measure.removeprefix("prefix") in report.get("prefix", {})


def _figure(report: Mapping[str, Any], measure: str) -> float | None:
    if measure.startswith("prefix"):
        value = report.get("prefix", {}).get(measure.removeprefix("prefix"))
    else:
        value = report.get(measure)
    return float(value) if isinstance(value, int | float) else None


def _excuse(check: Check, gates: Gates) -> Check:
    key = f"{check.place} {check.against} {check.measure}"
    if check.passed or key not in gates.excused:
        return check
    return replace(check, passed=True, excused=gates.excused[key])
