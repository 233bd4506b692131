"""Gates: what is refused, in which direction, and what may be excused."""

import pytest

from training.config import ConfigError, Gates
from training.publish.gates import check_gates, check_names

GATES = Gates(
    tolerance={"S_NMD": 0.002, "S_spearman": 0.01, "interval_coverage": 0.01, "prefix50": 0.02},
    beat=("S_NMD", "S_spearman"),
)


def report(**figures: object) -> dict:
    return {"csat": {"zh": {"dialogues": 300, **figures}}}


def refused(new: dict, old: dict | None, gates: Gates = GATES) -> list[str]:
    return [f"{check.against} {check.measure}" for check in check_gates(new, old, gates, 0.9) if not check.passed]


@pytest.mark.parametrize(
    ("measure", "old", "new", "passes"),
    [
        ("S_NMD", 0.070, 0.072, True),
        ("S_NMD", 0.070, 0.0721, False),
        ("S_NMD", 0.070, 0.010, True),
        ("S_spearman", 0.85, 0.84, True),
        ("S_spearman", 0.85, 0.83, False),
        ("interval_coverage", 0.89, 0.93, False),  # 0.03 off instead of 0.01
        ("interval_coverage", 0.80, 0.98, True),
        ("unsat_auc", 0.9, 0.1, True),  # nobody asked
    ],
)
def test_each_direction(measure: str, old: float, new: float, passes: bool) -> None:
    assert (refused(report(**{measure: new}), report(**{measure: old})) == []) is passes


def test_prefixes_missing_measures_and_no_published_one() -> None:
    new = report(prefix={"50": 0.5}, S_NMD=0.07)
    assert refused(new, report(prefix={"50": 0.6})) == ["published prefix50"]
    assert refused(new, report(S_spearman=0.9)) == []
    assert refused(new, None) == []


def test_a_measure_that_came_out_as_nothing_is_refused() -> None:
    assert refused(report(S_spearman=None), report(S_spearman=0.9)) == ["published S_spearman"]


def test_baselines_are_to_be_beaten_not_met() -> None:
    baselines = {"mean": {"S_NMD": 0.07, "S_spearman": None}, "ridge": {"S_NMD": 0.08}}
    assert refused(report(S_NMD=0.07, baselines=baselines), None) == ["mean S_NMD"]
    assert refused(report(S_NMD=0.06, baselines=baselines), None) == []


def test_an_excuse_lets_one_comparison_pass_and_is_kept() -> None:
    gates = Gates(beat=("S_NMD",), excused={"csat/zh mean S_NMD": "few rows"})
    new = report(S_NMD=0.09, baselines={"mean": {"S_NMD": 0.07}, "ridge": {"S_NMD": 0.08}})
    assert refused(new, None, gates) == ["ridge S_NMD"]
    assert [check.excused for check in check_gates(new, None, gates, 0.9)] == ["few rows", None]


def test_small_sets_are_not_judged() -> None:
    gates = Gates(tolerance={"S_NMD": 0.002}, least=301)
    assert refused(report(S_NMD=0.9), report(S_NMD=0.1), gates) == []


def test_a_refusal_says_measure_figures_tolerance_and_direction() -> None:
    (check,) = check_gates(report(S_NMD=0.08), report(S_NMD=0.07), Gates({"S_NMD": 0.002}), 0.9)
    assert all(part in str(check) for part in ("csat/zh", "S_NMD", "0.07", "0.08", "0.002", "lower is better"))


def test_an_unknown_measure_is_refused_before_anything_runs() -> None:
    with pytest.raises(ConfigError, match="S_NDM"):
        check_names(Gates({"S_NDM": 0.1}))
    check_names(GATES)
