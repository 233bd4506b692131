"""Outputs are whole or absent, equal for equal content; converters read what they say."""

from __future__ import annotations

import gzip
import json
import time
from pathlib import Path

import pytest

from models.errors import AttuneError
from service.ingest import Accepted, convert, open_output
from service.ingest.errors import OutputError
from service.ingest.write import refuse_same_file

STC3 = {
    "id": "42",
    "turns": [{"sender": "customer", "utterances": ["断网了"]}, {"sender": "helpdesk", "utterances": ["好"]}],
}


def test_equal_content_gives_equal_bytes_gzipped_too(tmp_path: Path) -> None:
    for name in ("a.jsonl.gz", "b.jsonl.gz"):
        with open_output(tmp_path / name) as write:
            write({"id": "一", "x": [0.1]})
        time.sleep(1.01 if name.startswith("a") else 0)
    data = (tmp_path / "a.jsonl.gz").read_bytes()
    assert data == (tmp_path / "b.jsonl.gz").read_bytes()
    assert gzip.decompress(data).decode() == '{"id":"一","x":[0.1]}\n'


def test_a_failure_leaves_what_was_there(tmp_path: Path) -> None:
    path = tmp_path / "out.jsonl"
    path.write_text("before")
    with pytest.raises(ValueError, match="JSON"), open_output(path) as write:
        write({"a": float("nan")})
    assert path.read_text() == "before"
    assert list(tmp_path.iterdir()) == [path]


def test_when_it_is_not_wanted_nothing_is_left(tmp_path: Path) -> None:
    with open_output(tmp_path / "out.jsonl", when=lambda: False) as write:
        write({"a": 1})
    assert not list(tmp_path.iterdir())


def test_a_link_is_written_through(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "real")
    with open_output(tmp_path / "link") as write:
        write({"a": 1})
    assert (tmp_path / "link").is_symlink()
    assert json.loads((tmp_path / "real").read_text()) == {"a": 1}


@pytest.mark.parametrize("name", [".", "nowhere/out.jsonl", "file/out.jsonl"])
def test_where_nothing_can_be_written(name: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError), open_output(tmp_path / name):
        pass


def test_the_input_is_not_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "in.jsonl"
    path.write_text("x")
    with pytest.raises(OutputError, match="input"):
        refuse_same_file(str(path), tmp_path / "." / "in.jsonl")


def test_stc3(tmp_path: Path) -> None:
    path = tmp_path / "in.jsonl.gz"
    path.write_bytes(gzip.compress(json.dumps(STC3).encode()))
    (item,) = convert("stc3", path)
    assert isinstance(item, Accepted)
    assert [turn.role for turn in item.conversation.turns] == ["customer", "agent"]


def test_csv_by_another_name(tmp_path: Path) -> None:
    path = tmp_path / "export.txt"
    path.write_text("会话ID,角色,内容\nc1,客户,在吗\n", encoding="utf-8")
    (item,) = convert("csv", path)
    assert isinstance(item, Accepted)


@pytest.mark.parametrize(("name", "code"), [("pdf", "unknown-format"), ("xlsx", "input-format")])
def test_what_cannot_be_converted(name: str, code: str, tmp_path: Path) -> None:
    path = tmp_path / "in.jsonl"
    path.write_text(json.dumps(STC3))
    with pytest.raises(AttuneError) as caught:
        list(convert(name, path))
    assert caught.value.code == code
