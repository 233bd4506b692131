"""Measures of the SSA ensemble on a labelled file."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from training.data.ssa import SsaChat
from training.evaluate.agreement import accuracy, macro_f1
from training.evaluate.rounding import rounded
from training.fit.ssa_model import SsaModel


def evaluate_ssa(chats: Sequence[SsaChat], model: SsaModel) -> dict[str, Any]:
    """Return macro-F1 and accuracy of satisfaction (levels 1–3) and macro-F1 of the customer's turns' sentiment.

    All are 0…1, higher is better.
    """
    levels, sentiments = model.judge(chats)
    satisfaction = [str(chat.satisfaction) for chat in chats]
    predicted = [str(level) for level in levels]
    pairs = [
        (str(said), str(turn.sentiment))
        for chat, turns in zip(chats, sentiments, strict=True)
        for said, turn in zip(turns, chat.turns, strict=True)
        if turn.role == "customer"
    ]
    return rounded(
        {
            "conversations": len(chats),
            "customer_turns": len(pairs),
            "satisfaction_macro_f1": macro_f1(predicted, satisfaction),
            "satisfaction_accuracy": accuracy(predicted, satisfaction),
            "customer_sentiment_macro_f1": macro_f1([said for said, _ in pairs], [true for _, true in pairs])
            if pairs
            else None,
        }
    )
