"""What a playbook's schema cannot say: ids, figures, patterns that compile, and names that exist."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

import re2

from models.documents import Problem
from models.domain.acts import ACTS
from models.domain.playbook import Check, Condition, Cue, Playbook
from models.scorers.compliance.cues import expand, options

_Where = tuple[str | int, ...]

_PLAYBOOK_ID = re.compile(r"[a-z][a-z0-9-]{0,63}")
_CHECK_ID = re.compile(r"[a-z][a-z0-9_]{0,63}")
_MOST_CHECKS = 200
_BELONGS = (("within", "after"), ("after_by", "after"), ("before_by", "before"), ("apart_from", "left_by"))


def contradictions(playbook: Playbook) -> list[Problem]:
    """Return everything that keeps a playbook from working, in the order of its fields; empty for a good one."""
    return [
        *_head(playbook),
        *_checks(playbook),
        *(problem for name, cue in playbook.cues.items() for problem in _cue(name, cue, playbook)),
        *_circles(playbook.conditions),
        *(
            problem
            for name, condition in playbook.conditions.items()
            for problem in _condition(condition, playbook, ("conditions", name))
        ),
    ]


def _head(playbook: Playbook) -> Iterator[Problem]:
    if not _PLAYBOOK_ID.fullmatch(playbook.id):
        yield Problem(
            ("id",),
            "an id is a lower-case letter, then at most 63 letters, digits and hyphens",
            "id 以小写字母开头,其后最多 63 个小写字母、数字或连字符",
        )
    if playbook.version < 1:
        yield Problem(("version",), "a version is 1 or more", "version 至少为 1")
    if not 1 <= len(playbook.checks) <= _MOST_CHECKS:
        yield Problem(("checks",), f"a playbook has 1 to {_MOST_CHECKS} checks", f"检查项应有 1 至 {_MOST_CHECKS} 个")


def _checks(playbook: Playbook) -> Iterator[Problem]:
    ids = [check.id for check in playbook.checks]
    for place, check in enumerate(playbook.checks):
        where: _Where = ("checks", place)
        if not _CHECK_ID.fullmatch(check.id):
            yield Problem(
                (*where, "id"),
                f"'{check.id}' is no id: a lower-case letter, then at most 63 letters, digits and underscores",
                f"“{check.id}”不能作 id:须以小写字母开头,其后最多 63 个小写字母、数字或下划线",
            )
        if check.id in ids[:place]:
            yield Problem((*where, "id"), f"check '{check.id}' is there twice", f"检查项“{check.id}”重复")
        for field, condition in _conditions_of(check):
            yield from _condition(condition, playbook, (*where, field))


def _conditions_of(check: Check) -> Iterator[tuple[str, Condition]]:
    yield "look_for", check.look_for
    if check.applies:
        yield "applies", check.applies
    if check.decidable:
        yield "decidable", check.decidable


def _cue(name: str, cue: Cue, playbook: Playbook) -> Iterator[Problem]:
    where: _Where = ("cues", name)
    for field in ("include", "exclude"):
        for place, pattern in enumerate(getattr(cue, field)):
            if problem := _pattern(pattern, playbook.words, (*where, field, place)):
                yield problem
    if not cue.include:
        for field in ("exclude", "unless", "needs"):
            if getattr(cue, field):
                yield Problem((*where, field), f"'{field}' belongs to 'include'", f"“{field}”只能与 include 同用")
    if cue.backed_by and not (cue.include or cue.rest_of):
        yield Problem(
            (*where, "backed_by"),
            "'backed_by' belongs to 'include' or 'rest_of'",
            "“backed_by”只能与 include 或 rest_of 同用",
        )
    for field, act in (("act", cue.act), ("backed_by", cue.backed_by)):
        if act and act.name not in ACTS:
            yield Problem(
                (*where, field, "name"),
                f"there is no act '{act.name}'; there are {', '.join(ACTS)}",
                f"没有名为“{act.name}”的行为,可用:{'、'.join(ACTS)}",
            )
        if act and not 0 < act.least <= 1:
            yield Problem((*where, field, "least"), "a probability over 0, at most 1", "须为大于 0、不超过 1 的概率")
    others: list[tuple[_Where, str]] = [(("rest_of", place), other) for place, other in enumerate(cue.rest_of)]
    for field, guards in (("unless", cue.unless), ("needs", cue.needs)):
        others += [((field, place, "cue"), guard.cue) for place, guard in enumerate(guards)]
    for path, other in others:
        if other not in playbook.cues:
            yield _no_cue((*where, *path), other)
        elif not playbook.cues[other].include:
            yield Problem(
                (*where, *path),
                f"cue '{other}' has no patterns of its own, so it cannot be referred to here",
                f"线索“{other}”没有自己的模式,不能在这里引用",
            )


def _pattern(pattern: str, words: Mapping[str, str], where: _Where) -> Problem | None:
    try:
        compiled = re2.compile(expand(pattern, words), options())
    except KeyError as error:
        return Problem(where, f"there is no word {error} for '{pattern}'", f"“{pattern}”用到的 words 项 {error} 不存在")
    except (re2.error, ValueError) as error:
        detail = error.args[0] if isinstance(error, re2.error) else str(error)
        reason = detail.decode(errors="replace") if isinstance(detail, bytes) else str(detail)
        return Problem(where, f"'{pattern}' is no RE2 pattern: {reason}", f"“{pattern}”不是合法的 RE2 模式:{reason}")
    if compiled.search(""):
        return Problem(
            where, f"'{pattern}' matches the empty text, so it says nothing", f"“{pattern}”能匹配空文本,没有意义"
        )
    return None


def _condition(condition: Condition, playbook: Playbook, where: _Where) -> Iterator[Problem]:
    for field in ("seen", "before", "after", "apart_from"):
        for place, name in enumerate(getattr(condition, field)):
            if name not in playbook.cues:
                yield _no_cue((*where, field, place), name)
    if condition.holds and condition.holds not in playbook.conditions:
        yield Problem(
            (*where, "holds"), f"there is no condition '{condition.holds}'", f"没有名为“{condition.holds}”的条件"
        )
    for field in ("first", "last", "within"):
        count = getattr(condition, field)
        if count is not None and count < 1:
            yield Problem((*where, field), f"'{field}' counts messages: 1 or more", f"“{field}”是消息条数,至少为 1")
    for field, owner in _BELONGS:
        if getattr(condition, field) and not getattr(condition, owner):
            yield Problem((*where, field), f"'{field}' belongs to '{owner}'", f"“{field}”只能与 {owner} 同用")
    for field in ("all", "any", "none"):
        for place, part in enumerate(getattr(condition, field)):
            yield from _condition(part, playbook, (*where, field, place))


def _circles(conditions: Mapping[str, Condition]) -> Iterator[Problem]:
    def names(condition: Condition) -> Iterator[str]:
        if condition.holds:
            yield condition.holds
        for part in (*condition.all, *condition.any, *condition.none):
            yield from names(part)

    for start in conditions:
        reached: set[str] = set()
        ahead = [*names(conditions[start])]
        while ahead:
            name = ahead.pop()
            if name in conditions and name not in reached:
                reached.add(name)
                ahead.extend(names(conditions[name]))
        if start in reached:
            yield Problem(("conditions", start), f"condition '{start}' refers to itself", f"条件“{start}”引用了自身")


def _no_cue(where: _Where, name: str) -> Problem:
    return Problem(where, f"there is no cue '{name}'", f"没有名为“{name}”的线索")
