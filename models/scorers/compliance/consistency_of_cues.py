"""What a schema cannot say of cues: patterns that compile, words that are some, names that exist."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import re2

from models.documents import Problem
from models.domain.acts import ACTS
from models.domain.cue import Cue, Exemplars, Keywords
from models.domain.playbook import Playbook
from models.scorers.compliance.patterns import expand, options
from models.text.normalise import normalise

_Where = tuple[str | int, ...]

_FEWEST_EXEMPLARS = 3
_MOST_EXEMPLARS = 5_000


def cue_problems(name: str, cue: Cue, playbook: Playbook) -> Iterator[Problem]:
    """Yield what keeps a cue from working."""
    where: _Where = ("cues", name)
    for field in ("include", "exclude"):
        for place, pattern in enumerate(getattr(cue, field)):
            if problem := _pattern(pattern, playbook.words, (*where, field, place)):
                yield problem
    yield from _belonging(cue, where)
    yield from _acts(cue, where)
    if cue.keywords:
        yield from _keywords(cue.keywords, (*where, "keywords"))
    if cue.exemplars:
        yield from _exemplars(cue.exemplars, (*where, "exemplars"))
    if cue.entity and cue.entity.count < 1:
        yield Problem((*where, "entity", "count"), "'count' is 1 or more", "count 至少为 1")
    yield from _others(cue, playbook, where)


def no_cue(where: _Where, name: str) -> Problem:
    """Return the problem that a name is no cue's."""
    return Problem(where, f"there is no cue '{name}'", f"没有名为“{name}”的线索")


def _belonging(cue: Cue, where: _Where) -> Iterator[Problem]:
    if not cue.matches and cue.exclude:
        yield Problem(
            (*where, "exclude"),
            "'exclude' belongs to 'include', 'keywords' or 'entity'",
            "“exclude”只能与 include、keywords 或 entity 同用",
        )
    if not (cue.matches or cue.of_the_whole):
        for field in ("unless", "needs"):
            if getattr(cue, field):
                yield Problem(
                    (*where, field),
                    f"'{field}' belongs to 'include', 'keywords', 'entity', 'act', 'exemplars' or a sentiment",
                    f"“{field}”只能与 include、keywords、entity、act、exemplars 或情感条件同用",
                )
    if not cue.rest_of and cue.min_chars != Cue.__dataclass_fields__["min_chars"].default:
        yield Problem(
            (*where, "min_chars"),
            "'min_chars' belongs to 'rest_of'; for the length of messages there is 'chars'",
            "“min_chars”只能与 rest_of 同用;限制消息长度请用 chars",
        )
    if cue.backed_by and not (cue.matches or cue.rest_of):
        yield Problem(
            (*where, "backed_by"),
            "'backed_by' belongs to 'include', 'keywords', 'entity' or 'rest_of'",
            "“backed_by”只能与 include、keywords、entity 或 rest_of 同用",
        )


def _acts(cue: Cue, where: _Where) -> Iterator[Problem]:
    for field, act in (("act", cue.act), ("backed_by", cue.backed_by)):
        if act and act.name not in ACTS:
            yield Problem(
                (*where, field, "name"),
                f"there is no act '{act.name}'; there are {', '.join(ACTS)}",
                f"没有名为“{act.name}”的行为,可用:{'、'.join(ACTS)}",
            )
        if act and not 0 < act.least <= 1:
            yield _no_probability((*where, field, "least"))


def _no_probability(where: _Where) -> Problem:
    return Problem(where, "a probability over 0, at most 1", "须为大于 0、不超过 1 的概率")


def _others(cue: Cue, playbook: Playbook, where: _Where) -> Iterator[Problem]:
    others: list[tuple[_Where, str]] = [(("rest_of", place), other) for place, other in enumerate(cue.rest_of)]
    for field, guards in (("unless", cue.unless), ("needs", cue.needs)):
        others += [((field, place, "cue"), guard.cue) for place, guard in enumerate(guards)]
    for path, other in others:
        if other not in playbook.cues:
            yield no_cue((*where, *path), other)
        elif not playbook.cues[other].matches:
            yield Problem(
                (*where, *path),
                f"cue '{other}' has no patterns of its own (include, keywords or entity), so it cannot be referred to "
                "here",
                f"线索“{other}”没有自己的模式(include、keywords 或 entity),不能在这里引用",
            )


def _pattern(pattern: str, words: Mapping[str, str], where: _Where) -> Problem | None:
    try:
        compiled = re2.compile(expand(pattern, words), options())
    except KeyError as error:
        return Problem(where, f"there is no word {error} for '{pattern}'", f"“{pattern}”用到的 words 项 {error} 不存在")
    except (re2.error, ValueError) as error:
        detail = error.args[0] if isinstance(error, re2.error) else str(error)
        reason = detail.decode(errors="replace") if isinstance(detail, bytes) else str(detail)
        return Problem(where, f"'{pattern}' is no RE2 pattern: {reason}", f"“{pattern}”不是合法的 RE2 模式:{reason}")
    if compiled.search(""):
        return Problem(
            where, f"'{pattern}' matches the empty text, so it says nothing", f"“{pattern}”能匹配空文本,没有意义"
        )
    return None


def _keywords(keywords: Keywords, where: _Where) -> Iterator[Problem]:
    listed: list[tuple[_Where, tuple[str, ...]]] = [
        (("any",), keywords.any),
        (("all",), keywords.all),
        (("none",), keywords.none),
    ]
    if keywords.at_least:
        listed.append((("at_least", "of"), keywords.at_least.of))
        if not 1 <= keywords.at_least.count <= len({normalise(word).text for word in keywords.at_least.of}):
            yield Problem(
                (*where, "at_least", "count"),
                "'count' is at least 1 and at most the number of different words in 'of'",
                "count 至少为 1,且不超过 of 中不同词的个数",
            )
    for path, words in listed:
        for place, word in enumerate(words):
            if not normalise(word).text.strip():
                yield Problem((*where, *path, place), f"'{word}' is no word", f"“{word}”不是词")
    if keywords.distance is not None and keywords.distance < 1:
        yield Problem((*where, "distance"), "a distance is 1 character or more", "distance 至少为 1 个字符")


def _exemplars(exemplars: Exemplars, where: _Where) -> Iterator[Problem]:
    different = {text.strip() for text in exemplars.like} - {""}
    if len(different) < _FEWEST_EXEMPLARS:
        yield Problem(
            (*where, "like"),
            f"exemplars need at least {_FEWEST_EXEMPLARS} different messages in 'like'",
            f"exemplars 的 like 至少要有 {_FEWEST_EXEMPLARS} 条不同的消息",
        )
    if len(exemplars.like) + len(exemplars.unlike) > _MOST_EXEMPLARS:
        yield Problem(where, f"at most {_MOST_EXEMPLARS} exemplars", f"exemplars 最多 {_MOST_EXEMPLARS} 条")
    for place, text in enumerate(exemplars.unlike):
        if text.strip() in different:
            yield Problem((*where, "unlike", place), f"'{text}' is in 'like', too", f"“{text}”同时出现在 like 中")
    if not 0 < exemplars.least <= 1:
        yield _no_probability((*where, "least"))
