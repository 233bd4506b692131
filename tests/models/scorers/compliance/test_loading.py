"""Playbook files: good ones load, bad ones say in which line and why."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from models.domain.context import Context
from models.domain.conversation import Conversation, Turn
from models.domain.playbook import Playbook
from models.errors import InvalidPlaybookError, UnknownPlaybookError
from models.scorers.compliance import ComplianceScorer, list_playbooks, load_playbook, playbook_schema

_GUIDE = Path(__file__).parents[4] / "docs" / "guides" / "playbooks.md"

_GOOD = """\
id: small
version: 1
title: {zh: 小, en: Small}
words:
  polite: 您好|你好
cues:
  hi:
    include: ["{polite}", "hello"]
  rest:
    rest_of: [hi]
conditions:
  greeted: {seen: [hi], by: agent}
checks:
  - id: greeting
    kind: required
    title: {zh: 问候, en: Greeting}
    look_for: {seen: [hi], first: 2}
    reasons: {passed: {zh: 好, en: ok}, failed: {zh: 无, en: none}, na: {zh: 无, en: na}}
"""


def load(tmp_path: Path, text: str | bytes) -> Playbook:
    path = tmp_path / "mine.yaml"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return load_playbook(path)


def test_a_good_file_loads_and_its_layout_does_not_change_its_hash(tmp_path: Path) -> None:
    first = load(tmp_path, _GOOD)
    assert (first.id, first.version, first.checks[0].look_for.first) == ("small", 1, 2)
    assert re.fullmatch(r"sha256:[0-9a-f]{64}", first.hash)
    same = yaml.safe_dump(yaml.safe_load(_GOOD), allow_unicode=True)
    assert load(tmp_path, "\ufeff# a comment\n" + same) == first
    assert load(tmp_path, _GOOD.replace("first: 2", "first: 3")).hash != first.hash


# What is changed in the good file, the line and path that the error names, and the reason.
_BAD: list[tuple[str, str, str, str]] = [
    ("id: small", "id: Small Shop", ":1 ($.id)", "lower-case letter"),
    ("version: 1", "version: 0", ":2 ($.version)", "1 or more"),
    ("version: 1", "version: one", ":2 ($.version)", "integer"),
    ("version: 1\n", "", ":1 ($.version)", "required"),
    ("id: small", "id: small\nhash: abc", ":2 ($.hash)", "computed, not written"),
    ("en: Small", "eng: Small", ":3 ($.title.e", ""),
    ("    kind: required", "    kind: must", ":15 ($.checks[0].kind)", "'required'"),
    ("id: greeting", "id: Greeting!", ":14 ($.checks[0].id)", "no id"),
    ("kind: required", "kind: required\n    weight: 0", ":14 ($.checks[0])", "greater than 0"),
    ("kind: required", "kind: required\n    weight: .nan", ":14 ($.checks[0])", "greater than 0"),
    ("kind: required", "kind: required\n    wieght: 2", ":16 ($.checks[0].wieght)", ""),
    ("kind: required", "kind: required\n    confidence: {passed: 2}", ":16 ($.checks[0].confidence)", "0 and 1"),
    ("kind: required", "kind: required\n    critical: perhaps", ":16 ($.checks[0].critical)", "boolean"),
    ("seen: [hi], first: 2", "seen: [hello]", ":17 ($.checks[0].look_for.seen[0])", "no cue 'hello'"),
    ("seen: [hi], first: 2", "seen: hi", ":17 ($.checks[0].look_for.seen)", ""),
    ("seen: [hi], first: 2", "seen: [hi], first: 0", ":17 ($.checks[0].look_for.first)", "1 or more"),
    ("seen: [hi], first: 2", "seen: [hi], left_by: agent", ":17 ($.checks[0].look_for)", "exactly one of"),
    ("seen: [hi], first: 2", "holds: greeted, first: 2", ":17 ($.checks[0].look_for)", "belong to 'seen'"),
    ("seen: [hi], first: 2", "seen: [hi], within: 2", ":17 ($.checks[0].look_for.within)", "belongs to 'after'"),
    ("seen: [hi], first: 2", "seen: [hi], apart_from: [hi]", ".apart_from)", "belongs to 'left_by'"),
    ("seen: [hi], first: 2", "seen: [hi], by: boss", ":17 ($.checks[0].look_for.by)", "'customer'"),
    ("seen: [hi], first: 2", "seen: [hi], after: [x]", ":17 ($.checks[0].look_for.after[0])", "no cue 'x'"),
    ("seen: [hi], first: 2", "any: [{seen: [hi]}, {seen: [x]}]", "look_for.any[1].seen[0])", "no cue 'x'"),
    ("seen: [hi], first: 2", "holds: gone", ":17 ($.checks[0].look_for.holds)", "no condition 'gone'"),
    ("seen: [hi], by: agent", "holds: greeted", ":12 ($.conditions.greeted)", "refers to itself"),
    ("seen: [hi], by: agent", "seen: [x]", ":12 ($.conditions.greeted.seen[0])", "no cue 'x'"),
    ('"hello"]', '"hel(lo"]', ":8 ($.cues.hi.include[1])", "no RE2 pattern"),
    ('"hello"]', '"(?<=a)b"]', ":8 ($.cues.hi.include[1])", "no RE2 pattern"),
    ('"hello"]', r'"(a)\\1"]', ":8 ($.cues.hi.include[1])", "no RE2 pattern"),
    ('"hello"]', '"(?:hello)?"]', ":8 ($.cues.hi.include[1])", "matches the empty text"),
    ('"hello"]', '"{greet}"]', ":8 ($.cues.hi.include[1])", "no word 'greet'"),
    ('"hello"]', '"hello"]\n    exclude: ["["]', ":9 ($.cues.hi.exclude[0])", "no RE2 pattern"),
    ('"hello"]', '"hello"]\n    unless: [{cue: x}]', ":9 ($.cues.hi.unless[0].cue)", "no cue 'x'"),
    ('"hello"]', '"hello"]\n    needs: [{cue: rest}]', ":9 ($.cues.hi.needs[0].cue)", "no patterns of its own"),
    ('"hello"]', '"hello"]\n    unless: [{cue: hi, within: word}]', ".unless[0].within)", "'clause'"),
    ("rest_of: [hi]", "rest_of: [x]", ":10 ($.cues.rest.rest_of[0])", "no cue 'x'"),
    ("rest_of: [hi]", "rest_of: [hi]\n    include: [a]", ":9 ($.cues.rest)", "either"),
    ("rest_of: [hi]", "rest_of: [hi]\n    exclude: [a]", ":11 ($.cues.rest.exclude)", "belongs to 'include'"),
    ("rest_of: [hi]", "min_chars: 2", ":9 ($.cues.rest)", "either"),
    ("polite: 您好|你好", "polite: '{polite}a'", ":8 ($.cues.hi.include[0])", "circle"),
    ("polite: 您好|你好", "polite: 3", ":5 ($.words.polite)", "string"),
    ("polite: 您好|你好", 'polite: "\\ud800"', ":5", "half a character"),
    ("cues:", "cues:\n  1: {include: [a]}", ":6 ($.cues[1]", "string"),
    ("title: {zh: 小, en: Small}", "title: [小]", ":3 ($.title)", ""),
    ("id: small", "id: small\nid: other", ":2", "stands twice"),
    ("id: small", "id: &a small\nversion: *a", ":2", "aliases"),
    ("id: small", "id: [small", ":2", "Not valid YAML"),
    ("id: small", "id: !!python/object:os.system small", ":1", "Not valid YAML"),
    ("id: small", "id: sm\0all", "", "Not valid YAML"),
]


@pytest.mark.parametrize(("old", "new", "place", "reason"), _BAD)
def test_a_bad_file_says_where_and_why(tmp_path: Path, old: str, new: str, place: str, reason: str) -> None:
    assert _GOOD.count(old) >= 1
    with pytest.raises(InvalidPlaybookError) as caught:
        load(tmp_path, _GOOD.replace(old, new, 1))
    assert place in str(caught.value.location)
    assert str(caught.value.location).startswith(str(tmp_path / "mine.yaml"))
    assert reason in caught.value.message_en
    assert re.search("[\u4e00-\u9fff]", caught.value.message_zh)


def test_a_check_that_is_there_twice_is_refused(tmp_path: Path) -> None:
    again = _GOOD + _GOOD[_GOOD.index("  - id: greeting") :]
    with pytest.raises(InvalidPlaybookError, match="there twice") as caught:
        load(tmp_path, again)
    assert ":19 ($.checks[1].id)" in str(caught.value.location)
    empty = _GOOD[: _GOOD.index("checks:")] + "checks: []\n"
    with pytest.raises(InvalidPlaybookError, match="1 to 200 checks"):
        load(tmp_path, empty)


def test_all_problems_are_named_at_once(tmp_path: Path) -> None:
    with pytest.raises(InvalidPlaybookError) as caught:
        load(tmp_path, _GOOD.replace("seen: [hi]", "seen: [a, b, c]"))
    assert caught.value.message_en.startswith("6 problem(s): ")
    assert "第" not in caught.value.message_en
    assert caught.value.message_zh.startswith("6 处问题")


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "must be a mapping"),
        (b"- a\n- b\n", "must be a mapping"),
        ("id: 店铺".encode("gb18030"), "not UTF-8"),
        (b"#" * 2_000_001, "larger than"),
        (b"a: " + b"[" * 5000, "Not valid YAML"),
    ],
)
def test_what_is_no_playbook_at_all_is_refused(tmp_path: Path, content: bytes, reason: str) -> None:
    with pytest.raises(InvalidPlaybookError, match=reason):
        load(tmp_path, content)


def test_words_cannot_grow_a_pattern_beyond_all_measure(tmp_path: Path) -> None:
    words = "\n".join(
        f"  {a}: '{{{b}}}{{{b}}}{{{b}}}{{{b}}}{{{b}}}{{{b}}}{{{b}}}{{{b}}}'"
        for a, b in zip("abcdef", "bcdefg", strict=True)
    )
    text = _GOOD.replace("words:", f"words:\n{words}\n  g: '{'x' * 1000}'").replace('"hello"', '"{a}"')
    with pytest.raises(InvalidPlaybookError, match="longer than"):
        load(tmp_path, text)


def test_a_directory_and_a_missing_file_are_refused(tmp_path: Path) -> None:
    (tmp_path / "dir.yaml").mkdir()
    with pytest.raises(InvalidPlaybookError, match="Cannot read"):
        load_playbook(tmp_path / "dir.yaml")
    with pytest.raises(UnknownPlaybookError, match="no playbook file"):
        load_playbook(tmp_path / "gone.yaml")


def test_an_unknown_id_names_the_known_ones() -> None:
    with pytest.raises(UnknownPlaybookError) as caught:
        load_playbook("ecomerce-zh")
    assert all(f"{playbook.id}@{playbook.version}" in str(caught.value.hint) for playbook in list_playbooks())


def test_packaged_playbooks_are_found_by_id_and_version() -> None:
    for playbook in list_playbooks():
        assert load_playbook(f"{playbook.id}@{playbook.version}") == playbook
        assert load_playbook(playbook.id).version == max(p.version for p in list_playbooks() if p.id == playbook.id)
        with pytest.raises(UnknownPlaybookError):
            load_playbook(f"{playbook.id}@999")


def test_the_schema_describes_a_file() -> None:
    schema = playbook_schema()
    assert set(schema["properties"]) == {"id", "version", "title", "checks", "words", "cues", "conditions"}
    assert schema["required"] == ["id", "version", "title", "checks"]
    json.dumps(schema)


def _example() -> str:
    blocks = re.findall(r"```yaml\n(.*?)```", _GUIDE.read_text(encoding="utf-8"), re.DOTALL)
    assert len(blocks) == 1
    return str(blocks[0])


@pytest.mark.parametrize(
    ("lines", "verdicts"),
    [
        ([("customer", "在吗"), ("agent", "您好,欢迎光临")], "pass na pass"),
        ([("customer", "太慢了"), ("agent", "嗯"), ("agent", "非常抱歉"), ("agent", "加我V X")], "fail pass fail"),
        ([("customer", "加微信聊"), ("agent", "亲,平台不能加微信哦,谨防骗子")], "pass na pass"),
        ([("customer", "太慢了"), ("agent", "您好")], "pass fail pass"),
        ([("customer", "在吗")], "na na pass"),
    ],
)
def test_the_guides_example_works_as_printed(tmp_path: Path, lines: Any, verdicts: str) -> None:
    scorer = ComplianceScorer(load(tmp_path, _example()))
    context = Context(head=Conversation(id="x", turns=()))
    for index, (role, text) in enumerate(lines):
        context = context.with_turn(Turn(index, role, text), text)
        context = context.with_signal(scorer.name, scorer.observe(context))
    assert " ".join(check.verdict for check in scorer.score(context).checks) == verdicts
