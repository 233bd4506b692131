"""Who sits at the command line: as the audit log and ``…_by`` columns name them."""

from __future__ import annotations

import getpass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from service.accounts.actor import Actor


def user() -> str:
    """Return the name of the machine's user."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # no name behind the user id, as in some containers
        return "cli"


def this_actor() -> Actor:
    """Return who acts by this command; whoever may run it holds the whole database."""
    from service.accounts.actor import Actor

    return Actor(f"cli:{user()}", "cli")
