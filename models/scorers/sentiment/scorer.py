"""The sentiment component: one value per customer turn, the trajectory over all of them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from models.artifacts import Artifact
from models.domain.context import Context
from models.domain.scores import SentimentScore, TurnSentiment
from models.scorers.sentiment.before import REACH, service_before
from models.scorers.sentiment.head import CLASSES, SentimentHead
from models.scorers.sentiment.trajectory import TrajectoryRule, summarise

_DECIMALS = 6


class SentimentScorer:
    """Scores each customer turn after what the service said before it, and summarises where it went.

    Its signal is a ``TurnSentiment``, or ``None`` for a turn that is not the customer's or carries no text.
    """

    name = "sentiment"
    requires = frozenset({"encoder"})
    provides = frozenset({"signal", "score"})

    def __init__(self, head: SentimentHead, rule: TrajectoryRule, version: str) -> None:
        """Keep the trained head and the trajectory's rule; ``version`` identifies both."""
        self.version = version
        self._head = head
        self._rule = rule

    @classmethod
    def from_artifact(cls, artifact: Artifact) -> SentimentScorer:
        """Load the component from a verified artifact."""
        version = artifact.component_version(cls.name)
        return cls.from_files(artifact.directory(cls.name), artifact.config(cls.name), version)

    @classmethod
    def from_files(cls, directory: Path, config: Mapping[str, Any], version: str) -> SentimentScorer:
        """Load the component from its weights' directory and its configuration, before they are published."""
        head = SentimentHead.load(directory, float(config["lexical_share"]), float(config["temperature"]))
        return cls(head, TrajectoryRule.from_config(config["trajectory"]), version)

    def observe(self, context: Context) -> TurnSentiment | None:
        """Return the newest turn's sentiment; ``None`` for other roles and for turns without text."""
        turn, text, vector = context.turns[-1], context.texts[-1], context.signals["encoder"][-1]
        if turn.role != "customer" or vector is None or not text.strip():
            return None
        latest = slice(-REACH - 1, -1)
        said = [
            (turn.role, vector)
            for turn, vector in zip(context.turns[latest], context.signals["encoder"][latest], strict=True)
        ]
        reading = self._head.read(vector, text, service_before(said))
        felt = (reading.negative, reading.neutral, reading.positive)
        negative, neutral, positive = (round(p, _DECIMALS) for p in felt)
        return TurnSentiment(
            turn=turn.index,
            role=turn.role,
            score=round(positive - negative, _DECIMALS),
            probs=dict(zip(CLASSES, (negative, neutral, positive), strict=True)),
            intensity=None if reading.intensity is None else round(reading.intensity, _DECIMALS),
        )

    def score(self, context: Context) -> SentimentScore:
        """Return the trajectory over the turns so far."""
        signals: tuple[TurnSentiment | None, ...] = context.signals[self.name]
        turns = [signal for signal in signals if signal is not None]
        agents = [turn.index for turn in context.turns if turn.role == "agent"]
        return summarise(turns, agents, self._rule)
