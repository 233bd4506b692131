"""Writes the manifest of an artifact directory that already holds its files."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from models.artifacts.load import Artifact, load_artifact
from models.artifacts.manifest import MANIFEST_NAME, Component, DataSource, FileEntry, Manifest, to_json

_DOCUMENT = ".md"


def write_manifest(
    directory: Path,
    *,
    name: str,
    version: int,
    created: str,
    encoder: str,
    components: Mapping[str, Component],
    data: Sequence[DataSource],
    metrics: Mapping[str, Any],
) -> Artifact:
    """Write ``manifest.json`` over all files below ``directory`` and return the artifact, loaded and verified.

    Every file is listed except the manifest and documents (.md): the model card quotes the artifact's id.
    The arguments are those of :class:`Manifest`.
    """
    files = {}
    for path in sorted(path for path in directory.rglob("*") if path.is_file()):
        relative = path.relative_to(directory).as_posix()
        if relative != MANIFEST_NAME and path.suffix != _DOCUMENT:
            content = path.read_bytes()
            files[relative] = FileEntry(hashlib.sha256(content).hexdigest(), len(content))
    manifest = Manifest(name, version, created, encoder, components, tuple(data), metrics, files)
    (directory / MANIFEST_NAME).write_text(to_json(manifest), encoding="utf-8")
    return load_artifact(directory)
