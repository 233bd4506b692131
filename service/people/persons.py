"""People are added, found and deactivated; nobody is ever deleted or renamed."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import get_args

from sqlmodel import Session

from models.domain.conversation import Queue
from service.accounts.roles import ROLES, Role
from service.core.errors import InvalidRequestError, NotFoundError, PersonConflictError
from service.people import repository
from service.people.repository import PersonInfo

__all__ = ["PersonInfo", "add_person", "deactivate_person", "find_person", "list_people"]

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


def add_person(
    session: Session,
    person_id: str,
    name: str,
    role: Role,
    *,
    agent_id: str | None = None,
    queues: Sequence[str] = (),
) -> PersonInfo:
    """Add a person.

    Args:
        session: In which they are added when it commits.
        person_id: Letters, digits, ``.``, ``_`` and ``-``; it stands in the audit log, so no name or phone number.
        name: For people to read.
        role: What they may do.
        agent_id: Who they are in conversations; needed for the role ``agent``, who sees these alone.
        queues: Where they work; everywhere without.

    Raises:
        InvalidRequestError: Something of it is not allowed.
        PersonConflictError: The id is taken.
    """
    if not _ID.fullmatch(person_id):
        raise InvalidRequestError(
            "the id of a person is 1 to 64 letters, digits, '.', '_' and '-'",
            "人员编号由 1 至 64 个字母、数字、点、下划线或连字符组成",
            location="id",
        )
    if not name.strip() or "\0" in name:
        raise InvalidRequestError("a person needs a name", "人员需要姓名", location="name")
    if role not in ROLES or role == "ingest":
        people = [one for one in ROLES if one != "ingest"]
        raise InvalidRequestError(
            f"no such role of a person: {role}; roles are {', '.join(people)}",
            f"人员没有该角色：{role}；可用角色：{'、'.join(people)}",
            location="role",
        )
    if role == "agent" and not (agent_id or "").strip():
        raise InvalidRequestError(
            "an agent needs the agent id that stands in their conversations",
            "客服需要其在会话中的客服编号",
            location="agent_id",
        )
    unknown = sorted(set(queues) - set(get_args(Queue)))
    if unknown or (agent_id is not None and "\0" in agent_id):
        raise InvalidRequestError(
            f"no such queue: {', '.join(unknown)}; queues are {', '.join(get_args(Queue))}",
            f"没有该队列：{'、'.join(unknown)}；可用队列：{'、'.join(get_args(Queue))}",
            location="queues" if unknown else "agent_id",
        )
    person = PersonInfo(person_id, name.strip(), role, agent_id, tuple(dict.fromkeys(queues)), True, datetime.now(UTC))
    if not repository.insert_new(session, person):
        raise PersonConflictError(
            f"the id {person_id} is taken", f"编号 {person_id} 已被占用", hint="attune people list", location="id"
        )
    return person


def list_people(session: Session) -> list[PersonInfo]:
    """Return everybody by id, also those who were deactivated."""
    return repository.everybody(session)


def find_person(session: Session, person_id: str) -> PersonInfo:
    """Return a person.

    Raises:
        NotFoundError: There is none of that id.
    """
    found = repository.find(session, person_id)
    if found is None:
        raise NotFoundError(f"no person {person_id!r}", f"没有人员 {person_id!r}", location=person_id)
    return found


def deactivate_person(session: Session, person_id: str) -> PersonInfo:
    """Close all doors to a person at once: none of their keys opens any more. What they did stays theirs.

    Raises:
        NotFoundError: There is none of that id.
    """
    find_person(session, person_id)
    repository.deactivate(session, person_id)
    return find_person(session, person_id)
