"""The static encoder while it learns, and how it is written down."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from safetensors.numpy import save
from sentence_transformers.sentence_transformer.modules import StaticEmbedding
from tokenizers import Tokenizer
from torch import Tensor, nn

from models.encode.manifest import MANIFEST, TABLE_FILE, TOKENIZER_FILE, EncoderManifest, file_digest
from models.encode.tokens import PieceTokenizer

_INT8 = 127
_SPREAD = 0.1  # of the rows at the start


class Student(nn.Module):
    """sentence-transformers' ``StaticEmbedding`` on the pieces that ``models.encode.static`` picks."""

    def __init__(self, tokenizer: Path, dimension: int, max_tokens: int) -> None:
        """Start with random rows (torch's seed).

        Args:
            tokenizer: A ``tokenizer.json``.
            dimension: Of a vector.
            max_tokens: Texts are cut after this many pieces.
        """
        super().__init__()
        self._file, self._max_tokens = tokenizer, max_tokens
        self._tokenizer = PieceTokenizer(tokenizer, prefix="", max_tokens=max_tokens)
        rows = torch.randn(self._tokenizer.pieces, dimension) * _SPREAD
        self.table = StaticEmbedding(Tokenizer.from_file(str(tokenizer)), embedding_weights=rows)

    def ids(self, text: str) -> npt.NDArray[np.int64]:
        """The text's pieces between those of its start and its end."""
        return np.array(self._tokenizer.ids(text), np.int64)

    def forward(self, texts: Sequence[npt.NDArray[np.int64]]) -> Tensor:
        """Unit vectors ``(len(texts), dimension)`` of texts given by their pieces, none empty."""
        starts = np.cumsum([0, *(len(ids) for ids in texts[:-1])])
        features = {"input_ids": torch.from_numpy(np.concatenate(texts)), "offsets": torch.from_numpy(starts)}
        return nn.functional.normalize(self.table(features)["sentence_embedding"], dim=1)

    def write(self, directory: Path, name: str) -> EncoderManifest:
        """Write the encoder directory: rows in 8 bits, each with a step of its own; the tokenizer; the manifest."""
        weights = self.table.embedding.weight.detach().numpy()
        steps = (np.abs(weights).max(axis=1) / _INT8).astype(np.float16)
        steps = np.maximum(steps, np.finfo(np.float16).tiny)
        rows = np.clip(np.round(weights / steps.astype(np.float32)[:, None]), -_INT8, _INT8).astype(np.int8)
        directory.mkdir(parents=True, exist_ok=True)
        (directory / TABLE_FILE).write_bytes(save({"rows": rows, "steps": steps}))
        content = json.dumps(json.loads(self._file.read_bytes()), ensure_ascii=False, separators=(",", ":"))
        (directory / TOKENIZER_FILE).write_text(content, encoding="utf-8")
        files = {file: file_digest(directory / file) for file in (TABLE_FILE, TOKENIZER_FILE)}
        manifest = EncoderManifest(name, weights.shape[1], "", self._max_tokens, files, "static")
        (directory / MANIFEST).write_text(manifest.to_json(), encoding="utf-8")
        return manifest
