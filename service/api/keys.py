"""API keys, for administrators."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from service.accounts.actor import Actor
from service.accounts.keys import KeyInfo, NewKey, create_key, list_keys, revoke_key
from service.accounts.roles import Role
from service.api.dependencies import OpenDatabase, permission
from service.api.parameters import BigId, Text
from service.api.problems import problem_responses
from service.audit.log import record, record_read

router = APIRouter(prefix="/keys", tags=["keys"])

Manager = Annotated[Actor, permission("keys:manage")]


class KeyRequest(BaseModel):
    """A key to be made."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"name": "ticket system", "role": "ingest"}]}
    )

    name: Text = Field(description="What or whom it is for")
    role: Role | None = Field(default=None, description="Of a system; a person's key has the person's")
    person: Text | None = Field(default=None, description="Id of the person it belongs to")
    expires_at: AwareDatetime | None = Field(default=None, description="When it ends; never without")


class KeyList(BaseModel):
    """Keys, newest first, without their secrets."""

    items: list[KeyInfo]


@router.post("", status_code=201, summary="Make a key", responses=problem_responses(400, 401, 403, 413, 422, 503))
def post_key(database: OpenDatabase, actor: Manager, wanted: KeyRequest) -> NewKey:
    """Make a key; the answer is the only time the key itself is shown."""
    with database.transaction() as session:
        made = create_key(session, wanted.name, wanted.role, wanted.expires_at, person_id=wanted.person)
        detail = {"role": made.info.role, "person": wanted.person, "expires_at": wanted.expires_at}
        record(session, actor, "key.create", "key", made.info.id, detail)
        return made


@router.get("", summary="List keys", responses=problem_responses(401, 403, 503))
def get_keys(database: OpenDatabase, actor: Manager) -> KeyList:
    """Return all keys, revoked ones too."""
    with database.transaction() as session:
        found = list_keys(session)
        record_read(session, actor, "keys.list", "key", None, {"count": len(found)})
        return KeyList(items=found)


@router.delete("/{key_id}", summary="Revoke a key", responses=problem_responses(401, 403, 404, 422, 503))
def delete_key(database: OpenDatabase, actor: Manager, key_id: BigId) -> KeyInfo:
    """Revoke a key at once; it stays in the list."""
    with database.transaction() as session:
        revoked = revoke_key(session, key_id)
        record(session, actor, "key.revoke", "key", key_id)
        return revoked
