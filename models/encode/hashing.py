"""A tiny encoder without weights, for tests: hashed character n-grams."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

_LONGEST = 3
_START, _END = "\x02", "\x03"


class HashingEncoder:
    """Signed counts of the character 1- to 3-grams, hashed into ``dimension`` places.

    The text is framed by a start and an end mark, so an empty one has n-grams too. Source: Weinberger et al., Feature
    Hashing for Large Scale Multitask Learning, ICML 2009.
    """

    def __init__(self, dimension: int = 384) -> None:
        """An encoder with vectors of this length."""
        if dimension < 1:
            raise ValueError(f"dimension must be at least 1, not {dimension}")
        self.name = f"hashing-{dimension}"
        self.dimension = dimension
        self.fingerprint = hashlib.sha256(f"{self.name} 1..{_LONGEST} blake2b v1".encode()).hexdigest()

    def encode(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        """The unit vectors of the texts, ``(len(texts), dimension)`` float32, in their order."""
        vectors = np.zeros((len(texts), self.dimension), np.float32)
        for row, text in zip(vectors, texts, strict=True):
            self._count(row, text)
        return vectors

    def close(self) -> None:
        """Nothing to release."""

    def _count(self, row: npt.NDArray[np.float32], text: str) -> None:
        framed = _START + text + _END
        for length in range(1, _LONGEST + 1):
            for start in range(len(framed) - length + 1):
                gram = framed[start : start + length].encode("utf-8", "surrogatepass")
                value = int.from_bytes(hashlib.blake2b(gram, digest_size=8).digest(), "little")
                row[(value >> 1) % self.dimension] += 1.0 if value & 1 else -1.0
        if not row.any():  # the signs can cancel out in few dimensions
            row[0] = 1.0
        row /= np.linalg.norm(row)
