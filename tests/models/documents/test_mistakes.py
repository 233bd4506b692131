"""What people get wrong in playbooks and rubrics: every message says where, what was found and what is allowed."""

from __future__ import annotations

import re

import pytest

from models.errors import AttuneError, InvalidPlaybookError, InvalidRubricError
from models.qa.loading import parse_rubric
from models.scorers.compliance import parse_playbook

_PLAYBOOK = """\
id: small
version: 1
title: {zh: 小, en: Small}
cues:
  hi: {include: [您好]}
checks:
  - id: greeting
    kind: required
    title: {zh: 问候, en: Greeting}
    look_for: {seen: [hi]}
    reasons: {passed: {zh: 好, en: ok}, failed: {zh: 无, en: none}, na: {zh: 无, en: na}}
"""
_RUBRIC = """\
id: mine
version: 1
title: {zh: 我, en: Mine}
pass_mark: 80
criteria:
  - {id: greeting, source: "check:greeting", weight: 1}
"""
_CUE = "hi: {include: [您好]}"
_LOOK = "seen: [hi]"
_KIND = "kind: required"
_VERDICTS = ("pass", "fail", "na", "no_evidence", "abstain")


def _tests(test: str) -> str:
    return f"{_KIND}\n    tests: [{test}]"


# What is written instead of what, the line, the end of the path, and what both messages have to hold.
_MISTAKES: list[tuple[str, str, int, str, tuple[str, ...]]] = [
    (_KIND, _tests("{line: x, expect: failed}"), 9, "tests[0].expect", ("failed", "'fail'", *_VERDICTS)),
    (_KIND, _tests("{line: x, expect: {greeting: passed}}"), 9, "expect.greeting", ("passed", "'pass'", "na")),
    (_KIND, _tests("{line: x, expect: [pass]}"), 9, "tests[0].expect", _VERDICTS),
    (_KIND, _tests("{line: x}"), 9, "tests[0].expect", ("expect",)),
    (_KIND, _tests("{expect: pass}"), 9, "tests[0]", ("turns", "line")),
    (_KIND, _tests("{line: x, expect: pass, by: costumer}"), 9, "tests[0].by", ("costumer", "'customer'", "bot")),
    (_KIND, f"{_KIND}\n    tests: {{line: x, expect: pass}}", 9, "checks[0].tests", ()),
    (_KIND, "kind: forbiden", 8, "checks[0].kind", ("forbiden", "'forbidden'", "timed")),
    (_KIND, f"{_KIND}\n    speaker: Agents", 9, "checks[0].speaker", ("Agents", "'agent'")),
    (_KIND, f"{_KIND}\n    weight: heavy", 9, "checks[0].weight", ("heavy",)),
    (_KIND, f"{_KIND}\n    weight: -1", 9, "checks[0].weight", ("-1", "0", "1000000")),
    (_KIND, f"{_KIND}\n    weight: .nan", 9, "checks[0].weight", (".nan",)),
    (_KIND, f"{_KIND}\n    critical: perhaps", 9, "checks[0].critical", ("perhaps", "true", "false")),
    (_KIND, f"{_KIND}\n    abstain_below: 50", 9, "checks[0].abstain_below", ("50", "0", "1")),
    (_KIND, f"{_KIND}\n    confidence: {{pased: 1}}", 9, "confidence.pased", ("'passed'", "without_acts")),
    (_KIND, f"{_KIND}\n    wieght: 2", 9, "checks[0].wieght", ("wieght", "weight", "abstain_below")),
    (_KIND, f"{_KIND}\n    suggest: 您好", 9, "checks[0].suggest", ("[您好]",)),
    (_KIND, f"{_KIND}\n    scope: {{queue: [after_sale]}}", 9, "scope.queue[0]", ("after_sale", "'aftersale'")),
    (_KIND, f"{_KIND}\n    scope: [presale]", 9, "checks[0].scope", ("queue", "agent_group")),
    ("id: small", "id: small\neffective: {from: tomorrow}", 2, "effective.from", ("tomorrow", "2026-12-01")),
    ("id: small", "id: small\neffective: {from: 2026-13-01}", 2, "effective.from", ("2026-13-01", "2026-12-01")),
    ("id: small", "id: small\neffective: {form: 2026-12-01}", 2, "effective.form", ("'from'", "until")),
    ("id: small", "id: small\neffective: 2026-12-01", 2, "$.effective", ("from", "until", "2026-12-01")),
    ("id: small", "id: small\nthresholds: {hi: 0.3}", 2, "thresholds.hi", ("0.3",)),
    ("version: 1", "version: one", 2, "$.version", ("one",)),
    ("version: 1", "version: 0", 2, "$.version", ("0", "1")),
    ("version: 1", "version: 1.5", 2, "$.version", ("1.5",)),
    ("version: 1\n", "", 1, "$.version", ("version",)),
    ("title: {zh: 小, en: Small}", "title: Small", 3, "$.title", ("Small", "zh", "en")),
    ("title: {zh: 小, en: Small}", "title: {zh: 小}", 3, "title.en", ("en",)),
    ("title: {zh: 小, en: Small}", "title: {zh: 小, en: 5}", 3, "title.en", ("5",)),
    ("title: {zh: 小, en: Small}", "title:", 3, "$.title", ("zh", "en")),
    (_CUE, "hi: {entity: {kind: amuont}}", 5, "entity.kind", ("amuont", "'amount'", "order_number")),
    (_CUE, "hi: {entity: amount}", 5, "hi.entity", ("amount", "kind", "over")),
    (_CUE, "hi: {entity: {kind: amount, over: .inf}}", 5, "entity.over", (".inf",)),
    (_CUE, "hi: {entity: {kind: amount, over: lots}}", 5, "entity.over", ("lots",)),
    (_CUE, "hi: {entity: {kind: phone, over: 3}}", 5, "hi.entity", ("amount", "duration")),
    (_CUE, "hi: {keyword: {any: [a]}}", 5, "hi.keyword", ("'keywords'", "exemplars")),
    (_CUE, "hi: {keywords: [a]}", 5, "hi.keywords", ("at_least", "distance")),
    (_CUE, "hi: {keywords: {any: [1]}}", 5, "keywords.any[0]", ("1",)),
    (_CUE, "hi: {keywords: {all: [a, b], within: sentense}}", 5, "keywords.within", ("sentense", "'sentence'")),
    (_CUE, "hi: {include: [!!binary aGVsbG8=]}", 5, "include[0]", ("!!binary",)),
    (_CUE, "hi: {include: [yes]}", 5, "include[0]", ("true",)),
    (_CUE, "hi: {act: apology}", 5, "hi.act", ("apology", "name", "least")),
    (_CUE, "hi: {min_chars: 3}", 5, "cues.hi", ("rest_of", "sentiment_above")),
    (_CUE, "[hi]", 4, "$.cues", ()),
    (_CUE, "1: {include: [a]}", 5, "$.cues", ("1",)),
    (_LOOK, "sean: [hi]", 10, "look_for.sean", ("'seen'", "left_by")),
    (_LOOK, "seen: hi", 10, "look_for.seen", ("[hi]",)),
    (_LOOK, "seen: [hi], first: two", 10, "look_for.first", ("two",)),
    (_LOOK, "seen: [hi], first: -2", 10, "look_for.first", ("-2", "1")),
    (_LOOK, "seen: [hi], holds: x", 10, "look_for", ("seen", "holds", "conversation")),
    (_LOOK, "csat: {measure: men, below: 2}", 10, "csat.measure", ("men", "'mean'", "p_resolved")),
    (_LOOK, "gap: {over: 60, which: frist}", 10, "gap.which", ("frist", "'first'", "last")),
    (_LOOK, "least: {count: 2}", 10, "least.of", ("of",)),
    (_LOOK, "order: [hi, hi]", 10, "look_for.order", ("first", "then")),
    (_LOOK, "conversation: {channel: [telephone]}", 10, "channel[0]", ("telephone",)),
]
_RUBRIC_MISTAKES: list[tuple[str, str, int, str, tuple[str, ...]]] = [
    ("pass_mark: 80", "pass_mark: 120", 4, "$.pass_mark", ("120", "100")),
    ("pass_mark: 80", "pass_mark: high", 4, "$.pass_mark", ("high",)),
    ("pass_mark: 80", "passmark: 80", 4, "$.passmark", ("'pass_mark'",)),
    ("weight: 1}", "weight: 0}", 6, "weight", ("0",)),
    ("weight: 1}", "weight: .inf}", 6, "weight", (".inf",)),
    ("id: mine", "id: My Rubric", 1, "$.id", ("My Rubric", "a-z")),
    ("  - {id: greeting, source: \"check:greeting\", weight: 1}", "  {}", 5, "$.criteria", ()),
    ("title: {zh: 我, en: Mine}", "title: {zh: '', en: Mine}", 3, "title.zh", ("1",)),
    ("id: mine", "id: mine\nformat: 2\nsections: []", 3, "$.sections", ("1",)),
    ("id: mine", "id: mine\nformat: 2\nsections: [{id: a, style: deducting}]", 3, "style", ("'deduction'",)),
]  # fmt: skip
_PYDANTIC = re.compile(
    r"[Ii]nput should|valid (?:dictionary|tuple|list|string|number|integer)|[Ff]ield required|[Kk]eys should"
)


def _check(error: AttuneError, line: int, path: str, words: tuple[str, ...]) -> None:
    told = error.problems or ((error.location or "", error.message_en, error.message_zh),)
    [(_, english, chinese)] = [
        one for one in told if one[0].startswith(f"f.yaml:{line} ") and one[0].endswith(f"{path})")
    ]
    for message in (english, chinese):
        assert not _PYDANTIC.search(message), message
        assert [word for word in words if word.strip("'") not in message] == [], message
    for word in words:
        if word.startswith("'"):
            assert f"did you mean {word}" in english
            assert f"是否想写“{word.strip(chr(39))}”" in chinese
    assert re.search("[\u4e00-\u9fff]", chinese)
    # No English sentence: no three English words in a row that are not names.
    assert not re.search(r"\b[a-z]+ (?:a|an|the|is|of|to|be|not|or|and) [a-z]+", chinese), chinese


@pytest.mark.parametrize(("old", "new", "line", "path", "words"), _MISTAKES)
def test_in_a_playbook(old: str, new: str, line: int, path: str, words: tuple[str, ...]) -> None:
    assert old in _PLAYBOOK
    with pytest.raises(InvalidPlaybookError) as caught:
        parse_playbook(_PLAYBOOK.replace(old, new, 1), "f.yaml")
    _check(caught.value, line, path, words)


@pytest.mark.parametrize(("old", "new", "line", "path", "words"), _RUBRIC_MISTAKES)
def test_in_a_rubric(old: str, new: str, line: int, path: str, words: tuple[str, ...]) -> None:
    assert old in _RUBRIC
    with pytest.raises(InvalidRubricError) as caught:
        parse_rubric(_RUBRIC.replace(old, new, 1), "f.yaml")
    _check(caught.value, line, path, words)


def test_one_place_is_told_once() -> None:
    with pytest.raises(InvalidPlaybookError) as caught:
        parse_playbook(_PLAYBOOK.replace(_KIND, _tests("{line: x, expect: failed}"), 1), "f.yaml")
    assert caught.value.problems == ((str(caught.value.location), caught.value.message_en, caught.value.message_zh),)


def test_a_list_of_cues_is_not_lost_behind_the_packaged_ones() -> None:
    text = _PLAYBOOK.replace(_CUE, "[hi]").replace(_LOOK, "seen: [std.negation]")
    with pytest.raises(InvalidPlaybookError, match="should be a mapping") as caught:
        parse_playbook(text, "f.yaml")
    assert caught.value.location == "f.yaml:4 ($.cues)"


@pytest.mark.parametrize(
    ("text", "line", "chinese"),
    [
        ("a: b: c", 1, "键: 值"),
        ("a: [1", 1, "]"),
        ("a:\n\t- b", 2, "制表符"),
        ("a: 'x", 1, "引号"),
        ("a: @b", 1, "引号"),
        ("--- {a: 1}\n--- {b: 2}", 2, "一个文档"),
    ],
)
def test_what_is_no_yaml(text: str, line: int, chinese: str) -> None:
    with pytest.raises(InvalidPlaybookError, match="Not valid YAML") as caught:
        parse_playbook(text, "f.yaml")
    assert str(caught.value.location).startswith(f"f.yaml:{line}")
    assert chinese in caught.value.message_zh
    assert not re.search(r"[a-z]{3,} [a-z]{2,}", caught.value.message_zh)
