"""What a playbook's schema cannot say: ids, figures, dates, tests, and that a check's kind fits what it looks for."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date, datetime

from models.documents import Problem
from models.domain.condition import Condition
from models.domain.playbook import Check, Effective, Playbook, PlaybookTest
from models.errors import InvalidConversationError
from models.scorers.compliance.consistency_of_conditions import circles, condition_problems
from models.scorers.compliance.consistency_of_cues import cue_problems
from models.scorers.compliance.vectors import conversation_of

_Where = tuple[str | int, ...]

_PLAYBOOK_ID = re.compile(r"[a-z][a-z0-9-]{0,63}")
_CHECK_ID = re.compile(r"[a-z][a-z0-9_]{0,63}")
MOST_CHECKS = 2_000


def contradictions(playbook: Playbook) -> list[Problem]:
    """Return everything that keeps a playbook from working, in the order of its fields; empty for a good one."""
    return [
        *_head(playbook),
        *_checks(playbook),
        *(problem for name, cue in playbook.cues.items() for problem in cue_problems(name, cue, playbook)),
        *circles(playbook.conditions),
        *(
            problem
            for name, condition in playbook.conditions.items()
            for problem in condition_problems(condition, playbook, ("conditions", name))
        ),
        *(
            problem
            for place, test in enumerate(playbook.tests)
            for problem in _test(test, playbook, None, ("tests", place))
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
    if playbook.version >= 2**31:
        yield Problem(("version",), f"a version is below {2**31}", f"version 应小于 {2**31}")
    if not 1 <= len(playbook.checks) <= MOST_CHECKS:
        yield Problem(("checks",), f"a playbook has 1 to {MOST_CHECKS} checks", f"检查项应有 1 至 {MOST_CHECKS} 个")
    yield from _effective(playbook.effective)


def _effective(effective: Effective) -> Iterator[Problem]:
    for name, day in (("from", effective.since), ("until", effective.until)):
        if isinstance(day, datetime) and day.tzinfo is None:
            yield Problem(
                ("effective", name),
                "a time of day needs its zone, as 2026-12-01T00:00:00+08:00; or give the date only",
                "带时刻的时间须注明时区,如 2026-12-01T00:00:00+08:00;或只写日期",
            )
    first, last = (_day(day) for day in (effective.since, effective.until))
    if first and last and last < first:
        yield Problem(("effective", "until"), "'until' lies before 'from'", "until 早于 from")


def _day(day: date | datetime | None) -> date | None:
    return day.date() if isinstance(day, datetime) else day


def _checks(playbook: Playbook) -> Iterator[Problem]:
    seen: set[str] = set()
    for place, check in enumerate(playbook.checks):
        where: _Where = ("checks", place)
        if not _CHECK_ID.fullmatch(check.id):
            yield Problem(
                (*where, "id"),
                f"'{check.id}' is no id: a lower-case letter, then at most 63 letters, digits and underscores",
                f"“{check.id}”不能作 id:须以小写字母开头,其后最多 63 个小写字母、数字或下划线",
            )
        if check.id in seen:
            yield Problem((*where, "id"), f"check '{check.id}' is there twice", f"检查项“{check.id}”重复")
        seen.add(check.id)
        for field, condition in check.conditions:
            yield from condition_problems(condition, playbook, (*where, field))
        yield from _kind(check, playbook.conditions, where)
        for number, test in enumerate(check.tests):
            yield from _test(test, playbook, check, (*where, "tests", number))


def _kind(check: Check, conditions: Mapping[str, Condition], where: _Where) -> Iterator[Problem]:
    """Check that a check asks for what its kind promises."""
    if check.kind in ("ordered", "timed"):
        asked = list(_reached(check.look_for, conditions))
        ordered = any(one.order for one in asked)
        timed = any(one.gap or one.within_seconds or (one.order and one.order.within_seconds) for one in asked)
        if not (ordered if check.kind == "ordered" else timed):
            wanted = "'order'" if check.kind == "ordered" else "'gap' or 'within_seconds'"
            yield Problem(
                (*where, "look_for"),
                f"a check of kind '{check.kind}' looks for a condition with {wanted}",
                f"类型为 {check.kind} 的检查项,look_for 中须有 {wanted.replace(' or ', ' 或 ')}",
            )
    if check.say_instead and check.kind != "forbidden":
        yield Problem(
            (*where, "say_instead"), "'say_instead' is for forbidden checks", "“say_instead”只用于 forbidden 检查项"
        )


def _reached(condition: Condition, conditions: Mapping[str, Condition]) -> Iterator[Condition]:
    seen: set[str] = set()
    ahead = [condition]
    while ahead:
        for one in ahead.pop().walk():
            yield one
            if one.holds and one.holds in conditions and one.holds not in seen:
                seen.add(one.holds)
                ahead.append(conditions[one.holds])


def _test(test: PlaybookTest, playbook: Playbook, check: Check | None, where: _Where) -> Iterator[Problem]:
    if check and not isinstance(test.expect, str):
        yield Problem((*where, "expect"), "a check's test expects one verdict", "检查项自己的测试只写一个预期结论")
    if not check and isinstance(test.expect, str):
        yield Problem(
            (*where, "expect"),
            "a playbook's test expects verdicts by check: {greeting: pass}",
            "手册的测试按检查项写预期结论:{greeting: pass}",
        )
    if not isinstance(test.expect, str):
        known = {one.id for one in playbook.checks}
        for name in test.expect:
            if name not in known:
                yield Problem((*where, "expect", name), f"there is no check '{name}'", f"没有名为“{name}”的检查项")
    try:
        conversation_of(test)
    except InvalidConversationError as error:
        at = (error.location or "$").removeprefix("$").lstrip(".")
        yield Problem((*where, "attributes", *([at] if at else [])), error.message_en, error.message_zh)
    except ValueError as error:
        place, english, chinese = error.args
        yield Problem((*where, "turns", place), english, chinese)
