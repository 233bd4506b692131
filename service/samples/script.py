"""Read the hand-written dialogue skeletons; ``README.md`` in this directory explains the notation."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

CONTENT = Path(__file__).with_name("content")
_LINE = re.compile(r"^(?P<optional>\?)?(?P<speaker>C|A2|A|B|S)(?P<marks>(?: [^\s:]+)*): ?(?P<text>.*)$")
_ALTERNATIVE_MARKS = re.compile(r"^\[\+(?P<marks>[^\]]+)\] ?")
FORBIDDEN = ("rude", "off_platform", "overpromise", "pii", "blame_shift", "review_bribe")
CUSTOMER_MARKS = {"-", "~", "="}
AGENT_MARKS = {"greet", "ask", "sorry", "solve", "eta", "bye", *(f"!{check}" for check in FORBIDDEN)}


@dataclass(frozen=True, slots=True)
class Alternative:
    """One choice of a line: its wordings, which mean the same, and the marks that hold for this choice only."""

    wordings: tuple[str, ...]
    marks: frozenset[str]


@dataclass(frozen=True, slots=True)
class Line:
    """One message of a skeleton: who says it, its choices, what it does (marks) and the silence before it (s).

    ``follows`` ties the choice to another line's: ``""`` to the line before, a name to the lines of that name.
    """

    speaker: str
    alternatives: tuple[Alternative, ...]
    marks: frozenset[str]
    optional: bool
    gap: int
    follows: str | None


@dataclass(frozen=True, slots=True)
class Skeleton:
    """One plot: the lines and what is known about the story (see ``README.md`` for each key)."""

    id: str
    lines: tuple[Line, ...]
    language: str
    queue: str
    channel: str
    count: int
    tags: tuple[str, ...]
    planted: tuple[str, ...]
    agents: tuple[str, ...]
    second: tuple[str, ...]
    category: str
    products: tuple[str, ...]
    days: tuple[int, int]
    window: str
    mood: str
    resolved: bool | None
    complaint: str | None
    bot: bool
    sure: bool
    plain: bool
    open: bool | None
    unanswered: bool
    misses: tuple[str, ...]


_DEFAULTS: dict[str, Any] = {
    "queue": "aftersale", "channel": "chat", "count": 3, "tags": (), "planted": (), "agents": (), "second": (),
    "category": "any", "products": (), "days": (2, 5), "window": "any", "mood": "good",
    "resolved": None, "complaint": None, "bot": True, "sure": True, "plain": False, "open": False,
    "unanswered": False, "misses": (),
}  # fmt: skip


def load_skeletons(language: str) -> list[Skeleton]:
    """Read every skeleton of a language (``zh`` or ``en``), in a stable order."""
    skeletons: list[Skeleton] = []
    for path in sorted((CONTENT / language).glob("*.yaml")):
        entries = yaml.safe_load(path.read_text(encoding="utf-8"))
        skeletons.extend(_skeleton(entry, language, path.name) for entry in entries)
    return skeletons


def load_content(name: str) -> Any:
    """Read one YAML file of the content directory, such as the cast or the catalogue."""
    return yaml.safe_load((CONTENT / name).read_text(encoding="utf-8"))


def _skeleton(entry: dict[str, Any], language: str, where: str) -> Skeleton:
    script = entry.pop("script")
    unknown = entry.keys() - _DEFAULTS.keys() - {"id"}
    if unknown:
        raise ValueError(f"{where}: {entry.get('id')}: unknown keys {sorted(unknown)}")
    lines = tuple(_line(text, f"{where}: {entry['id']}") for text in script.splitlines() if text.strip())
    values = {**_DEFAULTS, **entry}
    for key in ("tags", "planted", "agents", "second", "misses", "days", "products"):
        values[key] = tuple(values[key])
    return Skeleton(lines=lines, language=language, **values)


def _line(source: str, where: str) -> Line:
    match = _LINE.match(source.strip())
    if match is None:
        raise ValueError(f"{where}: cannot read the line {source!r}")
    words = match["marks"].split()
    gap = sum(int(word[4:]) for word in words if word.startswith("gap="))
    follows = next((word[1:] for word in words if word.startswith("&")), None)
    marks = frozenset(word for word in words if not word.startswith(("gap=", "&")))
    speaker = match["speaker"]
    alternatives = []
    for text in match["text"].split(" | "):
        own: frozenset[str] = frozenset()
        if found := _ALTERNATIVE_MARKS.match(text):
            own, text = frozenset(found["marks"].split()), text[found.end() :]
        wordings = tuple("" if wording.strip() == "[图]" else wording.strip() for wording in text.split(" // "))
        alternatives.append(Alternative(wordings, own))
    allowed = AGENT_MARKS if speaker.startswith("A") else CUSTOMER_MARKS if speaker == "C" else set()
    if bad := (marks | frozenset().union(*(a.marks for a in alternatives))) - allowed:
        raise ValueError(f"{where}: unknown marks {sorted(bad)} in {source!r}")
    return Line(speaker, tuple(alternatives), marks, match["optional"] is not None, gap, follows)
