"""Keywords only and cosine only: what they can tell and what they cannot."""

from pathlib import Path

import numpy as np
import pytest

from models.domain.conversation import Conversation, Turn
from models.encode.hashing import HashingEncoder
from models.scorers.compliance import load_playbook
from training.data.acts import ActLine
from training.data.vectors import VectorStore
from training.evaluate.compliance_baselines import ACT_OF, KEYWORD_PLAYBOOK, cosine_verdicts, keyword_verdicts

FORBIDDEN = {"greeting": False, "rude": True, "of_our_own": True}


def chat(*said: str) -> Conversation:
    turns = [Turn(0, "customer", "滚,骗子"), *(Turn(at, "agent", text) for at, text in enumerate(said, start=1))]
    return Conversation("c", tuple(turns))


def test_every_check_of_the_default_playbook_has_keywords() -> None:
    assert {check.id for check in load_playbook(KEYWORD_PLAYBOOK).checks} == set(ACT_OF)


def test_keywords_see_words_and_nothing_else() -> None:
    chats = [chat("您好,请问有什么可以帮您"), chat("滚,爱买不买"), chat()]
    found = keyword_verdicts(chats, FORBIDDEN, load_playbook(KEYWORD_PLAYBOOK))
    assert found == [
        {"greeting": "pass", "rude": "pass"},  # what the customer says does not count
        {"greeting": "fail", "rude": "fail"},
        {"greeting": "fail", "rude": "pass"},
    ]


def line(text: str, act: str | None, group: str) -> ActLine:
    return ActLine(text, "agent", (), frozenset({act} if act else ()), frozenset(), frozenset({"greet", "rude"}), group)


@pytest.fixture
def lines() -> list[ActLine]:
    greetings = [line(f"您好欢迎光临本店{at}", "greet", f"g{at}") for at in range(6)]
    insults = [line(f"你是不是听不懂人话{at}", "rude", f"r{at}") for at in range(6)]
    return [*greetings, *insults, *(line(f"包裹在路上请稍等{at}", None, f"p{at}") for at in range(6))]


def test_cosine_sees_likeness(tmp_path: Path, lines: list[ActLine]) -> None:
    vectors = VectorStore(HashingEncoder(256), tmp_path)
    chats = [chat("您好欢迎光临本店哦"), chat("包裹在路上请稍等呀", "你是不是听不懂人话呢"), chat()]
    assert cosine_verdicts(chats, FORBIDDEN, lines, vectors) == [
        {"greeting": "pass", "rude": "pass"},
        {"greeting": "fail", "rude": "fail"},
        {"greeting": "fail", "rude": "pass"},
    ]
    assert np.isfinite(vectors.matrix([lines[0].text])).all()
