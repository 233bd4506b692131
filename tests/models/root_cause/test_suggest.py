from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.domain.conversation import Conversation, Turn
from models.domain.scores import CheckResult, ComplianceScore, CsatScore, Evidence, ResolutionScore, SentimentScore
from models.qa.figures import Measured
from models.root_cause import Attributor, TopicHead, load_taxonomy
from models.root_cause.head import exchanges_of

SIGNS = Attributor(load_taxonomy())


def talk(*texts: str) -> Conversation:
    roles = {"C": "customer", "A": "agent", "B": "bot"}
    return Conversation("c", tuple(Turn(place, roles[text[0]], text[2:]) for place, text in enumerate(texts)))


def failed(check: str, quote: str) -> Measured:
    evidence = (Evidence(1, 0, len(quote), quote),)
    result = CheckResult(check, "fail", 1.0, False, evidence, "测试", "test")
    return Measured(
        SentimentScore((), None, None, None, None, None, ()),
        CsatScore((0.2,) * 5, 3.0, 0.4, (1.0, 5.0), 0.9, "neutral", False),
        ResolutionScore(0.5, "unclear"),
        ComplianceScore(0.0, (result,)),
        {},
    )


@pytest.mark.parametrize(
    ("texts", "kind", "topic", "department"),
    [
        (("C:快递停在中转站五天了一动不动",), "system", "delivery_delay", "logistics"),
        (("C:你這是什麼態度", "A:我就这态度，爱找谁找谁"), "service", "agent_attitude", "customer_service"),
        (("C:My parcel says delivered but I never received it",), "system", "lost_parcel", "logistics"),
        (("C:你答应今天给我回电话的", "A:对不起，我忘记了"), "service", "promise_broken", "customer_service"),
        (("C:仓库保证周三发出来的", "A:仓库没按约定时间处理"), "system", "promise_broken", "warehouse"),
    ],
)
def test_signs_alone(texts: tuple[str, ...], kind: str, topic: str, department: str) -> None:
    found = SIGNS.suggest(talk(*texts))
    assert (found.kind, found.topic, found.department) == (kind, topic, department)
    assert found.model == "signs"
    assert found.reason != found.reason_en


@pytest.mark.parametrize("texts", [("C:你好",), ("C:差评", "A:请问怎么了"), ("A:您好",), ("C: ",), ()])
def test_it_abstains_rather_than_guess(texts: tuple[str, ...]) -> None:
    found = SIGNS.suggest(talk(*texts))
    assert (found.kind, found.topic, found.department) == ("undetermined", None, None)


def test_two_causes_of_different_kind_are_left_open() -> None:
    found = SIGNS.suggest(talk("C:快递一直没到，停在中转站", "A:好的", "C:上个客服骂人", "A:好的"))
    assert found.kind == "undetermined"
    assert {one.topic for one in found.ranked} >= {"delivery_delay", "agent_attitude"}


def test_a_failed_check_is_a_sign_of_service() -> None:
    heard = talk("C:你什么态度", "A:烦死了")
    without, with_ = SIGNS.suggest(heard), SIGNS.suggest(heard, failed("rude", "烦死了"))
    assert with_.confidence > without.confidence
    assert "烦死了" in [item.quote for item in with_.evidence]


_LINES = st.lists(
    st.tuples(st.sampled_from(["customer", "agent", "bot", "system"]), st.text(max_size=30))
    | st.sampled_from(
        [("customer", "快递丢了"), ("agent", "抱歉，发错了"), ("customer", "怎么还没发货"), ("customer", "全是机器人")]
    ),
    max_size=8,
)


@given(_LINES)
def test_evidence_quotes_and_probabilities(lines: list[tuple[str, str]]) -> None:
    conversation = Conversation("c", tuple(Turn(place, role, text) for place, (role, text) in enumerate(lines)))
    found = SIGNS.suggest(conversation)
    assert found == SIGNS.suggest(conversation)
    for item in found.evidence:
        assert conversation.turns[item.turn].text[item.start : item.end] == item.quote
    assert sum(one.probability for one in found.ranked) <= 1.001
    assert (found.topic is None) or found.confidence >= load_taxonomy().certainty.topic_least - 1e-4
    if found.kind != "undetermined":
        assert found.kind_confidence >= load_taxonomy().certainty.kind_least - 1e-4


# A head of four dimensions: "late" along the first, "rude" along the second, nothing along the third.
HEAD = TopicHead(
    label="test",
    taxonomy="ecommerce-zh",
    encoder="x",
    classes=("agent_attitude/service", "delivery_delay/system", "none"),
    weights=np.array([[0, 5, 0, 0] + [0] * 4, [5, 0, 0, 0] + [0] * 4, [0, 0, 5, 0] + [0] * 4], dtype=float),
    bias=np.zeros(3),
    centres=np.zeros((2, 4)),
    sharpness=1.0,
)
LATE, RUDE, IDLE = (np.eye(4, dtype=np.float32)[place] for place in range(3))


def test_the_head_reads_where_signs_say_nothing() -> None:
    conversation = talk("C:寿宴都开席了，东西还没影", "A:好的")
    found = Attributor(load_taxonomy(), HEAD).suggest(conversation, vectors=[LATE, IDLE])
    assert (found.kind, found.topic, found.department) == ("system", "delivery_delay", "logistics")
    assert found.model == "signs/test"
    assert [item.quote for item in found.evidence] == ["寿宴都开席了，东西还没影"]


def test_courtesies_around_it_hide_nothing() -> None:
    attributor = Attributor(load_taxonomy(), HEAD)
    short = attributor.suggest(talk("C:甲", "A:乙"), vectors=[LATE, IDLE])
    long = attributor.suggest(
        talk("C:丙", "A:丁", "C:甲", "A:乙", "C:戊", "A:己"), vectors=[IDLE, IDLE, LATE, IDLE, IDLE, IDLE]
    )
    assert (long.topic, long.confidence) == (short.topic, short.confidence)
    assert long.evidence[0].turn == 2


def test_the_head_without_vectors_is_not_asked() -> None:
    found = Attributor(load_taxonomy(), HEAD).suggest(talk("C:甲"))
    assert (found.topic, found.model) == (None, "signs")
    assert Attributor(load_taxonomy(), HEAD).suggest(talk("C:甲"), vectors=[None]).model == "signs"


def test_signs_and_head_add_up() -> None:
    attributor = Attributor(load_taxonomy(), HEAD)
    plain = attributor.suggest(talk("C:甲"), vectors=[LATE])
    said = attributor.suggest(talk("C:快递停在中转站"), vectors=[LATE])
    assert said.confidence > plain.confidence
    deaf = replace(load_taxonomy(), certainty=replace(load_taxonomy().certainty, beside_head=0.0))
    assert Attributor(deaf, HEAD).suggest(talk("C:快递停在中转站"), vectors=[LATE]).confidence == plain.confidence


def test_exchanges() -> None:
    turns = talk("A:0", "C:1", "C:2", "A:3", "B:4", "C:5").turns
    found = exchanges_of(turns, [LATE] * 6)
    assert [(one.asked, one.answered) for one in found] == [((), (0,)), ((1, 2), (3, 4)), ((5,), ())]
