from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.domain.rubric import Criterion, Rubric, Scale
from models.domain.scores import (
    CheckResult,
    ComplianceScore,
    CsatScore,
    QaScore,
    ResolutionScore,
    SentimentScore,
    Verdict,
)
from models.errors import InvalidRubricError, UnknownRubricError
from models.qa import evaluate_rubric, list_rubrics, load_rubric
from models.qa.figures import Measured

VERDICTS: tuple[Verdict, ...] = ("pass", "fail", "na", "no_evidence", "abstain")


def check(name: str, verdict: Verdict, critical: bool = False) -> CheckResult:
    return CheckResult(name, verdict, 0.9, critical, (), "原因", "reason")


def measured(*checks: CheckResult, mean: float = 3.0, abstain: bool = False) -> Measured:
    return Measured(
        sentiment=SentimentScore((), None, None, None, None, None, ()),
        csat=CsatScore((0.2,) * 5, mean, 0.4, (1.0, 5.0), 0.9, "neutral", abstain),
        resolution=ResolutionScore(0.5, "unclear"),
        compliance=ComplianceScore(None, checks),
        timing={"first_response_s": 12.0},
    )


def rubric(*criteria: Criterion, critical: tuple[str, ...] = ()) -> Rubric:
    return Rubric("test", 1, "sha256:0", "测试", "Test", 80.0, critical, True, criteria)


def criterion(source: str, weight: float = 1.0, scale: Scale | None = None) -> Criterion:
    return Criterion(source.replace(":", "_").replace("*", "all"), source, weight, scale, "项", "item")


def score(given_rubric: Rubric, given_measured: Measured) -> QaScore:
    return evaluate_rubric(given_rubric, given_measured, {"greeting": 1.0, "closing": 3.0})


def test_a_score_is_the_weighted_mean_of_what_applies() -> None:
    result = score(
        rubric(criterion("check:greeting", 1), criterion("check:closing", 3)),
        measured(check("greeting", "fail"), check("closing", "pass")),
    )
    assert (result.score, result.passed, result.auto_fail) == (75.0, False, False)
    assert [(item.points, item.max_points) for item in result.criteria] == [(0.0, 25.0), (75.0, 75.0)]


@pytest.mark.parametrize("verdict", ["na", "no_evidence", "abstain"])
def test_what_does_not_apply_gives_its_weight_to_the_rest(verdict: Verdict) -> None:
    result = score(
        rubric(criterion("check:greeting", 9), criterion("check:closing", 1)),
        measured(check("greeting", verdict), check("closing", "pass")),
    )
    assert result.score == 100.0
    assert result.criteria[0].value is None


def test_nothing_that_applies_is_no_score_and_no_failure() -> None:
    result = score(rubric(criterion("check:greeting")), measured(check("greeting", "na")))
    assert (result.score, result.passed, result.auto_fail) == (None, None, False)


def test_a_failed_critical_check_zeroes_the_score_even_without_weight_in_the_rubric() -> None:
    result = score(
        rubric(criterion("check:greeting")), measured(check("greeting", "pass"), check("rude", "fail", critical=True))
    )
    assert (result.score, result.passed, result.auto_fail) == (0.0, False, True)
    assert [item.source for item in result.criteria if item.auto_fail] == ["check:rude"]


def test_a_rubric_can_call_further_checks_critical() -> None:
    failing = measured(check("greeting", "pass"), check("eta_given", "fail"))
    assert score(rubric(criterion("check:greeting")), failing).score == 100.0
    assert score(rubric(criterion("check:greeting"), critical=("eta_given",)), failing).score == 0.0


def test_all_checks_share_one_weight_by_the_playbooks_weights() -> None:
    result = score(
        rubric(criterion("check:*", 40), criterion("csat.mean", 60, Scale(1, 5))),
        measured(check("greeting", "fail"), check("closing", "pass"), mean=5.0),
    )
    assert {item.source: item.max_points for item in result.criteria} == {
        "check:greeting": 10.0,
        "check:closing": 30.0,
        "csat.mean": 60.0,
    }
    assert result.score == 90.0


def test_a_scale_may_run_downwards_and_clamps() -> None:
    def points(seconds: float) -> float | None:
        return score(
            rubric(criterion("timing.first_response_s", 1, Scale(worst=60, best=15))),
            replace(measured(), timing={"first_response_s": seconds}),
        ).score

    assert [points(seconds) for seconds in (5, 15, 37.5, 60, 500)] == [100.0, 100.0, 50.0, 0.0, 0.0]


def test_a_prediction_that_abstains_never_counts() -> None:
    only_csat = rubric(criterion("csat.mean", 1, Scale(1, 5)))
    assert score(only_csat, measured(mean=1.2, abstain=True)).score is None


@given(
    st.lists(st.tuples(st.sampled_from(VERDICTS), st.floats(0.1, 100), st.booleans()), min_size=1, max_size=12),
    st.data(),
)
def test_points_add_up_and_na_never_costs(rows: list[tuple[Verdict, float, bool]], data: st.DataObject) -> None:
    names = [f"c{index}" for index in range(len(rows))]
    book = rubric(*(criterion(f"check:{name}", weight) for name, (_, weight, _) in zip(names, rows, strict=True)))
    checks = [check(name, verdict, critical) for name, (verdict, _, critical) in zip(names, rows, strict=True)]
    result = score(book, measured(*checks))
    if any(item.value is not None for item in result.criteria):
        assert sum(item.max_points for item in result.criteria) == pytest.approx(100)
        if not result.auto_fail:
            assert result.score == pytest.approx(sum(item.points for item in result.criteria), abs=0.01)
    failed = [index for index, item in enumerate(checks) if item.verdict == "fail"]
    if failed:
        spared = data.draw(st.sampled_from(failed))
        checks[spared] = replace(checks[spared], verdict="na")
        better = score(book, measured(*checks)).score
        assert better is None or result.score is None or better >= result.score


def test_the_packaged_rubric_is_found_by_id_and_version() -> None:
    assert load_rubric("default") == load_rubric("default@1")
    assert [item.id for item in list_rubrics()] == ["aftersale", "complaint", "default", "presale"]


def test_an_unknown_rubric_names_the_known_ones() -> None:
    with pytest.raises(UnknownRubricError) as caught:
        load_rubric("defualt")
    assert "default@1" in str(caught.value.hint)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("id: x\nversion: 1\n", "title"),
        ("- a\n- b\n", "mapping"),
        ("id: [", "YAML"),
        ("id: x\nid: y\n", "twice"),
        ("a: &x 1\nb: *x\n", "aliases"),
        (
            "id: x\nversion: 1\ntitle: {zh: 甲, en: A}\npass_mark: 80\ncriteria:\n"
            "  - {id: a, source: csat.mean, weight: 1}\n",
            ":6 ($.criteria[0])",
        ),
        (
            "id: x\nversion: 1\ntitle: {zh: 甲, en: A}\npass_mark: 180\ncriteria:\n"
            "  - {id: a, source: 'check:a', weight: 1}\n",
            ":4 ($.pass_mark)",
        ),
        (
            "id: x\nversion: 1\ntitle: {zh: 甲, en: A}\npass_mark: 80\ncriteria:\n"
            "  - {id: a, source: 'check:a', weight: 0}\n",
            "greater than 0",
        ),
    ],
)
def test_a_bad_rubric_says_where_and_what(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "rubric.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InvalidRubricError) as caught:
        load_rubric(path)
    assert said in f"{caught.value} {caught.value.location}"


def test_a_users_rubric_works_and_layout_does_not_change_its_hash(tmp_path: Path) -> None:
    head = "id: mine\nversion: 3\ntitle: {zh: 我的, en: Mine}\npass_mark: 60\n"
    first, second = tmp_path / "a.yaml", tmp_path / "b.yml"
    first.write_text(head + "criteria:\n  - {id: g, source: 'check:greeting', weight: 1}\n", encoding="utf-8")
    second.write_text(
        "# same\n" + head + "criteria:\n  - source: check:greeting\n    id: g\n    weight: 1\n", encoding="utf-8"
    )
    assert load_rubric(first) == load_rubric(second)
