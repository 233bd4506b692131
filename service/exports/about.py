"""Columns that several datasets share: which conversation a row is about."""

from __future__ import annotations

from operator import attrgetter

from service.exports.columns import Column, Words
from service.exports.words import CHANNEL, QUEUE, Glossary


def field(name: str, zh: str, en: str, words: Glossary | None = None) -> Column:
    """Return a column that reads the row's attribute of that name."""
    return Column(name, Words(zh, en), attrgetter(name), words)


ABOUT = (
    field("conversation_id", "会话编号", "Conversation"),
    field("occurred_at", "会话时间（北京时间）", "Conversation time (Asia/Shanghai)"),
    field("queue", "业务队列", "Queue", QUEUE),
    field("channel", "渠道", "Channel", CHANNEL),
    field("agent_id", "客服编号", "Agent"),
)
