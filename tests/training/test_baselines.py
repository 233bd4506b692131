"""Baselines: each finds what there is to find for its means."""

import numpy as np
import pytest

from models.domain.conversation import Conversation, Turn
from training.data.sentiment import Line
from training.data.stc3 import Dialogue
from training.evaluate.baselines import sentiment_baselines, stc3_baselines
from training.evaluate.lexicon import induce_lexicon

SOURCE = np.random.default_rng(2)
GOOD, BAD = ("谢谢你们", "太好了呀"), ("气死我了", "我要投诉")


def dialogue(number: int) -> Dialogue:
    happy = number % 2 == 0
    words = GOOD if happy else BAD
    turns = (
        Turn(0, "customer", f"第{number}单在哪里"),
        Turn(1, "agent", "请稍等"),
        Turn(2, "customer", str(SOURCE.choice(words))),
    )
    ratings = np.clip((4 if happy else 2) + SOURCE.integers(-1, 2, size=9), 1, 5)
    return Dialogue(Conversation(f"d{number}", turns), dict.fromkeys("ASE", ratings), (), float(happy))


def test_a_lexicon_tells_its_sides() -> None:
    lexicon = induce_lexicon([f"{GOOD[n % 2]} {n}" for n in range(40)], [f"{BAD[n % 2]} {n}" for n in range(40)])
    positive, negative = lexicon.count(["太好了呀", "我要投诉"]).T
    assert positive[0] > 0 == positive[1]
    assert negative[1] > 0 == negative[0]
    assert induce_lexicon(["好"], ["差"]).positive == ()


def test_words_beat_lengths_and_lengths_do_no_harm() -> None:
    figures = stc3_baselines([dialogue(n) for n in range(120)], [dialogue(n) for n in range(120, 160)])
    assert set(figures) == {"mean", "majority", "length", "lexicon", "tfidf_ridge"}
    assert figures["mean"]["S_spearman"] is None
    assert figures["lexicon"]["S_spearman"] > 0.6
    assert figures["tfidf_ridge"]["S_NMD"] < 0.5 * figures["majority"]["S_NMD"]
    assert figures["length"]["S_NMD"] == pytest.approx(figures["mean"]["S_NMD"], abs=0.03)


def test_lines() -> None:
    lines = [
        Line(f"{(GOOD if n % 2 else BAD)[n // 2 % 2]}{n}", "positive" if n % 2 else "negative", "c") for n in range(80)
    ]
    figures = sentiment_baselines(lines[:60], lines[60:])
    assert figures["lexicon"]["accuracy"] == figures["tfidf"]["accuracy"] == 1.0
    assert figures["majority"]["accuracy"] == 0.5
    assert "length" in figures
    one_label = sentiment_baselines([line for line in lines if line.label == "positive"], lines)
    assert one_label["tfidf"]["accuracy"] == 0.5
