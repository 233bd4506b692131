"""The sentiment head as it is fitted: three classes, and how strong the feeling is."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from models.encode.load import load_encoder
from models.scorers.sentiment import SentimentScorer
from models.scorers.sentiment.head import WEIGHTS_NAME, SentimentHead
from training.config import Corpus, SentimentFit
from training.data.sentiment import Line
from training.data.vectors import VectorStore
from training.evaluate.sentiment import evaluate_sentiment
from training.fit.sentiment import fit_sentiment

CORPUS = Corpus("", 0, 1.0, False, 0, False, "")
FIT = SentimentFit(
    corpora={},
    members=2,
    hidden=16,
    dropout=0.1,
    epochs=12,
    batch=32,
    learning_rate=0.01,
    weight_decay=0.01,
    intensity_strength=1.0,
    lexical_share=0.3,
    neutral_gain=0.3,
    emotional_gain=0.8,
)
CONFIG = {
    "lexical_share": 0.3,
    "temperature": 1.0,
    "trajectory": {"neutral_gain": 0.3, "emotional_gain": 0.8, "turning_step": 0.3, "flat_band": 0.2},
}
SAID = {
    "negative": ("有点慢", "气死我了马上投诉"),
    "neutral": ("几点发货", "几点发货"),
    "positive": ("还行吧", "太棒了超级喜欢"),
}


def lines() -> list[Line]:
    found = []
    for at in range(40):
        for label, (mild, strong) in SAID.items():
            loud = at % 2 == 0
            intensity = None if at % 5 == 0 else 0.0 if label == "neutral" else 3.0 if loud else 1.0
            found.append(Line((strong if loud else mild) + "啊" * (at % 3), label, "own", intensity=intensity))
    return found


@pytest.fixture(scope="module")
def vectors(tmp_path_factory: pytest.TempPathFactory) -> VectorStore:
    return VectorStore(load_encoder("hashing", cache=0), tmp_path_factory.mktemp("vectors"))


@pytest.fixture(scope="module")
def fitted(vectors: VectorStore, tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("head")
    fit_sentiment(lines(), {"own": CORPUS}, vectors, FIT, 3, directory)
    return directory


def test_strong_words_are_read_as_strong(fitted: Path, vectors: VectorStore) -> None:
    head = SentimentHead.load(fitted, 0.3, 1.0)

    def intensity(text: str) -> float:
        read = head.read(vectors.matrix([text])[0], text)
        assert read.intensity is not None
        assert 0.0 <= read.intensity <= 1.0
        return read.intensity

    assert intensity("几点发货") < 0.25
    for mild, strong in (SAID["negative"], SAID["positive"]):
        assert intensity(mild) < 0.6 < intensity(strong)


def test_the_error_is_told_beside_what_it_must_beat(fitted: Path, vectors: VectorStore) -> None:
    scorer = SentimentScorer.from_files(fitted, CONFIG, "test")
    found = evaluate_sentiment(lines(), scorer, vectors)
    assert found["intensity_lines"] == 96  # a fifth of the 120 have none
    assert found["intensity_mae"] < min(found["intensity_of_mean_mae"], found["intensity_of_score_mae"])
    assert found["intensity_spearman"] > 0.8
    low, high = found["intervals"]["intensity_mae"]
    assert low <= found["intensity_mae"] <= high
    untold = [replace(line, intensity=None) for line in lines()]
    assert "intensity_mae" not in evaluate_sentiment(untold, scorer, vectors)


def test_a_head_from_before_intensity_is_read_as_it_was(fitted: Path, vectors: VectorStore, tmp_path: Path) -> None:
    weights = load_file(fitted / WEIGHTS_NAME)
    older = {name: tensor for name, tensor in weights.items() if not name.startswith("intensity")}
    save_file(older, tmp_path / WEIGHTS_NAME)
    text = "气死我了"
    vector = vectors.matrix([text])[0]
    new = SentimentHead.load(fitted, 0.3, 1.0).read(vector, text)
    old = SentimentHead.load(tmp_path, 0.3, 1.0).read(vector, text)
    assert old.intensity is None
    assert old[:3] == pytest.approx(new[:3])
    assert "intensity_mae" not in evaluate_sentiment(
        lines(), SentimentScorer.from_files(tmp_path, CONFIG, "test"), vectors
    )


def test_intensity_moves_no_class_and_needs_lines_that_count(
    fitted: Path, vectors: VectorStore, tmp_path: Path
) -> None:
    for name, corpus in (("untold", CORPUS), ("unweighed", replace(CORPUS, weight=0.0))):
        told = [replace(line, intensity=None) for line in lines()] if name == "untold" else lines()
        others = [replace(line, corpus="other", intensity=None) for line in lines()]
        fit_sentiment([*told, *others], {"own": corpus, "other": CORPUS}, vectors, FIT, 3, tmp_path / name)
        assert not any("intensity" in key for key in load_file(tmp_path / name / WEIGHTS_NAME))
    fit_sentiment([replace(line, intensity=None) for line in lines()], {"own": CORPUS}, vectors, FIT, 3, tmp_path)
    without, taught = load_file(tmp_path / WEIGHTS_NAME), load_file(fitted / WEIGHTS_NAME)
    assert taught.keys() - without.keys() == {"intensity", "intensity_bias"}
    assert all(np.array_equal(tensor, taught[name]) for name, tensor in without.items())
