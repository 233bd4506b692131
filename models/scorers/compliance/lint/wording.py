"""Patterns and keywords that add nothing, or can never match."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import ahocorasick
import re2

from models.domain.cue import Cue
from models.domain.playbook import Playbook
from models.scorers.compliance.lint.finding import Path, Warned
from models.scorers.compliance.lint.literals import branches, is_anchored, literal_runs, strings
from models.scorers.compliance.patterns import expand, options
from models.text.normalise import normalise

_PLACEHOLDER = re.compile(r"\{[a-z_]+\}")
_LATIN = re.compile(r"[a-z0-9]")


@dataclass(frozen=True, slots=True)
class _Wording:
    """One pattern, one of its alternatives, or a keyword.

    Attributes:
        path: Where it is written.
        written: As a person knows it.
        texts: Everything it matches, or ``None`` where that is not known.
        pattern: Finds it in a text where ``texts`` do not tell; ``None`` where what stands beside it counts, too.
        whole: Whether words of Latin letters and digits stand alone.
    """

    path: Path
    written: str
    texts: list[str] | None
    pattern: str | None = None
    whole: bool = False


def wording(playbook: Playbook) -> Iterator[Warned]:
    """Yield what is spelt so that nothing matches it, and what other wording of the same cue finds anyway."""
    yield from _misspelt(playbook)
    for name, cue in playbook.cues.items():
        yield from _no_size(cue, ("cues", name))
        yield from _shadowed(cue, ("cues", name), playbook)
        yield from _excluded(cue, ("cues", name), playbook)


def same_cues(playbook: Playbook) -> Iterator[Warned]:
    """Yield cues that are another one under a second name."""
    known: dict[Cue, str] = {}
    for name, cue in playbook.cues.items():
        first = known.setdefault(cue, name)
        if first != name:
            yield Warned(
                "same-cue-twice",
                ("cues", name),
                f"cue '{name}' is the same as '{first}'",
                f"线索“{name}”与“{first}”完全相同",
            )


def shown_texts(cue: Cue, playbook: Playbook) -> list[str]:
    """Return texts that an author surely means by a cue: plain alternatives, keywords and exemplars."""
    texts: list[str] = []
    for pattern in cue.include:
        for branch in branches(expand(pattern, playbook.words)):
            texts += strings(branch) or []
    if cue.keywords:
        texts += cue.keywords.any
        if cue.keywords.all:
            texts.append("".join(cue.keywords.all))
    if cue.exemplars:
        texts += cue.exemplars.like
    return texts


def _misspelt(playbook: Playbook) -> Iterator[Warned]:
    written: list[tuple[Path, str]] = [(("words", name), pattern) for name, pattern in playbook.words.items()]
    for name, cue in playbook.cues.items():
        written += [(("cues", name, "include", place), pattern) for place, pattern in enumerate(cue.include)]
    for where, pattern in written:
        for run in literal_runs(_PLACEHOLDER.sub("\0", pattern)):
            spelt = normalise(run).text
            if spelt != run:
                yield Warned(
                    "never-matches",
                    where,
                    f"messages are normalised before they are matched: '{run}' reads '{spelt}' there",
                    f"匹配前消息会被归一化:“{run}”在其中写作“{spelt}”",
                )


def _no_size(cue: Cue, where: Path) -> Iterator[Warned]:
    """Yield limits that leave nothing between them: both exclude what they name, and lengths are whole numbers."""
    for field, part, step in (("entity", cue.entity, 0), ("chars", cue.chars, 1)):
        if part and part.over is not None and part.under is not None and part.over + step >= part.under:
            yield Warned(
                "never-matches",
                (*where, field),
                f"nothing is over {part.over:g} and under {part.under:g}",
                f"没有大于 {part.over:g} 又小于 {part.under:g} 的值",
            )


def _shadowed(cue: Cue, where: Path, playbook: Playbook) -> Iterator[Warned]:
    # Guards and the like hold for all wording of a cue alike; only who finds it first may differ.
    pieces = list(_pieces(cue, where, playbook))
    finders = _Finders(pieces)
    for place, piece in enumerate(pieces):
        others = finders.of_all(piece.texts, place) if piece.texts else []
        other = next((one for one in others if one < place or pieces[one].texts != piece.texts), None)
        if other is not None:
            yield Warned(
                "shadowed",
                piece.path,
                f"'{piece.written}' adds nothing: '{pieces[other].written}' already matches it",
                f"“{piece.written}”是多余的:“{pieces[other].written}”已能匹配",
            )


class _Finders:
    """Tells which pieces of wording find a text: plain ones by one automaton, the rest each by itself."""

    def __init__(self, pieces: Sequence[_Wording]) -> None:
        self._pieces = pieces
        self._plain = ahocorasick.Automaton()
        self._patterns = []
        owners: dict[str, list[int]] = {}
        for place, piece in enumerate(pieces):
            if piece.pattern is not None:
                self._patterns.append((place, re2.compile(piece.pattern, options()).search))
            for text in piece.texts or ():
                if text:
                    owners.setdefault(text, []).append(place)
        for text, places in owners.items():
            self._plain.add_word(text, (len(text), places))
        if owners:
            self._plain.make_automaton()

    def of_all(self, texts: Sequence[str], apart_from: int) -> list[int]:
        """Return the places of the pieces, but for one, that find each of the texts."""
        plain = set.intersection(*(self._in(text) for text in texts)) - {apart_from}
        patterns = [place for place, search in self._patterns if place != apart_from and all(map(search, texts))]
        return sorted([*plain, *patterns])

    def _in(self, text: str) -> set[int]:
        if not len(self._plain):
            return set()
        found: set[int] = set()
        for end, (length, places) in self._plain.iter(text):
            begin = end + 1 - length
            alone = _stands_alone(text, begin, end + 1)
            found.update(place for place in places if alone or not self._pieces[place].whole)
        return found


def _pieces(cue: Cue, where: Path, playbook: Playbook) -> Iterator[_Wording]:
    for place, pattern in enumerate(cue.include):
        for branch in branches(pattern):
            # Alternatives that come out of a word are not written here.
            whole = expand(branch, playbook.words)
            texts = strings(whole)
            unknown = texts is None and not is_anchored(whole)
            yield _Wording((*where, "include", place), branch, texts, whole if unknown else None)
    keywords = cue.keywords
    if keywords and not (keywords.all or keywords.at_least or keywords.none):
        for place, word in enumerate(keywords.any):
            yield _Wording((*where, "keywords", "any", place), word, [normalise(word).text], whole=True)


def _stands_alone(text: str, begin: int, end: int) -> bool:
    """Tell whether a piece of a text does not go on as a word of Latin letters or digits beside it."""
    before = begin > 0 and _LATIN.match(text[begin]) and _LATIN.match(text[begin - 1])
    after = end < len(text) and _LATIN.match(text[end - 1]) and _LATIN.match(text[end])
    return not before and not after


def _excluded(cue: Cue, where: Path, playbook: Playbook) -> Iterator[Warned]:
    excludes = [expand(pattern, playbook.words) for pattern in cue.exclude]
    barring = [f"(?:{pattern})" for pattern in excludes if not is_anchored(pattern)]
    if not barring:
        return
    barred = re2.compile("|".join(barring), options()).search
    for place, pattern in enumerate(cue.include):
        for branch in branches(pattern):
            texts = strings(expand(branch, playbook.words))
            if texts and all(map(barred, texts)):
                yield Warned(
                    "always-excluded",
                    (*where, "include", place),
                    f"'{branch}' never counts: 'exclude' of the same cue takes it back",
                    f"“{branch}”永远不起作用:同一线索的 exclude 会将其收回",
                )
