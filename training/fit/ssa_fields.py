"""What the linear models of SSA read: sparse matrices that add the words of some turns up, one matrix per field."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from training.fit.ssa_batches import Corpus

_END = 2  # turns
_CONTEXT = 0.3  # how long a neighbour's vector is where the turn's own has length 1
_WHOLE = 0.6


class Field(NamedTuple):
    """Turns that are read together.

    Attributes:
        adds: ``(rows, turns)``, 1 where a row reads a turn.
        length: Of a row's vector in this field.
        pairs: True if pairs of neighbouring words count, too.
    """

    adds: csr_matrix
    length: float
    pairs: bool


def conversation_fields(corpus: Corpus) -> list[Field]:
    """Return what is read of each conversation.

    Fields: the customer's turns, the agent's, the customer's last two, the last two of either.
    """
    customer = corpus.customer.numpy()
    everyone = np.ones_like(customer)
    chosen = [
        customer,
        ~customer,
        customer & (_from_end(corpus, customer) <= _END),
        _from_end(corpus, everyone) <= _END,
    ]
    return [
        Field(_matrix(_owner(corpus)[turns], turns.nonzero()[0], corpus, len(corpus)), 1.0, True) for turns in chosen
    ]


def turn_fields(corpus: Corpus) -> list[Field]:
    """Return what is read of each turn; a finished conversation is read ahead, too.

    Fields: itself if the customer's, itself if the agent's, the agent's and the customer's last turn before it, theirs
    after it, all that the customer says in the conversation.
    """
    customer = corpus.customer.numpy()
    own = [
        Field(_neighbour(np.where(turns, np.arange(len(turns)), -1), corpus), 1.0, True)
        for turns in (customer, ~customer)
    ]
    near = [_before(corpus, ~customer), _before(corpus, customer), _after(corpus, ~customer), _after(corpus, customer)]
    context = [Field(_neighbour(turns, corpus), _CONTEXT, False) for turns in near]
    everywhere = np.arange(len(customer))
    conversation = _matrix(_owner(corpus)[customer], customer.nonzero()[0], corpus, len(corpus))
    spread = csr_matrix(
        (np.ones(len(customer), np.float32), (everywhere, _owner(corpus))), shape=(len(customer), len(corpus))
    )
    return [*own, *context, Field(csr_matrix(spread @ conversation), _WHOLE, False)]


def _owner(corpus: Corpus) -> NDArray[np.int64]:
    """Return the number of each turn's conversation."""
    turns = corpus.turns.numpy()
    return np.repeat(np.arange(len(turns)), turns)


def _from_end(corpus: Corpus, chosen: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Return how many of the ``chosen`` turns are left in the conversation, the turn itself included."""
    before = np.concatenate([[0], chosen.cumsum()])
    ends = (corpus.starts + corpus.turns).numpy()
    left: NDArray[np.int64] = before[ends][_owner(corpus)] - before[:-1]
    return left


def _before(corpus: Corpus, chosen: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Return the last of the ``chosen`` turns before each turn of the conversation, or -1."""
    latest = np.maximum.accumulate(np.where(chosen, np.arange(len(chosen)), -1))
    latest = np.concatenate([[-1], latest[:-1]])
    return np.where(latest >= corpus.starts.numpy()[_owner(corpus)], latest, -1)


def _after(corpus: Corpus, chosen: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Return the first of the ``chosen`` turns after each turn of the conversation, or -1."""
    count = len(chosen)
    soonest = np.minimum.accumulate(np.where(chosen, np.arange(count), count)[::-1])[::-1]
    soonest = np.concatenate([soonest[1:], [count]])
    ends = (corpus.starts + corpus.turns).numpy()[_owner(corpus)]
    return np.where(soonest < ends, soonest, -1)


def _neighbour(turns: NDArray[np.int64], corpus: Corpus) -> csr_matrix:
    """Return ``(turns, turns)`` that reads one turn each; -1 reads nothing."""
    rows = (turns >= 0).nonzero()[0]
    return _matrix(rows, turns[rows], corpus, len(turns))


def _matrix(rows: NDArray[Any], turns: NDArray[Any], corpus: Corpus, height: int) -> csr_matrix:
    return csr_matrix((np.ones(len(rows), np.float32), (rows, turns)), shape=(height, len(corpus.words)))
