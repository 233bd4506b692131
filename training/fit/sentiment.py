"""Fits the sentiment head: networks on vectors and marks of tone, and a linear model of words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.numpy import save
from sklearn.linear_model import Ridge
from torch import Tensor, nn

from models.scorers.sentiment.before import service_before
from models.scorers.sentiment.head import BUCKETS, CLASSES, WEIGHTS_NAME, head_inputs
from models.text.ngrams import count_ngrams
from models.text.pii import mask
from training.config import Corpus, SentimentFit
from training.data.sentiment import MOST_INTENSE, Line
from training.data.vectors import VectorStore
from training.fit.heads import Weights, WordFit, fit_networks, fit_words

_NEUTRAL = CLASSES.index("neutral")
_WORDS = WordFit(epochs=6, batch=512, rate=0.02)


def line_inputs(lines: Sequence[Line], vectors: VectorStore) -> NDArray[np.float32]:
    """Return the networks' raw inputs, shape ``(len(lines), 2 d + 9)``."""
    vectors.warm(text for line in lines for text in (line.text, *(said for _, said in line.context)))
    return np.stack([_line_input(line, vectors) for line in lines])


def _line_input(line: Line, vectors: VectorStore) -> NDArray[np.float32]:
    vector = vectors.vector(line.text)
    assert vector is not None, "lines are never blank"
    said = [(role, vectors.vector(text)) for role, text in line.context]
    return head_inputs(mask(line.text), vector, service_before(said))


def sentiment_loss(logits: Tensor, labels: Tensor, weights: Tensor, polar: Tensor) -> Tensor:
    """Return the weighted cross-entropy.

    Lines of polar corpora count by P(label | not neutral): their annotators could not answer "neutral", so they say
    nothing of it; without this, plain questions that such a corpus files under negative would teach just that.

    Args:
        logits: ``(n, 3)``.
        labels: Class indices ``(n,)``.
        weights: ``(n,)``.
        polar: Booleans ``(n,)``.
    """
    blocked = logits.masked_fill(polar[:, None] & (torch.arange(logits.shape[1]) == _NEUTRAL)[None], -1e4)
    losses = nn.functional.cross_entropy(blocked, labels, reduction="none")
    return (losses * weights).sum() / weights.sum().clamp(min=1e-9)  # a batch may weigh nothing


def fit_sentiment(
    lines: Sequence[Line], corpora: Mapping[str, Corpus], vectors: VectorStore, fit: SentimentFit, seed: int, out: Path
) -> None:
    """Fit the head on ``lines`` and write its weights (16-bit) into the directory ``out``."""
    raw = line_inputs(lines, vectors)
    labels = torch.tensor([CLASSES.index(line.label) for line in lines])
    weights = torch.tensor([corpora[line.corpus].weight * line.weight for line in lines])
    polar = torch.tensor([corpora[line.corpus].polar for line in lines])

    def loss(logits: Tensor, rows: Tensor) -> Tensor:
        return sentiment_loss(logits, labels[rows], weights[rows], polar[rows])

    networks = fit_networks(raw, len(CLASSES), loss, fit, seed)
    ngrams = [count_ngrams(mask(line.text), BUCKETS) for line in lines]
    tensors = {
        **networks,
        **fit_intensity(networks, raw, lines, weights.numpy(), fit.intensity_strength),
        **fit_words(ngrams, BUCKETS, len(CLASSES), loss, _WORDS, seed),
    }
    out.mkdir(parents=True, exist_ok=True)
    stored = {name: np.ascontiguousarray(tensor, dtype=np.float16) for name, tensor in tensors.items()}
    (out / WEIGHTS_NAME).write_bytes(save(stored))


def fit_intensity(
    networks: Weights, raw: NDArray[np.float32], lines: Sequence[Line], weights: NDArray[np.float32], strength: float
) -> Weights:
    """Fit how strong the feeling is, by ridge regression on the hidden layers of the networks that tell which it is.

    Args:
        networks: Fitted.
        raw: Their inputs, a row per line.
        lines: Those with an intensity teach.
        weights: Of each line; only their ratios count.
        strength: Of the penalty.

    Returns:
        ``intensity (members, hidden)`` and ``intensity_bias (1,)``; nothing where no line that counts has one.
    """
    rows = [at for at, line in enumerate(lines) if line.intensity is not None and weights[at] > 0]
    if not rows:
        return {}
    x = (raw[rows] - networks["mean"]) / networks["scale"]
    hidden = [np.maximum(x @ w1.T + b1, 0.0) for w1, b1 in zip(networks["w1"], networks["b1"], strict=True)]
    strong = np.array([lines[row].intensity for row in rows], dtype=np.float64) / MOST_INTENSE
    model = Ridge(alpha=strength, solver="cholesky")
    model.fit(np.concatenate(hidden, axis=1).astype(np.float64), strong, weights[rows] / weights[rows].mean())
    coefficients = model.coef_.reshape(len(hidden), -1).astype(np.float32)
    return {"intensity": coefficients, "intensity_bias": np.array([model.intercept_], dtype=np.float32)}
