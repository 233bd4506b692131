"""Reads one conversation of the interchange format: takes it whole, or refuses it whole with the place and reason."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any, NoReturn

from pydantic import BaseModel, ValidationError

from models.domain.conversation import Conversation, Party, Turn
from models.errors import InvalidConversationError
from models.interchange.document import ConversationDocument, PartyDocument, TurnDocument
from models.interchange.explain import explain
from models.interchange.json_values import SYNTAX_ERRORS_ZH, check_json_value, describe, json_path

_LINE_HINT = "one JSON object per line / 每行一个 JSON 对象"


def decode_json(text: str) -> dict[str, Any]:
    """Return the JSON object in ``text``, strictly: no NaN, no key twice, nothing after it.

    Raises:
        InvalidConversationError: The text is not one JSON object; ``location`` is ``$`` or the character position.
    """
    try:
        value = json.loads(text, object_pairs_hook=_unique_keys, parse_constant=_refuse_constant)
    except json.JSONDecodeError as error:
        what = error.msg.removesuffix(" at")
        raise InvalidConversationError(
            f"broken JSON at character {error.pos + 1}: {what}",
            f"JSON 第 {error.pos + 1} 个字符处有语法错误:{SYNTAX_ERRORS_ZH.get(what, what)}",
            hint=_LINE_HINT,
            location="$",
        ) from None
    except RecursionError:
        raise InvalidConversationError("nested too deeply", "嵌套过深", location="$") from None
    except ValueError:  # an integer of thousands of digits
        raise InvalidConversationError(
            "an integer of more than 64 bits",
            "整数超过 64 位",
            hint="write it as a string / 请写成字符串",
            location="$",
        ) from None
    if not isinstance(value, dict):
        found_en, found_zh = describe(value)
        raise InvalidConversationError(
            f"found {found_en}, expected an object", f"发现{found_zh},应为对象", hint=_LINE_HINT, location="$"
        )
    return value


def parse_conversation(obj: Mapping[str, Any]) -> Conversation:
    """Return the conversation that ``obj`` (decoded JSON) describes; nothing is coerced and nothing is dropped.

    Raises:
        InvalidConversationError: It breaks a rule of ``docs/guides/conversation-format.md``; ``location`` is the path.
    """
    check_json_value(obj)
    try:
        document = ConversationDocument.model_validate(dict(obj) if isinstance(obj, Mapping) else obj)
    except ValidationError as error:
        raise explain(error.errors(include_url=False)) from None
    _check_order(document)
    facts = obj.get("facts")
    return Conversation(
        id=document.id,
        turns=tuple(_turn(index, turn) for index, turn in enumerate(document.turns)),
        channel=document.channel or "chat",
        queue=document.queue or "other",
        language=document.language,
        agent=_party("agent", document.agent),
        customer=_party("customer", document.customer),
        started_at=document.started_at,
        ended_at=document.ended_at,
        facts=dict(facts) if facts else {},
        tags=tuple(document.tags or ()),
        extra=_extra((), document, document.extra),
    )


def _turn(index: int, turn: TurnDocument) -> Turn:
    return Turn(
        index=index,
        role=turn.role,
        text=turn.text,
        at=turn.at,
        id=turn.id,
        agent_id=turn.agent_id,
        extra=_extra(("turns", index), turn, turn.extra),
    )


def _party(name: str, party: PartyDocument | None) -> Party:
    return Party(party.id, party.name, _extra((name,), party, party.extra)) if party else Party()


def _extra(steps: tuple[str | int, ...], document: BaseModel, given: dict[str, Any] | None) -> dict[str, Any]:
    unknown = document.model_extra or {}
    for key in unknown.keys() & (given or {}).keys():
        raise InvalidConversationError(
            "the field is given twice: here and under `extra`",
            "字段重复:此处与 extra 中各有一个",
            location=json_path((*steps, key)),
        )
    return {**(given or {}), **unknown}


def _check_order(document: ConversationDocument) -> None:
    latest: tuple[int, datetime] | None = None
    for index, turn in enumerate(document.turns):
        if turn.at is None:
            continue
        if latest and turn.at < latest[1]:
            _refuse_order(("turns", index, "at"), turn.at, latest[1], f"turns[{latest[0]}].at")
        latest = index, turn.at
    _check_span((), "started_at", document.started_at, "ended_at", document.ended_at)
    complaint = document.facts.complaint if document.facts else None
    if complaint:
        steps = ("facts", "complaint")
        _check_span(steps, "received_at", complaint.received_at, "closed_at", complaint.closed_at)


def _check_span(steps: tuple[str, ...], start: str, started: datetime | None, end: str, ended: datetime | None) -> None:
    if started and ended and ended < started:
        _refuse_order((*steps, end), ended, started, start)


def _refuse_order(steps: tuple[str | int, ...], time: datetime, before: datetime, other: str) -> NoReturn:
    raise InvalidConversationError(
        f"{time.isoformat()} lies before {other} ({before.isoformat()})",
        f"时间倒退:{time.isoformat()} 早于 {other}({before.isoformat()})",
        hint="put the turns in time order / 请按时间顺序排列",
        location=json_path(steps),
    )


def _unique_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) < len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in keys if keys.count(key) > 1)
        raise InvalidConversationError(
            f"the key {describe(twice)[0].removeprefix('the string ')} stands twice in one object",
            f"同一对象中键 {describe(twice)[1].removeprefix('字符串 ')} 出现两次",
            location="$",
        )
    return result


def _refuse_constant(name: str) -> NoReturn:
    raise InvalidConversationError(
        f"{name} is not a JSON number", f"{name} 不是合法的 JSON 数字", hint="use null / 请使用 null", location="$"
    )
