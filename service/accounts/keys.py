"""API keys: made, listed, revoked and checked. A key is shown once, when it is made."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlmodel import Session

from service.accounts import repository
from service.accounts.repository import KeyInfo
from service.accounts.roles import ROLES, Permission, Role, allows
from service.core.errors import ForbiddenError, InvalidRequestError, NotFoundError, UnauthenticatedError

__all__ = ["KeyInfo", "NewKey", "authenticate", "create_key", "list_keys", "require", "revoke_key"]

_PREFIX_LENGTH = 12  # "att_" and 8 characters by which people tell keys apart


@dataclass(frozen=True, slots=True)
class NewKey:
    """A key just made: ``key`` is the secret, never to be seen again."""

    key: str
    info: KeyInfo


def create_key(session: Session, name: str, role: Role, expires_at: datetime | None = None) -> NewKey:
    """Make a key.

    Raises:
        InvalidRequestError: The name is empty, the role unknown, or the end lies in the past.
    """
    if role not in ROLES:
        raise InvalidRequestError(
            f"no such role: {role}; roles are {', '.join(ROLES)}", f"没有该角色：{role}；可用角色：{'、'.join(ROLES)}"
        )
    if not name.strip() or "\0" in name:
        raise InvalidRequestError("a key needs a name", "密钥需要名称", location="name")
    now = datetime.now(UTC)
    if expires_at is not None and expires_at <= now:
        raise InvalidRequestError("expires_at lies in the past", "过期时间早于现在", location="expires_at")
    key = "att_" + secrets.token_urlsafe(32)
    info = repository.add(
        session,
        name=name.strip(),
        role=role,
        prefix=key[:_PREFIX_LENGTH],
        sha256=_digest(key),
        created_at=now,
        expires_at=expires_at,
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
        UnauthenticatedError: No key, or one that is unknown, expired or revoked. All look alike from outside.
    """
    usable = key and key.isascii() and "\0" not in key
    found = repository.find(session, key[:_PREFIX_LENGTH]) if key and usable else None
    # Compared even where no such prefix exists, so that the time taken does not tell.
    matches = hmac.compare_digest(_digest(key or ""), found[1] if found else "0" * 64)
    now = datetime.now(UTC)
    if found is None or not matches or found[0].revoked_at or (found[0].expires_at and found[0].expires_at <= now):
        raise UnauthenticatedError(
            "a valid API key is needed" if key else "an API key is needed",
            "API 密钥无效" if key else "需要 API 密钥",
            hint="Authorization: Bearer <key>, or X-API-Key: <key>; make one with `attune keys create`",
        )
    repository.note_use(session, found[0], now)
    return found[0]


def require(info: KeyInfo, permission: Permission) -> None:
    """Let pass or refuse.

    Raises:
        ForbiddenError: The key's role does not include ``permission``.
    """
    if not allows(info.role, permission):
        raise ForbiddenError(
            f"the role {info.role} does not include {permission}", f"角色 {info.role} 没有 {permission} 权限"
        )


def _digest(key: str) -> str:
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()
