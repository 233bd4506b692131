"""Users' patterns: how they are written, with words in them, and the options they are compiled with."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import re2

_LONGEST_PATTERN = 100_000
_MEMORY = 256 << 20
_PLACEHOLDER = re.compile(r"\{([a-z_]+)\}")


def options() -> re2.Options:
    """Return the options that patterns are compiled with."""
    chosen = re2.Options()
    chosen.log_errors = False
    chosen.max_mem = _MEMORY
    return chosen


def expand(pattern: str, words: Mapping[str, str]) -> str:
    """Replace every ``{word}`` of a pattern, words in words too.

    Raises:
        KeyError: A word does not exist.
        ValueError: Words refer to each other in a circle, or the pattern grows beyond all measure.
    """
    for _ in range(8):
        if len(pattern) + sum(len(words[name]) for name in _PLACEHOLDER.findall(pattern)) > _LONGEST_PATTERN:
            raise ValueError(f"with its words it is longer than {_LONGEST_PATTERN} characters")
        wider = _PLACEHOLDER.sub(lambda match: f"(?:{words[match[1]]})", pattern)
        if wider == pattern:
            return pattern
        pattern = wider
    raise ValueError("words refer to each other in a circle")


def alternation(patterns: Sequence[str], words: Mapping[str, str]) -> str:
    """Return one pattern that matches where any of ``patterns`` does, with their words filled in."""
    return "|".join(f"(?:{expand(pattern, words)})" for pattern in patterns)
