"""Bad inputs of every kind, as files, with what must be said of them: used by the reader's and the CLI's tests."""

from __future__ import annotations

import gzip
import io
import json
from dataclasses import dataclass
from typing import Any

import openpyxl

T0, T1 = "2026-10-12T09:00:00+08:00", "2026-10-12T09:00:05+08:00"


def conversation(number: int, **fields: Any) -> dict[str, Any]:
    turns = [
        {"role": "customer", "text": f"第{number}单还没发货", "at": T0},
        {"role": "agent", "text": "马上查", "at": T1},
    ]
    return {"id": f"c{number}", "turns": turns} | fields


def line(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode() + b"\n"


GOOD_1, GOOD_2 = line(conversation(1)), line(conversation(2))


@dataclass(frozen=True)
class BadLine:
    """A JSONL file in which the second of three lines is bad; the others must go in."""

    name: str
    data: bytes
    path: str
    words: str


def raw(text: str) -> bytes:
    return text.encode() + b"\n"


BAD_LINES = [
    BadLine("broken JSON", raw('{"id": "x", '), "$", "broken JSON"),
    BadLine("an array", raw('["x"]'), "$", "expected an object"),
    BadLine("a number", raw("7"), "$", "expected an object"),
    BadLine("two objects in a line", raw("{} {}"), "$", "Extra data"),
    BadLine("id of a wrong type", line(conversation(3, id=3)), "$.id", "expected a string"),
    BadLine("csat as text", line(conversation(3, facts={"csat": "3"})), "$.facts.csat", "whole number"),
    BadLine("no id", line({"turns": conversation(3)["turns"]}), "$.id", "missing"),
    BadLine(
        "1 MB turn",
        line(conversation(3, turns=[{"role": "agent", "text": "好" * 350_000}])),
        "$.turns[0].text",
        "20,000",
    ),
    BadLine("no turns", line({"id": "x"}), "$.turns", "missing"),
    BadLine("empty turns", line(conversation(3, turns=[])), "$.turns", "empty list"),
    BadLine("unknown role", line(conversation(3, turns=[{"role": "老板", "text": ""}])), "$.turns[0].role", "allowed"),
    BadLine(
        "times backwards",
        line(
            conversation(3, turns=[{"role": "agent", "text": "a", "at": T1}, {"role": "agent", "text": "b", "at": T0}])
        ),
        "$.turns[1].at",
        "before",
    ),
    BadLine(
        "time without zone",
        line(conversation(3, started_at="2026-10-12T09:00:00")),
        "$.started_at",
        "no time zone",
    ),
    BadLine("same id, other content", line(conversation(1, queue="presale")), "$.id", "line 1"),
    BadLine("GBK", raw('{"id": "x"').replace(b"x", "快递".encode("gbk")), "$", "GBK"),
    BadLine("Latin-1", b'{"id": "caf\xe9"}\n', "$", "not UTF-8"),
    BadLine("cut in a character", b'{"id": "\xe5\xbf"}\n', "$", "not UTF-8"),
    BadLine("NUL byte", b'{"id": "a\x00b"}\n', "$", "NUL byte"),
    BadLine("NUL escape", raw(r'{"id": "a\u0000b"}'), "$.id", "NUL character"),
    BadLine("half a surrogate", raw(r'{"id": "\ud83d"}'), "$.id", "surrogate"),
    BadLine("deep nesting", raw("[" * 100_000 + "]" * 100_000), "$", "nested"),
    BadLine(
        "deep nesting in a field",
        line(conversation(3)).replace(b"{", b'{"x": ' + b"[" * 50 + b"]" * 50 + b",", 1),
        "$.x[0][0][0]",
        "nested",
    ),
    BadLine("NaN", raw('{"id": "x", "score": NaN}'), "$", "NaN"),
    BadLine("Infinity", raw('{"id": "x", "score": -Infinity}'), "$", "-Infinity"),
    BadLine("overflowing number", line(conversation(3)).replace(b"{", b'{"x": 1e999,', 1), "$.x", "inf"),
    BadLine("a key twice", raw('{"id": "x", "id": "y"}'), "$", "twice"),
    BadLine("huge integer", line(conversation(3, order=10**40)), "$.order", "64 bits"),
    BadLine("integer of 5,000 digits", raw('{"id": ' + "9" * 5000 + "}"), "$", "64 bits"),
    BadLine("list where an id belongs", line(conversation(3, id=["a"])), "$.id", "expected a string"),
    BadLine(
        "object where a role belongs",
        line(conversation(3, turns=[{"role": {}, "text": ""}])),
        "$.turns[0].role",
        "allowed",
    ),
    BadLine("control character", b'{"id": "a\x01b"}\n', "$", "control character"),
    BadLine("field twice through extra", line(conversation(3, shop=1, extra={"shop": 2})), "$.shop", "twice"),
]


@dataclass(frozen=True)
class BadFile:
    """An input of which nothing can be taken."""

    name: str
    file: str
    data: bytes
    code: str
    words: str


def workbook(rows: list[list[Any]]) -> bytes:
    book = openpyxl.Workbook()
    assert book.active is not None
    for row in rows:
        book.active.append(row)
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


CSV = "会话ID,角色,内容\nc1,客户,在吗\nc1,客服,在的\n"
BAD_FILES = [
    BadFile("empty file", "in.jsonl", b"", "input-empty", "no conversation"),
    BadFile("blank lines only", "in.jsonl", b"\n  \n\r\n", "input-empty", "no conversation"),
    BadFile("byte order mark only", "in.jsonl", b"\xef\xbb\xbf", "input-empty", "no conversation"),
    BadFile("empty gzip", "in.jsonl.gz", gzip.compress(b""), "input-empty", "no conversation"),
    BadFile("UTF-16", "in.jsonl", GOOD_1.decode().encode("utf-16"), "input-format", "UTF-16"),
    BadFile("UTF-16 without a mark", "in.jsonl", GOOD_1.decode().encode("utf-16-le"), "input-format", "UTF-16"),
    BadFile("gzip cut in its head", "in.jsonl.gz", gzip.compress(GOOD_1)[:5], "input-format", "damaged gzip"),
    BadFile("gzip that is none", "in.jsonl.gz", b"\x1f\x8b" + b"nonsense" * 9, "input-format", "damaged gzip"),
    BadFile("CSV without a column", "in.csv", "会话ID,内容\nc1,在吗\n".encode(), "input-format", "role"),
    BadFile(
        "CSV with a column twice",
        "in.csv",
        "会话ID,角色,内容,消息\nc1,客户,a,b\n".encode(),
        "input-format",
        "both mean",
    ),
    BadFile("CSV in GBK", "in.csv", CSV.encode("gbk"), "input-format", "GBK"),
    BadFile("CSV in UTF-16", "in.csv", CSV.encode("utf-16"), "input-format", "UTF-16"),
    BadFile("CSV with an open quote", "in.csv", (CSV + 'c2,客户,"没有结束\n').encode(), "input-format", "broken CSV"),
    BadFile("CSV gzip cut", "in.csv.gz", gzip.compress(CSV.encode())[:-9], "input-damaged", "cut off"),
    BadFile("CSV with a header only", "in.csv", "会话ID,角色,内容\n".encode(), "input-empty", "no conversation"),
    BadFile("empty CSV", "in.csv", b"", "input-empty", "no conversation"),
    BadFile("XLSX that is none", "in.xlsx", b"conversation_id,role,text\n", "input-format", "not an Excel workbook"),
    BadFile("XLSX that is another zip", "in.xlsx", b"PK\x03\x04" + b"\0" * 99, "input-format", "Excel workbook"),
    BadFile("XLSX cut", "in.xlsx", workbook([["会话ID", "角色", "内容"]])[:-200], "input-format", "Excel workbook"),
    BadFile("XLSX without a column", "in.xlsx", workbook([["会话ID", "角色"], ["c1", "客户"]]), "input-format", "text"),
    BadFile("empty XLSX", "in.xlsx", workbook([]), "input-empty", "no conversation"),
    BadFile("old XLS", "in.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "input-format", "old Excel"),
]


@dataclass(frozen=True)
class BadTable:
    """A table in which one conversation is bad and another one good."""

    name: str
    rows: list[list[Any]]
    line: int
    path: str
    words: str


HEADER = ["会话ID", "角色", "内容", "时间", "满意度", "队列", "工号"]
OK_ROWS = [["ok", "客户", "在吗", T0, None, None, None], ["ok", "客服", "在的", T1, None, None, "a1"]]


def _table(name: str, rows: list[list[Any]], line: int, path: str, words: str) -> BadTable:
    return BadTable(name, [HEADER, *OK_ROWS, *rows], line, path, words)


BAD_TABLES = [
    _table("unknown role", [["b", "老板", "好", None, None, None, None]], 4, "column 角色", "allowed"),
    _table("no role", [["b", None, "好", None, None, None, None]], 4, "column 角色", "allowed"),
    _table("no id", [[None, "客户", "好", None, None, None, None]], 4, "column 会话ID", "no conversation id"),
    _table("csat out of range", [["b", "客户", "好", None, "9", None, None]], 4, "column 满意度", "≤ 5"),
    _table("csat no number", [["b", "客户", "好", None, "很好", None, None]], 4, "column 满意度", "whole number"),
    _table(
        "time without zone",
        [["b", "客户", "好", "2026/10/12 9:00", None, None, None]],
        4,
        "column 时间",
        "no time zone",
    ),
    _table("no such time", [["b", "客户", "好", "昨天", None, None, None]], 4, "column 时间", "ISO 8601"),
    _table(
        "times backwards",
        [["b", "客户", "好", T1, None, None, None], ["b", "客服", "好", T0, None, None, None]],
        5,
        "column 时间",
        "before",
    ),
    _table(
        "two queues",
        [["b", "客户", "好", None, None, "售前", None], ["b", "客户", "好", None, None, "售后", None]],
        5,
        "column 队列",
        "differs from row 4",
    ),
    _table("rounded id", [["1.2346E+17", "客户", "好", None, None, None, None]], 4, "column 会话ID", "rounded"),
    _table("text too long", [["b", "客户", "好" * 20_001, None, None, None, None]], 4, "column 内容", "20,000"),
]
