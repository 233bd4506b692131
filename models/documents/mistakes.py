"""Words what pydantic refuses for people, in both languages: what is wrong, what was found, and what is allowed."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from models.documents.allowed import allowed_keys, probably
from models.documents.problem import Path, Problem

_MISSING = ("missing", "missing_argument")
_UNKNOWN = ("extra_forbidden", "unexpected_keyword_argument")
_KEY = "[key]"
_QUOTED = re.compile(r"'([^']*)'")
_MOST_CHARS = 40


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What should stand there: as ``should be …`` / ``应为…``; ``names`` where there are only so many."""

    en: str
    zh: str
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Mistake:
    """One of pydantic's errors, at a path of the document itself.

    Attributes:
        path: Without the labels that pydantic adds for the members of a union.
        item: The error.
        member: Whether it is only about one member of a union.
        of_key: Whether it is about the key and not about its value.
    """

    path: Path
    item: ErrorDetails
    member: bool
    of_key: bool


_TEXT = _Wanted("a text (a string; in quotes where it looks like something else)", "文字(必要时加引号)")
_INTEGER = _Wanted("an integer", "整数")
_NUMBER = _Wanted("a number", "数字")
_TRUTH = _Wanted("true or false (a boolean)", "true 或 false")
_LIST = _Wanted("a list", "列表")
_MAPPING = _Wanted("a mapping (key: value)", "映射(键: 值)")
_MOMENT = _Wanted(
    "a day such as 2026-12-01 or a moment such as 2026-12-01T08:00:00+08:00",
    "日期(如 2026-12-01)或时刻(如 2026-12-01T08:00:00+08:00)",
)

# By the beginning of pydantic's error type; the first that fits.
_KINDS: Sequence[tuple[str, _Wanted]] = (
    ("string_type", _TEXT),
    ("string_sub_type", _TEXT),
    ("string_unicode", _TEXT),
    ("invalid_key", _TEXT),
    ("int_", _INTEGER),
    ("float_", _NUMBER),
    ("decimal_", _NUMBER),
    ("finite_number", _Wanted("a finite number", "有限的数字")),
    ("bool_", _TRUTH),
    ("tuple_type", _LIST),
    ("list_type", _LIST),
    ("set_type", _LIST),
    ("frozen_set_type", _LIST),
    ("iterable_type", _LIST),
    ("dict_type", _MAPPING),
    ("mapping_type", _MAPPING),
    ("dataclass_type", _MAPPING),
    ("dataclass_exact_type", _MAPPING),
    ("model_type", _MAPPING),
    ("model_attributes_type", _MAPPING),
    ("arguments_type", _MAPPING),
    ("date", _MOMENT),
    ("timezone_", _MOMENT),
    ("time", _Wanted("a time such as 08:30", "时间(如 08:30)")),
    ("none_required", _Wanted("left out", "空")),
)

# Those whose words hang on their limits.
_LIMITS: Mapping[str, Callable[[Mapping[str, Any]], _Wanted]] = {
    "greater_than": lambda of: _Wanted(f"greater than {of['gt']}", f"大于 {of['gt']} 的数"),
    "greater_than_equal": lambda of: _Wanted(f"{of['ge']} or more", f"不小于 {of['ge']} 的数"),
    "less_than": lambda of: _Wanted(f"less than {of['lt']}", f"小于 {of['lt']} 的数"),
    "less_than_equal": lambda of: _Wanted(f"{of['le']} or less", f"不大于 {of['le']} 的数"),
    "multiple_of": lambda of: _Wanted(f"a multiple of {of['multiple_of']}", f"{of['multiple_of']} 的倍数"),
    "too_short": lambda of: _Wanted(f"a list of at least {of['min_length']}", f"至少 {of['min_length']} 项的列表"),
    "too_long": lambda of: _Wanted(f"a list of at most {of['max_length']}", f"至多 {of['max_length']} 项的列表"),
    "string_too_short": lambda of: _Wanted(
        f"a text of at least {of['min_length']} character(s)", f"至少 {of['min_length']} 个字符的文字"
    ),
    "string_too_long": lambda of: _Wanted(
        f"a text of at most {of['max_length']} characters", f"至多 {of['max_length']} 个字符的文字"
    ),
    "string_pattern_mismatch": lambda of: _Wanted(
        f"a text that matches {of['pattern']}", f"符合 {of['pattern']} 的文字"
    ),
    "literal_error": lambda of: _one_of(of["expected"]),
    "enum": lambda of: _one_of(of["expected"]),
    "union_tag_invalid": lambda of: _one_of(of["expected_tags"]),
}


def problems_of(
    failure: ValidationError, data: Any, schema: dict[str, Any], computed: Collection[str] = ()
) -> list[Problem]:
    """Return what pydantic refuses, one problem for each place.

    Args:
        failure: As raised.
        data: What was validated.
        schema: The JSON Schema of what it should be.
        computed: Keys at the top that no author writes.
    """
    mistakes = [_mistake(item, data) for item in failure.errors()]
    # What is wrong within a value that one member of a union takes tells more than that another one does not take it.
    inner = {mistake.path[:length] for mistake in mistakes for length in range(len(mistake.path))}
    groups: dict[tuple[Path, bool], list[_Mistake]] = {}
    for mistake in mistakes:
        if not (mistake.member and mistake.path in inner):
            groups.setdefault((mistake.path, mistake.of_key), []).append(mistake)
    return [_worded(path, group, data, schema, computed) for (path, _), group in groups.items()]


def found_beside(problem: Problem, data: Any) -> Problem:
    """Return the problem with the number or truth value that stands there, where its words do not tell it."""
    found, value = _look_up(data, problem.path)
    if not found or not isinstance(value, (bool, int, float)):
        return problem
    written = _said(value)[0]
    if re.search(rf"(?<![\w.]){re.escape(written)}(?![\w.])", problem.en):
        return problem
    return replace(problem, en=f"{problem.en} (found: {written})", zh=f"{problem.zh}(写的是 {written})")


def _mistake(item: ErrorDetails, data: Any) -> _Mistake:
    path: list[str | int] = []
    member = of_key = False
    for place, part in enumerate(item["loc"]):
        known = (isinstance(data, dict) and part in data) or (
            isinstance(data, list) and isinstance(part, int) and 0 <= part < len(data)
        )
        if part == _KEY:
            of_key = True
        elif known:
            path.append(part)
            data = data[part]
        elif place == len(item["loc"]) - 1 and item["type"] in _MISSING:
            path.append(part)
        else:
            member = True
    return _Mistake(tuple(path), item, member, of_key)


def _worded(
    path: Path, group: Sequence[_Mistake], data: Any, schema: dict[str, Any], computed: Collection[str]
) -> Problem:
    item = group[0].item
    kind, context = item["type"], item.get("ctx", {})
    if kind in _MISSING:
        return Problem(path, f"'{path[-1]}' is missing: it is required", f"缺少必填项“{path[-1]}”")
    if kind in _UNKNOWN:
        return _unknown_key(path, allowed_keys(schema, path[:-1]), computed)
    if kind == "value_error":
        return _own_words(path, context.get("error"))
    found_en, found_zh = _said(path[-1] if group[0].of_key and path else _look_up(data, path)[1])
    wanted = list(dict.fromkeys(one for mistake in group if (one := _wanted(mistake.item, path, schema)) is not None))
    if not wanted:
        return Problem(path, f"{item['msg']} (found: {found_en})", f"这里的值不被允许:{found_zh}")
    # Where one member of a union lists names and another takes a mapping, the names come nearer to a text.
    names = [name for one in wanted for name in one.names]
    near = probably(_look_up(data, path)[1], names)
    of_en, of_zh = ("the key ", "键") if group[0].of_key else ("", "")
    guess_en, guess_zh = (f"; did you mean '{near}'?", f";是否想写“{near}”?") if near else ("", "")
    return Problem(
        path,
        f"{of_en}should be {' or '.join(one.en for one in wanted)}, not {found_en}{guess_en}",
        f"{of_zh}应为{',或'.join(one.zh for one in wanted)},而不是 {found_zh}{guess_zh}",
    )


def _unknown_key(path: Path, allowed: Sequence[str], computed: Collection[str]) -> Problem:
    names = [name for name in allowed if len(path) > 1 or name not in computed]
    near = probably(path[-1], names)
    guess_en, guess_zh = (f"; did you mean '{near}'?", f";是否想写“{near}”?") if near else ("", "")
    list_en = f"; allowed: {', '.join(names)}" if names else ""
    list_zh = f";可用:{'、'.join(names)}" if names else ""
    return Problem(
        path, f"there is no '{path[-1]}' here{guess_en}{list_en}", f"没有这一项:“{path[-1]}”{guess_zh}{list_zh}"
    )


def _own_words(path: Path, error: Any) -> Problem:
    """Word a ``ValueError(english, chinese, field)`` of the schema's own; the last two may be missing."""
    given = [str(one) for one in getattr(error, "args", ())]
    english = given[0] if given else str(error)
    chinese = given[1] if len(given) > 1 else "不符合要求"
    return Problem((*path, *given[2:3]), english, chinese)


def _wanted(item: ErrorDetails, path: Path, schema: dict[str, Any]) -> _Wanted | None:
    kind = item["type"]
    if kind in _LIMITS:
        return _LIMITS[kind](item.get("ctx", {}))
    found = next((wanted for start, wanted in _KINDS if kind.startswith(start)), None)
    if found is _MAPPING and (keys := allowed_keys(schema, path)):
        return _Wanted(f"a mapping (key: value) of {', '.join(keys)}", f"映射(键: 值),可用的键:{'、'.join(keys)}")
    if found is _LIST and isinstance(item["input"], str) and len(item["input"]) <= _MOST_CHARS:
        return _Wanted(f"a list: [{item['input']}]", f"列表:[{item['input']}]")
    return found


def _one_of(expected: str) -> _Wanted:
    names = tuple(_QUOTED.findall(expected))
    quoted = [f"'{name}'" for name in names] or [expected]
    if len(quoted) == 1:
        return _Wanted(quoted[0], f" {quoted[0]}", names)
    return _Wanted(f"one of {', '.join(quoted)}", f" {'、'.join(quoted)} 之一", names)


def _look_up(data: Any, path: Path) -> tuple[bool, Any]:
    """Return whether something stands at a path, and what."""
    for part in path:
        in_list = isinstance(data, (list, tuple)) and isinstance(part, int) and 0 <= part < len(data)
        if not in_list and not (isinstance(data, dict) and part in data):
            return False, None
        data = data[part]
    return True, data


def _said(value: Any) -> tuple[str, str]:
    """Return a value as people would call it, in English and Chinese."""
    if value is None:
        return "nothing", "空值"
    if isinstance(value, bool):
        return str(value).lower(), str(value).lower()
    if isinstance(value, dict):
        return "a mapping", "映射"
    if isinstance(value, (list, tuple)):
        return (f"a list of {len(value)}", f"{len(value)} 项的列表") if value else ("an empty list", "空列表")
    if isinstance(value, date):
        return value.isoformat(), value.isoformat()
    if isinstance(value, str):
        line = " ".join(value.split())
        short = line if len(line) <= _MOST_CHARS else line[: _MOST_CHARS - 1] + "…"
        return f"'{short}'", f"“{short}”"
    return str(value), str(value)
