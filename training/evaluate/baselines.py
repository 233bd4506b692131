"""What a model must beat: the mean or the majority, lengths, a lexicon, and TF-IDF with a linear model."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import hstack
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.preprocessing import StandardScaler

from training.data.sentiment import Line
from training.data.stc3 import Dialogue
from training.evaluate.agreement import accuracy, area_under_curve, macro_f1, spearman
from training.evaluate.distributions import normalised_match_distance, root_symmetric_order_divergence
from training.evaluate.lexicon import Lexicon, induce_lexicon
from training.evaluate.rounding import rounded
from training.evaluate.stc3 import UNSATISFIED_BELOW

_FEATURES = 60_000
_UNHAPPY, _HAPPY = 2.5, 3.5  # annotators' mean S, 1…5: dialogues the lexicon is induced from


def stc3_baselines(train: Sequence[Dialogue], test: Sequence[Dialogue]) -> dict[str, Any]:
    """Return measures of S by baseline, each fitted on the training dialogues.

    ``mean`` distribution; ``majority`` level for certain; ``length``: ridge on numbers of turns and characters;
    ``lexicon``: ridge on the share of lexicon entries in what the customer says, in all and last; ``tfidf_ridge``:
    characters 1–3 per side.
    """
    true = np.array([dialogue.distribution("S") for dialogue in train])
    mean = true.mean(axis=0)
    majority = np.eye(len(mean))[int(np.argmax(mean))]
    lexicon = induce_lexicon(
        [_by_side(dialogue)[0] for dialogue in train if dialogue.mean("S") >= _HAPPY],
        [_by_side(dialogue)[0] for dialogue in train if dialogue.mean("S") <= _UNHAPPY],
    )
    predicted: Mapping[str, NDArray[np.float64]] = {
        "mean": np.repeat(mean[None], len(test), axis=0),
        "majority": np.repeat(majority[None], len(test), axis=0),
        "length": _ridge(_lengths(train), true, _lengths(test)),
        "lexicon": _ridge(_lexicon_shares(train, lexicon), true, _lexicon_shares(test, lexicon)),
        "tfidf_ridge": _tfidf_ridge(train, true, test),
    }
    return rounded({name: _measure(rows, test) for name, rows in predicted.items()})


def _ridge(train: NDArray[np.float64], true: NDArray[np.float64], test: NDArray[np.float64]) -> NDArray[np.float64]:
    scale = StandardScaler().fit(train)
    model = Ridge(alpha=1.0).fit(scale.transform(train), true)
    return np.asarray(np.clip(model.predict(scale.transform(test)), 1e-6, None))


def _tfidf_ridge(train: Sequence[Dialogue], true: NDArray[np.float64], test: Sequence[Dialogue]) -> Any:
    texts = [_by_side(dialogue) for dialogue in train]
    parts_train, parts_test = [], []
    for side in range(2):
        tfidf = TfidfVectorizer(analyzer="char", ngram_range=(1, 3), sublinear_tf=True, max_features=_FEATURES)
        parts_train.append(tfidf.fit_transform([pair[side] for pair in texts]))
        parts_test.append(tfidf.transform([_by_side(dialogue)[side] for dialogue in test]))
    ridge = Ridge(alpha=2.0).fit(hstack(parts_train), true)
    return np.clip(ridge.predict(hstack(parts_test)), 1e-6, None)


def _by_side(dialogue: Dialogue) -> tuple[str, str]:
    turns = dialogue.conversation.turns
    customer = "\n".join(turn.text for turn in turns if turn.role == "customer")
    return customer, "\n".join(turn.text for turn in turns if turn.role != "customer")


def _lengths(dialogues: Sequence[Dialogue]) -> NDArray[np.float64]:
    """Return turns, log characters of each side, of the last turn, and who spoke last, shape ``(n, 5)``."""
    rows = []
    for dialogue in dialogues:
        turns = dialogue.conversation.turns
        customer, service = map(len, _by_side(dialogue))
        last = float(turns[-1].role == "customer")
        rows.append([len(turns), np.log1p(customer), np.log1p(service), np.log1p(len(turns[-1].text)), last])
    return np.array(rows, dtype=np.float64)


def _lexicon_shares(dialogues: Sequence[Dialogue], lexicon: Lexicon) -> NDArray[np.float64]:
    """Return hits per root of characters in all the customer said and in the last message, shape ``(n, 4)``."""
    said = [_by_side(dialogue)[0] for dialogue in dialogues]
    last = [text.rpartition("\n")[2] for text in said]
    shares = [lexicon.count(texts) / np.sqrt([[max(len(text), 1)] for text in texts]) for texts in (said, last)]
    return np.concatenate(shares, axis=1)


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
    """Return accuracy and macro-F1 by baseline, each fitted on lines of the same corpus.

    That favours them over a model for all corpora. ``majority`` label; ``length``: logistic regression on length and
    marks; ``lexicon``: the same on the hits of a lexicon; ``tfidf``: the same on characters 1–3.
    """
    true = [line.label for line in test]
    labels = [line.label for line in train]
    most = Counter(labels).most_common(1)[0][0]
    lexicon = induce_lexicon(*([line.text for line in train if line.label == one] for one in ("positive", "negative")))
    tfidf = TfidfVectorizer(analyzer="char", ngram_range=(1, 3), sublinear_tf=True, max_features=_FEATURES)
    said, asked = [line.text for line in train], [line.text for line in test]
    predicted = {
        "majority": [most] * len(true),
        "length": _classify(_marks(said), labels, _marks(asked)),
        "lexicon": _classify(lexicon.count(said), labels, lexicon.count(asked)),
        "tfidf": _classify(tfidf.fit_transform(said), labels, tfidf.transform(asked)),
    }
    return rounded(
        {name: {"accuracy": accuracy(rows, true), "macro_f1": macro_f1(rows, true)} for name, rows in predicted.items()}
    )


def _classify(train: Any, labels: Sequence[str], test: Any) -> list[str]:
    if len(set(labels)) < 2:
        return [labels[0]] * test.shape[0]
    model = LogisticRegression(C=4.0, max_iter=400).fit(train, labels)
    return [str(label) for label in model.predict(test)]


def _marks(texts: Sequence[str]) -> NDArray[np.float64]:
    return np.array(
        [
            [np.log1p(len(text)), text.count("!") + text.count("！"), text.count("?") + text.count("？")]
            for text in texts
        ],
        dtype=np.float64,
    )
