"""Measures against values worked out by hand, and their general laws."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.evaluate.agreement import accuracy, area_under_curve, calibration_error, macro_f1, spearman
from training.evaluate.distributions import (
    jensen_shannon,
    normalised_match_distance,
    root_normalised_squares,
    root_symmetric_order_divergence,
)

MEASURES = [jensen_shannon, normalised_match_distance, root_normalised_squares, root_symmetric_order_divergence]
weights = st.lists(st.one_of(st.just(0.0), st.floats(0.01, 1.0)), min_size=5, max_size=5).filter(any)


def test_match_distance_by_hand() -> None:
    # Cumulative: .5 1 1 against 0 .5 1: differences .5 + .5 + 0, over 2 steps.
    assert normalised_match_distance([0.5, 0.5, 0], [0, 0.5, 0.5]) == pytest.approx(0.5)
    assert normalised_match_distance([1, 0, 0, 0, 0], [0, 0, 0, 0, 1]) == pytest.approx(1.0)


def test_order_aware_divergence_by_hand() -> None:
    # p = (1, 0, 0), q = (0, 0, 1); squared differences (1, 0, 1).
    # Seen from bin 3 (q's): 2·1 + 1·0 + 0·1 = 2; from bin 1 (p's): 2. SOD = 2, over L − 1 = 2, root 1.
    assert root_symmetric_order_divergence([1, 0, 0], [0, 0, 1]) == pytest.approx(1.0)
    # p = (½, ½, 0), q = (0, ½, ½); squared differences (¼, 0, ¼).
    # From bins 2, 3 (q's): ½, ½ → ½; from bins 1, 2 (p's): ½, ½ → ½. SOD = ½, halved ¼, root ½.
    assert root_symmetric_order_divergence([0.5, 0.5, 0], [0, 0.5, 0.5]) == pytest.approx(0.5)


def test_unordered_distances_by_hand() -> None:
    assert root_normalised_squares([0.5, 0.5, 0], [0, 0.5, 0.5]) == pytest.approx(0.5)
    # m = (¼, ½, ¼): each side ½·log2(½ / ¼) + ½·log2(½ / ½) = ½.
    assert jensen_shannon([0.5, 0.5, 0], [0, 0.5, 0.5]) == pytest.approx(0.5)
    assert jensen_shannon([1, 0], [0, 1]) == pytest.approx(1.0)


@pytest.mark.parametrize("measure", MEASURES)
@given(p=weights, q=weights)
def test_distances_are_symmetric_and_within_0_and_1(measure, p, q) -> None:
    assert measure(p, p) == pytest.approx(0.0, abs=1e-7)
    assert measure(p, q) == pytest.approx(measure(q, p), abs=1e-12)
    assert -1e-12 <= measure(p, q) <= 1.0 + 1e-12


@pytest.mark.parametrize("measure", MEASURES)
def test_other_shapes_are_refused(measure) -> None:
    with pytest.raises(ValueError, match="same bins"):
        measure([0.5, 0.5], [0.2, 0.3, 0.5])


def test_spearman_by_hand() -> None:
    assert spearman([1, 2, 3], [10, 20, 30]) == pytest.approx(1.0)
    assert spearman([1, 2, 3, 4], [4, 3, 2, 1]) == pytest.approx(-1.0)
    # Ranks 1 2 3 against 1 3 2: 1 − 6·2 / (3·8) = ½.
    assert spearman([0.1, 0.2, 0.3], [5, 7, 6]) == pytest.approx(0.5)
    assert spearman([1, 1, 1], [1, 2, 3]) is None


def test_area_under_curve_by_hand() -> None:
    # Pairs (positive, negative): .8>.6, .8>.2, .4<.6, .4>.2: 3 of 4.
    assert area_under_curve([0.8, 0.6, 0.4, 0.2], [1, 0, 1, 0]) == pytest.approx(0.75)
    assert area_under_curve([0.5, 0.5], [1, 0]) == pytest.approx(0.5)
    assert area_under_curve([0.5, 0.4], [1, 1]) is None


def test_labels_by_hand() -> None:
    predicted, true = ["a", "a", "b", "c"], ["a", "b", "b", "a"]
    assert accuracy(predicted, true) == 0.5
    # a: 2·1 / (2 + 2) = ½; b: 2·1 / (1 + 2) = ⅔; c is in no truth.
    assert macro_f1(predicted, true) == pytest.approx((1 / 2 + 2 / 3) / 2)


def test_calibration_error_by_hand() -> None:
    # Bin .2–.3: predicted .25, observed 0; bin .9–1: predicted 1, observed ½. Halves each: ½·.25 + ½·.5.
    assert calibration_error([0.25, 0.25, 1.0, 1.0], [0, 0, 1, 0]) == pytest.approx(0.375)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=40))
def test_calibration_error_of_the_truth_is_zero(shares: list[float]) -> None:
    assert calibration_error(shares, shares) == pytest.approx(0.0, abs=1e-12)


@given(st.lists(st.integers(0, 20), min_size=3, max_size=20, unique=True))
def test_spearman_sees_only_ranks(values: list[int]) -> None:
    assert spearman(values, [math.exp(v / 4) for v in values]) == pytest.approx(1.0)
    assert spearman(values, -np.array(values)) == pytest.approx(-1.0)
