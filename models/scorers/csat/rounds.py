"""Turns a chat's many short messages into the alternation of two sides that the network was trained on.

Consecutive messages of one side become one round. The service side is agents and bots together: in the training
dialogues the helpdesk's canned replies are part of what was rated. System messages belong to neither and are skipped.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from models.domain.context import Context
from models.domain.conversation import Role
from models.domain.scores import TurnSentiment
from models.text.ngrams import Ngrams, count_ngrams

Side = Literal["customer", "service"]
SIDES: tuple[Side, ...] = ("customer", "service")
EXTRA_FEATURES = ("service", "length", "position", "silent", "negative", "neutral", "positive", "last_score")
_SIDE_OF: dict[Role, Side] = {"customer": "customer", "agent": "service", "bot": "service"}
BUCKETS = 2**14  # of hashed words
_LAST_POSITION = 6  # training dialogues have at most seven rounds; later ones look like the seventh


@dataclass(frozen=True, slots=True)
class Message:
    """What the scorer keeps of one turn.

    Attributes:
        side: Who spoke.
        characters: Length of the text.
        vector: The encoder's, shape ``(d,)``; ``None`` without text.
        sentiment: Of a customer's message with text; else ``None``.
        ngrams: Its words, hashed into ``BUCKETS``.
    """

    side: Side
    characters: int
    vector: NDArray[np.float32] | None
    sentiment: TurnSentiment | None = None
    ngrams: Ngrams = field(default_factory=lambda: count_ngrams("", BUCKETS))


def side_of(role: Role) -> Side | None:
    """Return the side a role speaks for; ``None`` for system messages."""
    return _SIDE_OF.get(role)


def read_message(context: Context) -> Message | None:
    """Return what is kept of the newest turn; ``None`` for system turns."""
    side = side_of(context.turns[-1].role)
    if side is None:
        return None
    text = context.texts[-1].strip()
    return Message(
        side, len(text), context.signals["encoder"][-1], context.signals["sentiment"][-1], count_ngrams(text, BUCKETS)
    )


def group_rounds(messages: Iterable[Message]) -> list[list[Message]]:
    """Return runs of consecutive messages of one side."""
    rounds: list[list[Message]] = []
    for message in messages:
        if rounds and rounds[-1][0].side == message.side:
            rounds[-1].append(message)
        else:
            rounds.append([message])
    return rounds


def round_features(rounds: list[list[Message]], width: int) -> NDArray[np.float32]:
    """Return the network's raw input, shape ``(len(rounds), width + 8)``; every row depends on the past only.

    A round's vector is the mean of its messages' vectors weighted by length, which is close to what the mean-pooling
    encoder gives for the joined text, scaled to length 1; zeros where nothing was written. Then the features of
    ``EXTRA_FEATURES``: service side (0/1), log length, position from the start (capped), silence (0/1), and of the
    customer's rounds the mean sentiment probabilities and the last message's score (zeros for the service's).
    """
    features = np.zeros((len(rounds), width + len(EXTRA_FEATURES)), dtype=np.float32)
    for place, messages in enumerate(rounds):
        total = np.zeros(width, dtype=np.float64)
        for message in messages:
            if message.vector is not None:
                total += max(message.characters, 1) * message.vector.astype(np.float64)
        norm = float(np.linalg.norm(total))
        if norm > 0.0:
            features[place, :width] = total / norm
        characters = sum(message.characters for message in messages)
        features[place, width:] = (
            float(messages[0].side == "service"),
            math.log1p(characters) / 5.0,
            min(place, _LAST_POSITION) / _LAST_POSITION,
            float(norm == 0.0),
            *_sentiment_features(messages),
        )
    return features


def _sentiment_features(messages: list[Message]) -> tuple[float, float, float, float]:
    felt = [message.sentiment for message in messages if message.sentiment is not None]
    if not felt:
        return 0.0, 0.0, 0.0, 0.0
    negative, neutral, positive = (
        math.fsum(turn.probs[name] for turn in felt) / len(felt) for name in ("negative", "neutral", "positive")
    )
    return negative, neutral, positive, felt[-1].score
