"""The bidirectional GRU in numpy, one conversation at a time: the same equations as torch.nn.GRU, without torch.

Scoring a finished conversation takes a few milliseconds, and nothing has to import or configure torch.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load_file

from models.scorers.csat.rounds import EXTRA_FEATURES, Side

QUALITIES = ("A", "S", "E")
LEVELS = 5
NUGGETS: dict[Side, tuple[str, ...]] = {
    "customer": ("CNUG0", "CNUG", "CNUG*", "CNaN"),
    "service": ("HNUG", "HNUG*", "HNaN"),
}
WEIGHTS_NAME = "ensemble.safetensors"

_Array = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Prediction:
    """What the network says of one conversation.

    Attributes:
        quality: For task accomplishment ``A``, satisfaction ``S``, effectiveness ``E``: shape ``(5,)``, worst to best.
        nuggets: One a round: probabilities over ``NUGGETS`` of its side.
    """

    quality: dict[str, NDArray[np.float64]]
    nuggets: list[NDArray[np.float64]]


def _softmax(logits: NDArray[np.floating]) -> NDArray[np.float64]:
    shifted = np.exp(logits.astype(np.float64) - logits.max(axis=-1, keepdims=True))
    return np.asarray(shifted / shifted.sum(axis=-1, keepdims=True))


def _sigmoid(x: _Array) -> _Array:
    return np.asarray(0.5 * (np.tanh(0.5 * x) + 1.0), dtype=np.float32)


class BiGruNet:
    """One member of the ensemble."""

    def __init__(self, weights: dict[str, _Array]) -> None:
        """Take the state dict of the torch module in ``training.fit.csat_net`` as arrays."""
        self._w = weights

    def _run(self, x: _Array, suffix: str) -> _Array:
        hidden = self._w[f"gru.weight_hh_l0{suffix}"]
        bias = self._w[f"gru.bias_hh_l0{suffix}"]
        size = hidden.shape[1]
        projected = x @ self._w[f"gru.weight_ih_l0{suffix}"].T + self._w[f"gru.bias_ih_l0{suffix}"]
        state = np.zeros(size, dtype=np.float32)
        states = np.empty((len(x), size), dtype=np.float32)
        order = range(len(x)) if not suffix else range(len(x) - 1, -1, -1)
        for t in order:
            recurrent = hidden @ state + bias
            reset_update = _sigmoid(projected[t, : 2 * size] + recurrent[: 2 * size])
            new = np.tanh(projected[t, 2 * size :] + reset_update[:size] * recurrent[2 * size :])
            update = reset_update[size:]
            state = (1.0 - update) * new + update * state
            states[t] = state
        return states

    def __call__(self, features: _Array, sides: list[Side]) -> tuple[NDArray[np.float64], list[NDArray[np.float64]]]:
        """Return quality probabilities, shape ``(3, 5)``, and one nugget distribution a round."""
        x = (features - self._w["mean"]) / self._w["scale"]
        forward, backward = self._run(x, ""), self._run(x, "_reverse")
        states = np.concatenate([forward, backward], axis=1)
        pooled = np.concatenate([forward[-1], backward[0], states.mean(axis=0), states.max(axis=0)])
        quality = self._w["quality.weight"] @ pooled + self._w["quality.bias"]
        nuggets = [
            _softmax(self._w[f"{side}.weight"] @ state + self._w[f"{side}.bias"])
            for state, side in zip(states, sides, strict=True)
        ]
        return _softmax(quality.reshape(len(QUALITIES), LEVELS)), nuggets


class CsatEnsemble:
    """Networks of different seeds; their probabilities are averaged."""

    def __init__(self, members: list[BiGruNet], width: int) -> None:
        """Keep the members; ``width`` is the encoder's vector width."""
        self.width = width
        self._members = members

    @classmethod
    def load(cls, directory: Path) -> CsatEnsemble:
        """Read the weights from ``directory``; stored as 16-bit floats, used as 32-bit."""
        by_member: dict[str, dict[str, _Array]] = {}
        for key, tensor in load_file(directory / WEIGHTS_NAME).items():
            member, name = key.split("/", 1)
            by_member.setdefault(member, {})[name] = tensor.astype(np.float32)
        members = [BiGruNet(by_member[member]) for member in sorted(by_member)]
        columns = len(by_member[min(by_member)]["mean"])
        return cls(members, columns - len(EXTRA_FEATURES))

    def __call__(self, features: _Array, sides: list[Side]) -> Prediction:
        """Return the ensemble's prediction for the rounds of one conversation (at least one)."""
        outputs = [member(features, sides) for member in self._members]
        quality = np.mean([output[0] for output in outputs], axis=0)
        nuggets = [np.mean(parts, axis=0) for parts in zip(*(output[1] for output in outputs), strict=True)]
        return Prediction(dict(zip(QUALITIES, quality, strict=True)), nuggets)
