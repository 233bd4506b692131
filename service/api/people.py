"""The people who work with Attune, for administrators."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path
from pydantic import BaseModel, ConfigDict, Field

from models.domain.conversation import Queue
from service.accounts.actor import Actor
from service.accounts.roles import Role
from service.api.dependencies import OpenDatabase, permission
from service.api.parameters import Text
from service.api.problems import problem_responses
from service.audit.log import record, record_read
from service.people.persons import PersonInfo, add_person, deactivate_person, list_people

router = APIRouter(prefix="/people", tags=["people"])

Manager = Annotated[Actor, permission("people:manage")]
PersonId = Annotated[str, Path(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9._-]+$")]


class PersonRequest(BaseModel):
    """A person to be added."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"id": "lin", "name": "林夏", "role": "qa", "queues": ["aftersale"]}]},
    )

    id: str = Field(
        pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$",
        description="Stands in the audit log and never changes: no name and no phone number",
    )
    name: Text = Field(description="For people to read")
    role: Role = Field(description="What they may do; `ingest` is for systems only")
    agent_id: Text | None = Field(
        default=None, description="Who they are in conversations; an `agent` sees only these, and needs one"
    )
    queues: list[Queue] = Field(default=[], max_length=10, description="Where they work; everywhere without")


class PersonList(BaseModel):
    """People, by id."""

    items: list[PersonInfo]


@router.post(
    "", status_code=201, summary="Add a person", responses=problem_responses(400, 401, 403, 409, 413, 422, 503)
)
def post_person(database: OpenDatabase, actor: Manager, wanted: PersonRequest) -> PersonInfo:
    """Add a person; keys for them are made by `POST /v1/keys` with `person`."""
    with database.transaction() as session:
        added = add_person(session, wanted.id, wanted.name, wanted.role, agent_id=wanted.agent_id, queues=wanted.queues)
        detail = {"role": added.role, "agent_id": added.agent_id, "queues": added.queues}
        record(session, actor, "person.add", "person", added.id, detail)
        return added


@router.get("", summary="List people", responses=problem_responses(401, 403, 503))
def get_people(database: OpenDatabase, actor: Manager) -> PersonList:
    """Return everybody, also those who were deactivated."""
    with database.transaction() as session:
        found = list_people(session)
        record_read(session, actor, "people.list", "person", None, {"count": len(found)})
        return PersonList(items=found)


@router.delete("/{person_id}", summary="Deactivate a person", responses=problem_responses(401, 403, 404, 422, 503))
def delete_person(database: OpenDatabase, actor: Manager, person_id: PersonId) -> PersonInfo:
    """Let none of their keys open any more; they stay in the list, and what they did stays theirs."""
    with database.transaction() as session:
        person = deactivate_person(session, person_id)
        record(session, actor, "person.deactivate", "person", person.id)
        return person
