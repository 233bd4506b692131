"""Few-shot heads: does a message mean something like these and not like those.

Raw cosines of sentence encoders do not separate. So each cue gets a small logistic head over vectors, fitted with L2 by
Newton's method on its exemplars (weight 1) and on ordinary service lines as further "unlike" ones (``background.txt``,
together as heavy as the exemplars), and calibrated::

    p = 1 / (1 + exp(−(slope · z + offset))),   z = x · coefficients

with slope and offset fitted (Platt, Probabilistic outputs for support vector machines, 1999) on the scores that each
line gets from a head that has not seen it, approximated in closed form (Rad and Maleki, A scalable estimate of the
out-of-sample prediction error, 2020), s being the line's weight::

    z_loo = z + h · s · (p − y) / (1 − h · s · p · (1 − p)),   h = xᵀ H⁻¹ x,  H the Hessian of the fit

Same exemplars and encoder, same head: nothing is random.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from models.domain.cue import Cue, Exemplars
from models.encode.base import Encoder

Array = NDArray[np.float64]

BACKGROUND = Path(__file__).with_name("background.txt")

_RIDGE = 0.3
_SCALE = 4.0  # the length of a vector, once the mean of ordinary lines is taken off
_ROUNDS = 40
_DECIMALS = 6


@cache
def background_lines() -> tuple[str, ...]:
    """Return the packaged ordinary lines of service conversations."""
    lines = BACKGROUND.read_text(encoding="utf-8").splitlines()
    return tuple(line for line in lines if line.strip() and not line.startswith("#"))


class ExemplarHeads:
    """The fitted heads of a playbook's cues; with none, nothing is encoded."""

    def __init__(self, cues: Mapping[str, Cue], encoder: Encoder | None) -> None:
        """Encode the exemplars and fit; without an encoder no head sees anything."""
        asked = {name: cue.exemplars for name, cue in cues.items() if cue.exemplars}
        self.blind = frozenset(asked) if encoder is None else frozenset()
        self._least: dict[str, float] = {}
        if encoder is None or not asked:
            return
        with threadpool_limits(limits=1, user_api="blas"):  # another order of sums, other last digits
            ordinary = np.asarray(encoder.encode(background_lines()), dtype=np.float64)
            self._mean = ordinary.mean(axis=0)
            background = self._centred(ordinary)
            heads = [self._fit(exemplars, background, encoder) for exemplars in asked.values()]
        self._least = {name: exemplars.least for name, exemplars in asked.items()}
        self._coefficients = np.stack([coefficients for coefficients, _ in heads])
        self._calibration = np.array([calibration for _, calibration in heads])

    def find(self, vector: NDArray[np.float32] | None) -> dict[str, float]:
        """Return the cues that a message with this vector shows, with their probabilities."""
        if not self._least or vector is None:
            return {}
        inputs = self._centred(np.asarray(vector, dtype=np.float64)[None, :])[0]
        # Row by row, not as one product: sums then do not depend on which other cues there are.
        scores = (self._coefficients * inputs).sum(axis=1)
        found = {}
        for (name, least), score, (slope, offset) in zip(self._least.items(), scores, self._calibration, strict=True):
            probability = round(float(_logistic(slope * score + offset)), _DECIMALS)
            if probability >= least:
                found[name] = probability
        return found

    def _centred(self, vectors: Array) -> Array:
        """Return unit vectors less the mean of ordinary lines, of fixed length, with a constant in the last column."""
        moved = vectors - self._mean
        lengths = np.linalg.norm(moved, axis=1, keepdims=True)
        scaled = _SCALE * moved / np.maximum(lengths, 1e-9)
        return np.concatenate([scaled, np.ones((len(vectors), 1))], axis=1)

    def _fit(self, exemplars: Exemplars, background: Array, encoder: Encoder) -> tuple[Array, tuple[float, float]]:
        like, unlike = _different(exemplars.like), _different(exemplars.unlike)
        own = self._centred(np.asarray(encoder.encode([*like, *unlike]), dtype=np.float64))
        inputs = np.concatenate([own, background])
        labels = np.concatenate([np.ones(len(like)), np.zeros(len(unlike) + len(background))])
        weights = np.concatenate([np.ones(len(own)), np.full(len(background), len(own) / len(background))])
        coefficients, unseen = _fit_logistic(inputs, labels, weights)
        return coefficients, _calibrate(unseen, labels, weights)


def _different(lines: Sequence[str]) -> list[str]:
    return list(dict.fromkeys(line.strip() for line in lines if line.strip()))


def _logistic(odds: Array | float) -> Array:
    return np.asarray(1.0 / (1.0 + np.exp(-np.clip(odds, -40.0, 40.0))))


def _newton(inputs: Array, wanted: Array, weights: Array, penalty: Array) -> Array:
    """Return the coefficients, ``(dimension,)``, of least weighted cross-entropy with an L2 ``penalty`` for each."""

    def loss(coefficients: Array) -> float:
        odds = inputs @ coefficients
        entropy = np.logaddexp(0.0, odds) - wanted * odds
        return float((weights * entropy).sum() + (penalty * coefficients**2).sum() / 2)

    coefficients = np.zeros(inputs.shape[1])
    reached = loss(coefficients)
    for _ in range(_ROUNDS):
        found = _logistic(inputs @ coefficients)
        slope = inputs.T @ (weights * (found - wanted)) + penalty * coefficients
        step = np.linalg.solve(_hessian(inputs, weights * found * (1 - found), penalty), slope)
        share = 1.0
        while (moved := loss(coefficients - share * step)) > reached and share > 1e-6:
            share /= 2
        if moved >= reached - 1e-12:
            break
        coefficients, reached = coefficients - share * step, moved
    return coefficients


def _hessian(inputs: Array, curve: Array, penalty: Array) -> Array:
    return np.asarray((inputs * curve[:, None]).T @ inputs + np.diag(penalty))


def _fit_logistic(inputs: Array, labels: Array, weights: Array) -> tuple[Array, Array]:
    """Return coefficients, ``(dimension,)``, and each line's score by a head that has not seen it, ``(lines,)``."""
    penalty = np.full(inputs.shape[1], _RIDGE)
    penalty[-1] = 1e-3  # the constant is hardly held back
    coefficients = _newton(inputs, labels, weights, penalty)
    scores = inputs @ coefficients
    found = _logistic(scores)
    curve = weights * found * (1 - found)
    leverage = np.einsum("ij,ji->i", inputs, np.linalg.solve(_hessian(inputs, curve, penalty), inputs.T))
    unseen = scores + leverage * weights * (found - labels) / np.maximum(1 - leverage * curve, 1e-3)
    return coefficients, unseen


def _calibrate(scores: Array, labels: Array, weights: Array) -> tuple[float, float]:
    """Return slope and offset; labels are softened as Platt does, so that few exemplars do not promise certainty."""
    positive, negative = float(weights[labels == 1].sum()), float(weights[labels == 0].sum())
    wanted = np.where(labels == 1, (positive + 1) / (positive + 2), 1 / (negative + 2))
    spread = max(float(scores.std()), 1e-9)
    inputs = np.stack([scores / spread, np.ones_like(scores)], axis=1)
    slope, offset = _newton(inputs, wanted, weights, np.full(2, 1e-3))
    return max(float(slope) / spread, 0.0), float(offset)
