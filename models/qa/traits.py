"""What a rubric may ask about a conversation itself."""

from __future__ import annotations

from collections.abc import Sequence

from models.domain.conversation import Conversation
from models.domain.rubric import Traits
from models.text.language import detect_language


def traits_of(conversation: Conversation, texts: Sequence[str] | None = None) -> Traits:
    """Return the traits; a group or role that the conversation does not name is ``None``.

    Args:
        conversation: Its language is detected where it names none.
        texts: Its turns' texts, if they are at hand with personal data masked; the turns' own by default.
    """
    if conversation.language:
        language: str | None = conversation.language.split("-")[0].lower()
    else:
        detected = detect_language([turn.text for turn in conversation.turns] if texts is None else texts)
        language = None if detected == "und" else detected
    return Traits(
        queue=conversation.queue,
        channel=conversation.channel,
        language=language,
        agent_group=_named(conversation, "group"),
        agent_role=_named(conversation, "role"),
        tags=tuple(conversation.tags),
    )


def _named(conversation: Conversation, what: str) -> str | None:
    found = conversation.agent.extra.get(what, conversation.extra.get(f"agent_{what}"))
    return None if found is None else str(found)
