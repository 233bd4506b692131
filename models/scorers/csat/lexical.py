"""The linear member of the ensemble: quality from the words of six parts of the conversation, by ridge regression.

It sees what the networks do not: single words and pairs of words, and where they stand. Weights are kept in 8 bits with
one scale per part and output.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load_file

from models.scorers.csat.rounds import Message
from models.text.ngrams import Ngrams, add_ngrams, weigh_ngrams

WEIGHTS_NAME = "lexical.safetensors"
PARTS = ("customer", "service", "customer_last", "service_last", "customer_latest", "customer_first")
FIGURES = 9  # one for each number of rounds 1…7 (or more), whether the customer spoke last, and at what length
_ROUNDS = 7
_LEAST_SHARE = 1e-3

_Array = NDArray[np.float32]


def part_ngrams(rounds: Sequence[Sequence[Message]]) -> list[Ngrams]:
    """Return the word counts of each of ``PARTS``.

    All the customer wrote and all the service did; the last round, as the customer's or the service's; the customer's
    latest round, where it is not the first; the customer's first.
    """
    said = [add_ngrams(message.ngrams for message in messages) for messages in rounds]
    mine = [place for place, messages in enumerate(rounds) if messages[0].side == "customer"]
    nothing = add_ngrams(())
    last_is_mine = bool(mine) and mine[-1] == len(rounds) - 1
    return [
        add_ngrams(said[place] for place in mine),
        add_ngrams(words for place, words in enumerate(said) if place not in set(mine)),
        said[-1] if last_is_mine else nothing,
        nothing if last_is_mine else said[-1],
        said[mine[-1]] if len(mine) > 1 else nothing,
        said[mine[0]] if mine else nothing,
    ]


def round_figures(rounds: Sequence[Sequence[Message]]) -> _Array:
    """Return the other inputs, shape ``(FIGURES,)``."""
    figures = np.zeros(FIGURES, dtype=np.float32)
    figures[min(len(rounds), _ROUNDS) - 1] = 1.0
    figures[_ROUNDS] = float(rounds[-1][0].side == "customer")
    figures[_ROUNDS + 1] = np.log1p(sum(message.characters for message in rounds[-1])) / 5.0
    return figures


def as_shares(quality: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return regression outputs as distributions over the last axis."""
    positive = np.maximum(quality, _LEAST_SHARE)
    return np.asarray(positive / positive.sum(axis=-1, keepdims=True))


@dataclass(frozen=True, slots=True)
class LexicalModel:
    """The fitted regression.

    Attributes:
        rarity: Inverse document frequency by part and bucket, ``(6, buckets)``.
        weights: Of each bucket, ``(6, buckets, outputs)``, in steps of ``steps``.
        steps: ``(6, outputs)``.
        figures: Weights of ``round_figures``, ``(9, outputs)``.
        bias: ``(outputs,)``.
    """

    rarity: _Array
    weights: NDArray[np.int8]
    steps: _Array
    figures: _Array
    bias: _Array

    @classmethod
    def load(cls, directory: Path) -> LexicalModel:
        """Read it from ``directory``."""
        stored: dict[str, Any] = dict(load_file(directory / WEIGHTS_NAME))
        wide = {name: part.astype(np.float32) for name, part in stored.items() if name != "weights"}
        return cls(weights=stored["weights"], **wide)

    def __call__(self, rounds: Sequence[Sequence[Message]]) -> NDArray[np.float64]:
        """Return quality distributions, shape ``(3, 5)``, of at least one round."""
        total = self.bias + round_figures(rounds) @ self.figures
        for part, ngrams in enumerate(part_ngrams(rounds)):
            if len(ngrams[0]):
                weights = weigh_ngrams(ngrams, self.rarity[part])
                total = total + (weights @ self.weights[part][ngrams[0]].astype(np.float32)) * self.steps[part]
        return as_shares(total.astype(np.float64).reshape(3, -1))
