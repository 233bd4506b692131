"""The formats by themselves: many rows, dangerous cells, and files that break off."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime

import pytest
from fastapi.testclient import TestClient
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import load_workbook

from service.accounts.actor import Actor
from service.audit.log import EventFilter, list_events
from service.db.engine import Database
from service.exports import run, xlsx_file
from service.exports.columns import Column, Words
from service.exports.csv_file import csv_pieces, safe
from service.exports.dataset import Dataset, Wanted
from service.exports.files import FORMATS


def dataset(*names: str) -> Dataset:
    columns = [Column(name, Words(name, name), lambda row, name=name: row[name]) for name in names]
    return Dataset("test", Words("测试", "Test"), "scores:read", columns, lambda *_: iter(()))


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "＝1", '=HYPERLINK("http://x")'])
def test_no_text_is_a_formula(text: str) -> None:
    [_, [cell]] = csv.reader(io.StringIO(b"".join(csv_pieces(dataset("a"), [{"a": text}], "zh")).decode("utf-8-sig")))
    assert cell == "'" + text
    book = load_workbook(io.BytesIO(b"".join(FORMATS["xlsx"].pieces(dataset("a"), [{"a": text}], "zh"))))
    assert book.worksheets[0]["A2"].data_type == "s"


def test_numbers_stay_numbers() -> None:
    moment = datetime(2026, 10, 12, 1, tzinfo=UTC)
    row = {"a": -1.5, "b": moment, "c": True, "d": None, "e": float("nan")}
    [_, cells] = csv.reader(io.StringIO(b"".join(csv_pieces(dataset(*row), [row], "en")).decode("utf-8-sig")))
    assert cells == ["-1.5", "2026-10-12 09:00:00", "TRUE", "", "nan"]
    book = load_workbook(io.BytesIO(b"".join(FORMATS["xlsx"].pieces(dataset(*row), [row], "en"))))
    values = [cell.value for cell in book.worksheets[0][2]]
    assert values == [-1.5, datetime(2026, 10, 12, 9), True, None, None]


@given(st.text())
def test_any_text_comes_back(text: str) -> None:
    content = b"".join(csv_pieces(dataset("a", "b"), [{"a": text, "b": "x"}], "zh")).decode("utf-8-sig")
    [_, [cell, last]] = csv.reader(io.StringIO(content, newline=""))
    assert (cell, last) == (safe(text), "x")
    [line] = b"".join(FORMATS["jsonl"].pieces(dataset("a"), [{"a": text}], "zh")).decode().splitlines()[:1] or ["{}"]
    assert json.loads(b"".join(FORMATS["json"].pieces(dataset("a"), [{"a": text}], "zh")))["items"] == [{"a": text}]
    assert line


def test_long_and_strange_texts_fit_into_a_cell() -> None:
    rows = [{"a": "字" * 40_000}, {"a": "\x01\x1f控制"}]
    book = load_workbook(io.BytesIO(b"".join(FORMATS["xlsx"].pieces(dataset("a"), rows, "zh"))))
    assert len(book.worksheets[0]["A2"].value) == 32_767
    assert book.worksheets[0]["A3"].value.endswith("控制")


def test_what_does_not_fit_on_a_sheet_goes_on_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(xlsx_file, "SHEET_ROWS", 4)
    rows = [{"a": number} for number in range(7)]
    book = load_workbook(io.BytesIO(b"".join(FORMATS["xlsx"].pieces(dataset("a"), rows, "zh"))))
    assert book.sheetnames == ["测试", "测试 2", "测试 3"]
    values = [[cell.value for cell in sheet["A"]] for sheet in book.worksheets]
    assert values == [["a", 0, 1, 2], ["a", 3, 4, 5], ["a", 6]]


class _BrokenError(Exception):
    """The database went away."""


def _breaking(_session: object, _wanted: object, _blindness: object) -> Iterator[dict]:
    for number in range(5000):
        yield {"a": "x" * 100, "b": number}
    raise _BrokenError


@pytest.mark.parametrize("form", list(FORMATS))
def test_an_error_in_the_middle_leaves_no_whole_file(
    client: TestClient, database: Database, form: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = Dataset("conversations", Words("测试", "Test"), "scores:read", dataset("a", "b").columns, _breaking)
    monkeypatch.setitem(run.DATASETS, "conversations", broken)  # type: ignore[arg-type]
    content = b""
    with suppress(_BrokenError), client.stream("GET", f"/v1/exports/conversations.{form}") as answer:
        if answer.status_code == 200:
            for piece in answer.iter_bytes():
                content += piece
            pytest.fail("the answer looks whole")
        assert answer.status_code == 500
    with pytest.raises(ValueError, match=r".*"):
        json.loads(content or b"")
    assert form != "xlsx" or content == b""
    with database.transaction() as session:
        events = list_events(session, EventFilter(action="export.read")).items
    assert [one.detail["stage"] for one in events] == ["broken", "begun"]


def test_whoever_goes_away_ends_the_export(database: Database) -> None:
    endless = Dataset("test", Words("测试", "Test"), "scores:read", dataset("a", "b").columns, _breaking)
    pieces = run.export(database, Actor("x", "cli"), endless, Wanted(), "jsonl", "zh")
    assert next(pieces)
    assert database.engine.pool.checkedout() == 1  # type: ignore[attr-defined]
    pieces.close()
    assert database.engine.pool.checkedout() == 0  # type: ignore[attr-defined]
    with database.transaction() as session:
        [last, begun] = list_events(session, EventFilter(action="export.read")).items
    assert (begun.detail["stage"], last.detail["stage"]) == ("begun", "broken")
    assert 0 < last.detail["count"] < 5000


def test_only_some_run_at_once(client: TestClient, database: Database) -> None:
    endless = Dataset("test", Words("测试", "Test"), "scores:read", dataset("a", "b").columns, _breaking)
    running = [run.export(database, Actor("x", "cli"), endless, Wanted(), "jsonl", "zh") for _ in range(4)]
    refused = client.get("/v1/exports/conversations.csv")
    assert (refused.status_code, refused.json()["code"]) == (503, "too-many-exports")
    for one in running:
        next(one)
        one.close()
    assert client.get("/v1/exports/conversations.csv").status_code == 200
