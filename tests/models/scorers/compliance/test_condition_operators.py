"""Each way to ask about a conversation: where it holds, where it nearly does, and where it cannot be known."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from models.domain.condition import (
    Attributes,
    Condition,
    Count,
    CsatTest,
    Gap,
    Order,
    Repeated,
    SentimentTest,
)
from models.domain.conversation import Party
from models.domain.cue import Cue
from models.domain.playbook import Confidence, Scope
from models.domain.scores import SentimentLevel, SentimentScore
from tests.models.scorers.compliance.stage import A, B, C, Line, S, book, check, holds, play, result

_CUES = {
    "sorry": Cue(include=("抱歉",)),
    "angry": Cue(include=("投诉",)),
    "thanks": Cue(include=("谢谢",)),
    "price": Cue(include=("元",)),
}


@pytest.mark.parametrize(
    ("gap", "lines", "found"),
    [
        (Gap(over=60), [(C, "在吗", 0), (A, "在", 61)], True),
        (Gap(over=60), [(C, "在吗", 0), (A, "在", 60)], False),
        (Gap(over=60), [(C, "在吗", 0), (C, "人呢", 50), (A, "在", 61)], True),  # from the first of several
        (Gap(over=60), [(C, "在吗", 0), (B, "请稍候", 1), (A, "在", 61)], True),  # a bot is no agent
        (Gap(over=60, by="bot"), [(C, "在吗", 0), (B, "请稍候", 1), (A, "在", 61)], False),
        (Gap(over=60, which="first"), [(C, "一", 0), (A, "二", 5), (C, "三", 9), (A, "四", 99)], False),
        (Gap(over=60, which="last"), [(C, "一", 0), (A, "二", 5), (C, "三", 9), (A, "四", 99)], True),
        (Gap(under=10, which="first"), [(C, "一", 0), (A, "二", 5), (C, "三", 9), (A, "四", 99)], True),
        (Gap(over=10, under=20), [(C, "一", 0), (A, "二", 25)], False),
        (Gap(over=60), [(C, "在吗", 0)], False),
        (Gap(over=60, unanswered=True), [(C, "在吗", 0)], True),
        (Gap(over=60, unanswered=True, apart_from=("thanks",)), [(A, "好", 0), (C, "谢谢", 1)], False),
        (Gap(under=60, unanswered=True, which="last"), [(C, "在吗", 0)], False),
        (Gap(over=60), [(C, "在吗"), (A, "在")], None),
        (Gap(over=60), [(C, "在吗"), (A, "在"), (C, "一", 0), (A, "二", 99)], True),
        (Gap(over=60), [(A, "在")], False),
        (Gap(after="agent", by="customer", over=60), [(A, "在吗", 0), (C, "在", 99)], True),
    ],
)
def test_gaps(gap: Gap, lines: list[Line], found: bool | None) -> None:
    assert holds(Condition(gap=gap), lines, _CUES) is found


@pytest.mark.parametrize(
    ("count", "lines", "found"),
    [
        (Count(by="customer", at_least=2), [(C, "一"), (A, "二"), (C, "三")], True),
        (Count(by="customer", at_least=2), [(C, "一"), (A, "二"), (C, "……")], False),  # nothing to read
        (Count(at_most=1), [(C, "一"), (A, "二"), (C, "三")], True),  # the agent's
        (Count(at_most=0, of=("price",)), [(A, "二元")], False),
        (Count(at_least=2, of=("price",)), [(A, "二元三元")], False),  # messages, not words
        (Count(at_least=2, of=("price", "sorry")), [(A, "二元"), (A, "抱歉")], True),
        (Count(at_least=1, of=("sorry",), first=1), [(A, "您好"), (A, "抱歉")], False),
        (Count(at_least=1, of=("sorry",), last=1), [(A, "您好"), (A, "抱歉")], True),
    ],
)
def test_counts(count: Count, lines: list[Line], found: bool) -> None:
    assert holds(Condition(count=count), lines, _CUES) is found


@pytest.mark.parametrize(
    ("repeated", "lines", "found"),
    [
        (Repeated(times=3), [(A, "请耐心等待哦~"), (A, "请耐心等待哦!"), (A, "請耐心等待哦")], True),
        (Repeated(times=3), [(A, "请耐心等待"), (A, "请耐心等待"), (A, "已经发货了")], False),
        (Repeated(times=2), [(A, "请耐心等待"), (C, "请耐心等待")], False),
        (Repeated(times=2), [(A, "请您耐心等待一下"), (A, "请您耐心等待一会")], False),
        (Repeated(times=2, alike=0.8), [(A, "请您耐心等待一下"), (A, "请您耐心等待一会")], True),
        (Repeated(times=2, within=2), [(A, "等待"), (A, "好的"), (A, "等待")], False),
        (Repeated(times=2, within=3), [(A, "等待"), (A, "好的"), (A, "等待")], True),
        (Repeated(times=2, of=("sorry",)), [(A, "抱歉哦"), (A, "好的"), (A, "非常抱歉")], True),
        (Repeated(times=2, of=("sorry",), within=2), [(A, "抱歉哦"), (A, "好的"), (A, "非常抱歉")], False),
        (Repeated(times=2, of=("sorry",)), [(A, "抱歉抱歉")], False),
        (Repeated(times=2, of=("sorry",), alike=0.9), [(A, "抱歉哦"), (A, "好的"), (A, "非常抱歉呢")], False),
        (Repeated(times=2, of=("sorry",), alike=0.9), [(A, "抱歉哦"), (A, "好的"), (A, "好的")], False),
        (Repeated(times=2, of=("sorry",), alike=0.9), [(A, "抱歉哦"), (A, "好的"), (A, "抱歉哦~")], True),
        (Repeated(times=2, of=("sorry",), alike=0.9, within=2), [(A, "抱歉哦"), (A, "好的"), (A, "抱歉哦")], False),
        (Repeated(by="customer", times=2), [(C, "人呢"), (A, "在"), (C, "人呢??")], True),
    ],
)
def test_repetition(repeated: Repeated, lines: list[Line], found: bool) -> None:
    assert holds(Condition(repeated=repeated), lines, _CUES) is found


@pytest.mark.parametrize(
    ("seconds", "lines", "found"),
    [
        (60, [(C, "投诉", 0), (A, "抱歉", 60)], True),
        (60, [(C, "投诉", 0), (A, "抱歉", 61)], False),
        (60, [(C, "投诉"), (A, "抱歉")], None),
        (60, [(C, "投诉", 0), (A, "抱歉"), (A, "抱歉", 30)], True),
        (60, [(C, "投诉"), (A, "好的")], False),
    ],
)
def test_seconds_after_a_trigger(seconds: float, lines: list[Line], found: bool | None) -> None:
    asked = Condition(seen=("sorry",), after=("angry",), after_by="customer", within_seconds=seconds)
    assert holds(asked, lines, _CUES) is found


def test_an_order_shows_both_ends() -> None:
    order = Condition(order=Order(("angry",), ("sorry",), by="customer", then_by="agent", within=1))
    lines: list[Line] = [(C, "我要投诉"), (A, "抱歉")]
    assert [item.quote for item in result(order, lines, _CUES).evidence] == ["投诉", "抱歉"]
    missing = result(order, [(C, "我要投诉"), (A, "嗯"), (A, "抱歉")], _CUES)
    assert (missing.verdict, missing.reason) == ("fail", "failed at 1 after 1: 投诉")


_MOVED = SentimentScore(
    turns=(),
    start=0.2,
    end=-0.5,
    shift=-0.7,
    direction="worsened",
    volatility=0.3,
    turning_points=(),
    levels=(SentimentLevel(0, 0.2, 0.1), SentimentLevel(1, -0.8, 0.1), SentimentLevel(2, -0.5, 0.1)),
)


@pytest.mark.parametrize(
    ("test", "found"),
    [
        (SentimentTest("end", below=-0.4), True),
        (SentimentTest("end", below=-0.5), False),
        (SentimentTest("start", above=0.1), True),
        (SentimentTest("lowest", below=-0.7), True),
        (SentimentTest("highest", above=0.3), False),
        (SentimentTest("shift", below=-0.5, above=-0.8), True),
        (SentimentTest("volatility", above=0.5), False),
        (SentimentTest(direction=("worsened",)), True),
        (SentimentTest(direction=("improved", "flat")), False),
    ],
)
def test_sentiment(test: SentimentTest, found: bool) -> None:
    lines: list[Line] = [(C, "一"), (C, "二"), (C, "三")]
    assert holds(Condition(sentiment=test), lines, scores={"sentiment": _MOVED}) is found
    assert holds(Condition(sentiment=test), lines) is None
    shown = result(Condition(sentiment=test), lines, scores={"sentiment": _MOVED})
    if test.measure == "lowest":
        assert [item.quote for item in shown.evidence] == ["二"]


@pytest.mark.parametrize(
    ("test", "abstain", "found"),
    [
        (CsatTest("mean", below=3), False, True),
        (CsatTest("mean", below=2), False, False),
        (CsatTest("mean", below=3), True, None),
        (CsatTest("p_dissatisfied", above=0.5), False, True),
        (CsatTest("p_resolved", above=0.5), True, False),
    ],
)
def test_satisfaction(test: CsatTest, abstain: bool, found: bool | None) -> None:
    outcome = SimpleNamespace(
        csat=SimpleNamespace(mean=2.5, p_dissatisfied=0.6, abstain=abstain), resolution=SimpleNamespace(p_resolved=0.2)
    )
    assert holds(Condition(csat=test), [(C, "一")], scores={"csat": outcome}) is found
    assert holds(Condition(csat=test), [(C, "一")]) is None


@pytest.mark.parametrize(
    ("asked", "head", "found"),
    [
        (Attributes(queue=("aftersale", "complaint")), {"queue": "complaint"}, True),
        (Attributes(queue=("presale",)), {"queue": "complaint"}, False),
        (Attributes(channel=("voice",), queue=("presale",)), {"queue": "presale"}, False),
        (Attributes(language=("zh",)), {}, True),
        (Attributes(language=("en",)), {"language": "en-GB"}, True),
        (Attributes(agent_group=("vip",)), {}, None),
        (Attributes(agent_group=("vip",)), {"agent": Party(extra={"group": "vip"})}, True),
        (Attributes(agent_group=("vip",)), {"extra": {"agent_group": "night"}}, False),
        (Attributes(agent_group=("vip",), queue=("presale",)), {}, False),
        (Attributes(tags=("物流", "破损")), {"tags": ("破损",)}, True),
        (Attributes(tags=("物流",)), {}, False),
    ],
)
def test_attributes(asked: Attributes, head: dict[str, Any], found: bool | None) -> None:
    assert holds(Condition(conversation=asked), [(C, "你好,在吗")], head=head) is found


def test_a_language_that_nobody_can_tell_is_unknown() -> None:
    assert holds(Condition(conversation=Attributes(language=("zh",))), [(C, "12345")]) is None


@pytest.mark.parametrize(
    ("asked", "chinese", "english"),
    [
        (Condition(gap=Gap(over=3)), "没有时间", "no times"),
        (Condition(sentiment=SentimentTest(below=0)), "情绪", "sentiment"),
        (Condition(csat=CsatTest(below=3)), "满意度", "satisfaction"),
        (Condition(conversation=Attributes(agent_group=("vip",))), "客服组", "agent group"),
    ],
)
def test_no_evidence_says_what_is_missing(asked: Condition, chinese: str, english: str) -> None:
    found = result(asked, [(C, "在吗"), (A, "您好")])
    assert found.verdict == "no_evidence"
    assert chinese in found.reason
    assert english in found.reason_en
    both = result(Condition(all=(asked, Condition(csat=CsatTest(below=3)))), [(C, "在吗"), (A, "您好")])
    assert chinese in both.reason
    assert "满意度" in both.reason


def test_an_unknown_part_costs_nothing_where_it_decides_nothing() -> None:
    never = Condition(all=(Condition(csat=CsatTest(below=3)), Condition(seen=("angry",), by="customer")))
    assert holds(never, [(A, "您好")], _CUES) is False
    applies = book(check(Condition(seen=("sorry",)), applies=Condition(gap=Gap(over=3))), cues=_CUES)
    assert play(applies, [(C, "在吗"), (A, "抱歉")])[-1].checks[0].verdict == "no_evidence"


def test_outside_its_scope_a_check_does_not_apply() -> None:
    scoped = check(Condition(seen=("sorry",)), scope=Scope(queue=("complaint",)))
    for queue, verdict in (("complaint", "pass"), ("presale", "na")):
        found = play(book(scoped, cues=_CUES), [(A, "抱歉")], head={"queue": queue})[-1]
        assert found.checks[0].verdict == verdict
    assert "范围" in found.checks[0].reason
    assert "scope" in found.checks[0].reason_en
    whole = book(check(Condition(seen=("sorry",))), cues=_CUES, scope=Scope(language=("en",)))
    outside = play(whole, [(A, "抱歉")])[-1]
    assert (outside.score, outside.checks[0].verdict) == (None, "na")
    assert play(whole, [(A, "Hello there, 抱歉")])[-1].checks[0].verdict == "na"
    assert (
        play(whole, [(C, "Hello there, where is my parcel"), (A, "抱歉, dear customer, one moment")])[-1]
        .checks[0]
        .verdict
        == "pass"
    )


def test_what_is_too_unsure_is_no_failure() -> None:
    unsure = check(Condition(seen=("sorry",)), confidence=Confidence(passed=0.9, failed=0.4), abstain_below=0.5)
    found = play(book(unsure, cues=_CUES), [(A, "您好")])[-1]
    assert (found.checks[0].verdict, found.score) == ("abstain", None)
    assert found.checks[0].reason.startswith("把握不足(0.40)")
    assert "failed at" in found.checks[0].reason_en
    assert play(book(unsure, cues=_CUES), [(A, "抱歉")])[-1].checks[0].verdict == "pass"


def test_somebody_else_can_be_judged() -> None:
    bots = check(Condition(seen=("sorry",)), speaker="bot")
    assert play(book(bots, cues=_CUES), [(A, "抱歉")])[-1].checks[0].verdict == "fail"
    assert play(book(bots, cues=_CUES), [(B, "抱歉")])[-1].checks[0].verdict == "pass"


def test_each_prefix_is_judged_as_if_it_were_the_whole() -> None:
    conditions = [
        Condition(gap=Gap(over=60, unanswered=True)),
        Condition(order=Order(("angry",), ("sorry",), by="customer", then_by="agent", always=True)),
        Condition(count=Count(by="customer", at_least=2)),
        Condition(repeated=Repeated(times=2)),
        Condition(seen=("sorry",), last=1),
        Condition(conversation=Attributes(language=("zh",))),
    ]
    checks = [
        check(one, "forbidden" if place % 2 else "required", id=f"c{place}") for place, one in enumerate(conditions)
    ]
    lines: list[Line] = [
        (C, "投诉", 0),
        (S, "会话转接", 5),
        (A, "抱歉", 70),
        (C, "ok", 80),
        (C, "投诉", 90),
        (A, "抱歉!", 95),
        (C, "谢谢", 100),
    ]
    playbook = book(*checks, cues=_CUES)
    live = play(playbook, lines)
    assert live == [play(playbook, lines[:length])[-1] for length in range(1, len(lines) + 1)]
    assert len({tuple(one.verdict for one in score.checks) for score in live}) > 3
