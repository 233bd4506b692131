"""Word vectors to start from: positive pointwise mutual information of neighbouring words, factorised.

Levy & Goldberg, "Neural Word Embedding as Implicit Matrix Factorization", NIPS 2014.
"""

from __future__ import annotations

import numpy as np
import torch
from scipy.sparse import coo_matrix, csr_matrix
from sklearn.utils.extmath import randomized_svd
from torch import Tensor

from training.fit.ssa_batches import FIRST_WORD, Corpus

_WINDOW = 4


def word_vectors(corpus: Corpus, words: int, dimension: int, seed: int) -> Tensor:
    """Return a start for the embedding, ``(words, dimension)``, rows of padding zero, columns of unit variance / 10.

    Args:
        corpus: Conversations to count in; labels are not looked at.
        words: Rows of the embedding.
        dimension: Columns, fewer than ``words``.
        seed: Of the factorisation.
    """
    text = corpus.words.numpy()
    pairs = [(text[:, :-gap].ravel(), text[:, gap:].ravel()) for gap in range(1, _WINDOW + 1)]
    left, right = (np.concatenate(side) for side in zip(*pairs, strict=True))
    known = (left >= FIRST_WORD) & (right >= FIRST_WORD)
    counts = coo_matrix((np.ones(known.sum()), (left[known], right[known])), shape=(words, words)).tocsr()
    counts = (counts + counts.T).tocoo()
    total = np.asarray(counts.sum(axis=1)).ravel()
    context = total**0.75 / (total**0.75).sum()
    information = np.log(counts.data / (total[counts.row] * context[counts.col]))
    positive = csr_matrix((np.maximum(information, 0), (counts.row, counts.col)), shape=(words, words))
    left_vectors, values, _ = randomized_svd(positive, dimension, n_iter=4, random_state=seed)
    vectors = left_vectors * np.sqrt(values)
    return torch.from_numpy(vectors / (vectors.std() * 10)).float()
