"""What every encoder offers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
import numpy.typing as npt


class Encoder(Protocol):
    """Turns texts into unit vectors.

    A text's vector is a function of the text and the encoder alone, bit for bit: whatever else is in the same call,
    whatever the order, whatever the number of threads. Scoring a conversation turn by turn rests on that.
    """

    @property
    def name(self) -> str:
        """A short name for people."""

    @property
    def dimension(self) -> int:
        """The length of a vector."""

    @property
    def fingerprint(self) -> str:
        """Hex SHA-256 over the files and options that decide the vectors; equal fingerprints mean equal vectors."""

    def encode(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        """The vectors of the texts, in their order.

        Args:
            texts: Any texts; an empty or blank one gets a vector too (that of the encoder's fixed frame around it).

        Returns:
            ``(len(texts), dimension)`` float32, each row of L2 norm 1.
        """

    def close(self) -> None:
        """Release threads and memory; the encoder must not be used afterwards."""
