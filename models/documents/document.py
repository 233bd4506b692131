"""A YAML document that somebody wrote, with the line of everything in it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import TypeAdapter, ValidationError

from models.documents.mistakes import found_beside, problems_of
from models.documents.plain_yaml import AliasError, NotPlainError, in_chinese, read_plain
from models.documents.problem import Problem, dotted
from models.errors import AttuneError

MAX_BYTES = 2_000_000

M = TypeVar("M")

_MOST_SHOWN = 10


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
        return f"{self.source}:{self.lines.get(nearest, 1)} ({dotted(tuple(path))})"


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
        data, lines = read_plain(text)
    except AliasError as failure:
        raise error(
            "YAML aliases (*name) are not supported.",
            "不支持 YAML 别名(*name)。",
            location=f"{source}:{failure.line}",
        ) from failure
    except NotPlainError as failure:
        where = f"{source}:{failure.line}" + (f" ({failure.path})" if failure.path else "")
        raise error(failure.en, failure.zh, location=where) from failure
    except (yaml.YAMLError, RecursionError, ValueError) as failure:
        mark = getattr(failure, "problem_mark", None)
        problem = getattr(failure, "problem", None) or " ".join(str(failure).split())
        if isinstance(failure, RecursionError):
            problem = "it is nested too deeply"
        raise error(
            f"Not valid YAML: {problem}.",
            f"不是合法的 YAML:{in_chinese(problem)}。",
            location=f"{source}:{mark.line + 1}" if mark else source,
        ) from failure
    if not isinstance(data, dict):
        raise error("The document must be a mapping (key: value).", "文档必须是映射(键: 值)。", location=f"{source}:1")
    return Document(source, data, lines)


def validate_document(
    document: Document,
    schema: type[M],
    error: type[AttuneError],
    hint: str | None = None,
    computed: Collection[str] = (),
) -> M:
    """Return the document as ``schema`` (a pydantic model or a dataclass).

    Args:
        document: Parsed.
        schema: What it has to be.
        error: To raise.
        hint: For the error.
        computed: Fields of the schema that no author writes.

    Raises:
        AttuneError: Of class ``error``; names line and path of every problem, what is wrong, and what is allowed.
    """
    kind: Any = schema  # hashable, as classes are
    adapter: TypeAdapter[M] = _adapter(kind)
    try:
        return adapter.validate_python(document.data)
    except ValidationError as failure:
        problems = problems_of(failure, document.data, _json_schema(kind), computed)
        raise refusal(document, problems, error, hint) from failure


@cache
def _adapter(schema: Any) -> TypeAdapter[Any]:
    return TypeAdapter(schema)


@cache
def _json_schema(schema: Any) -> dict[str, Any]:
    return _adapter(schema).json_schema()


def refusal(
    document: Document, problems: Sequence[Problem], error: type[AttuneError], hint: str | None = None
) -> AttuneError:
    """Return the error that says where and what each of ``problems`` (at least one) is; its location is the first's."""
    problems = [found_beside(one, document.data) for one in problems]
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
