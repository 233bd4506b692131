"""Roles and what each may do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, get_args

Role = Literal["admin", "qa", "supervisor", "trainer", "ingest", "viewer"]
Permission = Literal[
    "conversations:write",
    "conversations:read",
    "scores:read",
    "scores:request",
    "playbooks:try",
    "playbooks:publish",
    "kpis:read",
    "jobs:read",
    "keys:manage",
]

ROLES: tuple[Role, ...] = get_args(Role)

_READ: frozenset[Permission] = frozenset({"conversations:read", "scores:read", "kpis:read", "jobs:read"})

PERMISSIONS: Mapping[Role, frozenset[Permission]] = {
    "admin": frozenset(get_args(Permission)),
    "qa": _READ | {"scores:request", "playbooks:try", "playbooks:publish"},
    "supervisor": _READ | {"scores:request", "playbooks:try"},
    "trainer": _READ | {"playbooks:try"},
    "viewer": _READ,
    # A system that delivers conversations; it need not read what others delivered.
    "ingest": frozenset({"conversations:write", "jobs:read"}),
}


def allows(role: Role, permission: Permission) -> bool:
    """Tell whether ``role`` includes ``permission``."""
    return permission in PERMISSIONS[role]
