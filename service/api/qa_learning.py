"""What people decided, as labels for training."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import Field

from service.accounts.actor import Actor
from service.api.dependencies import OpenDatabase, permission
from service.api.exports import ExportResponse
from service.api.parameters import PeriodQuery, Text
from service.api.problems import problem_responses
from service.qa.learning import LabelFilter, export_labels

router = APIRouter(prefix="/qa", tags=["qa"])


class LabelQuery(PeriodQuery):
    """When the conversations took place, and whose checks are meant."""

    playbook: Text | None = Field(default=None, description="Id of a playbook: only what its checks were judged on")


@router.get(
    "/labels.jsonl",
    status_code=200,
    summary="Export labels for training",
    response_class=ExportResponse,
    responses={
        200: {
            "description": "Labelled conversations",
            "content": {"application/x-ndjson": {"schema": {"type": "string"}}},
        },
        **problem_responses(401, 403, 422, 503),
    },
)
def get_labels(
    database: OpenDatabase,
    actor: Annotated[Actor, permission("labels:read")],
    query: Annotated[LabelQuery, Query()],
) -> ExportResponse:
    """Return the conversations that people judged, masked, one a line, in the format that `training` reads.

    Each verdict has a weight, from who decided and how far people agree, and how the conversation came to be reviewed:
    with the probability of the draw where it was drawn at random. What is not yet decided waits.
    """
    since, until = query.moments()
    lines = export_labels(database, actor, LabelFilter(since, until, query.playbook))
    return ExportResponse(lines, "application/x-ndjson", "labels.jsonl")
