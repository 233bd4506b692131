"""Checks that sleep say what they would say if asked."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from models.domain.condition import Condition, CsatTest, Gap, Order
from models.domain.context import Context
from models.domain.conversation import Conversation
from models.domain.cue import Cue
from models.domain.playbook import Scope
from models.scorers.compliance.conditions import Reader
from models.scorers.compliance.cues import CueFinder
from models.scorers.compliance.panel import Panel
from models.scorers.compliance.talk import Talk
from models.scorers.compliance.verdicts import Judge
from tests.models.scorers.compliance.stage import A, C, book, check, turn_of

_CUES = {name: Cue(include=(word,)) for name, word in (("a", "甲"), ("b", "乙"), ("c", "丙"))}
_LEAVES = st.sampled_from(
    [
        *(Condition(seen=(name,), by=by) for name in _CUES for by in (None, "agent", "customer")),
        Condition(seen=("a",), after=("b",)),
        Condition(seen=("b",), first=1),
        Condition(order=Order(("a",), ("b",), always=True)),
        Condition(holds="named"),
        Condition(left_by="customer"),
        Condition(gap=Gap(over=3)),
        Condition(csat=CsatTest(below=3)),
    ]
)
_CONDITIONS = st.recursive(
    _LEAVES,
    lambda inner: st.builds(
        lambda field, parts: Condition(**{field: tuple(parts)}),
        st.sampled_from(["all", "any", "none"]),
        st.lists(inner, min_size=1, max_size=3),
    ),
    max_leaves=4,
)
_CHECKS = st.builds(
    lambda look_for, kind, applies, decidable, scope: check(
        look_for, kind, applies=applies, decidable=decidable, scope=scope
    ),
    _CONDITIONS,
    st.sampled_from(["required", "forbidden", "conditional"]),
    st.one_of(st.none(), _CONDITIONS),
    st.one_of(st.none(), _CONDITIONS),
    st.sampled_from([Scope(), Scope(queue=("presale",))]),
)


@given(
    st.lists(_CHECKS, min_size=1, max_size=4),
    st.lists(st.tuples(st.sampled_from([A, C]), st.text(alphabet="甲乙丙丁", max_size=2)), max_size=4),
)
def test_sleeping_changes_nothing(checks: list, lines: list) -> None:  # type: ignore[type-arg]
    playbook = book(*checks, cues=_CUES, conditions={"named": Condition(seen=("c",), by="agent")})
    finder = CueFinder(playbook)
    context = Context(head=Conversation(id="x", turns=()))
    for index, line in enumerate(lines):
        context = context.with_turn(turn_of(index, line), line[1])
    talk = Talk(context, [finder.find(text, None) for text in context.texts])
    judges = [Judge(one, playbook, frozenset(), 1.0) for one in checks]
    asked = tuple(judge.judge(talk, Reader(talk, playbook.conditions)) for judge in judges)
    assert Panel(judges).results(talk, Reader(talk, playbook.conditions)) == asked
