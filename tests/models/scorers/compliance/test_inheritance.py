"""Playbooks that start from another: what is taken over, what is replaced, and where errors point."""

from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from models.domain.playbook import Playbook
from models.errors import InvalidPlaybookError
from models.scorers.compliance import conversation_of, load_playbook, parse_playbook

_BASE = """\
id: base
version: 3
title: {zh: 底, en: Base}
scope: {queue: [aftersale]}
words: {polite: 您好}
cues:
  hi: {include: ["{polite}"]}
  bye: {include: [再见]}
conditions:
  spoke: {seen: [hi, bye], by: agent}
tests: [{line: 您好, expect: {greeting: pass}}]
checks:
  - id: greeting
    kind: required
    title: {zh: 问候, en: Greeting}
    look_for: {seen: [hi], first: 2}
    confidence: {passed: 0.9, failed: 0.6}
    reasons: {passed: {zh: 好, en: ok}, failed: {zh: 无, en: none}, na: {zh: 无, en: na}}
    tests: [{line: 您好, expect: pass}]
  - id: closing
    kind: required
    title: {zh: 结束, en: Closing}
    look_for: {seen: [bye], last: 2}
    reasons: {passed: {zh: 好, en: ok}, failed: {zh: 无, en: none}, na: {zh: 无, en: na}}
"""
_SHOP = """\
id: shop
version: 1
extends: base.yaml
words: {polite: 您好|欢迎}
checks:
  - {id: closing, weight: 2, confidence: {failed: 0.5}}
"""


def write(folder: Path, text: str, name: str = "shop.yaml") -> Playbook:
    (folder / "base.yaml").write_text(_BASE, encoding="utf-8")
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return load_playbook(path)


def test_a_shop_takes_over_what_it_does_not_say(tmp_path: Path) -> None:
    base, shop = write(tmp_path, _BASE, "base.yaml"), write(tmp_path, _SHOP)
    assert (shop.id, shop.version, shop.extends) == ("shop", 1, "base.yaml")
    assert (shop.title, shop.scope, shop.conditions, shop.cues) == (base.title, base.scope, base.conditions, base.cues)
    assert shop.words == {"polite": "您好|欢迎"}
    assert shop.checks[0] == base.checks[0]
    closing = shop.checks[1]
    assert (closing.weight, closing.look_for) == (2, base.checks[1].look_for)
    assert (closing.confidence.failed, closing.confidence.passed) == (0.5, 0.8)
    assert shop.tests == ()  # the other's expectations are of the other


def test_checks_are_added_and_removed(tmp_path: Path) -> None:
    new = _BASE[_BASE.index("  - id: greeting") : _BASE.index("  - id: closing")].replace("greeting", "hello")
    shop = write(tmp_path, _SHOP.replace("words:", "remove: [greeting]\nwords:") + new)
    assert [check.id for check in shop.checks] == ["closing", "hello"]
    assert len(write(tmp_path, "id: shop\nversion: 1\nextends: base.yaml\n").checks) == 2


def test_the_hash_is_of_the_resolved_content_without_tests(tmp_path: Path) -> None:
    base = write(tmp_path, _BASE, "base.yaml")
    assert write(tmp_path, _BASE.replace("expect: pass", "expect: fail"), "b.yaml").hash == base.hash
    assert write(tmp_path, _BASE.replace("tests:", "#"), "b.yaml").hash == base.hash
    same = "id: base\nversion: 3\nextends: base.yaml\n"
    assert write(tmp_path, same).hash == base.hash
    assert write(tmp_path, same + "words: {polite: 亲}\n").hash != base.hash


@pytest.mark.parametrize(
    ("old", "new", "place", "reason"),
    [
        ("weight: 2", "weight: -2", "shop.yaml:6 ($.checks[0].weight)", "greater than 0"),
        ("weight: 2", "wait: 2", "shop.yaml:6 ($.checks[0].wait)", ""),
        ("failed: 0.5", "failed: 7", "shop.yaml:6 ($.checks[0].confidence.failed)", "0 and 1"),
        ("您好|欢迎", "您好(", "base.yaml:7 ($.cues.hi.include[0])", "no RE2 pattern"),
        ("id: closing", "id: bye", "shop.yaml:6 ($.checks[0].kind)", "required"),
        ("words:", "remove: [bye]\nwords:", "shop.yaml:4 ($.remove[0])", "no check 'bye'"),
        ("extends: base.yaml", "extends: shop.yaml", "shop.yaml:3 ($.extends)", "itself"),
        ("extends: base.yaml", "extends: gone.yaml", "shop.yaml:3 ($.extends)", "Cannot read"),
        ("extends: base.yaml", "extends: [base]", "shop.yaml", ""),
        ("words:", "cues: {bye: {keywords: {any: []}}}\nwords:", "shop.yaml:4 ($.cues.bye.keywords)", "at least one"),
        ("id: shop\n", "", "shop.yaml:1 ($.id)", "required"),
    ],
)
def test_errors_point_into_the_file_that_wrote_it(tmp_path: Path, old: str, new: str, place: str, reason: str) -> None:
    assert old in _SHOP
    with pytest.raises(InvalidPlaybookError) as caught:
        write(tmp_path, _SHOP.replace(old, new))
    assert place in str(caught.value.location)
    assert reason in caught.value.message_en


def test_playbooks_extend_each_other_five_deep_at_most(tmp_path: Path) -> None:
    for number in range(1, 8):
        before = "base.yaml" if number == 1 else f"shop{number - 1}.yaml"
        text = f"id: shop\nversion: {number}\nextends: {before}\n"
        if number < 6:
            assert len(write(tmp_path, text, f"shop{number}.yaml").checks) == 2
        else:
            with pytest.raises(InvalidPlaybookError, match="5 deep"):
                write(tmp_path, text, f"shop{number}.yaml")


def test_a_packaged_playbook_can_be_extended_from_text() -> None:
    packaged = load_playbook("ecommerce-zh@2")
    shop, document = parse_playbook(
        "id: shop\nversion: 1\nextends: ecommerce-zh@2\nchecks:\n  - {id: eta_given, weight: 2}\n", "given"
    )
    assert [check.id for check in shop.checks] == [check.id for check in packaged.checks]
    assert shop.cues == packaged.cues
    assert document.where(("checks", 4, "weight")) == "given:5 ($.checks[0].weight)"


def test_thresholds_change_inherited_cues_only_in_their_figures() -> None:
    packaged = load_playbook("ecommerce-zh@2")
    head = "id: shop\nversion: 1\nextends: ecommerce-zh@2\n"
    shop, _ = parse_playbook(head + "thresholds: {bad_insult: {backed_by: 0.3}, heard_rude: {act: 0.8}}\n", "given")
    old, new = packaged.cues["bad_insult"], shop.cues["bad_insult"]
    assert new.backed_by is not None
    assert new.backed_by.least == 0.3
    assert new.include == old.include
    assert shop.cues["heard_rude"].act is not None
    assert shop.cues["heard_rude"].act.least == 0.8
    assert {name for name in shop.cues if shop.cues[name] != packaged.cues[name]} == {"bad_insult", "heard_rude"}
    assert shop.hash != parse_playbook(head, "given")[0].hash
    with pytest.raises(InvalidPlaybookError, match="no cue 'greet' with 'act'"):
        parse_playbook(head + "thresholds: {greet: {act: 0.8}}\n", "given")


def test_standard_cues_join_the_playbook_that_names_them(tmp_path: Path) -> None:
    used = _BASE.replace("bye: {include: [再见]}", "bye: {include: [再见], unless: [{cue: std.negation}]}")
    playbook = write(tmp_path, used, "b.yaml")
    assert playbook.cues["std.negation"].include
    assert "std.negation" not in write(tmp_path, _BASE, "base.yaml").cues


def test_examples_in_a_file_become_exemplars(tmp_path: Path) -> None:
    lines = [{"text": text, "label": label} for text, label in (("a", True), ("b", True), ("c", True), ("d", False))]
    (tmp_path / "x.jsonl").write_text("\n".join(map(json.dumps, lines)) + "\n\n", encoding="utf-8")
    used = _BASE.replace("bye: {include: [再见]}", "bye: {exemplars: {like: [e], examples_file: x.jsonl}}")
    exemplars = write(tmp_path, used, "b.yaml").cues["bye"].exemplars
    assert exemplars is not None
    assert (exemplars.like, exemplars.unlike, exemplars.examples_file) == (("e", "a", "b", "c"), ("d",), None)
    (tmp_path / "x.jsonl").write_text('{"text": "a", "label": 1}\n', encoding="utf-8")
    with pytest.raises(InvalidPlaybookError, match=r"line 1 of 'x\.jsonl'"):
        write(tmp_path, used, "b.yaml")


def test_a_playbook_is_in_force_from_midnight_and_until_excluded(tmp_path: Path) -> None:
    dated = _BASE.replace("words:", "effective: {from: 2026-12-01, until: 2027-01-01T00:00:00+00:00}\nwords:")
    effective = write(tmp_path, dated, "b.yaml").effective
    china = timezone(timedelta(hours=8))
    assert effective.covers(datetime(2026, 12, 1, tzinfo=china), china)
    assert not effective.covers(datetime(2026, 11, 30, 23, 59, tzinfo=china), china)
    assert effective.covers(datetime(2027, 1, 1, 7, 59, tzinfo=china), china)
    assert not effective.covers(datetime(2027, 1, 1, 8, 0, tzinfo=china), china)


def test_a_tests_turns_are_a_conversation(tmp_path: Path) -> None:
    turns = '["c: 在吗", "agent +65s: 您好: 请讲", "b+2m:", "系统"]'.replace(', "系统"', ', "system: 结束"')
    vector = f"{{turns: {turns}, expect: pass, attributes: {{queue: complaint}}}}"
    playbook = write(tmp_path, _BASE.replace("{line: 您好, expect: pass}", vector), "b.yaml")
    conversation = conversation_of(playbook.checks[0].tests[0])
    assert conversation.queue == "complaint"
    assert [(turn.role, turn.text) for turn in conversation.turns] == [
        ("customer", "在吗"),
        ("agent", "您好: 请讲"),
        ("bot", ""),
        ("system", "结束"),
    ]
    times = [turn.at for turn in conversation.turns]
    assert [(at - times[0]).total_seconds() for at in times if at and times[0]] == [0, 65, 185, 185]
    line = conversation_of(playbook.tests[0])
    assert [(turn.role, turn.text, turn.at) for turn in line.turns] == [("agent", "您好", None)]


@pytest.mark.parametrize(
    "more",
    [
        "extends: base.yaml\nremove: 5",
        "extends: base.yaml\nremove: [[a]]",
        "extends: base.yaml\nchecks: [{id: [a]}]",
        "extends: base.yaml\nchecks: [{id: {a: b}}]",
        'extends: "a\\0b"',
        'extends: "a\\0b.yaml"',
        'extends: base.yaml\ntests: [{turns: ["a +99999999999999h: x"], expect: {greeting: pass}}]',
    ],
)
def test_odd_values_are_refused(tmp_path: Path, more: str) -> None:
    with pytest.raises(InvalidPlaybookError):
        write(tmp_path, "id: shop\nversion: 1\n" + more)


def test_a_version_fits_the_database(tmp_path: Path) -> None:
    with pytest.raises(InvalidPlaybookError, match="version"):
        write(tmp_path, f"id: shop\nversion: {2**31}\nextends: base.yaml")
