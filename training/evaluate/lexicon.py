"""A sentiment lexicon induced from labelled texts: the baseline of counting words.

The n-grams that tell two sets of texts apart best, by log odds with an informative prior (Monroe, Colaresi & Quinn,
"Fightin' Words", 2008). Induced and not taken from a package: cnsenti, the Chinese one on PyPI, had its last release in
2021 and loads pickles; and one made from the training lines is harder to beat.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.feature_extraction.text import CountVectorizer

_WORDS = 500  # on each side
_LEAST_TEXTS = 5
_MOST_NGRAMS = 60_000


@dataclass(frozen=True, slots=True)
class Lexicon:
    """Character n-grams (2–4) that speak for the one side and for the other."""

    positive: tuple[str, ...]
    negative: tuple[str, ...]

    def count(self, texts: Sequence[str]) -> NDArray[np.float64]:
        """Return how many entries of each side stand in each text, shape ``(n, 2)``: positive, negative."""
        sides = (self.positive, self.negative)
        return np.array([[sum(word in text.lower() for word in side) for side in sides] for text in texts], dtype=float)


def induce_lexicon(positive: Sequence[str], negative: Sequence[str]) -> Lexicon:
    """Return the lexicon of two sets of texts; empty where they are too few to tell anything."""
    counter = CountVectorizer(
        analyzer="char_wb", ngram_range=(2, 4), binary=True, min_df=_LEAST_TEXTS, max_features=_MOST_NGRAMS
    )
    try:
        table = counter.fit_transform([*positive, *negative])
    except ValueError:  # no n-gram occurs often enough
        return Lexicon((), ())
    here, there = (np.asarray(part.sum(axis=0)).ravel() for part in (table[: len(positive)], table[len(positive) :]))
    prior = here + there
    odds = _log_odds(here + prior, here.sum() + prior.sum()) - _log_odds(there + prior, there.sum() + prior.sum())
    z = odds / np.sqrt(1 / (here + prior) + 1 / (there + prior))
    words, order = counter.get_feature_names_out(), np.argsort(-z, kind="stable")
    chosen = [at for at in order if " " not in words[at]]  # without its blank, an ending would match anywhere
    return Lexicon(
        tuple(str(words[at]) for at in chosen[:_WORDS] if z[at] > 0),
        tuple(str(words[at]) for at in chosen[::-1][:_WORDS] if z[at] < 0),
    )


def _log_odds(counts: NDArray[np.float64], total: float) -> NDArray[np.float64]:
    return np.asarray(np.log(counts / (total - counts)))
