"""Root causes (归因): suggested for complaints and failed conversations, confirmed or put right by people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Protocol

from sqlmodel import Session

from models.domain.conversation import Conversation
from models.interchange import parse_conversation
from models.qa import measured_from_json
from models.qa.figures import Measured
from models.root_cause import (
    Attributor,
    Excuse,
    Kind,
    RootCause,
    Taxonomy,
    load_taxonomy,
    outcome_of,
    packaged_head,
    triggers_of,
)
from models.root_cause.head import Vector
from service.accounts.actor import WORKER, Actor
from service.audit.log import record, record_read
from service.core.errors import InvalidRequestError, NotFoundError, WorkConflictError
from service.core.logs import get_logger
from service.db.engine import Database
from service.qa.provenance import find_score
from service.qa.repository import root_cause as repository
from service.qa.repository.root_cause import CauseFilter, StoredCause, Subject, Unattributed
from service.qa.tasks import require_person
from service.scoring import repository as scores

_log = get_logger(__name__)
_MOST_AT_ONCE = 200


class HasEncoder(Protocol):
    """An engine, as far as root causes need one."""

    def encode(self, texts: Sequence[str]) -> tuple[str, Sequence[Vector]] | None:
        """Return the encoder's fingerprint and a vector a text, ``None`` where there is no encoder."""
        ...


@dataclass(frozen=True, slots=True)
class Named:
    """An id with its names; those are empty where the taxonomy in use does not know it any more."""

    id: str
    title: str
    title_en: str


@dataclass(frozen=True, slots=True)
class CauseView:
    """The root cause of a conversation.

    Attributes:
        score_id: Its current score.
        conversation_id: Which conversation.
        revision: Of the conversation.
        occurred_at: When it took place.
        queue: Its queue.
        agent_id: Who served.
        kind: What stands: a person's word, else the suggestion.
        topic: Likewise; ``None`` is open.
        department: Likewise.
        confirmed: Whether a person said so.
        suggestion: The model's, with its confidence, reason, and in ``detail`` the evidence and the topics weighed.
        said: A person's, with their reason.
    """

    score_id: int
    conversation_id: str
    revision: int
    occurred_at: datetime
    queue: str
    agent_id: str | None
    kind: Kind
    topic: Named | None
    department: Named | None
    confirmed: bool
    suggestion: StoredCause | None
    said: StoredCause | None


@dataclass(frozen=True, slots=True)
class CausePage:
    """Some causes; ``next_cursor`` continues, and is ``None`` on the last page."""

    items: Sequence[CauseView]
    next_cursor: str | None


@dataclass(frozen=True, slots=True)
class CauseSheet:
    """A cause with everything that was ever said of it, oldest first."""

    cause: CauseView
    history: Sequence[StoredCause]


@dataclass(frozen=True, slots=True)
class Word:
    """What a person says; ``department`` follows from topic and kind where it is not given."""

    kind: Kind
    topic: str | None = None
    department: str | None = None
    reason: str | None = None


def attribute(
    database: Database, engine: HasEncoder, conversation_ids: Sequence[str], taxonomy_spec: str = "ecommerce-zh"
) -> int:
    """Store suggestions for those current scores that need a cause and have none, and return how many.

    Safe to repeat, and does no harm to scoring: a conversation that cannot be read is passed over. The model runs
    outside any transaction.

    Args:
        database: Where the scores are.
        engine: Whose encoder the head reads with.
        conversation_ids: Unknown ids are passed over.
        taxonomy_spec: An id or a file.
    """
    taxonomy, added = load_taxonomy(taxonomy_spec), 0
    for start in range(0, len(conversation_ids), _MOST_AT_ONCE):
        with database.transaction() as session:
            open_ = repository.unattributed(session, conversation_ids[start : start + _MOST_AT_ONCE], taxonomy.hash)
            documents = {
                one.score_id: scores.document_of(session, one.conversation_id, one.revision) or {} for one in open_
            }
        rows = []
        for one in open_:
            try:
                found = _suggest(taxonomy_spec, engine, one, documents[one.score_id], by_hand=False)
            except Exception:  # noqa: BLE001  # whatever an old document or a user's own taxonomy may raise
                _log.exception("no root cause can be suggested", conversation=one.conversation_id)
                continue
            if found is not None:
                rows.append(found)
        with database.transaction() as session:
            made = repository.add_suggestions(session, rows)
            if made:
                ids = [row["conversation_id"] for row in rows]
                detail = {"suggested": made, "taxonomy": taxonomy.label, "ids": ids}
                record(session, WORKER, "root_cause.suggest", "conversation", None, detail)
        added += made
    return added


def suggest_now(
    database: Database, engine: HasEncoder, actor: Actor, score_id: int, taxonomy_spec: str = "ecommerce-zh"
) -> CauseView:
    """Suggest a cause for a current score, whether or not one is asked for; one that has a suggestion keeps it.

    Raises:
        NotFoundError: There is no such score, or it is not current.
    """
    taxonomy = load_taxonomy(taxonomy_spec)
    with database.transaction() as session:
        score = find_score(session, score_id, only_agent=actor.only_agent)
        open_ = [
            one
            for one in repository.unattributed(session, [score.conversation_id], taxonomy.hash)
            if one.score_id == score_id
        ]
        document = scores.document_of(session, score.conversation_id, score.revision) or {}
    rows = [found for one in open_ if (found := _suggest(taxonomy_spec, engine, one, document, by_hand=True))]
    with database.transaction() as session:
        if repository.add_suggestions(session, rows):
            record(session, actor, "root_cause.suggest", "score", score_id, {"taxonomy": taxonomy.label})
        return _view(_find(session, actor, score_id), actor, taxonomy)


def list_causes(
    session: Session,
    actor: Actor,
    wanted: CauseFilter,
    taxonomy: Taxonomy,
    *,
    limit: int = 50,
    after: tuple[int, int] | None = None,
) -> CausePage:
    """Return causes: first those that wait for a person and may be the system's, then others that wait, then the rest.

    For agents those of their own conversations.
    """
    found = repository.page(session, wanted, actor.only_agent, limit, after)
    items = [_view(subject, actor, taxonomy) for _, subject in found]
    last = found[-1] if len(found) == limit else None
    record_read(session, actor, "root_cause.list", "root_cause", None, {"scores": [one.score_id for one in items]})
    return CausePage(items, f"{last[0]}-{last[1].score_id}" if last else None)


def cause_sheet(session: Session, actor: Actor, score_id: int, taxonomy: Taxonomy) -> CauseSheet:
    """Return a cause with its history.

    Raises:
        NotFoundError: There is no such current score with a cause, or it is another agent's.
    """
    subject = _find(session, actor, score_id)
    everything = repository.history(session, subject.conversation_id, subject.revision)
    record_read(session, actor, "root_cause.read", "score", score_id)
    return CauseSheet(_view(subject, actor, taxonomy), [_shown(one, actor) for one in everything])


def say(
    session: Session, actor: Actor, score_id: int, word: Word, taxonomy: Taxonomy, now: datetime | None = None
) -> CauseView:
    """Confirm a cause, or put it right; what was said before stays, the last word counts. The same again adds nothing.

    Raises:
        NotFoundError: There is no such current score with a cause.
        InvalidRequestError: Topic or department is unknown, or a reason is missing: one is needed where kind or topic
            is not the suggested one, or the kind not the one that the topic has by its nature.
        PersonNeededError: The key is a system's.
        WorkConflictError: It is about the person themselves.
    """
    person = require_person(actor)
    subject = _find(session, actor, score_id)
    repository.lock(session, subject.conversation_id)
    subject = _find(session, actor, score_id)
    if actor.agent_id is not None and actor.agent_id == subject.agent_id:
        raise WorkConflictError(
            "nobody confirms the cause of their own conversation", "不能确认本人会话的归因", location=str(score_id)
        )
    topic = taxonomy.topic(word.topic) if word.topic is not None else None
    if word.topic is not None and topic is None:
        raise InvalidRequestError(
            f"{taxonomy.label} has no topic {word.topic!r}",
            f"{taxonomy.label} 中没有主题 {word.topic!r}",
            location="topic",
        )
    department = word.department or (taxonomy.responsible(topic, word.kind) if topic else None)
    if department is not None and taxonomy.department(department) is None:
        raise InvalidRequestError(
            f"{taxonomy.label} has no department {department!r}",
            f"{taxonomy.label} 中没有部门 {department!r}",
            location="department",
        )
    suggested = subject.suggestion
    agrees = None if suggested is None else (suggested.kind, suggested.topic) == (word.kind, word.topic)
    reason = (word.reason or "").strip() or None
    unusual = topic is not None and topic.kind != "depends" and word.kind not in (topic.kind, "undetermined")
    if reason is None and (agrees is not True or unusual):
        raise InvalidRequestError(
            "say why it is another kind or topic than suggested or usual",
            "与建议或主题常规性质不一致时须写明理由",
            location="reason",
        )
    said = subject.said
    same = (word.kind, word.topic, department, reason, person)
    if said is not None and (said.kind, said.topic, said.department, said.reason, said.by) == same:
        return _view(subject, actor, taxonomy)
    cause_id = repository.add_word(
        session,
        score_id=score_id,
        conversation_id=subject.conversation_id,
        revision=subject.revision,
        source="person",
        kind=word.kind,
        topic=word.topic,
        department=department,
        reason=reason,
        taxonomy=taxonomy.label,
        taxonomy_hash=taxonomy.hash,
        suggestion_id=suggested.id if suggested else None,
        agrees=agrees,
        by=person,
        created_at=now or datetime.now(UTC),
    )
    detail = {"cause": cause_id, "kind": word.kind, "topic": word.topic, "agrees": agrees}
    record(session, actor, "root_cause.confirm" if agrees else "root_cause.override", "score", score_id, detail)
    return _view(_find(session, actor, score_id), actor, taxonomy)


def excuse_of(session: Session, conversation_id: str, revision: int) -> Excuse | None:
    """Return why the outcome of a revision counts against nobody: a person confirmed a cause in the system."""
    return excuse_for(repository.last_word(session, conversation_id, revision))


def excuses_of(session: Session, revisions: Sequence[tuple[str, int]]) -> dict[tuple[str, int], Excuse]:
    """Return the same for many revisions (conversation and number), of those that have one."""
    said = repository.last_words(session, revisions)
    return {revision: excuse for revision, one in said.items() if (excuse := excuse_for(one)) is not None}


def excuse_for(said: StoredCause | None) -> Excuse | None:
    """Return the same where it is known what a person said last of the revision."""
    if said is None or said.kind != "system":
        return None
    topic = next((one for one in _titles(said.taxonomy) if one.id == said.topic), None)
    zh, en = (topic.title, topic.title_en) if topic else (said.topic or "未注明", said.topic or "not named")
    return Excuse(
        by=f"root_cause:{said.id}",
        reason=f"已确认根因为制度型（{zh}），结果类指标不计入",
        reason_en=f"the cause was confirmed to be in the system ({en}): outcomes do not count",
    )


def _titles(label: str) -> Sequence[Named]:
    try:
        taxonomy = load_taxonomy(label)
    except Exception:  # noqa: BLE001  # a user's own taxonomy is not found by its label
        return ()
    return [Named(one.id, one.title.zh, one.title.en) for one in taxonomy.topics]


def _suggest(
    spec: str, engine: HasEncoder, one: Unattributed, document: Mapping[str, Any], *, by_hand: bool
) -> dict[str, Any] | None:
    """Return the columns of a suggestion, ``None`` where none is asked for."""
    taxonomy = load_taxonomy(spec)
    conversation = parse_conversation(document)
    measured = _measured(one.bundle)
    triggers = triggers_of(taxonomy, outcome_of(conversation, measured, one.qa_passed))
    if not triggers and not by_hand:
        return None
    cause = _read(spec, engine, conversation, measured)
    return {
        "score_id": one.score_id,
        "conversation_id": one.conversation_id,
        "revision": one.revision,
        "source": "model",
        "kind": cause.kind,
        "topic": cause.topic,
        "department": cause.department,
        "reason": cause.reason,
        "reason_en": cause.reason_en,
        "taxonomy": taxonomy.label,
        "taxonomy_hash": taxonomy.hash,
        "confidence": cause.confidence,
        "kind_confidence": cause.kind_confidence,
        "triggers": list(triggers),
        "detail": {
            "evidence": [asdict(item) for item in cause.evidence],
            "ranked": [asdict(item) for item in cause.ranked],
        },
        "model": cause.model,
        "created_at": datetime.now(UTC),
    }


def _measured(bundle: Mapping[str, Any]) -> Measured | None:
    try:
        return measured_from_json(bundle)
    except ValueError:
        return None


def _read(spec: str, engine: HasEncoder, conversation: Conversation, measured: Measured | None) -> RootCause:
    places = [place for place, turn in enumerate(conversation.turns) if turn.text.strip()]
    encoded = engine.encode([conversation.turns[place].text for place in places]) if places else None
    if encoded is None:
        return _attributor(spec, load_taxonomy(spec).hash, None).suggest(conversation, measured)
    fingerprint, found = encoded
    vectors: list[Vector | None] = [None] * len(conversation.turns)
    for place, vector in zip(places, found, strict=True):
        vectors[place] = vector
    return _attributor(spec, load_taxonomy(spec).hash, fingerprint).suggest(conversation, measured, vectors)


@lru_cache(maxsize=8)
def _attributor(spec: str, taxonomy_hash: str, encoder: str | None) -> Attributor:
    """Return a taxonomy made ready; the hash is there for files that change."""
    del taxonomy_hash
    taxonomy = load_taxonomy(spec)
    return Attributor(taxonomy, packaged_head(taxonomy.id, encoder) if encoder else None)


def _find(session: Session, actor: Actor, score_id: int) -> Subject:
    found = repository.find(session, score_id, actor.only_agent) if score_id < 2**63 else None
    if found is None:
        raise NotFoundError(
            f"score {score_id} is not current or has no root cause",
            f"评分 {score_id} 不是当前评分或没有归因",
            location=str(score_id),
        )
    return found


def _view(subject: Subject, actor: Actor, taxonomy: Taxonomy) -> CauseView:
    stands = subject.cause
    topic = taxonomy.topic(stands.topic) if stands.topic else None
    department = taxonomy.department(stands.department) if stands.department else None
    return CauseView(
        score_id=subject.score_id,
        conversation_id=subject.conversation_id,
        revision=subject.revision,
        occurred_at=subject.occurred_at,
        queue=subject.queue,
        agent_id=subject.agent_id,
        kind=stands.kind,
        topic=_named(stands.topic, topic.title.zh if topic else "", topic.title.en if topic else ""),
        department=_named(
            stands.department, department.title.zh if department else "", department.title.en if department else ""
        ),
        confirmed=subject.said is not None,
        suggestion=subject.suggestion,
        said=None if subject.said is None else _shown(subject.said, actor),
    )


def _named(id_: str | None, zh: str, en: str) -> Named | None:
    return None if id_ is None else Named(id_, zh, en)


def _shown(one: StoredCause, actor: Actor) -> StoredCause:
    """Return what may be told: agents are not told who said it."""
    return replace(one, by=None) if actor.only_agent is not None else one
