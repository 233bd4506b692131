"""Whether a criterion may be scored by the machine alone: a pure rule that lowers the level, never raises it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from models.statistics.estimates import Estimate, Reason
from models.statistics.machine import MachineAgreement

Level = Literal["human", "assist", "auto"]
"""``human``: a person decides; ``assist``: the machine suggests, a person decides; ``auto``: the machine decides."""

LEVELS: tuple[Level, ...] = ("human", "assist", "auto")
_NAMES = {"human": ("人工", "human-only"), "assist": ("辅助", "assist"), "auto": ("自动", "auto")}


@dataclass(frozen=True, slots=True)
class AutomationPolicy:
    """What a level asks of the lower ends of the intervals, 0…1; ``None`` for nothing.

    Attributes:
        auto_agreement: Share of equal verdicts, for ``auto``.
        assist_agreement: The same, for ``assist``.
        auto_ac1: Gwet's AC1, for ``auto``.
        auto_sensitivity: Share of the true fails that the machine finds, for ``auto``. Agreement alone does not see a
            machine that passes everything where fails are rare.
        min_units: Fewer units decide nothing, unless even the upper end of the interval is below the threshold.
        min_fails: The same for the sensitivity, in truly failed units.
    """

    auto_agreement: float = 0.9
    assist_agreement: float = 0.75
    auto_ac1: float | None = None
    auto_sensitivity: float | None = 0.5
    min_units: int = 50
    min_fails: int = 10

    def __post_init__(self) -> None:
        """Refuse thresholds outside 0…1, an ``assist`` harder than ``auto``, and minima below 1."""
        bounds = (self.auto_agreement, self.assist_agreement, self.auto_ac1, self.auto_sensitivity)
        if not all(bound is None or 0 <= bound <= 1 for bound in bounds):
            raise ValueError("thresholds must lie within 0…1")
        if self.assist_agreement > self.auto_agreement:
            raise ValueError("assist must not ask for more agreement than auto")
        if min(self.min_units, self.min_fails) < 1:
            raise ValueError("min_units and min_fails must be at least 1")


@dataclass(frozen=True, slots=True)
class AutomationDecision:
    """What the figures do to a criterion's level.

    Attributes:
        level: The level from now on: ``current`` or lower.
        eligible: The highest level whose every requirement the figures meet; above ``level`` it needs a person to
            grant it.
        changed: Whether ``level`` is lower than it was.
        reasons: Why, for both languages; at least one.
    """

    level: Level
    eligible: Level
    changed: bool
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True)
class _Requirement:
    code: str
    zh: str
    en: str
    figure: Estimate
    threshold: float
    minimum: int

    @property
    def known(self) -> bool:
        return self.figure.units >= self.minimum and self.figure.low is not None

    @property
    def met(self) -> bool:
        return self.known and self.figure.low is not None and self.figure.low >= self.threshold

    @property
    def broken(self) -> bool:
        if self.known:
            return not self.met
        return self.figure.high is not None and self.figure.high < self.threshold


def automation_level(figures: MachineAgreement, policy: AutomationPolicy, current: Level) -> AutomationDecision:
    """Return the criterion's level after looking at its figures.

    A requirement is *met* if there are enough units and the lower end of its interval reaches the threshold, *broken*
    if there are enough units and it does not, or if too few units suffice to show that it cannot (the upper end is
    below); else nothing is known of it. The level falls to the highest one, at most ``current``, with no broken
    requirement. It never rises: raising is a person's decision, for which ``eligible`` says what the figures support.

    Args:
        figures: Human–machine agreement on the criterion, from the random sample.
        policy: The thresholds.
        current: The level now.

    Raises:
        ValueError: If ``current`` is no level.
    """
    if current not in LEVELS:
        raise ValueError(f"level must be one of {', '.join(LEVELS)}, not {current!r}")
    asked = _requirements(figures, policy)
    at_most = LEVELS[: LEVELS.index(current) + 1]
    level = next(name for name in reversed(at_most) if not any(item.broken for item in asked[name]))
    eligible = next(name for name in reversed(LEVELS) if all(item.met for item in asked[name]))
    reasons = [_broken(item) for item in asked[current] if item.broken]
    reasons += [_unknown(item) for item in asked[current] if not item.known and not item.broken]
    if level != current:
        reasons.append(_moved(current, level))
    elif LEVELS.index(eligible) > LEVELS.index(level):
        reasons.append(_supported(eligible))
    return AutomationDecision(level, eligible, level != current, tuple(reasons) or (_kept(level),))


def _requirements(figures: MachineAgreement, policy: AutomationPolicy) -> dict[Level, list[_Requirement]]:
    def agreement(threshold: float) -> _Requirement:
        return _Requirement("agreement", "人机一致率", "agreement", figures.agreement, threshold, policy.min_units)

    auto = [agreement(policy.auto_agreement)]
    if policy.auto_ac1 is not None:
        auto.append(_Requirement("ac1", "AC1", "AC1", figures.ac1, policy.auto_ac1, policy.min_units))
    if policy.auto_sensitivity is not None:
        found = figures.sensitivity
        auto.append(
            _Requirement("sensitivity", "不合格检出率", "sensitivity", found, policy.auto_sensitivity, policy.min_fails)
        )
    return {"human": [], "assist": [agreement(policy.assist_agreement)], "auto": auto}


def _broken(item: _Requirement) -> Reason:
    figure = item.figure
    bound, zh, en = (figure.low, "下限", "lower") if item.known else (figure.high, "上限", "upper")
    return Reason(
        f"{item.code}-below-threshold",
        f"{item.zh}区间{zh}为{_share(bound)}（{figure.units}条），低于要求的{_share(item.threshold)}",
        f"the {en} end of the interval of {item.en} is {_share(bound)} ({figure.units} units), below the "
        f"{_share(item.threshold)} asked for",
    )


def _unknown(item: _Requirement) -> Reason:
    return Reason(
        f"{item.code}-unknown",
        f"{item.zh}只有{item.figure.units}条，不足{item.minimum}条，暂不据此调整",
        f"{item.en} rests on {item.figure.units} units, fewer than {item.minimum}: it changes nothing yet",
    )


def _moved(current: Level, level: Level) -> Reason:
    return Reason(
        "lowered",
        f"自动化等级由{_NAMES[current][0]}降为{_NAMES[level][0]}",
        f"lowered from {_NAMES[current][1]} to {_NAMES[level][1]}",
    )


def _supported(eligible: Level) -> Reason:
    return Reason(
        "may-be-raised",
        f"数据支持{_NAMES[eligible][0]}等级；升级须由人决定",
        f"the figures support {_NAMES[eligible][1]}; raising the level needs a person's decision",
    )


def _kept(level: Level) -> Reason:
    return Reason(
        "kept", f"数据支持现有的{_NAMES[level][0]}等级", f"the figures support the present level, {_NAMES[level][1]}"
    )


def _share(value: float | None) -> str:
    return "–" if value is None else f"{value:.1%}"
