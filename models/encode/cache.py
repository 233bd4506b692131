"""Keeps the vectors of texts already seen: agents repeat themselves, and every replay starts at the first turn."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from threading import Lock

import numpy as np
import numpy.typing as npt

from models.encode.base import Encoder


@dataclass(frozen=True, slots=True)
class CacheCounts:
    """How many texts were answered from memory (repeats within one call included), and how many had to be encoded."""

    hits: int
    misses: int

    @property
    def hit_rate(self) -> float:
        """The share answered from memory, 0..1; 0 before the first text."""
        return self.hits / max(1, self.hits + self.misses)


class CachedEncoder:
    """An encoder with a least-recently-used memory of vectors, keyed by the BLAKE2b hash of the exact text.

    It returns what the encoder inside would return, bit for bit. Safe to call from several threads; the lock is not
    held while encoding, so two threads may encode the same new text at once, to the same vector.
    """

    def __init__(self, encoder: Encoder, capacity: int = 50_000) -> None:
        """Wrap ``encoder``; ``capacity`` is the number of vectors kept (one of 384 float32 takes about 1.7 kB)."""
        if capacity < 1:
            raise ValueError(f"capacity must be at least 1, not {capacity}")
        self.name = encoder.name
        self.dimension = encoder.dimension
        self.fingerprint = encoder.fingerprint
        self._encoder = encoder
        self._capacity = capacity
        self._vectors: OrderedDict[bytes, npt.NDArray[np.float32]] = OrderedDict()
        self._lock = Lock()
        self._hits = 0
        self._misses = 0

    @property
    def counts(self) -> CacheCounts:
        """Hits and misses since the start."""
        with self._lock:
            return CacheCounts(self._hits, self._misses)

    def encode(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        """The unit vectors of the texts, ``(len(texts), dimension)`` float32, those of the encoder inside."""
        keys = [_key(text) for text in texts]
        found: dict[bytes, npt.NDArray[np.float32]] = {}
        with self._lock:
            for key in keys:
                if key in self._vectors:
                    self._vectors.move_to_end(key)
                    found[key] = self._vectors[key]
            missing = {key: text for key, text in zip(keys, texts, strict=True) if key not in found}
            self._misses += len(missing)
            self._hits += len(keys) - len(missing)
        if missing:
            fresh = self._encoder.encode(list(missing.values()))
            found.update((key, vector.copy()) for key, vector in zip(missing, fresh, strict=True))
            with self._lock:
                self._vectors.update((key, found[key]) for key in missing)
                while len(self._vectors) > self._capacity:
                    self._vectors.popitem(last=False)
        return np.array([found[key] for key in keys], np.float32).reshape(len(keys), self.dimension)

    def close(self) -> None:
        """Forget the vectors and close the encoder inside."""
        with self._lock:
            self._vectors.clear()
        self._encoder.close()


def _key(text: str) -> bytes:
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()
