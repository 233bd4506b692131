"""What a JSON value may be before anything is read from it, and how to name it to a person."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from typing import Any

from models.errors import InvalidConversationError

MAX_DEPTH = 32
MAX_INTEGER = 2**63 - 1
_PLAIN_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")
_QUOTED_CHARACTERS = 40
SYNTAX_ERRORS_ZH = {  # the messages of the standard library's decoder
    "Expecting value": "此处应有一个值",
    "Expecting property name enclosed in double quotes": "此处应有双引号括起的键名",
    "Expecting ':' delimiter": "此处应为冒号",
    "Expecting ',' delimiter": "此处应为逗号",
    "Illegal trailing comma before end of object": "对象末尾多了一个逗号",
    "Illegal trailing comma before end of array": "数组末尾多了一个逗号",
    "Unterminated string starting": "字符串没有结束的引号",
    "Invalid control character": "字符串中有控制字符",
    "Invalid \\escape": "无效的转义",
    "Invalid \\uXXXX escape": "无效的 \\uXXXX 转义",
    "Extra data": "JSON 对象之后还有多余内容",
}


def json_path(steps: Iterable[str | int]) -> str:
    """Return the JSON path of ``steps`` from the root, e.g. ``$.turns[3].role``."""
    path = "$"
    for step in steps:
        if isinstance(step, int):
            path += f"[{step}]"
        elif _PLAIN_KEY.match(step):
            path += f".{step}"
        else:
            path += f"[{_quoted(step)}]"
    return path


def describe(value: Any) -> tuple[str, str]:
    """Name ``value`` shortly, in English and Chinese: its kind, and what it says where that is short."""
    if value is None:
        return "null", "null"
    if isinstance(value, bool):
        return str(value).lower(), str(value).lower()
    if isinstance(value, str):
        return f"the string {_quoted(value)}", f"字符串 {_quoted(value)}"
    if isinstance(value, int | float):
        shown = repr(value) if not isinstance(value, int) or abs(value) <= MAX_INTEGER else "of more than 63 bits"
        return f"the number {shown}", f"数字 {shown}"
    if isinstance(value, Mapping):
        return "an object", "一个对象"
    if isinstance(value, list):
        return f"a list of {len(value)}", f"一个含 {len(value)} 项的列表"
    return f"a Python {type(value).__name__}", f"Python 类型 {type(value).__name__}"


def check_json_value(value: Any) -> None:
    """Refuse what no JSON text or database column can hold, wherever it hides.

    Raises:
        InvalidConversationError: NUL characters, lone surrogates, NaN or infinite numbers, integers beyond 64 bits,
            nesting deeper than ``MAX_DEPTH``, keys or values that are no JSON.
    """
    pending: list[tuple[tuple[str | int, ...], Any]] = [((), value)]
    while pending:
        steps, item = pending.pop()
        if len(steps) > MAX_DEPTH:
            _refuse(steps[:4], f"nested deeper than {MAX_DEPTH} levels", f"嵌套超过 {MAX_DEPTH} 层")
        if isinstance(item, str):
            _check_text(steps, item)
        elif isinstance(item, Mapping):
            for key in item:
                if not isinstance(key, str):
                    _refuse(steps, f"the key {key!r} is not a string", f"键 {key!r} 不是字符串")
                _check_text(steps, key)
            # Reversed, so that the first fault in document order is the one that is told.
            pending.extend(((*steps, key), child) for key, child in reversed(list(item.items())))
        elif isinstance(item, list):
            pending.extend(((*steps, index), item[index]) for index in range(len(item) - 1, -1, -1))
        elif isinstance(item, float):
            if not math.isfinite(item):
                _refuse(steps, f"{item} is not a JSON number", f"{item} 不是合法的 JSON 数字")
        elif isinstance(item, int):
            if abs(item) > MAX_INTEGER:
                _refuse(
                    steps, "an integer of more than 64 bits", "整数超过 64 位", "write it as a string / 请写成字符串"
                )
        elif item is not None:
            found_en, found_zh = describe(item)
            _refuse(steps, f"found {found_en}, which is no JSON value", f"发现 {found_zh},不是 JSON 值")


def _check_text(steps: tuple[str | int, ...], text: str) -> None:
    if "\x00" in text:
        at = text.index("\x00")
        _refuse(
            steps, f"character {at + 1} is a NUL character", f"第 {at + 1} 个字符是 NUL", "remove it / 请删除该字符"
        )
    if text.isascii():
        return
    try:
        text.encode()
    except UnicodeEncodeError as error:
        _refuse(
            steps,
            f"character {error.start + 1} is half of a surrogate pair (a broken character)",
            f"第 {error.start + 1} 个字符是不成对的代理码位(损坏的字符)",
            "export the text again without cutting characters in two / 请重新导出,避免截断字符",
        )


def _refuse(steps: Iterable[str | int], message_en: str, message_zh: str, hint: str | None = None) -> None:
    printable = [step if isinstance(step, int) else step.encode("utf-8", "replace").decode() for step in steps]
    raise InvalidConversationError(message_en, message_zh, hint=hint, location=json_path(printable))


def _quoted(text: str) -> str:
    shown = text if len(text) <= _QUOTED_CHARACTERS else text[:_QUOTED_CHARACTERS] + "…"
    shown = shown.encode("utf-8", "replace").decode()  # half a character can be neither printed nor sent
    return '"' + shown.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'
