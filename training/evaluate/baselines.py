"""What a model must beat: the mean or the majority, and TF-IDF with a linear model."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import hstack
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression, Ridge

from training.data.sentiment import Line
from training.data.stc3 import Dialogue
from training.evaluate.agreement import accuracy, area_under_curve, macro_f1, spearman
from training.evaluate.distributions import normalised_match_distance, root_symmetric_order_divergence
from training.evaluate.rounding import rounded
from training.evaluate.stc3 import UNSATISFIED_BELOW

_FEATURES = 60_000


def stc3_baselines(train: Sequence[Dialogue], test: Sequence[Dialogue]) -> dict[str, Any]:
    """Return measures of S for the mean training distribution and for TF-IDF (characters 1–3 per side) with ridge."""
    true = np.array([dialogue.distribution("S") for dialogue in train])
    mean = np.repeat(true.mean(axis=0)[None], len(test), axis=0)
    texts = [_by_side(dialogue) for dialogue in train]
    parts_train, parts_test = [], []
    for side in range(2):
        tfidf = TfidfVectorizer(analyzer="char", ngram_range=(1, 3), sublinear_tf=True, max_features=_FEATURES)
        parts_train.append(tfidf.fit_transform([pair[side] for pair in texts]))
        parts_test.append(tfidf.transform([_by_side(dialogue)[side] for dialogue in test]))
    ridge = Ridge(alpha=2.0).fit(hstack(parts_train), true)
    predicted = np.clip(ridge.predict(hstack(parts_test)), 1e-6, None)
    return rounded({"mean": _measure(mean, test), "tfidf_ridge": _measure(predicted, test)})


def _by_side(dialogue: Dialogue) -> tuple[str, str]:
    turns = dialogue.conversation.turns
    customer = "\n".join(turn.text for turn in turns if turn.role == "customer")
    return customer, "\n".join(turn.text for turn in turns if turn.role != "customer")


def _measure(predicted: NDArray[np.float64], test: Sequence[Dialogue]) -> dict[str, Any]:
    shares = predicted / predicted.sum(axis=1, keepdims=True)
    pairs = [(row, dialogue.distribution("S")) for row, dialogue in zip(shares, test, strict=True)]
    means = np.array([dialogue.mean("S") for dialogue in test])
    return {
        "S_NMD": float(np.mean([normalised_match_distance(p, q) for p, q in pairs])),
        "S_RSNOD": float(np.mean([root_symmetric_order_divergence(p, q) for p, q in pairs])),
        "S_spearman": spearman(shares @ np.arange(1, 6), means),
        "unsat_auc": area_under_curve(shares[:, :2].sum(axis=1), means < UNSATISFIED_BELOW),
    }


def sentiment_baselines(train: Sequence[Line], test: Sequence[Line]) -> dict[str, Any]:
    """Return accuracy and macro-F1 of the majority label and of TF-IDF (characters 1–3) with logistic regression.

    Both are fitted on the lines of the same corpus, which favours them over a model for all of them.
    """
    true = [line.label for line in test]
    most = Counter(line.label for line in train).most_common(1)[0][0]
    tfidf = TfidfVectorizer(analyzer="char", ngram_range=(1, 3), sublinear_tf=True, max_features=_FEATURES)
    model = LogisticRegression(C=4.0, max_iter=400)
    model.fit(tfidf.fit_transform([line.text for line in train]), [line.label for line in train])
    guessed = [str(label) for label in model.predict(tfidf.transform([line.text for line in test]))]
    majority = [most] * len(true)
    return rounded(
        {
            "majority": {"accuracy": accuracy(majority, true), "macro_f1": macro_f1(majority, true)},
            "tfidf": {"accuracy": accuracy(guessed, true), "macro_f1": macro_f1(guessed, true)},
        }
    )
