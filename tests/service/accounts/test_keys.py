from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st
from sqlmodel import Session

from service.accounts.keys import authenticate, create_key, list_keys, require, revoke_key
from service.accounts.roles import PERMISSIONS, ROLES, allows
from service.core.errors import ForbiddenError, InvalidRequestError, NotFoundError, UnauthenticatedError


def test_a_key_opens_and_only_its_hash_is_stored(session: Session) -> None:
    made = create_key(session, "工单系统", "ingest")
    assert authenticate(session, made.key).id == made.info.id
    row = session.execute(
        sa.text("SELECT api_key::text FROM api_key WHERE id = :id"), {"id": made.info.id}
    ).scalar_one()
    assert made.key not in row
    assert made.key[:12] in row
    assert create_key(session, "工单系统", "ingest").key != made.key


@given(st.text(max_size=60))
def test_nothing_else_opens(session: Session, text: str) -> None:
    with pytest.raises(UnauthenticatedError):
        authenticate(session, text)


def test_nearly_the_key_does_not_open(session: Session) -> None:
    key = create_key(session, "x", "admin").key
    for wrong in (key[:-1], key + "x", key[:-1] + ("a" if key[-1] != "a" else "b"), key.upper(), f" {key}", None):
        with pytest.raises(UnauthenticatedError):
            authenticate(session, wrong)


def test_an_expired_key_does_not_open(session: Session) -> None:
    made = create_key(session, "x", "viewer", datetime.now(UTC) + timedelta(hours=1))
    assert authenticate(session, made.key)
    session.execute(sa.text("UPDATE api_key SET expires_at = now() - interval '1 second'"))
    session.expire_all()
    with pytest.raises(UnauthenticatedError):
        authenticate(session, made.key)


def test_revoking(session: Session) -> None:
    made = create_key(session, "x", "viewer")
    first = revoke_key(session, made.info.id).revoked_at
    assert revoke_key(session, made.info.id).revoked_at == first
    with pytest.raises(UnauthenticatedError):
        authenticate(session, made.key)
    assert [info.revoked_at for info in list_keys(session) if info.id == made.info.id] == [first]
    with pytest.raises(NotFoundError):
        revoke_key(session, 2**40)


def test_the_last_use_is_kept_to_the_minute(session: Session) -> None:
    made = create_key(session, "x", "viewer")
    authenticate(session, made.key)
    session.expire_all()
    [info] = [info for info in list_keys(session) if info.id == made.info.id]
    assert info.last_used_at is not None


@pytest.mark.parametrize(("name", "role"), [("", "viewer"), ("  ", "viewer"), ("a\0", "viewer"), ("x", "root")])
def test_keys_that_cannot_be_made(session: Session, name: str, role) -> None:
    with pytest.raises(InvalidRequestError):
        create_key(session, name, role)


def test_roles(session: Session) -> None:
    assert set(PERMISSIONS) == set(ROLES)
    assert [role for role in ROLES if allows(role, "keys:manage")] == ["admin"]
    viewer = create_key(session, "x", "viewer").info
    require(viewer, "kpis:read")
    with pytest.raises(ForbiddenError, match="viewer"):
        require(viewer, "conversations:write")
