"""Scoring a batch of stored conversations. Safe to repeat: what has its score already is passed over."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import groupby
from operator import attrgetter

from models.domain.conversation import Conversation
from models.domain.playbook import Playbook
from models.domain.rubric import Rubric
from models.domain.scores import ScoreBundle
from models.errors import AttuneError
from models.interchange import parse_conversation
from service.accounts.actor import WORKER
from service.audit.log import record
from service.core.logs import get_logger
from service.db.engine import Database
from service.playbooks.activation import InForce, choose, in_force
from service.rubrics import activation as rubric_activation
from service.rubrics.activation import RubricInForce
from service.scoring import repository
from service.scoring.columns import score_row
from service.scoring.engine import Engine, versions_hash
from service.scoring.repository import Current

_log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class BatchResult:
    """What came of a batch, in conversations; ``stopped`` where it was asked to stop before the end."""

    scored: int = 0
    known: int = 0
    failed: int = 0
    stopped: bool = False

    def plus(self, other: BatchResult) -> BatchResult:
        """Return the sum of two parts."""
        return BatchResult(
            self.scored + other.scored,
            self.known + other.known,
            self.failed + other.failed,
            self.stopped or other.stopped,
        )


def score_batch(
    database: Database,
    engine: Engine,
    conversation_ids: Sequence[str],
    *,
    chunk: int = 32,
    should_stop: Callable[[], bool] = lambda: False,
) -> BatchResult:
    """Score the newest revisions of the conversations and store the scores, ``chunk`` at a time.

    The model runs outside any transaction. One conversation that cannot be scored does not keep the others from it: it
    is marked as failed. Killed or stopped in the middle, what was finished stays, and a repetition does the rest.

    Args:
        database: Where they are.
        engine: What scores them.
        conversation_ids: Unknown ids are passed over.
        chunk: Conversations between two commits.
        should_stop: Asked before each chunk.
    """
    result = BatchResult()
    for start in range(0, len(conversation_ids), chunk):
        if should_stop():
            return result.plus(BatchResult(stopped=True))
        result = result.plus(_score_chunk(database, engine, conversation_ids[start : start + chunk]))
    return result


@dataclass(frozen=True, slots=True)
class _Work:
    """One revision to be scored."""

    stored: Current
    conversation: Conversation
    playbook: Playbook | None
    rubric: Rubric | None
    versions: str

    @property
    def key(self) -> tuple[str, int, str]:
        return self.stored.id, self.stored.revision, self.versions

    @property
    def policy(self) -> tuple[str, str]:
        """What it is judged by; empty for what the settings name."""
        return self.playbook.hash if self.playbook else "", self.rubric.hash if self.rubric else ""


def _score_chunk(database: Database, engine: Engine, ids: Sequence[str]) -> BatchResult:
    with database.transaction() as session:
        stored = repository.current_documents(session, ids)
        playbooks, rubrics = in_force(session), rubric_activation.in_force(session)
    work, errors = _prepare(engine, stored, playbooks, rubrics)
    with database.transaction() as session:
        known = repository.known_scores(session, [one.key for one in work])
    todo = [one for one in work if one.key not in known]

    bundles, failed = _score(engine, todo)
    errors |= failed

    now = datetime.now(UTC)
    done = [(one, bundle) for one, bundle in zip(todo, bundles, strict=True) if bundle is not None]
    with database.transaction() as session:
        rows = [
            score_row(bundle, engine.to_json(bundle), one.stored.revision, made_with, now)
            for one, bundle in done
            for made_with in [engine.provenance(one.playbook, one.rubric)]
        ]
        repository.add_scores(session, rows)
        # Also those known before: an earlier run may have ended between its score and a newer one becoming current.
        scores = repository.known_scores(session, [one.key for one in work])
        repository.set_current(session, {(one, revision): score for (one, revision, _), score in scores.items()})
        for source in stored:
            if source.id in errors:
                repository.set_failed(session, source.id, source.revision, errors[source.id])
        if done or errors:
            # The scores tell for themselves when each was made, and with what.
            detail = {"scored": len(done), "failed": len(errors), "ids": [one.stored.id for one, _ in done]}
            record(session, WORKER, "scores.add", "conversation", None, detail)
    return BatchResult(scored=len(done), known=len(known), failed=len(errors))


def _prepare(
    engine: Engine, stored: Sequence[Current], playbooks: Sequence[InForce], rubrics: Sequence[RubricInForce]
) -> tuple[list[_Work], dict[str, str]]:
    """Read the documents and choose their playbooks and rubrics.

    One that today's rules refuse, though it was let in once, is an error of its own; so is one whose playbook lacks a
    check that its rubric names.
    """
    work: list[_Work] = []
    errors: dict[str, str] = {}
    for one in stored:
        try:
            conversation = parse_conversation(one.document)
            playbook = choose(playbooks, conversation, one.occurred_at)
            rubric = rubric_activation.choose(rubrics, conversation, one.occurred_at)
            made_with = engine.provenance(playbook, rubric)
            versions = versions_hash(engine.versions_for(conversation, playbook, rubric), made_with)
        except Exception as error:  # noqa: BLE001  # whatever a playbook may raise
            _log.exception("a stored conversation cannot be read or judged", conversation=one.id)
            errors[one.id] = error.code if isinstance(error, AttuneError) else type(error).__name__
        else:
            work.append(_Work(one, conversation, playbook, rubric, versions))
    return work, errors


def _score(engine: Engine, work: Sequence[_Work]) -> tuple[list[ScoreBundle | None], dict[str, str]]:
    """Score, those of one playbook and rubric at a time, and return the bundles in the order of ``work``."""
    bundles: dict[str, ScoreBundle | None] = {}
    errors: dict[str, str] = {}
    by_policy = attrgetter("policy")
    for _, group in groupby(sorted(work, key=by_policy), key=by_policy):
        several = list(group)
        scored, failed = _score_by(engine, several, several[0].playbook, several[0].rubric)
        bundles |= {one.stored.id: bundle for one, bundle in zip(several, scored, strict=True)}
        errors |= failed
    return [bundles[one.stored.id] for one in work], errors


def _score_by(
    engine: Engine, work: Sequence[_Work], playbook: Playbook | None, rubric: Rubric | None
) -> tuple[list[ScoreBundle | None], dict[str, str]]:
    """Score all at once; where that fails, one by one, to find those that cannot be scored."""
    try:
        return list(engine.score([one.conversation for one in work], playbook, rubric)), {}
    except Exception:  # noqa: BLE001  # whatever a model may raise
        _log.exception("a chunk could not be scored as a whole", conversations=len(work))
    bundles: list[ScoreBundle | None] = []
    errors: dict[str, str] = {}
    for one in work:
        try:
            bundles += engine.score([one.conversation], playbook, rubric)
        except Exception as error:  # noqa: BLE001
            code = error.code if isinstance(error, AttuneError) else type(error).__name__
            _log.exception("a conversation could not be scored", conversation=one.stored.id)
            errors[one.stored.id] = code
            bundles.append(None)
    return bundles, errors
