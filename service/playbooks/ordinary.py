"""Ordinary lines, to tell a pattern that matches everything: what people say in the shipped sample."""

from __future__ import annotations

import gzip
import json
from collections.abc import Mapping, Sequence
from functools import cache

from service.samples import sample_path


@cache
def ordinary_lines() -> Mapping[str, Sequence[str]]:
    """Return the different lines of the sample by speaker."""
    lines: dict[str, dict[str, None]] = {}
    with gzip.open(sample_path(), "rt", encoding="utf-8") as file:
        for row in file:
            for turn in json.loads(row)["turns"]:
                if turn.get("text"):
                    lines.setdefault(turn["role"], {})[turn["text"]] = None
    return {role: tuple(texts) for role, texts in lines.items()}
