"""Reads dialogues of the NTCIR STC-3 corpus (customer and helpdesk on Weibo) as conversations."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from models.domain.conversation import Conversation
from models.errors import InvalidConversationError
from models.interchange.json_values import describe, json_path
from models.interchange.parse import parse_conversation

_ROLES = {"customer": "customer", "helpdesk": "agent"}


def conversation_from_stc3(record: Mapping[str, Any], language: str | None = None) -> Conversation:
    """Return the dialogue ``record`` as a conversation: its id kept, channel social, annotations left out.

    The utterances of one turn are joined with newlines; an empty one (a picture) leaves an empty line.

    Args:
        record: ``{"id", "turns": [{"sender": "customer"|"helpdesk", "utterances": [str]}]}``.
        language: BCP 47 tag, where the corpus says it.

    Raises:
        InvalidConversationError: The record is not of that form.
    """
    turns = record.get("turns")
    if not isinstance(turns, list):
        raise _refusal(("turns",), turns, "a list")
    converted = []
    for index, turn in enumerate(turns):
        if not isinstance(turn, Mapping):
            raise _refusal(("turns", index), turn, "an object")
        sender, utterances = turn.get("sender"), turn.get("utterances")
        if not isinstance(sender, str) or sender not in _ROLES:
            raise _refusal(("turns", index, "sender"), sender, "customer, helpdesk")
        if not isinstance(utterances, list) or not all(isinstance(line, str) for line in utterances):
            raise _refusal(("turns", index, "utterances"), utterances, "a list of strings")
        converted.append({"role": _ROLES[sender], "text": "\n".join(utterances)})
    return parse_conversation({"id": record.get("id"), "channel": "social", "language": language, "turns": converted})


def _refusal(steps: tuple[str | int, ...], found: Any, wanted: str) -> InvalidConversationError:
    found_en, found_zh = describe(found)
    return InvalidConversationError(
        f"not an STC-3 record: found {found_en}, expected {wanted}",
        f"不是 STC-3 记录:发现{found_zh},应为 {wanted}",
        location=json_path(steps),
    )
