"""Finds the playbook that a command line names: a file, a packaged one, or one published in the database."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from models.domain.playbook import Playbook


def playbook_of(spec: str) -> Playbook:
    """Return the playbook of ``spec``; the database is asked only where there is no such file or packaged id.

    Raises:
        UnknownPlaybookError: There is none.
        InvalidPlaybookError: The file is no playbook.
    """
    from models.errors import UnknownPlaybookError
    from models.scorers.compliance import load_playbook

    try:
        return load_playbook(spec)
    except UnknownPlaybookError as unknown:
        found = _published(spec) if "@" in spec else None
        if found is None:
            raise unknown from None
        return found


def _published(spec: str) -> Playbook | None:
    from service.cli.database import opened_database
    from service.core.errors import NotFoundError
    from service.playbooks.registry import load_published

    with opened_database() as database, database.transaction() as session:
        try:
            return load_published(session, spec)
        except NotFoundError:
            return None
