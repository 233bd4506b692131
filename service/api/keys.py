"""API keys, for administrators."""

from __future__ import annotations

from fastapi import APIRouter
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from service.accounts.keys import KeyInfo, NewKey, create_key, list_keys, revoke_key
from service.accounts.roles import Role
from service.api.dependencies import OpenDatabase, permission
from service.api.parameters import BigId, Text
from service.api.problems import problem_responses

router = APIRouter(prefix="/keys", tags=["keys"], dependencies=[permission("keys:manage")])


class KeyRequest(BaseModel):
    """A key to be made."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"name": "ticket system", "role": "ingest"}]}
    )

    name: Text = Field(description="Whose it is")
    role: Role
    expires_at: AwareDatetime | None = Field(default=None, description="When it ends; never without")


class KeyList(BaseModel):
    """Keys, newest first, without their secrets."""

    items: list[KeyInfo]


@router.post("", status_code=201, summary="Make a key", responses=problem_responses(400, 401, 403, 413, 422, 503))
def post_key(database: OpenDatabase, wanted: KeyRequest) -> NewKey:
    """Make a key; the answer is the only time the key itself is shown."""
    with database.transaction() as session:
        return create_key(session, wanted.name, wanted.role, wanted.expires_at)


@router.get("", summary="List keys", responses=problem_responses(401, 403, 503))
def get_keys(database: OpenDatabase) -> KeyList:
    """Return all keys, revoked ones too."""
    with database.transaction() as session:
        return KeyList(items=list_keys(session))


@router.delete("/{key_id}", summary="Revoke a key", responses=problem_responses(401, 403, 404, 422, 503))
def delete_key(database: OpenDatabase, key_id: BigId) -> KeyInfo:
    """Revoke a key at once; it stays in the list."""
    with database.transaction() as session:
        return revoke_key(session, key_id)
