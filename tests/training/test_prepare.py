"""From a configuration to clean parts: groups stay together, copies are dropped whatever corpus they are in."""

import json
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
import yaml

from models.errors import UnknownPlaybookError
from training.config import Config, load_config
from training.data.enough import NotEnoughDataError
from training.data.labels import InvalidLabelError
from training.data.prepare import prepare_data
from training.evaluate import held_out

DEFAULT = Path(__file__).parents[2] / "training" / "configs" / "default.yaml"
LONG = "你们的快递到现在都没有更新我已经问了三次了到底什么时候能到"


def dialogue(identity: str, text: str) -> dict:
    annotation = {"quality": {"A": 0, "S": 0, "E": 0}, "nugget": ["CNUG0"]}
    return {"id": identity, "turns": [{"sender": "customer", "utterances": [text]}], "annotations": [annotation]}


def uss(number: int) -> dict:
    turns = [
        {"role": "agent", "text": f"Hello {number}", "act": "", "satisfaction": []},
        {"role": "customer", "text": f"I need a table for {number} people", "act": "INFORM", "satisfaction": [3, 3]},
    ]
    return {"turns": turns, "satisfaction": [3, 3]}


def chat(number: int) -> dict:
    turns = [{"role": "customer", "text": f"第{number}次问"}, {"role": "customer", "text": "快点"}]
    labels = {"sentiment": [{"turn": 0, "label": "neutral"}, {"turn": 1, "label": "negative"}]}
    return {"id": f"c{number}", "turns": turns, "facts": {"csat": 2}, "labels": labels}


def write_rows(path: Path, rows: list[dict]) -> None:
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> Config:
    directory = tmp_path_factory.mktemp("data")
    write_rows(directory / "zh.jsonl", [dialogue(f"d{n}", f"问题{n}") for n in range(40)])
    write_rows(directory / "en.jsonl", [dialogue(f"d{n}", f"Problem {n}") for n in range(0, 40, 2)])
    write_rows(directory / "uss.jsonl", [uss(number) for number in range(20)])
    write_rows(directory / "a.jsonl", [{"text": f"{n}号{LONG[n % 5 :]}", "label": "negative"} for n in range(60)])
    write_rows(directory / "b.jsonl", [{"text": f"{n}号{LONG[n % 5 :]}!", "label": "negative"} for n in range(60)])
    for part in range(2):
        write_rows(directory / f"chats{part}.jsonl", [chat(10 * part + number) for number in range(10)])
    document = yaml.safe_load(DEFAULT.read_text(encoding="utf-8"))
    corpus = {"rows": 0, "weight": 1.0, "polar": False, "calibrate": False, "terms": "t"}
    document |= {"data": str(directory), "work": str(directory / "work"), "gates": {}}
    document["csat"] |= {
        "files": {"zh": "zh.jsonl", "en": "en.jsonl"},
        "test_dialogues": 10,
    }
    document["sentiment"]["corpora"] = {
        "a": {**corpus, "file": "a.jsonl", "held_out": 20},
        "b": {**corpus, "file": "b.jsonl", "held_out": 0},
        "uss_lines": {**corpus, "file": "uss.jsonl", "held_out": 0},
        "chat": {**corpus, "file": "own/service_chat.jsonl", "held_out": 100, "calibrate": True},
    }
    document["ratings"] = {"uss": {"file": "uss.jsonl", "weight": 0.5, "held_out": 5, "terms": "t"}}
    own = {"files": "chats*.jsonl", "sentiment_weight": 2.0, "survey_weight": 0.5, "held_out": 6, "terms": "mine"}
    document["own_labels"] = {"shop": own}
    (directory / "config.yaml").write_text(yaml.safe_dump(document, allow_unicode=True), encoding="utf-8")
    return load_config(directory / "config.yaml")


def test_translations_are_in_one_part(config: Config) -> None:
    split = prepare_data(config).dialogues
    parts = [split.train, [row for rows in split.test.values() for row in rows]]
    ids = [{row.conversation.id for row in part} for part in parts]
    assert [len(part) for part in ids] == [30, 10]
    assert len(set.union(*ids)) == 40


def test_copies_of_a_test_line_are_dropped_in_every_corpus(config: Config) -> None:
    prepared = prepare_data(config)
    assert len(prepared.lines["a"].test) == 20  # as they were
    held_out = {line.text for line in prepared.lines["a"].test}
    assert held_out.isdisjoint(line.text.rstrip("!") for line in prepared.lines["b"].train)
    found = prepared.summary()["leaks_dropped"]
    assert sum(found["b.train > a.test"].values()) == 60 - len(prepared.lines["b"].train) >= 20


def test_turns_of_held_out_dialogues_do_not_teach_sentiment(config: Config) -> None:
    prepared = prepare_data(config)
    assert (len(prepared.rated["uss"].train), len(prepared.rated["uss"].test)) == (15, 5)
    tested = {turn.text for row in prepared.rated["uss"].test for turn in row.conversation.turns}
    taught = {line.text for line in prepared.lines["uss_lines"].train}
    assert len(taught) == 15
    assert taught.isdisjoint(tested)


def test_a_users_conversation_is_in_one_part_with_all_its_labels(config: Config) -> None:
    prepared = prepare_data(config)
    labelled, rated, lines = prepared.labelled["shop"], prepared.rated["shop"], prepared.lines["shop"]
    tested = {row.conversation.id for row in labelled.test}
    assert (len(labelled.train), len(tested)) == (14, 6)
    assert {row.conversation.id for row in rated.test} == tested
    assert {line.group for line in lines.test} == {f"conversation {identity}" for identity in tested}
    assert (len(lines.train), len(lines.test)) == (28, 12)
    assert prepared.corpora["shop"].weight == 2.0
    assert rated.train[0].weight == 0.5
    assert {source.name: source.rows for source in prepared.sources}["shop"] == 14


def test_texts_for_fitting_an_encoder_hold_nothing_of_the_held_out_rows(config: Config) -> None:
    prepared = prepare_data(config)
    train, everything = set(prepared.texts(held_out=False)), set(prepared.texts())
    held_out = {line.text for split in prepared.lines.values() for line in split.test if not line.context}
    held_out |= {row.conversation.turns[0].text for rows in prepared.dialogues.test.values() for row in rows}
    assert train < everything
    assert held_out <= everything - train


def test_it_is_a_function_of_the_files(config: Config) -> None:
    assert prepare_data(config).digests == prepare_data(config).digests


def without(config: Config, *names: str) -> Config:
    """Return the configuration without some of its corpora of lines."""
    kept = {name: corpus for name, corpus in config.sentiment.corpora.items() if name not in names}
    return replace(config, sentiment=replace(config.sentiment, corpora=kept))


def test_an_id_in_two_files_is_named_with_both_places(config: Config) -> None:
    other = config.data / "again.jsonl"
    write_rows(other, [chat(3)])
    own = {**config.own_labels, "again": replace(config.own_labels["shop"], files="again.jsonl")}
    with pytest.raises(InvalidLabelError, match=r"'c3' stands already in .*chats0\.jsonl, line 4") as caught:
        prepare_data(replace(config, own_labels=own))
    assert str(caught.value.location).endswith("again.jsonl, line 1, $.id")
    assert "c3" in caught.value.message_zh


def test_an_unknown_playbook_is_told_before_anything_is_fitted(config: Config) -> None:
    own = {"shop": replace(config.own_labels["shop"], playbook="nothing-of-the-kind")}
    with pytest.raises(UnknownPlaybookError):
        prepare_data(replace(config, own_labels=own))


def refusal(config: Config) -> str:
    with pytest.raises(NotEnoughDataError) as caught:
        prepare_data(config)
    assert caught.value.message_zh
    return caught.value.message_en


def test_what_the_data_do_not_suffice_for_is_told(config: Config) -> None:
    assert "no training line is labelled positive" in refusal(without(config, "chat"))
    chat_corpus = config.sentiment.corpora["chat"]
    sentiment = {**config.sentiment.corpora, "chat": replace(chat_corpus, calibrate=False)}
    uncalibrated = replace(config, sentiment=replace(config.sentiment, corpora=sentiment))
    assert "calibration lines are missing" in refusal(uncalibrated)
    assert "none is left" in refusal(replace(config, csat=replace(config.csat, test_dialogues=1000)))
    few = refusal(replace(config, csat=replace(config.csat, files={})))
    assert "at least 100 training conversations" in few
    assert "there are 0 (dissatisfied 0, satisfied 0, resolved 0, unresolved 0)" in few


def test_languages_without_test_dialogues_are_not_measured() -> None:
    prepared = SimpleNamespace(dialogues=SimpleNamespace(test={"zh": [], "en": []}))
    assert held_out._dialogues(cast("Any", SimpleNamespace(prepared=prepared))) == {}
