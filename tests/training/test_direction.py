"""What a shift is called, learnt from labelled conversations."""

from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest

from models.domain.scores import Direction
from models.scorers.sentiment.trajectory import DIRECTIONS, DirectionRule
from training.evaluate.direction import Moved, evaluate_direction, predict_directions
from training.fit.direction import ShiftExample, fit_direction, labelled_direction

N, E, P = "negative", "neutral", "positive"


@pytest.mark.parametrize(
    ("labels", "direction"),
    [
        ([N], "flat"),
        ([N, P], "improved"),
        ([N, E], "improved"),
        ([E, E, N], "worsened"),
        ([E, N, N, P], "improved"),  # a bare greeting does not hide that the customer came angry
        ([E, N, P, E], "improved"),  # nor a bare "ok" at the end that they left pleased
        ([E, E, E, E, E], "flat"),
        ([P, E, E, N, E], "worsened"),
        ([N, P, N, E], "worsened"),
    ],
)
def test_opening_and_closing_feelings_are_compared(labels: list[str], direction: Direction) -> None:
    assert labelled_direction(labels) == direction


def drawn(rule: DirectionRule, count: int) -> list[ShiftExample]:
    source = np.random.default_rng(8)
    examples = []
    for _ in range(count):
        shift, error = source.uniform(-1.5, 1.5), source.uniform(0.1, 0.7)
        called = source.choice(3, p=rule.probabilities(shift, error))
        examples.append(ShiftExample(shift, error, frozenset({DIRECTIONS[called]}), 1.0))
    return examples


def test_the_rule_that_called_the_shifts_is_found() -> None:
    rule = DirectionRule(worsened_below=-0.4, improved_above=0.4, noise=0.1, spread=0.5)
    found = DirectionRule(**fit_direction(drawn(rule, 4000)))
    assert found.worsened_below == pytest.approx(-0.4, abs=0.05)
    assert found.improved_above == pytest.approx(0.4, abs=0.05)
    for shift, error in ((0.5, 0.2), (0.5, 0.6), (-0.3, 0.4)):
        assert found.probabilities(shift, error) == pytest.approx(rule.probabilities(shift, error), abs=0.05)


def test_what_is_only_excluded_teaches_too() -> None:
    sure = drawn(DirectionRule(-0.4, 0.4, 0.1, 0.5), 200)
    never_worse = [ShiftExample(-0.6, 0.3, frozenset({"flat", "improved"}), 1.0)] * 100
    assert fit_direction([*sure, *never_worse])["worsened_below"] < fit_direction(sure)["worsened_below"] - 0.1


def test_a_few_one_sided_conversations_do_not_run_away() -> None:
    found = fit_direction([ShiftExample(0.9, 0.3, frozenset({"improved"}), 1.0)] * 5)
    assert -1.0 < found["worsened_below"] < found["improved_above"] < 1.0


def test_nothing_to_learn_from_is_refused() -> None:
    with pytest.raises(ValueError, match="no conversation"):
        fit_direction([])


def moved(shift: float, true: Direction) -> Moved:
    levels = {"turns": (), "start": None, "end": None, "direction": "flat"}
    score = SimpleNamespace(shift=shift, **levels)
    return Moved(cast(Any, None), cast(Any, score), true)


def test_the_baselines_are_the_commonest_direction_and_one_bare_threshold() -> None:
    train = [
        *(moved(0.1 * at, "flat") for at in range(-4, 5)),
        *(moved(0.9, "improved") for _ in range(3)),
        moved(-0.8, "worsened"),
    ]
    said = predict_directions(train, [moved(0.2, "flat"), moved(1.2, "flat"), moved(-1.2, "flat")])
    assert said == {"majority": ["flat"] * 3, "threshold": ["flat", "improved", "worsened"]}
    assert predict_directions(train[:5], train) == {}  # too few to fit anything on


def test_conversations_that_leave_no_doubt_still_give_a_rule_that_can_be_asked() -> None:
    sure = [
        ShiftExample(shift, 0.0, frozenset({called}), 1e9)
        for shift, called in ((-1e-5, "worsened"), (1e-5, "improved"))
    ]
    found = fit_direction(sure)
    assert found["noise"] > 0.0
    assert sum(DirectionRule(**found).probabilities(0.0, 0.0)) == pytest.approx(1.0)


def test_where_nothing_can_be_judged_the_figures_are_there_as_nothing() -> None:
    nothing = cast("Any", SimpleNamespace(warm=lambda texts: list(texts)))
    figures = dict.fromkeys(("direction_accuracy", "direction_macro_f1", "direction_ece"))
    assert evaluate_direction([], nothing, nothing) == {"conversations": 0, **figures}
