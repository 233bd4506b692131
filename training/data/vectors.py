"""Vectors of corpus texts, kept on disk between runs: encoding is nearly all of a training run's time."""

from __future__ import annotations

import fcntl
import hashlib
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from models.encode.base import Encoder
from models.text.pii import mask

_CHUNK = 1024
_KEY_BYTES = 16


class VectorStore:
    """A disk cache of one encoder's vectors, by the hash of the masked text. Processes may share it.

    Two files grow together in ``cache/<fingerprint>/``: ``keys.bin`` (16 bytes a text) and ``vectors.bin`` (float32
    rows). They are read and appended to only under the advisory lock of the file ``lock``, which the system lets go of
    when its holder dies; whoever takes it reads what others have added, cuts off what a killed one left half written,
    and goes on from there. Texts are masked first, as in the pipeline.

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
        self._vectors: dict[bytes, NDArray[np.float32]] = {}
        self._read = 0  # rows of the files that are in ``_vectors``
        with self._locked():
            self._catch_up()

    def warm(self, texts: Iterable[str]) -> None:
        """Encode what is not stored yet, in chunks that survive an interruption; progress goes to stderr."""
        missing = list({_key(text): mask(text) for text in texts if text.strip()}.items())
        missing = [(key, text) for key, text in missing if key not in self._vectors]
        missing.sort(key=lambda item: len(item[1]))  # like lengths share a chunk, so little is padded
        started = time.monotonic()
        for start in range(0, len(missing), _CHUNK):
            chunk = [item for item in missing[start : start + _CHUNK] if item[0] not in self._vectors]
            if chunk:
                self._add([key for key, _ in chunk], self._encoder.encode([text for _, text in chunk]))
            done = min(start + _CHUNK, len(missing))
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

    def _add(self, keys: Sequence[bytes], vectors: NDArray[np.float32]) -> None:
        """Append rows, but for those that another process has appended meanwhile: its vectors then count here, too."""
        with self._locked():
            self._catch_up()
            new = [at for at, key in enumerate(keys) if key not in self._vectors]
            rows = vectors.astype(np.float32)[new]
            for name, content in (("vectors.bin", rows.tobytes()), ("keys.bin", b"".join(keys[at] for at in new))):
                with (self._directory / name).open("ab") as stream:
                    stream.write(content)
            self._vectors.update((keys[at], row) for at, row in zip(new, rows, strict=True))
            self._read += len(new)

    def _catch_up(self) -> None:
        """Read the rows that others have added; where a killed process left one file longer, the shorter one counts."""
        sizes = {"keys.bin": _KEY_BYTES, "vectors.bin": 4 * self.dimension}
        paths = {name: self._directory / name for name in sizes}
        length = {name: path.stat().st_size if path.exists() else 0 for name, path in paths.items()}
        count = min(length[name] // size for name, size in sizes.items())
        for name, size in sizes.items():
            if length[name] != count * size:
                with paths[name].open("r+b") as stream:
                    stream.truncate(count * size)
        if count < self._read:  # somebody emptied the cache: what is known here stays right
            self._read = count
        if count == self._read:
            return
        parts = []
        for name, size in sizes.items():
            with paths[name].open("rb") as stream:
                stream.seek(self._read * size)
                parts.append(stream.read())
        keys, stored = parts[0], np.frombuffer(parts[1], dtype=np.float32).reshape(-1, self.dimension)
        for at, row in enumerate(stored):
            self._vectors[keys[at * _KEY_BYTES : (at + 1) * _KEY_BYTES]] = row
        self._read = count

    @contextmanager
    def _locked(self) -> Iterator[None]:
        with (self._directory / "lock").open("ab") as stream:
            fcntl.flock(stream, fcntl.LOCK_EX)
            yield


def _key(text: str) -> bytes:
    return hashlib.blake2b(mask(text).encode("utf-8", "surrogatepass"), digest_size=_KEY_BYTES).digest()
