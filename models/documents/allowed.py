"""What a JSON Schema allows at a path, and which of several names somebody probably meant."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from difflib import get_close_matches
from typing import Any

from models.documents.problem import Path

_CLOSE = 0.65


def allowed_keys(schema: dict[str, Any], path: Path) -> list[str]:
    """Return the keys that the mapping at ``path`` may have, in the schema's order; none where it may have any."""
    keys: dict[str, None] = {}
    for node in _at(schema, path):
        keys.update(dict.fromkeys(node.get("properties", ())))
    return list(keys)


def probably(written: Any, allowed: Collection[str]) -> str | None:
    """Return which of ``allowed`` somebody probably meant by ``written``, if any comes near."""
    if not isinstance(written, str):
        return None
    by_shape = {_shape(name): name for name in allowed}
    near = get_close_matches(_shape(written), list(by_shape), n=1, cutoff=_CLOSE)
    return by_shape[near[0]] if near else None


def _shape(name: str) -> str:
    return name.strip().lower().replace("-", "_").replace(" ", "_")


def _at(schema: dict[str, Any], path: Path) -> Sequence[dict[str, Any]]:
    nodes = list(_branches(schema, schema))
    for part in path:
        nodes = [branch for node in nodes for child in _children(node, part) for branch in _branches(child, schema)]
    return nodes


def _children(node: dict[str, Any], part: str | int) -> Iterator[dict[str, Any]]:
    if isinstance(part, int):
        child = node.get("items")
    else:
        child = node.get("properties", {}).get(part, node.get("additionalProperties"))
    if isinstance(child, dict):
        yield child


def _branches(node: dict[str, Any], schema: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield what a node stands for: behind references, and each of its alternatives."""
    if "$ref" in node:
        yield from _branches(schema["$defs"][node["$ref"].rpartition("/")[2]], schema)
        return
    yield node
    for field in ("anyOf", "oneOf", "allOf"):
        for branch in node.get(field, ()):
            yield from _branches(branch, schema)
