"""Reads JSON Lines, gzipped or plain, and says which bytes they were."""

from __future__ import annotations

import gzip
import hashlib
import json
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

OWN = "own/"  # files of our own writing, which come with the package


def read_text_lines(path: Path) -> Iterator[tuple[int, str]]:
    """Yield the lines of a text file, gzipped or plain, that are not blank, with their numbers from 1.

    Raises:
        ValueError: The file is not UTF-8 or not gzip although its name says so; the message names it.
        OSError: The file cannot be read.
    """
    opener = gzip.open if path.suffix == ".gz" else open
    try:
        with opener(path, "rt", encoding="utf-8") as stream:
            for number, line in enumerate(stream, start=1):
                if line.strip():
                    yield number, line
    except UnicodeDecodeError as problem:
        raise ValueError(f"{path}: not UTF-8 ({problem.reason})") from problem
    except (gzip.BadGzipFile, EOFError, zlib.error) as problem:
        raise ValueError(f"{path}: not a whole gzip file ({problem})") from problem


def read_rows(path: Path) -> list[dict[str, Any]]:
    """Return the objects of a ``.jsonl`` or ``.jsonl.gz`` file.

    Raises:
        ValueError: A line is not a JSON object; the message names it.
        OSError: The file cannot be read.
    """
    rows = []
    for number, line in read_text_lines(path):
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


def located(name: str, data: Path) -> Path:
    """Return where the corpus file ``name`` is: ``own/…`` beside this module, anything else below ``data``."""
    return Path(__file__).parent / name if name.startswith(OWN) else data / name
