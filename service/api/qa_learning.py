"""What people decided, as labels for training."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import Field

from service.accounts.actor import Actor
from service.api.dependencies import OpenDatabase, permission
from service.api.exports import ExportResponse
from service.api.parameters import PeriodQuery, Text
from service.api.problems import problem_responses
from service.exports.labels import export_labels
from service.qa.learning import LabelFilter, LabelTally

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
            "headers": {
                "Attune-Label-Counts": {
                    "description": "What is in the file (`lines`, `labels`, `scores`, `undecided_checks`) and, in "
                    "scores, what people judged and is not (`unfinished`, `superseded`, `no_check`, `undecided`)",
                    "schema": {"type": "string"},
                }
            },
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
    with the probability of the draw where it was drawn at random. What is not yet decided waits; the header
    `Attune-Label-Counts` says how much that is, and what else was judged and is no label.
    """
    since, until = query.moments()
    found = export_labels(database, actor, LabelFilter(since, until, query.playbook))
    response = ExportResponse(found.pieces, "application/x-ndjson", "labels.jsonl")
    response.headers["Attune-Label-Counts"] = _counts(found.tally)
    return response


def _counts(tally: LabelTally) -> str:
    """Return what is in the file and what is not, as in ``lines=2, labels=6, …``."""
    counts = asdict(tally)
    skipped = counts.pop("skipped")
    return ", ".join(f"{name}={count}" for name, count in {**counts, **skipped}.items())
