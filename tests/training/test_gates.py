"""Gates: what is refused, in which direction, and what may be excused."""

import pytest

from training.config import BOUNDS, ConfigError, Gates
from training.publish.gates import best_figures, check_gates, check_names

GATES = Gates(
    tolerance={"S_NMD": 0.002, "S_spearman": 0.01, "interval_coverage": 0.01, "prefix50": 0.02},
    beat=("S_NMD", "S_spearman"),
    bounds={},
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


def bounded(figures: dict, gates: Gates | None = None) -> list[tuple[str, bool, bool, str | None]]:
    checks = check_gates({"csat": {"zh": figures}}, None, gates or Gates(), 0.9)
    return [(f"{check.place} {check.measure}", check.passed, check.warning, check.excused) for check in checks]


@pytest.mark.parametrize(
    ("figure", "interval", "passed", "warning"),
    [
        (0.90, [0.88, 0.92], True, False),
        (0.93, [0.90, 0.96], True, True),  # above, but so could luck have it
        (0.96, [0.94, 0.98], False, False),
        (0.80, [0.78, 0.82], False, False),
        (0.93, None, False, False),  # no interval, no doubt to benefit from
    ],
)
def test_a_bound_is_missed_only_beyond_sampling_error(
    figure: float, interval: list | None, passed: bool, warning: bool
) -> None:
    report = {"dialogues": 300, "interval_coverage": figure, "intervals": {"interval_coverage": interval}}
    assert bounded(report) == [("csat/zh interval_coverage", passed, warning, None)]


def test_the_calibration_error_of_few_rows_is_large_by_noise_alone() -> None:
    noisy = {"dialogues": 120, "ece": 0.06, "intervals": {"ece": [0.05, 0.13]}}  # resampling makes it larger still
    assert bounded(noisy) == [("csat/zh ece", True, True, None)]
    wrong = {"dialogues": 2000, "ece": 0.06, "intervals": {"ece": [0.05, 0.07]}}
    assert bounded(wrong) == [("csat/zh ece", False, False, None)]


def test_bounds_hold_in_every_slice_of_a_hundred_and_may_be_excused_there() -> None:
    low = {"interval_coverage": 0.7, "intervals": {"interval_coverage": [0.65, 0.75]}}
    report = {
        "dialogues": 300,
        "interval_coverage": 0.9,
        "slices": {"turns": {"1-2": {"n": 20}, "3-4": {"n": 150, **low}}, "queue": {"presale": {"n": 99, **low}}},
    }
    assert bounded(report) == [
        ("csat/zh interval_coverage", True, False, None),
        ("csat/zh/turns=3-4 interval_coverage", False, False, None),
    ]
    gates = Gates(excused={"csat/zh/turns=* bounds interval_coverage": "short ones are rare"})
    assert bounded(report, gates)[1] == ("csat/zh/turns=3-4 interval_coverage", True, False, "short ones are rare")
    assert bounded(report, Gates(bounds={})) == []
    assert bounded({**report, "dialogues": 80, "slices": {}}) == []
    assert BOUNDS["csat"]["interval_coverage"] == (0.88, 0.92)


def test_many_small_steps_down_do_not_add_up() -> None:
    gates = Gates({"S_NMD": 0.002, "prefix50": 0.02}, bounds={})
    best: dict = {}
    refusals = []
    for step in range(4):
        new = report(S_NMD=0.070 + 0.0015 * step, prefix={"50": 0.6}, rows="a")
        old = report(S_NMD=0.070 + 0.0015 * (step - 1), prefix={"50": 0.6}, rows="a") if step else None
        checks = check_gates(new, old, gates, 0.9, best)
        refusals.append([check.against for check in checks if not check.passed])
        best = best_figures(best, new, gates, 0.9)
    assert refusals == [[], [], ["best"], ["best"]]
    assert best == {"csat/zh": {"rows": "a", "S_NMD": 0.070, "prefix50": 0.6}}


def test_the_best_on_other_rows_is_forgotten() -> None:
    gates = Gates({"S_NMD": 0.002, "interval_coverage": 0.01}, bounds={})
    best = best_figures(None, report(S_NMD=0.01, interval_coverage=0.95, rows="a"), gates, 0.9)
    assert [check.passed for check in check_gates(report(S_NMD=0.07, rows="b"), None, gates, 0.9, best)] == []
    best = best_figures(best, report(S_NMD=0.07, interval_coverage=0.88, rows="b"), gates, 0.9)
    best = best_figures(best, report(S_NMD=0.08, interval_coverage=0.91, rows="b"), gates, 0.9)
    assert best == {"csat/zh": {"rows": "b", "S_NMD": 0.07, "interval_coverage": 0.91}}


def test_excuses_may_stand_for_several() -> None:
    gates = Gates(beat=("S_NMD",), excused={"csat/* mean S_NMD": "few rows", "csat/zh best *": "a new measure"})
    new = report(S_NMD=0.09, baselines={"mean": {"S_NMD": 0.07}}, rows="a")
    assert refused(new, None, gates) == []
    best = {"csat/zh": {"rows": "a", "S_NMD": 0.01}}
    tolerant = Gates(tolerance={"S_NMD": 0.002}, excused=gates.excused)
    assert [check.excused for check in check_gates(new, None, tolerant, 0.9, best)] == ["a new measure"]


@pytest.mark.parametrize(("surveys", "outcomes"), [(300, 10), (10, 300), (10, 10)])
def test_measures_of_surveys_are_judged_by_the_rows_they_are_of(surveys: int, outcomes: int) -> None:
    gates = Gates(
        tolerance={"S_spearman": 0.01, "resolution_auc": 0.01},
        beat=("S_spearman",),
        least=200,
        bounds={"csat": {"ece": (0.0, 0.03), "resolution_ece": (0.0, 0.03)}},
    )
    counts = {"conversations": 310, "surveys": surveys, "outcomes": outcomes}
    bad = {"S_spearman": 0.1, "resolution_auc": 0.5, "ece": 0.5, "resolution_ece": 0.5}
    new = {"csat": {"shop": {**counts, **bad, "baselines": {"mean": {"S_spearman": 0.2}}}}}
    old = {"csat": {"shop": {**counts, "S_spearman": 0.9, "resolution_auc": 0.9}}}
    rated = ["bounds ece", "published S_spearman", "mean S_spearman"] if surveys >= 200 else []
    known = ["bounds resolution_ece", "published resolution_auc"] if outcomes >= 200 else []
    assert sorted(refused(new, old, gates)) == sorted([*rated, *known])
