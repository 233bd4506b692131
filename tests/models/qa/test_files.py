"""Rubric files: good ones load, bad ones say in which line and why, in both languages; the guide's examples work."""

import json
import re
from pathlib import Path

import jsonschema_rs
import pytest
import yaml

from models.domain.playbook import Playbook
from models.errors import InvalidRubricError
from models.qa import list_rubrics, load_rubric, parse_rubric, require_checks, rubric_schema
from models.qa.loading import PACKAGED
from models.scorers.compliance import list_playbooks, load_playbook

_DOCS = Path(__file__).parents[3] / "docs"
_SCHEMA = _DOCS / "reference" / "rubric.schema.json"
_GOOD = """\
format: 2
id: mine
version: 1
title: {zh: 我的, en: Mine}
pass_mark: 80
sections:
  - id: manner
    criteria:
      - {id: greeting, source: "check:greeting", weight: 1}
      - {id: mood, source: sentiment.end, weight: 1, scale: {worst: -1, best: 1}}
  - id: offences
    style: deduction
    criteria:
      - {id: rude, source: "check?:rudeness", points: 5}
  - id: extra
    style: bonus
    criteria:
      - {id: care, source: "manual:care", points: 5}
variants:
  - id: vip
    when: {agent_group: [vip]}
    criteria: {greeting: {weight: 2}}
"""
_FIRST, _SECOND = 'check:greeting", weight: 1', "sentiment.end, weight: 1"


@pytest.mark.parametrize(
    ("old", "new", "where", "said"),
    [
        ("pass_mark: 80", "pass_mark: 101", ":5 ($.pass_mark)", "最高分"),
        ("pass_mark: 80", "pass_mark: 80\nbands: {A: 120}", ":6 ($.bands.A)", "最高分"),
        ("pass_mark: 80", "pass_mark: 80\nbands: {A: 90, B: 90}", ":6 ($.bands.B)", "相同"),
        ("pass_mark: 80", "pass_mark: 80\nkritical: []", ":6 ($.kritical)", "没有这一项"),
        ("format: 2", "format: 3", ":1 ($.format)", "应为 2,而不是 3"),
        ("id: mood", "id: greeting", ":10 ($.sections[0].criteria[1].id)", "重复"),
        ("id: offences", "id: manner", ":11 ($.sections[1].id)", "重复"),
        ("check?:rudeness", "check?:greeting", ":14 ($.sections[1].criteria[0].source)", "重复"),
        ("id: mood", "id: critical", ":10 ($.sections[0].criteria[1].id)", "保留名"),
        (_FIRST, 'check:greeting", points: 1', ":9 ($.sections[0].criteria[0])", "须有 weight"),
        (
            "points: 5}\n  - id",
            "points: 5, weight: 1}\n  - id",
            ":14 ($.sections[1].criteria[0].weight)",
            "不写 weight",
        ),
        ("sentiment.end", "sentiment.ende", ":10 ($.sections[0].criteria[1].source)", "sentiment.end"),
        (", scale: {worst: -1, best: 1}", "", ":10 ($.sections[0].criteria[1])", "需要 scale"),
        ("best: 1}", "best: -1}", ":10 ($.sections[0].criteria[1].scale)", "不能相同"),
        (_FIRST, _FIRST + ", scale: {worst: 0, best: 1}", ":9 ($.sections[0].criteria[0].scale)", "只有数值指标"),
        (_FIRST, _FIRST + ", steps: 4", ":9 ($.sections[0].criteria[0].steps)", "人工题"),
        ("style: deduction", "style: deduction\n    weight: 5", ":7 ($.sections[0])", "都要写"),
        ("style: deduction", "style: deduction\n    at_most: 5", ":13 ($.sections[1].at_most)", "加分"),
        ("style: bonus", "style: bonus\n    weight: 5", ":17 ($.sections[2].weight)", "at_most"),
        (_FIRST, _FIRST + ", when: {}", ":9 ($.sections[0].criteria[0].when)", "不能为空"),
        (_FIRST, _FIRST + ", when: {is: [pass]}", ":9 ($.sections[0].criteria[0].when.is)", "source"),
        (_FIRST, _FIRST + ", when: {source: csat.mean}", ":9 ($.sections[0].criteria[0].when)", "above"),
        (_FIRST, _FIRST + ", when: {source: csat.men, above: 1}", ".when.source)", "未知的来源"),
        (_FIRST, _FIRST + ", when: {source: csat.mean, above: 2, below: 1}", ".when)", "没有任何值"),
        (_FIRST, _FIRST + ', when: {source: "check:a", above: 2}', ".when.above)", "检查项用 is"),
        (_FIRST, _FIRST + ", auto_fail: {cap: 100}", ".auto_fail.cap)", "应为小于 100"),
        ("{agent_group: [vip]}", "{source: csat.mean, above: 1}", ":21 ($.variants[0].when.source)", "when"),
        ("criteria: {greeting: {weight: 2}}", "criteria: {greting: {weight: 2}}", ".criteria.greting)", "没有评分项"),
        ("criteria: {greeting: {weight: 2}}", "criteria: {rude: {weight: 2}}", ".criteria.rude.weight)", "不写 weight"),
        ("criteria: {greeting: {weight: 2}}", "sections: {manner: {weight: 2}}", ".sections.manner)", "可调整"),
        ("criteria: {greeting: {weight: 2}}", "remove: [greeting, mood, rude]", ".remove)", "没有可计分"),
        (
            "criteria: {greeting: {weight: 2}}",
            'add: [{section: manner, id: hi, source: "check:greeting", weight: 1}]',
            ".add[0].source)",
            "重复",
        ),
    ],
)
def test_a_bad_rubric_says_where_and_why_in_both_languages(old: str, new: str, where: str, said: str) -> None:
    assert _GOOD.count(old) >= 1
    with pytest.raises(InvalidRubricError) as caught:
        parse_rubric(_GOOD.replace(old, new, 1), "mine.yaml")
    places = [caught.value.location or "", *(place for place, _, _ in caught.value.problems)]
    assert any(place.startswith("mine.yaml:") and place.endswith(where) for place in places)
    assert said in caught.value.message_zh
    assert caught.value.message_en.isascii() or "…" in caught.value.message_en


def test_several_mistakes_are_told_at_once() -> None:
    with pytest.raises(InvalidRubricError, match="2 problem"):
        parse_rubric(_GOOD.replace("id: mood", "id: greeting").replace("pass_mark: 80", "pass_mark: 101"), "x")


def _playbook() -> Playbook:
    return load_playbook("ecommerce-zh@2")


def test_a_check_may_be_missing_only_where_the_rubric_says_so() -> None:
    require_checks(parse_rubric(_GOOD, "x"), _playbook())
    for slip in (
        _GOOD.replace("check?:rudeness", "check:rudeness"),
        _GOOD.replace(_FIRST, _FIRST + ', when: {any: [{source: "check:rudeness"}]}'),
        _GOOD.replace("pass_mark: 80", 'pass_mark: 80\ncritical: ["check:rudeness"]'),
        _GOOD + '    add: [{section: manner, id: hi, source: "check:rudeness", weight: 1}]\n',
    ):
        with pytest.raises(InvalidRubricError, match="rudeness"):
            require_checks(parse_rubric(slip, "x"), _playbook())


@pytest.mark.parametrize("rubric", list_rubrics(), ids=lambda rubric: rubric.id)
def test_packaged_rubrics_go_with_every_packaged_playbook_of_the_shop(rubric: object) -> None:
    for playbook in list_playbooks():
        if playbook.id == "ecommerce-zh":
            require_checks(load_rubric(rubric.id), playbook)  # type: ignore[attr-defined]


def test_the_committed_schema_is_current() -> None:
    expected = json.dumps(rubric_schema(), ensure_ascii=False, indent=2) + "\n"
    assert _SCHEMA.read_text(encoding="utf-8") == expected, "run: attune schema rubric > docs/reference/…"


def _examples() -> list[str]:
    guide = (_DOCS / "guides" / "rubrics.md").read_text(encoding="utf-8")
    return [text for text in re.findall(r"```yaml\n(.*?)```", guide, re.DOTALL) if text.startswith("format: 2")]


def test_packaged_files_and_the_guides_examples_fit_the_schema_and_load() -> None:
    fits = jsonschema_rs.validator_for(rubric_schema())
    for path in PACKAGED.glob("*.yaml"):
        fits.validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    assert len(_examples()) >= 3
    for text in _examples():
        fits.validate(yaml.safe_load(text))
        require_checks(parse_rubric(text, "guide"), _playbook())


@pytest.mark.parametrize("extra", ["format: 3\n", "colour: red\n"])
def test_the_schema_refuses_what_the_parser_refuses(extra: str) -> None:
    fits = jsonschema_rs.validator_for(rubric_schema())
    assert not fits.is_valid(yaml.safe_load(_GOOD.replace("format: 2\n", extra)))
