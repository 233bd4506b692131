"""``attune score`` and ``attune convert`` on good and on bad input."""

from __future__ import annotations

import gzip
import io
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.service.ingest.bad_inputs import (
    BAD_FILES,
    BAD_LINES,
    CSV,
    GOOD_1,
    GOOD_2,
    BadFile,
    BadLine,
    conversation,
    line,
)

Attune = Callable[..., Any]


def ids(path: Path) -> list[str]:
    data = path.read_bytes()
    text = gzip.decompress(data) if path.name.endswith(".gz") else data
    return [json.loads(row)["id"] for row in text.splitlines()]


def test_one_line_per_conversation_in_the_order_of_the_input(attune: Attune, tmp_path: Path) -> None:
    (tmp_path / "in.jsonl").write_bytes(b"".join(line(conversation(number)) for number in range(600)))
    result = attune("score", tmp_path / "in.jsonl", "--out", tmp_path / "out.jsonl")
    assert result.code == 0
    assert result.out == ""
    assert "accepted 600 · unchanged 0 · revised 0 · refused 0" in result.err
    assert ids(tmp_path / "out.jsonl") == [f"c{number}" for number in range(600)]
    assert list(tmp_path.glob(".*")) == []


@pytest.mark.parametrize("name", ["out.jsonl", "out.jsonl.gz"])
def test_two_runs_give_the_same_bytes(name: str, attune: Attune, tmp_path: Path) -> None:
    (tmp_path / "in.jsonl").write_bytes(GOOD_1 + GOOD_2)
    outputs = []
    for folder in ("first", "second"):
        (tmp_path / folder).mkdir()
        attune("score", tmp_path / "in.jsonl", "--out", tmp_path / folder / name)
        outputs.append((tmp_path / folder / name).read_bytes())
    assert outputs[0] == outputs[1]


def test_other_kinds_of_input(attune: Attune, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "in.csv").write_text(CSV, encoding="utf-8")
    (tmp_path / "in.gz").write_bytes(gzip.compress(GOOD_1))
    out = tmp_path / "out.jsonl"
    assert attune("score", tmp_path / "in.csv", "--out", out).code == 0
    assert ids(out) == ["c1"]
    assert attune("score", tmp_path / "in.gz", "--out", out).code == 0
    stdin = io.TextIOWrapper(io.BufferedReader(io.BytesIO(GOOD_2)))  # type: ignore[arg-type,type-var]
    monkeypatch.setattr(sys, "stdin", stdin)
    result = attune("score", "-", "--out", "-")
    assert json.loads(result.out)["id"] == "c2"


@pytest.mark.parametrize("case", BAD_LINES, ids=lambda case: case.name)
def test_a_bad_line_is_told_and_the_others_are_scored(case: BadLine, attune: Attune, tmp_path: Path) -> None:
    (tmp_path / "in.jsonl").write_bytes(GOOD_1 + case.data + GOOD_2)
    refused = tmp_path / "refused.jsonl"
    result = attune("score", tmp_path / "in.jsonl", "--out", tmp_path / "out.jsonl", "--refused", refused)
    assert result.code == 1
    assert ids(tmp_path / "out.jsonl") == ["c1", "c2"]
    assert f"line 2 {case.path}: " in result.err
    assert case.words in result.err
    assert "accepted 2 · unchanged 0 · revised 0 · refused 1" in result.err
    assert "Traceback" not in result.err
    told = json.loads(refused.read_text(encoding="utf-8"))
    assert (told["line"], told["path"]) == (2, case.path)
    assert case.words in told["reason_en"]


@pytest.mark.parametrize("case", BAD_FILES, ids=lambda case: case.name)
@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_bad_file_is_one_red_line(case: BadFile, language: str, attune: Attune, tmp_path: Path) -> None:
    (tmp_path / case.file).write_bytes(case.data)
    (tmp_path / "out.jsonl").write_text("before")
    result = attune("--lang", language, "score", tmp_path / case.file, "--out", tmp_path / "out.jsonl")
    assert result.code == 2
    assert result.err.startswith(f"✗ [{case.code}] ")
    assert result.err.count("\n") == 1
    if language == "en":
        assert case.words in result.err
    else:
        assert any("\u4e00" <= character <= "\u9fff" for character in result.err)
    assert (tmp_path / "out.jsonl").read_text() == "before"


def test_where_every_line_is_refused_nothing_is_written(attune: Attune, tmp_path: Path) -> None:
    (tmp_path / "in.jsonl").write_bytes(b"{}\n[]\n")
    result = attune("score", tmp_path / "in.jsonl", "--out", tmp_path / "out.jsonl")
    assert result.code == 2
    assert "refused 2" in result.err
    assert not (tmp_path / "out.jsonl").exists()


def test_many_refusals_do_not_flood_the_screen(attune: Attune, tmp_path: Path) -> None:
    (tmp_path / "in.jsonl").write_bytes(GOOD_1 + b"{}\n" * 100)
    result = attune("score", tmp_path / "in.jsonl", "--out", tmp_path / "out.jsonl")
    assert result.err.count("✗ line") == 20
    assert "80 more" in result.err
    assert "--refused" in result.err


@pytest.mark.parametrize(
    ("source", "code"),
    [("nowhere.jsonl", "input-not-found"), (".", "input-not-readable"), ("in\0", "unreadable-input")],
)
def test_no_such_input(source: str, code: str, attune: Attune, tmp_path: Path) -> None:
    result = attune("score", tmp_path / source, "--out", tmp_path / "out.jsonl")
    assert result.code == 2
    assert f"[{code}]" in result.err


def test_no_permission(attune: Attune, tmp_path: Path) -> None:
    path = tmp_path / "in.jsonl"
    path.write_bytes(GOOD_1)
    path.chmod(0)
    root = os.geteuid() == 0
    if root:
        os.seteuid(65534)
    try:
        result = attune("score", path, "--out", tmp_path / "out.jsonl")
    finally:
        if root:
            os.seteuid(0)
    assert result.code == 2
    assert "permission" in result.err


@pytest.mark.parametrize("out", ["nowhere/out.jsonl", "."])
def test_no_such_output(out: str, attune: Attune, tmp_path: Path) -> None:
    (tmp_path / "in.jsonl").write_bytes(GOOD_1)
    result = attune("score", tmp_path / "in.jsonl", "--out", tmp_path / out)
    assert result.code == 2
    assert "[output-not-writable]" in result.err


def test_the_input_is_not_overwritten(attune: Attune, tmp_path: Path) -> None:
    path = tmp_path / "in.jsonl"
    path.write_bytes(GOOD_1)
    assert attune("score", path, "--out", path).code == 2
    assert path.read_bytes() == GOOD_1


@pytest.mark.parametrize("command", [["score"], ["convert", "csv"], ["import"]])
def test_refusals_are_not_written_over_the_input(command: list[str], attune: Attune, tmp_path: Path) -> None:
    path = tmp_path / "in.csv"
    path.write_text(CSV, encoding="utf-8")
    out = [] if command == ["import"] else ["--out", tmp_path / "out.jsonl"]
    result = attune(*command, path, *out, "--refused", tmp_path / "." / "in.csv")
    assert result.code == 2
    assert "[output-not-writable]" in result.err
    assert path.read_text(encoding="utf-8") == CSV


def test_result_and_refusals_need_two_files(attune: Attune, tmp_path: Path) -> None:
    (tmp_path / "in.jsonl").write_bytes(GOOD_1)
    out = tmp_path / "out.jsonl"
    result = attune("score", tmp_path / "in.jsonl", "--out", out, "--refused", out)
    assert result.code == 2
    assert "two outputs" in result.err
    assert not out.exists()


def test_reasons_are_chinese_in_chinese(attune: Attune, tmp_path: Path) -> None:
    (tmp_path / "in.jsonl").write_bytes(GOOD_1 + b'{"id": "x", \n{"a" 1}\n{} {}\n')
    told = attune("--lang", "zh", "score", tmp_path / "in.jsonl", "--out", tmp_path / "out.jsonl").err
    assert "双引号括起的键名" in told
    assert "此处应为冒号" in told
    assert "多余内容" in told
    assert "Expecting" not in told
    nowhere = attune("--lang", "zh", "score", tmp_path / "in.jsonl", "--out", tmp_path / "no" / "out.jsonl").err
    assert "没有这个目录" in nowhere


def test_damaged_utf8_is_not_taken_for_gbk(attune: Attune, tmp_path: Path) -> None:
    cut = '{"id": "三天了还没发货'.encode()[:-1] + b'"}\n'
    (tmp_path / "in.jsonl").write_bytes(GOOD_1 + cut)
    told = attune("score", tmp_path / "in.jsonl", "--out", tmp_path / "out.jsonl").err
    assert "line 2 $: not UTF-8" in told
    assert "GBK" not in told


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_stopped_half_way(number: int, tmp_path: Path) -> None:
    (tmp_path / "out.jsonl").write_text("before")
    environment = {**os.environ, "ATTUNE_ENGINE": "fake", "ATTUNE_LANG": "en"}
    command = [sys.executable, "-m", "service.cli", "score", "-", "--out", str(tmp_path / "out.jsonl")]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stderr=subprocess.PIPE, env=environment, text=True
    ) as process:
        assert process.stdin is not None
        assert process.stderr is not None
        process.stdin.write((GOOD_1 + GOOD_2).decode())
        process.stdin.flush()
        deadline = time.monotonic() + 60
        while len(list(tmp_path.iterdir())) < 2 and time.monotonic() < deadline:  # the unfinished output is there
            time.sleep(0.05)
            process.stdin.write("\n")
            process.stdin.flush()
        process.send_signal(number)
        assert process.wait(timeout=60) == 130
        assert process.stderr.read() == "Stopped\n"
    assert [path.name for path in tmp_path.iterdir()] == ["out.jsonl"]
    assert (tmp_path / "out.jsonl").read_text() == "before"


def test_text_from_a_stranger_cannot_steer_the_terminal(attune: Attune, tmp_path: Path) -> None:
    (tmp_path / "in.jsonl").write_bytes(line({"id": "\x1b]0;owned\x07", "turns": []}))
    result = attune("score", tmp_path / "in.jsonl", "--out", tmp_path / "out.jsonl")
    assert result.code == 2
    assert "\x1b" not in result.err


def test_zones_of_tables(attune: Attune, tmp_path: Path) -> None:
    path = tmp_path / "in.csv"
    path.write_text("会话ID,角色,内容,时间\nc1,客户,在吗,2026/10/12 9:00\n", encoding="utf-8")
    out = tmp_path / "out.jsonl"
    without = attune("score", path, "--out", out)
    assert without.code == 2
    assert "--timezone" in without.err
    assert attune("score", path, "--out", out, "--timezone", "+08:00").code == 0
    assert "[unknown-timezone]" in attune("score", path, "--out", out, "--timezone", "Mars/Base").err


def test_convert_stc3(attune: Attune, tmp_path: Path) -> None:
    record = {"id": "42", "turns": [{"sender": "customer", "utterances": ["断网了"]}]}
    (tmp_path / "in.jsonl.gz").write_bytes(gzip.compress(line(record) + b"{}\n"))
    result = attune("convert", "stc3", tmp_path / "in.jsonl.gz", "--out", tmp_path / "out.jsonl.gz")
    assert result.code == 1
    assert ids(tmp_path / "out.jsonl.gz") == ["42"]
    assert attune("score", tmp_path / "out.jsonl.gz", "--out", tmp_path / "scores.jsonl").code == 0
    assert "[unknown-format]" in attune("convert", "pdf", tmp_path / "in.jsonl.gz", "--out", tmp_path / "o").err
