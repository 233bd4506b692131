"""Which playbook is in force when, and which of those in force judges a conversation."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from sqlmodel import Session

from models.domain.conversation import Conversation
from models.domain.playbook import Playbook
from models.domain.rubric import Rubric
from models.qa import require_checks
from models.scorers.compliance.scopes import Period, clash, covers, cut, in_scope, lies_within, period
from service.core.errors import AmbiguousPlaybookError, InvalidRequestError, NotFoundError
from service.playbooks import repository
from service.playbooks.registry import find_published, playbook_of, playbooks_of, publish_packaged
from service.playbooks.repository import Activation

# Days in playbooks and on the command line begin at midnight here.
ZONE = ZoneInfo("Asia/Shanghai")


@dataclass(frozen=True, slots=True)
class InForce:
    """A playbook and the time in which it judges: its activation and its own dates together."""

    playbook: Playbook
    period: Period


def activate(
    session: Session, spec: str, by: str, *, start: datetime | None = None, rubric: Rubric | None = None
) -> Activation:
    """Put a published or packaged version in force; the version before it of the same playbook ends there.

    Args:
        session: In which it takes effect when it commits.
        spec: ``id@version``.
        by: Who does it.
        start: From when conversations are judged by it; now by default.
        rubric: Has to name only checks that the playbook has.

    Raises:
        NotFoundError: There is no such version.
        InvalidRequestError: ``spec`` names no version, or the playbook's own dates are over by then.
        InvalidRubricError: The rubric names a check that it lacks.
        AmbiguousPlaybookError: It would claim conversations of another playbook in force, neither scope being narrower.
    """
    if "@" not in spec:
        raise InvalidRequestError(f"name a version: {spec}@1", f"请指定版本:{spec}@1", location=spec)
    now = datetime.now(UTC)
    repository.lock(session)
    try:
        published = find_published(session, spec)
    except NotFoundError:
        if publish_packaged(session, spec, by) is None:
            raise
        published = find_published(session, spec)
    playbook = playbook_of(published)
    if rubric is not None:
        require_checks(rubric, playbook)
    begin = start or now
    end = _give_way(session, published.id, begin)
    span = cut((begin, end), period(playbook.effective, ZONE))
    if span is None:
        raise InvalidRequestError(
            f"{spec} says itself that it is not in force after {begin.isoformat()}",
            f"按 {spec} 自身的有效期,它在 {begin.isoformat()} 之后不再生效",
            location=spec,
        )
    _refuse_ambiguity(session, playbook, span)
    return repository.add_activation(session, published.id, published.version, begin, end, by, now)


def retire(session: Session, spec: str, *, end: datetime | None = None) -> list[Activation]:
    """Take a playbook (``id``) or one version of it (``id@version``) out of force, now or at ``end``.

    Returns:
        What was in force, or would have been, after that moment.

    Raises:
        NotFoundError: Nothing of it is in force then or later.
    """
    moment = end or datetime.now(UTC)
    repository.lock(session)
    ended = []
    for one in repository.activations(session):
        named = spec in (one.playbook_id, f"{one.playbook_id}@{one.version}")
        if named and (one.ends_at is None or one.ends_at > moment):
            repository.end_activation(session, one.id, max(moment, one.starts_at))
            ended.append(one)
    if not ended:
        raise NotFoundError(f"{spec} is not in force", f"{spec} 未在使用中", location=spec)
    return ended


def in_force(session: Session) -> list[InForce]:
    """Return every playbook with a time in which it judges, past and future ones too."""
    activations = repository.activations(session)
    keys = sorted({(one.playbook_id, one.version) for one in activations})
    return list(_in_force(activations, playbooks_of(session, keys)))


def choose(playbooks: Sequence[InForce], conversation: Conversation, at: datetime) -> Playbook | None:
    """Return the playbook with the narrowest scope among those in force at ``at`` for a conversation, if any."""
    fitting = [
        one.playbook for one in playbooks if covers(one.period, at) and in_scope(conversation, one.playbook.scope)
    ]
    for one in fitting:
        if all(lies_within(one.scope, other.scope) for other in fitting):
            return one
    return None


def _in_force(activations: Sequence[Activation], playbooks: dict[tuple[str, int], Playbook]) -> Iterator[InForce]:
    for one in activations:
        playbook = playbooks[one.playbook_id, one.version]
        span = cut((one.starts_at, one.ends_at), period(playbook.effective, ZONE))
        if span is not None:
            yield InForce(playbook, span)


def _give_way(session: Session, playbook_id: str, begin: datetime) -> datetime | None:
    """End what the same playbook has in force at ``begin``; return when its next version is to begin, if one is."""
    following: datetime | None = None
    for one in repository.activations(session):
        if one.playbook_id != playbook_id:
            continue
        if one.starts_at <= begin:
            if one.ends_at is None or one.ends_at > begin:
                repository.end_activation(session, one.id, begin)
        elif following is None:
            following = one.starts_at
    return following


def _refuse_ambiguity(session: Session, playbook: Playbook, span: Period) -> None:
    for other in in_force(session):
        if (
            other.playbook.id != playbook.id
            and cut(span, other.period) is not None
            and clash(playbook.scope, other.playbook.scope)
        ):
            one, two = f"{playbook.id}@{playbook.version}", f"{other.playbook.id}@{other.playbook.version}"
            raise AmbiguousPlaybookError(
                f"{one} and {two} would claim the same conversations at the same time, and neither scope is narrower",
                f"{one} 与 {two} 会在同一时段适用于相同的会话,且没有哪个范围更小",
                hint="narrow a scope, or retire one first / 请缩小其中一个的范围,或先停用其中一个",
                location=one,
            )
