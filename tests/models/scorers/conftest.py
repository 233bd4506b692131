"""The committed artifact and its encoder, loaded once, and a plain runner for one scorer."""

from collections.abc import Callable
from typing import Any

import pytest

from models.artifacts import Artifact, load_artifact
from models.domain.context import Context
from models.domain.conversation import Conversation, Role, Turn
from models.encode.base import Encoder
from models.encode.load import load_encoder
from models.scorers.sentiment import SentimentScorer

Lines = list[tuple[Role, str]]
Play = Callable[[Any, Lines], list[Any]]


@pytest.fixture(scope="session")
def artifact() -> Artifact:
    return load_artifact()


@pytest.fixture(scope="session")
def encoder(artifact: Artifact) -> Encoder:
    return load_encoder(artifact.path / "encoder")


@pytest.fixture(scope="session")
def play(encoder: Encoder, artifact: Artifact) -> Play:
    """Feed lines to a scorer one by one, after the sentiment scorer; return its score after each."""
    sentiment = SentimentScorer.from_artifact(artifact)

    def run(scorer: Any, lines: Lines) -> list[Any]:
        context = Context(head=Conversation(id="c", turns=()))
        scores = []
        for index, (role, text) in enumerate(lines):
            vector = encoder.encode([text])[0] if text.strip() else None
            context = context.with_turn(Turn(index, role, text), text).with_signal("encoder", vector)
            for component in {sentiment.name: sentiment, scorer.name: scorer}.values():
                context = context.with_signal(component.name, component.observe(context))
            scores.append(scorer.score(context))
        return scores

    return run
