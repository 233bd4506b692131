"""Playbooks that ask what other components found: it is there before they judge, live and in batch alike."""

from __future__ import annotations

from pathlib import Path

from models.domain.conversation import Conversation, Role, Turn
from models.pipeline import PipelineConfig, bundle_to_json, load_pipeline
from models.scorers.compliance import load_playbook

_SAID = "{zh: x, en: x}"
_HEAD = """
id: asking
version: 1
title: {zh: x, en: x}
cues:
  discount: {exemplars: {like: [可以便宜点吗, 有优惠吗, 能打折不], least: 0.6}}
  angry: {sentiment_below: -0.3}
checks:
"""
_PLAYBOOK = _HEAD + "".join(
    f"  - {{id: {name}, kind: required, title: {_SAID}, look_for: {look_for}, "
    f"reasons: {{passed: {_SAID}, failed: {_SAID}, na: {_SAID}}}}}\n"
    for name, look_for in (
        ("haggled", "{seen: [discount], by: customer}"),
        ("upset", "{seen: [angry], by: customer}"),
        ("sour", "{sentiment: {measure: end, below: 0}}"),
        ("doubtful", "{csat: {measure: p_resolved, below: 0.99}}"),
    )
)
_TALK: list[tuple[Role, str]] = [
    ("agent", "您好"),
    ("customer", "给个折扣呗"),
    ("agent", "没有优惠的"),
    ("customer", "太差了,什么破店,再也不来了!"),
]


def test_other_components_findings_are_there_live_and_in_batch(tmp_path: Path) -> None:
    path = tmp_path / "asking.yaml"
    path.write_text(_PLAYBOOK, encoding="utf-8")
    whole = Conversation(id="x", turns=tuple(Turn(index, role, text) for index, (role, text) in enumerate(_TALK)))
    pipeline = load_pipeline(PipelineConfig(artifact="fast"))
    try:
        judging = pipeline.with_playbook(load_playbook(path))
        batch = judging.score([whole])[0]
        session = judging.stream(whole)
        live = [session.add(turn) for turn in whole.turns]
    finally:
        pipeline.close()
    assert [check.verdict for check in batch.compliance.checks] == ["pass"] * 4
    assert bundle_to_json(live[-1]) == bundle_to_json(batch)
    assert live[0].compliance.checks[2].verdict == "no_evidence"
