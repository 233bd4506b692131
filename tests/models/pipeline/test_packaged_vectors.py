"""The packaged playbooks keep what their own tests promise, with the artifact that ships; live as in a batch."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

import pytest

from models.domain.conversation import Conversation
from models.domain.playbook import Playbook, PlaybookTest
from models.domain.scores import Evidence, Verdict
from models.pipeline import Pipeline, PipelineConfig, load_pipeline
from models.scorers.compliance import list_playbooks
from models.scorers.compliance.vectors import conversation_of

FEWEST = 6
TESTED = [playbook for playbook in list_playbooks() if playbook.tests]


def label(playbook: Playbook) -> str:
    return f"{playbook.id}@{playbook.version}"


def expected(test: PlaybookTest, check: str = "") -> Mapping[str, Verdict]:
    return {check: test.expect} if isinstance(test.expect, str) else test.expect


@pytest.fixture(scope="module")
def pipeline() -> Iterator[Pipeline]:
    loaded = load_pipeline(PipelineConfig())
    yield loaded
    loaded.close()


@pytest.fixture(scope="module", params=TESTED, ids=label)
def judge(pipeline: Pipeline, request: pytest.FixtureRequest) -> Pipeline:
    return pipeline.with_playbook(request.param)


@pytest.mark.parametrize("playbook", TESTED, ids=label)
def test_every_check_has_vectors(playbook: Playbook) -> None:
    assert len(playbook.tests) >= FEWEST
    assert not {check.id for check in playbook.checks if len(check.tests) < FEWEST}


def test_vectors(judge: Pipeline) -> None:
    playbook = judge.playbook
    asked = [(test, expected(test, check.id)) for check in playbook.checks for test in check.tests]
    asked += [(test, expected(test)) for test in playbook.tests]
    bundles = judge.score([conversation_of(test) for test, _ in asked], explain=False)
    wrong = []
    for (test, verdicts), bundle in zip(asked, bundles, strict=True):
        found = {result.id: result for result in bundle.compliance.checks}
        for check, verdict in verdicts.items():
            quotes = [evidence.quote for evidence in found[check].evidence]
            if found[check].verdict != verdict or (test.quote and not any(test.quote in quote for quote in quotes)):
                wrong.append((check, test.name or test.line or test.turns, verdict, found[check].verdict, quotes))
    assert wrong == []


def test_without_its_quotes_no_forbidden_check_fails(judge: Pipeline) -> None:
    playbook = judge.playbook
    forbidden = {check.id for check in playbook.checks if check.kind == "forbidden"}
    tests = [*(test for check in playbook.checks for test in check.tests), *playbook.tests]
    conversations = [conversation_of(test) for test in tests]
    failed = [
        (conversation, result)
        for conversation, bundle in zip(conversations, judge.score(conversations, explain=False), strict=True)
        for result in bundle.compliance.checks
        if result.verdict == "fail" and result.id in forbidden
    ]
    left = judge.score([without(conversation, result.evidence) for conversation, result in failed], explain=False)
    assert failed
    stayed = []
    for (conversation, result), bundle in zip(failed, left, strict=True):
        after = next(other for other in bundle.compliance.checks if other.id == result.id)
        if after.verdict == "fail":
            stayed.append((conversation.turns, result.evidence, after.evidence))
    # The heads read what is left as a message of its own, and may find fault with a fragment ("页面写得那么大,您").
    assert len(stayed) <= 1, stayed


def without(conversation: Conversation, quotes: Sequence[Evidence]) -> Conversation:
    """Return the conversation without what is quoted."""
    turns = []
    for turn in conversation.turns:
        gone = {at for quote in quotes if quote.turn == turn.index for at in range(quote.start, quote.end)}
        turns.append(replace(turn, text="".join(char for at, char in enumerate(turn.text) if at not in gone)))
    return replace(conversation, turns=tuple(turns))


def test_live_as_in_a_batch(judge: Pipeline) -> None:
    for test in judge.playbook.tests:
        conversation = conversation_of(test)
        session = judge.stream(replace(conversation, turns=()))
        live = [session.add(turn, explain=False).compliance for turn in conversation.turns]
        prefixes = [replace(conversation, turns=conversation.turns[:end]) for end in range(1, len(live) + 1)]
        assert live == [bundle.compliance for bundle in judge.score(prefixes, explain=False)]
