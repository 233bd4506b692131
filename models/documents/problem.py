"""Something wrong in a document."""

from __future__ import annotations

from dataclasses import dataclass

Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Problem:
    """Something wrong at ``path`` of a document, said in both languages."""

    path: Path
    en: str
    zh: str


def dotted(path: Path) -> str:
    """Return a path as people read it: ``$.checks[0].kind``."""
    return "$" + "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)
