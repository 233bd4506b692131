"""Whole runs on a tiny generated corpus with the hashing encoder: fit, evaluate, publish, interrupted and again."""

import json
import random
import shutil
from pathlib import Path

import pytest
import yaml
from threadpoolctl import threadpool_info

from models.artifacts import load_artifact
from training.cli import main
from training.config import load_config
from training.publish import fitting

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


def labelled(number: int) -> dict:
    turns = [{"role": "customer", "text": f"{number}号单{BAD[number % 4]}"}, {"role": "agent", "text": "马上处理"}]
    turns.append({"role": "customer", "text": GOOD[number % 4]})
    labels = [{"turn": 0, "label": "negative"}, {"turn": 2, "label": "positive"}]
    verdicts = {"greeting": "fail"}
    return {
        "id": f"c{number}",
        "turns": turns,
        "facts": {"csat": 4, "resolved": number % 3 > 0},
        "labels": {"sentiment": labels, "compliance": verdicts},
    }


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
    write_rows(directory / "labelled.jsonl", [labelled(number) for number in range(12)])
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
        "work": str(directory / "work"),
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
            "intensity_strength": 1.0,
            "lexical_share": 0.3,
            "neutral_gain": 0.3,
            "emotional_gain": 0.8,
        },
        "csat": {
            "files": {"zh": "dialogues.jsonl"},
            "terms": "generated, non-commercial",
            "test_dialogues": 30,
            "members": 2,
            "hidden": 16,
            "dropout": 0.1,
            "epochs": 8,
            "batch": 16,
            "learning_rate": 0.01,
            "weight_decay": 0.001,
            "earth_mover": 1.0,
            "nugget": 1.0,
            "resolution": 0.5,
            "prefix": 0.2,
            "lexical_share": 0.3,
            "lexical_strength": 2.0,
            "coverage": 0.9,
        },
        "own_labels": {
            "shop": {
                "files": "label*.jsonl",
                "sentiment_weight": 2.0,
                "survey_weight": 0.5,
                "held_out": 4,
                "terms": "the shop's own",
            }
        },
        "gates": {
            "tolerance": {"S_NMD": 0.005, "accuracy": 0.02},
            "beat": ["S_NMD"],
            "least": 25,
            "excused": {
                f"csat/stc3-zh {baseline} S_NMD": "the answers made up here give the rating away"
                for baseline in ("length", "lexicon", "tfidf_ridge")
            },
        },
    }
    (directory / "config.yaml").write_text(yaml.safe_dump(config, allow_unicode=True), encoding="utf-8")
    assert main(["all", "--config", str(directory / "config.yaml")]) == 0
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
    told = artifact.manifest.metrics["csat"]["shop"]  # the surveys and outcomes that were held out
    assert told["conversations"] == 4
    assert {"S_mae", "resolution_auc"} <= told.keys()
    card = (run_dir / "artifact" / "README.md").read_text(encoding="utf-8")
    assert "non-commercial" in card
    assert "the shop's own" in card
    assert artifact.id in card
    metrics = artifact.manifest.metrics
    assert metrics["direction"]["shop"]["conversations"] == 4
    assert metrics["csat"]["shop"]["surveys"] == 4
    assert metrics["compliance"]["shop"]["verdicts"] == 4
    assert {"keywords", "cosine"} == set(metrics["compliance"]["shop"]["baselines"])
    assert metrics["sentiment"]["own_pooled"]["lines"] == metrics["sentiment"]["own"]["lines"] + 8
    assert metrics["best"]["csat/stc3-zh"] == {"rows": measures["rows"], "S_NMD": measures["S_NMD"]}
    assert "held-out conversations of shop" in card


def test_the_summary_counts_what_was_read(run_dir: Path) -> None:
    summary = json.loads((run_dir / "work" / "prepared.json").read_text(encoding="utf-8"))
    assert summary["dialogues"]["stc3-zh"] == {"train": 90, "test": 30}
    assert summary["labelled"]["shop"] == {"train": 8, "test": 4}
    assert summary["lines"]["shop"] == {"train": 16, "calibration": 0, "test": 8}
    assert len(summary["files"]["lines"]) == 64


def test_evaluate_prints_one_object(run_dir: Path, capsys: pytest.CaptureFixture[str]) -> None:
    common = ["--artifact", str(run_dir / "artifact"), "--encoder", "hashing", "--cache", str(run_dir / "cache")]
    report = run_dir / "reports" / "new" / "report.json"
    assert main(["evaluate", "stc3", "--data", str(run_dir / "dialogues.jsonl"), "--out", str(report), *common]) == 0
    printed = json.loads(capsys.readouterr().out)
    wanted = {"S_NMD", "S_RSNOD", "A_NMD", "A_RSNOD", "E_NMD", "E_RSNOD", "nugget_JSD", "nugget_RNSS", "S_spearman"}
    assert wanted | {"unsat_auc", "interval_coverage", "interval_width", "ece", "prefix"} <= set(printed)
    assert json.loads(report.read_text(encoding="utf-8")) == printed
    assert main(["evaluate", "sentiment", "--data", str(run_dir / "lines.jsonl"), *common]) == 0
    assert json.loads(capsys.readouterr().out)["classes"] == 2
    unwritable = ["--out", str(run_dir)]
    assert main(["evaluate", "sentiment", "--data", str(run_dir / "lines.jsonl"), *common, *unwritable]) == 1
    assert json.loads(capsys.readouterr().out)["classes"] == 2  # the figures are not lost


def test_a_playbook_may_be_named_for_compliance_only(run_dir: Path, capsys: pytest.CaptureFixture[str]) -> None:
    common = ["--artifact", str(run_dir / "artifact"), "--encoder", "hashing", "--cache", str(run_dir / "cache")]
    arguments = ["--data", str(run_dir / "labelled.jsonl"), *common, "--playbook", "ecommerce-zh@1"]
    assert main(["evaluate", "compliance", *arguments]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert printed["playbook"].startswith("ecommerce-zh@1+")
    assert set(printed["baselines"]["cosine"]["checks"]["greeting"]) >= {"precision", "recall", "f1", "f1_interval"}
    assert main(["evaluate", "direction", *arguments]) == 1
    assert "--playbook" in capsys.readouterr().err
    assert main(["evaluate", "direction", *arguments[:-2]]) == 0
    assert json.loads(capsys.readouterr().out)["conversations"] == 12


def survey(number: int) -> dict:
    happy = number % 2
    row = labelled(number)
    row["turns"][2]["text"] = f"{number}{(GOOD if happy else BAD)[number % 4]}"
    row["turns"][1]["text"] = f"{number}已经处理好了" if happy else f"{number}请等待"
    return {**row, "facts": {"csat": 5 if happy else 1, "resolved": bool(happy)}, "labels": {}}


def test_without_stc3_satisfaction_is_learnt_from_surveys(run_dir: Path, tmp_path: Path) -> None:
    write_rows(tmp_path / "surveys.jsonl", [survey(number) for number in range(180)])
    own = {"files": str(tmp_path / "surveys.jsonl"), "sentiment_weight": 0.0, "survey_weight": 1.0, "held_out": 40}
    config = changed(
        run_dir,
        tmp_path,
        fitted=False,
        csat__files={},
        csat__terms="",
        own_labels={"s": {**own, "terms": "the shop's"}},
    )
    assert main(["all", "--config", str(config)]) == 0
    artifact = load_artifact(tmp_path / "artifact")
    figures = artifact.manifest.metrics["csat"]["s"]
    assert figures["surveys"] == 40
    assert figures["S_spearman"] > 0.5
    assert figures["resolution_auc"] > 0.8
    card = (tmp_path / "artifact" / "README.md").read_text(encoding="utf-8")
    assert "from surveys alone" in card
    assert "STC-3" not in card


def test_linear_algebra_keeps_to_one_thread_while_fitting(run_dir: Path) -> None:
    config = load_config(run_dir / "config.yaml")
    with fitting.fitted(config, fitting.prepare(config)):
        assert {pool["num_threads"] for pool in threadpool_info()} == {1}


def test_the_same_configuration_gives_the_same_bytes(run_dir: Path) -> None:
    before = {path.name: path.read_bytes() for path in (run_dir / "artifact").rglob("*") if path.is_file()}
    assert main(["all", "--config", str(run_dir / "config.yaml")]) == 0
    after = {path.name: path.read_bytes() for path in (run_dir / "artifact").rglob("*") if path.is_file()}
    assert before == after


def changed(run_dir: Path, tmp_path: Path, *, fitted: bool = True, **settings: object) -> Path:
    """Return a configuration with other settings (``table__key``) and its own directories, fitted already or not."""
    config = yaml.safe_load((run_dir / "config.yaml").read_text(encoding="utf-8"))
    config["work"], config["out"] = str(tmp_path / "work"), str(tmp_path / "artifact")
    if fitted:
        shutil.copytree(run_dir / "work", tmp_path / "work")
    for name, value in settings.items():
        table, _, key = name.partition("__")
        config[table] = {**config[table], key: value} if key else value
    path = tmp_path / "config.yaml"
    path.write_text(yaml.safe_dump(config, allow_unicode=True), encoding="utf-8")
    return path


def test_an_interrupted_run_goes_on_where_it_was(
    run_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    config = str(changed(run_dir, tmp_path, fitted=False))

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(fitting, "fit_csat", killed)
        with pytest.raises(KeyboardInterrupt):
            main(["fit", "--config", config])
    assert main(["publish", "--config", config]) == 1
    assert "the stage csat is missing" in capsys.readouterr().err
    monkeypatch.setattr(fitting, "fit_sentiment", killed)  # must not be asked again
    assert main(["fit", "--config", config]) == 0
    told = capsys.readouterr().err
    assert "sentiment: done already" in told
    assert "csat …" in told
    assert not (tmp_path / "artifact").exists()
    monkeypatch.setattr(fitting, "fit_csat", killed)
    assert main(["publish", "--config", config]) == 0
    published = {path.name: path.read_bytes() for path in (tmp_path / "artifact").rglob("*") if path.is_file()}
    whole = {path.name: path.read_bytes() for path in (run_dir / "artifact").rglob("*") if path.is_file()}
    assert published == whole


def test_a_worse_model_is_refused_unless_forced(
    run_dir: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(run_dir / "artifact", tmp_path / "artifact")
    before = (tmp_path / "artifact" / "manifest.json").read_bytes()
    config = str(changed(run_dir, tmp_path, csat__learning_rate=1e-6, csat__epochs=1))
    assert main(["all", "--config", config]) == 1
    told = capsys.readouterr().err
    assert "csat/stc3-zh S_NMD" in told
    assert "lower is better" in told
    assert "tolerance 0.005" in told
    assert (tmp_path / "artifact" / "manifest.json").read_bytes() == before
    gates = json.loads((tmp_path / "work" / "gates.json").read_text(encoding="utf-8"))
    assert gates["published"].startswith("tiny@3+")
    with pytest.raises(SystemExit):
        main(["publish", "--config", config, "--force"])
    assert main(["publish", "--config", config, "--force", "--why", "a test of the gates"]) == 0
    artifact = load_artifact(tmp_path / "artifact")
    assert artifact.manifest.metrics["forced"]["why"] == "a test of the gates"
    assert "a test of the gates" in (artifact.path / "README.md").read_text(encoding="utf-8")
    # The same once more: no worse than what is published, and still marked.
    capsys.readouterr()
    assert main(["publish", "--config", config, "--force", "--why", "again"]) == 0
    assert load_artifact(tmp_path / "artifact").manifest.metrics["forced"]["why"] in ("a test of the gates", "again")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["artifact", "config.yaml", "work"]


def test_a_publication_killed_between_its_two_steps_is_mended(run_dir: Path, tmp_path: Path) -> None:
    config = str(changed(run_dir, tmp_path))
    shutil.copytree(run_dir / "artifact", tmp_path / "artifact")
    (tmp_path / "artifact").rename(tmp_path / ".artifact.old")
    assert main(["publish", "--config", config]) == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["artifact", "config.yaml", "work"]


def test_a_published_artifact_that_cannot_be_measured_is_not_overwritten(
    run_dir: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(run_dir / "artifact", tmp_path / "artifact")
    (tmp_path / "artifact" / "sentiment" / "head.safetensors").write_bytes(b"damaged")
    assert main(["publish", "--config", str(changed(run_dir, tmp_path))]) == 1
    assert "cannot be measured" in capsys.readouterr().err


def test_a_fault_in_a_users_labels_is_told_with_its_place(
    run_dir: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [labelled(1), {**labelled(2), "labels": {"sentiment": [{"turn": 7, "label": "negative"}]}}]
    write_rows(tmp_path / "mine.jsonl", rows)
    own = {"files": str(tmp_path / "mine.jsonl"), "sentiment_weight": 1.0, "survey_weight": 1.0, "held_out": 0}
    config = changed(run_dir, tmp_path, own_labels={"mine": {**own, "terms": "mine"}})
    assert main(["prepare", "--config", str(config)]) == 1
    assert "mine.jsonl, line 2, $.labels.sentiment[0].turn" in capsys.readouterr().err


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
