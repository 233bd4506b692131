"""Vectors of corpus texts, kept on disk between runs: encoding is nearly all of a training run's time."""

from __future__ import annotations

import hashlib
import sys
import time
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from models.encode.base import Encoder
from models.text.pii import mask

_CHUNK = 1024
_KEY_BYTES = 16


class VectorStore:
    """A disk cache of one encoder's vectors, by the hash of the masked text.

    Two files grow together in ``cache/<fingerprint>/``: ``keys.bin`` (16 bytes a text) and ``vectors.bin`` (float32
    rows). Texts are masked first, as in the pipeline.

    Attributes:
        dimension: Of a vector.
        fingerprint: The encoder's.
    """

    def __init__(self, encoder: Encoder, cache: Path) -> None:
        """Open or create the store of ``encoder`` below ``cache``."""
        self._encoder = encoder
        self._directory = cache / encoder.fingerprint[:16]
        self._directory.mkdir(parents=True, exist_ok=True)
        self.dimension = encoder.dimension
        self.fingerprint = encoder.fingerprint
        keys = self._read("keys.bin")
        vectors = self._read("vectors.bin")
        stored = np.frombuffer(vectors[: len(vectors) // 4 * 4], dtype=np.float32)
        # A run killed between the two writes leaves one file longer; the shorter one counts.
        count = min(len(keys) // _KEY_BYTES, len(stored) // self.dimension)
        self._vectors = {
            keys[at * _KEY_BYTES : (at + 1) * _KEY_BYTES]: stored[at * self.dimension : (at + 1) * self.dimension]
            for at in range(count)
        }
        if len(keys) != count * _KEY_BYTES or len(stored) != count * self.dimension:
            self._write("keys.bin", keys[: count * _KEY_BYTES], "wb")
            self._write("vectors.bin", stored[: count * self.dimension].tobytes(), "wb")

    def warm(self, texts: Iterable[str]) -> None:
        """Encode what is not stored yet, in chunks that survive an interruption; progress goes to stderr."""
        missing = list({_key(text): mask(text) for text in texts if text.strip()}.items())
        missing = [(key, text) for key, text in missing if key not in self._vectors]
        missing.sort(key=lambda item: len(item[1]))  # like lengths share a chunk, so little is padded
        started, done = time.monotonic(), 0
        for start in range(0, len(missing), _CHUNK):
            chunk = missing[start : start + _CHUNK]
            vectors = self._encoder.encode([text for _, text in chunk]).astype(np.float32)
            self._write("vectors.bin", vectors.tobytes(), "ab")
            self._write("keys.bin", b"".join(key for key, _ in chunk), "ab")
            self._vectors.update((key, vector) for (key, _), vector in zip(chunk, vectors, strict=True))
            done += len(chunk)
            rate = done / max(time.monotonic() - started, 1e-6)
            if len(missing) > 1:
                print(f"encoded {done}/{len(missing)} texts, {rate:.0f}/s", file=sys.stderr, flush=True)

    def vector(self, text: str) -> NDArray[np.float32] | None:
        """Return the vector of ``text``, shape ``(d,)``; ``None`` for blank text, as in the pipeline."""
        if not text.strip():
            return None
        key = _key(text)
        if key not in self._vectors:
            self.warm([text])
        return self._vectors[key]

    def matrix(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return the vectors of non-blank texts, shape ``(len(texts), d)``."""
        self.warm(texts)
        return np.stack([self._vectors[_key(text)] for text in texts])

    def _read(self, name: str) -> bytes:
        path = self._directory / name
        return path.read_bytes() if path.exists() else b""

    def _write(self, name: str, content: bytes, mode: str) -> None:
        with (self._directory / name).open(mode) as stream:
            stream.write(content)


def _key(text: str) -> bytes:
    return hashlib.blake2b(mask(text).encode("utf-8", "surrogatepass"), digest_size=_KEY_BYTES).digest()
