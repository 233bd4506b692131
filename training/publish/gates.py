"""What a new artifact must show, on held-out rows.

No worse than the published one, nor than the best one ever published there; better than the baselines; and within
absolute bounds, in every slice.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from typing import Any

from training.config import ConfigError, Gates
from training.evaluate.measures import DIRECTION, Direction
from training.evaluate.slices import LEAST

_ROUNDING = 1e-9
PUBLISHED, BEST, BOUNDS = "published", "best", "bounds"
_NAMES = {PUBLISHED: "已发布 published", BEST: "历来最好 best ever published"}
_ZH = {"higher": "越高越好", "lower": "越低越好", "target": "越接近目标越好"}

Reports = Mapping[str, Mapping[str, Mapping[str, Any]]]
Best = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Check:
    """One comparison.

    Attributes:
        place: ``component/set``, such as ``csat/stc3-zh``, and the slice, ``/turns=3-4``, where it is of one.
        measure: As in the reports; ``prefix50`` for that part of ``prefix``.
        against: ``published``, ``best``, ``bounds`` or the baseline's name.
        direction: What is better; ``target``: what is closer to ``target``.
        old: The other's figure; the nearest one allowed, of bounds.
        new: The new artifact's.
        tolerance: How much worse the new one may be.
        target: For that direction, otherwise ``None``.
        passed: Whether it may be published, as far as this goes.
        excused: Why it may be published although not.
        warning: Whether it passed only because the 95 % interval of the figure reaches into the bounds.
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
    warning: bool = False

    def __str__(self) -> str:
        """Say it in one line."""
        if self.against == BOUNDS:
            doubt = ",在抽样误差之内 within sampling error" if self.warning else ""
            return f"{self.place} {self.measure}: 界限 bound {self.old:g}, 新 new {self.new:g}{doubt}"
        rule = self.direction if self.target is None else f"{self.direction} {self.target:g}"
        other = _NAMES.get(self.against, f"基线 baseline {self.against}")
        return (
            f"{self.place} {self.measure}: {other} {self.old:g}, 新 new {self.new:g}, "
            f"允许误差 tolerance {self.tolerance:g} ({_ZH[self.direction]} / {rule} is better)"
        )


def check_gates(
    new: Reports, published: Reports | None, gates: Gates, coverage: float, best: Best | None = None
) -> list[Check]:
    """Return every comparison that the gates ask for.

    A measure that one of the two does not have is passed over: another version of the reports is no worse model. One
    that came out as nothing is refused.

    Args:
        new: By component and set of held-out rows, with ``baselines`` in the reports.
        published: The published artifact's reports on the same rows, ``None`` where there is none.
        gates: What is asked.
        coverage: What measures of direction "target" should be equal to.
        best: The best figures ever published, see :func:`best_figures`; those on other rows do not count.
    """
    checks: list[Check] = []
    for component, sets in new.items():
        for name, report in sets.items():
            place = f"{component}/{name}"
            checks.extend(_within_bounds(place, report, gates.bounds.get(component, {})))
            rivals = {
                PUBLISHED: (published or {}).get(component, {}).get(name, {}),
                BEST: _comparable((best or {}).get(place), report),
            }
            for against, figures in rivals.items():
                for measure, tolerance in gates.tolerance.items():
                    if _rows(report, measure) < gates.least:
                        continue
                    checks.extend(_compare(place, measure, against, figures, report, tolerance, coverage))
            for baseline, figures in report.get("baselines", {}).items():
                for measure in gates.beat:
                    if _rows(report, measure) < gates.least:
                        continue
                    checks.extend(_compare(place, measure, baseline, figures, report, 0.0, coverage))
    return [check if check.against == PUBLISHED else _excuse(check, gates) for check in checks]


def best_figures(best: Best | None, reports: Reports, gates: Gates, coverage: float) -> dict[str, dict[str, Any]]:
    """Return by ``component/set`` the best of each measure that has a tolerance, and the hash of the ``rows`` it is on.

    Args:
        best: What there was; kept where it is of the same rows and better, dropped where it is of others.
        reports: What an artifact that is or will be published reached.
        gates: Names the measures.
        coverage: As for :func:`check_gates`.
    """
    found = {place: dict(figures) for place, figures in (best or {}).items()}
    for component, sets in reports.items():
        for name, report in sets.items():
            if "rows" not in report:
                continue
            place = f"{component}/{name}"
            figures = {"rows": report["rows"], **_comparable(found.get(place), report)}
            for measure in gates.tolerance:
                now, before = _figure(report, measure), figures.get(measure)
                if now is not None and (before is None or _worse(measure, now, before, coverage) < -_ROUNDING):
                    figures[measure] = now
            if len(figures) > 1:
                found[place] = figures
    return found


def _comparable(best: Mapping[str, Any] | None, report: Mapping[str, Any]) -> Mapping[str, Any]:
    return best if best and best.get("rows") == report.get("rows") else {}


def _within_bounds(place: str, report: Mapping[str, Any], bounds: Mapping[str, tuple[float, float]]) -> Iterator[Check]:
    """Yield the checks of a set and its slices; those of fewer than 100 rows say nothing.

    The interval is mirrored at the figure (the basic bootstrap interval of Efron and Tibshirani 1993): noise alone
    makes a calibration error of few rows larger, that of resamples once more so, and mirroring takes that back.
    """
    parts = [(place, report)]
    for dimension, slices in report.get("slices", {}).items():
        parts += [(f"{place}/{dimension}={value}", one) for value, one in slices.items() if one["n"] >= LEAST]
    for where, figures in parts:
        for measure, (low, high) in bounds.items():
            if (now := _figure(figures, measure)) is None or (figures is report and _rows(report, measure) < LEAST):
                continue
            inside = low - _ROUNDING <= now <= high + _ROUNDING
            span = figures.get("intervals", {}).get(measure)
            possible = inside or (span is not None and 2 * now - span[1] <= high and 2 * now - span[0] >= low)
            nearest = min(max(now, low), high) if not inside else (low if now - low < high - now else high)
            doubtful = possible and not inside
            yield Check(where, measure, BOUNDS, DIRECTION[measure], nearest, now, 0.0, None, possible, None, doubtful)


def check_names(gates: Gates) -> None:
    """Refuse measures that nothing measures, before an hour is spent on fitting.

    Raises:
        ConfigError: The name of one is not in ``training.evaluate.measures``.
    """
    bounded = {measure for measures in gates.bounds.values() for measure in measures}
    if unknown := sorted({*gates.tolerance, *gates.beat, *bounded} - DIRECTION.keys()):
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
    worse = _worse(measure, now, before, coverage)
    # A baseline must be beaten, not met.
    passed = worse <= tolerance + _ROUNDING if against in (PUBLISHED, BEST) else worse < -_ROUNDING
    yield Check(place, measure, against, direction, before, now, tolerance, target, passed)


def _worse(measure: str, now: float, before: float, coverage: float) -> float:
    """Return by how much ``now`` is worse than ``before``; negative where it is better."""
    direction = DIRECTION[measure]
    if direction == "target":
        return abs(now - coverage) - abs(before - coverage)
    return before - now if direction == "higher" else now - before


def _rows(report: Mapping[str, Any], measure: str) -> int:
    """Return of how many rows a measure is; not every surveyed conversation has both a rating and an outcome."""
    kind = "outcomes" if measure.startswith("resolution_") else "surveys"
    if kind in report:
        return int(report[kind])
    return max((report[kind] for kind in ("dialogues", "conversations", "lines") if kind in report), default=0)


def _has(report: Mapping[str, Any], measure: str) -> bool:
    return measure in report or measure.removeprefix("prefix") in report.get("prefix", {})


def _figure(report: Mapping[str, Any], measure: str) -> float | None:
    value = report.get(measure)
    if value is None and measure.startswith("prefix"):
        value = report.get("prefix", {}).get(measure.removeprefix("prefix"))
    return float(value) if isinstance(value, int | float) else None


def _excuse(check: Check, gates: Gates) -> Check:
    if check.passed and not check.warning:
        return check
    key = f"{check.place} {check.against} {check.measure}"
    why = next((why for pattern, why in gates.excused.items() if fnmatchcase(key, pattern)), None)
    return check if why is None else replace(check, passed=True, warning=False, excused=why)
