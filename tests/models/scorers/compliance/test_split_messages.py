"""A forbidden thing split over messages that follow each other is seen; two thoughts that meet by chance are none."""

from __future__ import annotations

from typing import Any

import pytest

from models.domain.condition import Condition, Count
from models.domain.context import Context
from models.domain.conversation import Conversation, Turn
from models.domain.cue import Chars, Cue, Entity, Guard, Keywords
from models.scorers.compliance import ComplianceScorer, load_playbook
from tests.models.scorers.compliance.stage import A, B, C, Line, S, book, check, play

_CUES = {
    "wechat": Cue(
        include=("加.{0,4}微信",),
        exclude=("(?:不能|无法|禁止).{0,3}加.{0,4}微信",),
        unless=(Guard("quoting", "clause"),),
    ),
    "quoting": Cue(include=("骗子",)),
    "gift": Cue(keywords=Keywords(all=("好评", "红包"), distance=8)),
    "phone": Cue(entity=Entity("phone")),
    "short": Cue(include=("加微信",), chars=Chars(under=4)),
}
_ANY = Condition(seen=("wechat", "gift", "phone", "short"))


def judged(lines: list[Line], look_for: Condition = _ANY, kind: Any = "forbidden") -> tuple[str, list[tuple[int, str]]]:
    [found] = play(book(check(look_for, kind), cues=_CUES), lines)[-1].checks
    return found.verdict, [(quote.turn, quote.quote) for quote in found.evidence]


@pytest.mark.parametrize(
    ("texts", "quotes"),
    [
        (["您可以加我", "微信"], [(0, "加我"), (1, "微信")]),
        (["加", "我", "微", "信"], [(0, "加"), (1, "我"), (2, "微"), (3, "信")]),
        (["亲亲,咱们这里不方便说太多的呢,麻烦您加一下我的", "微信"], [(0, "加一下我的"), (1, "微信")]),
        (["您加一下我", "v", "x"], [(0, "加一下我"), (1, "v"), (2, "x")]),
        (["我的电话138001", "38000"], [(0, "138001"), (1, "38000")]),
        (["给个好评", "送红包"], [(0, "好评"), (1, "送红包")]),
    ],
)
def test_it_is_seen_and_quoted_in_each(texts: list[str], quotes: list[tuple[int, str]]) -> None:
    assert judged([(C, "在吗"), *((A, text) for text in texts)]) == (
        "fail",
        [(place + 1, quote) for place, quote in quotes],
    )


@pytest.mark.parametrize(
    "lines",
    [
        [(A, "加我"), (C, "微信")],  # not one speaker
        [(A, "加我"), (C, "什么"), (A, "微信")],  # something in between
        [(A, "加我"), (A, ""), (A, "微信")],  # even a picture
        [(A, "加我"), (B, "微信")],
        [(A, "加我"), (S, "已转接"), (A, "微信")],
        [(A, "平台不能加我"), (A, "微信")],  # a refusal
        [(A, "骗子会说加我"), (A, "微信")],
        [(A, "好的,这就给您把赠品加"), (A, "微信支付也可以的哦")],  # neither message is about it
        [(A, "好的,这就给您把赠品都一并加"), (A, "微信支付的订单也可以参加活动")],
        [(A, "您的订单号尾号138"), (A, "0013天内可以退换")],
    ],
)
def test_what_only_meets_is_nothing(lines: list[Line]) -> None:
    assert judged(lines)[0] == "pass"


def test_what_one_message_shows_is_counted_once() -> None:
    lines: list[Line] = [(A, "加我"), (A, "微信")]
    assert judged(lines, Condition(count=Count(of=("wechat",), at_least=2)))[0] == "pass"
    assert judged([(A, "加微信"), (A, "聊")]) == ("fail", [(0, "加微信")])


def test_only_what_is_forbidden_is_read_on() -> None:
    assert judged([(A, "加我"), (A, "微信")], kind="required")[0] == "fail"


def test_a_cue_of_short_messages_is_one_of_single_messages() -> None:
    assert judged([(A, "加"), (A, "微信")], Condition(seen=("short",)))[0] == "pass"


def test_two_agents_are_two_speakers() -> None:
    playbook = book(check(_ANY, "forbidden"), cues=_CUES)
    scorer = ComplianceScorer(playbook)

    def verdict(*agents: str) -> str:
        context = Context(head=Conversation(id="x", turns=()))
        for place, (agent, text) in enumerate(zip(agents, ("加我", "微信"), strict=True)):
            context = context.with_turn(Turn(place, A, text, agent_id=agent), text)
            context = context.with_signal(scorer.name, scorer.observe(context))
        return scorer.score(context).checks[0].verdict

    assert (verdict("one", "one"), verdict("one", "two")) == ("fail", "pass")


@pytest.mark.parametrize(
    ("name", "texts"),
    [
        ("off_platform", ("您方便的话咱们微", "信上聊")),
        ("pii", ("把验证", "码发给我")),
        ("overpromise", ("我们保证百", "分百有效")),
        ("rude", ("傻", "逼")),
        ("off_platform", ("add me on whats", "app")),
    ],
)
def test_in_packaged_playbooks(name: str, texts: tuple[str, ...]) -> None:
    results = play(load_playbook("ecommerce-zh@2"), [(C, "怎么联系"), *((A, text) for text in texts)])[-1].checks
    [found] = [one for one in results if one.verdict == "fail" and one.id == name]
    assert [quote.turn for quote in found.evidence] == [1, 2]


def test_each_prefix_is_judged_as_if_it_were_the_whole() -> None:
    playbook = book(check(_ANY, "forbidden"), cues=_CUES)
    lines: list[Line] = [
        (A, text) for text in ("您好", "加我", "这个", "微信", "1380", "013", "8000", "给个好评", "红包")
    ]
    live = play(playbook, lines)
    assert live == [play(playbook, lines[:end])[-1] for end in range(1, len(lines) + 1)]
    assert [score.checks[0].verdict for score in live] == ["pass"] * 3 + ["fail"] * 6
