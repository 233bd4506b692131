"""The deletion test tells an explanation that names what mattered from one that does not."""

import numpy as np

from models.domain.context import Context
from models.domain.conversation import Conversation, Turn
from models.domain.scores import TurnContribution
from training.evaluate.deletion import Deletion, delete_turns, summarise_deletions


def chat(values: list[float]) -> Context:
    context = Context(head=Conversation(id="c", turns=()))
    for at, value in enumerate(values):
        context = context.with_turn(Turn(at, "agent" if at % 2 else "customer", str(value)), str(value))
    return context


def total(context: Context) -> float:
    return sum(map(float, context.texts))


def deletion(values: list[float], named: list[int]) -> Deletion | None:
    carried_by = [TurnContribution(turn, values[turn]) for turn in named]
    return delete_turns(chat(values), carried_by, range(len(values)), total, np.random.default_rng(1))


def test_moves_are_those_of_as_many_others_of_the_same_side() -> None:
    found = deletion([5.0, 100.0, 1.0, 200.0, 1.0], [0])  # the agent's turns, however large, are no counterparts
    assert found == Deletion(5.0, 1.0)


def test_a_named_turn_without_counterpart_does_not_count() -> None:
    assert deletion([1.0, 2.0], [0, 1]) is None
    assert deletion([3.0, 9.0, 1.0], [1, 0]) == Deletion(3.0, 1.0)


def test_the_ratio_and_its_interval() -> None:
    figures = summarise_deletions([Deletion(4.0, 1.0), Deletion(2.0, 1.0)] * 50)
    assert (figures["ratio"], figures["median_ratio"]) == (3.0, 3.0)
    assert figures["ratio_interval"][0] < 3.0 < figures["ratio_interval"][1]
    assert figures["named_moved_more"] == 1.0
    assert summarise_deletions([Deletion(4.0, 1.0)] * 5) == {"conversations": 5}
