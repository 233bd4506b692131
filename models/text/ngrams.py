"""Words and pairs of words as numbers of buckets: what a vector of the whole text blurs, and a linear model can weigh.

A Chinese character counts as a word, so pairs of them are the bigrams that serve Chinese best. Buckets are taken by
hash (Weinberger et al., "Feature Hashing for Large Scale Multitask Learning", ICML 2009), so no vocabulary is kept.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from itertools import pairwise
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

_WORD = re.compile(r"[a-z0-9']+|[^\sa-z0-9]")

Ngrams = tuple[NDArray[np.int32], NDArray[np.float32]]


def count_ngrams(text: str, buckets: int) -> Ngrams:
    """Return the buckets of the words and pairs of words in ``text``, ascending, and how often each occurs.

    Args:
        text: Any; case does not matter.
        buckets: How many there are; the numbers are 0 … ``buckets`` − 1.
    """
    words = _WORD.findall(text.lower())
    grams = [*words, *(f"{first} {second}" for first, second in pairwise(words))]
    counts = Counter(crc32(gram.encode("utf-8", "surrogatepass")) % buckets for gram in grams)
    places = sorted(counts)
    return np.array(places, dtype=np.int32), np.array([counts[place] for place in places], dtype=np.float32)


def add_ngrams(parts: Iterable[Ngrams]) -> Ngrams:
    """Return the counts of several texts together."""
    kept = [part for part in parts if len(part[0])]
    if not kept:
        return np.array([], dtype=np.int32), np.array([], dtype=np.float32)
    if len(kept) == 1:
        return kept[0]
    places, where = np.unique(np.concatenate([part[0] for part in kept]), return_inverse=True)
    counts = np.bincount(where, weights=np.concatenate([part[1] for part in kept]))
    return places, counts.astype(np.float32)


def weigh_ngrams(ngrams: Ngrams, rarity: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return TF-IDF weights of the buckets in ``ngrams``, of length 1 together (empty for no words).

    Args:
        ngrams: Counts.
        rarity: Inverse document frequency by bucket; a count c weighs 1 + log c times that.
    """
    places, counts = ngrams
    weights = (1.0 + np.log(counts)) * rarity[places]
    norm = float(np.linalg.norm(weights))
    return np.asarray(weights / norm if norm > 0.0 else weights, dtype=np.float32)
