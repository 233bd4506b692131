"""Dry runs in the background: asked for through the API, done by workers in parts, kept with their results.

Each part is one job and one transaction at its end, with the job of the next part in it: a worker that dies in the
middle leaves its part to be done again, and no conversation is counted twice. Scoring goes before.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Literal, cast

from sqlmodel import Session

from models.domain.conversation import Conversation
from models.domain.playbook import Playbook
from models.domain.rubric import Rubric
from models.domain.scores import ScoreBundle
from models.errors import AttuneError, UnknownPlaybookError
from models.interchange import parse_conversation
from models.qa import require_checks
from models.scorers.compliance.loading import is_file_spec, packaged_document, parse_playbook, read_playbook
from models.scorers.compliance.scopes import covers
from service.accounts.actor import Actor
from service.audit.log import record
from service.conversations.filters import ConversationFilter, conditions_for_audit
from service.conversations.read import list_conversations
from service.core.errors import InvalidRequestError, NotFoundError
from service.core.logs import get_logger
from service.db.engine import Database
from service.db.queue import enqueue_dry_run
from service.playbooks.activation import in_force
from service.playbooks.registry import find_published, finder, plain_document, playbook_of
from service.playbooks.repository import dry_runs as repository
from service.playbooks.repository.dry_runs import Change, StoredDryRun
from service.scoring.dry_run import DryRun, Tally
from service.scoring.engine import Engine
from service.scoring.repository import current_documents

PART = 100
MOST = 20_000
GAVE_UP = "dry-run-gave-up"
State = Literal["waiting", "running", "succeeded", "failed", "cancelled"]

_log = get_logger(__name__)
_PAGE = 200
_OPEN = ("waiting", "running")


@dataclass(frozen=True, slots=True)
class DryRunError:
    """Why a dry run failed."""

    code: str
    zh: str
    en: str


@dataclass(frozen=True, slots=True)
class DryRunInfo:
    """A dry run and how far it is.

    Attributes:
        id: Its number.
        before: The playbook that judges now, ``id@version``.
        after: The one that is tried.
        conditions: Which conversations were asked for; what could name a person is ``*``.
        state: ``waiting``, ``running``, ``succeeded``, ``failed`` or ``cancelled``.
        total: How many conversations it is about.
        done: How many of them are through.
        skipped: How many of these could not be judged, or are not there any more.
        created_by: Who asked for it.
        created_at: When.
        updated_at: When it last got further.
        error: Why it failed.
    """

    id: int
    before: str
    after: str
    conditions: Mapping[str, Any]
    state: State
    total: int
    done: int
    skipped: int
    created_by: str
    created_at: datetime
    updated_at: datetime
    error: DryRunError | None


def request_dry_run(
    session: Session,
    actor: Actor,
    *,
    spec: str | None,
    text: str | None,
    against: str | None,
    default: str,
    rubric: Rubric,
    wanted: ConversationFilter,
    limit: int,
) -> DryRunInfo:
    """Store a dry run over the newest conversations that fit, and queue it.

    Args:
        session: It begins when this commits.
        actor: Who asks.
        spec: The playbook to try, published or packaged; or else ``text``.
        text: YAML of a playbook that nobody published.
        against: What it is compared with; by default the version of the same playbook in force, else ``default``.
        default: The playbook of the settings.
        rubric: The rubric of the settings.
        wanted: Which conversations.
        limit: How many at most, 1…20,000.

    Raises:
        NotFoundError: There is no such playbook.
        InvalidPlaybookError: The text is none.
        InvalidRubricError: The rubric names a check that one of them lacks.
        InvalidRequestError: No conversation fits.
    """
    after, after_document = _parsed_text(session, text) if text is not None else _find(session, spec or "")
    before, before_document = _compared(session, against, after.id, default)
    for playbook in (before, after):
        require_checks(rubric, playbook)
    ids = _newest(session, wanted, limit)
    if not ids:
        raise InvalidRequestError(
            "there is no conversation to try the playbook on",
            "没有可供试运行的会话",
            hint="other conditions, or another period / 请改用其他条件或时段",
        )
    names = _name(before), _name(after)
    conditions = {name: str(value) for name, value in conditions_for_audit(wanted).items()}
    documents = before_document, after_document
    made = repository.add(session, names, documents, conditions, ids, actor.label, datetime.now(UTC))
    enqueue_dry_run(session, made, 0)
    detail = {"before": names[0], "after": names[1], "conditions": conditions, "count": len(ids)}
    record(session, actor, "playbook.dry_run", "dry-run", made, detail)
    return get_dry_run(session, made)


def get_dry_run(session: Session, dry_run_id: int) -> DryRunInfo:
    """Return a dry run.

    Raises:
        NotFoundError: There is none of that id.
    """
    return _info(_stored(session, dry_run_id))


def list_dry_runs(session: Session, limit: int, before: int | None) -> list[DryRunInfo]:
    """Return dry runs, newest first, older than the one of id ``before``."""
    return [_info(one) for one in repository.page(session, limit, before)]


def dry_run_result(session: Session, dry_run_id: int) -> DryRun | None:
    """Return what was counted so far, without examples; ``None`` before the first part is through."""
    stored = _stored(session, dry_run_id)
    if stored.tally is None:
        return None
    part = repository.part(session, dry_run_id, 0, 0)
    tally = Tally(_playbook(part.before), _playbook(part.after))
    tally.resume(stored.tally)
    return tally.result()


def dry_run_changes(
    session: Session, dry_run_id: int, check: str | None, limit: int, after: int | None
) -> list[Change]:
    """Return the conversations that would change, those with another verdict of ``check`` only where it is given.

    Raises:
        NotFoundError: There is no such dry run.
    """
    _stored(session, dry_run_id)
    return repository.changes(session, dry_run_id, check, limit, after)


def cancel_dry_run(session: Session, actor: Actor, dry_run_id: int) -> DryRunInfo:
    """End a dry run where it is; what it found is kept. One that has ended stays as it is."""
    stored = _stored(session, dry_run_id, lock=True)
    if stored.state in _OPEN:
        repository.update(session, dry_run_id, datetime.now(UTC), state="cancelled")
        record(session, actor, "playbook.dry_run_cancel", "dry-run", dry_run_id, {"done": stored.done})
    return get_dry_run(session, dry_run_id)


def fail_dry_run(session: Session, dry_run_id: int, code: str, english: str, chinese: str) -> None:
    """Note that a dry run cannot go on."""
    stored = repository.get(session, dry_run_id, lock=True)
    if stored is not None and stored.state in _OPEN:
        error = {"code": code, "en": english, "zh": chinese}
        repository.update(session, dry_run_id, datetime.now(UTC), state="failed", error=error)


def give_up_dry_run(session: Session, dry_run_id: int) -> None:
    """Note that a part failed every time it was tried."""
    fail_dry_run(
        session,
        dry_run_id,
        GAVE_UP,
        "a part of it failed every time it was tried; the worker's log says why",
        "其中一部分每次执行都失败;原因见 worker 日志",
    )


def run_part(
    database: Database,
    engine: Engine,
    dry_run_id: int,
    begin: int,
    *,
    chunk: int = 32,
    should_stop: Callable[[], bool] = lambda: False,
) -> bool:
    """Do the part of a dry run that begins at conversation ``begin``; return whether it was stopped in the middle.

    Nothing is done where that part is through already, or the run has ended.
    """
    with database.transaction() as session:
        stored = repository.get(session, dry_run_id, lock=True)
        if stored is None or stored.state not in _OPEN or stored.done != begin:
            return False
        part = repository.part(session, dry_run_id, begin, PART)
        repository.update(session, dry_run_id, datetime.now(UTC), state="running")
    before, after = _playbook(part.before), _playbook(part.after)
    tally = Tally(before, after)
    if stored.tally is not None:
        tally.resume(stored.tally)
    try:
        engine.compare([], before, after)  # so that what is wrong with a playbook is not held against a conversation
    except AttuneError as error:
        with database.transaction() as session:
            fail_dry_run(session, dry_run_id, error.code, error.message_en, error.message_zh)
        return False
    changes: list[Change] = []
    judged = 0
    places = {one: begin + place for place, one in enumerate(part.conversation_ids)}
    for start in range(0, len(part.conversation_ids), chunk):
        if should_stop():
            return True
        with database.transaction() as session:
            documents = current_documents(session, part.conversation_ids[start : start + chunk])
        pairs = _compare(engine, [parse_conversation(one.document) for one in documents], before, after)
        judged += len(pairs)
        for old, new in pairs:
            change = tally.add(old, new)
            if change is not None:
                checks = [one["check"] for one in change["checks"]]
                changes.append(Change(places[old.id], old.id, checks, change))
    size = len(part.conversation_ids)
    with database.transaction() as session:
        now_stored = repository.get(session, dry_run_id, lock=True)
        if now_stored is None or now_stored.state != "running" or now_stored.done != begin:
            return False
        done = begin + size
        through = done >= stored.total
        repository.add_changes(session, dry_run_id, sorted(changes, key=lambda one: one.place))
        repository.update(
            session,
            dry_run_id,
            datetime.now(UTC),
            state="succeeded" if through else "running",
            done=done,
            skipped=stored.skipped + size - judged,
            tally=tally.state(),
        )
        if not through:
            enqueue_dry_run(session, dry_run_id, done)
    return False


def _compare(
    engine: Engine, conversations: Sequence[Conversation], before: Playbook, after: Playbook
) -> list[tuple[ScoreBundle, ScoreBundle]]:
    """Judge together, or where one of them cannot be judged each by itself, without that one."""
    try:
        return engine.compare(conversations, before, after)
    except AttuneError as error:
        if len(conversations) == 1:
            _log.warning("a conversation cannot be tried", conversation=conversations[0].id, code=error.code)
            return []
        return [pair for one in conversations for pair in _compare(engine, [one], before, after)]


def _parsed_text(session: Session, text: str) -> tuple[Playbook, Mapping[str, Any]]:
    playbook, document = parse_playbook(text, "playbook", finder(session))
    return playbook, plain_document(document)


def _find(session: Session, spec: str) -> tuple[Playbook, Mapping[str, Any]]:
    """Return a packaged or published playbook; ``spec`` is never taken as a file name."""
    if not is_file_spec(spec):
        try:
            packaged_document(spec)
        except UnknownPlaybookError:
            pass
        else:
            playbook, document = read_playbook(spec)
            return playbook, plain_document(document)
    published = find_published(session, spec)
    return playbook_of(published), published.document


def _compared(session: Session, against: str | None, name: str, default: str) -> tuple[Playbook, Mapping[str, Any]]:
    if against is not None:
        return _find(session, against)
    now = datetime.now(UTC)
    same = next(
        (one.playbook for one in in_force(session) if one.playbook.id == name and covers(one.period, now)), None
    )
    if same is not None:
        return _find(session, _name(same))
    playbook, document = read_playbook(default)
    return playbook, plain_document(document)


def _newest(session: Session, wanted: ConversationFilter, limit: int) -> list[str]:
    ids: list[str] = []
    cursor: str | None = None
    while len(ids) < limit:
        page = list_conversations(session, wanted, min(_PAGE, limit - len(ids)), cursor)
        ids += [one.id for one in page.items]
        cursor = page.next_cursor
        if cursor is None:
            break
    return ids


def _playbook(document: Mapping[str, Any]) -> Playbook:
    return _read(json.dumps(document, ensure_ascii=False))


@lru_cache(maxsize=16)
def _read(text: str) -> Playbook:
    return parse_playbook(text, "playbook")[0]


def _stored(session: Session, dry_run_id: int, *, lock: bool = False) -> StoredDryRun:
    stored = repository.get(session, dry_run_id, lock=lock)
    if stored is None:
        raise NotFoundError(f"no dry run {dry_run_id}", f"没有试运行 {dry_run_id}", location=str(dry_run_id))
    return stored


def _info(stored: StoredDryRun) -> DryRunInfo:
    return DryRunInfo(
        id=stored.id,
        before=stored.before_name,
        after=stored.after_name,
        conditions=stored.conditions,
        state=cast(State, stored.state),
        total=stored.total,
        done=stored.done,
        skipped=stored.skipped,
        created_by=stored.created_by,
        created_at=stored.created_at,
        updated_at=stored.updated_at,
        error=DryRunError(**stored.error) if stored.error else None,
    )


def _name(playbook: Playbook) -> str:
    return f"{playbook.id}@{playbook.version}"
