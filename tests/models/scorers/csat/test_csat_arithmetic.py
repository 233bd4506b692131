"""Rounds, quantiles, labels: the arithmetic between messages and scores."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.domain.scores import TurnSentiment
from models.scorers.csat.decide import CsatRule, decide_csat, decide_resolution, mid_rank, quantile, temper
from models.scorers.csat.rounds import Message, group_rounds, round_features, side_of

RULE = CsatRule(
    temperature=1.0,
    lexical_share=0.3,
    coverage=0.9,
    tails=(0.2, 0.15, 0.1, 0.08, 0.07, 0.06, 0.05),
    dissatisfied=0.5,
    satisfied=0.5,
    max_entropy=0.95,
    prior=(0.2, 0.2, 0.2, 0.2, 0.2),
    resolved_weights=(0.0, 1.0, 1.0, 2.0),
    resolved_yes=0.6,
    resolved_no=0.3,
    resolved_prior=0.4,
)
distributions = st.lists(st.floats(0.001, 1.0), min_size=5, max_size=5).map(lambda w: [x / sum(w) for x in w])


def message(side: str, text: str = "好的", seed: int = 0) -> Message:
    vector = np.random.default_rng(seed).normal(size=8).astype(np.float32)
    return Message(side, len(text), vector / np.linalg.norm(vector))


def test_bots_serve_and_system_messages_are_nobody() -> None:
    assert [side_of(role) for role in ("customer", "agent", "bot", "system")] == [
        "customer",
        "service",
        "service",
        None,
    ]


def test_runs_of_one_side_become_one_round() -> None:
    sides = ["customer", "customer", "service", "service", "service", "customer"]
    assert [len(group) for group in group_rounds(map(message, sides))] == [2, 3, 1]


def test_a_round_weighs_its_messages_by_length() -> None:
    short, long = message("customer", "在", 1), message("customer", "一" * 50, 2)
    (row,) = round_features([[short, long]], 8)
    assert row[:8] @ long.vector > 0.99
    assert abs(np.linalg.norm(row[:8]) - 1.0) < 1e-5


def test_a_silent_round_is_zeros_and_says_so() -> None:
    (row,) = round_features([[Message("service", 0, None)]], 8)
    assert not row[:8].any()
    assert list(row[8:]) == [1.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0]


def test_a_customer_round_carries_its_sentiment() -> None:
    felt = TurnSentiment(0, "customer", 0.5, {"negative": 0.125, "neutral": 0.25, "positive": 0.625})
    plain = TurnSentiment(1, "customer", 0.0, {"negative": 0.125, "neutral": 0.75, "positive": 0.125})
    messages = [Message("customer", 2, message("customer").vector, each) for each in (felt, plain)]
    (row,) = round_features([messages], 8)
    assert list(row[12:]) == [0.125, 0.5, 0.375, 0.0]


def test_features_of_the_past_do_not_change_with_the_future() -> None:
    rounds = [[message("customer" if at % 2 else "service", seed=at)] for at in range(12)]
    whole = round_features(rounds, 8)
    assert all((round_features(rounds[:n], 8) == whole[:n]).all() for n in range(1, 13))


@given(distributions, st.floats(0.0, 0.5))
def test_quantiles_are_ordered_and_on_the_scale(distribution: list[float], tail: float) -> None:
    low, high = quantile(distribution, tail), quantile(distribution, 1.0 - tail)
    assert 1.0 <= low <= high + 1e-9 <= 5.0 + 1e-9


@given(distributions, st.integers(1, 5))
def test_a_rating_is_the_quantile_of_its_rank(distribution: list[float], rating: int) -> None:
    assert abs(quantile(distribution, mid_rank(distribution, rating)) - rating) < 1e-6


@given(distributions, st.floats(0.3, 3.0))
def test_temperature_keeps_the_order(distribution: list[float], temperature: float) -> None:
    tempered = temper(np.array(distribution), temperature)
    assert abs(tempered.sum() - 1.0) < 1e-9
    assert int(np.argmax(tempered)) == int(np.argmax(distribution))


def test_temperature_one_changes_nothing() -> None:
    distribution = np.array([0.1, 0.2, 0.3, 0.25, 0.15])
    assert np.allclose(temper(distribution, 1.0), distribution)


@pytest.mark.parametrize(
    ("distribution", "label"),
    [
        ([0.6, 0.2, 0.1, 0.05, 0.05], "dissatisfied"),
        ([0.1, 0.2, 0.4, 0.2, 0.1], "neutral"),
        ([0.05, 0.05, 0.1, 0.3, 0.5], "satisfied"),
    ],
)
def test_labels(distribution: list[float], label: str) -> None:
    assert decide_csat(np.array(distribution), RULE, 4, readable=True).label == label


def test_abstains_when_flat_or_unreadable() -> None:
    flat, clear = np.full(5, 0.2), np.array([0.9, 0.05, 0.03, 0.01, 0.01])
    assert decide_csat(flat, RULE, 4, readable=True).abstain
    assert not decide_csat(clear, RULE, 4, readable=True).abstain
    assert decide_csat(clear, RULE, 4, readable=False).abstain


@pytest.mark.parametrize(
    ("inputs", "label"), [((3.0, 1.0, 0.4), "yes"), ((0.0, 0.0, 0.0), "unclear"), ((-5.0, -3.0, -0.4), "no")]
)
def test_resolution_labels(inputs: tuple[float, float, float], label: str) -> None:
    assert decide_resolution(inputs, RULE).label == label


def test_the_interval_is_that_of_the_length() -> None:
    distribution = np.array([0.1, 0.2, 0.4, 0.2, 0.1])
    widths = []
    for rounds in (1, 2, 7, 30):
        low, high = decide_csat(distribution, RULE, rounds, readable=True).interval
        widths.append(high - low)
    assert widths[0] < widths[1] < widths[2] == widths[3]
