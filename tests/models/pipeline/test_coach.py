"""Coaching is tried before it is told: every edit offered is made here again, by hand, and judged by a fresh score."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from models.domain.coaching import Edit
from models.domain.conversation import Conversation, Role, Turn
from models.interchange import parse_conversation
from models.pipeline import Pipeline, PipelineConfig, coach, load_pipeline
from models.pipeline.replay import Span, merged
from models.pipeline.run import open_context
from models.scorers.compliance import load_playbook
from service.samples import sample_path

_OWN = Path(__file__).parents[3] / "training" / "data" / "own" / "conversations"
_ROLES: dict[str, Role] = {"c": "customer", "a": "agent"}


@pytest.fixture(scope="module")
def pipeline() -> Iterator[Pipeline]:
    loaded = load_pipeline(PipelineConfig())
    yield loaded
    loaded.close()


@pytest.fixture(scope="module")
def rules(pipeline: Pipeline) -> Pipeline:
    """Return a pipeline whose playbook asks no heads."""
    return pipeline.with_playbook(load_playbook("ecommerce-zh@1"))


def talk(*lines: str) -> Conversation:
    turns = tuple(Turn(place, _ROLES[line[0]], line[2:]) for place, line in enumerate(lines))
    return Conversation(id="talk", turns=turns)


def made(conversation: Conversation, edits: tuple[Edit, ...]) -> Conversation:
    """Return the conversation with the edits made, from the last to the first."""
    turns = list(conversation.turns)
    for edit in sorted(edits, key=lambda edit: (edit.turn, edit.start), reverse=True):
        if edit.action == "insert":
            turns.insert(edit.turn, Turn(edit.turn, "agent", edit.text))
        else:
            text = turns[edit.turn].text
            assert text[edit.start : edit.end] == edit.quote
            turns[edit.turn] = replace(turns[edit.turn], text=text[: edit.start] + edit.text + text[edit.end :])
    return replace(conversation, turns=tuple(replace(turn, index=place) for place, turn in enumerate(turns)))


def failed(pipeline: Pipeline, conversation: Conversation) -> set[str]:
    """Return what fails, judged afresh from the first message."""
    context = pipeline.follow(open_context(conversation), conversation.turns)
    return {check.id for check in pipeline.judge(context).checks if check.verdict == "fail"}


def advice(pipeline: Pipeline, conversation: Conversation) -> dict[str, tuple[str, str]]:
    return {one.check: (one.advice, one.advice_en) for one in coach(pipeline, conversation)}


_BAD = talk(
    "c:你好,这个能便宜点吗",
    "a:您好,可以的,不过这里不方便说",
    "a:您加我微信 abc12345 聊,给您内部价。另外今天下单有赠品哦",
    "c:好的",
    "a:请问还有其他可以帮您的吗?祝您生活愉快",
)


def test_the_smallest_piece_is_left_out_and_a_better_sentence_offered(rules: Pipeline) -> None:
    [one] = [one for one in coach(rules, _BAD) if one.check == "off_platform"]
    assert one.quoted_flips
    assert sum(len(edit.quote) for edit in one.leave_out) < len(_BAD.turns[2].text) / 2
    assert all(edit.action == "delete" and edit.turn == 2 for edit in one.leave_out)
    [say] = one.say
    assert say.action == "replace"
    assert say.text in next(check for check in rules.playbook.checks if check.id == "off_platform").suggest
    assert "第 3 条" in one.advice
    assert "message 3" in one.advice_en
    assert say.text in one.advice
    assert say.text in one.advice_en


def test_what_is_missing_is_said_where_it_belongs(rules: Pipeline) -> None:
    conversation = talk("c:这件有黑色吗", "a:有的,黑色现货", "c:好的")
    edits = {one.check: one.say for one in coach(rules, conversation)}
    assert [edit.turn for edit in edits["greeting"]] == [1]
    english = talk("c:Do you have this in black?", "a:Yes, black is in stock.")
    assert all(not any("\u4e00" <= char <= "\u9fff" for char in text) for _, text in advice(rules, english).values())


def test_nothing_failed_nothing_to_say(rules: Pipeline) -> None:
    conversation = talk("c:在吗", "a:您好,在的,请问有什么可以帮您?", "c:没事了谢谢", "a:不客气,祝您生活愉快,再见")
    assert not failed(rules, conversation)
    assert coach(rules, conversation) == ()


def test_the_score_decides_what_is_coached(rules: Pipeline) -> None:
    [bundle] = rules.score([_BAD])
    assert coach(rules, _BAD, bundle) == coach(rules, _BAD)


def _verify(pipeline: Pipeline, conversation: Conversation) -> None:
    """Make every edit and judge the outcome."""
    before = failed(pipeline, conversation)
    coachings = coach(pipeline, conversation)
    assert {one.check for one in coachings} == before
    for one in coachings:
        if one.quoted_flips is not None:
            assert one.leave_out
            assert one.check not in failed(pipeline, made(conversation, one.leave_out))
        if one.say:
            dropped = tuple(edit for edit in one.leave_out if edit.turn not in {say.turn for say in one.say})
            assert failed(pipeline, made(conversation, (*one.say, *dropped))) <= before - {one.check}


def _sample() -> list[Conversation]:
    with gzip.open(sample_path(), "rt", encoding="utf-8") as file:
        return [parse_conversation(json.loads(line)) for line in file]


def test_without_the_words_quoted_no_forbidden_check_fails(pipeline: Pipeline) -> None:
    """Those of the sample that are written to break a check, and some others; all forbidden checks that fail."""
    forbidden = {check.id for check in pipeline.playbook.checks if check.kind == "forbidden"}
    found, kept = 0, set()
    every = _sample()
    conversations = [item for place, item in enumerate(every) if item.extra.get("violations") or place % 12 == 0]
    for conversation, bundle in zip(conversations, pipeline.score(conversations, explain=False), strict=True):
        for check in bundle.compliance.checks:
            if check.verdict == "fail" and check.id in forbidden:
                found += 1
                spans: dict[int, list[Span]] = {}
                for piece in check.evidence:
                    spans.setdefault(piece.turn, []).append((piece.start, piece.end))
                edits = tuple(
                    Edit("delete", turn, start, end, conversation.turns[turn].text[start:end], "")
                    for turn, several in spans.items()
                    for start, end in merged(several)
                )
                if check.id in failed(pipeline, made(conversation, edits)):
                    kept.add((conversation.id, check.id))
    assert found >= 50
    assert not kept


def test_edits_do_what_they_promise(pipeline: Pipeline) -> None:
    """Some of the sample, with the heads."""
    for conversation in _sample()[::19]:
        _verify(pipeline, conversation)


@pytest.mark.skipif(not _OWN.exists(), reason="the conversations of our own are not in an installed package")
def test_edits_keep_their_promise_in_hard_conversations(rules: Pipeline) -> None:
    lines = [line for path in sorted(_OWN.glob("*.jsonl")) for line in path.read_text(encoding="utf-8").splitlines()]
    for line in lines[::8]:
        _verify(rules, parse_conversation(json.loads(line)))
