"""The reader: every kind of bad input gets a clear reason, and nothing else is lost."""

from __future__ import annotations

import gzip
import os
from pathlib import Path

import pytest

from service.ingest import Accepted, Outcome, Refused, Unchanged, read_conversations
from service.ingest.errors import InputError
from service.ingest.lines import MAX_LINE_BYTES
from tests.service.ingest.bad_inputs import (
    BAD_FILES,
    BAD_LINES,
    BAD_TABLES,
    CSV,
    GOOD_1,
    GOOD_2,
    BadFile,
    BadLine,
    BadTable,
    conversation,
    line,
    workbook,
)


def read(path: Path, data: bytes) -> list[Outcome]:
    path.write_bytes(data)
    return list(read_conversations(path))


def accepted(outcomes: list[Outcome]) -> list[tuple[int, str]]:
    return [(item.line, item.conversation.id) for item in outcomes if isinstance(item, Accepted)]


def refusals(outcomes: list[Outcome]) -> list[Refused]:
    return [item for item in outcomes if isinstance(item, Refused)]


@pytest.mark.parametrize("case", BAD_LINES, ids=lambda case: case.name)
@pytest.mark.parametrize("zipped", [False, True], ids=["plain", "gzip"])
def test_a_bad_line_is_refused_and_the_others_go_in(case: BadLine, zipped: bool, tmp_path: Path) -> None:
    data = GOOD_1 + case.data + GOOD_2
    outcomes = read(tmp_path / "in.jsonl", gzip.compress(data) if zipped else data)
    assert accepted(outcomes) == [(1, "c1"), (3, "c2")]
    (refused,) = refusals(outcomes)
    assert (refused.line, refused.path) == (2, case.path)
    assert case.words in refused.message_en
    assert refused.message_zh != refused.message_en
    assert refused.code == "invalid-conversation"


@pytest.mark.parametrize("case", BAD_FILES, ids=lambda case: case.name)
def test_a_bad_file_says_why(case: BadFile, tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        read(tmp_path / case.file, case.data)
    assert caught.value.code == case.code
    assert case.words in caught.value.message_en
    assert caught.value.message_zh != caught.value.message_en
    assert str(tmp_path) in (caught.value.location or "")


def csv_of(rows: list[list[object]]) -> bytes:
    return "".join(",".join("" if cell is None else str(cell) for cell in row) + "\n" for row in rows).encode()


@pytest.mark.parametrize("case", BAD_TABLES, ids=lambda case: case.name)
@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_a_bad_row_refuses_its_conversation_only(case: BadTable, kind: str, tmp_path: Path) -> None:
    data = csv_of(case.rows) if kind == "csv" else workbook(case.rows)
    outcomes = read(tmp_path / f"in.{kind}", data)
    assert accepted(outcomes) == [(2, "ok")]
    (refused,) = refusals(outcomes)
    assert (refused.line, refused.path) == (case.line, case.path)
    assert case.words in refused.message_en


def test_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file") as caught:
        list(read_conversations(tmp_path / "nowhere.jsonl"))
    assert caught.value.code == "input-not-found"


def test_a_directory(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="directory") as caught:
        list(read_conversations(tmp_path))
    assert caught.value.code == "input-not-readable"


def test_an_impossible_name() -> None:
    with pytest.raises(InputError, match="cannot be opened"):
        list(read_conversations("a\0b"))


def test_no_permission(tmp_path: Path) -> None:
    path = tmp_path / "in.jsonl"
    path.write_bytes(GOOD_1)
    path.chmod(0)
    root = os.geteuid() == 0
    if root:
        os.seteuid(65534)
    try:
        with pytest.raises(InputError) as caught:
            list(read_conversations(path))
    finally:
        if root:
            os.seteuid(0)
    assert caught.value.code == "input-not-readable"


def test_a_gzip_file_cut_off_gives_its_whole_lines(tmp_path: Path) -> None:
    lines = [line(conversation(number, noise=os.urandom(2000).hex())) for number in range(50)]
    data = gzip.compress(b"".join(lines))
    outcomes = read(tmp_path / "in.jsonl.gz", data[: len(data) // 2])
    assert 15 < len(accepted(outcomes)) < 35
    (refused,) = refusals(outcomes)
    assert refused.line == len(accepted(outcomes)) + 1
    assert refused.code == "input-damaged"


def test_a_gzip_file_with_a_broken_byte(tmp_path: Path) -> None:
    data = bytearray(gzip.compress(GOOD_1 + GOOD_2))
    data[-6] ^= 0xFF  # its checksum
    outcomes = read(tmp_path / "in.jsonl.gz", bytes(data))
    assert refusals(outcomes)[0].code == "input-damaged"


def test_a_line_too_long_for_memory_is_passed_over(tmp_path: Path) -> None:
    outcomes = read(tmp_path / "in.jsonl", GOOD_1 + b"x" * (2 * MAX_LINE_BYTES + 5) + b"\n" + GOOD_2)
    assert accepted(outcomes) == [(1, "c1"), (3, "c2")]
    assert "longer than 32 MiB" in refusals(outcomes)[0].message_en


def test_the_same_content_again_is_unchanged(tmp_path: Path) -> None:
    again = line(conversation(1, queue="other", tags=[]))  # written otherwise, meaning the same
    outcomes = read(tmp_path / "in.jsonl", GOOD_1 + GOOD_2 + again)
    assert outcomes[2] == Unchanged(3, "c1", 1)


def test_byte_order_mark_windows_lines_blank_lines_and_no_last_line_end(tmp_path: Path) -> None:
    data = b"\xef\xbb\xbf" + GOOD_1.replace(b"\n", b"\r\n") + b"\r\n   \n" + GOOD_2.rstrip(b"\n")
    assert accepted(read(tmp_path / "in.jsonl", data)) == [(1, "c1"), (4, "c2")]


def test_the_byte_that_is_no_utf8_is_named(tmp_path: Path) -> None:
    data = GOOD_1 + b'{"id": "' + "快递".encode("gbk") + b'"}\n'
    (refused,) = refusals(read(tmp_path / "in.jsonl", data))
    assert f"from byte {len(GOOD_1) + 8} " in refused.message_en
    assert "GB18030" in (refused.hint or "")


def test_a_json_array_is_told_how_to_become_lines(tmp_path: Path) -> None:
    outcomes = read(tmp_path / "in.json", b"[" + GOOD_1.rstrip() + b"]\n")
    assert "jq -c" in (refusals(outcomes)[0].hint or "")


def test_csv_rows_with_bad_bytes_or_too_many_cells_refuse_their_conversation(tmp_path: Path) -> None:
    data = CSV.encode() + "c2,客户,".encode() + "快递".encode("gbk") + "\nc3,客户,好,多\nc4,客户,在\n".encode()
    outcomes = read(tmp_path / "in.csv", data)
    assert accepted(outcomes) == [(2, "c1"), (6, "c4")]
    assert [(item.line, item.id) for item in refusals(outcomes)] == [(4, "c2"), (5, "c3")]
    assert "GBK" in refusals(outcomes)[0].message_en
    assert "4 cells" in refusals(outcomes)[1].message_en
