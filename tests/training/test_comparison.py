"""What retraining changed: counts, intervals and p values, and the command."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.cli import main
from training.data.labels import LabelledConversation, parse_labels
from training.evaluate.comparison import compare_verdicts, mcnemar
from training.evaluate.comparison_page import as_markdown
from training.evaluate.measures import wilson_interval

TURNS = [
    {"role": "customer", "text": "三天了还没发货"},
    {"role": "agent", "text": "您好，抱歉让您久等，今天一定发出"},
    {"role": "customer", "text": "好的谢谢"},
]


def row(number: int, verdict: str, **more: object) -> LabelledConversation:
    label = {"check": "greeting", "verdict": verdict, **more}
    return parse_labels({"id": f"c-{number}", "turns": TURNS, "labels": {"compliance": [label]}})


def test_exact_mcnemar_against_published_and_scipy() -> None:
    binomtest = pytest.importorskip("scipy.stats").binomtest
    # Fagerland et al. 2013, table 1 (Bentur et al.): 1 against 7 discordant pairs; exact conditional p 0.070.
    assert mcnemar(1, 7) == pytest.approx(0.0703, abs=1e-4)
    assert mcnemar(0, 0) is None
    for fixed, broken in ((3, 3), (0, 9), (12, 5)):
        assert mcnemar(fixed, broken) == pytest.approx(binomtest(fixed, fixed + broken, 0.5).pvalue)


@given(st.integers(0, 300), st.integers(0, 300))
def test_mcnemar_is_a_probability_and_symmetric(fixed: int, broken: int) -> None:
    found = mcnemar(fixed, broken)
    assert found == mcnemar(broken, fixed)
    assert found is None or 0 < found <= 1


def test_agreement_counts_what_was_not_learnt_from() -> None:
    rows = [row(n, "pass" if n % 2 else "fail", weight=0.5, reasons=["random"], probability=0.1) for n in range(10)]
    before = [{"greeting": "pass", "rude": "pass"}] * 10
    after = [{"greeting": "fail" if n % 2 == 0 else "pass", "rude": "pass"} for n in range(10)]
    report = compare_verdicts(rows, before, after, ["greeting", "rude"], frozenset({"c-0", "c-1"}))
    greeting = report["checks"]["greeting"]
    assert (report["held_out"], greeting["changed"], report["checks"]["rude"]["changed"]) == (8, 5, 0)
    agreed = greeting["agreement"]
    assert (agreed["n"], agreed["before"]["share"], agreed["after"]["share"]) == (8, 0.5, 1.0)
    assert agreed["before"]["interval"] == pytest.approx(wilson_interval(4, 8), abs=1e-3)
    assert (agreed["fixed"], agreed["broken"]) == (4, 0)
    assert agreed["p"] == pytest.approx(0.125)
    assert greeting["random"] == {"n": 8, "before": 0.5, "after": 1.0}
    assert [one["id"] for one in report["conversations"]] == ["c-0", "c-2", "c-4", "c-6", "c-8"]
    assert [one["held_out"] for one in report["conversations"]] == [False, True, True, True, True]
    nobody = compare_verdicts(rows, before, after, ["greeting"], None)
    assert nobody["held_out"] is None
    assert nobody["total"]["agreement"]["n"] == 10


def test_weights_and_chosen_conversations_are_told_apart() -> None:
    rows = [row(0, "fail", weight=0.9), row(1, "pass", weight=0.1, probability=0.02)]
    report = compare_verdicts(rows, [{"greeting": "pass"}] * 2, [{"greeting": "fail"}] * 2, ["greeting"], None)
    assert report["total"]["weighted"] == pytest.approx({"before": 0.1, "after": 0.9})
    assert report["total"]["random"] == {"n": 1, "before": 1.0, "after": 0.0}


def test_the_command_writes_both(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    labels, page = tmp_path / "labels.jsonl", tmp_path / "report.md"
    documents = [
        {"id": f"c-{n}", "turns": TURNS, "labels": {"compliance": {"greeting": "pass", "rude": "pass"}}}
        for n in range(3)
    ]
    labels.write_text("".join(json.dumps(one, ensure_ascii=False) + "\n" for one in documents), encoding="utf-8")
    arguments = ["--before", "fast", "--after", "fast", "--labels", labels, "--markdown", page, "--cache", tmp_path]
    assert main(["compare", *map(str, arguments)]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["total"]["changed"] == 0
    assert report["total"]["agreement"]["n"] == 6
    text = page.read_text(encoding="utf-8")
    assert text == as_markdown(report)
    assert "None." in text
