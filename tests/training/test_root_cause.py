from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from models.documents import document_hash
from models.domain.conversation import Turn
from models.encode.hashing import HashingEncoder
from models.root_cause import load_taxonomy
from models.root_cause.head import NONE, WEIGHTS, read_head
from training.data.files import OWN, located
from training.evaluate.root_cause import COURTESY, FILES, Said, figures, padded, read_rows
from training.evaluate.root_cause_keywords import WORDS, keyword_topic
from training.fit.root_cause import Example, fit_head, write_head

OWN_DIRECTORY = located(OWN, Path())
TAXONOMY = load_taxonomy()


@pytest.mark.parametrize("file", [*FILES.values(), COURTESY])
def test_labels_are_of_the_taxonomy(file: str) -> None:
    for row in read_rows(OWN_DIRECTORY / file):
        topic = TAXONOMY.topic(row.topic)
        if row.topic == NONE:
            assert (row.kind, row.department) == ("undetermined", NONE)
            continue
        assert topic is not None, row.id
        if topic.kind != "depends":
            assert row.kind == topic.kind, row.id
        assert row.department == (TAXONOMY.responsible(topic, row.kind) or NONE), row.id


def test_no_scenario_and_no_conversation_stands_in_two_files() -> None:
    files = [read_rows(OWN_DIRECTORY / file) for file in FILES.values()]
    groups = [{row.group for row in rows} for rows in files]
    texts = [{" ".join(turn.text for turn in row.conversation.turns) for row in rows} for rows in files]
    for place, several in enumerate(groups):
        for other in range(place):
            assert not several & groups[other]
            assert not texts[place] & texts[other]
    counts = Counter(row.topic for row in files[0])
    assert min(counts[topic.id] for topic in TAXONOMY.topics) >= 10
    assert sum(map(len, files)) >= 500


def test_every_topic_has_its_keywords() -> None:
    assert set(WORDS) == {topic.id for topic in TAXONOMY.topics}
    assert keyword_topic("發票抬頭錯了") == "invoice"
    assert keyword_topic("呵呵") is None


@pytest.mark.parametrize("described", sorted(WEIGHTS.glob("*.json")), ids=lambda path: path.stem)
def test_the_packaged_heads_know_the_taxonomy(described: Path) -> None:
    head = read_head(described)
    topics = {name.partition("/")[0] for name in head.classes}
    assert topics == {topic.id for topic in TAXONOMY.topics} | {NONE}
    files = [FILES["main"], FILES["fresh"], COURTESY]
    data = document_hash([(OWN_DIRECTORY / file).read_text(encoding="utf-8") for file in files])
    assert json.loads(described.read_text())["data"] == data, "python -m training.evaluate.root_cause --write"


def test_fitting_writing_and_reading_again(tmp_path: Path) -> None:
    encoder = HashingEncoder()
    lines = {"late": "快递太慢了还没到", "rude": "客服态度真差骂人", NONE: "你好谢谢再见"}
    examples = []
    for number in range(10):
        for label, text in lines.items():
            turns = (Turn(0, "customer", f"{text}{number}"), Turn(1, "agent", "好的"))
            vectors = list(encoder.encode([turn.text for turn in turns]))
            name = label if label == NONE else f"{label}/system"
            examples.append(Example(turns, vectors, name, f"g{number}"))
    head = fit_head(examples, "test", "shop", "hashing")
    again = read_head(write_head(head, tmp_path, "sha256:x"))
    one = examples[0]
    odds = head.odds(one.turns, one.vectors)
    assert max(odds, key=lambda topic: odds[topic].value) == "late"
    read = again.odds(one.turns, one.vectors)
    assert read["late"].value == pytest.approx(odds["late"].value, abs=1e-4)
    np.testing.assert_allclose(again.weights, head.weights, atol=1e-6)
    weights = next(tmp_path.glob("*.safetensors"))
    weights.write_bytes(weights.read_bytes()[:-1] + b"x")
    with pytest.raises(ValueError, match="not what"):
        read_head(next(tmp_path.glob("*.json")))


def test_figures_of_all_right_and_all_open() -> None:
    rows = read_rows(OWN_DIRECTORY / FILES["final"])[:10]
    right = figures(rows, [Said(row.kind, row.topic, row.department, 1.0) for row in rows])
    assert (right["topic"]["macro_f1"], right["kind"]["told"]) == (1.0, 1.0)
    silent = figures(rows, [Said("undetermined", NONE, NONE, 0.0) for _ in rows])
    assert (silent["topic"]["told"], silent["topic"]["right_of_told"]) == (0.0, None)
    assert len(padded(rows[0]).conversation.turns) == len(rows[0].conversation.turns) + 10
