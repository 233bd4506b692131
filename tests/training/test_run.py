"""A whole run on a tiny generated corpus with the hashing encoder: fit, evaluate, and again."""

import json
import random
from pathlib import Path

import numpy as np
import pytest
import torch
import yaml

from models.artifacts import load_artifact
from models.scorers.csat.network import NUGGETS, BiGruNet
from training.cli import main
from training.fit.csat_net import CsatNet

GOOD, BAD, PLAIN = (
    ["谢谢", "太好了", "很满意", "真快"],
    ["太差了", "投诉", "生气", "骗人"],
    ["几点发货", "什么颜色", "多大尺码"],
)


def dialogue(number: int, source: random.Random) -> dict:
    happy = number % 2
    words = GOOD if happy else BAD
    turns = [
        {"sender": "customer", "utterances": [f"问题{number}{source.choice(PLAIN)}"]},
        {"sender": "helpdesk", "utterances": ["已经为您处理好了" if happy else "请等待"]},
        {"sender": "customer", "utterances": [source.choice(words)]},
    ]
    annotations = []
    for _ in range(5):
        rating = min(2, max(-2, (1 if happy else -1) + source.choice([-1, 0, 1])))
        annotations.append(
            {
                "quality": {"A": rating, "S": rating, "E": rating},
                "nugget": ["CNUG0", "HNUG*" if happy else "HNUG", "CNUG*" if happy else "CNUG"],
            }
        )
    return {"id": f"d{number}", "turns": turns, "annotations": annotations}


def write_rows(path: Path, rows: list[dict]) -> None:
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")


@pytest.fixture(scope="module")
def run_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("run")
    source = random.Random(4)
    write_rows(directory / "dialogues.jsonl", [dialogue(number, source) for number in range(120)])
    write_rows(
        directory / "lines.jsonl",
        [
            {"text": f"{source.choice(GOOD if n % 2 else BAD)}{n}", "label": "positive" if n % 2 else "negative"}
            for n in range(120)
        ],
    )
    corpus = {"rows": 0, "weight": 1.0, "terms": "generated"}
    config = {
        "name": "tiny",
        "version": 3,
        "created": "2026-11-22",
        "seed": 7,
        "data": str(directory),
        "encoder": "hashing",
        "cache": str(directory / "cache"),
        "out": str(directory / "artifact"),
        "sentiment": {
            "corpora": {
                "lines": {**corpus, "file": "lines.jsonl", "polar": True, "held_out": 30, "calibrate": False},
                "own": {**corpus, "file": "own/service_chat.jsonl", "polar": False, "held_out": 120, "calibrate": True},
            },
            "members": 1,
            "hidden": 16,
            "dropout": 0.1,
            "epochs": 3,
            "batch": 64,
            "learning_rate": 0.01,
            "weight_decay": 0.01,
            "neutral_gain": 0.3,
            "emotional_gain": 0.8,
        },
        "csat": {
            "files": {"zh": "dialogues.jsonl"},
            "terms": "generated, non-commercial",
            "test_dialogues": 30,
            "calibration_dialogues": 30,
            "members": 2,
            "hidden": 16,
            "dropout": 0.1,
            "epochs": 8,
            "batch": 16,
            "learning_rate": 0.01,
            "weight_decay": 0.001,
            "earth_mover": 1.0,
            "nugget": 1.0,
            "prefix": 0.2,
            "coverage": 0.9,
        },
    }
    (directory / "config.yaml").write_text(yaml.safe_dump(config, allow_unicode=True), encoding="utf-8")
    assert main(["fit", "--config", str(directory / "config.yaml")]) == 0
    return directory


def test_the_run_publishes_a_sound_artifact_that_has_learnt(run_dir: Path) -> None:
    artifact = load_artifact(run_dir / "artifact")
    assert artifact.id.startswith("tiny@3+")
    measures = artifact.manifest.metrics["csat"]["stc3-zh"]
    assert measures["dialogues"] == 30
    assert measures["S_NMD"] < measures["baselines"]["mean"]["S_NMD"]
    assert measures["S_spearman"] > 0.5
    assert set(measures["prefix"]) == {"25", "50", "75", "100"}
    assert artifact.manifest.metrics["sentiment"]["lines"]["accuracy"] > 0.8
    assert "non-commercial" in (run_dir / "artifact" / "README.md").read_text(encoding="utf-8")


def test_evaluate_prints_one_object(run_dir: Path, capsys: pytest.CaptureFixture[str]) -> None:
    common = ["--artifact", str(run_dir / "artifact"), "--encoder", "hashing", "--cache", str(run_dir / "cache")]
    report = run_dir / "report.json"
    assert main(["evaluate", "stc3", "--data", str(run_dir / "dialogues.jsonl"), "--out", str(report), *common]) == 0
    printed = json.loads(capsys.readouterr().out)
    wanted = {"S_NMD", "S_RSNOD", "A_NMD", "A_RSNOD", "E_NMD", "E_RSNOD", "nugget_JSD", "nugget_RNSS", "S_spearman"}
    assert wanted | {"unsat_auc", "interval_coverage", "interval_width", "ece", "prefix"} <= set(printed)
    assert json.loads(report.read_text(encoding="utf-8")) == printed
    assert main(["evaluate", "sentiment", "--data", str(run_dir / "lines.jsonl"), *common]) == 0
    assert json.loads(capsys.readouterr().out)["classes"] == 2


def test_the_same_configuration_gives_the_same_bytes(run_dir: Path) -> None:
    before = {path.name: path.read_bytes() for path in (run_dir / "artifact").rglob("*") if path.is_file()}
    assert main(["fit", "--config", str(run_dir / "config.yaml")]) == 0
    after = {path.name: path.read_bytes() for path in (run_dir / "artifact").rglob("*") if path.is_file()}
    assert before == after


def test_another_encoder_is_refused(run_dir: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = run_dir / "artifact" / "manifest.json"
    original = path.read_text(encoding="utf-8")
    document = json.loads(original)
    document["encoder"]["fingerprint"] = "0" * 64
    path.write_text(json.dumps(document), encoding="utf-8")
    try:
        arguments = ["--data", str(run_dir / "lines.jsonl"), "--artifact", str(run_dir / "artifact")]
        assert main(["evaluate", "sentiment", *arguments, "--encoder", "hashing"]) == 1
        assert "another encoder" in capsys.readouterr().err
    finally:
        path.write_text(original, encoding="utf-8")


@pytest.mark.parametrize("content", ["", "- 1", "name: x", "sentiment: {corpora: {a: {}}}"])
def test_a_wrong_configuration_is_refused(tmp_path: Path, content: str, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "c.yaml").write_text(content, encoding="utf-8")
    assert main(["fit", "--config", str(tmp_path / "c.yaml")]) == 1
    assert str(capsys.readouterr().err).strip()


def test_numpy_runs_the_equations_of_torch() -> None:
    torch.manual_seed(0)
    net = CsatNet(torch.randn(12), torch.rand(12) + 0.5, hidden=8, dropout=0.3).eval()
    x = torch.randn(1, 6, 12)
    with torch.no_grad():
        quality, customer, service = net(x, torch.tensor([6]))
    ours = BiGruNet({name: tensor.numpy() for name, tensor in net.state_dict().items()})
    sides = ["customer", "service"] * 3
    our_quality, our_nuggets = ours(x[0].numpy(), sides)
    assert np.allclose(our_quality, quality[0].softmax(-1).numpy(), atol=1e-5)
    for at, side in enumerate(sides):
        theirs = (customer if side == "customer" else service)[0, at].softmax(-1).numpy()
        assert len(our_nuggets[at]) == len(NUGGETS[side])
        assert np.allclose(our_nuggets[at], theirs, atol=1e-5)
