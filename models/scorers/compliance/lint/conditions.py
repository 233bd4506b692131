"""Conditions that say a thing twice, or never hold, and checks that ask the same."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from models.domain.condition import Condition
from models.domain.playbook import Check, Playbook
from models.scorers.compliance.lint.finding import Path, Warned
from models.scorers.compliance.scopes import meet

_NO_CUE = ("",)


def conditions(playbook: Playbook) -> Iterator[Warned]:
    """Yield what is said twice within a condition, and what can never hold."""
    for place, check in enumerate(playbook.checks):
        for field, condition in check.conditions:
            yield from _twice(condition, ("checks", place, field))
        yield from _foregone(check, ("checks", place))
    for name, condition in playbook.conditions.items():
        yield from _twice(condition, ("conditions", name))


def opposed_checks(playbook: Playbook) -> Iterator[Warned]:
    """Yield checks that can only be passed with cues that another one forbids the same speaker, wherever they stand."""
    barred = [
        check
        for check in playbook.checks
        if check.kind == "forbidden"
        and check.applies is None
        and check.look_for == Condition(seen=check.look_for.seen or _NO_CUE)
    ]
    for place, check in enumerate(playbook.checks):
        wanted = set(check.look_for.seen)
        if check.kind == "forbidden" or not wanted:
            continue
        for other in barred:
            same = check.speaker == other.speaker == (check.look_for.by or check.speaker)
            exactly = (check.look_for, check.speaker) == (other.look_for, other.speaker)  # told by ``same_checks``
            if same and wanted <= set(other.look_for.seen) and meet(check.scope, other.scope) and not exactly:
                yield Warned(
                    "contradictory",
                    ("checks", place, "look_for"),
                    f"whatever passes '{check.id}' fails '{other.id}', which forbids {_listed(check.look_for.seen)}",
                    f"只要通过“{check.id}”就会触犯“{other.id}”:后者禁止 {_listed(check.look_for.seen)}",
                )


def sureness(playbook: Playbook) -> Iterator[Warned]:
    """Yield verdicts that are never given, because they are never as sure as ``abstain_below`` asks."""
    for place, check in enumerate(playbook.checks):
        for verdict, most in (("pass", check.confidence.passed), ("fail", check.confidence.failed)):
            if most < check.abstain_below:
                yield Warned(
                    "always-abstains",
                    ("checks", place, "abstain_below"),
                    f"'{check.id}' never says {verdict}: its confidence is {most:g} at most, and below "
                    f"{check.abstain_below:g} it abstains",
                    f"“{check.id}”永远不会判定 {verdict}:其置信度最高 {most:g},而低于 {check.abstain_below:g} "
                    "时不作判定",
                )


def same_checks(playbook: Playbook) -> Iterator[Warned]:
    """Yield checks that ask what another one asks, or forbid what it requires."""
    for place, check in enumerate(playbook.checks):
        for other in playbook.checks[:place]:
            if (check.look_for, check.speaker) != (other.look_for, other.speaker):
                continue
            where: Path = ("checks", place, "look_for")
            if (check.kind == "forbidden") != (other.kind == "forbidden"):
                if check.applies in (None, other.applies) or other.applies is None:
                    yield Warned(
                        "contradictory",
                        where,
                        f"'{check.id}' and '{other.id}' look for the same; one forbids what the other requires",
                        f"“{check.id}”与“{other.id}”条件相同,但一个禁止、一个要求",
                    )
            elif (check.applies, check.scope, check.decidable) == (other.applies, other.scope, other.decidable):
                yield Warned(
                    "same-check-twice",
                    where,
                    f"'{check.id}' asks the same as '{other.id}'",
                    f"“{check.id}”与“{other.id}”的条件完全相同",
                )


def _foregone(check: Check, where: Path) -> Iterator[Warned]:
    if check.applies is not None and check.applies in (
        check.look_for,
        replace(check.look_for, by=check.look_for.by or check.speaker) if check.look_for.seen else None,
    ):
        yield Warned(
            "foregone",
            (*where, "applies"),
            f"'{check.id}' applies only where what it looks for is there: the verdict is certain",
            f"“{check.id}”仅在已满足条件时才适用,判定没有悬念",
        )


def _twice(condition: Condition, where: Path) -> Iterator[Warned]:
    for field in ("all", "any", "none"):
        parts: Sequence[Condition] = getattr(condition, field)
        yield from _siblings(parts, (*where, field), either=field != "all")
        for place, part in enumerate(parts):
            yield from _twice(part, (*where, field, place))
    if condition.least:
        for place, part in enumerate(condition.least.of):
            yield from _twice(part, (*where, "least", "of", place))
        yield from _siblings(condition.least.of, (*where, "least", "of"), either=False)
    for place, name in enumerate(condition.seen):
        if name in condition.seen[:place]:
            yield _said_twice((*where, "seen", place), f"'{name}'")
    if condition.all:
        for place, part in enumerate(condition.all):
            if any(other in part.none for other in condition.all):
                yield Warned(
                    "never-holds",
                    (*where, "all", place),
                    "never holds: it denies what stands beside it",
                    "永远不成立:它否定了并列的条件",
                )


def _siblings(parts: Sequence[Condition], where: Path, *, either: bool) -> Iterator[Warned]:
    for place, part in enumerate(parts):
        for other_place, other in enumerate(parts):
            if part == other and other_place < place:
                yield _said_twice((*where, place), "the condition")
                break
            if either and part != other and _within(part, other):
                yield Warned(
                    "contained",
                    (*where, place),
                    f"adds nothing: the condition at place {other_place + 1} holds wherever it does",
                    f"是多余的:只要它成立,第 {other_place + 1} 个条件也成立",
                )
                break


def _within(part: Condition, other: Condition) -> bool:
    """Tell whether ``other`` holds wherever ``part`` does, as both see cues in the same messages."""
    if not part.seen or not set(part.seen) <= set(other.seen):
        return False
    return replace(part, seen=other.seen) == other


def _said_twice(where: Path, what: str) -> Warned:
    chinese = "条件" if what == "the condition" else what
    return Warned("said-twice", where, f"{what} stands here twice", f"{chinese}重复")


def _listed(names: Sequence[str]) -> str:
    return ", ".join(f"'{name}'" for name in names)
