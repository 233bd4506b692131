"""The SSA benchmark on tiny generated data: read, fit, keep, evaluate."""

import json
import random
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
import yaml

from training.cli import main
from training.config import ConfigError
from training.data.ssa import SsaChat, SsaTurn, frequent_words, read_chats, without_copies
from training.fit.ssa_batches import Corpus
from training.fit.ssa_config import load_ssa_config
from training.fit.ssa_model import load_ssa_model, predict
from training.fit.ssa_net import Shape, SsaNet

MOOD = {1: range(10, 14), 2: range(20, 24), 3: range(30, 34)}
SHIPPED = Path(__file__).parents[2] / "training" / "weights"


def chat(level: int, source: random.Random) -> dict:
    """A conversation whose customer's words give the level away."""
    turns = [{"role": "agent", "tokens": [source.randrange(50, 60), 3], "sentiment": 3}]
    for _ in range(source.randrange(1, 4)):
        words = [source.choice(MOOD[level]), source.randrange(60, 70), source.choice(MOOD[level])]
        turns.append({"role": "customer", "tokens": words, "sentiment": level})
    return {"satisfaction": level, "turns": turns}


def write_chats(path: Path, count: int, seed: int) -> Path:
    source = random.Random(seed)
    rows = [chat(1 + number % 3, source) for number in range(count)]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def settings(directory: Path, out: str) -> dict:
    return {
        "name": "ssa-makeup",
        "seed": 5,
        "train": str(directory / "train.jsonl"),
        "test": str(directory / "test.jsonl"),
        "out": str(directory / out),
        "folds": 3,
        "repeats": 2,
        "least": 2,
        "dimension": 8,
        "channels": 16,
        "hidden": 8,
        "dropout": 0.1,
        "word_dropout": 0.1,
        "epochs": 12,
        "batch": 8,
        "learning_rate": 0.02,
        "weight_decay": 0.01,
        "smoothing": 0.05,
        "balance": 0.5,
        "agent": 0.3,
        "linear_strength": 1.0,
        "linear_terms": 40,
        "turn_strength": 1.0,
        "turn_terms": 60,
        "stack_strength": 0.05,
        "trees": 20,
    }


def fit(directory: Path, out: str) -> Path:
    config = directory / f"{out}.yaml"
    config.write_text(yaml.safe_dump({"ssa": settings(directory, out)}), encoding="utf-8")
    threads = torch.get_num_threads()
    try:
        assert main(["fit", "--config", str(config)]) == 0
    finally:
        torch.set_num_threads(threads)
    return directory / out


@pytest.fixture(scope="module")
def run_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("ssa")
    write_chats(directory / "train.jsonl", 180, 1)
    write_chats(directory / "test.jsonl", 60, 2)
    fit(directory, "weights")
    return directory


def test_fit_then_evaluate_through_the_command(run_dir: Path, capsys: pytest.CaptureFixture[str]) -> None:
    report = run_dir / "report.json"
    command = ["evaluate", "ssa-makeup", "--data", str(run_dir / "test.jsonl"), "--out", str(report)]
    assert main([*command, "--artifact", str(run_dir / "weights")]) == 0
    result = json.loads(capsys.readouterr().out)
    assert json.loads(report.read_text(encoding="utf-8")) == result
    assert result["conversations"] == 60
    assert result["satisfaction_macro_f1"] > 0.9
    assert result["satisfaction_accuracy"] > 0.9
    assert result["customer_sentiment_macro_f1"] > 0.9


def test_the_same_configuration_gives_the_same_bytes(run_dir: Path) -> None:
    again = fit(run_dir, "again")
    for name in ("ssa-makeup.safetensors", "ssa-makeup.json"):
        assert (again / name).read_bytes() == (run_dir / "weights" / name).read_bytes()


def test_numbers_survive_the_file_however_they_lie_in_memory(run_dir: Path, tmp_path: Path) -> None:
    model = load_ssa_model(run_dir / "weights", "ssa-makeup")
    turned = replace(model, stack=replace(model.stack, weights=np.asfortranarray(model.stack.weights)))
    turned.save(tmp_path, "turned")
    again = load_ssa_model(tmp_path, "turned")
    np.testing.assert_array_equal(again.stack.weights, model.stack.weights)
    chats = read_chats(run_dir / "test.jsonl")
    assert again.judge(chats) == model.judge(chats)


def test_a_judgement_does_not_depend_on_the_others_in_the_file(run_dir: Path) -> None:
    model = load_ssa_model(run_dir / "weights", "ssa-makeup")
    chats = read_chats(run_dir / "test.jsonl")
    together = predict(model.members.nets[0], Corpus(chats, model.vocabulary))[0]
    alone = np.concatenate([predict(model.members.nets[0], Corpus([item], model.vocabulary))[0] for item in chats])
    np.testing.assert_allclose(together, alone, atol=1e-4)


def test_unknown_words_empty_and_long_turns_and_a_single_side_are_judged(run_dir: Path) -> None:
    model = load_ssa_model(run_dir / "weights", "ssa-makeup")
    odd = [
        SsaChat(1, (SsaTurn("agent", (), 2),)),
        SsaChat(2, (SsaTurn("customer", (999_999,), 2), SsaTurn("customer", tuple(range(300)), 1))),
    ]
    levels, sentiments = model.judge(odd)
    assert set(levels) <= {1, 2, 3}
    assert [len(turns) for turns in sentiments] == [1, 2]


def test_words_reach_only_their_own_turn() -> None:
    torch.manual_seed(0)
    chats = [SsaChat(1, tuple(SsaTurn("customer", tuple(range(2, 2 + n)), 2) for n in (1, 5, 30, 3, 12, 48)))]
    corpus = Corpus(chats, range(2, 60))
    net = SsaNet(Shape(60, 4, 6, 4)).eval()
    batch = corpus.batch(torch.tensor([0]))
    together = net._read_turns(batch)
    for at, turn in enumerate(chats[0].turns):
        alone = Corpus([SsaChat(1, (turn,))], range(2, 60)).batch(torch.tensor([0]))
        torch.testing.assert_close(net._read_turns(alone)[0], together[at])


def test_copies_of_test_conversations_are_left_out(run_dir: Path) -> None:
    chats = read_chats(run_dir / "test.jsonl")
    copy = SsaChat(1 + chats[0].satisfaction % 3, chats[0].turns)
    kept = without_copies([copy, *chats[1:]], [chats[0]])
    assert chats[0].content not in {item.content for item in kept}


def test_frequent_words_are_counted_over_all_turns() -> None:
    chats = [SsaChat(1, (SsaTurn("customer", (7, 5), 1), SsaTurn("agent", (5, 9), 1)))]
    assert frequent_words(chats, 2) == [5]
    assert frequent_words(chats, 1) == [5, 7, 9]


@pytest.mark.parametrize(
    "row",
    [
        {"satisfaction": 4, "turns": []},
        {"satisfaction": 1, "turns": []},
        {"satisfaction": 1},
        {"satisfaction": 1, "turns": [{"role": "bot", "tokens": [1], "sentiment": 1}]},
        {"satisfaction": 1, "turns": [{"role": "agent", "tokens": ["x"], "sentiment": 1}]},
        {"satisfaction": 1, "turns": [{"role": "agent", "tokens": [1], "sentiment": 0}]},
    ],
)
def test_a_row_of_another_format_is_named(tmp_path: Path, row: dict) -> None:
    path = tmp_path / "chats.jsonl"
    path.write_text(json.dumps(row) + "\n", encoding="utf-8")
    with pytest.raises(ValueError, match=r"chats\.jsonl, row 1"):
        read_chats(path)


@pytest.mark.parametrize("change", [{"repeats": 0}, {"folds": 1}, {"epochs": "many"}, {"epoch": 3}])
def test_a_wrong_setting_is_refused(tmp_path: Path, change: dict) -> None:
    path = tmp_path / "ssa.yaml"
    path.write_text(yaml.safe_dump({"ssa": {**settings(tmp_path, "out"), **change}}), encoding="utf-8")
    with pytest.raises(ConfigError):
        load_ssa_config(path)


def test_configurations_of_other_kinds_are_left_to_others() -> None:
    assert load_ssa_config(SHIPPED.parent / "configs" / "default.yaml") is None


@pytest.mark.parametrize("name", ["ssa-clothes", "ssa-makeup"])
def test_shipped_weights_fit_their_configuration(name: str) -> None:
    config = load_ssa_config(SHIPPED.parent / "configs" / f"{name}.yaml")
    model = load_ssa_model(SHIPPED, name)
    assert config is not None
    assert len(model.members.nets) == config.folds * config.repeats
    assert (model.shape.dimension, model.shape.channels, model.shape.hidden) == (
        config.dimension,
        config.channels,
        config.hidden,
    )
    levels, _ = model.judge([SsaChat(2, (SsaTurn("customer", (5, 19, 4), 2),))])
    assert levels[0] in (1, 2, 3)
