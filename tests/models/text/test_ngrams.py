"""Hashed words and pairs of words."""

from collections import Counter

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from models.text.ngrams import add_ngrams, count_ngrams, weigh_ngrams

BUCKETS = 2**14
texts = st.text(max_size=40)


def total(text: str) -> float:
    return float(count_ngrams(text, BUCKETS)[1].sum())


def test_chinese_characters_and_latin_words_count_as_words() -> None:
    assert total("退货") == 3  # 退, 货, 退货
    assert total("not good") == 3
    assert total("iPhone15坏了") == 5


def test_case_and_blanks_do_not_matter() -> None:
    one, other = count_ngrams("Not  Good", BUCKETS), count_ngrams("not\ngood", BUCKETS)
    assert (one[0] == other[0]).all()
    assert (one[1] == other[1]).all()


@given(texts)
def test_buckets_are_ascending_and_in_range(text: str) -> None:
    places, counts = count_ngrams(text, 64)
    assert (np.diff(places) > 0).all()
    assert ((places >= 0) & (places < 64)).all()
    assert (counts >= 1).all()


@given(st.lists(texts, max_size=5))
def test_sums_are_those_of_the_parts(parts: list[str]) -> None:
    expected: Counter[int] = Counter()
    for part in parts:
        places, counts = count_ngrams(part, BUCKETS)
        expected.update(dict(zip(places.tolist(), counts.tolist(), strict=True)))
    places, counts = add_ngrams(count_ngrams(part, BUCKETS) for part in parts)
    assert dict(zip(places.tolist(), counts.tolist(), strict=True)) == dict(expected)


@given(texts)
def test_weights_have_length_one_or_are_none(text: str) -> None:
    weights = weigh_ngrams(count_ngrams(text, BUCKETS), np.ones(BUCKETS, dtype=np.float32))
    assert len(weights) == 0 or abs(float(np.linalg.norm(weights)) - 1.0) < 1e-5
