"""A trained head that reads topics from the meaning of what was said: softmax regression over exchanges' vectors.

An exchange is what the customer writes and what is answered before they write again. Each is read alone, and a topic
counts as in the exchange that speaks most for it: in a long conversation, greetings and order numbers hide nothing.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load_file

from models.domain.conversation import Turn
from models.root_cause.taxonomy import Kind

WEIGHTS = Path(__file__).parent / "weights"
NONE = "none"  # the class of what tells no cause

Vector = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Exchange:
    """Places of turns, in order: the customer's, then those of whoever answered."""

    asked: tuple[int, ...]
    answered: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Odds:
    """How much more likely a topic is than none, as a logarithm.

    Attributes:
        value: Of the exchange that speaks most for it.
        kind: Which kind it would be there; ``undetermined`` where the head does not tell.
        kind_share: How sure that is, 0.5…1.
        exchange: That exchange.
    """

    value: float
    kind: Kind
    kind_share: float
    exchange: Exchange


@dataclass(frozen=True, slots=True)
class TopicHead:
    """Weights, for ``K`` classes ``topic/kind`` and ``none``, and vectors of ``d`` dimensions.

    Attributes:
        label: Name with the beginning of the hash of its weights.
        taxonomy: The id of the taxonomy whose topics it knows.
        encoder: Fingerprint of the encoder whose vectors it was fitted on.
        classes: In the order of the rows.
        weights: ``(K, 2 d)``.
        bias: ``(K,)``.
        centres: ``(2, d)``: the mean vector of what customers, and of what others write.
        sharpness: What logits are multiplied by; fitted so that probabilities are what they say.
    """

    label: str
    taxonomy: str
    encoder: str
    classes: tuple[str, ...]
    weights: NDArray[np.float64]
    bias: NDArray[np.float64]
    centres: NDArray[np.float64]
    sharpness: float

    def odds(self, turns: Sequence[Turn], vectors: Sequence[Vector | None]) -> dict[str, Odds]:
        """Return the odds of every topic; empty where the customer wrote nothing that has a vector."""
        exchanges = [one for one in exchanges_of(turns, vectors) if one.asked]
        if not exchanges:
            return {}
        inputs = np.array([head_input(one, vectors, self.centres) for one in exchanges])
        logits = self.sharpness * (inputs @ self.weights.T + self.bias)
        logits = logits - logits[:, [self.classes.index(NONE)]]
        by_topic: dict[str, list[tuple[Kind, NDArray[np.float64]]]] = {}
        for place, name in enumerate(self.classes):
            topic, _, kind = name.partition("/")
            if topic != NONE:
                by_topic.setdefault(topic, []).append((kind, logits[:, place]))  # type: ignore[arg-type]  # checked when it is read
        return {topic: _strongest(kinds, exchanges) for topic, kinds in by_topic.items()}


def exchanges_of(turns: Sequence[Turn], vectors: Sequence[Vector | None]) -> list[Exchange]:
    """Return the exchanges of a conversation; turns without a vector are left out."""
    found: list[tuple[list[int], list[int]]] = [([], [])]
    for place, turn in enumerate(turns):
        if vectors[place] is None or turn.role == "system":
            continue
        if turn.role == "customer":
            if found[-1][1]:
                found.append(([], []))
            found[-1][0].append(place)
        else:
            found[-1][1].append(place)
    return [Exchange(tuple(asked), tuple(answered)) for asked, answered in found]


def head_input(
    exchange: Exchange, vectors: Sequence[Vector | None], centres: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return what the head reads, shape ``(2 d,)``: both sides' mean vectors less the usual, each of length 1 or 0."""
    sides = []
    for places, centre in zip((exchange.asked, exchange.answered), centres, strict=True):
        if not places:
            sides.append(np.zeros_like(centre))
            continue
        side = np.mean([np.asarray(vectors[place], dtype=np.float64) for place in places], axis=0) - centre
        sides.append(side / (np.linalg.norm(side) + 1e-9))
    return np.concatenate(sides)


@cache
def packaged_head(taxonomy: str, encoder: str) -> TopicHead | None:
    """Return the head that ships for a taxonomy and the encoder of that fingerprint, ``None`` where there is none."""
    for path in sorted(WEIGHTS.glob("*.json")):
        described = json.loads(path.read_text(encoding="utf-8"))
        if described["encoder"] == encoder and described["taxonomy"] == taxonomy:
            return read_head(path)
    return None


def read_head(path: Path) -> TopicHead:
    """Return the head that a JSON file describes; its weights lie beside it.

    Raises:
        ValueError: The weights are not those that were described.
    """
    described: Mapping[str, object] = json.loads(path.read_text(encoding="utf-8"))
    weights = path.with_suffix(".safetensors")
    digest = hashlib.sha256(weights.read_bytes()).hexdigest()
    if digest != described["sha256"]:
        raise ValueError(f"{weights} is not what {path.name} describes")
    tensors = load_file(weights)
    classes = described["classes"]
    assert isinstance(classes, list)
    return TopicHead(
        label=f"{described['name']}+{digest[:8]}",
        taxonomy=str(described["taxonomy"]),
        encoder=str(described["encoder"]),
        classes=tuple(str(name) for name in classes),
        weights=tensors["weights"].astype(np.float64),
        bias=tensors["bias"].astype(np.float64),
        centres=tensors["centres"].astype(np.float64),
        sharpness=float(str(described["sharpness"])),
    )


def _strongest(kinds: Sequence[tuple[Kind, NDArray[np.float64]]], exchanges: Sequence[Exchange]) -> Odds:
    """Return a topic's odds: its kinds together, in the exchange where they are highest."""
    together = np.logaddexp.reduce([logits for _, logits in kinds], axis=0)
    at = int(np.argmax(together))
    kind, logits = max(kinds, key=lambda one: float(one[1][at]))
    return Odds(float(together[at]), kind, float(np.exp(logits[at] - together[at])), exchanges[at])
