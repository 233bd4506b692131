"""The scores of conversations, and asking for new ones."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from service.api.dependencies import OpenDatabase, permission
from service.api.parameters import ConversationId, ConversationSelection
from service.api.problems import problem_responses
from service.scoring.history import StoredScore, current_score, request_score, request_scores, score_history

router = APIRouter(tags=["scores"])


class ScoreList(BaseModel):
    """Scores, newest first."""

    items: list[StoredScore]


class Requested(BaseModel):
    """Scoring was queued."""

    jobs: list[int] = Field(description="Ids for GET /v1/jobs/{id}")
    conversations: int = Field(description="Conversations in them")


@router.get(
    "/conversations/{conversation_id:path}/scores",
    summary="Get the scores of a conversation",
    dependencies=[permission("scores:read")],
    responses=problem_responses(401, 403, 404, 422, 503),
)
def get_scores(
    database: OpenDatabase,
    conversation_id: ConversationId,
    latest: Annotated[bool, Query(description="Only the score that holds now")] = False,
) -> ScoreList:
    """Return every score a conversation ever had, newest first; empty while it waits for the first."""
    with database.transaction() as session:
        if not latest:
            return ScoreList(items=score_history(session, conversation_id))
        score = current_score(session, conversation_id)
        return ScoreList(items=[score] if score else [])


@router.post(
    "/conversations/{conversation_id:path}/rescore",
    status_code=202,
    summary="Score a conversation again",
    dependencies=[permission("scores:request")],
    responses=problem_responses(401, 403, 404, 422, 503),
)
def post_rescore(database: OpenDatabase, conversation_id: ConversationId) -> Requested:
    """Queue a conversation for scoring with what is active now; with the same versions nothing will change."""
    with database.transaction() as session:
        return Requested(jobs=[request_score(session, conversation_id)], conversations=1)


@router.post(
    "/rescore",
    status_code=202,
    summary="Score many conversations again",
    dependencies=[permission("scores:request")],
    responses=problem_responses(400, 401, 403, 413, 422, 503),
)
def post_rescore_many(database: OpenDatabase, wanted: ConversationSelection) -> Requested:
    """Queue all conversations that fit, behind all other work; `{}` means every one."""
    with database.transaction() as session:
        jobs, conversations = request_scores(session, wanted.as_filter())
    return Requested(jobs=jobs, conversations=conversations)
