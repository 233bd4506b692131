"""An engine without a model, chosen by ``ATTUNE_ENGINE=fake``: instant and deterministic, for tests of the service.

Its figures follow from the conversation's hash and mean nothing; its timing is real arithmetic on the turns' times.
A conversation can ask it for trouble: ``extra.fake`` may hold ``seconds`` to take, or ``fails: true``.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from models.domain.coaching import Coaching, Edit
from models.domain.conversation import Conversation
from models.domain.playbook import Playbook
from models.domain.rubric import Rubric
from models.domain.scores import (
    CheckResult,
    ComplianceScore,
    CsatLabel,
    CsatScore,
    Direction,
    QaScore,
    ResolutionScore,
    ScoreBundle,
    SentimentScore,
    TurnSentiment,
    Versions,
)
from models.domain.timing import measure_timing
from models.errors import PipelineError
from models.interchange import content_hash
from service.scoring.provenance import Part, Provenance, code_part, digest, part_of


class FakeEngine:
    """Scores by hash."""

    def __init__(self, playbook: str = "ecommerce-zh", rubric: str = "default") -> None:
        """Remember the versions to name."""
        self._playbook = playbook
        self._rubric = rubric

    def warm_up(self) -> None:
        """Nothing to load."""

    def versions_for(
        self, conversation: Conversation, playbook: Playbook | None = None, rubric: Rubric | None = None
    ) -> Versions:
        """Return the versions of a score."""
        script = f"{playbook.id}@{playbook.version}" if playbook else f"{self._playbook}@fake"
        sheet = f"{rubric.id}@{rubric.version}" if rubric else f"{self._rubric}@fake"
        return Versions(content_hash(conversation), script, sheet, "fake@1", "0")

    def provenance(self, playbook: Playbook | None = None, rubric: Rubric | None = None) -> Provenance:
        """Return made-up hashes, and the real ones of playbook and rubric."""
        return Provenance(
            playbook=part_of(playbook) if playbook else self._named(self._playbook),
            rubric=part_of(rubric) if rubric else self._named(self._rubric),
            artifact=Part("fake", 1, "sha256:" + "0" * 64),
            encoder="fake",
            thresholds="sha256:" + "0" * 64,
            code=code_part(),
        )

    def score(
        self,
        conversations: Sequence[Conversation],
        playbook: Playbook | None = None,
        rubric: Rubric | None = None,
    ) -> list[ScoreBundle]:
        """Return one bundle per conversation; a rubric is named, but there are no criteria."""
        return [self._score(conversation, playbook, rubric) for conversation in conversations]

    def compare(
        self, conversations: Sequence[Conversation], before: Playbook, after: Playbook
    ) -> list[tuple[ScoreBundle, ScoreBundle]]:
        """Return two bundles per conversation."""
        return list(zip(self.score(conversations, before), self.score(conversations, after), strict=True))

    def coach(self, conversation: Conversation, playbook: Playbook | None = None) -> tuple[Coaching, ...]:
        """Return the same advice for every failed check."""
        return tuple(
            Coaching(check.id, None, (), (Edit("insert", 0, 0, 0, "", "您好"),), "测试引擎", "test engine")
            for check in self._score(conversation, playbook).compliance.checks
            if check.verdict == "fail"
        )

    def to_json(self, bundle: ScoreBundle) -> dict[str, Any]:
        """Return the bundle's fields."""
        return asdict(bundle)

    def encode(self, texts: Sequence[str]) -> None:
        """Return nothing: there is no encoder."""

    def close(self) -> None:
        """Nothing to give back."""

    def _named(self, name: str) -> Part:
        return Part(name, "fake", digest(name.encode()))

    def _score(
        self, conversation: Conversation, playbook: Playbook | None, rubric: Rubric | None = None
    ) -> ScoreBundle:
        trouble = conversation.extra.get("fake") or {}
        time.sleep(float(trouble.get("seconds", 0)))
        if trouble.get("fails"):
            raise PipelineError("the conversation asked for it", location=conversation.id)
        versions = self.versions_for(conversation, playbook, rubric)
        digest = hashlib.sha256(versions.input.encode()).digest()
        p_satisfied = digest[0] / 255
        p_dissatisfied = (1 - p_satisfied) * 0.9
        shift = digest[1] / 127.5 - 1
        passed = digest[2] % 4 != 0
        critical = digest[3] % 8 == 0
        label: CsatLabel = "satisfied" if p_satisfied > 0.6 else "dissatisfied" if p_dissatisfied > 0.6 else "neutral"
        direction: Direction = "improved" if shift > 0.2 else "worsened" if shift < -0.2 else "flat"
        neutral = 1 - p_satisfied - p_dissatisfied
        distribution = (p_dissatisfied / 2, p_dissatisfied / 2, neutral, p_satisfied / 2, p_satisfied / 2)
        mean = sum(value * share for value, share in enumerate(distribution, start=1))
        probs = {"negative": p_dissatisfied, "neutral": neutral, "positive": p_satisfied}
        checks = (
            CheckResult("greeting", "pass" if passed else "fail", 1.0, False, (), "测试引擎", "test engine"),
            CheckResult("rude", "fail" if critical else "pass", 1.0, True, (), "测试引擎", "test engine"),
        )
        failed = sum(check.verdict == "fail" for check in checks)
        return ScoreBundle(
            id=conversation.id,
            versions=versions,
            sentiment=SentimentScore(
                turns=tuple(
                    TurnSentiment(turn.index, turn.role, p_satisfied - p_dissatisfied, probs)
                    for turn in conversation.turns
                    if turn.role == "customer" and turn.text
                ),
                start=0.0,
                end=shift,
                shift=shift,
                direction=direction,
                volatility=abs(shift),
                turning_points=(),
            ),
            csat=CsatScore(distribution, mean, p_dissatisfied, (1.0, 5.0), 0.9, label, False),
            resolution=ResolutionScore(p_satisfied, "yes" if p_satisfied > 0.5 else "no"),
            compliance=ComplianceScore((2 - failed) / 2, checks),
            qa=QaScore(0.0 if critical else 100.0 if passed else 50.0, passed and not critical, critical, ()),
            timing=measure_timing(conversation.turns),
        )
