"""The first rubric's scores never move: they were given, and a score can be made again."""

import hashlib
import json
import random

from models.domain.scores import (
    CheckResult,
    ComplianceScore,
    CsatScore,
    ResolutionScore,
    SentimentScore,
    Verdict,
)
from models.pipeline.serialise import bundle_to_json
from models.qa import evaluate_rubric, load_rubric
from models.qa.figures import Measured

_VERDICTS: tuple[Verdict, ...] = ("pass", "fail", "na", "no_evidence", "abstain")
_CHECKS = ("greeting", "issue_confirmed", "empathy", "solution_offered", "eta_given", "closing", "rude", "overpromise")
# Of these scores as they were made before format 2 came, in full precision.
_EXACT = "6b8fae232ec2543835077b68775fc402e05494f5ca279fe32f2a0d127e011734"
# And of what was stored.
_STORED = "904b2b215602dc0d26112cc1fa0171519afc7877292090ddf9a34fb5a89046f2"


def _measured(draw: random.Random) -> Measured:
    checks = tuple(
        CheckResult(name, draw.choices(_VERDICTS, (8, 4, 3, 1, 1))[0], 0.9, name == "rude", (), "原因", "reason")
        for name in _CHECKS
    )
    share = draw.random()
    return Measured(
        sentiment=SentimentScore(
            (), 0.1, draw.uniform(-1, 1), draw.choice([None, draw.uniform(-1, 1)]), None, None, ()
        ),
        csat=CsatScore((0.2,) * 5, 1 + 4 * share, 1 - share, (1, 5), 0.9, "neutral", draw.random() < 0.2),
        resolution=ResolutionScore(draw.random(), "unclear"),
        compliance=ComplianceScore(None, checks),
        timing={},
    )


def test_the_default_rubric_scores_to_the_last_bit_as_it_always_did() -> None:
    draw = random.Random(7)
    weights = {name: 0.5 + index % 3 for index, name in enumerate(_CHECKS)}
    scores = [evaluate_rubric(load_rubric("default@1"), _measured(draw), weights) for _ in range(400)]
    exact = [
        (
            score.score,
            score.passed,
            score.auto_fail,
            [
                (item.id, item.source, item.value, item.weight, item.points, item.max_points, item.auto_fail)
                for item in score.criteria
            ],
        )
        for score in scores
    ]
    assert hashlib.sha256(repr(exact).encode()).hexdigest() == _EXACT
    stored = json.dumps([bundle_to_json(score) for score in scores], ensure_ascii=False)  # type: ignore[arg-type]
    assert hashlib.sha256(stored.encode()).hexdigest() == _STORED
