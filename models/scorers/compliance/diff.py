"""How two playbooks differ in what they mean: layout, order of keys and comments do not count."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from datetime import date
from typing import Any, Literal

from models.domain.playbook import Bilingual, Check, Playbook
from models.scorers.compliance.uses import Part, PartKind, uses_of

How = Literal["added", "removed", "changed"]

_HEAD = ("id", "version", "title", "scope", "effective")


@dataclass(frozen=True, slots=True)
class Change:
    """One field that differs.

    Attributes:
        field: Its path, e.g. ``look_for.within``; empty for the whole.
        before: JSON-ready; ``None`` where it was not there.
        after: JSON-ready; ``None`` where it is gone.
        added: For lists: what is new in it; ``before`` and ``after`` are ``None`` then.
        removed: For lists: what is gone from it.
    """

    field: str
    before: Any = None
    after: Any = None
    added: tuple[Any, ...] = ()
    removed: tuple[Any, ...] = ()


@dataclass(frozen=True, slots=True)
class PartChange:
    """A word, cue or condition that differs."""

    kind: PartKind
    name: str
    how: How
    changes: tuple[Change, ...] = ()


@dataclass(frozen=True, slots=True)
class CheckChange:
    """A check that differs.

    Attributes:
        id: Of the check.
        title: For people.
        how: ``changed`` also where nothing but what it rests on has changed.
        changes: In its own fields.
        through: The changed parts that it rests on, as ``cue greet``.
        tests: How many test vectors were added and removed.
    """

    id: str
    title: Bilingual
    how: How
    changes: tuple[Change, ...] = ()
    through: tuple[str, ...] = ()
    tests: tuple[int, int] = (0, 0)


@dataclass(frozen=True, slots=True)
class PlaybookDiff:
    """Everything that differs; ``before`` and ``after`` are ``id@version``."""

    before: str
    after: str
    same: bool
    head: tuple[Change, ...]
    checks: tuple[CheckChange, ...]
    parts: tuple[PartChange, ...]
    reordered: bool


def diff(before: Playbook, after: Playbook) -> PlaybookDiff:
    """Return how ``after`` differs from ``before``; verdicts are the same wherever ``same`` is true."""
    parts = tuple(_parts(before, after))
    head = tuple(change for name in _HEAD for change in _compare(getattr(before, name), getattr(after, name), name))
    checks = tuple(_checks(before, after, {Part(part.kind, part.name) for part in parts}))
    old = [check.id for check in before.checks]
    new = [check.id for check in after.checks]
    stayed = [name for name in old if name in new] != [name for name in new if name in old]
    return PlaybookDiff(
        before=f"{before.id}@{before.version}",
        after=f"{after.id}@{after.version}",
        same=not (head or checks or parts or stayed),
        head=head,
        checks=checks,
        parts=parts,
        reordered=stayed,
    )


def _checks(before: Playbook, after: Playbook, changed: set[Part]) -> Iterator[CheckChange]:
    old = {check.id: check for check in before.checks}
    new = {check.id: check for check in after.checks}
    rests_old, rests_new = uses_of(before), uses_of(after)
    for check in after.checks:
        if check.id not in old:
            yield CheckChange(check.id, check.title, "added", tests=(len(check.tests), 0))
            continue
        changes = tuple(_in_check(old[check.id], check))
        # What it no longer rests on, or rests on only now, shows in its own fields.
        through = sorted(changed & rests_old[check.id] & rests_new[check.id])
        tests = _moved(old[check.id].tests, check.tests)
        if changes or through or any(tests):
            yield CheckChange(check.id, check.title, "changed", changes, tuple(str(part) for part in through), tests)
    for check in before.checks:
        if check.id not in new:
            yield CheckChange(check.id, check.title, "removed", tests=(0, len(check.tests)))


def _in_check(old: Check, new: Check) -> Iterator[Change]:
    for field in fields(Check):
        if field.name not in ("id", "tests"):
            yield from _compare(getattr(old, field.name), getattr(new, field.name), field.name)


def _parts(before: Playbook, after: Playbook) -> Iterator[PartChange]:
    kinds: Sequence[tuple[PartKind, Mapping[str, Any], Mapping[str, Any]]] = (
        ("word", before.words, after.words),
        ("cue", before.cues, after.cues),
        ("condition", before.conditions, after.conditions),
    )
    for kind, old, new in kinds:
        for name in sorted({*old, *new}):
            if name not in old:
                yield PartChange(kind, name, "added")
            elif name not in new:
                yield PartChange(kind, name, "removed")
            elif old[name] != new[name]:
                yield PartChange(kind, name, "changed", tuple(_compare(old[name], new[name], "")))


def _moved(old: Sequence[Any], new: Sequence[Any]) -> tuple[int, int]:
    return sum(one not in old for one in new), sum(one not in new for one in old)


def _compare(old: Any, new: Any, where: str) -> Iterator[Change]:
    if old == new:
        return
    if is_dataclass(old) and is_dataclass(new):
        for field in fields(old):
            yield from _compare(getattr(old, field.name), getattr(new, field.name), _below(where, field.name))
    elif isinstance(old, Mapping) and isinstance(new, Mapping):
        for key in sorted({*old, *new}):
            yield from _compare(old.get(key), new.get(key), _below(where, key))
    elif isinstance(old, (list, tuple)) and isinstance(new, (list, tuple)):
        yield from _compare_lists(old, new, where)
    else:
        yield Change(where, plain(old), plain(new))


def _compare_lists(old: Sequence[Any], new: Sequence[Any], where: str) -> Iterator[Change]:
    if len(old) == len(new) and all(is_dataclass(one) for one in (*old, *new)):
        for place, (one, other) in enumerate(zip(old, new, strict=True)):
            yield from _compare(one, other, f"{where}[{place}]")
        return
    added = tuple(plain(one) for one in new if one not in old)
    removed = tuple(plain(one) for one in old if one not in new)
    if added or removed:
        yield Change(where, added=added, removed=removed)
    else:
        yield Change(where, plain(old), plain(new))  # the order, or how often


def _below(where: str, name: str) -> str:
    return f"{where}.{name}" if where else name


def plain(value: Any) -> Any:
    """Return a part of a playbook as a file would say it: JSON values, without what is left at its default."""
    if is_dataclass(value) and not isinstance(value, type):
        given = {field.name: (getattr(value, field.name), field) for field in fields(value)}
        return {
            name: plain(item)
            for name, (item, field) in given.items()
            if item is not None and item != () and item != field.default
        }
    if isinstance(value, Mapping):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    return value.isoformat() if isinstance(value, date) else value
