"""Converters to the interchange format, by name."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from datetime import tzinfo
from functools import partial

from models.errors import AttuneError
from models.interchange import conversation_from_stc3
from service.ingest.errors import InputFormatError
from service.ingest.jsonl import read_jsonl
from service.ingest.outcomes import Outcome
from service.ingest.read import Items, classify, read_source
from service.ingest.source import Kind, Source, open_source


class UnknownFormatError(AttuneError):
    """No converter has that name."""

    code = "unknown-format"


def _stc3(source: Source, _zone: tzinfo | None) -> Items:
    _expect(source, "jsonl")
    return read_jsonl(source, conversation_from_stc3)


def _table(kind: Kind, source: Source, zone: tzinfo | None) -> Items:
    _expect(source, kind)
    return read_source(source, zone)


CONVERTERS: Mapping[str, Callable[[Source, tzinfo | None], Items]] = {
    "stc3": _stc3,
    "csv": partial(_table, "csv"),
    "xlsx": partial(_table, "xlsx"),
}


def convert(
    name: str,
    path: str | os.PathLike[str],
    *,
    zone: tzinfo | None = None,
    progress: Callable[[float | None], None] | None = None,
) -> Iterator[Outcome]:
    """Yield what became of each conversation of ``path``, read by the converter ``name``.

    Raises:
        UnknownFormatError: There is no such converter.
        InputError: Nothing of the input can be read, or it is of another kind.
    """
    if name not in CONVERTERS:
        known = ", ".join(CONVERTERS)
        raise UnknownFormatError(
            f'no converter is called "{name}"; there are: {known}', f"没有名为“{name}”的转换器,可用:{known}"
        )
    with open_source(path) as source:
        yield from classify(CONVERTERS[name](source, zone), source, progress)


def _expect(source: Source, kind: Kind) -> None:
    if source.kind == kind:
        return
    if kind == "csv" and source.kind == "jsonl":
        source.kind = "csv"  # the user knows better than its name, unless it is a workbook
        return
    raise InputFormatError(
        f"looks like {source.kind}, not {kind}",
        f"内容看起来是 {source.kind},而不是 {kind}",
        hint="choose the converter by content / 请按内容选择转换器",
        location=source.name,
    )
