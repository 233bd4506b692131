"""Rogan–Gladen with Lang & Reiczigel's interval, against the examples of their paper."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.statistics import NotIdentifiableError, Share, rogan_gladen

COUNTS = st.integers(1, 500).flatmap(lambda tries: st.integers(0, tries).map(lambda hits: Share(hits, tries)))


@pytest.mark.parametrize(
    ("apparent", "sensitivity", "specificity", "low", "high", "within"),
    [
        (Share(4060, 11284), Share(178, 179), Share(358, 359), 0.349, 0.372, 0.0005),
        (Share(51, 2971), Share(32, 33), Share(20, 20), 0.0, 0.053, 0.0005),
        (Share(0.06 * 11862, 11862), Share(8, 10), Share(12, 12), 0.0, 0.147, 0.0005),
        (Share(259, 509), Share(84, 127), Share(96, 109), 0.58, 0.87, 0.005),
        (Share(51, 509), Share(23, 41), Share(187, 195), 0.037, 0.195, 0.0005),
    ],
)
def test_lang_reiczigel_2014(
    apparent: Share, sensitivity: Share, specificity: Share, low: float, high: float, within: float
) -> None:
    """Lang & Reiczigel 2014, Preventive Veterinary Medicine 113:13–22, examples 1–4 (as listed in asht::prevSeSp)."""
    found = rogan_gladen(apparent, sensitivity, specificity)
    assert (found.low, found.high) == pytest.approx((low, high), abs=within)
    assert found.units == round(apparent.tries)


def test_the_formula_by_hand() -> None:
    """23 of 150 with Se 0.96 and Sp 0.89: (0.1533 − 0.11) / 0.85 = 5.1 %, the example of epiR's ``epi.prev``."""
    assert rogan_gladen(Share(23, 150), Share(96, 100), Share(89, 100)).value == pytest.approx(0.051, abs=0.0005)


def test_a_perfect_classifier_changes_nothing() -> None:
    assert rogan_gladen(Share(30, 100), Share(10**9, 10**9), Share(10**9, 10**9)).value == pytest.approx(0.3)


def test_no_better_than_chance_is_an_error_in_both_languages() -> None:
    with pytest.raises(NotIdentifiableError) as caught:
        rogan_gladen(Share(30, 100), Share(5, 10), Share(5, 10))
    assert caught.value.reason.code == "not-identifiable"
    assert "随机" in caught.value.reason.zh
    assert "chance" in str(caught.value)


def test_a_rate_outside_the_range_is_cut_and_says_so() -> None:
    found = rogan_gladen(Share(1, 100), Share(90, 100), Share(90, 100))
    assert found.value == 0.0
    assert found.note is not None
    assert found.note.code == "out-of-range"


def test_an_empty_sample() -> None:
    found = rogan_gladen(Share(1, 100), Share(0, 0), Share(90, 100))
    assert found.value is None
    assert found.note is not None
    assert found.note.code == "no-units"


def test_more_hits_than_tries() -> None:
    with pytest.raises(ValueError, match="hits"):
        rogan_gladen(Share(2, 1), Share(1, 1), Share(1, 1))


@given(COUNTS, COUNTS, COUNTS)
def test_always_within_the_range_or_not_identifiable(apparent: Share, sensitivity: Share, specificity: Share) -> None:
    try:
        found = rogan_gladen(apparent, sensitivity, specificity)
    except NotIdentifiableError:
        assert sensitivity.hits / sensitivity.tries + specificity.hits / specificity.tries <= 1
        return
    assert found.value is not None
    assert found.low is not None
    assert found.high is not None
    assert 0 <= found.low <= found.value <= found.high <= 1


def test_coverage_is_near_nominal() -> None:
    source = np.random.default_rng(5)
    rate, sensitivity, specificity, trials = 0.12, 0.8, 0.95, 400
    covered = 0
    for _ in range(trials):
        seen = source.binomial(2000, rate * sensitivity + (1 - rate) * (1 - specificity))
        found = rogan_gladen(
            Share(int(seen), 2000),
            Share(int(source.binomial(60, sensitivity)), 60),
            Share(int(source.binomial(300, specificity)), 300),
        )
        assert found.low is not None
        assert found.high is not None
        covered += found.low <= rate <= found.high
    assert 0.92 <= covered / trials <= 0.99
