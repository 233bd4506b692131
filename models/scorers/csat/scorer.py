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
from models.scorers.csat.ensemble import CsatEnsemble
from models.scorers.csat.network import Prediction
from models.scorers.csat.rounds import Message, group_rounds, read_message


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
        rule = CsatRule.from_config(artifact.config(cls.name))
        ensemble = CsatEnsemble.load(artifact.directory(cls.name), rule.lexical_share)
        return cls(ensemble, rule, artifact.component_version(cls.name, "sentiment"))

    def observe(self, context: Context) -> Message | None:
        """Return what is kept of the newest turn; ``None`` for system turns."""
        return read_message(context)

    def predict(self, messages: Sequence[Message]) -> Prediction:
        """Return the uncalibrated beliefs about at least one message, nuggets one a round."""
        return self._ensemble([group_rounds(messages)])[0]

    def score(self, context: Context) -> CsatOutcome:
        """Return satisfaction and resolution over the turns so far; where nothing can be read, the prior."""
        return self.score_many([context])[0]

    def score_many(self, contexts: Sequence[Context]) -> list[CsatOutcome]:
        """Return what ``score`` says of each context, up to the last digits of a float, in a fraction of the time."""
        spoken = [self._messages(context) for context in contexts]
        readable = [
            any(message.side == "customer" and message.vector is not None for message in messages)
            for messages in spoken
        ]
        rounds = [group_rounds(messages) for messages in spoken]
        asked = [at for at, can in enumerate(readable) if can]
        predictions = dict(zip(asked, self._ensemble([rounds[at] for at in asked]) if asked else [], strict=True))
        return [self._decide(rounds[at], predictions.get(at)) for at in range(len(contexts))]

    def _messages(self, context: Context) -> list[Message]:
        return [message for message in context.signals[self.name] if message is not None]

    def _decide(self, rounds: list[list[Message]], prediction: Prediction | None) -> CsatOutcome:
        if prediction is None:
            prior = np.array(self.rule.prior, dtype=np.float64)
            return CsatOutcome(
                decide_csat(prior, self.rule, len(rounds), readable=False),
                label_resolution(self.rule.resolved_prior, self.rule),
            )
        customer = [messages[0].side == "customer" for messages in rounds]
        return CsatOutcome(
            decide_csat(prediction.quality["S"], self.rule, len(rounds), readable=True),
            decide_resolution(resolution_inputs(prediction, customer), self.rule),
        )
