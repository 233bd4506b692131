"""Bootstrap intervals against theory and against each other."""

import numpy as np
import pytest

from training.evaluate.agreement import macro_f1, spearman
from training.evaluate.measures import (
    draw_resamples,
    grouped_interval,
    interval,
    label_intervals,
    macro_f1_of,
    mean_interval,
    wilson_interval,
)
from training.evaluate.slices import slice_figures

SOURCE = np.random.default_rng(3)


def test_the_interval_of_a_mean_is_the_textbooks() -> None:
    values = SOURCE.normal(10.0, 2.0, size=400)
    low, high = mean_interval(values, draw_resamples(400))
    error = 1.96 * values.std() / 20
    assert (low, high) == pytest.approx((values.mean() - error, values.mean() + error), abs=0.03)


def test_the_same_data_give_the_same_interval() -> None:
    values = SOURCE.normal(size=50)
    assert mean_interval(values, draw_resamples(50)) == mean_interval(values, draw_resamples(50))


def test_rank_measures_are_resampled_in_pairs() -> None:
    x = SOURCE.normal(size=300)
    y = x + SOURCE.normal(size=300)
    found = interval(spearman, (x, y), draw_resamples(300))
    assert found is not None
    assert found[0] < spearman(x, y) < found[1]  # type: ignore[operator]
    assert 0.05 < found[1] - found[0] < 0.2
    assert interval(spearman, (x, np.ones(300)), draw_resamples(300)) is None


def test_turns_of_one_dialogue_count_as_one() -> None:
    groups = np.repeat(np.arange(40), 25)
    values = np.repeat(SOURCE.normal(size=40), 25)  # 1,000 turns, but only 40 independent ones

    def width(found: list[float] | None) -> float:
        assert found is not None
        return found[1] - found[0]

    together = width(grouped_interval(lambda part: float(part.mean()), (values,), groups))
    apart = width(interval(lambda part: float(part.mean()), (values,), draw_resamples(1000)))
    assert together > 3 * apart


def test_drawing_confusion_cells_is_drawing_items() -> None:
    true = SOURCE.choice(["a", "b", "c"], size=300, p=[0.5, 0.3, 0.2])
    predicted = np.where(SOURCE.random(300) < 0.7, true, SOURCE.choice(["a", "b", "c"], size=300))
    fast = label_intervals(list(predicted), list(true))["macro_f1"]
    plain = interval(macro_f1_of, (predicted, true), draw_resamples(300))
    assert fast == pytest.approx(plain, abs=0.01)
    assert macro_f1_of(predicted, true) == pytest.approx(macro_f1(list(predicted), list(true)))


def test_wilson_by_hand() -> None:
    assert wilson_interval(0, 10) == pytest.approx([0.0, 0.2775], abs=1e-4)  # Wilson 1927, no hits in ten
    assert wilson_interval(5, 10) == pytest.approx([0.2366, 0.7634], abs=1e-4)
    assert wilson_interval(0, 0) is None


def test_small_slices_show_their_size_only() -> None:
    rows = [{"language": "zh"}] * 150 + [{"language": "en"}] * 20
    figures = slice_figures(rows, lambda members: {"count": len(members)})
    assert figures == {"language": {"en": {"n": 20}, "zh": {"n": 150, "count": 150}}}
