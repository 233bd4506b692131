"""CSV and XLSX: one row a turn, columns by their English and Chinese names."""

from __future__ import annotations

import gzip
import io
from datetime import datetime, timedelta, timezone
from pathlib import Path

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.domain.conversation import Conversation
from service.ingest import Accepted, Refused, parse_timezone, read_conversations
from service.ingest.errors import TimezoneError
from tests.service.ingest.bad_inputs import workbook

CHINA = timezone(timedelta(hours=8))


def conversations(path: Path) -> list[Conversation]:
    outcomes = list(read_conversations(path, zone=CHINA))
    assert not [item for item in outcomes if isinstance(item, Refused)], outcomes
    return [item.conversation for item in outcomes if isinstance(item, Accepted)]


CSV = """会话ID,角色,内容,时间,工号,客服姓名,客户ID,队列,渠道,满意度,是否解决,标签,店铺
c1,买家,"在吗,三天了
还没发货",2026/10/12 9:00:03,,,u1,售后,旺旺,4,是,物流、催单,旗舰店
c2,访客,hello,2026-10-12T01:00:00Z,,,u2,售前,电话,,,,
c1,机器人,正在为您转人工,2026/10/12 9:00:04,,,u1,售后,旺旺,4,是,物流、催单,旗舰店
c1,客服,非常抱歉,2026/10/12 9:00:11,a3,小李,u1,售后,旺旺,4,是,物流、催单,旗舰店
c1,客服,主管跟进,2026/10/12 9:01:11,a4,小王,,,,,,,
"""


@pytest.mark.parametrize("form", ["csv", "semicolons", "tsv", "gz", "bom"])
def test_a_chinese_export(form: str, tmp_path: Path) -> None:
    path = tmp_path / {"tsv": "in.tsv", "gz": "in.csv.gz"}.get(form, "in.csv")
    text = CSV
    if form in ("semicolons", "tsv"):
        text = CSV.replace('"在吗,三天了\n还没发货"', "在吗，三天了").replace(
            ",", ";" if form == "semicolons" else "\t"
        )
    data = text.encode("utf-8-sig" if form == "bom" else "utf-8")
    path.write_bytes(gzip.compress(data) if form == "gz" else data)

    first, second = conversations(path)

    assert (first.id, first.queue, first.channel, first.tags) == ("c1", "aftersale", "chat", ("物流", "催单"))
    assert first.facts == {"csat": 4, "resolved": True}
    assert (first.agent.id, first.agent.name, first.customer.id) == ("a3", "小李", "u1")
    assert [turn.role for turn in first.turns] == ["customer", "bot", "agent", "agent"]
    assert [turn.agent_id for turn in first.turns] == [None, None, "a3", "a4"]
    assert first.turns[0].text.startswith("在吗")
    assert first.turns[0].extra == {"店铺": "旗舰店"}
    assert first.turns[0].at == datetime(2026, 10, 12, 9, 0, 3, tzinfo=CHINA)
    assert (second.queue, second.channel) == ("presale", "voice")
    assert second.turns[0].at == datetime(2026, 10, 12, 9, 0, 0, tzinfo=CHINA)


def test_a_workbook_with_native_cells(tmp_path: Path) -> None:
    path = tmp_path / "in.xlsx"
    path.write_bytes(
        workbook(
            [
                ["Conversation ID", "Role", "Text", "Time", "csat", "resolved", "Agent ID"],
                [1001, "customer", "在吗", datetime(2026, 10, 12, 9, 0, 3), 5, True, None],
                [1001, "agent", "在的", datetime(2026, 10, 12, 9, 0, 9), None, None, 7.0],
                [None, None, None, None, None, None, None],
                [1002, "customer", None, None, None, None, None],
            ]
        )
    )
    first, second = conversations(path)
    assert (first.id, first.agent.id, first.facts) == ("1001", "7", {"csat": 5, "resolved": True})
    assert first.turns[0].at == datetime(2026, 10, 12, 9, 0, 3, tzinfo=CHINA)
    assert second.turns[0].text == ""


def test_digits_that_excel_cut_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "in.xlsx"
    path.write_bytes(workbook([["会话ID", "角色", "内容"], [1.2345678901234567e18, "客户", "在吗"]]))
    (refused,) = read_conversations(path)
    assert isinstance(refused, Refused)
    assert "rounded" in refused.message_en


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0\r\n")), min_size=1, max_size=5))
def test_any_text_survives_csv(texts: list[str]) -> None:
    import csv

    from service.ingest.csv_table import read_csv
    from service.ingest.source import Source

    stream = io.StringIO()
    writer = csv.writer(stream)
    writer.writerows([["conversation_id", "role", "text"], *(["c1", "customer", text] for text in texts)])
    data = io.BytesIO(stream.getvalue().encode())
    (item,) = read_csv(Source("-", "csv", data, data, None))
    assert not isinstance(item, Refused)
    assert [turn.text for turn in item[1].turns] == texts


def test_only_the_first_sheet_is_read(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    assert book.active is not None
    book.active.append(["会话ID", "角色", "内容"])
    book.active.append(["c1", "客户", "在吗"])
    book.create_sheet("notes").append(["nothing of ours"])
    book.save(tmp_path / "in.xlsx")
    assert [item.id for item in conversations(tmp_path / "in.xlsx")] == ["c1"]


@pytest.mark.parametrize(
    ("text", "hours"), [("+08:00", 8), ("+8", 8), ("-0530", -5.5), ("UTC+8", 8), ("Asia/Shanghai", 8), ("UTC", 0)]
)
def test_time_zones(text: str, hours: float) -> None:
    assert parse_timezone(text).utcoffset(datetime(2026, 10, 12)) == timedelta(hours=hours)


@pytest.mark.parametrize("text", ["", "Mars/Base", "+99:00", "../etc/passwd", "\0"])
def test_no_such_time_zone(text: str) -> None:
    with pytest.raises(TimezoneError):
        parse_timezone(text)
