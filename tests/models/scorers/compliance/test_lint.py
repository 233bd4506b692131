"""Lint: nothing to say of a good playbook, and each mistake is found where it is."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.errors import UnknownPlaybookError
from models.scorers.compliance import list_playbooks
from models.scorers.compliance.lint import Finding, lint, lint_text
from models.scorers.compliance.lint.literals import branches, literal_runs, strings
from tests.models.scorers.compliance.shop import SHOP

_ORDINARY = {"agent": [f"这是第{number}条普通消息" for number in range(100)]}


def look(text: str, lines: dict[str, list[str]] | None = None) -> list[Finding]:
    return lint_text(text, "shop.yaml", lines=lines)


def changed(old: str, new: str) -> str:
    assert SHOP.count(old) == 1, old
    return SHOP.replace(old, new)


def test_a_good_playbook() -> None:
    assert look(SHOP, _ORDINARY) == []


# What is changed, the code of the warning, the text on its line, and a word of the message.
_WARNINGS = [
    ('"hello"]', '"hello", "您好呀"]', "shadowed", "您好呀", "您好"),
    ('"hello"]', '"hello", "hello|hi there"]', "shadowed", "hi there", "hello"),
    (
        '    include: ["加.{0,4}微信"]',
        '    include: ["加.{0,4}微信", "不能加微信"]',
        "always-excluded",
        "不能加微信",
        "exclude",
    ),
    ('"hello"]', '"VX123"]', "never-matches", "VX123", "微信"),
    ('"hello"]', '"hello", "購買"]', "never-matches", "購買", "购买"),
    ("您好|你好\n", "您好|你好|啥子\n", "never-matches", "啥子", "什么"),
    ("cues:\n", "cues:\n  big: {entity: {kind: amount, over: 500, under: 100}}\n", "never-matches", "big:", "over 500"),
    ("cues:\n", "cues:\n  odd: {include: [x], chars: {over: 4, under: 5}}\n", "never-matches", "odd:", "over 4"),
    ("cues:\n", "cues:\n  lonely: {include: [孤单]}\n", "unused-cue", "lonely", "lonely"),
    ("words:\n", "words:\n  spare: 多余\n", "unused-word", "spare", "spare"),
    ("conditions:\n", "conditions:\n  idle: {seen: [hi]}\n", "unused-condition", "idle", "idle"),
    ("cues:\n", "cues:\n  again: {include: ['{polite}', hello]}\n", "same-cue-twice", "hi:", "again"),
    ("{seen: [hi], first: 2}", "{seen: [hi, hi], first: 2}", "said-twice", "first: 2", "hi"),
    ("{seen: [hi], first: 2}", "{any: [{seen: [hi]}, {seen: [hi]}]}", "said-twice", "any:", "twice"),
    ("{seen: [hi], first: 2}", "{any: [{seen: [hi]}, {seen: [hi, wechat]}]}", "contained", "any:", "place 2"),
    ("{seen: [hi], first: 2}", "{all: [{seen: [hi]}, {none: [{seen: [hi]}]}]}", "never-holds", "all:", "denies"),
    ("suggest: [您好]", "suggest: [您好, 加下微信]", "suggestion-forbidden", "加下微信", "off_platform"),
    ("say_instead: [请在这里留言]", "say_instead: [加我微信]", "suggestion-forbidden", "加我微信", "off_platform"),
    ("suggest: [您好]", "suggest: [再见]", "suggestion-does-not-count", "再见", "再见"),
    ('"hello"]', '"hello", "加个微信"]', "required-forbidden", "look_for: {seen: [hi]", "加个微信"),
    ("look_for: {seen: [wechat]}", "look_for: {seen: [hi], first: 2}", "contradictory", "first: 2", "greeting"),
    (
        "suggest: [您好]",
        "suggest: [您好]\n    abstain_below: 0.9",
        "always-abstains",
        "abstain_below",
        "never says pass",
    ),
    ("id: shop", "id: shop\neffective: {until: 2020-01-01}", "over-already", "effective", "2020-01-01"),
    ("cues:\n", "cues:\n  m: {exemplars: {like: [一, 二, 三]}}\n", "few-exemplars", "m:", "3 exemplar"),
    ("cues:\n", "cues:\n  m: {exemplars: {like: [一, 二, 三]}}\n", "few-exemplars", "m:", "'unlike'"),
    ("look_for: {seen: [wechat]}", "look_for: {seen: [wechat, hi]}", "contradictory", "first: 2", "off_platform"),
    ("greets in {message}", "greets in {mesage}", "unknown-placeholder", "mesage", "{mesage}"),
    ("      - {line: 加我微信聊, expect: fail, quote: 微信}\n", "", "untested", "id: off_platform", "fail"),
    ('["加.{0,4}微信"]', '["普通|加.{0,4}微信"]', "too-broad", "wechat:", "100%"),
    ("applies: {holds: agent_spoke}", "applies: {seen: [hi], first: 2, by: agent}", "foregone", "applies", "certain"),
]


@pytest.mark.parametrize(("old", "new", "code", "on_line", "word"), _WARNINGS, ids=lambda value: value[:24])
def test_warnings(old: str, new: str, code: str, on_line: str, word: str) -> None:
    text = changed(old, new)
    if code == "untested":
        text = text.replace("expect: {greeting: pass, off_platform: fail}", "expect: {greeting: pass}")
    found = [finding for finding in look(text, _ORDINARY) if finding.code == code]
    assert found, [finding.code for finding in look(text, _ORDINARY)]
    assert found[0].severity == "warning"
    assert found[0].line is not None
    shown = "\n".join(text.splitlines()[found[0].line - 1 : found[0].line + 1])
    assert on_line in shown
    assert any(word in finding.en + finding.zh for finding in found)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("{seen: [hi], first: 2}", "{seen: [grumpy]}"),
        ("{seen: [hi], first: 2}", "{seen: [settled]}"),
        ("{holds: agent_spoke}", "{seen: [hi], by: customer, after: [grumpy], after_by: agent}"),
    ],
)
def test_a_cue_that_its_speaker_cannot_show(old: str, new: str) -> None:
    more = "cues:\n  grumpy: {sentiment_below: -0.5}\n  settled: {act: {name: settle, least: 0.5}}\n"
    codes = {finding.code for finding in look(changed(old, new).replace("cues:\n", more))}
    assert "never-shown-by-speaker" in codes


def test_every_mistake_has_its_line() -> None:
    text = SHOP.replace("kind: required", "kind: must").replace("seen: [wechat]", "sen: [wechat]")
    found = look(text)
    assert [finding.severity for finding in found] == ["error"] * len(found)
    lines = [text.splitlines()[finding.line - 1] for finding in found if finding.line]
    assert any("kind: must" in line for line in lines)
    assert any("sen: [wechat]" in line for line in lines)


def test_what_is_no_yaml() -> None:
    [finding] = look("id: [")
    assert (finding.severity, finding.code) == ("error", "invalid-playbook")
    assert finding.line is not None


def test_only_what_a_playbook_says_itself(tmp_path: Path) -> None:
    (tmp_path / "base.yaml").write_text(SHOP.replace("words:\n", "words:\n  spare: 多余\n"), encoding="utf-8")
    own = tmp_path / "own.yaml"
    own.write_text("extends: base.yaml\nid: own\nversion: 1\ncues:\n  lonely: {include: [孤单]}\n", encoding="utf-8")
    assert [finding.code for finding in lint([own])] == ["unused-cue"]


def test_playbooks_that_claim_the_same_conversations(tmp_path: Path) -> None:
    paths = []
    for name, more in {
        "one": "scope: {queue: [aftersale]}",
        "two": "scope: {channel: [chat]}",
        "narrow": "scope: {queue: [aftersale], channel: [chat], language: [en]}",
        "later": "scope: {queue: [aftersale]}\neffective: {from: 2027-01-01}",
        "before": "scope: {queue: [aftersale]}\neffective: {until: 2027-01-01}",
    }.items():
        path = tmp_path / f"{name}.yaml"
        path.write_text(SHOP.replace("id: shop", f"id: {name}") + more + "\n", encoding="utf-8")
        paths.append(path)
    now = datetime(2026, 11, 1, tzinfo=UTC)
    assert {finding.code for finding in lint(paths[:2], now=now)} == {"overlap"}
    assert lint([paths[0], paths[2]], now=now) == []
    assert lint([paths[3], paths[4]], now=now) == []
    assert {finding.code for finding in lint([paths[0], paths[3]], now=now)} == {"overlap"}


def test_no_such_playbook() -> None:
    with pytest.raises(UnknownPlaybookError):
        lint(["nothing.yaml"])


def test_packaged_playbooks_have_no_errors() -> None:
    for playbook in list_playbooks():
        assert not [one for one in lint([f"{playbook.id}@{playbook.version}"]) if one.severity == "error"]


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("a|b", ["a", "b"]),
        ("(?:您|你)好?", ["你", "你好", "您", "您好"]),
        ("[ab]c", ["ac", "bc"]),
        (r"\?", ["?"]),
        ("a.{0,3}b", None),
        ("a+", None),
        ("[^a]", None),
        ("^a", None),
        ("|".join(f"词{number}" for number in range(100)), None),
    ],
)
def test_what_a_pattern_matches(pattern: str, expected: list[str] | None) -> None:
    assert strings(pattern) == expected


def test_alternatives_and_runs() -> None:
    assert branches(r"a(?:b|c)|[|]|\|d") == ["a(?:b|c)", "[|]", r"\|d"]
    assert literal_runs(r"加.{0,4}微信|\pL购买[啊吧]vx") == ["微信", "购买", "vx"]


@given(st.text(alphabet="ab|()[]?*\\.{}^好", max_size=12))
def test_any_pattern_is_survived(pattern: str) -> None:
    strings(pattern)
    literal_runs(pattern)
    assert "|".join(branches(pattern)) == pattern
