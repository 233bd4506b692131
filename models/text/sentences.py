"""Sentences of a text as it was written."""

from __future__ import annotations

import re

_END = re.compile(r"(?<=[。！？!?\n;；])|(?<=\.)\s+")


def sentences_of(text: str) -> list[str]:
    """Return the sentences that say anything, in order, with their marks; blanks around them are left out."""
    return [sentence for part in _END.split(text) if (sentence := part.strip())]
