"""Users' own labels: what is read, what is refused and where it says the fault is."""

import gzip
import json
from pathlib import Path

import pytest

from training.data.labels import InvalidLabelError, LabelledConversation, read_labels
from training.data.rated import surveys
from training.data.sentiment import corrected_lines

TURNS = [
    {"role": "customer", "text": "三天了还没发货,电话13812345678"},
    {"role": "agent", "text": "抱歉,今天一定发"},
    {"role": "customer", "text": "呵呵"},
    {"role": "customer", "text": ""},
]


def write(path: Path, *rows: dict) -> Path:
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    return path


def chat(identity: str = "c1", **fields: object) -> dict:
    return {"id": identity, "turns": TURNS, **fields}


def read_one(tmp_path: Path, **fields: object) -> LabelledConversation:
    (labelled,) = read_labels(write(tmp_path / "l.jsonl", chat(**fields)))
    return labelled


def test_survey_outcome_and_corrections_are_read_masked(tmp_path: Path) -> None:
    labels = {"sentiment": [{"turn": 2, "label": "negative", "weight": 2, "intensity": 1.5}]}
    labelled = read_one(tmp_path, facts={"csat": 2, "resolved": False}, labels=labels)
    assert (labelled.satisfaction, labelled.resolved) == (2, False)
    assert "13812345678" not in repr(labelled)
    assert labelled.conversation.extra == {}
    (line,) = corrected_lines([labelled], "shop")
    assert (line.text, line.label, line.weight, line.intensity) == ("呵呵", "negative", 2.0, 1.5)
    assert [role for role, _ in line.context] == ["customer", "agent"]
    (rated,) = surveys([labelled], "shop", 0.5)
    assert (rated.ratings, rated.resolved, rated.weight) == ((2,), False, 0.5)
    assert list(rated.distribution()) == [0, 1, 0, 0, 0]
    assert list(rated.distribution(0.2)) == pytest.approx([0.1, 0.8, 0.1, 0, 0])


def test_nothing_known_is_no_survey(tmp_path: Path) -> None:
    assert surveys([read_one(tmp_path)], "shop", 1.0) == []


def test_verdicts_come_in_two_forms(tmp_path: Path) -> None:
    labels = {"compliance": {"greeting": "fail", "rude": "pass"}, "evidence": {"greeting": [1]}}
    short = read_one(tmp_path, labels=labels).compliance
    assert [(v.check, v.verdict, v.turns, v.source) for v in short] == [
        ("greeting", "fail", (1,), "qa"),
        ("rude", "pass", (), "qa"),
    ]
    listed = [
        {"check": "rude", "verdict": "pass", "source": "appeal", "weight": 3},
        {"check": "rude", "verdict": "fail", "turns": [1], "source": "qa"},
        {"check": "empathy", "verdict": "fail"},
        {"check": "empathy", "verdict": "pass"},
    ]
    final = read_one(tmp_path, labels={"compliance": listed}).compliance
    assert [(v.check, v.verdict, v.source, v.weight) for v in final] == [
        ("rude", "pass", "appeal", 3.0),  # an appeal decides, whatever stands below it
        ("empathy", "pass", "qa", 1.0),  # of equals the last
    ]


@pytest.mark.parametrize(
    ("labels", "place", "words"),
    [
        ({"sentiment": [{"turn": 9, "label": "neutral"}]}, "$.labels.sentiment[0].turn", "no turn 9"),
        ({"sentiment": [{"turn": 1, "label": "neutral"}]}, "$.labels.sentiment[0].turn", "not the customer's"),
        ({"sentiment": [{"turn": 3, "label": "neutral"}]}, "$.labels.sentiment[0].turn", "no text"),
        ({"sentiment": [{"turn": 0, "label": "angry"}]}, "$.labels.sentiment[0].label", "allowed: negative"),
        ({"sentiment": [{"turn": 0}]}, "$.labels.sentiment[0].label", "missing"),
        ({"sentiment": [{"turn": 0, "label": "neutral", "weight": 0}]}, "$.labels.sentiment[0].weight", "> 0|greater"),
        ({"sentiment": [{"turn": 0, "label": "neutral"}] * 2}, "$.labels.sentiment[1].turn", "twice"),
        ({"compliance": {"rude": "failed"}}, "$.labels.compliance.rude", "allowed: pass"),
        ({"compliance": [{"check": "rude", "verdict": "no"}]}, "$.labels.compliance[0].verdict", "allowed: pass"),
        ({"compliance": [{"check": "rude", "verdict": "fail", "turns": [7]}]}, "$.labels.compliance[0].turns[0]", "7"),
        ({"compliance": 1}, "$.labels.compliance", "expected an object"),
        ({"evidence": {"rude": [4]}}, "$.labels.evidence.rude[0]", "no turn 4"),
        ({"sentimnt": []}, "$.labels.sentimnt", "misspelt"),
        ([], "$.labels", "expected an object"),
    ],
)
def test_a_fault_is_told_with_line_and_path(tmp_path: Path, labels: object, place: str, words: str) -> None:
    path = write(tmp_path / "l.jsonl", chat(), chat("c2", labels=labels))
    with pytest.raises(InvalidLabelError, match=words) as caught:
        read_labels(path)
    assert caught.value.location == f"{path}, line 2, {place}"
    assert caught.value.message_zh


def test_a_broken_line_and_a_second_id_are_told(tmp_path: Path) -> None:
    path = write(tmp_path / "l.jsonl", chat())
    path.write_text("\n{oops\n", encoding="utf-8")
    with pytest.raises(InvalidLabelError) as caught:
        read_labels(path)
    assert "line 2" in str(caught.value.location)
    with pytest.raises(InvalidLabelError, match=r"already in .*m\.jsonl, line 1"):
        read_labels(write(tmp_path / "m.jsonl", chat(), chat()))
    with pytest.raises(InvalidLabelError) as caught:
        read_labels(write(tmp_path / "n.jsonl", chat(facts={"csat": 6})))
    assert str(caught.value.location).endswith("line 1, $.facts.csat")


def test_a_file_cut_off_is_named(tmp_path: Path) -> None:
    path = tmp_path / "l.jsonl.gz"
    path.write_bytes(gzip.compress(json.dumps(chat()).encode())[:-20])
    with pytest.raises(ValueError, match="whole gzip"):
        read_labels(path)
