"""Prediction-powered rates against the authors' package, and by simulation."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.statistics import PoweredRate, prediction_powered_rate
from models.statistics.estimates import Estimate

HUMAN = [1, 0, 0, 1, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0]
MACHINE = [1, 0, 0, 1, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 1, 0, 0, 0]
LABELLED = list(zip(MACHINE, HUMAN, strict=True))
OTHERS = [1] * 40 + [0] * 120
RATES = st.lists(st.tuples(st.sampled_from([0.0, 0.3, 1.0]), st.sampled_from([0.0, 1.0])), min_size=1, max_size=30)


def width(found: Estimate) -> float:
    assert found.low is not None
    assert found.high is not None
    return found.high - found.low


@pytest.mark.parametrize(
    ("tuning", "rate", "low", "high"),
    [(0.0, 0.25, 0.0602273, 0.4397727), (0.5, 0.225, 0.07263919, 0.37736081), (1.0, 0.2, 0.01880268, 0.38119732)],
)
def test_ppi_python(tuning: float, rate: float, low: float, high: float) -> None:
    """``ppi_mean_pointestimate`` and ``ppi_mean_ci`` of ppi_python 0.2.3 (``lam=tuning``, α = 0.05), on these data.

    The package divides variances by n, we by n − 1; undone here.
    """
    found = prediction_powered_rate(LABELLED, OTHERS, tuning=tuning).powered
    assert found.value == pytest.approx(rate)
    rest = np.array(HUMAN) - tuning * np.array(MACHINE)
    theirs = rest.var() / 20 + tuning**2 * np.var(OTHERS) / 160
    ours = rest.var(ddof=1) / 20 + tuning**2 * np.var(OTHERS, ddof=1) / 160
    assert width(found) * math.sqrt(theirs / ours) == pytest.approx(high - low, abs=1e-7)


def test_the_tuning_by_hand() -> None:
    """λ = cov/n / (var_n(f)/n + var_N(f)/N): (3.5/19/20) / (4.2/19/20 + 30/159/160)."""
    found = prediction_powered_rate(LABELLED, OTHERS)
    spread_labelled, spread_others, together = 6 - 36 / 20, 40 - 1600 / 160, 4 - 30 / 20
    assert found.tuning == pytest.approx((together / 19 / 20) / (spread_labelled / 19 / 20 + spread_others / 159 / 160))
    assert found.tuning is not None
    assert found.powered.value == pytest.approx(0.25 - found.tuning * (0.3 - 0.25))


def test_weights_by_hand() -> None:
    """Hájek: the first five weigh twice; residuals −1, +1, −1 weigh 1, 2/1 … ppi_python's ``w=`` gives 0.21 too."""
    found = prediction_powered_rate(LABELLED, OTHERS, [0.5] * 5 + [1.0] * 15, tuning=1.0)
    assert found.powered.value == pytest.approx(0.21)


def test_equal_probabilities_change_nothing() -> None:
    assert prediction_powered_rate(LABELLED, OTHERS, [0.2] * 20).powered.value == pytest.approx(
        prediction_powered_rate(LABELLED, OTHERS).powered.value
    )


def simulate(source: np.random.Generator, accuracy: float, weighted: bool = False) -> tuple[PoweredRate, float]:
    """Draw 2,000 units, 0.2 of them fails, and a machine that is right with ``accuracy``; people check about 150."""
    true = source.random(2000) < 0.2
    said = np.where(source.random(2000) < accuracy, true, ~true)
    chance = np.where(said, 0.2, 0.06) if weighted else np.full(2000, 0.075)
    drawn = source.random(2000) < chance
    # Units outside a sample that favours some are not of the same population: the machine's verdicts on all are used.
    others = said if weighted else said[~drawn]
    found = prediction_powered_rate(
        list(zip(said[drawn].astype(float), true[drawn].astype(float), strict=True)),
        others.astype(float).tolist(),
        chance[drawn].tolist(),
    )
    return found, 0.2


@pytest.mark.parametrize(("accuracy", "weighted"), [(0.95, False), (0.6, False), (0.95, True)])
def test_coverage_is_near_nominal_however_good_the_machine(accuracy: float, weighted: bool) -> None:
    source = np.random.default_rng(17)
    trials = 300
    covered = 0
    for _ in range(trials):
        found, rate = simulate(source, accuracy, weighted)
        assert found.powered.low is not None
        assert found.powered.high is not None
        covered += found.powered.low <= rate <= found.powered.high
    assert 0.91 <= covered / trials <= 0.99


def test_a_good_machine_narrows_the_interval_and_a_bad_one_does_not_widen_it() -> None:
    source = np.random.default_rng(23)
    good = [simulate(source, 0.95)[0] for _ in range(40)]
    bad = [simulate(source, 0.5)[0] for _ in range(40)]
    assert np.mean([width(found.powered) / width(found.classical) for found in good]) < 0.75
    assert 0.95 < np.mean([width(found.powered) / width(found.classical) for found in bad]) <= 1.0


def test_no_disagreement_seen_is_not_none_at_all() -> None:
    labelled = [(0.0, 0.0)] * 90 + [(1.0, 1.0)] * 10
    found = prediction_powered_rate(labelled, [0.0] * 90_000 + [1.0] * 10_000)
    assert width(found.powered) > 0.035  # about ±2 per 100 checked
    assert found.powered.note is not None
    assert found.powered.note.code == "few-disagreements"


def test_without_unlabelled_units_it_is_the_classical_rate() -> None:
    found = prediction_powered_rate(LABELLED, [])
    assert found.powered.value == found.classical.value == 0.25
    assert found.tuning == 0.0
    assert found.powered.note is not None
    assert found.powered.note.code == "no-unlabelled"


def test_without_labels_it_is_undefined() -> None:
    found = prediction_powered_rate([], OTHERS)
    assert found.powered.value is None
    assert found.tuning is None
    assert found.powered.note is not None
    assert found.powered.note.code == "no-units"


def test_errors() -> None:
    with pytest.raises(ValueError, match="0…1"):
        prediction_powered_rate([(1.0, 2.0)], [])
    with pytest.raises(ValueError, match="every labelled"):
        prediction_powered_rate(LABELLED, OTHERS, [0.5])
    with pytest.raises(ValueError, match="inclusion"):
        prediction_powered_rate([(1.0, 1.0)], OTHERS, [0.0])


@given(RATES, st.lists(st.sampled_from([0.0, 0.3, 1.0]), max_size=30), st.data())
@settings(max_examples=80, deadline=None)
def test_bounds(labelled: list[tuple[float, float]], others: list[float], data: st.DataObject) -> None:
    chances = data.draw(
        st.none() | st.lists(st.floats(0.01, 1.0), min_size=len(labelled), max_size=len(labelled)), label="chances"
    )
    found = prediction_powered_rate(labelled, others, chances)
    assert found.tuning is not None
    assert 0 <= found.tuning <= 1
    for estimate in (found.powered, found.classical):
        assert estimate.value is not None
        if estimate.low is not None and estimate.high is not None:
            assert 0 <= estimate.low <= estimate.value <= estimate.high <= 1
