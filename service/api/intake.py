"""Conversations coming in over HTTP: each is taken or refused by itself, in transactions of some hundreds."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Any

from pydantic import BaseModel, Field
from starlette.concurrency import run_in_threadpool

from models.domain.conversation import Conversation
from models.errors import AttuneError, InvalidConversationError
from models.interchange import decode_json, parse_conversation
from service.accounts.actor import Actor
from service.conversations.intake_audit import record_intake
from service.conversations.store import StoreOutcome, store_conversations
from service.core.errors import ConversationConflictError, MalformedBodyError, TooLargeError
from service.db.engine import Database
from service.ingest.lines import Line

BATCH = 200
BATCH_BYTES = 8 * 2**20  # lines are few where they are long, so that a batch of them never fills the memory
MAX_REFUSALS = 1000


class Refusal(BaseModel):
    """Why one conversation was refused."""

    line: int | None = Field(default=None, description="Line of an NDJSON body, from 1")
    index: int | None = Field(default=None, description="Place in an array, from 0")
    id: str | None = Field(default=None, description="The conversation's id, where it could be read")
    path: str = Field(description="JSON path of the fault")
    code: str
    reason: str = Field(description="Why, in Chinese")
    reason_en: str = Field(description="Why, in English")
    hint: str | None = None


class Intake(BaseModel):
    """What became of the conversations sent."""

    accepted: int = Field(default=0, description="New ones")
    unchanged: int = Field(default=0, description="Known ones with the same content")
    revised: int = Field(default=0, description="Known ones whose new content became a further revision")
    refused: int = Field(default=0, description="Those that did not go in")
    refusals: list[Refusal] = Field(default=[], description=f"Why, for the first {MAX_REFUSALS}")
    jobs: list[int] = Field(default=[], description="The jobs that will score what is new")

    model_config = {
        "json_schema_extra": {
            "examples": [
                {
                    "accepted": 1,
                    "unchanged": 0,
                    "revised": 0,
                    "refused": 1,
                    "refusals": [
                        {
                            "line": 2,
                            "id": "c-2",
                            "path": "$.turns[0].role",
                            "code": "invalid-conversation",
                            "reason": "应为 customer、agent、bot 或 system",
                            "reason_en": "expected customer, agent, bot or system",
                        }
                    ],
                    "jobs": [17],
                }
            ]
        }
    }

    def add(self, outcomes: Sequence[StoreOutcome], places: Sequence[dict[str, int]]) -> None:
        """Count what the store did; a conflict is a refusal."""
        for outcome, place in zip(outcomes, places, strict=True):
            if outcome.outcome == "conflict":
                self.refuse(conflict(outcome), place, outcome.id)
                continue
            setattr(self, outcome.outcome, getattr(self, outcome.outcome) + 1)
            if outcome.job_id is not None and outcome.job_id not in self.jobs[-1:]:
                self.jobs.append(outcome.job_id)

    def refuse(self, error: AttuneError, place: dict[str, int], conversation_id: Any = None) -> None:
        """Count a refusal and keep the reason."""
        self.refused += 1
        if len(self.refusals) < MAX_REFUSALS:
            known = conversation_id if isinstance(conversation_id, str) and conversation_id.isprintable() else None
            self.refusals.append(
                Refusal(
                    **place,
                    id=known,
                    path=error.location or "$",
                    code=error.code,
                    reason=error.message_zh,
                    reason_en=error.message_en,
                    hint=error.hint,
                )
            )

    @property
    def status(self) -> int:
        """The HTTP status: 207 where something was refused, 201 where something is new, else 200."""
        return 207 if self.refused else 201 if self.accepted else 200


def conflict(outcome: StoreOutcome) -> ConversationConflictError:
    """Return the error of a conversation whose id is taken by other content."""
    return ConversationConflictError(
        f"conversation {outcome.id!r} exists with other content (revision {outcome.revision})",
        f"会话 {outcome.id!r} 已存在且内容不同（第 {outcome.revision} 版）",
        hint="add ?revise=true to store a further revision",
        location="$.id",
    )


def take_one(database: Database, actor: Actor, document: dict[str, Any], revise: bool) -> Intake:
    """Take a single conversation.

    Raises:
        InvalidConversationError: It breaks a rule of the format.
        ConversationConflictError: Its id has other content, and no revision is asked for.
    """
    conversation = parse_conversation(document)
    with database.transaction() as session:
        [outcome] = store_conversations(session, [conversation], revise)
        record_intake(session, actor, [outcome])
    if outcome.outcome == "conflict":
        raise conflict(outcome)
    intake = Intake()
    intake.add([outcome], [{}])
    return intake


def take_array(database: Database, actor: Actor, documents: Sequence[Any], revise: bool) -> Intake:
    """Take an array of conversations."""
    intake = Intake()
    for start in range(0, len(documents), BATCH):
        taken: list[tuple[dict[str, int], Conversation]] = []
        for index, document in enumerate(documents[start : start + BATCH], start):
            try:
                taken.append(({"index": index}, parse_conversation(document)))
            except InvalidConversationError as error:
                intake.refuse(error, {"index": index}, document.get("id") if isinstance(document, dict) else None)
        _store(database, actor, taken, revise, intake)
    return intake


async def take_lines(
    database: Database, actor: Actor, lines: AsyncIterator[Line], revise: bool, line_limit: int
) -> Intake:
    """Take lines as they arrive; where the body breaks off, what came before has gone in."""
    intake = Intake()
    batch: list[Line] = []
    size = 0
    seen = 0
    try:
        async for line in lines:
            seen = line.number
            if line.data.strip() or line.too_long:
                batch.append(line)
                size += len(line.data)
            if len(batch) == BATCH or size >= BATCH_BYTES:
                await run_in_threadpool(_take_batch, database, actor, batch, revise, intake, line_limit)
                batch, size = [], 0
    except (MalformedBodyError, TooLargeError) as error:
        if not seen:
            raise
        intake.refuse(error, {"line": seen + 1})
    await run_in_threadpool(_take_batch, database, actor, batch, revise, intake, line_limit)
    return intake


def _take_batch(
    database: Database, actor: Actor, lines: Sequence[Line], revise: bool, intake: Intake, line_limit: int
) -> None:
    taken: list[tuple[dict[str, int], Conversation]] = []
    for line in lines:
        place = {"line": line.number}
        document: dict[str, Any] = {}
        try:
            if line.too_long:
                raise TooLargeError(f"the line is longer than {line_limit} bytes", f"该行超过 {line_limit} 字节")
            document = decode_json(line.text())
            taken.append((place, parse_conversation(document)))
        except (InvalidConversationError, TooLargeError) as error:
            intake.refuse(error, place, document.get("id"))
    _store(database, actor, taken, revise, intake)


def _store(
    database: Database,
    actor: Actor,
    taken: Sequence[tuple[dict[str, int], Conversation]],
    revise: bool,
    intake: Intake,
) -> None:
    if taken:
        with database.transaction() as session:
            outcomes = store_conversations(session, [conversation for _, conversation in taken], revise)
            record_intake(session, actor, outcomes)
        intake.add(outcomes, [place for place, _ in taken])
