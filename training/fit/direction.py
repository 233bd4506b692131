"""Fits what a shift of the customer's sentiment is called, on whole conversations.

Two teachers: conversations whose customer turns carry sentiment labels say the direction themselves; rated dialogues
(STC-3) only say which directions are out of the question, and weigh less.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from models.domain.conversation import Conversation
from models.domain.scores import Direction, TurnSentiment
from models.scorers.sentiment.trajectory import DIRECTIONS, TrajectoryRule, opening_index, shift_error, smooth
from training.data.labels import LabelledConversation
from training.data.replay import Observe, replay
from training.data.stc3 import Dialogue
from training.data.vectors import VectorStore

_FEELING = {"negative": -1, "neutral": 0, "positive": 1}
_RATED_WEIGHT = 0.02  # of one rated dialogue, against 1 of a labelled conversation
_CLEARLY_GOOD, _CLEARLY_BAD = 3.7, 2.0  # annotators' mean S, 1…5
# Where the penalty pulls, and how hard: few conversations do not overfit, and where hardly any gets worse (ours) that
# threshold mirrors the other.
_MODEST_BAND, _MODEST_NOISE, _MODEST_SPREAD, _LOPSIDED = 0.35, 0.15, 1.0, 0.05
_PENALTY = 0.5
_LEAST_NOISE = 1e-4  # a rule without any would divide by nothing where every turn is sure
_SURE = 0.01  # share of labels taken to be slips: bounds what one conversation can cost


@dataclass(frozen=True, slots=True)
class ShiftExample:
    """A conversation's shift with its standard error, the directions its label allows and its weight in the fit."""

    shift: float
    error: float
    allowed: frozenset[Direction]
    weight: float


def labelled_direction(labels: Sequence[str]) -> Direction:
    """Return the direction that the customer turns' labels say, at least one.

    The opening's feeling is compared with the closing's. Each is that of one turn, or of two where there are at least
    four: the emotional one of them (many chats open with a bare "在吗" and close with a bare "好的"), the later one
    where both are.
    """
    feelings = [_FEELING[label] for label in labels]
    size = opening_index(len(feelings)) + 1
    opening, closing = (_strongest(part) for part in (feelings[:size], feelings[-size:]))
    if closing == opening:
        return "flat"
    return "improved" if closing > opening else "worsened"


def _strongest(feelings: Sequence[int]) -> int:
    return next((feeling for feeling in reversed(feelings) if feeling), 0)


def labelled_examples(
    chats: Sequence[LabelledConversation], sentiment: Observe, rule: TrajectoryRule, vectors: VectorStore
) -> list[ShiftExample]:
    """Return one example per conversation with at least two scored customer turns, all of them labelled.

    Args:
        chats: Labelled conversations.
        sentiment: The fitted sentiment scorer's ``observe``.
        rule: With the gains.
        vectors: Encoded texts.
    """
    vectors.warm(turn.text for chat in chats for turn in chat.conversation.turns)
    examples = []
    for chat in chats:
        labels = {label.turn: label.label for label in chat.sentiment}
        turns = scored_turns(chat.conversation, sentiment, vectors)
        if len(turns) >= 2 and all(turn.turn in labels for turn in turns):
            direction = labelled_direction([labels[turn.turn] for turn in turns])
            examples.append(ShiftExample(*measure_shift(turns, rule), frozenset({direction}), 1.0))
    return examples


def rated_examples(
    dialogues: Sequence[Dialogue], sentiment: Observe, rule: TrajectoryRule, vectors: VectorStore
) -> list[ShiftExample]:
    """Return one example per dialogue with at least two scored customer turns and a clear rating.

    The annotators' mean S of at least 3.7 excludes "worsened", one of at most 2 excludes "improved".
    """
    vectors.warm(turn.text for dialogue in dialogues for turn in dialogue.conversation.turns)
    examples = []
    for dialogue in dialogues:
        mean = dialogue.mean("S")
        if _CLEARLY_BAD < mean < _CLEARLY_GOOD:
            continue
        excluded = "worsened" if mean >= _CLEARLY_GOOD else "improved"
        turns = scored_turns(dialogue.conversation, sentiment, vectors)
        if len(turns) >= 2:
            allowed = frozenset(direction for direction in DIRECTIONS if direction != excluded)
            examples.append(ShiftExample(*measure_shift(turns, rule), allowed, _RATED_WEIGHT))
    return examples


def scored_turns(conversation: Conversation, sentiment: Observe, vectors: VectorStore) -> list[TurnSentiment]:
    """Return the sentiment of the customer's turns with text."""
    context = replay(conversation, {"sentiment": sentiment}, vectors)
    return [turn for turn in context.signals["sentiment"] if turn is not None]


def measure_shift(turns: Sequence[TurnSentiment], rule: TrajectoryRule) -> tuple[float, float]:
    """Return the shift and its standard error, as the scorer finds them."""
    levels = smooth(turns, rule)
    opening = opening_index(len(turns))
    return levels[-1][0] - levels[opening][0], shift_error(turns, rule, opening)


def fit_direction(examples: Sequence[ShiftExample], least: float = 0.5) -> dict[str, float]:
    """Return the fields of ``DirectionRule`` of greatest (penalised) likelihood.

    Args:
        examples: At least one.
        least: Kept as it is.

    Raises:
        ValueError: There is no example.
    """
    if not examples:
        raise ValueError("no conversation to fit the direction on")
    shift = np.array([example.shift for example in examples])
    error = np.array([example.error for example in examples])
    weight = np.array([example.weight for example in examples])
    allowed = np.array([[direction in example.allowed for direction in DIRECTIONS] for example in examples])

    def loss(parameters: NDArray[np.float64]) -> float:
        middle, log_half, log_noise, log_spread = parameters
        half, scale = np.exp(log_half), np.hypot(np.exp(log_noise), np.exp(log_spread) * error)
        worsened = 1 / (1 + np.exp(np.clip((shift - (middle - half)) / scale, -500, 500)))
        improved = 1 / (1 + np.exp(np.clip((middle + half - shift) / scale, -500, 500)))
        probabilities = np.stack([worsened, np.maximum(1 - worsened - improved, 0.0), improved], axis=1)
        likelihood = (1 - _SURE) * (probabilities * allowed).sum(axis=1) + _SURE / len(DIRECTIONS)
        far = (parameters - modest) / np.array([_LOPSIDED, 1.0, 1.0, 1.0])
        return float(-(weight * np.log(likelihood)).sum() + _PENALTY * (far**2).sum())

    modest = np.array([0.0, *np.log([_MODEST_BAND, _MODEST_NOISE, _MODEST_SPREAD])])
    middle, log_half, log_noise, log_spread = minimize(loss, modest, method="Nelder-Mead", options={"maxiter": 4000}).x
    half = float(np.exp(log_half))
    return {
        "worsened_below": round(float(middle) - half, 4),
        "improved_above": round(float(middle) + half, 4),
        "noise": max(round(float(np.exp(log_noise)), 4), _LEAST_NOISE),
        "spread": round(float(np.exp(log_spread)), 4),
        "least": least,
    }


def with_direction(
    config: Mapping[str, Any],
    chats: Sequence[LabelledConversation],
    dialogues: Sequence[Dialogue],
    sentiment: Observe,
    vectors: VectorStore,
) -> dict[str, Any]:
    """Return the sentiment component's configuration with the fitted direction in place of its band.

    Where neither teacher has an example, the band stays.

    Args:
        config: As ``fit_sentiment_rule`` returns it.
        chats: Labelled conversations, none of them held out.
        dialogues: The training dialogues.
        sentiment: The fitted sentiment scorer's ``observe``.
        vectors: Encoded texts.
    """
    trajectory = dict(config["trajectory"])
    rule = TrajectoryRule.from_config(trajectory)
    examples = labelled_examples(chats, sentiment, rule, vectors) + rated_examples(dialogues, sentiment, rule, vectors)
    if examples:
        trajectory["direction"] = fit_direction(examples)
        trajectory.pop("flat_band", None)
    return {**config, "trajectory": trajectory}
