"""Masks the personal data of a whole conversation, before it is hashed or stored."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from models.domain.conversation import Conversation, Party
from models.text.pii import mask

_REFERENCE_KEY = re.compile(r"^(id|no)$|(_id|_no|_at)$")
_PERSONAL_KEY = re.compile(
    r"(^|_)(tel|telephone|phone|mobile|cellphone|contact_?(no|number|info|name)?$|whatsapp|wechat|weixin|qq|e?mail|address|receiver|recipient"
    r"|consignee|identity|passport|id_?card|card|bank_?account|real_?name|full_?name|customer_?name)(_|$)"
    r"|电话|手机|联系方式|微信|邮箱|地址|收件|收货|姓名|身份证|护照|银行卡|卡号",
    re.IGNORECASE,
)


def mask_conversation(conversation: Conversation) -> Conversation:
    """Return ``conversation`` without personal data: turn texts, the customer's name, and strings in facts and extras.

    Ids stay as they are, since everything else is joined by them, and so do agents' names. Doing it twice changes
    nothing more. Masked texts are as long as before, so offsets of evidence hold in both.
    """
    customer = conversation.customer
    return replace(
        conversation,
        turns=tuple(replace(turn, text=mask(turn.text), extra=_mask_values(turn.extra)) for turn in conversation.turns),
        agent=Party(conversation.agent.id, conversation.agent.name, _mask_values(conversation.agent.extra)),
        customer=Party(customer.id, customer.name and "*" * len(customer.name), _mask_values(customer.extra)),
        facts=_mask_values(conversation.facts),
        tags=tuple(mask(tag) for tag in conversation.tags),
        extra=_mask_values(conversation.extra),
    )


def _mask_values(value: Any, personal: bool = False) -> Any:
    """Mask what is found in strings and whole numbers, and all of what stands under a key that names personal data."""
    if isinstance(value, list):
        return [_mask_values(item, personal) for item in value]
    if isinstance(value, Mapping):
        return {mask(key): _mask_entry(key, child, personal) for key, child in value.items()}
    if isinstance(value, bool) or not isinstance(value, str | int):
        return value
    text = str(value)
    masked = "*" * len(text) if personal else mask(text)
    return value if masked == text else masked


def _mask_entry(key: str, value: Any, personal: bool) -> Any:
    if personal or _PERSONAL_KEY.search(key):
        return _mask_values(value, personal=True)
    # An order's number may look like a card's; everything else is joined by it.
    return value if isinstance(value, str | int) and _REFERENCE_KEY.search(key) else _mask_values(value)
