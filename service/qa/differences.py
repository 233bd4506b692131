"""Where two JSON values differ."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Difference:
    """One path at which two score bundles differ; ``None`` also where one of them has nothing there.

    ``path`` names the items of a list by their ``id`` or ``turn`` where they have one, e.g.
    ``qa.criteria[greeting].points``.
    """

    path: str
    stored: Any
    recomputed: Any


def differences(stored: Any, recomputed: Any, path: str = "") -> Iterator[Difference]:
    """Yield the deepest paths at which two JSON values differ, in the order of the first."""
    if isinstance(stored, Mapping) and isinstance(recomputed, Mapping):
        for key in dict.fromkeys((*stored, *recomputed)):
            below = f"{path}.{key}" if path else str(key)
            yield from differences(stored.get(key), recomputed.get(key), below)
    elif _is_list(stored) and _is_list(recomputed):
        one, other = _by_name(stored), _by_name(recomputed)
        for name in dict.fromkeys((*one, *other)):
            yield from differences(one.get(name), other.get(name), f"{path}[{name}]")
    elif stored != recomputed or isinstance(stored, bool) != isinstance(recomputed, bool):
        yield Difference(path, stored, recomputed)


def _is_list(value: Any) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str)


def _by_name(items: Sequence[Any]) -> dict[str, Any]:
    for key in ("id", "turn"):
        names = [str(item[key]) if isinstance(item, Mapping) and key in item else None for item in items]
        if None not in names and len(set(names)) == len(names):
            return {str(name): item for name, item in zip(names, items, strict=True)}
    return {str(index): item for index, item in enumerate(items)}
