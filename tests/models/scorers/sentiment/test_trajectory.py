"""The arithmetic of the trajectory."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.domain.scores import TurnSentiment
from models.scorers.sentiment.trajectory import (
    DirectionRule,
    TrajectoryRule,
    opening_index,
    shift_error,
    smooth,
    summarise,
)

RULE = TrajectoryRule(
    neutral_gain=0.3,
    emotional_gain=0.8,
    turning_step=0.4,
    direction=DirectionRule(worsened_below=-0.25, improved_above=0.25, noise=0.05, spread=0.3),
)


def turn(index: int, negative: float, neutral: float) -> TurnSentiment:
    positive = 1.0 - negative - neutral
    return TurnSentiment(
        index, "customer", positive - negative, {"negative": negative, "neutral": neutral, "positive": positive}
    )


@st.composite
def chats(draw: st.DrawFn) -> list[TurnSentiment]:
    parts = draw(st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1)), min_size=1, max_size=30))
    return [turn(2 * at, negative * (1 - neutral), neutral) for at, (negative, neutral) in enumerate(parts)]


def test_the_level_follows_the_documented_formula() -> None:
    turns = [turn(0, 1.0, 0.0), turn(2, 0.0, 1.0), turn(4, 0.0, 0.0)]
    first, second, third = (level for level, _ in smooth(turns, RULE))
    assert first == -1.0
    assert abs(second - (-1.0 + 0.3 * 1.0)) < 1e-12  # a neutral turn pulls by 0.3
    assert abs(third - (second + 0.8 * (1.0 - second))) < 1e-12  # an emotional one by 0.8


def test_nothing_scored_gives_no_numbers() -> None:
    score = summarise([], [1, 3], RULE)
    assert score.turns == ()
    assert score.turning_points == ()
    assert {score.start, score.end, score.shift, score.direction, score.volatility} == {None}


def test_one_turn_is_flat() -> None:
    score = summarise([turn(0, 0.9, 0.1)], [], RULE)
    assert score.start == score.end == -0.9
    assert (score.shift, score.direction, score.volatility, score.turning_points) == (0.0, "flat", 0.0, ())


def test_a_rescue_names_the_agent_turn_before_it() -> None:
    turns = [turn(0, 0.9, 0.1), turn(4, 0.0, 0.05)]
    score = summarise(turns, [1, 2, 3, 5], RULE)
    assert score.direction == "improved"
    assert [(point.turn, point.agent_turn) for point in score.turning_points] == [(4, 3)]
    assert score.turning_points[0].change > 0


def test_a_turn_before_the_agent_spoke_has_no_agent_turn() -> None:
    score = summarise([turn(0, 0.0, 0.1), turn(1, 0.95, 0.0)], [2], RULE)
    assert score.turning_points[0].agent_turn is None


def test_a_bare_greeting_does_not_hide_that_the_customer_came_angry() -> None:
    angry = [turn(0, 0.0, 1.0), turn(2, 0.95, 0.05), turn(4, 0.9, 0.1), turn(6, 0.9, 0.1)]
    score = summarise(angry, [1, 3, 5], RULE)
    assert score.start is not None
    assert score.start < -0.6
    assert score.direction == "flat"
    assert score.turning_points == ()


@given(chats())
def test_everything_stays_in_range(turns: list[TurnSentiment]) -> None:
    score = summarise(turns, [], RULE)
    assert score.start is not None
    assert score.end is not None
    assert score.shift is not None
    assert score.volatility is not None
    low, high = min(t.score for t in turns) - 1e-6, max(t.score for t in turns) + 1e-6
    assert low <= score.start <= high
    assert low <= score.end <= high
    assert abs(score.shift - (score.end - score.start)) < 2e-6
    assert 0.0 <= score.volatility <= 1.0
    assert score.direction_probs is not None
    assert abs(sum(score.direction_probs.values()) - 1.0) < 1e-5
    if score.direction != "flat":
        assert score.direction_probs[score.direction] >= 0.5
    assert [level.turn for level in score.levels] == [t.turn for t in turns]
    assert score.levels[-1].level == score.end
    assert all(0.0 <= level.error <= 1.0 for level in score.levels)
    assert all(abs(point.change) >= RULE.turning_step - 1e-6 for point in score.turning_points)


@given(chats(), chats())
def test_the_past_does_not_depend_on_the_future(past: list[TurnSentiment], future: list[TurnSentiment]) -> None:
    assert smooth([*past, *future], RULE)[: len(past)] == smooth(past, RULE)


@given(chats())
def test_the_named_turns_carry_the_shift(turns: list[TurnSentiment]) -> None:
    score = summarise(turns, [], RULE)
    opening = opening_index(len(turns))
    assert len(score.carried_by) <= 3
    assert {one.turn for one in score.carried_by} <= {t.turn for t in turns[opening + 1 :]}
    assert [abs(one.effect) for one in score.carried_by] == sorted(
        (abs(one.effect) for one in score.carried_by), reverse=True
    )
    if len(turns) - opening - 1 <= 3:  # all that carried anything are named, up to what is too small to name
        assert score.shift == pytest.approx(sum(one.effect for one in score.carried_by), abs=0.02)


def test_the_thanks_carries_a_rescue() -> None:
    rescue = [turn(0, 0.95, 0.05), turn(2, 0.1, 0.85), turn(4, 0.0, 0.02), turn(6, 0.02, 0.95)]
    score = summarise(rescue, [1, 3, 5], RULE)
    assert score.direction == "improved"
    assert score.carried_by[0].turn == 4
    assert score.carried_by[0].effect > 0.5


def test_the_error_of_the_shift_is_that_of_drawn_feelings() -> None:
    turns = [turn(0, 0.5, 0.3), turn(2, 0.2, 0.6), turn(4, 0.1, 0.1), turn(6, 0.3, 0.4), turn(8, 0.1, 0.7)]
    gains = [1.0] + [0.3 * t.probs["neutral"] + 0.8 * (1 - t.probs["neutral"]) for t in turns[1:]]
    source = np.random.default_rng(5)
    drawn = np.stack([source.choice(3, 20_000, p=list(t.probs.values())) - 1.0 for t in turns])
    level, opened = drawn[0], drawn[0]
    for at in range(1, len(turns)):
        level = level + gains[at] * (drawn[at] - level)
        opened = level if at == 1 else opened
    assert shift_error(turns, RULE, 1) == pytest.approx(float(np.std(level - opened)), rel=0.03)
    assert math.sqrt(smooth(turns, RULE)[-1][1]) == pytest.approx(float(np.std(level)), rel=0.03)


def test_doubt_makes_a_shift_flat() -> None:
    rule = DirectionRule(worsened_below=-0.3, improved_above=0.3, noise=0.05, spread=1.0)
    assert rule.probabilities(0.4, 0.0)[2] > 0.85
    assert rule.probabilities(0.4, 1.0)[2] < 0.6
    assert rule.probabilities(0.0, 0.0)[1] > 0.99


def test_a_band_of_older_artifacts_decides_as_it_did() -> None:
    config = {"neutral_gain": 0.3, "emotional_gain": 0.8, "turning_step": 0.4, "flat_band": 0.37}
    rule = TrajectoryRule.from_config(config)
    sure = [turn(0, 0.0, 1.0), turn(2, 0.0, 0.5376)]  # gain 0.531, shift 0.2456; gain 0.75, shift 0.677 below
    assert summarise(sure, [], rule).direction == "flat"
    assert summarise([turn(0, 0.0, 1.0), turn(2, 0.0, 0.1)], [], rule).direction == "improved"
    assert summarise([turn(0, 0.0, 1.0), turn(2, 0.9, 0.1)], [], rule).direction == "worsened"
