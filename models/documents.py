"""Reads YAML documents people write (playbooks, rubrics) and says on which line something is wrong."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from models.errors import AttuneError

MAX_BYTES = 2_000_000

M = TypeVar("M", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Document:
    """A parsed YAML mapping with the line (1-based) of every path in it."""

    source: str
    data: dict[str, Any]
    lines: Mapping[tuple[str | int, ...], int]

    @property
    def hash(self) -> str:
        """Return the sha256 of the content; comments, key order and layout do not count."""
        return document_hash(self.data)

    def where(self, path: Sequence[str | int]) -> str:
        """Return ``file:line (path)`` of ``path`` or of its nearest existing parent."""
        nearest = tuple(path)
        while nearest and nearest not in self.lines:
            nearest = nearest[:-1]
        dotted = "$" + "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)
        return f"{self.source}:{self.lines.get(nearest, 1)} ({dotted})"


def document_hash(data: Any) -> str:
    """Return ``sha256:…`` over the canonical JSON of ``data``."""
    canonical = json.dumps(data, ensure_ascii=False, sort_keys=True, separators=(",", ":"), default=str)
    return "sha256:" + hashlib.sha256(canonical.encode()).hexdigest()


def read_document(path: Path, error: type[AttuneError]) -> Document:
    """Parse a YAML file whose root is a mapping.

    Raises:
        AttuneError: Of class ``error``, with file and line, when it cannot be read, is no YAML, holds a key twice or
            is no mapping.
    """
    try:
        if path.stat().st_size > MAX_BYTES:
            raise error(
                f"The file is larger than {MAX_BYTES} bytes.", f"文件超过 {MAX_BYTES} 字节。", location=str(path)
            )
        text = path.read_text(encoding="utf-8-sig")
    except OSError as failure:
        raise error(
            f"Cannot read the file: {failure.strerror}.", f"无法读取文件:{failure.strerror}。", location=str(path)
        ) from failure
    except UnicodeDecodeError as failure:
        raise error(
            f"The file is not UTF-8 (byte {failure.start}).",
            f"文件不是 UTF-8 编码(第 {failure.start} 字节)。",
            location=str(path),
            hint="Save it as UTF-8. 请另存为 UTF-8。",
        ) from failure
    return parse_document(text, str(path), error)


def parse_document(text: str, source: str, error: type[AttuneError]) -> Document:
    """Parse YAML text; see ``read_document``."""
    try:
        if any(isinstance(event, yaml.AliasEvent) for event in yaml.parse(text)):
            # nested aliases grow a few lines into gigabytes
            raise error("YAML aliases (*name) are not supported.", "不支持 YAML 别名(*name)。", location=source)
        root = yaml.compose(text, Loader=yaml.SafeLoader)
        data = yaml.safe_load(text)
    except (yaml.YAMLError, RecursionError, ValueError) as failure:
        mark = getattr(failure, "problem_mark", None)
        problem = getattr(failure, "problem", None) or str(failure)
        raise error(
            f"Not valid YAML: {problem}.",
            f"不是合法的 YAML:{problem}。",
            location=f"{source}:{mark.line + 1}" if mark else source,
        ) from failure
    if not isinstance(data, dict) or root is None:
        raise error("The document must be a mapping (key: value).", "文档必须是映射(键: 值)。", location=f"{source}:1")
    lines: dict[tuple[str | int, ...], int] = {}
    _index(root, (), lines, source, error)
    return Document(source, data, lines)


def validate_document(document: Document, schema: type[M], error: type[AttuneError]) -> M:
    """Return the document as ``schema``; the error names line, path and reason of every problem."""
    try:
        return schema.model_validate(document.data)
    except ValidationError as failure:
        problems = [f"{document.where(item['loc'])}: {item['msg']}" for item in failure.errors()]
        raise error(
            f"{len(problems)} problem(s): " + "; ".join(problems),
            f"{len(problems)} 处问题:" + ";".join(problems),
            location=document.where(failure.errors()[0]["loc"]),
        ) from failure


def _index(
    node: yaml.Node,
    path: tuple[str | int, ...],
    lines: dict[tuple[str | int, ...], int],
    source: str,
    error: type[AttuneError],
) -> None:
    lines[path] = node.start_mark.line + 1
    if isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, value in node.value:
            name = str(key.value)
            if name in seen:
                raise error(
                    f'The key "{name}" stands twice.',
                    f"键“{name}”重复。",
                    location=f"{source}:{key.start_mark.line + 1}",
                )
            seen.add(name)
            _index(value, (*path, name), lines, source, error)
    elif isinstance(node, yaml.SequenceNode):
        for position, value in enumerate(node.value):
            _index(value, (*path, position), lines, source, error)
