"""Reads YAML documents people write (playbooks, rubrics) and says on which line something is wrong."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import TypeAdapter, ValidationError
from pydantic_core import ErrorDetails

from models.errors import AttuneError

MAX_BYTES = 2_000_000

M = TypeVar("M")

_MOST_SHOWN = 10
# What people get wrong most often; pydantic's own sentences are English only.
_CHINESE = {
    "missing": "缺少这一项",
    "extra_forbidden": "没有这一项,请检查拼写",
    "unexpected_keyword_argument": "没有这一项,请检查拼写",
    "string_type": "应为文字(必要时加引号)",
    "int_type": "应为整数",
    "int_parsing": "应为整数",
    "int_from_float": "应为整数",
    "float_type": "应为数字",
    "float_parsing": "应为数字",
    "bool_type": "应为 true 或 false",
    "bool_parsing": "应为 true 或 false",
    "tuple_type": "应为列表",
    "list_type": "应为列表",
    "dict_type": "应为映射(键: 值)",
    "mapping_type": "应为映射(键: 值)",
    "dataclass_type": "应为映射(键: 值)",
    "model_type": "应为映射(键: 值)",
    "literal_error": "只能是 {expected}",
}


@dataclass(frozen=True, slots=True)
class Document:
    """A parsed YAML mapping with the line (1-based) of every path in it.

    Attributes:
        source: File or other name.
        data: Plain values.
        lines: By path.
        origins: For what was merged in from elsewhere: the document and the path that it stands at there.
    """

    source: str
    data: dict[str, Any]
    lines: Mapping[tuple[str | int, ...], int]
    origins: Mapping[tuple[str | int, ...], tuple[Document, tuple[str | int, ...]]] = field(default_factory=dict)

    @property
    def hash(self) -> str:
        """Return the sha256 of the content; comments, key order and layout do not count."""
        return document_hash(self.data)

    def where(self, path: Sequence[str | int]) -> str:
        """Return ``file:line (path)`` of ``path`` or of its nearest existing parent."""
        nearest = tuple(path)
        for length in range(len(nearest), 0, -1):
            if found := self.origins.get(nearest[:length]):
                origin, there = found
                return origin.where((*there, *nearest[length:]))
        while nearest and nearest not in self.lines:
            nearest = nearest[:-1]
        dotted = "$" + "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)
        return f"{self.source}:{self.lines.get(nearest, 1)} ({dotted})"


@dataclass(frozen=True, slots=True)
class Problem:
    """Something wrong at ``path`` of a document, said in both languages."""

    path: tuple[str | int, ...]
    en: str
    zh: str


class _AliasError(Exception):
    """An alias stands on this line (1-based)."""

    def __init__(self, line: int) -> None:
        super().__init__(line)
        self.line = line


class _Loader(yaml.SafeLoader):
    """Builds plain values only, and refuses aliases: a few nested ones grow some lines into gigabytes."""

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        """Compose the next node."""
        if self.check_event(yaml.AliasEvent):
            raise _AliasError(self.peek_event().start_mark.line + 1)  # type: ignore[no-untyped-call]
        return super().compose_node(parent, index)


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
            hint="Save it as UTF-8 / 请另存为 UTF-8",
        ) from failure
    return parse_document(text, str(path), error)


def parse_document(text: str, source: str, error: type[AttuneError]) -> Document:
    """Parse YAML text; see ``read_document``."""
    try:
        loader = _Loader(text)
        root = loader.get_single_node()
        data = loader.construct_document(root) if root is not None else None
    except _AliasError as failure:
        raise error(
            "YAML aliases (*name) are not supported.",
            "不支持 YAML 别名(*name)。",
            location=f"{source}:{failure.line}",
        ) from failure
    except (yaml.YAMLError, RecursionError, ValueError) as failure:
        mark = getattr(failure, "problem_mark", None)
        problem = getattr(failure, "problem", None) or " ".join(str(failure).split())
        if isinstance(failure, RecursionError):
            problem = "it is nested too deeply"
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


def validate_document(document: Document, schema: type[M], error: type[AttuneError], hint: str | None = None) -> M:
    """Return the document as ``schema`` (a pydantic model or a dataclass).

    Raises:
        AttuneError: Of class ``error``; names line, path and reason of every problem.
    """
    try:
        return TypeAdapter(schema).validate_python(document.data)
    except ValidationError as failure:
        raise refusal(document, [_problem(item) for item in failure.errors()], error, hint) from failure


def refusal(
    document: Document, problems: Sequence[Problem], error: type[AttuneError], hint: str | None = None
) -> AttuneError:
    """Return the error that says where and what each of ``problems`` (at least one) is; its location is the first's."""
    if len(problems) == 1:
        failure = error(problems[0].en, problems[0].zh, location=document.where(problems[0].path), hint=hint)
    else:
        shown = problems[:_MOST_SHOWN]
        more = len(problems) - len(shown)
        english = "; ".join(f"{document.where(one.path)}: {one.en}" for one in shown)
        chinese = ";".join(f"{document.where(one.path)}:{one.zh}" for one in shown)
        failure = error(
            f"{len(problems)} problem(s): {english}" + (f"; and {more} more" if more else ""),
            f"{len(problems)} 处问题:{chinese}" + (f";另有 {more} 处" if more else ""),
            location=document.where(shown[0].path),
            hint=hint,
        )
    failure.problems = tuple((document.where(one.path), one.en, one.zh) for one in problems)
    return failure


def _problem(item: ErrorDetails) -> Problem:
    reason = item["msg"].removeprefix("Value error, ")
    chinese = _CHINESE.get(item["type"], "").replace("{expected}", str(item.get("ctx", {}).get("expected", "")))
    return Problem(item["loc"], reason, chinese or f"不符合格式({reason})")


def _index(
    node: yaml.Node,
    path: tuple[str | int, ...],
    lines: dict[tuple[str | int, ...], int],
    source: str,
    error: type[AttuneError],
) -> None:
    lines.setdefault(path, node.start_mark.line + 1)
    if isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, value in node.value:
            line = key.start_mark.line + 1
            name = str(key.value)
            _refuse_half_characters(name, f"{source}:{line}", error)
            if name in seen:
                raise error(f'The key "{name}" stands twice.', f"键“{name}”重复。", location=f"{source}:{line}")
            seen.add(name)
            lines[(*path, name)] = line  # the key's: a long value starts a line later
            _index(value, (*path, name), lines, source, error)
    elif isinstance(node, yaml.SequenceNode):
        for position, value in enumerate(node.value):
            _index(value, (*path, position), lines, source, error)
    else:
        _refuse_half_characters(node.value, f"{source}:{node.start_mark.line + 1}", error)


def _refuse_half_characters(text: str, location: str, error: type[AttuneError]) -> None:
    """Refuse lone surrogates, which an escape can write and nothing can store."""
    try:
        text.encode()
    except UnicodeEncodeError as failure:
        raise error(
            "A text holds half a character (a lone surrogate).", "文字里有半个字符(孤立的代理项)。", location=location
        ) from failure
