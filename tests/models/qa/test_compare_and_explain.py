"""Previews of a change, explanations, and scores made again from what was stored."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.domain.decision import Decision
from models.domain.rubric import Rubric, Traits
from models.domain.scores import (
    CheckResult,
    ComplianceScore,
    CsatScore,
    QaScore,
    ResolutionScore,
    ScoreBundle,
    SentimentScore,
    Verdict,
    Versions,
)
from models.pipeline import bundle_to_json
from models.qa import (
    Case,
    compare_rubrics,
    evaluate_rubric,
    explain_rubric,
    load_rubric,
    measured_from_json,
    parse_rubric,
    qa_from_json,
)
from models.qa.figures import Measured

_OLD = """\
format: 2
id: mine
version: 1
title: {zh: 我的, en: Mine}
pass_mark: 80
sections:
  - id: manner
    title: {zh: 规范, en: Manner}
    criteria:
      - {id: greeting, source: "check:greeting", weight: 1, title: {zh: 问候, en: Greeting}}
      - {id: closing, source: "check:closing", weight: 3, title: {zh: 结束语, en: Closing}}
"""
_DEDUCTS = """\
  - id: offences
    style: deduction
    criteria:
      - {id: promise, source: "check:promise", points: 30, title: {zh: 过度承诺, en: Overpromising}}
"""
_BONUS = """\
  - id: extra
    style: bonus
    criteria:
      - {id: care, source: "manual:care", points: 5, title: {zh: 关怀, en: Care}}
"""


def measured(**verdicts: Verdict) -> Measured:
    checks = tuple(CheckResult(name, verdict, 0.9, False, (), "原因", "reason") for name, verdict in verdicts.items())
    return Measured(
        sentiment=SentimentScore((), 0.123456, 0.3, 0.176544, None, 0.1, ()),
        csat=CsatScore((0.2,) * 5, 2.987654, 0.4, (1.0, 5.0), 0.9, "neutral", abstain=False),
        resolution=ResolutionScore(0.5123456, "unclear"),
        compliance=ComplianceScore(None, checks),
        timing={"first_response_s": 61.23456, "longest_response_s": None},
    )


def rubric(text: str) -> Rubric:
    return parse_rubric(text, "mine.yaml")


_CASES = [
    Case("fine", measured(greeting="pass", closing="pass", promise="pass")),
    Case("promises", measured(greeting="pass", closing="pass", promise="fail")),
    Case("cold", measured(greeting="fail", closing="pass", promise="pass")),
    Case("empty", measured()),
]


def test_a_preview_says_who_passes_who_fails_and_why() -> None:
    new = _OLD.replace('check:greeting", weight: 1', 'check:greeting", weight: 0.5') + _DEDUCTS
    found = compare_rubrics(rubric(_OLD), rubric(new), _CASES)
    assert (found.conversations, found.passed_before, found.passed_after) == (4, 2, 2)
    assert found.moves == {"fail→pass": 1, "pass→fail": 1}
    lost, won = found.changes
    assert (lost.id, lost.before, lost.after) == ("promises", 100.0, 70.0)
    assert [(cause.kind, cause.criterion, cause.effect) for cause in lost.causes] == [("points", "promise", -30.0)]
    assert (won.id, won.before, won.after) == ("cold", 75.0, 85.71)
    assert [(cause.criterion, cause.effect) for cause in won.causes] == [("greeting", 10.71)]
    assert [(item.criterion, item.conversations, item.decisive) for item in found.criteria] == [
        ("greeting", 1, 1),
        ("promise", 1, 1),
    ]


def test_pass_marks_caps_and_lines_drawn_are_causes() -> None:
    stricter = rubric(_OLD.replace("pass_mark: 80", "pass_mark: 70"))
    (change,) = compare_rubrics(rubric(_OLD), stricter, _CASES).changes
    assert (change.id, [cause.kind for cause in change.causes]) == ("cold", ["pass_mark"])
    capped = rubric(_OLD.replace('check:greeting", weight: 1', 'check:greeting", weight: 1, auto_fail: {cap: 40}'))
    (change,) = compare_rubrics(rubric(_OLD), capped, _CASES).changes
    assert [(cause.kind, cause.effect) for cause in change.causes] == [("cap", -60.0)]
    zeroed = rubric(_OLD + 'critical: ["check:promise"]\n')
    found = compare_rubrics(rubric(_OLD), zeroed, _CASES)
    assert [(item.id, item.after, item.causes[0].kind) for item in found.changes] == [("promises", 0.0, "auto_fail")]
    assert found.criteria[0].decisive == 1


def test_the_same_rubric_changes_nothing_and_decisions_hold_for_both() -> None:
    decided = [replace(case, decisions={"greeting": Decision("fail")}) for case in _CASES]
    assert compare_rubrics(rubric(_OLD), rubric(_OLD), decided).changes == ()
    found = compare_rubrics(rubric(_OLD), rubric(_OLD + _DEDUCTS), decided)
    assert [(item.before, item.after) for item in found.changes] == [(75.0, 45.0)]


@settings(deadline=None, max_examples=60)
@given(
    st.lists(st.sampled_from(("pass", "fail", "na")), min_size=3, max_size=3),
    st.lists(st.floats(0.5, 20), min_size=3, max_size=3),
)
def test_effects_add_up_to_the_difference(verdicts: list[Verdict], weights: list[float]) -> None:
    new = rubric(
        _OLD.replace('greeting", weight: 1', f'greeting", weight: {weights[0]:.3f}').replace(
            'closing", weight: 3', f'closing", weight: {weights[1]:.3f}'
        )
        + f'      - {{id: promise, source: "check:promise", weight: {weights[2]:.3f}}}\n'
    )
    seen = measured(**dict(zip(("greeting", "closing", "promise"), verdicts, strict=True)))
    for change in compare_rubrics(rubric(_OLD), new, [Case("c", seen)]).changes:
        if change.before is not None and change.after is not None:
            total = sum(cause.effect for cause in change.causes)
            assert total == pytest.approx(change.after - change.before, abs=0.05)


def test_every_line_of_an_explanation_says_how_the_points_came() -> None:
    book = rubric(_OLD + _DEDUCTS + _BONUS)
    result = evaluate_rubric(
        book,
        measured(greeting="na", closing="pass", promise="fail"),
        {},
        decisions={"closing": Decision(value=0.5, by="anna", kind="review")},
    )
    lines = {line.criterion: line for line in explain_rubric(result, book)}
    assert lines["greeting"].zh == "问候:不计分(原因),权重 1 分摊给其他项。"
    assert lines["closing"].en == (
        "Closing: 50% × 100.00 = 50.00 points (weight 3, 100.00 after spreading); "
        "decided by a person (the machine: 100%)."
    )
    assert lines["promise"].zh == "过度承诺:得 0%,扣 30.00 分。"
    assert lines["care"].en == "Care: waits for a person's answer, not counted so far."
    assert explain_rubric(result)[-1].zh == "总分 20。"
    assert explain_rubric(result)[0].en.startswith("greeting: ")


@pytest.mark.parametrize("name", ["aftersale", "presale", "complaint"])
def test_packaged_rubrics_explain_and_rescore_from_what_was_stored(name: str) -> None:
    book = load_rubric(name)
    seen = measured(greeting="fail", empathy="pass", closing="na", overpromise="fail", rude="pass", blame_shift="pass")
    head = Traits(queue=name, agent_role="trainee")
    weights = {"rude": 2.0}
    qa = evaluate_rubric(book, seen, weights, head=head)
    assert qa.score is not None
    assert qa.score < 100
    assert qa.band is not None
    assert qa.variants == ("trainee",)
    assert qa.open
    assert all(line.zh and line.en for line in explain_rubric(qa, book))
    stored = json.loads(json.dumps(bundle_to_json(_bundle(seen, qa))))
    again = evaluate_rubric(book, measured_from_json(stored), weights, head=head)
    assert again == qa
    read = qa_from_json(stored["qa"])
    assert (read.score, read.band, read.open, read.variants) == (qa.score, qa.band, qa.open, qa.variants)
    assert bundle_to_json(_bundle(seen, read)) == stored


def test_bundles_from_before_format_2_are_read_and_written_as_they_were() -> None:
    qa = evaluate_rubric(load_rubric("default@1"), measured(greeting="fail", closing="pass"), {})
    stored = json.loads(json.dumps(bundle_to_json(_bundle(measured(), qa))))["qa"]
    assert set(stored) == {"score", "passed", "auto_fail", "criteria"}
    assert set(stored["criteria"][0]) == {
        "id", "source", "value", "weight", "points", "max_points", "auto_fail", "reason", "reason_en",
    }  # fmt: skip
    assert qa_from_json(stored).score == qa.score


def _bundle(seen: Measured, qa: QaScore) -> ScoreBundle:
    versions = Versions("i", "p@1", "r@1", "m@1", "0")
    return ScoreBundle("c", versions, seen.sentiment, seen.csat, seen.resolution, seen.compliance, qa, seen.timing)
