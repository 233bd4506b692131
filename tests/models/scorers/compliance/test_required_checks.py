"""The required and conditional checks of the packaged playbook, on whole conversations with known verdicts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from models.domain.conversation import Conversation, Role, Turn
from models.domain.scores import CheckResult, ComplianceScore
from models.pipeline.run import mask_turn, open_context, score_context, take_turn
from models.scorers.compliance import ComplianceScorer, load_playbook

_CASES: list[dict[str, Any]] = yaml.safe_load(
    Path(__file__).with_name("required_cases.yaml").read_text(encoding="utf-8")
)
_ROLES: dict[str, Role] = {"C": "customer", "A": "agent", "B": "bot", "S": "system"}
_CHECKS = ("greeting", "issue_confirmed", "empathy", "solution_offered", "eta_given", "closing")


@pytest.fixture(scope="module")
def scorer() -> ComplianceScorer:
    return ComplianceScorer(load_playbook("ecommerce-zh"))


def _turns(lines: list[str]) -> tuple[Turn, ...]:
    split = [line.split(": ", 1) for line in lines]
    return tuple(Turn(index=place, role=_ROLES[speaker], text=text) for place, (speaker, text) in enumerate(split))


def _judge(scorer: ComplianceScorer, turns: tuple[Turn, ...]) -> dict[str, CheckResult]:
    context = open_context(Conversation(id="case", turns=turns))
    for turn in turns:
        context = take_turn(context, turn, mask_turn(turn), None, [scorer])
    score = score_context(context, [scorer]).scores["compliance"]
    assert isinstance(score, ComplianceScore)
    return {check.id: check for check in score.checks}


@pytest.mark.parametrize("case", _CASES, ids=lambda case: case["name"])
def test_required_checks_judge_as_a_careful_qa_would(scorer: ComplianceScorer, case: dict[str, Any]) -> None:
    judged = _judge(scorer, _turns(case["turns"]))
    assert {check: judged[check].verdict for check in case["expect"]} == case["expect"]


@pytest.mark.parametrize("case", _CASES, ids=lambda case: case["name"])
def test_evidence_quotes_the_message_it_names(scorer: ComplianceScorer, case: dict[str, Any]) -> None:
    turns = _turns(case["turns"])
    judged = _judge(scorer, turns)
    for check in _CHECKS:
        for evidence in judged[check].evidence:
            assert turns[evidence.turn].text[evidence.start : evidence.end] == evidence.quote
            assert evidence.quote
            if judged[check].verdict == "pass":
                assert turns[evidence.turn].role == "agent"
        assert judged[check].reason
        assert judged[check].reason_en
        assert "{" not in judged[check].reason + judged[check].reason_en


@pytest.mark.parametrize("verdict", ["pass", "fail", "na"])
@pytest.mark.parametrize("check", _CHECKS)
def test_every_verdict_of_every_check_has_cases(check: str, verdict: str) -> None:
    assert any(case["expect"].get(check) == verdict for case in _CASES)
