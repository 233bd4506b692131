"""The component of acts and the cues that ask for it: made by hand, no trained weights needed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save

from models.domain.acts import ACTS, AGENT_ACTS, CUSTOMER_ACTS
from models.domain.context import Context
from models.domain.conversation import Conversation, Role, Turn
from models.domain.scores import CheckResult
from models.errors import InvalidPlaybookError
from models.pipeline.run import mask_turn, open_context, score_context, take_turn
from models.scorers.acts import ActsScorer
from models.scorers.acts.head import BUCKETS, MARKS, WEIGHTS_NAME, head_ngrams
from models.scorers.compliance import ComplianceScorer, load_playbook

_D = 4
_PLAYBOOK = """\
id: small
version: 1
title: {zh: 小, en: Small}
cues:
  sly:
    act: {name: review_bribe, least: 0.8}
  word:
    include: ["红包"]
    backed_by: {name: review_bribe, least: 0.2}
checks:
  - id: bribe
    kind: forbidden
    title: {zh: 好处, en: Bribe}
    look_for: {seen: [sly, word]}
    confidence: {passed: 0.8, failed: 0.8, without_acts: 0.5}
    reasons: {passed: {zh: 好, en: ok}, failed: {zh: 坏, en: bad}, na: {zh: 无, en: na}}
"""


def _scorer(tmp_path: Path, words: dict[str, tuple[str, float]]) -> ActsScorer:
    """Return a component that knows nothing but these words: word → act and logit."""
    table = np.zeros((BUCKETS, len(ACTS)), dtype=np.float16)
    for word, (act, logit) in words.items():
        table[head_ngrams(word)[0], ACTS.index(act)] = logit
    width = 2 * _D + MARKS
    tensors = {
        "mean": np.zeros(width), "scale": np.ones(width), "w1": np.zeros((1, 2, width)), "b1": np.zeros((1, 2)),
        "w2": np.zeros((1, len(ACTS), 2)), "b2": np.zeros((1, len(ACTS))), "rarity": np.ones(BUCKETS), "words": table,
        "bias": np.zeros(len(ACTS)), "slope": np.ones(len(ACTS)), "shift": np.zeros(len(ACTS)),
    }  # fmt: skip
    (tmp_path / WEIGHTS_NAME).write_bytes(save({name: each.astype(np.float16) for name, each in tensors.items()}))
    return ActsScorer.from_files(tmp_path, {"lexical_share": 1.0}, "test")


class _Probabilities:
    """Stands in for the component: the probability of review_bribe by message."""

    name, requires, provides, version = "acts", frozenset({"encoder"}), frozenset({"signal"}), "test"

    def __init__(self, *by_turn: float) -> None:
        self._by_turn = by_turn

    def observe(self, context: Context) -> dict[str, float] | None:
        return {"review_bribe": self._by_turn[len(context.turns) - 1]} if context.turns[-1].role == "agent" else None

    def score(self, context: Context) -> None:
        del context


def _judge(
    tmp_path: Path, said: list[tuple[Role, str]], acts: _Probabilities | None, playbook: str = _PLAYBOOK
) -> CheckResult:
    path = tmp_path / "small.yaml"
    path.write_text(playbook, encoding="utf-8")
    compliance = ComplianceScorer(load_playbook(path), acts=acts is not None)
    components = [*([acts] if acts else []), compliance]
    turns = tuple(Turn(index=place, role=role, text=text) for place, (role, text) in enumerate(said))
    context = open_context(Conversation(id="case", turns=turns))
    for turn in turns:
        context = take_turn(context, turn, mask_turn(turn), None, components)
    result: CheckResult = score_context(context, components).scores["compliance"].checks[0]
    return result


def test_an_act_fails_a_check_with_the_whole_message_as_evidence(tmp_path: Path) -> None:
    result = _judge(tmp_path, [("agent", "意思意思,您懂的")], _Probabilities(0.9))
    assert (result.verdict, result.evidence[0].quote) == ("fail", "意思意思,您懂的")


def test_what_the_heads_do_not_back_is_taken_back(tmp_path: Path) -> None:
    said: list[tuple[Role, str]] = [("agent", "好评随缘,我们不拿红包跟您换")]
    assert _judge(tmp_path, said, _Probabilities(0.1)).verdict == "pass"
    assert _judge(tmp_path, said, _Probabilities(0.3)).verdict == "fail"


def test_a_guard_anywhere_in_the_message_takes_an_act_back(tmp_path: Path) -> None:
    act = "act: {name: review_bribe, least: 0.8}"
    guarded = _PLAYBOOK.replace(act, f"{act}\n    unless: [{{cue: std.refusal, within: clause}}]")
    assert _judge(tmp_path, [("agent", "想换什么?这个我们不能给您的")], _Probabilities(0.9), guarded).verdict == "pass"
    assert _judge(tmp_path, [("agent", "意思意思,您懂的")], _Probabilities(0.9), guarded).verdict == "fail"
    needed = _PLAYBOOK.replace(act, f"{act}\n    needs: [{{cue: std.question}}]")
    assert _judge(tmp_path, [("agent", "意思意思,您懂的")], _Probabilities(0.9), needed).verdict == "pass"
    assert _judge(tmp_path, [("agent", "给您意思意思,好吗?")], _Probabilities(0.9), needed).verdict == "fail"


def test_without_heads_patterns_decide_and_say_that_they_are_less_sure(tmp_path: Path) -> None:
    result = _judge(tmp_path, [("agent", "给您红包")], None)
    assert (result.verdict, result.confidence) == ("fail", 0.4)
    assert _judge(tmp_path, [("agent", "意思意思")], None).verdict == "pass"


def test_only_the_speakers_own_acts_are_told_and_evasions_share_their_words(tmp_path: Path) -> None:
    scorer = _scorer(tmp_path, {"微信": ("off_platform", 9.0)})
    found = {}
    for role, text in (("agent", "微信"), ("agent", "V X"), ("customer", "微信"), ("bot", "微信"), ("agent", " ")):
        turn = Turn(index=0, role=role, text=text)
        vector = np.ones(_D, dtype=np.float32) if text.strip() else None
        context = open_context(Conversation(id="x", turns=(turn,))).with_turn(turn, text).with_signal("encoder", vector)
        found[role, text] = scorer.observe(context)
    assert found["agent", "微信"] == found["agent", "V X"]
    assert tuple(found["agent", "微信"] or ()) == AGENT_ACTS
    assert tuple(found["customer", "微信"] or ()) == CUSTOMER_ACTS
    assert found["bot", "微信"] is None
    assert found["agent", " "] is None
    assert (found["agent", "微信"] or {})["off_platform"] > 0.99


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("name: review_bribe, least: 0.8", "name: bribery, least: 0.8", "no act 'bribery'"),
        ("least: 0.8", "least: 1.8", "at most 1"),
        ('include: ["红包"]', "sentiment_below: -0.5", "belongs to 'include', 'keywords', 'entity' or 'rest_of'"),
    ],
)
def test_a_playbook_that_asks_wrongly_is_refused(tmp_path: Path, old: str, new: str, reason: str) -> None:
    path = tmp_path / "bad.yaml"
    path.write_text(_PLAYBOOK.replace(old, new), encoding="utf-8")
    with pytest.raises(InvalidPlaybookError) as caught:
        load_playbook(path)
    assert reason in str(caught.value)
