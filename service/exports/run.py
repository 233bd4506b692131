"""Exporting: may they, what is noted before and after, and the bytes."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator
from datetime import UTC, datetime
from itertools import islice
from typing import Any

from service.accounts.actor import Actor, require
from service.audit.log import record
from service.conversations.filters import conditions_for_audit, only_for
from service.core.errors import ForbiddenError, InvalidRequestError, NotFoundError
from service.db.engine import Database
from service.exports import repository
from service.exports.blindness import Blindness
from service.exports.catalogue import DATASETS
from service.exports.columns import Language
from service.exports.dataset import Dataset, Wanted
from service.exports.files import FORMATS, Format
from service.exports.slots import free_slot, take_slot
from service.qa.repository.decisions import note_views
from service.qa.repository.learning import freeze


class Counted:
    """Rows on their way out: how many there were, and none leaves before it is noted who sees what."""

    def __init__(self, database: Database, rows: Iterator[Any], blindness: Blindness) -> None:
        """Wrap ``rows``."""
        self._database = database
        self._rows = rows
        self._blindness = blindness
        self.count = 0

    def __iter__(self) -> Iterator[Any]:
        """Yield the rows."""
        while batch := list(islice(self._rows, repository.BATCH)):
            seen, person = self._blindness.take_seen()
            if seen:
                with self._database.transaction() as session:
                    note_views(session, seen, person, datetime.now(UTC))
            self.count += len(batch)
            yield from batch


def datasets_for(actor: Actor) -> list[Dataset]:
    """Return the datasets that the actor may have."""
    return [one for one in DATASETS.values() if _may(actor, one)]


def find_dataset(actor: Actor, dataset_id: str) -> Dataset:
    """Return a dataset that the actor may have.

    Raises:
        NotFoundError: There is none of that name.
        ForbiddenError: It is not for the actor's role.
    """
    found = DATASETS.get(dataset_id)
    if found is None:
        names = ", ".join(DATASETS)
        raise NotFoundError(f"no dataset {dataset_id!r}", f"没有数据集 {dataset_id!r}", hint=names, location="dataset")
    require(actor, found.permission)
    return found


def export(
    database: Database,
    actor: Actor,
    dataset: Dataset,
    wanted: Wanted,
    form: Format,
    language: Language,
) -> Generator[bytes, None, None]:
    """Return the bytes of a file, to be closed by who asked for it; the first of them is ready.

    Two events are written: one before anything is read, one at the end with the number of rows, or where it broke off.

    Args:
        database: Where the rows are.
        actor: Who asks; for agents their own rows.
        dataset: Of ``find_dataset``.
        wanted: Which rows.
        form: The format.
        language: Of headers and words in tables.

    Raises:
        InvalidRequestError: A condition that the dataset does not know.
        ForbiddenError: It asks for what is another agent's.
        TooManyExportsError: Others are running.
    """
    only = Wanted(only_for(wanted.conditions, actor.only_agent), wanted.group_by, wanted.rubric)
    _require_known(dataset, only)
    detail: dict[str, Any] = {"format": form, "conditions": conditions_for_audit(only.conditions)}
    if only.group_by:
        detail["group_by"] = list(only.group_by)
    take_slot()
    try:
        _note(database, actor, dataset, {**detail, "stage": "begun"})
    except BaseException:
        free_slot()
        raise
    pieces = _pieces(database, actor, dataset, only, form, language, detail)
    first = next(pieces)
    return _after(first, pieces)


def _after(first: bytes, rest: Generator[bytes, None, None]) -> Generator[bytes, None, None]:
    try:
        yield first
        yield from rest
    finally:
        rest.close()


def _pieces(
    database: Database,
    actor: Actor,
    dataset: Dataset,
    wanted: Wanted,
    form: Format,
    language: Language,
    detail: dict[str, Any],
) -> Generator[bytes, None, None]:
    rows: Counted | None = None
    stage = "broken"
    try:
        with database.transaction() as session:
            freeze(session)
            blindness = Blindness(actor)
            rows = Counted(database, dataset.rows(session, wanted, blindness), blindness)
            yield from FORMATS[form].pieces(dataset, rows, language)
        stage = "done"
    finally:
        free_slot()
        _note(database, actor, dataset, {**detail, "stage": stage, "count": rows.count if rows else 0})


def _note(database: Database, actor: Actor, dataset: Dataset, detail: dict[str, Any]) -> None:
    with database.transaction() as session:
        record(session, actor, "export.read", "dataset", dataset.id, detail)


def _require_known(dataset: Dataset, wanted: Wanted) -> None:
    given = {name for name in wanted.conditions.__slots__ if getattr(wanted.conditions, name) is not None}
    unknown = sorted(given - dataset.conditions) + (["group_by"] if wanted.group_by and not dataset.grouped else [])
    if unknown:
        names = "、".join(_spelled(unknown))
        raise InvalidRequestError(
            f"{dataset.id} has no condition {', '.join(_spelled(unknown))}",
            f"数据集 {dataset.id} 不支持条件 {names}",
            location=_spelled(unknown)[0],
        )


def _spelled(names: Iterable[str]) -> list[str]:
    return [{"since": "from", "until": "to"}.get(name, name) for name in names]


def _may(actor: Actor, dataset: Dataset) -> bool:
    try:
        require(actor, dataset.permission)
    except ForbiddenError:
        return False
    return True
