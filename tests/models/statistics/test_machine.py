"""Human–machine agreement and the corrected fail rate."""

from __future__ import annotations

import random

import pytest

from models.statistics import MachineAgreement, Pair, machine_agreement, wilson

PAIRS = (
    [Pair("c", "fail", "fail")] * 18
    + [Pair("c", "pass", "fail")] * 2
    + [Pair("c", "fail", "pass")] * 6
    + [Pair("c", "pass", "pass")] * 70
    + [Pair("c", "na", "na")] * 4
)
OTHERS = {"c": ["fail"] * 240 + ["pass"] * 760}


def test_shares_by_hand() -> None:
    found = machine_agreement(PAIRS, OTHERS)["c"]
    assert (found.units, found.abstained) == (100, 0)
    assert found.agreement == wilson(92, 100)
    assert found.sensitivity == wilson(18, 20)
    assert found.specificity == wilson(74, 80)
    assert found.precision == wilson(18, 24)
    assert found.apparent_fail_rate == wilson(240, 1000)
    assert found.sampled_fail_rate == wilson(20, 100)
    assert found.rogan_gladen.value == pytest.approx((0.24 + 0.925 - 1) / (0.9 + 0.925 - 1))
    assert found.prediction_powered.value == pytest.approx(0.2, abs=0.005)
    assert found.ac1.value is not None
    assert 0.8 < found.ac1.value < found.agreement.value  # type: ignore[operator]


def test_both_corrections_find_the_true_rate() -> None:
    source = random.Random(4)
    misses = within = 0
    for _ in range(60):
        units = []
        for _ in range(3000):
            human = "fail" if source.random() < 0.15 else "pass"
            right = source.random() < (0.7 if human == "fail" else 0.95)
            units.append(Pair("c", human if right else {"fail": "pass", "pass": "fail"}[human], human))
        found = machine_agreement(units[:200], {"c": [unit.machine for unit in units[200:]]})["c"]
        misses += not _holds(found, "apparent_fail_rate", 0.12)
        within += _holds(found, "rogan_gladen", 0.15) + _holds(found, "prediction_powered", 0.15)
    assert misses > 30  # what the machine says, 0.1475 of all, is not 0.12
    assert within >= 108  # 90 % of 120


def _holds(found: MachineAgreement, name: str, rate: float) -> bool:
    estimate = getattr(found, name)
    return bool(estimate.low <= rate <= estimate.high)


def test_abstaining_is_no_error_but_counts_in_the_rates() -> None:
    pairs = [*PAIRS, *[Pair("c", "abstain", "fail")] * 10]
    found = machine_agreement(pairs, OTHERS)["c"]
    assert (found.units, found.abstained) == (100, 10)
    assert found.agreement == wilson(92, 100)
    assert found.sensitivity == wilson(18, 20)
    assert found.sampled_fail_rate == wilson(30, 110)
    # Of 30 true fails the machine called 18: the correction has to know of those it abstained on.
    assert found.rogan_gladen.value == pytest.approx((0.24 + 74 / 80 - 1) / (18 / 30 + 74 / 80 - 1))


def test_weights_are_one_over_probability() -> None:
    pairs = [Pair("c", "pass", "pass", 0.1)] * 10 + [Pair("c", "fail", "pass", 0.5)] * 10
    found = machine_agreement(pairs)["c"]
    assert found.agreement.value == pytest.approx(100 / 120)
    assert found.agreement.units == 20
    effective = 120**2 / (10 * 100 + 10 * 4)  # Kish
    assert found.agreement.low == pytest.approx(wilson(effective * 100 / 120, effective).low)


def test_a_machine_no_better_than_chance_is_said_so() -> None:
    pairs = [Pair("c", "pass", "fail")] * 5 + [Pair("c", "fail", "pass")] * 5
    found = machine_agreement(pairs, OTHERS)["c"]
    assert found.rogan_gladen.value is None
    assert found.rogan_gladen.note is not None
    assert found.rogan_gladen.note.code == "not-identifiable"
    assert found.prediction_powered.value is not None


def test_what_the_sample_does_not_define_is_none() -> None:
    found = machine_agreement([Pair("c", "pass", "pass")] * 3)["c"]
    assert found.sensitivity.value is found.precision.value is None
    assert found.rogan_gladen.note is not None
    assert found.rogan_gladen.note.code == "no-unlabelled"
    assert found.agreement.value == 1.0
    only_abstained = machine_agreement([Pair("c", "abstain", "pass")])["c"]
    assert only_abstained.agreement.value is only_abstained.ac1.value is None
    assert machine_agreement([]) == {}


def test_criteria_are_apart() -> None:
    found = machine_agreement([Pair("b", "pass", "pass"), Pair("a", "fail", "pass")])
    assert list(found) == ["a", "b"]
    assert (found["a"].agreement.value, found["b"].agreement.value) == (0.0, 1.0)


def test_an_impossible_probability() -> None:
    with pytest.raises(ValueError, match="probability"):
        machine_agreement([Pair("c", "pass", "pass", 0.0)])
