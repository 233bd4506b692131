"""The fast encoder: a text's vector is the sum of the rows of its pieces, scaled to length 1.

No network runs, so it is over a hundred times faster than the transformer it learnt from; the order of words is lost.
Source: Tulkens and van Dongen, model2vec, 2024; ``StaticEmbedding`` of sentence-transformers, with which
``training.encoder.distil`` learns the rows. A row's length is the weight of its piece.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from models.encode.manifest import TABLE_FILE, TOKENIZER_FILE, read_manifest
from models.encode.tokens import PieceTokenizer
from models.errors import ArtifactError


class StaticEncoder:
    """An encoder directory of kind ``static``: ``encoder.json``, ``tokenizer.json``, ``table.safetensors``.

    The table holds ``rows`` ``(pieces, dimension)`` int8 and ``steps`` ``(pieces,)`` float16: a piece's row is their
    product. Texts longer than ``max_tokens`` pieces are cut at the end. Sums run in the order of the text and the
    length is rounded once, so nothing depends on the width of the processor's registers. One thread does all.
    """

    def __init__(self, directory: Path) -> None:
        """Load and check the directory.

        Raises:
            ArtifactError: if a file is missing or changed, or table and tokenizer do not fit together.
        """
        from safetensors.numpy import load_file

        manifest = read_manifest(directory)
        self.name = manifest.name
        self.dimension = manifest.dimension
        self.fingerprint = manifest.fingerprint
        self.max_tokens = manifest.max_tokens
        self._tokenizer = PieceTokenizer(
            directory / TOKENIZER_FILE, prefix=manifest.prefix, max_tokens=manifest.max_tokens
        )
        try:
            table = load_file(directory / TABLE_FILE)
            self._rows = table["rows"].astype(np.float32) * table["steps"].astype(np.float32)[:, None]
            expected = (self._tokenizer.pieces, self.dimension)
            if self._rows.shape != expected:
                raise ValueError(f"its shape is {self._rows.shape}, not {expected}")
        except Exception as error:  # safetensors raises exceptions of its own
            raise ArtifactError(
                f"the encoder's table cannot be used: {error}",
                f"编码器的向量表无法使用：{error}",
                hint="restore the encoder directory from the release / 请从发行包恢复编码器目录",
                location=str(directory / TABLE_FILE),
            ) from error

    def encode(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        """The unit vectors of the texts, ``(len(texts), dimension)`` float32, in their order."""
        vectors = np.empty((len(texts), self.dimension), np.float32)
        for place, text in enumerate(texts):
            vectors[place] = self._vector(text)
        return vectors

    def close(self) -> None:
        """Nothing to release."""

    def _vector(self, text: str) -> npt.NDArray[np.float64]:
        # Added row by row: numpy adds along the first axis in its order, whatever the processor.
        total = self._rows[self._tokenizer.ids(text)].sum(axis=0).astype(np.float64)
        length = math.sqrt(math.fsum((total * total).tolist()))
        if length == 0.0:  # rows that cancel out: still a unit vector
            total[0] = length = 1.0
        return np.asarray(total / length)
