"""What is fitted on the calibration split."""

import numpy as np
import pytest

from models.scorers.csat.decide import quantile, temper
from training.fit.calibrate import best_threshold, conformal_tail, fit_logistic, fit_temperature


def test_the_temperature_of_overconfident_beliefs_is_found() -> None:
    truth = np.random.default_rng(1).dirichlet(np.full(5, 2.0), size=800)
    assert fit_temperature(temper(truth, 0.5), truth) == pytest.approx(2.0, rel=0.02)
    assert fit_temperature(truth, truth) == pytest.approx(1.0, rel=0.02)


@pytest.mark.parametrize("coverage", [0.8, 0.9])
def test_the_conformal_interval_covers_what_it_promises(coverage: float) -> None:
    source = np.random.default_rng(7)
    truth = source.dirichlet(np.full(5, 1.5), size=1200)
    believed = temper(truth, 0.6)  # overconfident: quantiles taken at face value would cover too little
    ratings = [source.choice(5, size=5, p=row) + 1 for row in truth]
    tail = conformal_tail(believed[:600], ratings[:600], coverage)
    inside = [
        (quantile(row, tail) - 1e-9 <= given) & (given <= quantile(row, 1 - tail) + 1e-9)
        for row, given in zip(believed[600:], ratings[600:], strict=True)
    ]
    assert np.mean(inside) == pytest.approx(coverage, abs=0.03)


def test_the_threshold_of_separable_scores_lies_between() -> None:
    scores = np.array([0.1, 0.2, 0.3, 0.7, 0.8])
    assert best_threshold(scores, np.array([False, False, False, True, True])) == 0.5


def test_the_logistic_regression_recovers_its_weights() -> None:
    inputs = np.random.default_rng(3).normal(size=(4000, 2))
    shares = 1 / (1 + np.exp(-(0.5 + inputs @ np.array([1.5, -1.0]))))
    assert fit_logistic(inputs, shares, np.ones(len(shares)), penalty=0.0) == pytest.approx([0.5, 1.5, -1.0], abs=0.01)
