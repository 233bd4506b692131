"""Playbook files: good ones load, bad ones say in which line and why."""

import json
import re
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
import yaml

from models.domain.context import Context
from models.domain.conversation import Conversation, Turn
from models.domain.playbook import Playbook
from models.errors import InvalidPlaybookError, UnknownPlaybookError
from models.pipeline.run import mask_turn, open_context, take_turn
from models.scorers.compliance import (
    ComplianceScorer,
    conversation_of,
    list_playbooks,
    load_playbook,
    parse_playbook,
    playbook_schema,
)
from models.scorers.compliance.loading import PACKAGED

_GUIDE = Path(__file__).parents[4] / "docs" / "guides" / "playbooks.md"
_SCHEMA = Path(__file__).parents[4] / "docs" / "reference" / "playbook.schema.json"

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
    ("kind: required", "kind: required\n    weight: 0", ":16 ($.checks[0].weight)", "greater than 0"),
    ("kind: required", "kind: required\n    weight: .nan", ":16 ($.checks[0].weight)", "finite"),
    ("kind: required", "kind: required\n    wieght: 2", ":16 ($.checks[0].wieght)", ""),
    ("kind: required", "kind: required\n    confidence: {passed: 2}", ":16 ($.checks[0].confidence.passed)", "0 and 1"),
    ("kind: required", "kind: required\n    critical: perhaps", ":16 ($.checks[0].critical)", "boolean"),
    ("seen: [hi], first: 2", "seen: [hello]", ":17 ($.checks[0].look_for.seen[0])", "no cue 'hello'"),
    ("seen: [hi], first: 2", "seen: hi", ":17 ($.checks[0].look_for.seen)", ""),
    ("seen: [hi], first: 2", "seen: [hi], first: 0", ":17 ($.checks[0].look_for.first)", "1 or more"),
    ("seen: [hi], first: 2", "seen: [hi], left_by: agent", ":17 ($.checks[0].look_for)", "exactly one of"),
    ("seen: [hi], first: 2", "holds: greeted, first: 2", ":17 ($.checks[0].look_for.first)", "belongs to 'seen'"),
    ("seen: [hi], first: 2", "holds: greeted, by: agent", ":17 ($.checks[0].look_for.by)", "belongs to 'seen'"),
    ("seen: [hi], first: 2", "left_by: agent, by: agent", ":17 ($.checks[0].look_for.by)", "belongs to 'seen'"),
    ("seen: [hi], first: 2", "all: [{seen: [hi]}], last: 2", ":17 ($.checks[0].look_for.last)", "belongs to 'seen'"),
    ("seen: [hi], first: 2", "any: [{seen: [hi]}], before: [hi]", ".look_for.before)", "belongs to 'seen'"),
    ("seen: [hi], first: 2", "none: [{seen: [hi]}], after: [hi]", ".look_for.after)", "belongs to 'seen'"),
    ("seen: [hi], first: 2", "count: {at_least: 1}, by: agent", ".look_for.by)", "write it inside 'count'"),
    ("seen: [hi], first: 2", "gap: {over: 3}, by: agent", ".look_for.by)", "write it inside 'gap'"),
    ("seen: [hi], first: 2", "repeated: {times: 2}, within: 3", ".look_for.within)", "write it inside 'repeated'"),
    (
        "seen: [hi], first: 2",
        "order: {first: [hi], then: [hi]}, within_seconds: 3",
        ".within_seconds)",
        "inside 'order'",
    ),
    ("seen: [hi], first: 2", "csat: {below: 3}, by: customer", ".look_for.by)", "belongs to 'seen'"),
    ("seen: [hi], first: 2", "seen: [hi], pick: last", ":17 ($.checks[0].look_for.pick)", "belongs to 'after'"),
    ("seen: [hi], first: 2", "all: [{seen: [hi]}], pick: last", ".look_for.pick)", "belongs to 'after'"),
    ("seen: [hi], first: 2", "seen: [hi], after_by: agent", ".look_for.after_by)", "belongs to 'after'"),
    ("seen: [hi], first: 2", "seen: [hi], before_by: agent", ".look_for.before_by)", "belongs to 'before'"),
    ("seen: [hi], first: 2", "sentiment: {measure: start, direction: [worsened]}", ".sentiment.measure)", "'below'"),
    ('"hello"]', '"hello"]\n    min_chars: 9', ":9 ($.cues.hi.min_chars)", "belongs to 'rest_of'"),
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
    ("rest_of: [hi]", "rest_of: [hi]\n    unless: [{cue: hi}]", ":11 ($.cues.rest.unless)", "'act'"),
    ("rest_of: [hi]", "min_chars: 2", ":9 ($.cues.rest)", "either"),
    ("polite: 您好|你好", "polite: '{polite}a'", ":8 ($.cues.hi.include[0])", "circle"),
    ("polite: 您好|你好", "polite: 3", ":5 ($.words.polite)", "string"),
    ("polite: 您好|你好", 'polite: "\\ud800"', ":5", "half a character"),
    ("cues:", "cues:\n  1: {include: [a]}", ":7 ($.cues)", "A key is a text"),
    ("kind: required", "kind: ordered", ":17 ($.checks[0].look_for)", "'order'"),
    ("kind: required", "kind: timed", ":17 ($.checks[0].look_for)", "'within_seconds'"),
    ("kind: required", "kind: required\n    abstain_below: 2", ":16 ($.checks[0].abstain_below)", "between 0 and 1"),
    ("kind: required", "kind: required\n    say_instead: [x]", ":16 ($.checks[0].say_instead)", "forbidden"),
    (
        "kind: required",
        "kind: required\n    scope: {queue: [after_sale]}",
        ":16 ($.checks[0].scope.queue[0])",
        "'aftersale'",
    ),
    ("kind: required", "kind: required\n    tests: [{line: hi, expect: good}]", ":16 ($.checks[0].tests[0].expect", ""),
    (
        "kind: required",
        "kind: required\n    tests: [{expect: pass}]",
        ":16 ($.checks[0].tests[0])",
        "either 'turns' or",
    ),
    ("kind: required", "kind: required\n    tests: [{turns: [hi], expect: pass}]", ".tests[0].turns[0])", "no turn"),
    (
        "kind: required",
        "kind: required\n    tests: [{line: hi, expect: pass, attributes: {queue: x}}]",
        ":16 ($.checks[0].tests[0].attributes",
        "",
    ),
    ("cues:", "tests: [{line: hi, expect: pass}]\ncues:", ":6 ($.tests[0].expect)", "by check"),
    ("cues:", "tests: [{line: hi, expect: {bye: pass}}]\ncues:", ":6 ($.tests[0].expect.bye)", "no check 'bye'"),
    ("cues:", "effective: {from: 2026-12-01, until: 2026-11-01}\ncues:", ":6 ($.effective.until)", "before 'from'"),
    ("cues:", "effective: {from: 2026-12-01T10:00:00}\ncues:", ":6 ($.effective.from)", "zone"),
    ("cues:", "effective: {since: 2026-12-01}\ncues:", ":6 ($.effective.since)", ""),
    ("cues:", "scope: {language: [fr]}\ncues:", ":6 ($.scope.language[0])", "'en'"),
    ("cues:", "remove: [greeting]\ncues:", ":6 ($.remove)", "belongs to 'extends'"),
    ("cues:", "extends: nothing\ncues:", ":6 ($.extends)", 'no playbook "nothing"'),
    ('include: ["{polite}", "hello"]', "keywords: {none: [a]}", ":8 ($.cues.hi.keywords)", "at least one of"),
    ('include: ["{polite}", "hello"]', "keywords: {any: ['❤️', '\u200b']}", ".keywords.any[1])", "no word"),
    ('include: ["{polite}", "hello"]', "keywords: {any: [a, b], ordered: true}", ":8 ($.cues.hi.keywords)", "ordered"),
    (
        'include: ["{polite}", "hello"]',
        "keywords: {at_least: {count: 3, of: [VX, 微信, a]}}",
        ":8 ($.cues.hi.keywords.at_least.count)",
        "different words",
    ),
    ('include: ["{polite}", "hello"]', "keywords: {all: [a, b], distance: 0}", ".keywords.distance)", "1 character"),
    ('include: ["{polite}", "hello"]', "exemplars: {like: [a, b, a]}", ":8 ($.cues.hi.exemplars.like)", "at least 3"),
    ('"hello"]', '"hello"]\n    exemplars: {like: [a, b, c], unlike: [b]}', ".exemplars.unlike[0])", "in 'like', too"),
    ('"hello"]', '"hello"]\n    exemplars: {like: [a, b, c], least: 0}', ".exemplars.least)", "probability"),
    ('"hello"]', '"hello"]\n    exemplars: {examples_file: ../x}', ".exemplars.examples_file)", "beside"),
    ('"hello"]', '"hello"]\n    exemplars: {examples_file: gone.jsonl}', ".exemplars.examples_file)", "cannot read"),
    ('"hello"]', '"hello"]\n    entity: {kind: money}', ":9 ($.cues.hi.entity.kind)", "'amount'"),
    ('"hello"]', '"hello"]\n    entity: {kind: phone, over: 1}', ":9 ($.cues.hi.entity)", "for amount"),
    ('"hello"]', '"hello"]\n    entity: {kind: phone, count: 0}', ":9 ($.cues.hi.entity.count)", "1 or more"),
    ('"hello"]', '"hello"]\n    chars: {}', ":9 ($.cues.hi.chars)", "'over', 'under'"),
    ('"hello"]', '"hello"]\n    unless: [{cue: std.nothing}]', ":9 ($.cues.hi.unless[0].cue)", "no cue 'std.nothing'"),
    ("seen: [hi], first: 2", "least: {count: 2, of: [{seen: [hi]}]}", ".look_for.least.count)", "number of conditions"),
    ("seen: [hi], first: 2", "least: {count: 1, of: [{seen: [x]}]}", ".least.of[0].seen[0])", "no cue 'x'"),
    (
        "seen: [hi], first: 2",
        "order: {first: [hi], then: [x]}",
        ":17 ($.checks[0].look_for.order.then[0])",
        "no cue 'x'",
    ),
    ("seen: [hi], first: 2", "order: {first: [hi], then: []}", ":17 ($.checks[0].look_for.order.then)", "at least one"),
    ("seen: [hi], first: 2", "order: {first: [hi], then: [hi], within: 0}", ".order.within)", "1 or more"),
    ("seen: [hi], first: 2", "gap: {after: agent, over: 3}", ":17 ($.checks[0].look_for.gap)", "two speakers"),
    ("seen: [hi], first: 2", "gap: {which: any}", ":17 ($.checks[0].look_for.gap)", "'over', 'under'"),
    ("seen: [hi], first: 2", "count: {by: agent}", ":17 ($.checks[0].look_for.count)", "'at_least'"),
    ("seen: [hi], first: 2", "count: {at_least: 3, at_most: 2}", ":17 ($.checks[0].look_for.count)", "nothing lies"),
    ("seen: [hi], first: 2", "repeated: {times: 1}", ":17 ($.checks[0].look_for.repeated.times)", "2 or more"),
    ("seen: [hi], first: 2", "sentiment: {measure: end}", ":17 ($.checks[0].look_for.sentiment)", "either 'direction'"),
    ("seen: [hi], first: 2", "csat: {measure: nps, below: 2}", ".look_for.csat.measure)", "'mean'"),
    ("seen: [hi], first: 2", "conversation: {}", ":17 ($.checks[0].look_for.conversation)", "no attribute"),
    ("seen: [hi], first: 2", "seen: [hi], within_seconds: 3", ".look_for.within_seconds)", "belongs to 'after'"),
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
    assert any("\u4e00" <= char <= "\u9fff" for char in caught.value.message_zh)
    assert re.search("[\u4e00-\u9fff]", caught.value.message_zh)


def test_a_check_that_is_there_twice_is_refused(tmp_path: Path) -> None:
    again = _GOOD + _GOOD[_GOOD.index("  - id: greeting") :]
    with pytest.raises(InvalidPlaybookError, match="there twice") as caught:
        load(tmp_path, again)
    assert ":19 ($.checks[1].id)" in str(caught.value.location)
    empty = _GOOD[: _GOOD.index("checks:")] + "checks: []\n"
    with pytest.raises(InvalidPlaybookError, match="1 to 2000 checks"):
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
    assert "hash" not in schema["properties"]
    assert {"extends", "scope", "effective", "tests", "cues", "checks"} <= set(schema["properties"])
    assert schema["required"] == ["id", "version"]
    assert jsonschema_rs.meta.is_valid(schema)


def test_the_published_schema_is_that_of_the_code() -> None:
    expected = json.dumps(playbook_schema(), ensure_ascii=False, indent=2) + "\n"
    assert _SCHEMA.read_text(encoding="utf-8") == expected, "run: attune schema playbook > docs/reference/…"


@pytest.mark.parametrize("path", sorted(PACKAGED.glob("*.yaml")), ids=lambda path: path.stem)
def test_packaged_files_and_the_guides_example_fit_the_schema(path: Path) -> None:
    fits = jsonschema_rs.validator_for(playbook_schema())
    for text in (path.read_text(encoding="utf-8"), _example(), _example(1), _example(2)):
        fits.validate(json.loads(json.dumps(yaml.safe_load(text), default=str)))


def test_the_schema_lets_a_file_that_extends_another_say_less() -> None:
    fits = jsonschema_rs.validator_for(playbook_schema())
    short = {"id": "shop", "version": 1, "checks": [{"id": "eta_given", "weight": 2}]}
    assert not fits.is_valid(short)
    assert fits.is_valid({**short, "extends": "ecommerce-zh@2"})


def _example(place: int = 0) -> str:
    blocks = re.findall(r"```yaml\n(.*?)```", _GUIDE.read_text(encoding="utf-8"), re.DOTALL)
    assert len(blocks) == 3
    return str(blocks[place])


@pytest.mark.parametrize("place", [1, 2])
def test_the_guides_other_examples_pass_their_own_tests(place: int) -> None:
    playbook, _ = parse_playbook(_example(place), "guide")
    scorer = ComplianceScorer(playbook)
    tested = 0
    for check in playbook.checks:
        for test in check.tests:
            conversation = conversation_of(test)
            context = open_context(conversation)
            for turn in conversation.turns:
                context = take_turn(context, turn, mask_turn(turn), None, [scorer])
            found = next(one for one in scorer.score(context).checks if one.id == check.id)
            assert found.verdict == test.expect, (check.id, test, found)
            assert test.quote is None or any(test.quote in item.quote for item in found.evidence)
            tested += 1
    assert tested >= 2


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


@pytest.mark.parametrize(("length", "refused"), [(40, False), (60, True), (300, True)])
def test_conditions_that_hold_each_other_twice(length: int, refused: bool) -> None:
    held = [f"  c{n}: {{all: [{{holds: c{n + 1}}}, {{holds: c{n + 1}}}]}}" for n in range(length)]
    held.append(f"  c{length}: {{order: {{first: [hi], then: [hi]}}}}")
    text = _GOOD.replace("conditions:\n", "conditions:\n" + "\n".join(held) + "\n")
    text = text.replace("kind: required", "kind: ordered").replace("{seen: [hi], first: 2}", "{holds: c0}")
    if refused:
        with pytest.raises(InvalidPlaybookError, match="50 deep"):
            parse_playbook(text, "deep")
    else:
        parse_playbook(text, "deep")
