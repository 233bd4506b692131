"""The columns of a table of turns: their names in English and Chinese, and how a cell becomes a value."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime, tzinfo
from typing import Any

from models.errors import InvalidConversationError
from service.ingest.errors import InputFormatError

_HEADERS: Mapping[str, tuple[str, ...]] = {
    "conversation_id": (
        "会话ID",
        "会话编号",
        "会话号",
        "对话ID",
        "对话编号",
        "会话",
        "session_id",
        "dialog_id",
        "chat_id",
    ),
    "role": ("角色", "发送方", "发送者", "发言方", "发言人角色", "身份", "sender", "speaker"),
    "text": ("内容", "消息内容", "聊天内容", "文本", "消息", "发言内容", "message", "content", "utterance"),
    "at": ("时间", "发送时间", "消息时间", "发言时间", "time", "timestamp", "sent_at", "datetime"),
    "turn_id": ("消息ID", "消息编号", "message_id"),
    "agent_id": ("客服ID", "客服工号", "工号", "坐席ID", "坐席工号", "staff_id"),
    "agent_name": ("客服", "客服姓名", "客服昵称", "客服名称", "坐席", "坐席姓名", "agent"),
    "customer_id": ("客户ID", "买家ID", "用户ID", "顾客ID", "会员ID", "buyer_id", "user_id"),
    "customer_name": ("客户", "客户姓名", "客户昵称", "买家", "买家昵称", "用户昵称", "顾客", "customer", "buyer"),
    "queue": ("队列", "业务队列", "技能组", "业务类型", "skill_group"),
    "channel": ("渠道", "来源渠道", "接入渠道"),
    "language": ("语言", "语种", "lang"),
    "started_at": ("开始时间", "会话开始时间", "start_time"),
    "ended_at": ("结束时间", "会话结束时间", "end_time"),
    "csat": ("满意度", "满意度评分", "评分", "评价", "rating", "satisfaction"),
    "nps": ("推荐值", "净推荐值"),
    "resolved": ("是否解决", "已解决", "解决"),
    "tags": ("标签", "tag", "labels"),
}
NEEDED = ("conversation_id", "role", "text")
_WORDS: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "role": {
        "customer": ("客户", "买家", "顾客", "用户", "访客", "消费者", "会员", "buyer", "user", "visitor", "client"),
        "agent": ("客服", "人工客服", "人工", "坐席", "座席", "卖家", "商家", "店小二", "seller", "staff", "helpdesk"),
        "bot": ("机器人", "智能客服", "机器人客服", "机器客服", "robot", "chatbot"),
        "system": ("系统", "系统消息", "系统提示"),
    },
    "queue": {
        "presale": ("售前", "pre-sale", "pre_sale", "presales"),
        "aftersale": ("售后", "after-sale", "after_sale", "aftersales"),
        "complaint": ("投诉", "客诉", "complaints"),
        "other": ("其他", "其它"),
    },
    "channel": {
        "chat": ("在线", "聊天", "在线聊天", "网页", "旺旺", "im"),
        "voice": ("电话", "语音", "热线", "phone", "call"),
        "email": ("邮件", "邮箱", "mail"),
        "social": ("社交", "社交媒体", "微博", "微信"),
        "other": ("其他", "其它"),
    },
}
_YES_NO = {"是": True, "已解决": True, "yes": True, "true": True, "y": True, "1": True} | {
    "否": False, "未解决": False, "no": False, "false": False, "n": False, "0": False
}  # fmt: skip
_DATE = re.compile(
    r"(\d{4})[-/.年](\d\d?)[-/.月](\d\d?)日?[T\s]+(\d\d?):(\d\d)(?::(\d\d)(?:\.(\d{1,6})\d*)?)?\s*(.*)\Z"
)
_LOST_DIGITS = re.compile(r"\d(\.\d+)?E\+\d+\Z", re.IGNORECASE)
_IDS = ("conversation_id", "turn_id", "agent_id", "customer_id")
_BLANKS = re.compile(r"[\s_\-]+")


def _key(text: str) -> str:
    return _BLANKS.sub("", text).casefold()


_FIELD_BY_HEADER = {_key(header): field for field, synonyms in _HEADERS.items() for header in (field, *synonyms)}
_CODE_BY_WORD = {
    field: {_key(word): code for code, words in codes.items() for word in (code, *words)}
    for field, codes in _WORDS.items()
}


def map_header(header: Sequence[str], location: str) -> dict[str, int]:
    """Return which column holds which field; unknown columns go under their own name.

    Raises:
        InputFormatError: A needed column lacks, or two columns mean the same.
    """
    columns: dict[str, int] = {}
    for index, title in enumerate(header):
        name = title.strip()
        if not name:
            continue
        field = _FIELD_BY_HEADER.get(_key(name), name)
        if field in columns:
            raise InputFormatError(
                f'columns {columns[field] + 1} and {index + 1} ("{name}") both mean {field}',
                f"第 {columns[field] + 1} 列“{header[columns[field]]}”与第 {index + 1} 列“{name}”含义相同({field})",
                hint="rename or remove one / 请改名或删除其中一列",
                location=location,
            )
        columns[field] = index
    missing = [field for field in NEEDED if field not in columns]
    if missing:
        found = ", ".join(title for title in header if title.strip())[:200] or "-"
        names = ", ".join(f"{field} ({_HEADERS[field][0]})" for field in missing)
        raise InputFormatError(
            f"needed column missing: {names}; found: {found}",
            f"缺少必需的列:{names};现有列:{found}",
            hint="the first row must name the columns / 第一行必须是列名",
            location=location,
        )
    return columns


def known_field(name: str) -> bool:
    """Say whether ``name`` is a field of the format, not a column of the user's own."""
    return name in _HEADERS


def read_cell(field: str, cell: str, zone: tzinfo | None) -> Any:
    """Return the value that ``cell`` (not blank) holds for ``field``; what cannot be read comes back as it is.

    Raises:
        InvalidConversationError: The spreadsheet has cut the digits of an id, or a time has no zone and none is given.
    """
    text = cell if field == "text" else cell.strip()
    if field in _CODE_BY_WORD:
        return _CODE_BY_WORD[field].get(_key(text), text)
    if field in ("csat", "nps"):
        return int(text) if re.fullmatch(r"\d{1,3}", text) else text
    if field == "resolved":
        return _YES_NO.get(text.casefold(), text)
    if field == "tags":
        return [tag.strip() for tag in re.split(r"[,,;;、|]", text) if tag.strip()]
    if field in ("at", "started_at", "ended_at"):
        return _read_time(text, zone)
    if field in _IDS and _LOST_DIGITS.match(text):
        raise InvalidConversationError(
            f"{text}: the spreadsheet has rounded the id, its last digits are lost",
            f"{text}:编号被电子表格四舍五入,末尾数字已丢失",
            hint="format the column as text and export again / 请将该列设为文本格式后重新导出",
        )
    return text


def _read_time(text: str, zone: tzinfo | None) -> str:
    match = _DATE.match(text)
    if not match:
        return text
    year, month, day, hour, minute, second, fraction, offset = match.groups()
    if offset:
        return (
            f"{year}-{int(month):02}-{int(day):02}T{int(hour):02}:{minute}:{second or '00'}.{fraction or '0'}{offset}"
        )
    if zone is None:
        raise InvalidConversationError(
            f'the time "{text}" has no time zone',
            f"时间“{text}”没有时区",
            hint="say which with --timezone, e.g. --timezone +08:00 / 请用 --timezone 指定,如 --timezone +08:00",
        )
    numbers = [int(part) for part in (year, month, day, hour, minute, second or "0")]
    try:
        micro = int((fraction or "0").ljust(6, "0"))
        return datetime(*numbers, microsecond=micro, tzinfo=zone).isoformat()  # type: ignore[arg-type,misc]
    except ValueError:
        return text
