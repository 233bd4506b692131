"""The labelled set of personal data is what its source says, and its measures count what they should."""

from pathlib import Path

import pytest

from models.text.pii import PersonalDatum, mask
from training.data.files import read_rows
from training.data.privacy import KINDS, OWN_PRIVACY, build_lines, read_privacy, read_sources
from training.evaluate.privacy import evaluate_privacy, find_by_plain_patterns, measure_spans


def test_the_set_is_built_from_its_source() -> None:
    assert read_rows(OWN_PRIVACY) == build_lines(read_sources())


def test_the_set_is_large_and_mixed_and_its_groups_stay_together() -> None:
    lines = read_privacy(OWN_PRIVACY)
    assert len(lines) >= 600
    assert sum(not line.spans for line in lines) >= 0.4 * len(lines)
    assert {span.kind for line in lines for span in line.spans} == set(KINDS)
    assert len({(line.group, line.split) for line in lines}) == len({line.group for line in lines})
    assert len({line.id for line in lines}) == len(lines)


def test_marks_become_spans() -> None:
    first, second = build_lines(["# g\n打[phone:{m:###-####-####}]找[name:张三]\n订单{n:####}\n"])
    assert [span["kind"] for span in first["spans"]] == ["phone", "name"]
    phone, name = (first["text"][span["start"] : span["end"]] for span in first["spans"])
    assert (len(phone), name) == (13, "张三")
    assert (len(second["text"]), second["spans"], second["group"], second["split"]) == (6, [], "g", "dev")


@pytest.mark.parametrize("source", ["no group", "# g\n[nothing:1]", "# g\n[phone:1", "# g\n{m:##}"])
def test_a_faulty_source_is_refused(source: str) -> None:
    with pytest.raises(ValueError, match=r"group|kind|close|places"):
        build_lines([source])


@pytest.mark.parametrize(
    "row", ['{"id": "a"}', '{"id": "a", "text": "x", "group": "g", "spans": [{"kind": "phone", "start": 0, "end": 9}]}']
)
def test_a_faulty_row_is_named(tmp_path: Path, row: str) -> None:
    path = tmp_path / "lines.jsonl"
    path.write_text(row + "\n", encoding="utf-8")
    with pytest.raises(ValueError, match="row 1"):
        read_privacy(path)


def test_measures_count_exact_and_overlapping_spans() -> None:
    [line] = [item for item in read_privacy(OWN_PRIVACY) if item.id == "phone-plain-1-01"]
    [span] = line.spans
    figures = measure_spans(lambda _: [PersonalDatum("phone", span.start, span.end - 1)], [line])
    assert (figures["exact"]["f1"], figures["overlap"]["f1"]) == (0.0, 1.0)
    assert measure_spans(lambda _: list(line.spans), [line])["exact"]["f1"] == 1.0
    assert measure_spans(lambda _: [], [line])["exact"]["recall"] == 0.0


def test_detectors_beat_plain_patterns_and_masking_hides_every_kind() -> None:
    lines = read_privacy(OWN_PRIVACY)
    result = evaluate_privacy(lines)["test"]
    assert result["detectors"]["exact"]["f1"] > 0.95
    assert result["detectors"]["false_alarm_share"] < 0.02
    assert result["detectors"]["exact"]["f1"] > result["plain_patterns"]["exact"]["f1"] + 0.2
    assert all(len(mask(line.text)) == len(line.text) for line in lines)
    assert find_by_plain_patterns("邮箱a@example.com") == [PersonalDatum("email", 2, 15)]
