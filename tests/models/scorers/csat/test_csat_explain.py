"""The turns that carried a score, found without looking into whatever made it."""

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.domain.context import Context
from models.domain.conversation import Conversation, Role, Turn
from models.domain.scores import CsatScore, ResolutionScore
from models.scorers.csat import CsatOutcome
from models.scorers.csat.explain import explain_csat, without_turns

VECTOR = np.ones(2, dtype=np.float32)


def context(lines: Sequence[tuple[Role, str]]) -> Context:
    given_context = Context(head=Conversation(id="c", turns=()))
    for index, (role, text) in enumerate(lines):
        vector = VECTOR if text and role != "system" else None
        given_context = given_context.with_turn(Turn(index, role, text), text).with_signal("encoder", vector)
    return given_context


class Additive:
    """Rates a conversation by the numbers in its turns, and counts how often it is asked."""

    def __init__(self) -> None:
        self.asked = 0

    def __call__(self, contexts: Sequence[Context]) -> list[CsatOutcome]:
        self.asked += len(contexts)
        return [self._rate([float(text) for text in each.texts if text]) for each in contexts]

    def _rate(self, values: Sequence[float]) -> CsatOutcome:
        mean = 3.0 + sum(values)
        csat = CsatScore((0.2,) * 5, mean, 0.4, (1.0, 5.0), 0.9, "neutral", False)
        return CsatOutcome(csat, ResolutionScore(max(values, default=0.0), "unclear"))


def explained(lines: Sequence[tuple[Role, str]], rate: Additive | None = None) -> CsatOutcome:
    rate = rate or Additive()
    whole = context(lines)
    return explain_csat(whole, rate([whole])[0], rate)


def test_effects_are_what_each_turn_added() -> None:
    outcome = explained([("customer", "0.1"), ("agent", "-0.4"), ("customer", "0.2"), ("agent", "0.05")])
    assert [(one.turn, round(one.effect, 6)) for one in outcome.csat.carried_by] == [(1, -0.4), (2, 0.2), (0, 0.1)]
    assert [(one.turn, round(one.effect, 6)) for one in outcome.resolution.carried_by] == [(2, 0.1)]


def test_notices_pictures_and_turns_without_effect_are_not_named() -> None:
    outcome = explained([("system", "0.9"), ("customer", ""), ("agent", "0"), ("customer", "0.3")])
    assert [one.turn for one in outcome.csat.carried_by] == [3]


def test_a_single_turn_needs_no_explanation() -> None:
    assert explained([("customer", "0.5")]).csat.carried_by == ()


def test_equal_effects_name_the_earlier_turns() -> None:
    assert [one.turn for one in explained([("customer", "0.1")] * 6).csat.carried_by] == [0, 1, 2]


@given(st.lists(st.integers(-9, 9), min_size=25, max_size=120), st.data())
def test_the_strongest_turn_of_a_long_chat_is_found_cheaply(values: list[int], data: st.DataObject) -> None:
    small = [value / 10_000 for value in values]
    peak = data.draw(st.integers(0, len(small) - 1))
    small[peak] = 0.8
    rate = Additive()
    outcome = explained([("customer" if at % 2 else "agent", str(value)) for at, value in enumerate(small)], rate)
    assert outcome.csat.carried_by[0].turn == peak
    assert rate.asked <= 1 + 8 * (len(small) ** 0.5 + 1)


def test_turns_left_out_leave_the_others_as_they_were() -> None:
    whole = context([("customer", "1"), ("agent", "2"), ("customer", "3")])
    left = without_turns(whole, [1])
    assert [turn.index for turn in left.turns] == [0, 2]
    assert left.texts == ("1", "3")
    assert len(left.signals["encoder"]) == 2
    with pytest.raises(IndexError):
        _ = left.turns[2]
