"""Baselines for ratings of satisfaction: majority, mean, lengths, and TF-IDF with ridge regression.

Where nothing was set aside to fit them on, they are fitted on the measured file itself, in five parts by dialogue, each
predicted by a fit on the four others. They then know the very corpus, which favours them over a model that does not.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import hstack
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import Ridge
from sklearn.preprocessing import StandardScaler

from models.domain.conversation import Turn
from training.data.splits import draw

FOLDS = 5
_FEATURES = 60_000
_SEED = 20261122

CONSTANT = ("majority", "mean")  # rank nothing, though each part that is left out has a constant of its own

Predictions = Mapping[str, NDArray[np.float64]]


@dataclass(frozen=True, slots=True)
class RatedText:
    """What a baseline reads, and what it should say.

    Attributes:
        customer: What the customer said.
        service: What the service said.
        lengths: Numbers of turns and characters.
        rating: The raters' mean, 1…5.
        level: The most frequent rating.
        group: Rows of one group are never on both sides of a fit.
    """

    customer: str
    service: str
    lengths: tuple[float, ...]
    rating: float
    level: int
    group: str


def rated_text(turns: Sequence[Turn], rating: float, level: int, group: str, latest: int | None = None) -> RatedText:
    """Return the row of a conversation's turns so far; with ``latest``, only that many are read (all are counted)."""
    said = turns if latest is None else turns[-latest:]
    customer = "\n".join(turn.text for turn in said if turn.role == "customer")
    service = "\n".join(turn.text for turn in said if turn.role in ("agent", "bot"))
    last = float(np.log1p(len(turns[-1].text))) if turns else 0.0
    lengths = (float(len(turns)), float(np.log1p(len(customer))), float(np.log1p(len(service))), last)
    return RatedText(customer, service, lengths, rating, level, group)


def predict_ratings(train: Sequence[RatedText], test: Sequence[RatedText]) -> Predictions:
    """Return by baseline a predicted rating for each row of ``test``, 1…5, fitted on ``train`` (not empty)."""
    true = np.array([row.rating for row in train])
    most = Counter(row.level for row in train).most_common(1)[0][0]
    scale = StandardScaler().fit([row.lengths for row in train])
    lengths = Ridge(alpha=1.0).fit(scale.transform([row.lengths for row in train]), true)
    return {
        "majority": np.full(len(test), float(most)),
        "mean": np.full(len(test), float(true.mean())),
        "length": np.clip(lengths.predict(scale.transform([row.lengths for row in test])), 1.0, 5.0),
        "tfidf_ridge": _tfidf_ridge(train, true, test),
    }


def _tfidf_ridge(
    train: Sequence[RatedText], true: NDArray[np.float64], test: Sequence[RatedText]
) -> NDArray[np.float64]:
    taught, asked = [], []
    for side in ("customer", "service"):
        if not any(getattr(row, side).strip() for row in train):
            continue
        tfidf = TfidfVectorizer(analyzer="char", ngram_range=(1, 3), sublinear_tf=True, max_features=_FEATURES)
        taught.append(tfidf.fit_transform([getattr(row, side) for row in train]))
        asked.append(tfidf.transform([getattr(row, side) for row in test]))
    if not taught:
        return np.full(len(test), float(true.mean()))
    model = Ridge(alpha=2.0, solver="sparse_cg").fit(hstack(taught), true)
    return np.asarray(np.clip(model.predict(hstack(asked)), 1.0, 5.0), dtype=np.float64)


def crossed_ratings(rows: Sequence[RatedText]) -> Predictions:
    """Return by baseline a predicted rating for each row, by fits on the rows of other groups; empty for one group."""
    groups = sorted({row.group for row in rows}, key=lambda group: (draw(group, _SEED), group))
    if len(groups) < 2:
        return {}
    fold_of = {group: at % FOLDS for at, group in enumerate(groups)}
    folds = np.array([fold_of[row.group] for row in rows])
    found: dict[str, NDArray[np.float64]] = {}
    for fold in np.unique(folds):
        left_out = np.flatnonzero(folds == fold).tolist()
        train = [rows[at] for at in np.flatnonzero(folds != fold).tolist()]
        for name, values in predict_ratings(train, [rows[at] for at in left_out]).items():
            found.setdefault(name, np.zeros(len(rows)))[left_out] = values
    return found
