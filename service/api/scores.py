"""The scores of conversations, and asking for new ones."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from models.domain.coaching import Coaching
from models.interchange import parse_conversation
from service.api.dependencies import AppCoach, OpenDatabase, permission
from service.api.parameters import ConversationId, ConversationSelection
from service.api.problems import problem_responses
from service.conversations.read import get_conversation
from service.playbooks.registry import made_with
from service.scoring.history import StoredScore, current_score, request_score, request_scores, score_history

router = APIRouter(tags=["scores"])


class ScoreList(BaseModel):
    """Scores, newest first."""

    items: list[StoredScore]
    coaching: list[Coaching] | None = Field(
        default=None, description="With coach=true: for each check that fails now, how it would not have failed"
    )


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
    coach: AppCoach,
    latest: Annotated[bool, Query(description="Only the score that holds now")] = False,
    coached: Annotated[
        bool, Query(alias="coach", description="Also what to say instead; takes a second or so")
    ] = False,
) -> ScoreList:
    """Return every score a conversation ever had, newest first; empty while it waits for the first.

    With `coach=true` each check that fails comes with the smallest edit that would have kept it from failing, tried
    out before it is told.
    """
    with database.transaction() as session:
        score = current_score(session, conversation_id) if latest or coached else None
        items = ([score] if score else []) if latest else score_history(session, conversation_id)
        document = get_conversation(session, conversation_id).document if coached and score else None
        published = made_with(session, score.bundle["versions"]["playbook"]) if document and score else None
    coaching = list(coach.coach(parse_conversation(document), published)) if document else None
    return ScoreList(items=items, coaching=coaching)


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
