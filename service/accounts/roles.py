"""Roles and what each may do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, get_args

Role = Literal["admin", "qa", "supervisor", "trainer", "agent", "ingest", "viewer"]
Permission = Literal[
    "conversations:write",
    "conversations:read",
    "scores:read",
    "scores:request",
    "playbooks:try",
    "playbooks:publish",
    "rubrics:publish",
    "reviews:write",
    "reviews:assign",
    "appeals:open",
    "appeals:decide",
    "calibration:manage",
    "policies:manage",
    "exports:read",
    "labels:read",
    "kpis:read",
    "jobs:read",
    "audit:read",
    "people:manage",
    "keys:manage",
]

ROLES: tuple[Role, ...] = get_args(Role)

_READ: frozenset[Permission] = frozenset({"conversations:read", "scores:read", "kpis:read", "jobs:read"})

PERMISSIONS: Mapping[Role, frozenset[Permission]] = {
    "admin": frozenset(get_args(Permission)),
    # Who judges: reviews, decides appeals, keeps playbooks, rubrics and sampling in order.
    "qa": _READ
    | {
        "scores:request",
        "playbooks:try",
        "playbooks:publish",
        "rubrics:publish",
        "reviews:write",
        "reviews:assign",
        "appeals:decide",
        "calibration:manage",
        "policies:manage",
        "exports:read",
        "labels:read",
    },
    # Who leads a team: distributes reviews and appeals for their people, but does not judge them.
    "supervisor": _READ | {"scores:request", "playbooks:try", "reviews:assign", "appeals:open", "exports:read"},
    "trainer": _READ | {"playbooks:try", "exports:read", "labels:read"},
    "viewer": _READ,
    # Only their own conversations and the scores of these: the routes see to it by ``Actor.only_agent``.
    "agent": frozenset({"conversations:read", "scores:read", "appeals:open", "exports:read"}),
    # A system that delivers conversations; it need not read what others delivered.
    "ingest": frozenset({"conversations:write", "jobs:read"}),
}


def allows(role: Role, permission: Permission) -> bool:
    """Tell whether ``role`` includes ``permission``."""
    return permission in PERMISSIONS[role]
