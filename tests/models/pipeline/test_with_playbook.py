"""One encoder and one set of heads, several playbooks."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from dataclasses import replace

import pytest

from models.domain.conversation import Conversation
from models.errors import InvalidRubricError
from models.interchange import parse_conversation
from models.pipeline import Pipeline, PipelineConfig, bundle_to_json, load_pipeline
from models.scorers.compliance import load_playbook
from service.samples import sample_path


@pytest.fixture(scope="module")
def pipeline() -> Iterator[Pipeline]:
    loaded = load_pipeline(PipelineConfig(encoder="hashing"))
    yield loaded
    loaded.close()


@pytest.fixture(scope="module")
def conversations() -> list[Conversation]:
    with gzip.open(sample_path(), "rt", encoding="utf-8") as file:
        return [parse_conversation(json.loads(line)) for _, line in zip(range(12), file, strict=False)]


def test_another_playbook_scores_as_if_loaded_with_it(pipeline: Pipeline, conversations: list[Conversation]) -> None:
    first = load_playbook("ecommerce-zh@1")
    other = pipeline.with_playbook(first)
    assert other.encoder is pipeline.encoder
    alone = load_pipeline(PipelineConfig(encoder="hashing", playbook="ecommerce-zh@1"))
    try:
        expected = [bundle_to_json(bundle) for bundle in alone.score(conversations)]
    finally:
        alone.close()
    assert [bundle_to_json(bundle) for bundle in other.score(conversations)] == expected


def test_comparing_gives_the_scores_of_both(pipeline: Pipeline, conversations: list[Conversation]) -> None:
    other = pipeline.with_playbook(load_playbook("ecommerce-zh@1"))
    pairs = pipeline.compare(other, conversations)
    assert [before for before, _ in pairs] == pipeline.score(conversations, explain=False)
    assert [after for _, after in pairs] == other.score(conversations, explain=False)


def test_a_rubric_that_names_other_checks_is_refused(pipeline: Pipeline) -> None:
    rubric = replace(pipeline.rubric, critical=("no_such_check",))
    with pytest.raises(InvalidRubricError, match="no_such_check"):
        pipeline.with_playbook(pipeline.playbook, rubric)
