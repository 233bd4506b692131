import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from models.encode.hashing import HashingEncoder


@given(st.lists(st.text(max_size=30), max_size=6), st.integers(1, 400))
def test_unit_vectors_that_depend_on_the_text_alone(texts: list[str], dimension: int) -> None:
    encoder = HashingEncoder(dimension)
    vectors = encoder.encode(texts)
    assert vectors.shape == (len(texts), dimension)
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, rtol=1e-5)
    for text, vector in zip(texts, vectors, strict=True):
        np.testing.assert_array_equal(encoder.encode([text])[0], vector)


def test_like_texts_are_closer_than_unlike_ones() -> None:
    first, like, unlike = HashingEncoder().encode(["我要退货退款", "我想退货退款", "今天天气不错"])
    assert first @ like > first @ unlike + 0.3


def test_the_fingerprint_tells_dimensions_apart() -> None:
    assert HashingEncoder(8).fingerprint != HashingEncoder(16).fingerprint
    assert HashingEncoder(8).fingerprint == HashingEncoder(8).fingerprint
