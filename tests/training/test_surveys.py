"""Measures on users' conversations: of each what is known, and no more."""

from dataclasses import dataclass

import pytest

from models.domain.conversation import Conversation, Turn
from models.domain.scores import CsatScore, ResolutionScore
from models.encode.load import load_encoder
from models.scorers.csat import CsatOutcome
from training.data.rated import Rated
from training.data.vectors import VectorStore
from training.evaluate.surveys import evaluate_surveys


@dataclass
class Silent:
    """Observes nothing."""

    name: str

    def observe(self, _: object) -> None:
        return None


class Told(Silent):
    """Says what it was told to."""

    def __init__(self, said: list[tuple[float, float]]) -> None:
        super().__init__("csat")
        self.said = said

    def score_many(self, _: list) -> list[CsatOutcome]:
        return [
            CsatOutcome(
                CsatScore((0.2,) * 5, mean, 0.4, (1.0, 5.0), 0.9, "neutral", False), ResolutionScore(p, "unclear")
            )
            for mean, p in self.said
        ]


def rated(ratings: tuple[int, ...], resolved: bool | None) -> Rated:
    return Rated(Conversation("c", (Turn(0, "customer", "在吗"),)), ratings, resolved, 1.0, "mine")


@pytest.fixture
def vectors(tmp_path) -> VectorStore:
    return VectorStore(load_encoder("hashing", cache=0), tmp_path)


def test_surveys_and_outcomes_are_counted_apart(vectors: VectorStore) -> None:
    rows = [rated((5,), True), rated((2,), None), rated((), False), rated((), True)]
    scorer = Told([(4.5, 0.9), (2.5, 0.1), (3.0, 0.2), (3.0, 0.4)])
    found = evaluate_surveys(rows, scorer, Silent("sentiment"), vectors)
    assert (found["conversations"], found["surveys"], found["outcomes"]) == (4, 2, 3)
    assert found["survey_mae"] == 0.5
    assert found["survey_spearman"] == 1.0
    assert found["outcome_auc"] == 1.0
    assert found["outcome_accuracy"] == pytest.approx(2 / 3, abs=1e-4)
    assert found["outcome_ece"] == pytest.approx((0.1 + 0.2 + 0.6) / 3, abs=1e-4)
    assert found["intervals"].keys() == {
        "survey_mae",
        "survey_spearman",
        "outcome_accuracy",
        "outcome_auc",
        "outcome_ece",
    }


def test_what_nobody_told_is_not_measured(vectors: VectorStore) -> None:
    found = evaluate_surveys([rated((4,), None)], Told([(4.0, 0.5)]), Silent("sentiment"), vectors)
    assert found["survey_mae"] == 0.0
    assert found["survey_spearman"] is None
    assert not any(name.startswith("outcome") for name in found)
