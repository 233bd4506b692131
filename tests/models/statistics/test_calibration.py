"""A calibration session: agreement per criterion, raters who stand apart, the consensus."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.statistics import (
    Mark,
    agreement_by_criterion,
    gwet_ac1,
    krippendorff_alpha,
    majority_verdict,
    percent_agreement,
)

VERDICTS = ("pass", "fail", "na", "no_evidence")


def session(units: int, raters: dict[str, float], criterion: str = "greeting", seed: int = 1) -> list[Mark]:
    """Let every rater mark every unit, each right with their own probability."""
    source = random.Random(seed)
    truth = [source.choice(("pass", "pass", "fail")) for _ in range(units)]
    wrong = {"pass": "fail", "fail": "pass"}
    return [
        Mark(f"u{number}", rater, criterion, verdict if source.random() < right else wrong[verdict])
        for number, verdict in enumerate(truth)
        for rater, right in raters.items()
    ]


def test_a_careless_rater_stands_apart() -> None:
    marks = session(40, {"an": 0.97, "bo": 0.97, "chen": 0.97, "ding": 0.55})
    found = agreement_by_criterion(marks)["greeting"]
    assert found.outliers == ("ding",)
    by_name = {rater.rater: rater for rater in found.raters}
    assert list(by_name) == ["an", "bo", "chen", "ding"]
    careless = by_name["ding"]
    assert careless.agreement.high is not None
    assert careless.others.value is not None
    assert careless.agreement.high < careless.others.value


def test_equally_good_raters_do_not() -> None:
    found = agreement_by_criterion(session(40, {"an": 0.9, "bo": 0.9, "chen": 0.9}))["greeting"]
    assert found.outliers == ()


def test_two_raters_never_stand_apart() -> None:
    found = agreement_by_criterion(session(40, {"an": 1.0, "bo": 0.2}))["greeting"]
    assert found.outliers == ()
    assert {rater.agreement.value for rater in found.raters} == {found.percent.value}


@pytest.mark.parametrize("units", [3, 100])
def test_one_odd_verdict_is_no_proof_even_beside_perfect_agreement(units: int) -> None:
    marks = [Mark(f"u{unit}", rater, "c", "pass") for unit in range(units) for rater in ("an", "bo")]
    marks += [Mark(f"u{unit}", "chen", "c", "fail" if unit < 1 else "pass") for unit in range(units)]
    assert agreement_by_criterion(marks)["c"].outliers == ()


def test_figures_are_those_of_the_functions() -> None:
    marks = [
        Mark("u1", "an", "c", "pass"),
        Mark("u1", "bo", "c", "pass"),
        Mark("u2", "an", "c", "fail"),
        Mark("u2", "bo", "c", "pass"),
        Mark("u3", "bo", "c", "na"),
        Mark("u3", "chen", "c", "na"),
        Mark("u4", "chen", "c", "fail"),
    ]
    rows = [["pass", "fail", None, None], ["pass", "pass", "na", None], [None, None, "na", "fail"]]
    found = agreement_by_criterion(marks)["c"]
    assert found.units == 3
    assert found.percent == percent_agreement(rows)
    assert found.alpha == krippendorff_alpha(rows)
    assert found.ac1 == gwet_ac1(rows, ["pass", "fail", "na"])
    assert found.consensus == {"u1": "pass", "u2": None, "u3": "na"}


def test_unused_categories_count_for_ac1() -> None:
    marks = [Mark(f"u{unit}", rater, "c", "pass") for unit in range(5) for rater in ("an", "bo")]
    found = agreement_by_criterion(marks)["c"]
    assert found.ac1.value == 1.0
    assert found.alpha.value is None
    assert found.alpha.note is not None
    assert found.alpha.note.code == "one-category"


def test_criteria_are_apart_and_sorted() -> None:
    found = agreement_by_criterion(session(10, {"an": 1.0, "bo": 1.0}, "z") + session(10, {"an": 1.0, "bo": 0.0}, "a"))
    assert list(found) == ["a", "z"]
    assert (found["a"].percent.value, found["z"].percent.value) == (0.0, 1.0)
    assert agreement_by_criterion([]) == {}


def test_marking_twice_is_an_error() -> None:
    with pytest.raises(ValueError, match="twice"):
        agreement_by_criterion([Mark("u", "an", "c", "pass"), Mark("u", "an", "c", "fail")])


@pytest.mark.parametrize(
    ("verdicts", "majority"),
    [
        (["pass", "pass", "fail"], "pass"),
        (["pass", "fail"], None),
        (["pass", "pass", "fail", "na"], None),
        (["fail"], "fail"),
        ([], None),
    ],
)
def test_majority(verdicts: list[str], majority: str | None) -> None:
    assert majority_verdict(verdicts) == majority


@given(
    st.dictionaries(
        st.tuples(st.sampled_from("uvwxyz"), st.sampled_from("abcd"), st.sampled_from(["c1", "c2"])),
        st.sampled_from(VERDICTS),
        max_size=40,
    ),
    st.randoms(use_true_random=False),
)
@settings(max_examples=40, deadline=None)
def test_the_order_of_marks_does_not_matter(
    given_marks: dict[tuple[str, str, str], str], source: random.Random
) -> None:
    marks = [Mark(unit, rater, criterion, verdict) for (unit, rater, criterion), verdict in given_marks.items()]
    shuffled = source.sample(marks, len(marks))
    assert agreement_by_criterion(marks, resamples=50) == agreement_by_criterion(shuffled, resamples=50)
