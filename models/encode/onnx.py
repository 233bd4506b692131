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
from models.encode.tokens import PieceTokenizer
from models.errors import ArtifactError


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

        manifest = read_manifest(directory)
        self.name = manifest.name
        self.dimension = manifest.dimension
        self.fingerprint = manifest.fingerprint
        self.max_tokens = manifest.max_tokens
        self._tokenizer = PieceTokenizer(
            directory / TOKENIZER_FILE, prefix=manifest.prefix, max_tokens=manifest.max_tokens
        )
        self._threads = threads or free_cores()
        self._pool = ThreadPoolExecutor(self._threads, thread_name_prefix="encode")  # starts threads when first used

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        options.log_severity_level = 3
        try:
            self._session = onnxruntime.InferenceSession(
                str(directory / MODEL_FILE), options, providers=["CPUExecutionProvider"]
            )
        except Exception as error:  # the library raises exceptions of its own
            raise ArtifactError(
                f"the encoder cannot be loaded: {error}",
                f"无法加载编码器：{error}",
                hint="check the version of onnxruntime / 请检查 onnxruntime 的版本",
                location=str(directory),
            ) from error
        _return_freed_memory()

    def encode(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        """The unit vectors of the texts, ``(len(texts), dimension)`` float32, in their order."""
        vectors = np.empty((len(texts), self.dimension), np.float32)
        ids = [np.array([self._tokenizer.ids(text)], np.int64) for text in texts]

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
