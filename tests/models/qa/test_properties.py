"""What holds of every rubric of format 2, whatever its sections, styles, caps, verdicts and decisions."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass, replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.domain.decision import Decision
from models.domain.rubric import Criterion, Rubric, Section
from models.domain.scores import (
    CheckResult,
    ComplianceScore,
    CsatScore,
    QaScore,
    ResolutionScore,
    SentimentScore,
    Style,
    Verdict,
)
from models.qa import evaluate_rubric
from models.qa.figures import Measured

_VERDICTS: tuple[Verdict, ...] = ("pass", "fail", "fail", "na", "no_evidence", "abstain")
_STYLES: tuple[Style, ...] = ("weighted", "weighted", "deduction", "bonus")


@dataclass(frozen=True)
class World:
    """A rubric whose criteria are one check each, the checks' verdicts, and what people decided."""

    rubric: Rubric
    verdicts: Mapping[str, Verdict]
    decisions: Mapping[str, Decision]

    @property
    def score(self) -> QaScore:
        checks = tuple(
            CheckResult(name, verdict, 0.9, int(name[1:]) % 6 == 0, (), "原因", "reason")
            for name, verdict in self.verdicts.items()
        )
        seen = Measured(
            sentiment=SentimentScore((), None, None, None, None, None, ()),
            csat=CsatScore((0.2,) * 5, 3.0, 0.4, (1.0, 5.0), 0.9, "neutral", abstain=False),
            resolution=ResolutionScore(0.5, "unclear"),
            compliance=ComplianceScore(None, checks),
            timing={},
        )
        return evaluate_rubric(self.rubric, seen, {}, decisions=self.decisions)


_decision = st.one_of(
    st.sampled_from(("pass", "fail", "na", "no_evidence")).map(lambda verdict: Decision(verdict=verdict)),
    st.floats(0, 1).map(lambda value: Decision(value=value)),
)


@st.composite
def worlds(draw: st.DrawFn) -> World:
    shares = draw(st.booleans())
    sections = []
    for number in range(draw(st.integers(1, 3))):
        style = draw(st.sampled_from(_STYLES)) if number else draw(st.sampled_from(("weighted", "deduction")))
        weighs = style != "bonus" and shares and (style == "weighted" or draw(st.integers(0, 3)) > 0)
        weight = draw(st.floats(0.5, 100)) if weighs else None
        at_most = draw(st.none() | st.floats(1, 10)) if style == "bonus" else None
        sections.append(Section(f"s{number}", style, weight, "部分", "section", at_most))
    criteria = tuple(
        Criterion(
            f"c{place}",
            f"check:k{place}",
            draw(st.floats(0.1, 50)),
            None,
            "项",
            "item",
            section=sections[(place - 1) % len(sections)].id,
            cap=draw(st.sampled_from((None,) * 12 + (59.0, 0.0))),
        )
        for place in range(1, draw(st.integers(2, 7)))
    )
    rubric = Rubric(
        "world", 1, "sha256:0", "世界", "World", 60.0, (), draw(st.booleans()), criteria,
        format=2, sections=tuple(sections), max_score=draw(st.sampled_from((100.0, 110.0))),
    )  # fmt: skip
    verdicts = {f"k{place}": draw(st.sampled_from(_VERDICTS)) for place in range(1, len(criteria) + 2)}
    decided = draw(st.dictionaries(st.sampled_from([item.id for item in criteria]), _decision, max_size=3))
    return World(rubric, verdicts, decided)


def _not_lower(after: float | None, before: float | None) -> bool:
    return after is None or before is None or after >= before - 0.0101  # both are rounded to two decimals


@settings(deadline=None, max_examples=150)
@given(worlds())
def test_points_of_what_applies_sum_to_a_hundred(world: World) -> None:
    result = world.score
    sharing = [part for part in result.sections if part.style == "weighted" or part.score is not None]
    if any(part.score is not None for part in sharing):
        assert sum(part.max_points for part in sharing) == pytest.approx(100)
    weighted = [item for item in result.criteria if item.style == "weighted" and item.value is not None and item.weight]
    if weighted and not any(part.style == "deduction" and part.score is not None for part in result.sections):
        assert sum(item.max_points for item in weighted) == pytest.approx(100)
    for part in result.sections:
        if part.style == "weighted":
            own = [item for item in result.criteria if item.section == part.id]
            assert part.points == pytest.approx(sum(item.points for item in own))


@settings(deadline=None, max_examples=150)
@given(worlds())
def test_a_score_stays_in_its_range_and_below_its_caps(world: World) -> None:
    result = world.score
    assert result.score is None or 0 <= result.score <= world.rubric.max_score
    if not any(section.style == "bonus" for section in world.rubric.sections):
        assert result.score is None or result.score <= 100
    if result.auto_fail:
        assert result.score == 0
    elif result.capped_at is not None:
        assert result.score is None or result.score <= result.capped_at
    assert (result.score is None) == (result.passed is None)


@settings(deadline=None, max_examples=300)
@given(worlds(), st.data())
def test_taking_a_failure_back_never_lowers_the_score(world: World, data: st.DataObject) -> None:
    before = world.score
    how: Verdict = data.draw(st.sampled_from(("na", "no_evidence")))
    for spared in [item.id for item in before.criteria if item.value == 0]:
        decided = replace(world, decisions={**world.decisions, spared: Decision(verdict=how)})
        assert _not_lower(decided.score.score, before.score)
        if spared not in world.decisions and "." not in spared:  # the same from the machine
            judged = replace(world, verdicts={**world.verdicts, f"k{spared[1:]}": how})
            assert judged.score.score == decided.score.score


@settings(deadline=None, max_examples=150)
@given(worlds(), st.data())
def test_what_does_not_apply_changes_nothing_by_being_there(world: World, data: st.DataObject) -> None:
    section = data.draw(st.sampled_from(world.rubric.sections)).id
    idle = Criterion("idle", "check:k99", data.draw(st.floats(0.1, 50)), None, "项", "item", section, cap=0.0)
    more = replace(
        world,
        rubric=replace(world.rubric, criteria=(*world.rubric.criteria, idle)),
        verdicts={**world.verdicts, "k99": data.draw(st.sampled_from(("na", "no_evidence", "abstain")))},
    )
    before, after = world.score, more.score
    assert (before.score, before.passed, before.auto_fail) == (after.score, after.passed, after.auto_fail)
    shared = {item.id: item.points for item in after.criteria if item.id != "idle"}
    assert {item.id: item.points for item in before.criteria} == shared


@settings(deadline=None, max_examples=100)
@given(worlds())
def test_deciding_what_the_machine_said_changes_nothing_but_who_said_it(world: World) -> None:
    machine = replace(world, decisions={})
    before = machine.score
    same = {
        item.id: Decision(verdict="na") if item.value is None else Decision(value=item.value, by="x", kind="review")
        for item in before.criteria
    }
    after = replace(machine, decisions=same).score
    plain = tuple(replace(item, decided_by=None, decision_kind=None, machine_value=None) for item in after.criteria)
    assert replace(after, criteria=plain) == before
    assert [item.machine_value for item in after.criteria] == [item.value for item in before.criteria]


@settings(deadline=None, max_examples=100)
@given(worlds(), st.randoms(use_true_random=False))
def test_neither_order_nor_repetition_changes_anything(world: World, shuffle: random.Random) -> None:
    assert world.score == world.score
    criteria, checks = list(world.rubric.criteria), list(world.verdicts.items())
    shuffle.shuffle(criteria)
    shuffle.shuffle(checks)
    mixed = replace(world, rubric=replace(world.rubric, criteria=tuple(criteria)), verdicts=dict(checks)).score
    plain = world.score
    assert (mixed.score, mixed.passed, mixed.auto_fail, mixed.sections) == (
        plain.score,
        plain.passed,
        plain.auto_fail,
        plain.sections,
    )
    assert {item.id: item for item in mixed.criteria} == {item.id: item for item in plain.criteria}


@settings(deadline=None, max_examples=100)
@given(worlds(), st.data())
def test_a_better_value_is_never_a_worse_score(world: World, data: st.DataObject) -> None:
    before = world.score
    known = [item for item in before.criteria if item.value is not None]
    if not known:
        return
    raised = data.draw(st.sampled_from(known))
    assert raised.value is not None
    value = data.draw(st.floats(raised.value, 1))
    after = replace(world, decisions={**world.decisions, raised.id: Decision(value=value)}).score
    assert _not_lower(after.score, before.score)
