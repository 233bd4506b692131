"""The scores of conversations, and asking for new ones."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from models.domain.coaching import Coaching
from models.interchange import parse_conversation
from service.accounts.actor import Actor
from service.api.dependencies import AppEngine, OpenDatabase, permission
from service.api.parameters import BigId, ConversationId, ConversationSelection
from service.api.problems import problem_responses
from service.audit.log import record, record_read
from service.conversations.filters import conditions_for_audit
from service.conversations.read import get_conversation
from service.playbooks.registry import made_with
from service.qa.provenance import ScoreVerification, verify_score
from service.qa.score_diff import ScoreDiff, diff_scores
from service.scoring.history import StoredScore, current_score, request_score, request_scores, score_history

router = APIRouter(tags=["scores"])

Reader = Annotated[Actor, permission("scores:read")]
Requester = Annotated[Actor, permission("scores:request")]


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
    responses=problem_responses(401, 403, 404, 422, 503),
)
def get_scores(
    database: OpenDatabase,
    actor: Reader,
    conversation_id: ConversationId,
    engine: AppEngine,
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
        own = actor.only_agent
        score = current_score(session, conversation_id, only_agent=own) if latest or coached else None
        items = ([score] if score else []) if latest else score_history(session, conversation_id, only_agent=own)
        document = get_conversation(session, conversation_id).document if coached and score else None
        published = made_with(session, score.bundle["versions"]["playbook"]) if document and score else None
        detail = {"scores": [one.id for one in items], "coached": coached}
        record_read(session, actor, "scores.read", "conversation", conversation_id, detail)
    coaching = list(engine.coach(parse_conversation(document), published)) if document else None
    return ScoreList(items=items, coaching=coaching)


@router.get(
    "/conversations/{conversation_id:path}/scores/diff",
    summary="Compare two scores of a conversation",
    responses=problem_responses(401, 403, 404, 422, 503),
)
def get_score_diff(
    database: OpenDatabase,
    actor: Reader,
    conversation_id: ConversationId,
    before: Annotated[
        int | None, Query(alias="from", ge=1, le=2**63 - 1, description="Id of a score; else the one before `to`")
    ] = None,
    after: Annotated[
        int | None, Query(alias="to", ge=1, le=2**63 - 1, description="Id of a score; else the newest")
    ] = None,
) -> ScoreDiff:
    """Return two scores side by side, criterion by criterion and check by check, and the versions that differ."""
    with database.transaction() as session:
        found = diff_scores(session, conversation_id, before, after, only_agent=actor.only_agent)
        detail = {"scores": [found.before.id, found.after.id]}
        record_read(session, actor, "scores.compare", "conversation", conversation_id, detail)
        return found


@router.post(
    "/scores/{score_id}/verify",
    summary="Make a score again",
    responses=problem_responses(401, 403, 404, 422, 503),
)
def post_verify(database: OpenDatabase, actor: Reader, engine: AppEngine, score_id: BigId) -> ScoreVerification:
    """Score the stored revision again with the playbook, rubric and model that the score names; nothing is stored.

    `identical`; `differs`, with every path and both values; or `cannot`, with what is not here any more. The first
    time takes seconds, for the model is loaded.
    """
    found = verify_score(database, engine, score_id, only_agent=actor.only_agent)
    with database.transaction() as session:
        detail = {"conversation": found.conversation_id, "outcome": found.outcome}
        record_read(session, actor, "score.verify", "score", score_id, detail)
    return found


@router.post(
    "/conversations/{conversation_id:path}/rescore",
    status_code=202,
    summary="Score a conversation again",
    responses=problem_responses(401, 403, 404, 422, 503),
)
def post_rescore(database: OpenDatabase, actor: Requester, conversation_id: ConversationId) -> Requested:
    """Queue a conversation for scoring with what is active now; with the same versions nothing will change."""
    with database.transaction() as session:
        job = request_score(session, conversation_id)
        record(session, actor, "scores.request", "conversation", conversation_id, {"jobs": [job], "conversations": 1})
    return Requested(jobs=[job], conversations=1)


@router.post(
    "/rescore",
    status_code=202,
    summary="Score many conversations again",
    responses=problem_responses(400, 401, 403, 413, 422, 503),
)
def post_rescore_many(database: OpenDatabase, actor: Requester, wanted: ConversationSelection) -> Requested:
    """Queue all conversations that fit, behind all other work; `{}` means every one."""
    conditions = wanted.as_filter()
    with database.transaction() as session:
        jobs, conversations = request_scores(session, conditions)
        detail = {"conditions": conditions_for_audit(conditions), "jobs": len(jobs), "conversations": conversations}
        record(session, actor, "scores.request", "conversation", None, detail)
    return Requested(jobs=jobs, conversations=conversations)
