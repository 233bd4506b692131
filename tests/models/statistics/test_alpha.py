"""Krippendorff's alpha against his own worked examples, the published package, and what must never change it."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from importlib.util import find_spec

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.statistics import krippendorff_alpha
from models.statistics.alpha import Scale

# Krippendorff 2011, "Computing Krippendorff's Alpha-Reliability", section C: 4 observers, 12 units, gaps.
RELIABILITY = [
    [1, 2, 3, 3, 2, 1, 4, 1, 2, None, None, None],
    [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, None, 3],
    [None, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, None],
    [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, None],
]
MARKS = st.integers(2, 4).flatmap(
    lambda raters: st.lists(
        st.lists(st.sampled_from([None, 1, 2, 3, 5]), min_size=raters, max_size=raters), min_size=1, max_size=8
    ).map(lambda units: [list(row) for row in zip(*units, strict=True)])
)
SCALES: tuple[Scale, ...] = ("nominal", "ordinal", "interval")


@pytest.mark.parametrize(("level", "alpha"), [("nominal", 0.743), ("ordinal", 0.815), ("interval", 0.849)])
def test_krippendorff_2011_four_observers_with_gaps(level: Scale, alpha: float) -> None:
    """Krippendorff 2011, sections C (nominal) and D (ordinal, interval)."""
    found = krippendorff_alpha(RELIABILITY, level)
    assert found.value == pytest.approx(alpha, abs=0.0005)
    assert found.units == 11  # the twelfth has one mark


def test_krippendorff_2011_two_observers_binary() -> None:
    """Krippendorff 2011, section A: Meg and Owen, 10 units, α = 0.095."""
    meg = [0, 1, 0, 0, 0, 0, 0, 0, 1, 0]
    owen = [1, 1, 1, 0, 0, 1, 0, 0, 0, 0]
    assert krippendorff_alpha([meg, owen]).value == pytest.approx(0.095, abs=0.0005)


def test_krippendorff_2011_two_observers_nominal() -> None:
    """Krippendorff 2011, section B: Ben and Gerry, 12 units, α = 0.692."""
    ben, gerry = "aabbdcccedda", "babbbccceddd"
    assert krippendorff_alpha([ben, gerry]).value == pytest.approx(0.692, abs=0.0005)


def test_gwet_two_abstractors() -> None:
    """Gwet 2014, data set cont3x3abstractors as in the irrCAC package's vignette: α = 0.7972585 (0.680, 0.914)."""
    table = [[13, 0, 0], [0, 20, 7], [0, 4, 56]]
    pairs = [(row, column) for row in range(3) for column in range(3) for _ in range(table[row][column])]
    found = krippendorff_alpha([list(row) for row in zip(*pairs, strict=True)])
    assert found.value == pytest.approx(0.7972585, abs=5e-8)
    assert found.low is not None
    assert found.high is not None
    assert (found.low, found.high) == pytest.approx((0.680, 0.914), abs=0.02)  # his linearization interval


@pytest.mark.skipif(
    find_spec("krippendorff") is None, reason="the extra agreement-check (GPL, tests only) is not installed"
)
@given(MARKS, st.sampled_from(SCALES))
@settings(max_examples=60, deadline=None)
def test_the_published_package_agrees(marks: list[list[int | None]], level: Scale) -> None:
    import krippendorff

    ours = krippendorff_alpha(marks, level, resamples=0).value
    if ours is None:
        return
    theirs = krippendorff.alpha(
        [[math.nan if mark is None else mark for mark in row] for row in marks], level_of_measurement=level
    )
    assert ours == pytest.approx(theirs, abs=1e-9)


@given(MARKS, st.sampled_from(SCALES), st.randoms(use_true_random=False))
@settings(max_examples=60, deadline=None)
def test_the_order_of_raters_and_units_does_not_matter(
    marks: list[list[int | None]], level: Scale, source: random.Random
) -> None:
    order = source.sample(range(len(marks[0])), len(marks[0]))
    shuffled = [[row[unit] for unit in order] for row in source.sample(marks, len(marks))]
    first = krippendorff_alpha(marks, level, resamples=0)
    second = krippendorff_alpha(shuffled, level, resamples=0)
    assert (first.units, first.note) == (second.units, second.note)
    assert first.value == (None if second.value is None else pytest.approx(second.value))


@given(MARKS)
@settings(max_examples=60, deadline=None)
def test_names_of_categories_do_not_matter(marks: list[list[int | None]]) -> None:
    names = {1: "合格", 2: "不合格", 3: "不适用", 5: "无依据"}
    renamed = [[None if mark is None else names[mark] for mark in row] for row in marks]
    assert krippendorff_alpha(marks, resamples=0) == krippendorff_alpha(renamed, resamples=0)


@given(MARKS, st.sampled_from(SCALES))
@settings(max_examples=60, deadline=None)
def test_bounds_and_no_nan(marks: list[list[int | None]], level: Scale) -> None:
    found = krippendorff_alpha(marks, level, resamples=100)
    if found.value is None:
        assert found.note is not None
        assert found.low is None
        return
    assert -1 <= found.value <= 1 + 1e-12
    if found.low is not None and found.high is not None:
        assert -1 - 1e-12 <= found.low <= found.high <= 1 + 1e-12
        assert not math.isnan(found.low + found.high)


@pytest.mark.parametrize("level", SCALES)
def test_perfect_agreement_is_one(level: Scale) -> None:
    found = krippendorff_alpha([[1, 2, 3, 1], [1, 2, 3, 1]], level)
    assert (found.value, found.low, found.high) == pytest.approx((1.0, 1.0, 1.0))


@pytest.mark.parametrize("level", SCALES)
@pytest.mark.parametrize(
    ("marks", "code"),
    [
        ([[1, 1, 1], [1, 1, 1]], "one-category"),
        ([[1, None], [None, 2]], "no-units"),
        ([], "no-units"),
        ([[], []], "no-units"),
    ],
)
def test_undefined_says_why(level: Scale, marks: Sequence[Sequence[int | None]], code: str) -> None:
    found = krippendorff_alpha(marks, level)
    assert found.value is None
    assert found.low is None
    assert found.note is not None
    assert found.note.code == code
    assert found.note.zh


def test_one_unit_has_no_interval() -> None:
    found = krippendorff_alpha([[1], [2]])
    assert found.value == 0.0
    assert found.low is None
    assert found.note is not None
    assert found.note.code == "too-few-units"


def test_the_interval_repeats_and_narrows_with_units() -> None:
    few = krippendorff_alpha(RELIABILITY)
    many = krippendorff_alpha([row * 10 for row in RELIABILITY])
    assert few == krippendorff_alpha(RELIABILITY)
    assert few.low is not None
    assert few.high is not None
    assert many.low is not None
    assert many.high is not None
    assert many.high - many.low < (few.high - few.low) / 2


def test_errors() -> None:
    with pytest.raises(ValueError, match="length"):
        krippendorff_alpha([[1, 2], [1]])
    with pytest.raises(ValueError, match="NaN"):
        krippendorff_alpha([[1.0, math.nan], [1.0, 2.0]])
    with pytest.raises(ValueError, match="numbers"):
        krippendorff_alpha([["a", "b"], ["a", "b"]], "interval")
    with pytest.raises(ValueError, match="level"):
        krippendorff_alpha([[1], [1]], "ratio")  # type: ignore[arg-type]
