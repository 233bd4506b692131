"""Live equals batch: every prefix scored turn by turn is the batch score of that prefix, byte for byte."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from models.domain.conversation import ROLES, Conversation, Turn
from models.domain.scores import ScoreBundle
from models.interchange import mask_conversation
from models.pipeline import Pipeline, PipelineConfig, bundle_to_json, load_pipeline


@pytest.fixture(scope="module")
def pipeline() -> Iterator[Pipeline]:
    loaded = load_pipeline(PipelineConfig())
    yield loaded
    loaded.close()


def conversation(*lines: tuple[str, str], name: str = "c-1") -> Conversation:
    return Conversation(
        id=name,
        turns=tuple(Turn(index, role, text) for index, (role, text) in enumerate(lines)),  # type: ignore[arg-type]
    )


RESCUE = conversation(
    ("bot", "您好,智能客服为您服务"),
    ("customer", "你们到底怎么回事!!三天了物流一动不动,我急着用"),
    ("agent", "您好,非常抱歉让您久等了,我马上帮您查一下物流"),
    ("customer", ""),
    ("customer", "我电话13812345678,快点"),
    ("agent", "查到了,包裹滞留在中转仓,我已联系仓库今天补发顺丰,明天下午前给您回复单号"),
    ("customer", "那还行吧"),
    ("agent", "补发单号已经发您短信,请问还有其他可以帮您的吗?"),
    ("customer", "没有了,谢谢你,服务很好"),
    ("agent", "感谢您的理解,祝您生活愉快"),
)


def written(bundle: ScoreBundle) -> str:
    return json.dumps(bundle_to_json(bundle), ensure_ascii=False)


def replayed(pipeline: Pipeline, given_conversation: Conversation) -> list[ScoreBundle]:
    session = pipeline.stream(replace(given_conversation, turns=()))
    return [session.add(turn) for turn in given_conversation.turns]


def test_every_prefix_scores_live_as_in_a_batch(pipeline: Pipeline) -> None:
    prefixes = [replace(RESCUE, turns=RESCUE.turns[:end]) for end in range(1, len(RESCUE.turns) + 1)]
    live = [written(bundle) for bundle in replayed(pipeline, RESCUE)]
    assert live == [written(bundle) for bundle in pipeline.score(prefixes)]


def test_neighbours_order_and_memory_change_nothing(pipeline: Pipeline) -> None:
    other = conversation(("customer", "这款有L码吗"), ("agent", "亲,有的哦"), name="c-2")
    together = [written(bundle) for bundle in pipeline.score([RESCUE, other, RESCUE])]
    fresh = load_pipeline(PipelineConfig(threads=1, cache=0))
    try:
        assert together == [written(fresh.score([item])[0]) for item in (RESCUE, other, RESCUE)]
    finally:
        fresh.close()


def test_the_future_is_out_of_reach(pipeline: Pipeline) -> None:
    told = replace(RESCUE, facts={"csat": 1, "resolved": False, "complaint": {"kind": "service"}})
    plain, informed = (bundle_to_json(pipeline.score([item])[0]) for item in (RESCUE, told))
    assert plain["versions"].pop("input") != informed["versions"].pop("input")
    assert plain == informed


def test_stored_masked_text_scores_as_the_raw_text(pipeline: Pipeline) -> None:
    raw, masked = (bundle_to_json(bundle) for bundle in pipeline.score([RESCUE, mask_conversation(RESCUE)]))
    for bundle in (raw, masked):
        for check in bundle["compliance"]["checks"]:
            for evidence in check["evidence"]:
                evidence.pop("quote")
    assert raw == masked


def test_quotes_are_the_senders_own_words(pipeline: Pipeline) -> None:
    (bundle,) = pipeline.score([RESCUE])
    evidence = [item for check in bundle.compliance.checks for item in check.evidence]
    assert evidence
    for item in evidence:
        assert item.quote == RESCUE.turns[item.turn].text[item.start : item.end] != ""


def test_the_rescue_is_seen(pipeline: Pipeline) -> None:
    (bundle,) = pipeline.score([RESCUE])
    assert bundle.sentiment.direction == "improved"
    assert bundle.csat.mean > 3
    assert bundle.qa.passed
    assert sum(bundle.csat.distribution) == pytest.approx(1, abs=1e-4)


@pytest.mark.parametrize(
    "odd",
    [
        conversation(("customer", "")),
        conversation(("agent", "您好")),
        conversation(("system", "会话已转接")),
        conversation(("bot", "您好"), ("bot", "再见")),
        conversation(("customer", "?" * 20_000)),
        conversation(*[("customer", "在吗"), ("agent", "在的")] * 150),
    ],
    ids=["picture", "agent-only", "system-only", "bot-only", "long-turn", "many-turns"],
)
def test_odd_conversations_get_a_score_or_none_but_never_an_error(pipeline: Pipeline, odd: Conversation) -> None:
    (bundle,) = pipeline.score([odd])
    assert bundle.id == odd.id
    if not any(turn.role == "customer" and turn.text for turn in odd.turns):
        assert bundle.sentiment.start is None
        assert bundle.csat.abstain


lines = st.tuples(
    st.sampled_from(ROLES),
    st.sampled_from(["您好", "太差了!", "谢谢", "", "ok 👌", "13812345678", "加我微信", "什么时候发货?"])
    | st.text(max_size=30),
)


@given(st.lists(lines, min_size=1, max_size=8))
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_is_said_live_equals_batch(pipeline: Pipeline, said: list[tuple[str, str]]) -> None:
    given_conversation = conversation(*said)
    assert written(replayed(pipeline, given_conversation)[-1]) == written(pipeline.score([given_conversation])[0])


def test_explanations_name_turns_and_change_nothing_else(pipeline: Pipeline) -> None:
    (explained,), (plain,) = pipeline.score([RESCUE]), pipeline.score([RESCUE], explain=False)
    assert plain.csat.carried_by == plain.resolution.carried_by == ()
    for score in (explained.csat, explained.resolution, explained.sentiment):
        assert 1 <= len(score.carried_by) <= 3
        assert all(RESCUE.turns[one.turn].text for one in score.carried_by)
    without = replace(
        explained,
        csat=replace(explained.csat, carried_by=()),
        resolution=replace(explained.resolution, carried_by=()),
    )
    assert without == plain


def test_a_live_view_may_ask_why_at_the_end_only(pipeline: Pipeline) -> None:
    session = pipeline.stream(replace(RESCUE, turns=()))
    live = [session.add(turn, explain=turn is RESCUE.turns[-1]) for turn in RESCUE.turns]
    assert all(bundle.csat.carried_by == () for bundle in live[:-1])
    assert written(live[-1]) == written(pipeline.score([RESCUE])[0])


def test_leaving_out_a_named_turn_moves_the_mean_by_its_effect(pipeline: Pipeline) -> None:
    sides = conversation(*[(turn.role, turn.text) for turn in RESCUE.turns if turn.text])
    whole = pipeline.score([sides])[0].csat
    strongest = whole.carried_by[0]
    rest = replace(sides, turns=tuple(turn for turn in sides.turns if turn.index != strongest.turn))
    (without,) = pipeline.score([rest], explain=False)
    assert whole.mean - without.csat.mean == pytest.approx(strongest.effect, abs=1e-5)
