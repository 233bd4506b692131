"""Lines labelled with the personal data in them: reading them, and building our own from their marked-up source.

The source (``own/privacy.source.part*.txt``) is written by hand: ``# group`` opens a group, other lines are messages.
``[phone:…]`` marks a span, ``{…}`` a fictitious number that is filled in here: the same every time, with valid check
digits. ``python -m training.data.privacy`` writes ``own/privacy.jsonl``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any, get_args

from models.text.pii import Kind, PersonalDatum, id_check_character, is_id_card, is_luhn
from training.data.files import read_rows

OWN_PRIVACY = Path(__file__).parent / "own" / "privacy.jsonl"
KINDS: tuple[str, ...] = get_args(Kind)

_MARK = re.compile(r"\[([a-z_]+):((?:[^\[\]]|\[[^\[\]:]*\])*)\]")
_FILL = re.compile(r"\{([a-z]+\*?\d*)(?::([^{}]*))?\}")
_WIDE = str.maketrans("0123456789X", "０１２３４５６７８９Ｘ")
_HAN = str.maketrans("0123456789", "零一二三四五六七八九")
_REGIONS = ("110105", "310104", "330106", "440305", "510107", "320505", "420111", "610113")


@dataclass(frozen=True, slots=True)
class PrivacyLine:
    """A message with the personal data that people marked in it; ``split`` is ``dev``, ``test`` or empty."""

    id: str
    text: str
    spans: tuple[PersonalDatum, ...]
    group: str
    split: str


def read_privacy(path: Path) -> list[PrivacyLine]:
    """Return the labelled lines of a file (``.jsonl``, ``.jsonl.gz``): ``id``, ``text``, ``spans``, ``group``.

    Raises:
        ValueError: A row lacks one of these, or a span has an unknown kind or lies outside of its text.
        OSError: The file cannot be read.
    """
    lines = []
    for number, row in enumerate(read_rows(path), start=1):
        try:
            spans = tuple(PersonalDatum(span["kind"], span["start"], span["end"]) for span in row["spans"])
            line = PrivacyLine(str(row["id"]), row["text"], spans, str(row["group"]), str(row.get("split", "")))
            if not isinstance(line.text, str) or not all(type(at) is int for s in spans for at in (s.start, s.end)):
                raise TypeError("text must be a string, start and end whole numbers")
        except (KeyError, TypeError) as problem:
            raise ValueError(f"{path}, row {number}: not a labelled line ({problem!r})") from problem
        for span in spans:
            if span.kind not in KINDS or not 0 <= span.start < span.end <= len(line.text):
                raise ValueError(f"{path}, row {number}: no such span: {span}")
        lines.append(line)
    if not lines:
        raise ValueError(f"{path}: no labelled lines")
    return lines


def build_lines(sources: Iterable[str]) -> list[dict[str, Any]]:
    """Return the rows of the marked-up ``sources``; groups go to dev and test in turn.

    Raises:
        ValueError: A line stands before any group, or has marks that do not close or name no kind.
    """
    rows: list[dict[str, Any]] = []
    group, number, groups = "", 0, 0
    for line in (line for source in sources for line in source.splitlines() if line.strip()):
        if line.startswith("# "):
            group, number, groups = line[2:].strip(), 0, groups + 1
            continue
        if not group:
            raise ValueError(f"before any group: {line}")
        number += 1
        name = f"{group}-{number:02d}"
        text, spans = _unmark(_filled(line, Random(name)).replace("\\n", "\n"))
        split = "dev" if groups % 2 else "test"
        rows.append({"id": name, "text": text, "spans": spans, "group": group, "split": split})
    return rows


def _unmark(marked: str) -> tuple[str, list[dict[str, Any]]]:
    plain, spans, at = "", [], 0
    for mark in _MARK.finditer(marked):
        plain += marked[at : mark.start()]
        if mark[1] not in KINDS or not mark[2]:
            raise ValueError(f"no such kind of data: {mark[0]}")
        spans.append({"kind": mark[1], "start": len(plain), "end": len(plain) + len(mark[2])})
        plain += mark[2]
        at = mark.end()
    plain += marked[at:]
    if re.search(r"\[[a-z_]+:|[{}]", plain):
        raise ValueError(f"marks that do not close: {marked}")
    return plain, spans


def _filled(line: str, random: Random) -> str:
    def fill(match: re.Match[str]) -> str:
        name, form = match[1], match[2]
        if name in ("n", "l"):
            return _shaped(form, _digits(form.count("#"), random, "2345678" if name == "l" else "123456789"))
        number = _NUMBERS[name](random)
        if form in _STYLES:
            return _STYLES[form](number)
        return _shaped(form, number) if form else number

    return _FILL.sub(fill, line)


def _shaped(form: str, number: str) -> str:
    if form.count("#") != len(number):
        raise ValueError(f"{form} has not {len(number)} places")
    digits = iter(number)
    return "".join(next(digits) if place == "#" else place for place in form)


def _digits(count: int, random: Random, first: str) -> str:
    return random.choice(first) + "".join(random.choice("0123456789") for _ in range(count - 1))


def _mobile(random: Random) -> str:
    return "1" + random.choice("356789") + "".join(random.choice("0123456789") for _ in range(9))


def _id_card(random: Random, last: str = "0123456789") -> str:
    while True:
        birth = f"{random.randint(1955, 2005)}{random.randint(1, 12):02d}{random.randint(1, 28):02d}"
        head = random.choice(_REGIONS) + birth + f"{random.randint(0, 999):03d}"
        number = head + id_check_character(head)
        if number[-1] in last:
            assert is_id_card(number)
            return number


def _old_id_card(random: Random) -> str:
    birth = f"{random.randint(40, 79)}{random.randint(1, 12):02d}{random.randint(1, 28):02d}"
    return random.choice(_REGIONS) + birth + f"{random.randint(0, 999):03d}"


def _card(head: str, length: int) -> Callable[[Random], str]:
    def make(random: Random) -> str:
        while True:
            number = head + "".join(random.choice("0123456789") for _ in range(length - len(head)))
            if is_luhn(number):
                return number

    return make


def _starred(make: Callable[[Random], str], head: int, tail: int) -> Callable[[Random], str]:
    def star(random: Random) -> str:
        number = make(random)
        return number[:head] + "*" * (len(number) - head - tail) + number[-tail:]

    return star


_NUMBERS: Mapping[str, Callable[[Random], str]] = {
    "m": _mobile,
    "m*": _starred(_mobile, 3, 4),
    "mz": lambda random: _mobile(random).translate(_HAN),
    "mw": lambda random: _mobile(random).translate(_WIDE),
    "mmix": lambda random: (lambda number: number[:3] + number[3:7].translate(_HAN) + number[7:])(_mobile(random)),
    "id": _id_card,
    "idx": lambda random: _id_card(random, last="X"),
    "idw": lambda random: _id_card(random).translate(_WIDE),
    "id15": _old_id_card,
    "id*": _starred(_id_card, 3, 4),
    "card16": _card("62", 16),
    "card19": _card("622", 19),
    "cardw": lambda random: _card("62", 19)(random).translate(_WIDE),
    "visa": _card("4", 16),
    "card*": _starred(_card("622", 19), 4, 4),
}
_STYLES: Mapping[str, Callable[[str], str]] = {"spaced": " ".join}


def read_sources() -> list[str]:
    """Return the texts of our own marked-up source, in order."""
    return [path.read_text(encoding="utf-8") for path in sorted(OWN_PRIVACY.parent.glob("privacy.source.part*.txt"))]


def main() -> None:
    """Write ``own/privacy.jsonl`` from its source."""
    rows = build_lines(read_sources())
    OWN_PRIVACY.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")


if __name__ == "__main__":
    main()
