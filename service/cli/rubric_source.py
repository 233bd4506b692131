"""Finds the rubric that a command line names: a file, a packaged one, or one published in the database."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlmodel import Session

    from models.domain.playbook import Playbook
    from models.domain.rubric import Rubric


def is_file(spec: str) -> bool:
    """Tell whether a file is meant."""
    path = Path(spec)
    return path.suffix in (".yaml", ".yml") or path.is_file()


def rubric_in(session: Session, spec: str) -> Rubric:
    """Return the rubric of ``spec``.

    Raises:
        UnknownRubricError: There is none.
        InvalidRubricError: The file is no rubric.
    """
    from models.errors import UnknownRubricError
    from models.qa import load_rubric
    from service.core.errors import NotFoundError
    from service.core.settings import load_settings
    from service.rubrics.registry import find_rubric

    if is_file(spec):
        return load_rubric(spec)
    try:
        return find_rubric(session, spec, load_settings().scoring.rubric)
    except NotFoundError as error:
        raise UnknownRubricError(
            f'There is no rubric "{spec}".', f"没有名为“{spec}”的评分标准。", hint="attune rubric list"
        ) from error


def rubric_of(spec: str) -> Rubric:
    """Return the same; the database is opened only where there is no such file or packaged version."""
    from models.errors import UnknownRubricError
    from models.qa import load_rubric
    from service.cli.database import opened_database

    if is_file(spec) or "@" in spec:
        try:
            return load_rubric(spec)
        except UnknownRubricError:
            if is_file(spec):
                raise
    with opened_database() as database, database.transaction() as session:
        return rubric_in(session, spec)


def playbooks_here(session: Session) -> list[Playbook]:
    """Return the playbooks that rubrics may go with: packaged and published ones, and that of the settings."""
    from datetime import UTC, datetime

    from service.core.settings import load_settings
    from service.playbooks.overview import all_known

    return [known.playbook for known in all_known(session, load_settings().scoring.playbook, datetime.now(UTC))]
