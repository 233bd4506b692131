"""Audit events, a row each."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlmodel import Session

from service.exports import repository
from service.exports.about import field
from service.exports.blindness import Blindness
from service.exports.columns import Words
from service.exports.dataset import PERIOD, Dataset, Wanted


def _rows(session: Session, wanted: Wanted, _blindness: Blindness) -> Iterator[Any]:
    for batch in repository.events(session, wanted.conditions.since, wanted.conditions.until):
        yield from batch


AUDIT = Dataset(
    "audit",
    Words("审计日志", "Audit log"),
    "audit:read",
    (
        field("seq", "编号", "No."),
        field("at", "时间（北京时间）", "At (Asia/Shanghai)"),
        field("actor", "操作者", "Actor"),
        field("actor_role", "角色", "Role"),
        field("action", "操作", "Action"),
        field("object_type", "对象类型", "Object"),
        field("object_id", "对象编号", "Object's id"),
        field("request_id", "请求编号", "Request"),
        field("detail", "详情", "Detail"),
        field("hash", "哈希", "Hash"),
    ),
    _rows,
    PERIOD,
)
