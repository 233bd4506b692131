"""The only place that commits."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import sqlalchemy as sa
from sqlmodel import Session

_LAST = "attune.last"


@contextmanager
def transaction(engine: sa.Engine) -> Iterator[Session]:
    """Give a session over one transaction: committed when the block ends, rolled back when it raises."""
    with Session(engine, expire_on_commit=False) as session, session.begin():
        yield session
        run_last(session)


def at_the_end(session: Session, action: Callable[[Session], None]) -> None:
    """Let ``action`` run as the last thing before the transaction commits, after those added before it.

    For what takes a lock that everybody needs: it is held for the shortest time, and nothing is waited for under it.
    """
    session.info.setdefault(_LAST, []).append(action)


def run_last(session: Session) -> None:
    """Run what was put off to the end; only for those who commit by themselves."""
    for action in session.info.pop(_LAST, ()):
        action(session)
