"""Percent agreement, kappa and AC1 against published examples, and what must never change them."""

from __future__ import annotations

import math
import random
from itertools import chain

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.statistics import cohen_kappa, gwet_ac1, percent_agreement
from models.statistics.estimates import Estimate, normal_quantile, student_quantile, wilson

Rows = list[list[int | None]]
# Gwet 2014, Handbook of Inter-Rater Reliability, 4th ed., page 120 (cac.raw4raters of his package irrCAC).
RAW4: Rows = [
    [1, 2, 3, 3, 2, 1, 4, 1, 2, None, None, None],
    [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, None, None],
    [None, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, 3],
    [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, None],
]
# Fleiss 1971's psychiatric diagnoses by six raters, the 15 of irrCAC's distrib.6raters: counts by category.
DIAGNOSES = [
    [0, 0, 0, 6, 0], [0, 3, 0, 0, 3], [0, 1, 4, 0, 1], [0, 0, 0, 0, 6], [0, 3, 0, 3, 0],
    [2, 0, 4, 0, 0], [0, 0, 4, 0, 2], [2, 0, 3, 1, 0], [2, 0, 0, 4, 0], [0, 0, 0, 0, 6],
    [1, 0, 0, 5, 0], [1, 1, 0, 4, 0], [0, 3, 3, 0, 0], [1, 0, 0, 5, 0], [0, 2, 0, 3, 1],
]  # fmt: skip
ABSTRACTORS = [[13, 0, 0], [0, 20, 7], [0, 4, 56]]  # irrCAC's cont3x3abstractors
MARKS = st.integers(2, 4).flatmap(
    lambda raters: st.lists(
        st.lists(st.sampled_from([None, 1, 2, 3]), min_size=raters, max_size=raters), min_size=1, max_size=10
    ).map(lambda units: [list(row) for row in zip(*units, strict=True)])
)
FUNCTIONS = (percent_agreement, gwet_ac1)


def rows_of(table: list[list[int]]) -> Rows:
    """Turn a table of two raters' verdicts into their marks."""
    pairs = [(row, column) for row, cells in enumerate(table) for column, n in enumerate(cells) for _ in range(n)]
    return [list(row) for row in zip(*pairs, strict=True)]


def by_rater(counts: list[list[int]]) -> Rows:
    units = [list(chain.from_iterable([category] * n for category, n in enumerate(unit))) for unit in counts]
    return [list(row) for row in zip(*units, strict=True)]


def half_width(found: Estimate) -> float:
    assert found.low is not None
    assert found.high is not None
    return (found.high - found.low) / 2


def test_gwet_four_raters_with_gaps() -> None:
    """Gwet 2014, as printed in irrCAC's vignette: AC1 0.77544, standard error 0.14295, interval (0.461, 1)."""
    found = gwet_ac1(RAW4)
    assert found.value == pytest.approx(0.77544, abs=5e-6)
    assert found.low == pytest.approx(0.46081, abs=5e-6)
    assert found.high == 1.0
    assert found.low is not None
    assert found.value is not None
    assert (found.value - found.low) / student_quantile(0.95, 11) == pytest.approx(0.14295, abs=5e-6)
    assert percent_agreement(RAW4).value == pytest.approx(0.8181818, abs=5e-8)


def test_gwet_six_raters() -> None:
    """IrrCAC's vignette, distrib.6raters: AC1 0.4448007, standard error 0.08418757, p_a 0.5511111."""
    found = gwet_ac1(by_rater(DIAGNOSES))
    assert found.value == pytest.approx(0.4448007, abs=5e-8)
    assert half_width(found) / student_quantile(0.95, 14) == pytest.approx(0.08418757, abs=5e-9)
    assert percent_agreement(by_rater(DIAGNOSES)).value == pytest.approx(0.5511111, abs=5e-8)


def test_gwet_two_raters() -> None:
    """IrrCAC's vignette, cont3x3abstractors: kappa 0.7964094 (error 0.05891072), AC1 0.8493305 (0.04321747)."""
    kappa, ac1 = cohen_kappa(rows_of(ABSTRACTORS)), gwet_ac1(rows_of(ABSTRACTORS))
    assert kappa.value == pytest.approx(0.7964094, abs=5e-8)
    assert half_width(kappa) / normal_quantile(0.95) == pytest.approx(0.05891072, abs=5e-9)
    assert ac1.value == pytest.approx(0.8493305, abs=5e-8)
    # His formula for tables divides by n, the one for raw marks by n − 1.
    assert half_width(ac1) / student_quantile(0.95, 99) == pytest.approx(0.04321747 * math.sqrt(100 / 99), abs=5e-8)


def test_the_paradox_of_kappa() -> None:
    """Gwet 2008, the 125 subjects of the paradox: raters agree on 94.4 %, kappa is −0.023, AC1 0.941."""
    marks = rows_of([[118, 5], [2, 0]])
    assert percent_agreement(marks).value == pytest.approx(0.944)
    assert cohen_kappa(marks).value == pytest.approx(-0.0234, abs=5e-5)
    assert gwet_ac1(marks).value == pytest.approx(0.9408, abs=5e-5)


@pytest.mark.parametrize(
    ("hits", "tries", "low", "high"),
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_wilson_newcombe_1998(hits: int, tries: int, low: float, high: float) -> None:
    """Newcombe 1998, Statistics in Medicine 17:857–872, table I, method 3."""
    found = wilson(hits, tries)
    assert (found.low, found.high) == pytest.approx((low, high), abs=5e-5)


def test_student_quantile_is_scipys() -> None:
    stats = pytest.importorskip("scipy.stats", reason="scipy comes with the extra training")
    for level in (0.5, 0.9, 0.95, 0.99):
        for freedom in (1, 2, 3, 4, 9, 30, 199, 200, 201, 1000):
            assert student_quantile(level, freedom) == pytest.approx(stats.t.ppf((1 + level) / 2, freedom), rel=1e-7)


@given(MARKS, st.randoms(use_true_random=False))
@settings(max_examples=80, deadline=None)
def test_order_and_names_do_not_matter(marks: Rows, source: random.Random) -> None:
    order = source.sample(range(len(marks[0])), len(marks[0]))
    names = {None: None, 1: "c", 2: "a", 3: "b"}
    other = [[names[row[unit]] for unit in order] for row in source.sample(marks, len(marks))]
    for function in FUNCTIONS:
        first, second = function(marks), function(other)  # type: ignore[operator]
        assert (first.units, first.note) == (second.units, second.note)
        for end in ("value", "low", "high"):
            value = getattr(second, end)
            assert getattr(first, end) == (None if value is None else pytest.approx(value))


@given(MARKS)
@settings(max_examples=80, deadline=None)
def test_bounds(marks: Rows) -> None:
    functions = (*FUNCTIONS, cohen_kappa) if len(marks) == 2 else FUNCTIONS
    for function in functions:
        found: Estimate = function(marks)  # type: ignore[operator]
        if found.value is None:
            assert found.note is not None
            continue
        assert -1 <= found.value <= 1
        if found.low is not None and found.high is not None:
            assert found.low - 1e-12 <= found.value <= found.high + 1e-12


def test_perfect_agreement_is_one() -> None:
    marks: Rows = [[1, 2, 1, 3], [1, 2, 1, 3]]
    assert percent_agreement(marks).value == gwet_ac1(marks).value == cohen_kappa(marks).value == 1.0
    assert percent_agreement(marks).low == pytest.approx(0.5101, abs=5e-5)  # four units prove little: 4/(4 + z²)


def test_one_category_needs_to_know_the_others() -> None:
    marks: Rows = [[1, 1, 1], [1, 1, 1]]
    for found in (gwet_ac1(marks), cohen_kappa(marks)):
        assert found.value is None
        assert found.note is not None
        assert found.note.code == "one-category"
    assert gwet_ac1(marks, [1, 2]).value == 1.0


def test_nothing_to_compare() -> None:
    for found in (percent_agreement([]), gwet_ac1([[1], [None]]), cohen_kappa([[1], [None]]), percent_agreement([[1]])):
        assert found.value is None
        assert found.note is not None
        assert found.note.code == "no-units"


def test_errors() -> None:
    with pytest.raises(ValueError, match="two raters"):
        cohen_kappa([[1], [1], [1]])
    with pytest.raises(ValueError, match="categories"):
        gwet_ac1([[1], [3]], [1, 2])
    with pytest.raises(ValueError, match="length"):
        percent_agreement([[1], [1, 2]])
    with pytest.raises(ValueError, match="hits"):
        wilson(3, 2)
    with pytest.raises(ValueError, match="level"):
        wilson(1, 2, 1.0)
    with pytest.raises(ValueError, match="freedom"):
        student_quantile(0.95, 0)
