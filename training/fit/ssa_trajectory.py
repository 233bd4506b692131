"""The course of sentiment through a conversation in numbers, from the probabilities of its turns."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from training.fit.ssa_batches import Corpus

Array = NDArray[np.float64]

_LATELY = 3.0  # turns after which a turn counts 1 / e
_WORST = 3
_NO_CUSTOMER_TURN = np.array([0.0, 1.0, 0.0])
_NO_AGENT_TURN = np.array([[0.0, 0.4, 0.6]])


def describe_trajectories(corpus: Corpus, turns: NDArray[np.floating]) -> NDArray[np.float32]:
    """Return what the sentiments tell about each conversation, ``(conversations, D)``.

    Args:
        corpus: Conversations.
        turns: Probabilities of negative, neutral and positive of each turn, ``(turns, 3)``.
    """
    customer = corpus.customer.numpy()
    spans = zip(corpus.starts.tolist(), (corpus.starts + corpus.turns).tolist(), strict=True)
    rows = [_describe(turns[start:end].astype(np.float64), customer[start:end]) for start, end in spans]
    return np.stack(rows).astype(np.float32)


def _describe(turns: Array, spoken: NDArray[np.bool_]) -> Array:
    customer = turns[spoken] if spoken.any() else turns
    agent = _NO_AGENT_TURN if spoken.all() else turns[~spoken]
    count = len(customer)
    negative, neutral, positive = customer.T
    mood = positive - negative
    last = [customer[-back] if back <= count else _NO_CUSTOMER_TURN for back in (1, 2, 3)]
    lately = np.exp((np.arange(count) - count + 1) / _LATELY)
    thirds = np.array_split(customer, 3)
    first_third, last_third = (part.mean(axis=0) if len(part) else customer.mean(axis=0) for part in thirds[::2])
    change = (last_third - first_third) @ [-1.0, 0.0, 1.0]
    pairs = [(negative, neutral), (positive, negative), (negative, negative), (positive, positive)]
    return np.concatenate(
        [
            customer.mean(axis=0),
            *last,
            customer[0],
            lately @ customer / lately.sum(),
            first_third,
            last_third,
            customer.max(axis=0),
            np.log1p(customer.sum(axis=0)),
            np.log1p([_longest_run(negative), _longest_run(positive)]),
            [mood.mean(), mood[-1] - mood[0], change, mood.min(), mood.max()],
            [float(now[1:] @ before[:-1]) / count for now, before in pairs],
            [np.sort(values)[-_WORST:].mean() for values in (negative, positive)],
            agent.mean(axis=0),
            agent[-1],
            np.log1p(agent.sum(axis=0)),
            [np.log(len(turns)), np.log(count), count / len(turns), float(spoken[-1]), 1 / count],
        ]
    )


def _longest_run(probabilities: Array) -> float:
    """Return the length of the longest run of a sentiment, a turn counting as much as it is probable."""
    run = longest = 0.0
    for probability in probabilities.tolist():
        run = (run + 1) * probability
        longest = max(longest, run)
    return longest
