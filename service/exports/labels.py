"""Labels for training as a file: what ``service.qa.learning`` yields, and how much of what people said is not in it."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from tempfile import TemporaryFile
from typing import IO, Any

import orjson

from service.accounts.actor import Actor
from service.audit.log import record
from service.db.engine import Database
from service.exports.slots import free_slot, take_slot
from service.qa.learning import LabelFilter, LabelTally, label_lines
from service.qa.repository.decisions import note_views
from service.qa.repository.learning import freeze
from service.qa.tasks import may_judge

_LINES = 50  # until it is noted who sees their decisions
_PIECE = 256 * 1024


@dataclass(frozen=True, slots=True)
class LabelFile:
    """A whole file: what is in it and what is not, and its bytes, JSON Lines, to be closed by who asked for it."""

    tally: LabelTally
    pieces: Generator[bytes, None, None]


def export_labels(database: Database, actor: Actor, wanted: LabelFilter) -> LabelFile:
    """Write the labels to a temporary file, for only at its end is it known what was left out.

    Two events are written: one before anything is read, one at the end with what is in the file and what is not, or
    where it broke off. Whoever judges and is told here what others decided is remembered, as when reading it score by
    score.

    Raises:
        TooManyExportsError: Others are running.
    """
    detail: dict[str, Any] = {"since": wanted.since, "until": wanted.until, "playbook": wanted.playbook}
    take_slot()
    try:
        _note(database, actor, {**detail, "stage": "begun"})
        tally, stage = LabelTally(), "broken"
        file = TemporaryFile(prefix="attune-labels-")  # noqa: SIM115  # it is read after this has returned
        try:
            _write(file, database, actor, wanted, tally)
            stage = "done"
        finally:
            if stage == "broken":
                file.close()
            _note(database, actor, {**detail, "stage": stage, "count": tally.lines, "skipped": asdict(tally.skipped)})
    finally:
        free_slot()
    pieces = _pieces(file)
    next(pieces)  # begun, so that closing it closes the file
    return LabelFile(tally, pieces)


def _write(file: IO[bytes], database: Database, actor: Actor, wanted: LabelFilter, tally: LabelTally) -> None:
    seen: set[int] = set()
    with database.transaction() as session:
        freeze(session)
        for line, scores in label_lines(session, wanted, tally):
            file.write(orjson.dumps(line) + b"\n")
            seen |= scores
            if tally.lines % _LINES == 0:
                _remember(database, actor, seen)
        _remember(database, actor, seen)
    file.seek(0)


def _pieces(file: IO[bytes]) -> Generator[bytes, None, None]:
    with file:
        yield b""
        while piece := file.read(_PIECE):
            yield piece


def _remember(database: Database, actor: Actor, seen: set[int]) -> None:
    if seen and actor.person_id is not None and may_judge(actor):
        with database.transaction() as session:
            note_views(session, sorted(seen), actor.person_id, datetime.now(UTC))
    seen.clear()


def _note(database: Database, actor: Actor, detail: dict[str, Any]) -> None:
    with database.transaction() as session:
        record(session, actor, "export.read", "dataset", "labels", detail)
