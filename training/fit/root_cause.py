"""Fits the head that reads root causes from vectors of exchanges; see ``models.root_cause.head``."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import save_file
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold

from models.domain.conversation import Turn
from models.root_cause.head import NONE, Exchange, TopicHead, Vector, exchanges_of, head_input

STRENGTH = 100.0  # inverse of the penalty; chosen by folds among 10, 30 and 100
FOLDS = 5
_SHARPEST = 6.0

Encode = Callable[[Sequence[str]], Sequence[Vector]]


class Example:
    """A labelled conversation: its turns, a vector each, and ``topic/kind`` or ``none``."""

    def __init__(self, turns: Sequence[Turn], vectors: Sequence[Vector | None], label: str, group: str) -> None:
        """Keep them."""
        self.turns, self.vectors, self.label, self.group = turns, vectors, label, group

    @property
    def whole(self) -> Exchange:
        """The conversation as one exchange: short as it is, it says one thing."""
        found = exchanges_of(self.turns, self.vectors)
        return Exchange(
            tuple(place for one in found for place in one.asked),
            tuple(place for one in found for place in one.answered),
        )


def fit_head(examples: Sequence[Example], name: str, taxonomy: str, encoder: str) -> TopicHead:
    """Return the head, as sharp as held-out folds of scenarios say."""
    head = _fit(examples, name, taxonomy, encoder)
    return TopicHead(
        head.label,
        taxonomy,
        encoder,
        head.classes,
        head.weights,
        head.bias,
        head.centres,
        _sharpness(examples, name, taxonomy, encoder),
    )


def write_head(head: TopicHead, directory: Path, data_hash: str) -> Path:
    """Write the weights and what describes them; return the description's file."""
    directory.mkdir(parents=True, exist_ok=True)
    path = directory / f"{head.taxonomy}.{head.encoder[:12].replace(':', '-')}.json"
    # safetensors writes the memory as it lies: a transposed array would come back as another one
    tensors = {
        name: np.ascontiguousarray(array, dtype=np.float32)
        for name, array in (("weights", head.weights), ("bias", head.bias), ("centres", head.centres))
    }
    weights = path.with_suffix(".safetensors")
    save_file(tensors, weights)
    described = {
        "name": head.label,
        "taxonomy": head.taxonomy,
        "encoder": head.encoder,
        "classes": list(head.classes),
        "sharpness": head.sharpness,
        "data": data_hash,
        "sha256": hashlib.sha256(weights.read_bytes()).hexdigest(),
    }
    path.write_text(json.dumps(described, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    return path


def _fit(examples: Sequence[Example], name: str, taxonomy: str, encoder: str) -> TopicHead:
    centres = _centres(examples)
    inputs = np.array([head_input(one.whole, one.vectors, centres) for one in examples])
    model = LogisticRegression(C=STRENGTH, max_iter=5000)
    model.fit(inputs, [one.label for one in examples])
    classes = tuple(str(label) for label in model.classes_)
    return TopicHead(name, taxonomy, encoder, classes, model.coef_, model.intercept_, centres, 1.0)


def _centres(examples: Sequence[Example]) -> NDArray[np.float64]:
    sides: tuple[list[NDArray[np.float64]], list[NDArray[np.float64]]] = ([], [])
    for one in examples:
        for side, places in zip(sides, (one.whole.asked, one.whole.answered), strict=True):
            if places:
                side.append(np.mean([np.asarray(one.vectors[place], dtype=np.float64) for place in places], axis=0))
    return np.array([np.mean(side, axis=0) for side in sides])


def _sharpness(examples: Sequence[Example], name: str, taxonomy: str, encoder: str) -> float:
    """Return the sharpness that makes held-out labels likeliest."""
    groups = [one.group for one in examples]
    held_out: list[tuple[dict[str, float], str]] = []
    for train, test in GroupKFold(FOLDS).split(examples, groups=groups):
        head = _fit([examples[place] for place in train], name, taxonomy, encoder)
        for place in test:
            odds = head.odds(examples[place].turns, examples[place].vectors)
            values = {topic: one.value for topic, one in odds.items()} | {NONE: 0.0}
            held_out.append((values, examples[place].label.partition("/")[0]))

    def loss(sharpness: float) -> float:
        total = 0.0
        for values, label in held_out:
            logits = np.array(list(values.values())) * sharpness
            total += float(np.logaddexp.reduce(logits)) - sharpness * values.get(label, -20.0)
        return total

    return min((round(float(value), 2) for value in np.arange(0.5, _SHARPEST, 0.05)), key=loss)
