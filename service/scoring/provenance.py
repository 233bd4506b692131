"""What a score was made with, by hash: kept with the score, so that it can be made again or told why it cannot."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

from models import __version__
from models.artifacts import Manifest, artifact_directory
from models.artifacts.manifest import MANIFEST_NAME, from_json
from models.domain.playbook import Playbook
from models.domain.rubric import Rubric
from models.errors import ArtifactError

_SOURCES = (
    ".py",
    ".tsv",
    ".txt",
)  # what the code reads of itself; playbooks, rubrics and weights are parts of their own


@dataclass(frozen=True, slots=True)
class Part:
    """One thing that a score was made with; ``version`` is ``None`` where it has none."""

    id: str
    version: int | str | None
    hash: str

    def __str__(self) -> str:
        """Return it for people: id, version and the beginning of the hash."""
        version = "" if self.version is None else f"@{self.version}"
        return f"{self.id}{version} ({self.hash.removeprefix('sha256:')[:12]})"


@dataclass(frozen=True, slots=True)
class Provenance:
    """Everything that a score was made with beside the conversation, whose hash is ``versions.input``.

    Attributes:
        playbook: Its hash is over its content, whichever file it stands in.
        rubric: The same.
        artifact: Its hash is the manifest's, which holds the hash of every file.
        encoder: Fingerprint of the encoder, which settings may replace.
        thresholds: Hash of what turns the model's numbers into labels: the components' configurations.
        code: Its hash is over the sources of ``models``: the version number alone does not tell every change.
    """

    playbook: Part
    rubric: Part
    artifact: Part
    encoder: str
    thresholds: str
    code: Part

    def document(self, revision: int, input_hash: str) -> dict[str, Any]:
        """Return it as it is stored, with the conversation's revision."""
        return {"revision": {"number": revision, "hash": input_hash}, **asdict(self)}


def part_of(policy: Playbook | Rubric) -> Part:
    """Return a playbook or rubric as a part."""
    return Part(policy.id, policy.version, policy.hash)


def artifact_parts(artifact: str | Path | None) -> tuple[Part, str]:
    """Return an artifact, by its directory or packaged name, and the hash of its thresholds; no weights are read.

    Raises:
        ArtifactError: There is none.
    """
    path = artifact_directory(artifact) / MANIFEST_NAME
    try:
        content = path.read_bytes()
        manifest = from_json(content.decode())
    except (OSError, ValueError) as error:
        raise ArtifactError(f"no manifest at {path}", f"{path} 不是可用的模型清单", location=str(path)) from error
    return Part(manifest.name, manifest.version, digest(content)), _thresholds(manifest)


@cache
def code_part() -> Part:
    """Return the scoring code as a part."""
    total = hashlib.sha256()
    for name, content in sorted(_sources(resources.files("models"))):
        total.update(f"{name}\0{hashlib.sha256(content).hexdigest()}\n".encode())
    return Part("attune", __version__, f"sha256:{total.hexdigest()}")


def digest(content: bytes) -> str:
    """Return ``sha256:`` and the hash in hex."""
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def parse_part(values: Mapping[str, Any]) -> Part:
    """Return a part as stored in ``Provenance.document``."""
    return Part(values["id"], values["version"], values["hash"])


def _thresholds(manifest: Manifest) -> str:
    configs = {name: dict(part.config) for name, part in manifest.components.items()}
    return digest(json.dumps(configs, ensure_ascii=False, sort_keys=True).encode())


def _sources(folder: Traversable, prefix: str = "") -> list[tuple[str, bytes]]:
    found = []
    for entry in folder.iterdir():
        name = f"{prefix}{entry.name}"
        if entry.is_dir():
            if name != "weights" and entry.name != "__pycache__":
                found += _sources(entry, f"{name}/")
        elif entry.name.endswith(_SOURCES):
            found.append((name, entry.read_bytes()))
    return found
