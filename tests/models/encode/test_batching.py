from hypothesis import given
from hypothesis import strategies as st

from models.encode.batching import token_budget_batches


@given(st.lists(st.integers(0, 300), max_size=80), st.integers(1, 1000))
def test_every_index_once_within_budget_and_sorted(lengths: list[int], budget: int) -> None:
    batches = token_budget_batches(lengths, budget)

    flat = [index for batch in batches for index in batch]
    assert sorted(flat) == list(range(len(lengths)))
    assert all(batches)
    assert [lengths[index] for index in flat] == sorted(lengths, reverse=True)
    for batch in batches:
        assert len(batch) == 1 or len(batch) * max(lengths[index] for index in batch) <= budget


def test_an_over_long_text_is_alone() -> None:
    assert token_budget_batches([4, 50, 4], 10) == [[1], [0, 2]]


def test_equal_lengths_keep_their_order() -> None:
    assert token_budget_batches([3, 3, 3, 3], 6) == [[0, 1], [2, 3]]
