"""Rubrics of format 2: sections, styles, caps, conditions, variants, questions to people, decisions."""

from __future__ import annotations

from dataclasses import replace

import pytest

from models.domain.conversation import Conversation, Party, Turn
from models.domain.decision import Decision
from models.domain.rubric import Rubric, Traits
from models.domain.scores import (
    CheckResult,
    ComplianceScore,
    CsatScore,
    QaScore,
    ResolutionScore,
    SentimentLevel,
    SentimentScore,
    Verdict,
)
from models.qa import effective_rubric, evaluate_rubric, parse_rubric, traits_of
from models.qa.figures import Measured

_HEAD = "format: 2\nid: mine\nversion: 1\ntitle: {zh: 我的, en: Mine}\npass_mark: 80\n"
_MANNER = """\
  - id: manner
    weight: 40
    criteria:
      - {id: greeting, source: "check:greeting", weight: 1}
      - {id: closing, source: "check:closing", weight: 3}
"""
_SOLVING = """\
  - id: solving
    weight: 60
    criteria: [{id: solution, source: "check:solution", weight: 5}]
"""
_OFFENCES = """\
  - id: offences
    style: deduction
    criteria:
      - {id: promise, source: "check:promise", points: 15}
      - {id: slang, source: "check:slang", points: 5}
"""
_EXTRA = """\
  - id: extra
    style: bonus
    at_most: 4
    criteria:
      - {id: care, source: "check:care", points: 3}
      - {id: more, source: "check:more", points: 3}
"""


def rubric(*sections: str, head: str = "", tail: str = "") -> Rubric:
    return parse_rubric(_HEAD + head + "sections:\n" + "".join(sections) + tail, "mine.yaml")


def measured(mean: float = 3.0, critical: tuple[str, ...] = (), **verdicts: Verdict) -> Measured:
    checks = tuple(
        CheckResult(name, verdict, 0.9, name in critical, (), "原因", "reason") for name, verdict in verdicts.items()
    )
    return Measured(
        sentiment=SentimentScore((), 0.0, 0.3, 0.3, None, 0.1, (), levels=(SentimentLevel(0, -0.5, 0.1),)),
        csat=CsatScore((0.2,) * 5, mean, 0.4, (1.0, 5.0), 0.9, "neutral", abstain=False),
        resolution=ResolutionScore(0.5, "unclear"),
        compliance=ComplianceScore(None, checks),
        timing={"first_response_s": 40.0},
    )


def score(given: Rubric, seen: Measured, head: Traits | None = None, **decisions: Decision) -> QaScore:
    return evaluate_rubric(given, seen, {}, head=head, decisions=decisions)


def points(result: QaScore) -> dict[str, float]:
    return {item.id: round(item.points, 4) for item in result.criteria}


def test_sections_share_the_hundred_by_their_own_weights() -> None:
    result = score(rubric(_MANNER, _SOLVING), measured(greeting="fail", closing="pass", solution="pass"))
    assert result.score == 90.0
    assert {item.id: item.max_points for item in result.criteria} == {"greeting": 10, "closing": 30, "solution": 60}
    assert [(part.id, part.score, part.points, part.max_points) for part in result.sections] == [
        ("manner", 75.0, 30.0, 40.0),
        ("solving", 100.0, 60.0, 60.0),
    ]


def test_weight_is_spread_within_the_section_first_then_to_the_others() -> None:
    within = score(rubric(_MANNER, _SOLVING), measured(greeting="fail", closing="na", solution="pass"))
    assert (within.score, points(within)) == (60.0, {"greeting": 0, "closing": 0, "solution": 60})
    beyond = score(rubric(_MANNER, _SOLVING), measured(greeting="na", closing="na", solution="pass"))
    assert (beyond.score, beyond.sections[0].score) == (100.0, None)


def test_sections_without_weights_are_headings() -> None:
    plain = rubric(_MANNER.replace("    weight: 40\n", ""), _SOLVING.replace("    weight: 60\n", ""))
    result = score(plain, measured(greeting="fail", closing="pass", solution="pass"))
    assert result.score == pytest.approx(100 * 8 / 9, abs=0.01)


def test_deductions_come_off_the_whole_and_stop_at_nothing() -> None:
    book = rubric(_MANNER, _SOLVING, _OFFENCES)
    good: dict[str, Verdict] = {"greeting": "pass", "closing": "pass", "solution": "pass"}
    result = score(book, measured(**good, promise="fail", slang="pass"))
    assert (result.score, points(result)["promise"], result.sections[2].points) == (85.0, -15.0, -15.0)
    bad: dict[str, Verdict] = {"greeting": "pass", "closing": "fail", "solution": "fail"}
    assert score(book, measured(**bad, promise="fail", slang="fail")).score == 0.0


def test_deductions_alone_start_at_a_hundred() -> None:
    assert score(rubric(_OFFENCES), measured(promise="fail", slang="pass")).score == 85.0
    assert score(rubric(_OFFENCES), measured(promise="na", slang="na")).score is None


def test_a_deduction_section_with_a_weight_starts_at_a_hundred_of_its_own() -> None:
    book = rubric(_MANNER, _OFFENCES.replace("style: deduction", "style: deduction\n    weight: 10"))
    result = score(book, measured(greeting="pass", closing="pass", promise="fail", slang="fail"))
    assert result.score == 96.0  # 40 of 50 parts are full, 10 of 50 at 80
    assert [(part.score, part.points) for part in result.sections] == [(100.0, 80.0), (80.0, 16.0)]
    # Where none of it applies it counts in full: a failure that is taken back must not lower the score.
    assert score(book, measured(greeting="fail", closing="fail", promise="na", slang="na")).score == 20.0


def test_bonus_points_are_limited_and_never_lift_above_the_highest_score() -> None:
    good: dict[str, Verdict] = {"greeting": "fail", "closing": "pass", "solution": "pass"}
    book = rubric(_MANNER, _SOLVING, _EXTRA)
    assert score(book, measured(**good, care="pass", more="fail")).score == 93.0
    assert score(book, measured(**good, care="pass", more="pass")).score == 94.0
    full: dict[str, Verdict] = {"greeting": "pass", "closing": "pass", "solution": "pass", "care": "pass"}
    assert score(book, measured(**full)).score == 100.0
    assert score(rubric(_MANNER, _SOLVING, _EXTRA, head="max_score: 102\n"), measured(**full)).score == 102.0
    assert score(book, measured(care="pass")).score is None


def test_a_failure_can_cap_or_zero_the_score() -> None:
    capped = rubric(_MANNER.replace('greeting", weight: 1', 'greeting", weight: 1, auto_fail: {cap: 59}'))
    result = score(capped, measured(greeting="fail", closing="pass"))
    assert (result.score, result.passed, result.auto_fail, result.capped_at) == (59.0, False, False, 59.0)
    assert result.criteria[0].cap == 59.0
    zeroed = rubric(_MANNER.replace('greeting", weight: 1', 'greeting", weight: 1, auto_fail: true'))
    assert score(zeroed, measured(greeting="fail", closing="pass")).auto_fail
    assert score(zeroed, measured(greeting="na", closing="pass")).score == 100.0


def test_the_rubric_decides_what_the_playbooks_critical_checks_mean() -> None:
    seen = measured(critical=("rude",), greeting="pass", closing="pass", rude="fail")
    assert score(rubric(_MANNER), seen).score == 0.0
    assert score(rubric(_MANNER, head="playbook_critical: {cap: 50}\n"), seen).score == 50.0
    assert score(rubric(_MANNER, head="playbook_critical: false\n"), seen).score == 100.0
    own = rubric(_MANNER, head='critical: [{source: "check:rude", cap: 30}, "check?:bribe"]\n')
    result = score(own, seen)
    assert (result.score, result.criteria[-1].id) == (30.0, "critical.rude")


def test_a_band_is_the_best_that_is_reached() -> None:
    book = rubric(_MANNER, head="bands: {C: 60, A: 90, B: 75}\n")
    assert score(book, measured(greeting="fail", closing="pass")).band == "B"
    assert score(book, measured(greeting="pass", closing="fail")).band is None


@pytest.mark.parametrize(
    ("when", "applies"),
    [
        ('{source: "check:empathy"}', True),
        ('{source: "check:empathy", is: [pass]}', False),
        ('{source: "check?:elsewhere"}', False),
        ('{none: [{source: "check?:elsewhere"}]}', True),
        ("{source: csat.p_dissatisfied, above: 0.3}", True),
        ("{source: csat.p_dissatisfied, above: 0.3, below: 0.4}", False),
        ("{source: timing.handle_s, below: 10}", False),
        ("{none: [{source: timing.handle_s, below: 10}]}", False),
        ("{any: [{source: timing.handle_s, below: 10}, {queue: [complaint]}]}", True),
        ("{queue: [complaint], channel: [voice]}", False),
        ("{all: [{queue: [complaint]}, {tags: [vip]}]}", True),
        ("{agent_role: [trainee]}", False),
    ],
)
def test_a_criterion_applies_where_its_condition_is_known_to_hold(when: str, applies: bool) -> None:
    book = rubric(_MANNER.replace('greeting", weight: 1', f'greeting", weight: 1, when: {when}'))
    head = Traits(queue="complaint", channel="chat", tags=("vip",))
    result = score(book, measured(greeting="fail", closing="pass", empathy="fail"), head)
    assert (result.criteria[0].value is not None) is applies
    assert result.score == (75.0 if applies else 100.0)


def test_a_red_line_stays_one_where_the_criterion_about_it_does_not_apply() -> None:
    book = rubric(_MANNER.replace('greeting", weight: 1', 'greeting", weight: 1, when: {queue: [presale]}'))
    result = score(book, measured(critical=("greeting",), greeting="fail", closing="pass"))
    assert (result.score, [item.id for item in result.criteria if item.auto_fail]) == (0.0, ["critical.greeting"])


_VARIANTS = """\
variants:
  - id: trainee
    when: {agent_role: [trainee]}
    pass_mark: 60
    sections: {manner: {weight: 140}}
    criteria: {greeting: {weight: 3, auto_fail: {cap: 70}}}
  - id: complaints
    when: {queue: [complaint]}
    remove: [solution]
    add: [{section: solving, id: remedy, source: "check:remedy", weight: 2}]
"""


def test_variants_that_fit_are_applied_one_after_the_other() -> None:
    book = rubric(_MANNER, _SOLVING, tail=_VARIANTS)
    seen = measured(greeting="fail", closing="pass", solution="pass", remedy="pass")
    assert score(book, seen).variants == ()
    both = score(book, seen, Traits(queue="complaint", agent_role="trainee"))
    assert (both.variants, both.pass_mark, both.passed) == (("trainee", "complaints"), 60.0, True)
    assert both.score == 65.0  # half of 70 % and all of 30 %
    assert [item.id for item in both.criteria] == ["greeting", "closing", "remedy"]
    plain, applied = effective_rubric(book, Traits())
    assert (plain, applied) == (replace(book, variants=()), ())


def test_traits_are_read_from_the_conversation() -> None:
    turns = (Turn(0, "customer", "Where is my parcel?"),)
    given = Conversation("c", turns, queue="presale", agent=Party(extra={"group": "A", "role": "senior"}), tags=("x",))
    assert traits_of(given) == Traits("presale", "chat", "en", "A", "senior", ("x",))
    bare = Conversation("c", (Turn(0, "customer", "1"),), language="zh-CN", extra={"agent_role": "x"})
    assert traits_of(bare) == Traits("other", "chat", "zh", None, "x", ())


_MANUAL = """\
  - id: people
    weight: 10
    criteria:
      - {id: accuracy, source: "manual:accurate", weight: 1, auto_fail: {cap: 59}, title: {zh: 准确, en: Accurate}}
      - {id: tone, source: "manual:tone", weight: 1, steps: 4, question: {zh: 语气如何, en: How is the tone}}
"""


def test_a_question_that_nobody_answered_does_not_count_and_is_listed() -> None:
    book = rubric(_MANNER, _MANUAL)
    seen = measured(greeting="fail", closing="pass")
    result = score(book, seen)
    assert (result.score, result.open) == (75.0, ("accuracy", "tone"))
    answered = score(book, seen, accuracy=Decision("pass", by="anna"), tone=Decision(value=0.5, by="anna"))
    assert (answered.score, answered.open) == (75.0, ())
    assert score(book, seen, accuracy=Decision("na"), tone=Decision("na")).open == ()
    assert score(book, seen, accuracy=Decision("fail"), tone=Decision(value=1)).score == 59.0


def test_points_follow_a_decision_and_the_machines_value_stays() -> None:
    book = rubric(_MANNER)
    seen = measured(critical=("greeting",), greeting="fail", closing="na")
    result = score(book, seen, greeting=Decision("pass", by="review:7", kind="review"), closing=Decision("no_evidence"))
    greeting, closing = result.criteria
    assert (result.score, result.auto_fail) == (100.0, False)
    assert (greeting.value, greeting.machine_value) == (1.0, 0.0)
    assert (greeting.decided_by, greeting.decision_kind, greeting.reason) == ("review:7", "review", "原因")
    assert (closing.value, closing.machine_value, closing.decided_by) == (None, None, "")


def test_a_decision_reaches_each_check_of_all_checks_and_goes_before_a_condition() -> None:
    every = '  - {id: all, criteria: [{id: script, source: "check:*", weight: 1, when: {queue: [presale]}}]}\n'
    seen = measured(greeting="fail", closing="fail")
    assert score(rubric(every), seen).score is None
    decided = evaluate_rubric(rubric(every), seen, {}, decisions={"script.closing": Decision("pass")})
    assert decided.score == 100.0


@pytest.mark.parametrize("given", [{}, {"verdict": "pass", "value": 1.0}, {"value": 1.5}, {"verdict": "abstain"}])
def test_a_decision_says_one_thing(given: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="decision"):
        Decision(**given)  # type: ignore[arg-type]
