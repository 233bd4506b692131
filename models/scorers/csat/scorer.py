"""The satisfaction component: remembers each message, reads the whole conversation so far."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from models.artifacts import Artifact
from models.domain.context import Context
from models.scorers.csat.decide import (
    CsatOutcome,
    CsatRule,
    decide_csat,
    decide_resolution,
    label_resolution,
    resolution_inputs,
)
from models.scorers.csat.network import CsatEnsemble, Prediction
from models.scorers.csat.rounds import Message, group_rounds, read_message, round_features


class CsatScorer:
    """Predicts the distribution of ratings 1…5 and P(resolved) from the messages so far.

    The customer's sentiment is an input: it was learnt from far more lines than there are rated dialogues.
    Its signal is a ``Message``, or ``None`` for system turns. A call of ``score`` is linear in the number of rounds.
    """

    name = "csat"
    requires = frozenset({"encoder", "sentiment"})
    provides = frozenset({"signal", "score"})

    def __init__(self, ensemble: CsatEnsemble, rule: CsatRule, version: str) -> None:
        """Keep the trained networks and the decision rule; ``version`` identifies both."""
        self.version = version
        self.rule = rule
        self._ensemble = ensemble

    @classmethod
    def from_artifact(cls, artifact: Artifact) -> CsatScorer:
        """Load the component from a verified artifact."""
        ensemble = CsatEnsemble.load(artifact.directory(cls.name))
        return cls(
            ensemble, CsatRule.from_config(artifact.config(cls.name)), artifact.component_version(cls.name, "sentiment")
        )

    def observe(self, context: Context) -> Message | None:
        """Return what is kept of the newest turn; ``None`` for system turns."""
        return read_message(context)

    def predict(self, messages: Sequence[Message]) -> Prediction:
        """Return the network's uncalibrated beliefs about at least one message, nuggets one a round."""
        rounds = group_rounds(messages)
        features = round_features(rounds, self._ensemble.width)
        return self._ensemble(features, [messages[0].side for messages in rounds])

    def score(self, context: Context) -> CsatOutcome:
        """Return satisfaction and resolution over the turns so far; where nothing can be read, the prior."""
        messages = [message for message in context.signals[self.name] if message is not None]
        readable = any(message.side == "customer" and message.vector is not None for message in messages)
        if not readable:
            prior = np.array(self.rule.prior, dtype=np.float64)
            return CsatOutcome(
                decide_csat(prior, self.rule, readable=False), label_resolution(self.rule.resolved_prior, self.rule)
            )
        prediction = self.predict(messages)
        customer = [group[0].side == "customer" for group in group_rounds(messages)]
        return CsatOutcome(
            decide_csat(prediction.quality["S"], self.rule, readable=True),
            decide_resolution(resolution_inputs(prediction, customer), self.rule),
        )
