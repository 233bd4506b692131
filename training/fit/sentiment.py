"""Fits the sentiment head: networks on vectors and marks of tone, and a linear model of words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.numpy import save
from torch import Tensor, nn

from models.scorers.sentiment.before import service_before
from models.scorers.sentiment.head import BUCKETS, CLASSES, INTENSITY, WEIGHTS_NAME, head_inputs
from models.text.masking import mask
from models.text.ngrams import count_ngrams
from training.config import Corpus, SentimentFit
from training.data.sentiment import MOST_INTENSE, Line
from training.data.vectors import VectorStore
from training.fit.heads import WordFit, fit_networks, fit_words

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


def intensity_loss(logits: Tensor, intensity: Tensor, weights: Tensor) -> Tensor:
    """Return the cross-entropy of the intensity where somebody told it.

    It is divided by the weight of all rows, not of those few: a batch with one such line is not all about it.

    Args:
        logits: ``(n,)``.
        intensity: 0…1, NaN where nobody told it, ``(n,)``.
        weights: ``(n,)``.
    """
    losses = nn.functional.binary_cross_entropy_with_logits(logits, intensity.nan_to_num(), reduction="none")
    return (losses * intensity.isfinite() * weights).sum() / weights.sum().clamp(min=1e-9)


def fit_sentiment(
    lines: Sequence[Line], corpora: Mapping[str, Corpus], vectors: VectorStore, fit: SentimentFit, seed: int, out: Path
) -> None:
    """Fit the head on ``lines`` and write its weights (16-bit) into the directory ``out``."""
    labels = torch.tensor([CLASSES.index(line.label) for line in lines])
    weights = torch.tensor([corpora[line.corpus].weight * line.weight for line in lines])
    polar = torch.tensor([corpora[line.corpus].polar for line in lines])
    strong = torch.tensor([np.nan if line.intensity is None else line.intensity / MOST_INTENSE for line in lines])

    def feeling(logits: Tensor, rows: Tensor) -> Tensor:
        return sentiment_loss(logits, labels[rows], weights[rows], polar[rows])

    def feeling_and_intensity(logits: Tensor, rows: Tensor) -> Tensor:
        told = intensity_loss(logits[:, INTENSITY], strong[rows], weights[rows])
        return feeling(logits[:, : len(CLASSES)], rows) + fit.intensity * told

    ngrams = [count_ngrams(mask(line.text), BUCKETS) for line in lines]
    tensors = {
        **fit_networks(line_inputs(lines, vectors), len(CLASSES) + 1, feeling_and_intensity, fit, seed),
        **fit_words(ngrams, BUCKETS, len(CLASSES), feeling, _WORDS, seed),
    }
    out.mkdir(parents=True, exist_ok=True)
    stored = {name: np.ascontiguousarray(tensor, dtype=np.float16) for name, tensor in tensors.items()}
    (out / WEIGHTS_NAME).write_bytes(save(stored))
