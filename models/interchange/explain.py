"""Turns a validation fault into one sentence, in English and Chinese, with its JSON path."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic_core import ErrorDetails

from models.errors import InvalidConversationError
from models.interchange.json_values import describe, json_path

_TYPES = {
    "string_type": ("a string", "字符串"),
    "int_type": ("a whole number", "整数"),
    "float_type": ("a number", "数字"),
    "bool_type": ("true or false", "true 或 false"),
    "list_type": ("a list", "列表"),
    "dict_type": ("an object", "对象"),
    "model_type": ("an object", "对象"),
    "model_attributes_type": ("an object", "对象"),
}
_TIMES = {
    "time_type": ("is not a time", "不是时间"),
    "time_format": ("is not an ISO 8601 time", "不是 ISO 8601 时间"),
    "time_impossible": ("does not exist in the calendar", "日历中不存在"),
    "time_naive": ("has no time zone", "没有时区"),
    "time_range": ("lies outside the years 1970 to 2999", "不在 1970–2999 年之间"),
}
_TIME_HINT = "write it like 2026-10-12T09:00:00+08:00 / 请写成 2026-10-12T09:00:00+08:00"


def explain(errors: list[ErrorDetails]) -> InvalidConversationError:
    """Return the error that tells the first of ``errors`` and how many follow."""
    first = errors[0]
    message_en, message_zh, hint = _sentence(first["type"], first.get("input"), first.get("ctx", {}), first)
    if len(errors) > 1:
        message_en += f" (and {len(errors) - 1} more)"
        message_zh += f"(另有 {len(errors) - 1} 处问题)"
    return InvalidConversationError(message_en, message_zh, hint=hint, location=json_path(first["loc"]))


def _sentence(kind: str, found: Any, context: Mapping[str, Any], error: ErrorDetails) -> tuple[str, str, str | None]:
    found_en, found_zh = describe(found)
    if kind == "missing":
        return "required field is missing", "缺少必填字段", None
    if kind in _TYPES:
        want_en, want_zh = _TYPES[kind]
        return f"found {found_en}, expected {want_en}", f"发现{found_zh},应为{want_zh}", None
    if kind == "int_from_float":
        return f"found {found_en}, expected a whole number", f"发现{found_zh},应为整数", None
    if kind in _TIMES:
        what_en, what_zh = _TIMES[kind]
        return f"{found_en} {what_en}", f"{found_zh} {what_zh}", _TIME_HINT
    if kind == "literal_error":
        allowed = str(context["expected"]).replace("'", "").replace(" or ", ", ")
        return f"found {found_en}, allowed: {allowed}", f"发现{found_zh},允许的值:{allowed}", None
    if kind == "string_too_long":
        length, limit = len(found), context["max_length"]
        return f"{length:,} characters, at most {limit:,} allowed", f"共 {length:,} 个字符,最多 {limit:,} 个", None
    if kind == "string_too_short":
        return "an empty string", "空字符串", "leave the field out / 请省略该字段"
    if kind == "too_short":
        return "an empty list, at least one entry needed", "空列表,至少需要一项", None
    if kind == "too_long":
        length, limit = len(found), context["max_length"]
        return f"{length:,} entries, at most {limit:,} allowed", f"共 {length:,} 项,最多 {limit:,} 项", None
    if kind in ("greater_than_equal", "less_than_equal"):
        bound, sign = (context["ge"], "≥") if kind == "greater_than_equal" else (context["le"], "≤")
        return f"found {found_en}, must be {sign} {bound}", f"发现{found_zh},必须 {sign} {bound}", None
    if kind == "identifier":
        return (
            f"{found_en} begins or ends with a blank or holds a control character",
            f"{found_zh} 首尾有空白或含控制字符",
            None,
        )
    if kind == "string_pattern_mismatch":
        return f"{found_en} is not a language tag such as zh or en-GB", f"{found_zh} 不是语言标签,例如 zh、en-GB", None
    return f"{found_en}: {error['msg']}", f"{found_zh}:{error['msg']}", None
