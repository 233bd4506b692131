from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.encode.cache import CacheCounts, CachedEncoder
from models.encode.hashing import HashingEncoder


class Recording(HashingEncoder):
    """Remembers which texts reached the encoder inside."""

    def __init__(self) -> None:
        super().__init__(16)
        self.seen: list[str] = []
        self.closed = False

    def encode(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        self.seen.extend(texts)
        return super().encode(texts)

    def close(self) -> None:
        self.closed = True


@given(st.lists(st.lists(st.sampled_from(["", " ", "好", "好的", "Hi", "hi", "\ud800"]), max_size=8), max_size=8))
def test_never_changes_a_vector_and_counts_add_up(calls: list[list[str]]) -> None:
    plain, cached = HashingEncoder(16), CachedEncoder(HashingEncoder(16), capacity=3)
    for texts in calls:
        np.testing.assert_array_equal(cached.encode(texts), plain.encode(texts))
    assert cached.counts.hits + cached.counts.misses == sum(map(len, calls))


def test_repeats_are_encoded_once() -> None:
    inner = Recording()
    cached = CachedEncoder(inner)
    cached.encode(["a", "b", "a"])
    cached.encode(["b", "c"])
    assert inner.seen == ["a", "b", "c"]
    assert cached.counts == CacheCounts(hits=2, misses=3)
    assert cached.counts.hit_rate == pytest.approx(0.4)


def test_the_least_recently_used_goes_first() -> None:
    inner = Recording()
    cached = CachedEncoder(inner, capacity=2)
    for text in ("a", "b", "a", "c", "a", "b"):
        cached.encode([text])
    assert inner.seen == ["a", "b", "c", "b"]


def test_a_caller_cannot_spoil_the_cache() -> None:
    cached = CachedEncoder(HashingEncoder(16))
    first = cached.encode(["a"])
    first[:] = 0
    np.testing.assert_array_equal(cached.encode(["a"]), HashingEncoder(16).encode(["a"]))


def test_shape_of_nothing_and_identity_of_the_encoder_inside() -> None:
    inner = Recording()
    cached = CachedEncoder(inner)
    assert cached.encode([]).shape == (0, 16)
    assert (cached.name, cached.dimension, cached.fingerprint) == (inner.name, inner.dimension, inner.fingerprint)
    cached.close()
    assert inner.closed


def test_threads_share_one_cache() -> None:
    cached = CachedEncoder(HashingEncoder(16), capacity=20)
    texts = [f"text {number % 40}" for number in range(400)]
    with ThreadPoolExecutor(4) as pool:
        vectors = list(pool.map(lambda text: cached.encode([text])[0], texts))
    np.testing.assert_array_equal(np.array(vectors), HashingEncoder(16).encode(texts))
    assert cached.counts.hits + cached.counts.misses == 400


def test_no_capacity_is_refused() -> None:
    with pytest.raises(ValueError, match="capacity"):
        CachedEncoder(HashingEncoder(), 0)
