"""The bidirectional GRU in numpy, for one conversation or several: the same equations as torch.nn.GRU, without torch.

Scoring a finished conversation takes a few milliseconds, and nothing has to import or configure torch.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load_file

from models.scorers.csat.rounds import EXTRA_FEATURES, SIDES, Side

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
        resolved: Probability that the matter was resolved, 0…1; ``None`` from networks that were not taught it.
    """

    quality: dict[str, NDArray[np.float64]]
    nuggets: list[NDArray[np.float64]]
    resolved: float | None = None


class BeliefArrays(NamedTuple):
    """What a network says of n conversations.

    Attributes:
        quality: Probabilities, ``(n, 3, 5)``.
        nuggets: Probabilities by side, ``(n, T, 4 or 3)``.
        resolved: Probabilities, ``(n,)``, or ``None``.
    """

    quality: NDArray[np.float64]
    nuggets: dict[Side, NDArray[np.float64]]
    resolved: NDArray[np.float64] | None


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

    def _run(self, x: _Array, lengths: NDArray[np.int64], suffix: str) -> _Array:
        """Return the states after each round, shape ``(n, T, hidden)``; what is in the padding means nothing."""
        hidden = self._w[f"gru.weight_hh_l0{suffix}"].T
        bias = self._w[f"gru.bias_hh_l0{suffix}"]
        size = hidden.shape[0]
        count, longest, width = x.shape
        # One product over all rounds: numpy would multiply conversation by conversation.
        projected = x.reshape(-1, width) @ self._w[f"gru.weight_ih_l0{suffix}"].T + self._w[f"gru.bias_ih_l0{suffix}"]
        projected = projected.reshape(count, longest, -1)
        state = np.zeros((count, size), dtype=np.float32)
        states = np.empty((count, longest, size), dtype=np.float32)
        for t in range(longest) if not suffix else range(longest - 1, -1, -1):
            recurrent = state @ hidden + bias
            reset_update = _sigmoid(projected[:, t, : 2 * size] + recurrent[:, : 2 * size])
            new = np.tanh(projected[:, t, 2 * size :] + reset_update[:, :size] * recurrent[:, 2 * size :])
            update = reset_update[:, size:]
            after = (1.0 - update) * new + update * state
            state = np.where((t < lengths)[:, None], after, state)
            states[:, t] = state
        return states

    def __call__(self, x: _Array, lengths: NDArray[np.int64]) -> BeliefArrays:
        """Return what the network says.

        Args:
            x: Features of n conversations, padded with zeros, ``(n, T, d)``.
            lengths: Rounds of each, at least 1.
        """
        x = (x - self._w["mean"]) / self._w["scale"]
        forward, backward = self._run(x, lengths, ""), self._run(x, lengths, "_reverse")
        states = np.concatenate([forward, backward], axis=2)
        inside = (np.arange(x.shape[1])[None] < lengths[:, None])[..., None]
        mean = np.where(inside, states, 0.0).sum(axis=1) / lengths[:, None].astype(np.float32)
        peak = np.where(inside, states, -np.inf).max(axis=1)
        pooled = np.concatenate([forward[:, -1], backward[:, 0], mean, peak], axis=1).astype(np.float32)
        quality = pooled @ self._w["quality.weight"].T + self._w["quality.bias"]
        nuggets: dict[Side, NDArray[np.float64]] = {
            side: _softmax(states @ self._w[f"{side}.weight"].T + self._w[f"{side}.bias"]) for side in SIDES
        }
        resolved = None
        if "resolution.weight" in self._w:  # older artifacts have none
            logits = (pooled @ self._w["resolution.weight"].T + self._w["resolution.bias"]).astype(np.float64)
            resolved = 0.5 * (np.tanh(0.5 * logits[:, 0]) + 1.0)
        return BeliefArrays(_softmax(quality.reshape(len(x), len(QUALITIES), LEVELS)), nuggets, resolved)


class CsatNetworks:
    """Networks that each left out another part of the training dialogues; their probabilities are averaged."""

    def __init__(self, members: list[BiGruNet], width: int) -> None:
        """Keep the members; ``width`` is the encoder's vector width."""
        self.width = width
        self._members = members

    @classmethod
    def load(cls, directory: Path) -> CsatNetworks:
        """Read the weights from ``directory``; stored as 16-bit floats, used as 32-bit."""
        by_member: dict[str, dict[str, _Array]] = {}
        for key, tensor in load_file(directory / WEIGHTS_NAME).items():
            member, name = key.split("/", 1)
            by_member.setdefault(member, {})[name] = tensor.astype(np.float32)
        members = [BiGruNet(by_member[member]) for member in sorted(by_member)]
        columns = len(by_member[min(by_member)]["mean"])
        return cls(members, columns - len(EXTRA_FEATURES))

    def __call__(self, features: Sequence[_Array], sides: Sequence[Sequence[Side]]) -> list[Prediction]:
        """Return the networks' predictions.

        Args:
            features: Of each conversation its rounds, ``(rounds, d)``, at least one.
            sides: Of each round.
        """
        lengths = np.array([len(rows) for rows in features])
        x = np.zeros((len(features), int(lengths.max()), features[0].shape[1]), dtype=np.float32)
        for at, rows in enumerate(features):
            x[at, : len(rows)] = rows
        outputs = [member(x, lengths) for member in self._members]
        quality = np.mean([output.quality for output in outputs], axis=0)
        nuggets = {side: np.mean([output.nuggets[side] for output in outputs], axis=0) for side in SIDES}
        told = [output.resolved for output in outputs if output.resolved is not None]
        resolved = np.mean(told, axis=0) if told else None
        return [
            Prediction(
                dict(zip(QUALITIES, quality[at], strict=True)),
                [nuggets[side][at, place] for place, side in enumerate(spoke)],
                None if resolved is None else float(resolved[at]),
            )
            for at, spoke in enumerate(sides)
        ]
