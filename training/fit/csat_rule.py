"""Fits the satisfaction scorer's decision rule on the calibration dialogues."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.scorers.csat.decide import entropy_share, resolution_inputs, temper
from models.scorers.csat.network import CsatEnsemble
from models.scorers.csat.rounds import round_features
from training.data.replay import Observe
from training.data.stc3 import Dialogue
from training.data.vectors import VectorStore
from training.fit.calibrate import best_threshold, conformal_tail, fit_logistic, fit_temperature
from training.fit.csat import read_messages

_ABSTAIN_SHARE = 0.03  # of conversations like the calibration's that the scorer abstains on
_MISSED_SHARE = 0.1  # of the resolved calibration conversations that the label "no" may cover


def fit_csat_rule(
    dialogues: Sequence[Dialogue],
    train_prior: NDArray[np.float64],
    sentiment: Observe,
    vectors: VectorStore,
    directory: Path,
    coverage: float,
) -> dict[str, Any]:
    """Return the component's configuration, the fields of ``CsatRule``.

    Labels follow the annotators' mean: at most 2.5 is dissatisfied, at least 3.5 satisfied; each threshold has the
    greatest F1. A conversation counts as resolved where at least half of the annotators saw it so.

    Args:
        dialogues: The calibration split.
        train_prior: Mean distribution of S over the training split, shape ``(5,)``.
        sentiment: The fitted sentiment scorer's ``observe``.
        vectors: Encoded texts.
        directory: The fitted networks.
        coverage: Of the interval.
    """
    ensemble = CsatEnsemble.load(directory)
    satisfaction, inputs = [], []
    for dialogue in dialogues:
        messages = read_messages(dialogue.conversation, sentiment, vectors)
        features = round_features([[message] for message in messages], ensemble.width)
        prediction = ensemble(features, [message.side for message in messages])
        satisfaction.append(prediction.quality["S"])
        inputs.append(resolution_inputs(prediction, [message.side == "customer" for message in messages]))
    raw, regression = np.array(satisfaction), np.array(inputs)
    temperature = fit_temperature(raw, np.array([dialogue.distribution("S") for dialogue in dialogues]))
    calibrated = temper(raw, temperature)
    means = np.array([dialogue.mean("S") for dialogue in dialogues])
    resolved = np.array([dialogue.resolved for dialogue in dialogues])
    weights = fit_logistic(regression, resolved)
    p_resolved = 1 / (1 + np.exp(-(weights[0] + regression @ np.array(weights[1:]))))
    yes = best_threshold(p_resolved, resolved >= 0.5)
    entropies = [entropy_share([float(p) for p in row]) for row in calibrated]
    return {
        "temperature": temperature,
        "coverage": coverage,
        "tail": conformal_tail(calibrated, [dialogue.ratings["S"] for dialogue in dialogues], coverage),
        "dissatisfied": best_threshold(calibrated[:, :2].sum(axis=1), means <= 2.5),
        "satisfied": best_threshold(calibrated[:, 3:].sum(axis=1), means >= 3.5),
        "max_entropy": round(float(np.quantile(entropies, 1 - _ABSTAIN_SHARE)), 4),
        "prior": [round(float(p), 6) for p in train_prior],
        "resolved_weights": weights,
        "resolved_yes": yes,
        "resolved_no": min(round(float(np.quantile(p_resolved[resolved >= 0.5], _MISSED_SHARE)), 4), yes),
        "resolved_prior": round(float(resolved.mean()), 6),
    }
