"""The satisfaction scorer with the committed weights."""

from collections.abc import Callable
from typing import Any

import pytest

from models.artifacts import Artifact
from models.scorers.csat import CsatOutcome, CsatScorer

Play = Callable[[Any, list[tuple[str, str]]], list[Any]]

RESCUE = [
    ("customer", "收到的水壶盖子裂了,没法用"),
    ("agent", "非常抱歉给您带来不便!我现在就给您免费补发一个新的,明天就能到,您看可以吗?"),
    ("customer", "好的,可以"),
    ("agent", "已经为您安排补发,单号稍后短信通知您。"),
    ("customer", "收到新的了,完好无损,谢谢你们,服务真好!"),
]
FAILURE = [
    ("customer", "收到的水壶盖子裂了,没法用"),
    ("agent", "自己弄坏的吧"),
    ("customer", "什么态度!我刚拆开就是裂的,我要退货"),
    ("agent", "退不了,爱买不买"),
    ("customer", "太过分了,我要投诉你们,骗子店铺!"),
]


@pytest.fixture(scope="module")
def scorer(artifact: Artifact) -> CsatScorer:
    return CsatScorer.from_artifact(artifact)


def test_a_rescue_scores_above_a_failure(play: Play, scorer: CsatScorer) -> None:
    good, bad = play(scorer, RESCUE)[-1], play(scorer, FAILURE)[-1]
    assert good.csat.mean > bad.csat.mean + 1.0
    assert good.csat.label != "dissatisfied"
    assert bad.csat.label == "dissatisfied"
    assert good.resolution.p_resolved > bad.resolution.p_resolved
    assert bad.resolution.label != "yes"


def test_english_goes_through_the_same_weights(play: Play, scorer: CsatScorer) -> None:
    good = play(
        scorer,
        [
            ("customer", "My kettle arrived with a broken lid."),
            ("agent", "I am very sorry about that! I am sending you a new one today, free of charge."),
            ("customer", "The new one is here and works perfectly. Thank you so much, great service!"),
        ],
    )[-1]
    bad = play(
        scorer,
        [
            ("customer", "My kettle arrived with a broken lid."),
            ("agent", "Not our problem."),
            ("customer", "This is outrageous. I will complain and never buy here again!"),
        ],
    )[-1]
    assert good.csat.mean > bad.csat.mean + 1.0


def assert_sound(outcome: CsatOutcome) -> None:
    csat = outcome.csat
    assert abs(sum(csat.distribution) - 1.0) < 1e-5
    assert abs(csat.mean - sum(r * p for r, p in enumerate(csat.distribution, start=1))) < 1e-4
    assert abs(csat.p_dissatisfied - sum(csat.distribution[:2])) < 1e-5
    low, high = csat.interval
    assert 1.0 <= low <= high <= 5.0
    assert csat.coverage == 0.9
    assert 0.0 <= outcome.resolution.p_resolved <= 1.0


@pytest.mark.parametrize(
    "lines",
    [
        [("system", "会话开始")],
        [("agent", "您好,有什么可以帮您?")],
        [("customer", ""), ("agent", "您好")],
        [("bot", "您好"), ("customer", " \n")],
    ],
)
def test_without_customer_text_the_scorer_abstains(
    play: Play, scorer: CsatScorer, lines: list[tuple[str, str]]
) -> None:
    outcome = play(scorer, lines)[-1]
    assert_sound(outcome)
    assert outcome.csat.abstain


def test_system_turns_change_nothing(play: Play, scorer: CsatScorer) -> None:
    noisy = [("system", "会话开始"), *FAILURE[:2], ("system", "客户正在输入"), *FAILURE[2:]]
    assert play(scorer, noisy)[-1] == play(scorer, FAILURE)[-1]


def test_replay_gives_the_batch_result_at_every_prefix(play: Play, scorer: CsatScorer) -> None:
    live = play(scorer, RESCUE)
    for length in range(1, len(RESCUE) + 1):
        assert_sound(live[length - 1])
        assert live[length - 1] == play(scorer, RESCUE[:length])[-1]


def test_hundreds_of_turns_stay_sound(play: Play, scorer: CsatScorer) -> None:
    chat = [("customer", "这个怎么安装"), ("agent", "按说明书第二页操作就可以哦")] * 120
    assert_sound(play(scorer, chat)[-1])
