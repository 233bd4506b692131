"""Networks and the linear member together: what the component believes before calibration."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from models.scorers.csat.lexical import LexicalModel
from models.scorers.csat.network import QUALITIES, CsatNetworks, Prediction
from models.scorers.csat.rounds import Message, round_features


def blend(prediction: Prediction, lexical: NDArray[np.float64], share: float) -> Prediction:
    """Return the networks' prediction with its quality mixed with the linear member's.

    Args:
        prediction: The networks'.
        lexical: Quality by the linear member, shape ``(3, 5)``.
        share: Of the linear member, 0…1.
    """
    quality = {
        name: (1.0 - share) * prediction.quality[name] + share * row
        for name, row in zip(QUALITIES, lexical, strict=True)
    }
    return replace(prediction, quality=quality)


@dataclass(frozen=True, slots=True)
class CsatEnsemble:
    """The fitted members.

    Attributes:
        networks: Read vectors; say quality and nuggets.
        lexical: Reads words; says quality. ``None`` where its share is 0.
        share: Of ``lexical`` in quality, 0…1.
    """

    networks: CsatNetworks
    lexical: LexicalModel | None
    share: float

    @classmethod
    def load(cls, directory: Path, share: float) -> CsatEnsemble:
        """Read the members from ``directory``."""
        lexical = LexicalModel.load(directory) if share else None
        return cls(CsatNetworks.load(directory), lexical, share)

    def __call__(self, conversations: Sequence[list[list[Message]]]) -> list[Prediction]:
        """Return the predictions for the rounds of conversations (at least one round each)."""
        features = [round_features(rounds, self.networks.width) for rounds in conversations]
        sides = [[messages[0].side for messages in rounds] for rounds in conversations]
        predictions = self.networks(features, sides)
        if self.lexical is None:
            return predictions
        return [
            blend(prediction, self.lexical(rounds), self.share)
            for prediction, rounds in zip(predictions, conversations, strict=True)
        ]
