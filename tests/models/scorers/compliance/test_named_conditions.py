"""Conditions by name mean what they would mean where they are named, and cost no more for being named often."""

from __future__ import annotations

import time

import pytest

from models.domain.condition import Condition
from models.domain.conversation import Role
from models.domain.cue import Cue
from tests.models.scorers.compliance.stage import A, B, C, book, check, play

_CUES = {"wechat": Cue(include=("微信",)), "sorry": Cue(include=("抱歉",))}
_NAMED = {"lures": Condition(seen=("wechat",)), "excused": Condition(seen=("sorry",))}


@pytest.mark.parametrize(("role", "verdict"), [(A, "fail"), (C, "pass"), (B, "pass")])
def test_nobody_elses_words_fail_an_agents_check(role: Role, verdict: str) -> None:
    forbidden = check(Condition(holds="lures"), "forbidden")
    score = play(book(forbidden, cues=_CUES, conditions=_NAMED), [(role, "加微信"), (A, "好的")])[-1]
    assert score.checks[0].verdict == verdict


@pytest.mark.parametrize(("role", "verdict"), [(A, "pass"), (C, "fail")])
def test_nor_do_they_pass_it_however_deep_it_is_named(role: Role, verdict: str) -> None:
    conditions = {**_NAMED, "polite": Condition(all=(Condition(holds="excused"),))}
    required = check(Condition(any=(Condition(holds="polite"),)))
    assert play(book(required, cues=_CUES, conditions=conditions), [(role, "抱歉")])[-1].checks[0].verdict == verdict


def test_one_condition_is_asked_about_each_speaker() -> None:
    checks = [
        check(Condition(holds="lures"), "forbidden", id="of_agent"),
        check(Condition(holds="lures"), "forbidden", id="of_customer", speaker=C),
        check(Condition(seen=("sorry",)), id="of_anybody", applies=Condition(holds="lures")),
    ]
    score = play(book(*checks, cues=_CUES, conditions=_NAMED), [(C, "加微信"), (A, "抱歉")])[-1]
    assert [(one.id, one.verdict) for one in score.checks] == [
        ("of_agent", "pass"),
        ("of_customer", "fail"),
        ("of_anybody", "pass"),
    ]


def test_conditions_that_name_the_one_before_twice_are_quick() -> None:
    deep = 40
    conditions = {"c0": Condition(seen=("wechat",))}
    for number in range(1, deep):
        twice = (Condition(holds=f"c{number - 1}"), Condition(holds=f"c{number - 1}"))
        conditions[f"c{number}"] = Condition(all=twice) if number % 2 else Condition(any=twice)
    forbidden = check(Condition(holds=f"c{deep - 1}"), "forbidden")
    playbook = book(forbidden, cues=_CUES, conditions=conditions)
    began = time.process_time()
    score = play(playbook, [(A, "加微信")])[-1]
    assert time.process_time() - began < 1
    assert score.checks[0].verdict == "fail"
    assert [piece.quote for piece in score.checks[0].evidence] == ["微信"]
