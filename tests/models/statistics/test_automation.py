"""The automation level falls with the figures and never rises by itself."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.statistics import (
    LEVELS,
    AutomationPolicy,
    Level,
    MachineAgreement,
    Pair,
    automation_level,
    machine_agreement,
)

POLICY = AutomationPolicy()


def figures(right: int, wrong: int = 0, found: int = 0, missed: int = 0) -> MachineAgreement:
    """Give agreed passes, wrongly failed ones, fails that the machine found and fails that it missed."""
    pairs = [Pair("c", "pass", "pass")] * right + [Pair("c", "fail", "pass")] * wrong
    pairs += [Pair("c", "fail", "fail")] * found + [Pair("c", "pass", "fail")] * missed
    return machine_agreement(pairs)["c"]


def test_good_figures_keep_auto() -> None:
    decided = automation_level(figures(180, 2, 18), POLICY, "auto")
    assert (decided.level, decided.eligible, decided.changed) == ("auto", "auto", False)
    assert [reason.code for reason in decided.reasons] == ["kept"]


def test_fallen_agreement_lowers_the_level() -> None:
    decided = automation_level(figures(160, 20, 18, 2), POLICY, "auto")
    assert (decided.level, decided.eligible, decided.changed) == ("assist", "assist", True)
    assert [reason.code for reason in decided.reasons] == ["agreement-below-threshold", "lowered"]
    assert "降为辅助" in decided.reasons[-1].zh
    assert "84.0%" in decided.reasons[0].en or "下限" in decided.reasons[0].zh


def test_bad_agreement_falls_to_human_at_once() -> None:
    assert automation_level(figures(60, 60), POLICY, "auto").level == "human"
    assert automation_level(figures(60, 60), POLICY, "assist").level == "human"


def test_passing_everything_is_not_agreement() -> None:
    decided = automation_level(figures(980, missed=20), POLICY, "auto")
    assert decided.level == "assist"
    assert decided.reasons[0].code == "sensitivity-below-threshold"


def test_rising_needs_a_person() -> None:
    decided = automation_level(figures(180, 2, 18), POLICY, "human")
    assert (decided.level, decided.eligible) == ("human", "auto")
    assert [reason.code for reason in decided.reasons] == ["may-be-raised"]
    assert "人" in decided.reasons[0].zh


def test_few_units_change_nothing_unless_they_suffice() -> None:
    few = automation_level(figures(18, 2), POLICY, "auto")
    assert (few.level, few.eligible) == ("auto", "human")
    assert {reason.code for reason in few.reasons} == {"agreement-unknown", "sensitivity-unknown"}
    hopeless = automation_level(figures(5, 15), POLICY, "auto")
    assert hopeless.level == "human"


def test_no_fails_seen_does_not_lower_but_does_not_raise_either() -> None:
    assert automation_level(figures(200), POLICY, "auto").level == "auto"
    assert automation_level(figures(200), POLICY, "assist").eligible == "assist"


def test_ac1_can_be_asked_for() -> None:
    policy = AutomationPolicy(auto_ac1=0.95, auto_sensitivity=None)
    decided = automation_level(figures(190, 5, 5), policy, "auto")
    assert decided.level == "assist"
    assert decided.reasons[0].code == "ac1-below-threshold"


@pytest.mark.parametrize(
    "wrong",
    [
        {"auto_agreement": 1.1},
        {"assist_agreement": 0.95},
        {"min_units": 0},
        {"auto_sensitivity": -0.1},
    ],
)
def test_a_policy_that_makes_no_sense(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=r"must"):
        AutomationPolicy(**wrong)  # type: ignore[arg-type]


def test_an_unknown_level() -> None:
    with pytest.raises(ValueError, match="level"):
        automation_level(figures(1), POLICY, "full")  # type: ignore[arg-type]


@given(*[st.integers(0, 80)] * 4, st.sampled_from(LEVELS))
@settings(max_examples=80, deadline=None)
def test_it_never_rises_and_always_says_why(right: int, wrong: int, found: int, missed: int, current: Level) -> None:
    if right + wrong + found + missed == 0:
        return
    decided = automation_level(figures(right, wrong, found, missed), POLICY, current)
    assert LEVELS.index(decided.level) <= LEVELS.index(current)
    assert decided.changed == (decided.level != current)
    assert decided.reasons
    assert all(reason.zh and reason.en for reason in decided.reasons)
    again = automation_level(figures(right, wrong, found, missed), POLICY, decided.level)
    assert again.level == decided.level
