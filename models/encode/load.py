"""One door to every encoder."""

from __future__ import annotations

from pathlib import Path

from models.encode.base import Encoder
from models.encode.cache import CachedEncoder
from models.encode.hashing import HashingEncoder
from models.encode.manifest import MANIFEST, parse_manifest
from models.encode.onnx import OnnxEncoder
from models.encode.sentence_transformer import SentenceTransformerEncoder
from models.encode.static import StaticEncoder
from models.errors import ArtifactError

_TORCH_SCHEME = "st:"


def load_encoder(spec: str | Path, *, threads: int | None = None, cache: int = 50_000) -> Encoder:
    """Load an encoder.

    Args:
        spec: A directory with an ``encoder.json``; or ``"st:<directory or hub name>"`` for a sentence-transformers
            model, which must be on this machine already; or ``"hashing"``, the encoder for tests.
        threads: How many threads it may use; default: the cores this process may use. A static one uses one.
        cache: How many vectors to keep in memory; 0 for none.

    Raises:
        ArtifactError: if there is no such encoder, or its files are missing or damaged.
    """
    encoder = _load(spec, threads)
    return CachedEncoder(encoder, cache) if cache else encoder


def _load(spec: str | Path, threads: int | None) -> Encoder:
    if spec == "hashing":
        return HashingEncoder()
    if isinstance(spec, str) and spec.startswith(_TORCH_SCHEME):
        return SentenceTransformerEncoder(spec.removeprefix(_TORCH_SCHEME), threads=threads)
    directory = Path(spec)
    if not directory.is_dir():
        raise ArtifactError(
            f"no such encoder: {spec}",
            f"找不到编码器：{spec}",
            hint=f"use a directory that holds {MANIFEST}, or st:<name or directory> / "
            f"请使用包含 {MANIFEST} 的目录，或 st:<模型名或目录>",
            location=str(spec),
        )
    if parse_manifest(directory).kind == "static":
        return StaticEncoder(directory)
    return OnnxEncoder(directory, threads=threads)
