"""Reads and checks ``encoder.json``, the description of an encoder directory."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from models.errors import ArtifactError

MANIFEST = "encoder.json"
FORMAT = "attune-encoder-1"
MODEL_FILE = "model.onnx"
TABLE_FILE = "table.safetensors"
TOKENIZER_FILE = "tokenizer.json"

EncoderKind = Literal["onnx", "static"]
_KINDS: Mapping[EncoderKind, str] = {"onnx": MODEL_FILE, "static": TABLE_FILE}  # and the file each needs


@dataclass(frozen=True, slots=True)
class EncoderManifest:
    """What ``encoder.json`` says.

    Attributes:
        name: A short name for people.
        dimension: The length of a vector.
        prefix: Put before every text, as the model was trained with it.
        max_tokens: Texts are cut after this many tokens, special tokens and prefix included.
        files: SHA-256 (hex) of each file by name.
        kind: What the files are for: ``onnx`` (:class:`models.encode.onnx.OnnxEncoder`) or ``static``
            (:class:`models.encode.static.StaticEncoder`).
    """

    name: str
    dimension: int
    prefix: str
    max_tokens: int
    files: Mapping[str, str]
    kind: EncoderKind = "onnx"

    @property
    def fingerprint(self) -> str:
        """Hex SHA-256 over everything here, and so over the bytes of every file."""
        return hashlib.sha256(self.to_json().encode()).hexdigest()

    def to_json(self) -> str:
        """The text of ``encoder.json``: the same bytes for the same content. Without a ``kind`` it is ``onnx``."""
        content = {
            "format": FORMAT,
            **({} if self.kind == "onnx" else {"kind": self.kind}),
            "name": self.name,
            "dimension": self.dimension,
            "prefix": self.prefix,
            "max_tokens": self.max_tokens,
            "pooling": "mean",
            "normalised": True,
            "files": dict(sorted(self.files.items())),
        }
        return json.dumps(content, ensure_ascii=False, indent=2) + "\n"


def read_manifest(directory: Path) -> EncoderManifest:
    """Read ``encoder.json`` and check every file it lists against its SHA-256.

    Raises:
        ArtifactError: if it is missing or malformed, or a file is missing or changed.
    """
    manifest = parse_manifest(directory)
    for name in sorted({_KINDS[manifest.kind], TOKENIZER_FILE} | manifest.files.keys()):
        _check_file(directory / name, manifest.files.get(name))
    return manifest


def parse_manifest(directory: Path) -> EncoderManifest:
    """Read ``encoder.json`` alone; the files it lists are not looked at.

    Raises:
        ArtifactError: if it is missing or malformed.
    """
    path = directory / MANIFEST
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        if content["format"] != FORMAT:
            raise ValueError(f"format {content['format']!r}, {FORMAT!r} expected")
        kind = content.get("kind", "onnx")
        if kind not in _KINDS:
            raise ValueError(f"kind {kind!r}, one of {', '.join(_KINDS)} expected")
        return EncoderManifest(
            name=str(content["name"]),
            dimension=int(content["dimension"]),
            prefix=str(content["prefix"]),
            max_tokens=int(content["max_tokens"]),
            files={str(name): str(digest) for name, digest in content["files"].items()},
            kind=kind,
        )
    except OSError as error:
        raise ArtifactError(
            f"no encoder in {directory}: {MANIFEST} cannot be read",
            f"{directory} 中没有编码器：无法读取 {MANIFEST}",
            hint="pass a directory that holds encoder.json / 请指定包含 encoder.json 的目录",
            location=str(path),
        ) from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ArtifactError(
            f"{MANIFEST} is malformed: {error}",
            f"{MANIFEST} 格式不正确：{error}",
            hint="restore the file from the release / 请从发行包恢复该文件",
            location=str(path),
        ) from error


def file_digest(path: Path) -> str:
    """Hex SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _check_file(path: Path, expected: str | None) -> None:
    if path.is_file() and file_digest(path) == expected:
        return
    problem_en, problem_zh = (
        ("is not the one encoder.json describes", "与 encoder.json 的记录不符")
        if path.is_file()
        else ("is missing", "缺失")
    )
    raise ArtifactError(
        f"encoder file {path.name} {problem_en}",
        f"编码器文件 {path.name} {problem_zh}",
        hint="restore the encoder directory from the release (a Git LFS pointer or a partial copy looks like this) / "
        "请从发行包恢复编码器目录（下载不完整时会出现此错误）",
        location=str(path),
    )
