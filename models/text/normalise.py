"""One spelling for matching: evasive, traditional and full-width writing becomes plain, every character traceable.

``normalise`` only serves matching. What is shown to people are the original characters that a match came from.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import opencc

from models.text.evasion import Variant, variants_in


@dataclass(frozen=True, slots=True)
class Normalised:
    """Text for matching with the way back.

    Attributes:
        text: The normalised text.
        starts: Per character of ``text`` where in the original begins what it stands for; never decreases.
        ends: Likewise, where it ends.
    """

    text: str
    starts: Sequence[int]
    ends: Sequence[int]

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Return the original characters behind ``text[start:end]``; ``(0, 0)``-like empty spans stay empty."""
        if start >= end:
            place = self.starts[start] if start < len(self.starts) else (self.ends[-1] if self.ends else 0)
            return place, place
        return self.starts[start], self.ends[end - 1]


# Beyond NFKC and opencc: variants that Taiwan and Hong Kong write, and that only evade a filter.
_SINGLE = {
    "妳": "你", "祂": "他", "嘅": "的", "咗": "了", "冇": "没", "係": "係", "佢": "他", "啲": "些",
    "❤": "心", "♥": "心", "💚": "心", "💬": "微信", "🐧": "qq", "🛰": "卫星", "➕": "+", "﹢": "+",
    "🧧": "红包", "…": "…", "“": '"', "”": '"', "「": '"', "」": '"',
    "『": '"', "』": '"', "‘": "'", "’": "'", "～": "~", "〜": "~",
    "📞": "电话", "☎": "电话", "📱": "手机", "⓪": "0", "\u3164": "", "\u2800": "", "\u115f": "", "\u1160": "",
}  # fmt: skip
_INVISIBLE = {"Cf", "Mn", "Me", "Cs"}  # zero-width joiners, variation selectors, combining marks that decorate letters
_PLAIN_SPACES = " \t\n\r\f"
# Signs that are letters: in boxes and circles, of flags. NFKC leaves them.
_LETTER_SIGNS = ((0x1F150, 0x1F169), (0x1F170, 0x1F189), (0x1F1E6, 0x1F1FF))
_ROUNDS = 4
_MOST_KEPT, _LONGEST_KEPT = 8192, 300


@lru_cache(maxsize=1)
def _converter() -> opencc.OpenCC:
    return opencc.OpenCC("t2s")


def _plain(char: str) -> str:
    """Return what one character becomes: nothing, itself, or a few characters."""
    if char in _SINGLE:
        return _SINGLE[char]
    if unicodedata.category(char) in _INVISIBLE:
        return ""
    for first, last in _LETTER_SIGNS:
        if first <= ord(char) <= last:
            return chr(ord("a") + ord(char) - first)
    figure = unicodedata.digit(char, None)
    folded = unicodedata.normalize("NFKC", char).lower() if figure is None else str(figure)
    simple: str = _converter().convert(folded)
    return "".join(
        " " if c.isspace() and c not in _PLAIN_SPACES else _SINGLE.get(c, c)
        for c in simple
        if unicodedata.category(c) not in _INVISIBLE
    )


class _Characters(dict[int, str]):
    """A table for ``str.translate`` that learns each character when it first occurs; there are a million at most.

    ``uneven`` are those that become none or several.
    """

    def __init__(self) -> None:
        self.uneven: set[str] = set()

    def __missing__(self, code: int) -> str:
        char = chr(code)
        plain = _plain(char)
        if len(plain) != 1:
            self.uneven.add(char)
        self[code] = plain
        return plain


_CHARACTERS = _Characters()


def normalise(text: str) -> Normalised:
    """Return ``text`` in one spelling: half width, lower case, simplified, evasive spellings resolved.

    Short messages are remembered: the heads of acts and the rules read the same ones, and agents repeat themselves.
    """
    return _kept(text) if len(text) <= _LONGEST_KEPT else normalise_afresh(text)


def normalise_afresh(text: str) -> Normalised:
    """Do what :func:`normalise` does without remembering anything; time is linear in the text."""
    plain = text.translate(_CHARACTERS)
    starts: Sequence[int] = range(len(plain))
    ends: Sequence[int] = range(1, len(plain) + 1)
    if not _CHARACTERS.uneven.isdisjoint(text):
        starts = [place for place, char in enumerate(text) for _ in _CHARACTERS[ord(char)]]
        ends = [place + 1 for place in starts]
    for _ in range(_ROUNDS):  # what one replaces may be part of the next
        before = plain
        for variant in variants_in(plain):
            plain, starts, ends = _substitute(plain, starts, ends, variant)
        if plain == before:
            break
    return Normalised(plain, starts, ends)


_kept = lru_cache(maxsize=_MOST_KEPT)(normalise_afresh)


def _substitute(
    text: str, starts: Sequence[int], ends: Sequence[int], variant: Variant
) -> tuple[str, Sequence[int], Sequence[int]]:
    """Replace each match; a word's every character stands for the whole match, a kept character for itself."""
    pieces: list[str] = []
    first: list[int] = []
    last: list[int] = []
    done = 0
    for match in variant.pattern.finditer(text):
        start, end = match.span()
        plain = variant.replacement(text, start, end)
        if text[start:end] == plain:
            continue
        pieces += (text[done:start], plain)
        first.extend(starts[done:start])
        last.extend(ends[done:start])
        if variant.plain is None:
            kept = variant.kept(text, start, end)
            first.extend(starts[place] for place in kept)
            last.extend(ends[place] for place in kept)
        else:
            first.extend([starts[start]] * len(plain))
            last.extend([ends[end - 1]] * len(plain))
        done = end
    if not done:
        return text, starts, ends
    pieces.append(text[done:])
    first.extend(starts[done:])
    last.extend(ends[done:])
    return "".join(pieces), first, last
