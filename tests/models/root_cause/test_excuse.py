from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from models.domain.decision import Decision
from models.domain.scores import CheckResult, ComplianceScore, CsatScore, ResolutionScore, SentimentScore
from models.qa import evaluate_rubric, list_rubrics
from models.qa.figures import Measured
from models.root_cause import Excuse, evaluate_excused, measures_outcome

EXCUSE = Excuse("root_cause:17", "已确认根因为制度型", "confirmed to be in the system")
CHECKS = ("greeting", "closing", "rude", "empathy", "solution_offered", "apology", "evidence_asked")
_SHARE = st.floats(0, 1)


@st.composite
def measured(draw: st.DrawFn) -> Measured:
    verdicts = st.sampled_from(["pass", "fail", "na", "no_evidence", "abstain"])
    checks = tuple(CheckResult(name, draw(verdicts), 0.9, name == "rude", (), "测试", "test") for name in CHECKS)
    shift = draw(st.none() | st.floats(-2, 2))
    return Measured(
        SentimentScore((), 0.0, shift, shift, None if shift is None else "flat", None, ()),
        CsatScore((0.2,) * 5, draw(st.floats(1, 5)), draw(_SHARE), (1.0, 5.0), 0.9, "neutral", draw(st.booleans())),
        ResolutionScore(draw(_SHARE), "unclear"),
        ComplianceScore(draw(st.none() | _SHARE), checks),
        {"first_response_s": draw(st.none() | st.floats(0, 600)), "mean_response_s": draw(st.floats(0, 600))},
    )


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(list_rubrics()), measured(), st.data())
def test_confirming_a_cause_in_the_system_never_lowers_a_score(rubric, one: Measured, data) -> None:
    plain = evaluate_rubric(rubric, one, {})
    ids = [item.id for item in plain.criteria]
    answer = st.builds(Decision, verdict=st.sampled_from(["pass", "fail", "na"])) | st.builds(Decision, value=_SHARE)
    decided = data.draw(st.dictionaries(st.sampled_from(ids), answer, max_size=3)) if ids else {}
    before = evaluate_rubric(rubric, one, {}, decisions=decided)
    after = evaluate_excused(rubric, one, {}, EXCUSE, decisions=decided)
    if before.score is not None and after.score is not None:
        assert after.score >= before.score
    if after.score is None:
        assert not before.passed
    assert bool(after.passed) >= bool(before.passed) or after.score is None
    for old, new in zip(before.criteria, after.criteria, strict=True):
        assert old.id == new.id
        if new.decision_kind == "root_cause":
            assert measures_outcome(new.source)
            assert (new.value, new.decided_by, new.reason) == (None, "root_cause:17", EXCUSE.reason)
        else:
            assert (new.value, new.reason) == (old.value, old.reason)


def test_bad_outcomes_no_longer_count_and_conduct_does() -> None:
    rubric = next(one for one in list_rubrics() if one.id == "default")
    checks = tuple(
        CheckResult(name, "fail" if name == "closing" else "pass", 0.9, False, (), "测试", "test")
        for name in ("greeting", "closing")
    )
    bad = Measured(
        SentimentScore((), 0.5, -0.9, -1.4, "worsened", 0.5, ()),
        CsatScore((0.9, 0.1, 0, 0, 0), 1.1, 1.0, (1.0, 2.0), 0.9, "dissatisfied", False),
        ResolutionScore(0.05, "no"),
        ComplianceScore(0.5, checks),
        {},
    )
    before, after = evaluate_rubric(rubric, bad, {}), evaluate_excused(rubric, bad, {}, EXCUSE)
    assert before.score is not None
    assert after.score is not None
    assert after.score > before.score
    still = {one.source: one.value for one in after.criteria if one.value is not None}
    assert still == {"check:greeting": 1.0, "check:closing": 0.0}
    assert after.score == 50
