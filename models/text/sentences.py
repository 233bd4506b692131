"""Sentences of a text as it was written."""

from __future__ import annotations

import re

_END = re.compile(r"(?<=[。！？!?\n;；])|(?<=\.)\s+")


def sentences_of(text: str) -> list[str]:
    """Return the sentences that say anything, in order, with their marks; blanks around them are left out."""
    return [sentence for part in _END.split(text) if (sentence := part.strip())]


def spoken_sentences(role: str, text: str) -> list[str]:
    """Return the sentences that are encoded by themselves, too: those of an agent's message of several.

    What is forbidden must not be drowned by what is said around it.

    Args:
        role: Who says it.
        text: What of the message is encoded as a whole.
    """
    sentences = sentences_of(text) if role == "agent" else []
    return sentences if len(sentences) > 1 else []
