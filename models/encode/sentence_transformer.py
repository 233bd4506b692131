"""Any sentence-transformers model on torch: a local directory, or a hub model by name."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from models.encode.batching import token_budget_batches
from models.errors import ArtifactError

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer


class SentenceTransformerEncoder:
    """A sentence-transformers model on the CPU.

    Each text runs alone unless ``token_budget`` is given. With a budget texts run in padded batches of like length:
    faster, but a vector then differs in its last bits with its neighbours, which breaks the promise of
    :class:`models.encode.base.Encoder`; that is for training and measuring only.
    """

    def __init__(
        self,
        model: str,
        *,
        prefix: str = "query: ",
        max_tokens: int = 256,
        token_budget: int | None = None,
        threads: int | None = None,
        allow_download: bool = False,
    ) -> None:
        """Load the model.

        Args:
            model: A local directory, or the name of a hub model.
            prefix: Put before every text (``"query: "`` for the e5 family, empty for most others).
            max_tokens: Texts are cut after this many tokens, or the model's own limit if that is smaller.
            token_budget: Tokens per batch, padding counted; None: every text alone.
            threads: torch's threads, a setting of the whole process; None leaves it as it is.
            allow_download: Whether a hub model that is not on this machine may be fetched.

        Raises:
            ArtifactError: if the model cannot be found or loaded.
        """
        import torch
        from sentence_transformers import SentenceTransformer

        if threads is not None:
            torch.set_num_threads(threads)
        try:
            self._model: SentenceTransformer = SentenceTransformer(
                model, device="cpu", local_files_only=not allow_download
            )
        except Exception as error:  # the library passes on whatever hub, file system or weights raise
            raise ArtifactError(
                f"the sentence-transformers model {model} cannot be loaded: {error}",
                f"无法加载 sentence-transformers 模型 {model}：{error}",
                hint="give a local directory, or download the model first / 请指定本地目录，或先下载该模型",
                location=model,
            ) from error
        limit = self._model.max_seq_length
        self.max_tokens = min(max_tokens, limit) if limit else max_tokens
        self._model.max_seq_length = self.max_tokens
        self._prefix = prefix
        self._budget = token_budget or 1
        self.name = f"st:{Path(model).name}"
        self.dimension = int(self._model.get_embedding_dimension() or 0)
        self.fingerprint = self._fingerprint()

    def encode(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        """The unit vectors of the texts, ``(len(texts), dimension)`` float32, in their order."""
        vectors = np.empty((len(texts), self.dimension), np.float32)
        framed = [self._prefix + text.encode("utf-8", "replace").decode("utf-8") for text in texts]
        for batch in token_budget_batches(self._lengths(framed), self._budget):
            vectors[batch] = self._model.encode(
                [framed[index] for index in batch],
                batch_size=len(batch),
                prompt="",
                normalize_embeddings=True,
                show_progress_bar=False,
            )
        return vectors

    def close(self) -> None:
        """Nothing to release before the object itself goes."""

    def _lengths(self, texts: list[str]) -> list[int]:
        if not texts:
            return []
        ids = self._model.tokenizer(texts, truncation=True, max_length=self.max_tokens)["input_ids"]
        return [len(row) for row in ids]

    def _fingerprint(self) -> str:
        """Over the weights themselves, so that it is the same wherever the model was loaded from."""
        options = {"prefix": self._prefix, "max_tokens": self.max_tokens, "modules": str(self._model)}
        digest = hashlib.sha256(json.dumps(options, sort_keys=True).encode())
        for name, tensor in sorted(self._model.state_dict().items()):
            digest.update(name.encode())
            digest.update(tensor.detach().contiguous().numpy().tobytes())
        return digest.hexdigest()
