"""Who acts: the person or system behind a key, or whoever sits at the command line."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol

from service.accounts.roles import Permission, Role, allows
from service.core.errors import ForbiddenError

ActorRole = Role | Literal["cli", "worker", "nobody"]


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts, and in which request.

    Attributes:
        name: For people to read: a person's name, a system key's name, ``cli:`` and the user of the machine.
        role: What they may do. ``cli`` has the whole database in its hands; ``worker`` is the service itself;
            ``nobody`` could not say who they are.
        person_id: Of the person, ``None`` where the key is a system's.
        agent_id: Who the person is in conversations.
        key_prefix: The public beginning of the key.
        request_id: Of the API request.
    """

    name: str
    role: ActorRole
    person_id: str | None = None
    agent_id: str | None = None
    key_prefix: str | None = None
    request_id: str | None = None

    @property
    def label(self) -> str:
        """Name in logs and in ``…_by`` columns: a person's id, else the name with the key's beginning."""
        if self.person_id is not None:
            return self.person_id
        return f"{self.name} ({self.key_prefix}…)" if self.key_prefix else self.name

    @property
    def only_agent(self) -> str | None:
        """The agent whose conversations alone may be seen, ``None`` where all may."""
        return (self.agent_id or "") if self.role == "agent" else None


WORKER = Actor("worker", "worker")
NOBODY = Actor("nobody", "nobody")


class HasRole(Protocol):
    """An actor, or a key."""

    @property
    def role(self) -> ActorRole:
        """What they may do."""
        ...


def require(who: HasRole, permission: Permission) -> None:
    """Let pass or refuse.

    Raises:
        ForbiddenError: The role does not include ``permission``.
    """
    role = who.role
    if role == "worker" or role == "nobody" or (role != "cli" and not allows(role, permission)):
        raise ForbiddenError(f"the role {role} does not include {permission}", f"角色 {role} 没有 {permission} 权限")
