"""The sentiment scorer with the committed weights, on sentences that no training file holds."""

from collections.abc import Callable
from typing import Any

import pytest

from models.artifacts import Artifact
from models.scorers.sentiment import SentimentScorer

Play = Callable[[Any, list[tuple[str, str]]], list[Any]]


@pytest.fixture(scope="module")
def scorer(artifact: Artifact) -> SentimentScorer:
    return SentimentScorer.from_artifact(artifact)


def label_of(play: Play, scorer: SentimentScorer, text: str) -> str:
    (score,) = play(scorer, [("customer", text)])
    probs = score.turns[0].probs
    return max(probs, key=lambda name: probs[name])


@pytest.mark.parametrize(
    "text",
    [
        "你们这是什么服务,我等了两个小时都没人回复",
        "裤子才穿一次裤腿就裂开了,太差劲了",
        "我真的非常生气,马上给我退款!",
        "东西是坏的,根本用不了",
        "The mug arrived in pieces and nobody answers me",
        "I am furious, this is the worst shop ever",
    ],
)
def test_clear_anger_is_negative(play: Play, scorer: SentimentScorer, text: str) -> None:
    assert label_of(play, scorer, text) == "negative"


@pytest.mark.parametrize(
    "text",
    [
        "这件外套有M码吗",
        "请问今天几点之前下单能当天发",
        "我的订单号是66018823",
        "在吗",
        "怎么修改收件电话",
        "嗯,我先看看",
        "Do these shoes come in size 42?",
        "What is the tracking number of my parcel?",
    ],
)
def test_plain_questions_and_short_replies_are_neutral(play: Play, scorer: SentimentScorer, text: str) -> None:
    assert label_of(play, scorer, text) == "neutral"


@pytest.mark.parametrize(
    "text",
    [
        "好的,太感谢你啦",
        "谢谢你耐心帮我处理",
        "裙子收到了,特别好看,很喜欢",
        "你们客服真贴心,必须好评",
        "Thank you very much, you solved it so quickly!",
        "I love these shoes, great quality",
    ],
)
def test_thanks_and_praise_are_positive(play: Play, scorer: SentimentScorer, text: str) -> None:
    assert label_of(play, scorer, text) == "positive"


def test_only_customer_turns_with_text_are_scored(play: Play, scorer: SentimentScorer) -> None:
    score = play(
        scorer,
        [("bot", "您好"), ("customer", ""), ("customer", "  "), ("agent", "非常抱歉"), ("system", "会话转接")],
    )[-1]
    assert score.turns == ()
    assert score.direction is None


def test_probabilities_and_score_fit_each_other(play: Play, scorer: SentimentScorer) -> None:
    score = play(scorer, [("agent", "您好,请问有什么可以帮您"), ("customer", "包裹怎么还不到啊,急死了")])[-1]
    (turn,) = score.turns
    assert turn.turn == 1
    assert abs(sum(turn.probs.values()) - 1.0) < 1e-5
    assert abs(turn.score - (turn.probs["positive"] - turn.probs["negative"])) < 1e-5


RESCUE = [
    ("customer", "你好"),
    ("customer", "我买的台灯到手就是坏的,太失望了!"),
    ("agent", "非常抱歉给您添麻烦了,我马上给您补发一台新的,今天就发顺丰。"),
    ("customer", "不用我寄回来吗?"),
    ("agent", "不用的,旧的您留着就好,另外给您退10元补偿。"),
    ("customer", "哇,太好了,谢谢你,处理得真快!"),
]


def test_a_rescue_improves_and_its_turning_point_follows_an_agent(play: Play, scorer: SentimentScorer) -> None:
    score = play(scorer, RESCUE)[-1]
    assert score.direction == "improved"
    assert score.end > 0 > score.start
    assert any(point.change > 0 and point.agent_turn in (2, 4) for point in score.turning_points)


def test_replay_gives_the_batch_result_at_every_prefix(play: Play, scorer: SentimentScorer) -> None:
    live = play(scorer, RESCUE)
    for length in range(1, len(RESCUE) + 1):
        assert live[length - 1] == play(scorer, RESCUE[:length])[-1]
