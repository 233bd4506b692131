"""What a manifest says, and its JSON form."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

FORMAT = "attune-artifact/1"
MANIFEST_NAME = "manifest.json"


@dataclass(frozen=True, slots=True)
class FileEntry:
    """One file of the artifact: its SHA-256 in hex and its size in bytes."""

    sha256: str
    size: int


@dataclass(frozen=True, slots=True)
class DataSource:
    """A corpus that weights have seen: name, hash of the file's bytes, rows used and the terms it came under."""

    name: str
    sha256: str
    rows: int
    terms: str


@dataclass(frozen=True, slots=True)
class Component:
    """A scorer's part: its folder in the artifact and its configuration (thresholds, calibration; plain JSON)."""

    directory: str
    config: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Manifest:
    """The artifact's description.

    Attributes:
        name: E.g. ``default``.
        version: Counts up with every publication under that name.
        created: ISO date from the training configuration, not from the clock: the same training gives the same bytes.
        encoder: Fingerprint of the encoder whose vectors the heads were trained on.
        components: By scorer name.
        data: Corpora seen in training.
        metrics: Held-out figures by component.
        files: By POSIX path relative to the artifact; every file except the manifest and documents.
    """

    name: str
    version: int
    created: str
    encoder: str
    components: Mapping[str, Component]
    data: tuple[DataSource, ...]
    metrics: Mapping[str, Any]
    files: Mapping[str, FileEntry]


def to_json(manifest: Manifest) -> str:
    """Return the manifest as indented JSON with sorted keys, so equal manifests are equal bytes."""
    document = {
        "format": FORMAT,
        "name": manifest.name,
        "version": manifest.version,
        "created": manifest.created,
        "encoder": {"fingerprint": manifest.encoder},
        "components": {
            name: {"directory": part.directory, "config": part.config} for name, part in manifest.components.items()
        },
        "data": [
            {"name": source.name, "sha256": source.sha256, "rows": source.rows, "terms": source.terms}
            for source in manifest.data
        ],
        "metrics": manifest.metrics,
        "files": {path: {"sha256": entry.sha256, "size": entry.size} for path, entry in manifest.files.items()},
    }
    return json.dumps(document, ensure_ascii=False, indent=1, sort_keys=True) + "\n"


def from_json(text: str) -> Manifest:
    """Return the manifest that ``text`` holds.

    Raises:
        ValueError: It is not JSON, of another format, or a field is missing or of a wrong type.
    """
    document = json.loads(text)
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise ValueError(f"format is not {FORMAT}")
    try:
        return Manifest(
            name=str(document["name"]),
            version=int(document["version"]),
            created=str(document["created"]),
            encoder=str(document["encoder"]["fingerprint"]),
            components={
                name: Component(part["directory"], part["config"]) for name, part in document["components"].items()
            },
            data=tuple(
                DataSource(source["name"], source["sha256"], int(source["rows"]), source["terms"])
                for source in document["data"]
            ),
            metrics=document["metrics"],
            files={
                path: FileEntry(str(entry["sha256"]), int(entry["size"])) for path, entry in document["files"].items()
            },
        )
    except (KeyError, TypeError, AttributeError) as problem:
        raise ValueError(f"missing or wrong field: {problem}") from problem
