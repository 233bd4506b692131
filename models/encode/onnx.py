"""The CPU encoder: ONNX Runtime and the ``tokenizers`` library, no torch.

Each text runs alone, at its exact length, on one thread; several texts run at once on several threads. On CPUs this
costs no speed against batches (``docs/decisions/0002-encoder.md``), and it is what makes a vector independent of its
neighbours: dynamic quantisation takes its scale from the whole input tensor, and padding changes float sums.
"""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import numpy.typing as npt

from models.encode.manifest import MODEL_FILE, TOKENIZER_FILE, read_manifest
from models.errors import ArtifactError

# No piece is longer, so what lies beyond cannot reach the tokens kept (unless the text opens with thousands of blanks,
# which become one); it bounds the time to tokenise.
_CHARACTERS_PER_TOKEN = 16


class OnnxEncoder:
    """An encoder directory (``encoder.json``, ``model.onnx``, ``tokenizer.json``) on ONNX Runtime.

    Texts longer than ``max_tokens`` tokens are cut at the end.
    """

    def __init__(self, directory: Path, *, threads: int | None = None) -> None:
        """Load and check the directory.

        Args:
            directory: Where ``encoder.json`` lies.
            threads: How many texts run at once; default: the cores this process may use.

        Raises:
            ArtifactError: if a file is missing, changed or cannot be loaded.
        """
        import onnxruntime
        from tokenizers import Tokenizer

        manifest = read_manifest(directory)
        self.name = manifest.name
        self.dimension = manifest.dimension
        self.fingerprint = manifest.fingerprint
        self.max_tokens = manifest.max_tokens
        self._prefix = manifest.prefix
        self._threads = threads or free_cores()
        self._pool = ThreadPoolExecutor(self._threads, thread_name_prefix="encode")  # starts threads when first used

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        options.log_severity_level = 3
        try:
            self._tokenizer = Tokenizer.from_file(str(directory / TOKENIZER_FILE))
            self._session = onnxruntime.InferenceSession(
                str(directory / MODEL_FILE), options, providers=["CPUExecutionProvider"]
            )
        except Exception as error:  # both libraries raise bare exceptions of their own
            raise ArtifactError(
                f"the encoder cannot be loaded: {error}",
                f"无法加载编码器：{error}",
                hint="check the versions of onnxruntime and tokenizers / 请检查 onnxruntime 与 tokenizers 的版本",
                location=str(directory),
            ) from error
        _return_freed_memory()
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(manifest.max_tokens)

    def encode(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        """The unit vectors of the texts, ``(len(texts), dimension)`` float32, in their order."""
        vectors = np.empty((len(texts), self.dimension), np.float32)
        ids = [self._token_ids(text) for text in texts]

        def run(index: int) -> None:
            vectors[index] = self._session.run(["vectors"], {"input_ids": ids[index]})[0][0]

        longest_first = sorted(range(len(ids)), key=lambda index: -ids[index].size)
        if len(ids) > 1 and self._threads > 1:
            list(self._pool.map(run, longest_first))
        else:
            list(map(run, longest_first))
        return vectors

    def close(self) -> None:
        """Stop the threads."""
        self._pool.shutdown()

    def _token_ids(self, text: str) -> npt.NDArray[np.int64]:
        kept = text[: self.max_tokens * _CHARACTERS_PER_TOKEN]
        well_formed = kept.encode("utf-8", "replace").decode("utf-8")  # a lone surrogate is not text to the tokenizer
        return np.array([self._tokenizer.encode(self._prefix + well_formed).ids], np.int64)


def free_cores() -> int:
    """The number of CPU cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _return_freed_memory() -> None:
    """Give back what expanding the weights took: glibc keeps half a gigabyte otherwise. Elsewhere, nothing to do."""
    if sys.platform == "linux":
        trim = getattr(ctypes.CDLL(None), "malloc_trim", None)  # musl has none
        if trim is not None:
            trim(0)
