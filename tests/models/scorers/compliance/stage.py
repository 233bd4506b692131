"""Small playbooks and conversations for tests of the engine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from types import MappingProxyType
from typing import Any

import numpy as np

from models.domain.condition import Condition
from models.domain.context import Context
from models.domain.conversation import Conversation, Role, Turn
from models.domain.cue import Cue
from models.domain.playbook import Bilingual, Check, Playbook, Reasons
from models.domain.scores import CheckResult, ComplianceScore
from models.encode.base import Encoder
from models.scorers.compliance import ComplianceScorer
from models.text.pii import mask

A, C, B, S = "agent", "customer", "bot", "system"
_NONE: Mapping[str, Cue] = MappingProxyType({})
START = datetime(2026, 1, 5, tzinfo=timezone(timedelta(hours=8)))
# Who says what, and where times matter how many seconds after the start.
Line = tuple[Role, str] | tuple[Role, str, float | None]


def said(text: str) -> Bilingual:
    return Bilingual(zh=text, en=text)


REASONS = Reasons(said("passed at {message}: {quote}"), said("failed at {message} after {after}: {quote}"), said("na"))


def check(look_for: Condition, kind: Any = "required", **more: Any) -> Check:
    return Check(**{"id": "c", "kind": kind, "title": said("c"), "look_for": look_for, "reasons": REASONS, **more})


def book(*checks: Check, cues: Mapping[str, Cue], **more: Any) -> Playbook:
    return Playbook(id="small", version=1, title=said("small"), checks=checks, cues=cues, **more)


def turn_of(index: int, line: Line) -> Turn:
    seconds = line[2] if len(line) == 3 else None
    return Turn(index, line[0], line[1], at=None if seconds is None else START + timedelta(seconds=seconds))


def play(
    playbook: Playbook,
    lines: Sequence[Line],
    *,
    head: Mapping[str, Any] | None = None,
    scores: Mapping[str, Any] | None = None,
    encoder: Encoder | None = None,
) -> list[ComplianceScore]:
    """Return the score after each line."""
    scorer = ComplianceScorer(playbook, encoder=encoder)
    context = Context(head=Conversation(id="x", turns=(), **(head or {})))
    found = []
    for index, line in enumerate(lines):
        text = mask(line[1])
        context = context.with_turn(turn_of(index, line), text)
        vector = np.asarray(encoder.encode([text])[0]) if encoder else None
        context = context.with_signal("encoder", vector)
        context = context.with_signal(scorer.name, scorer.observe(context))
        found.append(scorer.score(replace(context, scores=dict(scores or {}))))
    return found


def result(look_for: Condition, lines: Sequence[Line], cues: Mapping[str, Cue] = _NONE, **more: Any) -> CheckResult:
    """Return what a single check says at the end; ``anything`` is a cue of every message."""
    all_cues = {"anything": Cue(include=("(?s).+",)), **cues}
    return play(book(check(look_for), cues=all_cues), lines, **more)[-1].checks[0]


def holds(look_for: Condition, lines: Sequence[Line], cues: Mapping[str, Cue] = _NONE, **more: Any) -> bool | None:
    """Return whether a condition holds at the end; ``None`` where that cannot be known."""
    return {"pass": True, "fail": False, "no_evidence": None}[result(look_for, lines, cues, **more).verdict]


def spans(cue: Cue, text: str, encoder: Encoder | None = None, **others: Cue) -> list[str]:
    """Return the words by which an agent's message shows a cue."""
    found = result(Condition(seen=("it",)), [(A, text)], {"it": cue, **others}, encoder=encoder)
    return [item.quote for item in found.evidence] if found.verdict == "pass" else []
