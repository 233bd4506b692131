"""The arithmetic of the trajectory."""

from hypothesis import given
from hypothesis import strategies as st

from models.domain.scores import TurnSentiment
from models.scorers.sentiment.trajectory import TrajectoryRule, decide_direction, smooth, summarise

RULE = TrajectoryRule(neutral_gain=0.3, emotional_gain=0.8, flat_band=0.2, turning_step=0.4)


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
    first, second, third = smooth(turns, RULE)
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
    assert score.direction == decide_direction(score.shift, RULE)
    assert all(abs(point.change) >= RULE.turning_step - 1e-6 for point in score.turning_points)


@given(chats(), chats())
def test_the_past_does_not_depend_on_the_future(past: list[TurnSentiment], future: list[TurnSentiment]) -> None:
    assert smooth([*past, *future], RULE)[: len(past)] == smooth(past, RULE)
