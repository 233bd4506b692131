"""Patterns and keywords that add nothing, or can never match."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

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
        search: Finds it in a text, or ``None`` where what stands beside it counts.
    """

    path: Path
    written: str
    texts: list[str] | None
    search: Any


def wording(playbook: Playbook) -> Iterator[Warned]:
    """Yield what is spelt so that nothing matches it, and what other wording of the same cue finds anyway."""
    yield from _misspelt(playbook)
    for name, cue in playbook.cues.items():
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


def _shadowed(cue: Cue, where: Path, playbook: Playbook) -> Iterator[Warned]:
    # Guards and the like hold for all wording of a cue alike; only who finds it first may differ.
    pieces = list(_pieces(cue, where, playbook))
    for place, piece in enumerate(pieces):
        if not piece.texts:
            continue
        for other_place, other in enumerate(pieces):
            if other_place == place or other.search is None:
                continue
            twins = other.texts == piece.texts
            if (not twins or other_place < place) and all(other.search(text) for text in piece.texts):
                yield Warned(
                    "shadowed",
                    piece.path,
                    f"'{piece.written}' adds nothing: '{other.written}' already matches it",
                    f"“{piece.written}”是多余的:“{other.written}”已能匹配",
                )
                break


def _pieces(cue: Cue, where: Path, playbook: Playbook) -> Iterator[_Wording]:
    for place, pattern in enumerate(cue.include):
        for branch in branches(pattern):
            whole = expand(branch, playbook.words)
            # Alternatives that come out of a word are not written here.
            finder = None if is_anchored(whole) else re2.compile(whole, options())
            yield _Wording((*where, "include", place), branch, strings(whole), finder and finder.search)
    keywords = cue.keywords
    if keywords and not (keywords.all or keywords.at_least or keywords.none):
        for place, word in enumerate(keywords.any):
            spelt = normalise(word).text
            yield _Wording((*where, "keywords", "any", place), word, [spelt], _word_search(spelt))


def _word_search(word: str) -> Any:
    # Words of Latin letters stand alone.
    before = r"(?<![a-z0-9])" if _LATIN.match(word[:1]) else ""
    after = r"(?![a-z0-9])" if _LATIN.match(word[-1:]) else ""
    return re.compile(before + re.escape(word) + after).search


def _excluded(cue: Cue, where: Path, playbook: Playbook) -> Iterator[Warned]:
    excludes = [expand(pattern, playbook.words) for pattern in cue.exclude]
    barring = [re2.compile(pattern, options()) for pattern in excludes if not is_anchored(pattern)]
    if not barring:
        return
    for place, pattern in enumerate(cue.include):
        for branch in branches(pattern):
            texts = strings(expand(branch, playbook.words))
            if texts and all(any(one.search(text) for one in barring) for text in texts):
                yield Warned(
                    "always-excluded",
                    (*where, "include", place),
                    f"'{branch}' never counts: 'exclude' of the same cue takes it back",
                    f"“{branch}”永远不起作用:同一线索的 exclude 会将其收回",
                )
