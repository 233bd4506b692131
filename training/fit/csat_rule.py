"""Fits the satisfaction scorer's decision rule on what members of the ensemble say of dialogues they never saw."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.scorers.csat.decide import entropy_share, resolution_inputs, temper
from models.scorers.csat.network import Prediction
from training.config import CsatFit
from training.data.stc3 import Dialogue
from training.fit.calibrate import best_threshold, conformal_tail, fit_logistic, fit_temperature
from training.fit.csat_examples import RatedExample

_ABSTAIN_SHARE = 0.03  # of conversations like these that the scorer abstains on
_MISSED_SHARE = 0.1  # of the resolved conversations that the label "no" may cover
_TAILS = 7  # numbers of rounds with a tail of their own: 1, 2 … 7 or more
_LEAST_GROUP = 100  # dialogues of one length under which it takes the tail of all


def fit_csat_rule(
    dialogues: Sequence[Dialogue],
    unseen: Sequence[Prediction],
    fit: CsatFit,
    told: Sequence[tuple[RatedExample, Prediction]] = (),
) -> dict[str, Any]:
    """Return the component's configuration, the fields of ``CsatRule``.

    Labels follow the annotators' mean: at most 2.5 is dissatisfied, at least 3.5 satisfied; each threshold has the
    greatest F1. A conversation counts as resolved where at least half of the annotators saw it so, or the user's file
    says so.

    Args:
        dialogues: Annotated.
        unseen: Of each, what was predicted by members that had not seen it.
        fit: Coverage, and the share of the linear member.
        told: Further conversations, with the same; of those whose outcome is known resolution learns.
    """
    raw = np.array([prediction.quality["S"] for prediction in unseen])
    shares = np.array([dialogue.distribution("S") for dialogue in dialogues])
    temperature = fit_temperature(raw, shares)
    calibrated = temper(raw, temperature)
    means = np.array([dialogue.mean("S") for dialogue in dialogues])
    entropies = [entropy_share([float(p) for p in row]) for row in calibrated]
    return {
        "temperature": temperature,
        "lexical_share": fit.lexical_share,
        "coverage": fit.coverage,
        "tails": _fit_tails(dialogues, calibrated, fit.coverage),
        "dissatisfied": best_threshold(calibrated[:, :2].sum(axis=1), means <= 2.5),
        "satisfied": best_threshold(calibrated[:, 3:].sum(axis=1), means >= 3.5),
        "max_entropy": round(float(np.quantile(entropies, 1 - _ABSTAIN_SHARE)), 4),
        "prior": [round(float(p), 6) for p in shares.mean(axis=0)],
        **_fit_resolution(dialogues, unseen, told),
    }


def _fit_resolution(
    dialogues: Sequence[Dialogue], unseen: Sequence[Prediction], told: Sequence[tuple[RatedExample, Prediction]]
) -> dict[str, Any]:
    rows = [
        (resolution_inputs(said, [turn.role == "customer" for turn in one.conversation.turns]), one.resolved, 1.0)
        for one, said in zip(dialogues, unseen, strict=True)
    ]
    rows += [
        (resolution_inputs(said, one.customer), one.resolved, one.weight)
        for one, said in told
        if one.resolved is not None
    ]
    inputs, resolved, counts = (np.array(column, dtype=np.float64) for column in zip(*rows, strict=True))
    weights = fit_logistic(inputs, resolved, counts)
    p_resolved = 1 / (1 + np.exp(-(weights[0] + inputs @ np.array(weights[1:]))))
    yes = best_threshold(p_resolved, resolved >= 0.5)
    return {
        "resolved_weights": weights,
        "resolved_yes": yes,
        "resolved_no": min(round(float(np.quantile(p_resolved[resolved >= 0.5], _MISSED_SHARE)), 4), yes),
        "resolved_prior": round(float(np.average(resolved, weights=counts)), 6),
    }


def _fit_tails(dialogues: Sequence[Dialogue], calibrated: NDArray[np.float64], coverage: float) -> list[float]:
    """Return a conformal tail by number of rounds (Mondrian: Vovk et al. 2003): coverage holds at each length."""
    lengths = np.array([min(len(dialogue.conversation.turns), _TAILS) for dialogue in dialogues])
    ratings = [dialogue.ratings["S"] for dialogue in dialogues]
    tails = []
    for length in range(1, _TAILS + 1):
        rows = np.flatnonzero(lengths == length)
        if len(rows) < _LEAST_GROUP:
            rows = np.arange(len(dialogues))
        tails.append(conformal_tail(calibrated[rows], [ratings[row] for row in rows], coverage))
    return tails
