"""Reads JSON Lines, gzipped or plain, and says which bytes they were."""

from __future__ import annotations

import gzip
import hashlib
import json
from pathlib import Path
from typing import Any


def read_rows(path: Path) -> list[dict[str, Any]]:
    """Return the objects of a ``.jsonl`` or ``.jsonl.gz`` file.

    Raises:
        ValueError: A line is not a JSON object; the message names it.
        OSError: The file cannot be read.
    """
    opener = gzip.open if path.suffix == ".gz" else open
    rows = []
    with opener(path, "rt", encoding="utf-8") as stream:
        for number, line in enumerate(stream, start=1):
            if not line.strip():
                continue
            try:
                row = json.loads(line)
            except json.JSONDecodeError as problem:
                raise ValueError(f"{path}, line {number}: {problem}") from problem
            if not isinstance(row, dict):
                raise ValueError(f"{path}, line {number}: not an object")
            rows.append(row)
    return rows


def file_sha256(path: Path) -> str:
    """Return the SHA-256 of a file's bytes, in hex."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
