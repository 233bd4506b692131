"""Sending conversations in and finding them again."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import JSONResponse
from starlette.concurrency import run_in_threadpool

from service.accounts.actor import Actor
from service.api.body import read_json, read_lines
from service.api.dependencies import AppSettings, OpenDatabase, permission
from service.api.examples import CONVERSATION
from service.api.intake import Intake, take_array, take_lines, take_one
from service.api.parameters import ConversationId, ConversationListQuery
from service.api.problems import problem_responses
from service.audit.log import record_read
from service.conversations.filters import conditions_for_audit, only_for
from service.conversations.read import Page, StoredConversation, get_conversation, list_conversations
from service.core.errors import MalformedBodyError, UnsupportedMediaTypeError
from service.db.engine import Database

router = APIRouter(prefix="/conversations", tags=["conversations"])

Reader = Annotated[Actor, permission("conversations:read")]

_JSON = ("application/json", "text/json", "")
_LINES = ("application/x-ndjson", "application/ndjson", "application/jsonl", "application/x-jsonlines")
_ONE = {"$ref": "#/components/schemas/Conversation"}
_MANY = {"type": "array", "items": _ONE, "minItems": 1}
_WRAPPED = {"type": "object", "properties": {"conversations": _MANY}, "required": ["conversations"]}
_BODY = {
    "requestBody": {
        "required": True,
        "description": 'One conversation, an array, `{"conversations": […]}`, or NDJSON. May be sent with gzip.',
        "content": {
            "application/json": {
                "schema": {"anyOf": [_ONE, _MANY, _WRAPPED]},
                "examples": {
                    "one": {"summary": "One conversation", "value": CONVERSATION},
                    "many": {"summary": "Several", "value": {"conversations": [CONVERSATION]}},
                },
            },
            "application/x-ndjson": {"schema": {"type": "string"}, "example": '{"id": "c-1", "turns": […]}\n'},
        },
    }
}


@router.post(
    "",
    summary="Send one or many conversations",
    response_model=Intake,
    openapi_extra=_BODY,
    responses={
        200: {"model": Intake, "description": "Nothing new: all known, or revised"},
        201: {"model": Intake, "description": "Stored and queued for scoring"},
        207: {"model": Intake, "description": "Some refused, the others stored"},
        **problem_responses(400, 401, 403, 409, 413, 415, 422, 503),
    },
)
async def post_conversations(
    request: Request,
    database: OpenDatabase,
    settings: AppSettings,
    actor: Annotated[Actor, permission("conversations:write")],
    revise: Annotated[bool, Query(description="Store other content under a known id as a further revision")] = False,
) -> JSONResponse:
    """Store conversations and queue them for scoring.

    The same id with the same content changes nothing, so sending again is safe. Of many, each is taken or refused by
    itself. NDJSON is stored as it arrives. Personal data are masked before anything is stored.
    """
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    limits = settings.service
    if media_type in _LINES:
        lines = read_lines(request, limits.max_stream_bytes, limits.max_line_bytes)
        intake = await take_lines(database, actor, lines, revise, limits.max_line_bytes)
        if not (intake.accepted or intake.unchanged or intake.revised or intake.refused):
            raise _nothing_sent()
    elif media_type in _JSON:
        body = await read_json(request, limits.max_body_bytes)
        intake = await run_in_threadpool(_take_json, database, actor, body, revise)
    else:
        raise UnsupportedMediaTypeError(
            f"content type {media_type!r} is not understood",
            f"不支持的内容类型 {media_type!r}",
            hint="application/json or application/x-ndjson",
        )
    return JSONResponse(intake.model_dump(exclude_none=True), intake.status)


@router.get(
    "",
    summary="List conversations",
    responses=problem_responses(401, 403, 422, 503),
)
def get_conversations(database: OpenDatabase, actor: Reader, query: Annotated[ConversationListQuery, Query()]) -> Page:
    """Return a page of conversations, newest first, with the key figures of their current scores.

    An agent gets their own.
    """
    wanted = only_for(query.as_filter(), actor.only_agent)
    with database.transaction() as session:
        page = list_conversations(session, wanted, query.limit, query.cursor)
        detail = {"conditions": conditions_for_audit(wanted), "count": len(page.items)}
        record_read(session, actor, "conversations.list", "conversation", None, detail)
        return page


# Registered last of all (see service.api.routes): an id may hold slashes, so this matches anything below.
detail_router = APIRouter(prefix="/conversations", tags=["conversations"])


@detail_router.get(
    "/{conversation_id:path}",
    summary="Get a conversation",
    responses=problem_responses(401, 403, 404, 422, 503),
)
def get_one_conversation(database: OpenDatabase, actor: Reader, conversation_id: ConversationId) -> StoredConversation:
    """Return a conversation with its newest content, masked, and its current score."""
    with database.transaction() as session:
        found = get_conversation(session, conversation_id, only_agent=actor.only_agent)
        record_read(session, actor, "conversation.read", "conversation", found.id, {"revision": found.revision})
        return found


def _take_json(database: Database, actor: Actor, body: Any, revise: bool) -> Intake:
    if isinstance(body, dict) and isinstance(body.get("conversations"), list) and "turns" not in body:
        body = body["conversations"]
    if isinstance(body, dict):
        return take_one(database, actor, body, revise)
    if not isinstance(body, list):
        raise MalformedBodyError("expected an object or an array", "应为对象或数组", location="$")
    if not body:
        raise _nothing_sent()
    return take_array(database, actor, body, revise)


def _nothing_sent() -> MalformedBodyError:
    return MalformedBodyError("the body holds no conversation", "请求体中没有会话")
