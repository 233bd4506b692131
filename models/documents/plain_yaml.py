"""Takes plain values only from YAML: texts, numbers, truth values, dates, lists and mappings with texts as keys."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any

import yaml

from models.documents.problem import Path, dotted

_STANDARD = "tag:yaml.org,2002:"
_PLAIN = {_STANDARD + name for name in ("str", "int", "float", "bool", "null", "timestamp", "map", "seq")}

# What PyYAML says most often, by a piece of its own sentence.
_CHINESE: Mapping[str, str] = {
    "mapping values are not allowed here": "这里不能出现“键: 值”(是否缺少换行、缩进,或文字中的冒号未加引号?)",
    "could not find expected ':'": "缺少冒号“:”",
    "expected ',' or ']'": "列表缺少“,”或“]”",
    "expected ',' or '}'": "映射缺少“,”或“}”",
    "expected <block end>": "缩进不一致,或引号、括号没有成对",
    "found character '\\t'": "不能用制表符缩进,请改用空格",
    "that cannot start any token": "有不能作为开头的字符(需要加引号)",
    "found unexpected end of stream": "文件提前结束(引号或括号没有成对?)",
    "found unknown escape character": "双引号中有未知的转义符(请改用单引号)",
    "but found another document": "只能有一个文档(多了“---”)",
    "special characters are not allowed": "含有不允许的控制字符",
    "nested too deeply": "嵌套过深",
    "sequence entries are not allowed here": "这里不能出现列表项“-”",
}


class AliasError(Exception):
    """An alias stands on this line (1-based)."""

    def __init__(self, line: int) -> None:
        """Remember the line."""
        super().__init__(line)
        self.line = line


class NotPlainError(Exception):
    """A value that is no plain one.

    Attributes:
        line: From 1.
        path: Where it stands, ``$.a[0]``, or empty where that tells nothing.
        en: What is the matter.
        zh: The same in Chinese.
    """

    def __init__(self, line: int, path: Path, en: str, zh: str) -> None:
        """Remember all of it."""
        super().__init__(en)
        self.line, self.path, self.en, self.zh = line, dotted(path) if path else "", en, zh


class PlainLoader(yaml.SafeLoader):
    """Builds plain values only, and refuses aliases: a few nested ones grow some lines into gigabytes."""

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        """Compose the next node."""
        if self.check_event(yaml.AliasEvent):
            raise AliasError(self.peek_event().start_mark.line + 1)  # type: ignore[no-untyped-call]
        return super().compose_node(parent, index)


def read_plain(text: str) -> tuple[Any, dict[Path, int]]:
    """Return the value of a YAML text and the line (1-based) of every path in it.

    Raises:
        yaml.YAMLError, RecursionError, ValueError: It is no YAML.
        AliasError: It holds an alias.
        NotPlainError: It holds something else than plain values, or a key twice.
    """
    loader = PlainLoader(text)
    root = loader.get_single_node()
    if root is None:
        return None, {}
    lines: dict[Path, int] = {}
    _look_over(root, (), lines, loader)
    return loader.construct_document(root), lines


def in_chinese(problem: str) -> str:
    """Return what a YAML parser's English sentence says, as far as it is known."""
    found = next((chinese for english, chinese in _CHINESE.items() if english in problem), None)
    return found or "语法错误(请检查缩进、引号和括号)"


def _look_over(node: yaml.Node, path: Path, lines: dict[Path, int], loader: PlainLoader) -> None:
    line = node.start_mark.line + 1
    lines.setdefault(path, line)
    if node.tag not in _PLAIN:
        name = node.tag.replace(_STANDARD, "!!")
        raise NotPlainError(
            line,
            path,
            f"Not valid YAML here: '{name}' is no plain value; allowed are texts, numbers, true or false, dates, "
            "lists and mappings",
            f"这里的 YAML 不合法:“{name}”不是普通值;只能用文字、数字、true 或 false、日期、列表和映射",
        )
    if isinstance(node, yaml.MappingNode):
        _look_over_keys(node, path, lines, loader)
    elif isinstance(node, yaml.SequenceNode):
        for position, value in enumerate(node.value):
            _look_over(value, (*path, position), lines, loader)
    elif isinstance(node, yaml.ScalarNode):
        _look_at_scalar(node, path, line, loader)


def _look_over_keys(node: yaml.MappingNode, path: Path, lines: dict[Path, int], loader: PlainLoader) -> None:
    seen: set[str] = set()
    for key, value in node.value:
        line = key.start_mark.line + 1
        if key.tag != _STANDARD + "str":
            written = f"'{key.value}'" if isinstance(key, yaml.ScalarNode) else "[…]" if _is_list(key) else "{…}"
            raise NotPlainError(
                line,
                path,
                f"A key is a text, not {written}: put it in quotes (or is a key missing before it?)",
                f"键应为文字,而不是 {written}:请加引号(或者前面缺少键?)",
            )
        name = str(key.value)
        _refuse_what_nothing_stores(name, line)
        if name in seen:
            raise NotPlainError(line, (), f'The key "{name}" stands twice.', f"键“{name}”重复。")
        seen.add(name)
        lines[(*path, name)] = line  # the key's: a long value starts a line later
        _look_over(value, (*path, name), lines, loader)


def _is_list(node: yaml.Node) -> bool:
    return isinstance(node, yaml.SequenceNode)


def _look_at_scalar(node: yaml.ScalarNode, path: Path, line: int, loader: PlainLoader) -> None:
    _refuse_what_nothing_stores(node.value, line)
    kind = node.tag.removeprefix(_STANDARD)
    if kind == "timestamp":
        try:
            loader.construct_yaml_timestamp(node)
        except ValueError:
            raise NotPlainError(
                line,
                path,
                f"There is no such day or time: {node.value}; write 2026-12-01, or 2026-12-01T08:00:00+08:00",
                f"没有这样的日期或时间:{node.value};请写成 2026-12-01 或 2026-12-01T08:00:00+08:00",
            ) from None
    elif kind in ("int", "float", "bool", "null"):
        try:
            value = loader.construct_object(node)
        except ValueError:
            raise NotPlainError(
                line,
                path,
                f"No number can be read from '{_short(node.value)}': write another, or put it in quotes",
                f"无法把“{_short(node.value)}”读作数字:请改正,或加引号作为文字",
            ) from None
        if isinstance(value, float) and not math.isfinite(value):
            raise NotPlainError(
                line,
                path,
                f"A number has to be a finite one, not {node.value}",
                f"数字必须是有限的,而不是 {node.value}",
            )


def _short(text: str) -> str:
    line = re.sub(r"\s+", " ", text)
    return line if len(line) <= 40 else line[:39] + "…"


def _refuse_what_nothing_stores(text: str, line: int) -> None:
    """Refuse lone surrogates and NUL, which an escape can write and no database can store."""
    if "\0" in text:
        raise NotPlainError(line, (), "A text holds a NUL character.", "文字里有空字符（NUL）。")
    try:
        text.encode()
    except UnicodeEncodeError:
        raise NotPlainError(
            line, (), "A text holds half a character (a lone surrogate).", "文字里有半个字符(孤立的代理项)。"
        ) from None
