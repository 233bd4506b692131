"""What a schema cannot say of conditions: figures that count, fields that belong together, names that exist."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields

from models.documents import Problem
from models.domain.condition import Condition
from models.domain.playbook import Playbook
from models.scorers.compliance.consistency_of_cues import no_cue

_Where = tuple[str | int, ...]

_DEEPEST = 50
# Fields that mean something only beside another one.
_BELONGS = (
    ("by", "seen"),
    ("first", "seen"),
    ("last", "seen"),
    ("before", "seen"),
    ("after", "seen"),
    ("within", "after"),
    ("within_seconds", "after"),
    ("after_by", "after"),
    ("before_by", "before"),
    ("apart_from", "left_by"),
)
# Parts that have such a field themselves.
_INSIDE = {
    "by": ("order", "gap", "count", "repeated"),
    "first": ("count",),
    "last": ("count",),
    "after": ("gap",),
    "within": ("order", "repeated"),
    "within_seconds": ("order",),
    "apart_from": ("gap",),
}
# Numbers of messages, by part; and figures of which one limit must not pass the other.
_COUNTS = (
    ("order", ("within",)),
    ("count", ("first", "last")),
    ("repeated", ("within",)),
)
_LIMITS = (
    ("gap", "over", "under"),
    ("count", "at_least", "at_most"),
    ("sentiment", "above", "below"),
    ("csat", "above", "below"),
)


def condition_problems(condition: Condition, playbook: Playbook, where: _Where) -> Iterator[Problem]:
    """Yield what keeps a condition, or one that it is made of, from working."""
    for path, name in condition.cues():
        if name not in playbook.cues:
            yield no_cue((*where, *path), name)
    if condition.holds and condition.holds not in playbook.conditions:
        yield Problem(
            (*where, "holds"), f"there is no condition '{condition.holds}'", f"没有名为“{condition.holds}”的条件"
        )
    yield from _figures(condition, where)
    yield from _belonging(condition, where)
    if condition.conversation and not any(
        getattr(condition.conversation, one.name) for one in fields(condition.conversation)
    ):
        yield Problem((*where, "conversation"), "it asks for no attribute", "没有写任何属性")
    for field in ("all", "any", "none"):
        for place, part in enumerate(getattr(condition, field)):
            yield from condition_problems(part, playbook, (*where, field, place))
    if condition.least:
        for place, part in enumerate(condition.least.of):
            yield from condition_problems(part, playbook, (*where, "least", "of", place))


def _belonging(condition: Condition, where: _Where) -> Iterator[Problem]:
    """Yield the fields that nothing would read."""
    for field, owner in _BELONGS:
        if getattr(condition, field) and not getattr(condition, owner):
            inside = next((part for part in _INSIDE.get(field, ()) if getattr(condition, part)), None)
            yield Problem(
                (*where, field),
                f"'{field}' belongs to '{owner}'" + (f"; write it inside '{inside}'" if inside else ""),
                f"“{field}”只能与 {owner} 同用" + (f";请写在 {inside} 里面" if inside else ""),
            )
    if condition.pick != "first" and not condition.after:
        yield Problem((*where, "pick"), "'pick' belongs to 'after'", "“pick”只能与 after 同用")
    asked = condition.sentiment
    if asked and asked.direction and asked.measure != "end":
        yield Problem(
            (*where, "sentiment", "measure"),
            "'measure' belongs to 'below' and 'above', not to 'direction'",
            "“measure”只能与 below、above 同用,不能与 direction 同用",
        )


def circles(conditions: Mapping[str, Condition]) -> Iterator[Problem]:
    """Yield the named conditions that refer to themselves; without any, the one that too many others lead to."""
    names = {name: [one.holds for one in condition.walk() if one.holds] for name, condition in conditions.items()}
    circular = False
    for start in conditions:
        reached: set[str] = set()
        ahead = [*names[start]]
        while ahead:
            name = ahead.pop()
            if name in conditions and name not in reached:
                reached.add(name)
                ahead.extend(names[name])
        if start in reached:
            circular = True
            yield Problem(("conditions", start), f"condition '{start}' refers to itself", f"条件“{start}”引用了自身")
    ends = set(conditions)
    for _ in range(_DEEPEST):
        ends = {name for start in ends for name in names[start] if name in conditions}
    if ends and not circular:
        yield Problem(
            ("conditions", min(ends)),
            f"conditions hold each other {_DEEPEST} deep at most",
            f"条件最多嵌套引用 {_DEEPEST} 层",
        )


def _figures(condition: Condition, where: _Where) -> Iterator[Problem]:
    counted: list[tuple[_Where, int | None]] = [
        ((field,), getattr(condition, field)) for field in ("first", "last", "within")
    ]
    for owner, names in _COUNTS:
        if part := getattr(condition, owner):
            counted += [((owner, field), getattr(part, field)) for field in names]
    for path, count in counted:
        if count is not None and count < 1:
            yield Problem(
                (*where, *path), f"'{path[-1]}' counts messages: 1 or more", f"“{path[-1]}”是消息条数,至少为 1"
            )
    limits: list[tuple[_Where, float | None]] = [(("within_seconds",), condition.within_seconds)]
    if condition.order:
        limits.append((("order", "within_seconds"), condition.order.within_seconds))
    for path, seconds in limits:
        if seconds is not None and not 0 < seconds < 1e9:
            yield Problem((*where, *path), "a number of seconds over 0", "须为大于 0 的秒数")
    for owner, low, high in _LIMITS:
        part = getattr(condition, owner)
        least, most = (getattr(part, low), getattr(part, high)) if part else (None, None)
        if least is not None and most is not None and least > most:
            yield Problem((*where, owner), f"nothing lies between {least} and {most}", f"{least} 与 {most} 之间没有值")
    if condition.order:
        for field in ("first", "then"):
            if not getattr(condition.order, field):
                yield Problem((*where, "order", field), f"'{field}' names at least one cue", f"{field} 至少写一个线索")
    if condition.least and not 1 <= condition.least.count <= len(condition.least.of):
        yield Problem(
            (*where, "least", "count"),
            "'count' is at least 1 and at most the number of conditions in 'of'",
            "count 至少为 1,且不超过 of 中条件的个数",
        )
    if condition.repeated:
        if condition.repeated.times < 2:
            yield Problem((*where, "repeated", "times"), "'times' is 2 or more", "times 至少为 2")
        if condition.repeated.alike is not None and not 0 < condition.repeated.alike <= 1:
            yield Problem(
                (*where, "repeated", "alike"), "a similarity over 0, at most 1", "须为大于 0、不超过 1 的相似度"
            )
