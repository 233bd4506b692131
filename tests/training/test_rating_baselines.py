"""Baselines for ratings: fitted crosswise by group, each finds what there is for its means."""

import numpy as np
import pytest

from models.domain.conversation import Turn
from training.evaluate.agreement import spearman
from training.evaluate.rating_baselines import RatedText, crossed_ratings, predict_ratings, rated_text


def row(number: int) -> RatedText:
    happy = number % 3 == 0
    turns = (
        Turn(0, "customer", f"Where is order {number}?"),
        Turn(1, "agent", "One moment"),
        Turn(2, "customer", "Great, thank you" if happy else "This is awful"),
    )
    return rated_text(turns, 5.0 if happy else 2.0, 5 if happy else 2, f"d{number // 2}")


def test_each_says_what_it_can() -> None:
    rows = [row(number) for number in range(60)]
    found = predict_ratings(rows[:40], rows[40:])
    assert set(found["majority"]) == {2.0}
    assert found["mean"][0] == pytest.approx(np.mean([one.rating for one in rows[:40]]))
    true = [one.rating for one in rows[40:]]
    assert np.abs(found["tfidf_ridge"] - true).max() < 0.5
    assert (found["length"] >= 1).all()
    assert (found["length"] <= 5).all()


def test_no_row_is_predicted_by_a_fit_on_its_group() -> None:
    source = np.random.default_rng(1)
    ratings = source.permutation(np.repeat([1, 5], 20))
    # A word of its own in each dialogue gives its rating away to whoever has seen the dialogue, and to nobody else.
    rows = [
        rated_text((Turn(0, "customer", f"{chr(0x4E00 + group)}" * 8),), float(rating), int(rating), f"g{group}")
        for group, rating in enumerate(ratings)
        for _ in range(3)
    ]
    found = crossed_ratings(rows)
    assert abs(spearman(found["tfidf_ridge"], [one.rating for one in rows]) or 0.0) < 0.5
    assert set(found) == {"majority", "mean", "length", "tfidf_ridge"}
    assert crossed_ratings(rows[:3]) == {}


def test_only_the_latest_turns_are_read_and_all_are_counted() -> None:
    turns = tuple(Turn(at, "customer" if at % 2 == 0 else "agent", f"t{at}") for at in range(7))
    read = rated_text(turns, 3.0, 3, "g", latest=2)
    assert (read.customer, read.service, read.lengths[0]) == ("t6", "t5", 7.0)
