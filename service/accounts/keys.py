"""API keys: made, listed, revoked and checked. A key is shown once, when it is made."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlmodel import Session

from service.accounts import repository
from service.accounts.actor import Actor, require
from service.accounts.repository import KeyInfo, KeyOwner
from service.accounts.roles import ROLES, Role
from service.core.errors import InvalidRequestError, NotFoundError, UnauthenticatedError

__all__ = [
    "Entry",
    "KeyInfo",
    "KeyOwner",
    "NewKey",
    "authenticate",
    "create_key",
    "enter",
    "list_keys",
    "public_part",
    "require",
    "revoke_key",
]

_PREFIX_LENGTH = 12  # "att_" and 8 characters by which people tell keys apart
_KEY = re.compile(r"att_[A-Za-z0-9_-]{43}")


@dataclass(frozen=True, slots=True)
class NewKey:
    """A key just made: ``key`` is the secret, never to be seen again."""

    key: str
    info: KeyInfo


@dataclass(frozen=True, slots=True)
class Entry:
    """Somebody has come in: the key, and whether it is its first use on this day (UTC)."""

    info: KeyInfo
    first_today: bool

    def actor(self, request_id: str | None = None) -> Actor:
        """Return who acts."""
        person = self.info.person
        return Actor(
            name=person.name if person else self.info.name,
            role=self.info.role,
            person_id=person.id if person else None,
            agent_id=person.agent_id if person else None,
            key_prefix=self.info.prefix,
            request_id=request_id,
        )


def create_key(
    session: Session,
    name: str,
    role: Role | None = None,
    expires_at: datetime | None = None,
    *,
    person_id: str | None = None,
) -> NewKey:
    """Make a key for a system, which has a role of its own, or for a person, whose role it has.

    Raises:
        InvalidRequestError: The name is empty, the role unknown or another one than the person's, the end lies in the
            past, or there is no such active person.
    """
    if not name.strip() or "\0" in name:
        raise InvalidRequestError("a key needs a name", "密钥需要名称", location="name")
    now = datetime.now(UTC)
    if expires_at is not None and expires_at <= now:
        raise InvalidRequestError("expires_at lies in the past", "过期时间早于现在", location="expires_at")
    key = "att_" + secrets.token_urlsafe(32)
    info = repository.add(
        session,
        name=name.strip(),
        role=_role(role) if person_id is None else _role_of(session, person_id, role),
        prefix=key[:_PREFIX_LENGTH],
        sha256=_digest(key),
        created_at=now,
        expires_at=expires_at,
        person_id=person_id,
    )
    return NewKey(key, info)


def list_keys(session: Session) -> list[KeyInfo]:
    """Return all keys, newest first, revoked ones too."""
    return repository.all_keys(session)


def revoke_key(session: Session, key_id: int) -> KeyInfo:
    """Revoke a key at once; revoking it again changes nothing.

    Raises:
        NotFoundError: There is no such key.
    """
    info = repository.revoke(session, key_id, datetime.now(UTC))
    if info is None:
        raise NotFoundError(f"no API key {key_id}", f"没有 API 密钥 {key_id}")
    return info


def authenticate(session: Session, key: str | None) -> KeyInfo:
    """Return whose key this is.

    Raises:
        UnauthenticatedError: As for ``enter``.
    """
    return enter(session, key).info


def enter(session: Session, key: str | None) -> Entry:
    """Let somebody in by their key, and note its use.

    Raises:
        UnauthenticatedError: No key, or one that is unknown, expired, revoked, or of a person who was deactivated. All
            look alike from outside.
    """
    usable = key and key.isascii() and "\0" not in key
    found = repository.find(session, key[:_PREFIX_LENGTH]) if key and usable else None
    # Compared even where no such prefix exists, so that the time taken does not tell.
    matches = hmac.compare_digest(_digest(key or ""), found[1] if found else "0" * 64)
    now = datetime.now(UTC)
    if found is None or not matches or not _opens(found[0], now):
        raise UnauthenticatedError(
            "a valid API key is needed" if key else "an API key is needed",
            "API 密钥无效" if key else "需要 API 密钥",
            hint="Authorization: Bearer <key>, or X-API-Key: <key>; make one with `attune keys create`",
        )
    return Entry(found[0], repository.note_use(session, found[0], now))


def public_part(key: str | None) -> str | None:
    """Return the beginning of a key, by which people recognise it; ``None`` for what has not the form of a key."""
    return key[:_PREFIX_LENGTH] if key and _KEY.fullmatch(key) else None


def _opens(info: KeyInfo, now: datetime) -> bool:
    expired = info.expires_at is not None and info.expires_at <= now
    return not (info.revoked_at or expired or (info.person is not None and not info.person.active))


def _role(role: Role | None) -> Role:
    if role not in ROLES:
        raise InvalidRequestError(
            f"no such role: {role}; roles are {', '.join(ROLES)}",
            f"没有该角色：{role}；可用角色：{'、'.join(ROLES)}",
            location="role",
        )
    if role == "agent":
        raise InvalidRequestError(
            "a key of the role agent belongs to a person",
            "客服角色的密钥必须属于某个人员",
            hint="attune people add … --role agent --agent-id …, then attune keys create … --person ID",
            location="role",
        )
    return role


def _role_of(session: Session, person_id: str, wanted: Role | None) -> Role:
    found = repository.owner(session, person_id) if "\0" not in person_id else None
    if found is None or not found[0].active:
        raise InvalidRequestError(
            f"no active person {person_id!r}",
            f"没有在职人员 {person_id!r}",
            hint="attune people list",
            location="person",
        )
    if wanted is not None and wanted != found[1]:
        raise InvalidRequestError(
            f"{person_id} has the role {found[1]}, and so have their keys",
            f"{person_id} 的角色是 {found[1]}，其密钥也只能是该角色",
            location="role",
        )
    return found[1]


def _digest(key: str) -> str:
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()
