"""Loads an artifact and checks that every file is what the manifest says."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from models.artifacts.manifest import MANIFEST_NAME, Component, FileEntry, Manifest, from_json
from models.errors import ArtifactError

_WEIGHTS = Path(__file__).parents[1] / "weights"
_HINT_PACKAGED = "Reinstall Attune, or restore models/weights/{name} / 请重装,或恢复 models/weights/{name}"
_HINT_OWN = "Fit it again (python -m training fit), or copy the whole directory again / 请重新训练或重新复制整个目录"


@dataclass(frozen=True, slots=True)
class Artifact:
    """A verified artifact.

    Attributes:
        path: Its directory.
        manifest: What it holds.
        id: ``name@version+hash``: eight hex digits of the manifest's SHA-256, so any change of any file shows.
    """

    path: Path
    manifest: Manifest
    id: str

    def directory(self, component: str) -> Path:
        """Return the folder of a component's files.

        Raises:
            ArtifactError: The artifact has no such component.
        """
        return self.path / self._part(component).directory

    def config(self, component: str) -> Mapping[str, Any]:
        """Return a component's configuration.

        Raises:
            ArtifactError: The artifact has no such component.
        """
        return self._part(component).config

    def component_version(self, component: str, *reads: str) -> str:
        """Return ``component@version+hash`` over the encoder and the component's own files and configuration.

        Components whose values it ``reads`` count as its own; other parts do not change the version.
        """
        parts = [self._part(name) for name in (component, *reads)]
        folders = tuple(f"{part.directory}/" for part in parts)
        files = {path: entry.sha256 for path, entry in self.manifest.files.items() if path.startswith(folders)}
        configs = [part.config for part in parts]
        content = json.dumps([configs, files, self.manifest.encoder], ensure_ascii=False, sort_keys=True)
        return f"{component}@{self.manifest.version}+{hashlib.sha256(content.encode()).hexdigest()[:8]}"

    def _part(self, component: str) -> Component:
        try:
            return self.manifest.components[component]
        except KeyError:
            raise ArtifactError(
                f"the artifact {self.id} has no component {component!r}",
                f"模型包 {self.id} 中没有组件 {component!r}",
                hint=_HINT_OWN,
                location=str(self.path),
            ) from None


def default_artifact_path() -> Path:
    """Return the directory of the artifact that ships with the package and is used unless another is named."""
    return _WEIGHTS / "default"


def packaged_artifacts() -> tuple[str, ...]:
    """Return the names of the artifacts that ship with the package, sorted: ``default`` and ``fast``."""
    names = sorted(path.parent.name for path in _WEIGHTS.glob(f"*/{MANIFEST_NAME}"))
    return tuple(name for name in names if not name.startswith("."))  # those are being published just now


def artifact_directory(artifact: str | Path | None) -> Path:
    """Return the directory of an artifact; that it holds a sound one is :func:`load_artifact`'s to check.

    Args:
        artifact: ``None`` for the packaged default; the name of a packaged artifact, which is also looked up before
            a directory of that name here; or a directory.

    Raises:
        ArtifactError: A bare name that is neither a packaged artifact nor a directory here.
    """
    if artifact is None:
        return default_artifact_path()
    directory = Path(artifact)
    if len(directory.parts) != 1 or str(directory) == "..":
        return directory
    packaged = packaged_artifacts()
    if directory.name in packaged:
        return _WEIGHTS / directory.name
    if directory.exists():
        return directory
    raise ArtifactError(
        f"no model artifact named {directory}",
        f"没有名为 {directory} 的模型包",
        hint=f"Packaged: {', '.join(packaged)}; or give a directory / 内置模型包:{'、'.join(packaged)};或指定目录",
        location=str(directory),
    )


def load_artifact(artifact: str | Path | None = None) -> Artifact:
    """Return an artifact after checking size and SHA-256 of every file.

    Args:
        artifact: As in :func:`artifact_directory`.

    Raises:
        ArtifactError: No such artifact, no manifest there, an unreadable one, or a file missing or changed;
            ``location`` names the file.
    """
    directory = artifact_directory(artifact)
    hint = _HINT_PACKAGED.format(name=directory.name) if directory.parent == _WEIGHTS else _HINT_OWN
    source = directory / MANIFEST_NAME
    try:
        content = source.read_bytes()
    except OSError as problem:
        raise ArtifactError(
            f"no model artifact at {directory}: manifest.json cannot be read",
            f"{directory} 中没有可用的模型包:无法读取 manifest.json",
            hint=hint,
            location=str(source),
        ) from problem
    try:
        manifest = from_json(content.decode("utf-8"))
    except ValueError as problem:  # also JSONDecodeError and UnicodeDecodeError
        raise ArtifactError(
            f"manifest.json is not a valid manifest: {problem}",
            f"manifest.json 不是有效的模型清单:{problem}",
            hint=hint,
            location=str(source),
        ) from problem
    for name, entry in manifest.files.items():
        _verify(directory, name, entry, hint)
    identity = f"{manifest.name}@{manifest.version}+{hashlib.sha256(content).hexdigest()[:8]}"
    return Artifact(directory, manifest, identity)


def _verify(directory: Path, name: str, entry: FileEntry, hint: str) -> None:
    relative = PurePosixPath(name)
    if relative.is_absolute() or ".." in relative.parts:
        raise ArtifactError(
            f"the manifest names a file outside the artifact: {name}",
            f"模型清单中的文件位于模型包之外:{name}",
            hint=hint,
            location=name,
        )
    file = directory / relative
    try:
        with file.open("rb") as stream:
            found = FileEntry(hashlib.file_digest(stream, "sha256").hexdigest(), file.stat().st_size)
    except OSError as problem:
        raise ArtifactError(
            f"a file of the model artifact is missing: {name}",
            f"模型包缺少文件:{name}",
            hint=hint,
            location=str(file),
        ) from problem
    if found != entry:
        same_size = found.size == entry.size
        raise ArtifactError(
            f"a file of the model artifact is damaged: {name} "
            + ("(its SHA-256 differs)" if same_size else f"({found.size} bytes, {entry.size} expected)"),
            f"模型包文件已损坏:{name}"
            + ("(SHA-256 不符)" if same_size else f"({found.size} 字节,应为 {entry.size} 字节)"),
            hint=hint,
            location=str(file),
        )
