"""Verdicts on whole conversations teach the heads of acts, through the playbook that they are about."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from models.scorers.compliance import load_playbook
from training.data.act_verdicts import acts_asked, lines_of_verdicts
from training.data.acts import ActLine
from training.data.labels import parse_labels
from training.fit.acts import act_targets

_SAID = (("customer", "杯子碎了"), ("agent", "呵呵"), ("agent", "马上补发"), ("customer", ""), ("bot", "请评价"))


def _lines(labels: dict[str, Any], said: Sequence[tuple[str, str]] = _SAID) -> list[ActLine]:
    turns = [{"role": role, "text": text} for role, text in said]
    return lines_of_verdicts(
        [parse_labels({"id": "c-1", "turns": turns, "labels": labels})], load_playbook("ecommerce-zh")
    )


def test_a_playbook_tells_which_act_a_check_is_about() -> None:
    playbook = load_playbook("ecommerce-zh")
    found = {check.id: acts_asked(check, playbook) for check in playbook.checks}
    assert found["rude"] == {"rude"}
    assert found["solution_offered"] == {"solve"}
    assert found["greeting"] == {"greet"}
    assert all(found[check.id] == {check.id} for check in playbook.checks if check.kind == "forbidden")


def test_every_message_of_a_person_is_a_line_and_evidence_does_the_act() -> None:
    customer, evidence, other = _lines(
        {"compliance": [{"check": "rude", "verdict": "fail", "turns": [1], "weight": 3}]}
    )
    assert (customer.role, customer.text, customer.known) == ("customer", "杯子碎了", frozenset())
    assert evidence.acts == {"rude"}
    assert evidence.told["rude"] == 3.0
    assert evidence.context == (("customer", "杯子碎了"),)
    assert other.known == frozenset()  # nobody said that it is all of the evidence
    assert {line.group for line in (customer, evidence, other)} == {"conversation c-1"}


def test_where_nothing_forbidden_was_done_no_message_does_it() -> None:
    lines = _lines({"compliance": {"rude": "pass"}, "hard_negatives": {"rude": [1]}})
    assert [sorted(line.known) for line in lines] == [[], ["rude"], ["rude"]]
    assert not any(line.acts for line in lines)
    assert [sorted(line.not_acts) for line in lines] == [[], ["rude"], []]


def test_a_step_that_was_never_taken_is_in_no_message() -> None:
    lines = _lines({"compliance": {"eta_given": "fail", "closing": "fail", "solution_offered": "na"}})
    assert [sorted(line.known) for line in lines] == [[], ["eta"], ["eta"]]  # closing is asked of the end only


def test_a_turn_that_people_called_negative_shows_displeasure() -> None:
    said = (*_SAID, ("customer", "行吧"))
    labels = [{"turn": 0, "label": "negative", "weight": 2}, {"turn": 5, "label": "neutral"}]
    first, *_, last = _lines({"sentiment": labels}, said)
    assert (first.acts, first.told["upset"]) == ({"upset"}, 2.0)
    assert (last.acts, last.known) == (frozenset(), {"upset"})


def test_what_nobody_judged_weighs_nothing() -> None:
    truth, weights = act_targets(_lines({"compliance": {"unheard_of": "fail"}}), 2.0, 0.4)
    assert not truth.any()
    assert not weights.any()
