"""Which playbook is in force when, and which of those in force judges a conversation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any
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
    """A playbook and the time in which it judges.

    Attributes:
        playbook: The version.
        period: Its activation and its own dates together, until the next version of the same playbook begins.
        activation: As stored, but for ``ends_at``, which the next version may bring forward.
    """

    playbook: Playbook
    period: Period
    activation: Activation


@dataclass(frozen=True, slots=True)
class Retirement:
    """What a retirement changes.

    Attributes:
        ended: What was in force, or would have been, after that moment.
        resumed: What goes on beyond the moment at which one of those was to take its place, as it is now.
    """

    ended: list[Activation]
    resumed: list[Activation]

    def for_audit(self, at: datetime | None) -> dict[str, Any]:
        """Return what an audit event tells of it; ``at`` is the moment asked for, if any."""
        resumed = [{"version": one.version, "ends_at": one.ends_at} for one in self.resumed]
        return {"versions": [one.version for one in self.ended], "at": at, "resumed": resumed}


def activate(
    session: Session, spec: str, by: str, *, start: datetime | None = None, rubric: Rubric | None = None
) -> Activation:
    """Put a published or packaged version in force; the version before it of the same playbook ends where it begins.

    Nothing is written about the version before: it goes on if this one is retired before it begins.

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
    if cut((begin, None), period(playbook.effective, ZONE)) is None:
        raise InvalidRequestError(
            f"{spec} says itself that it is not in force after {begin.isoformat()}",
            f"按 {spec} 自身的有效期,它在 {begin.isoformat()} 之后不再生效",
            location=spec,
        )
    stored = repository.activations(session)
    wanted = Activation(
        1 + max((one.id for one in stored), default=0), published.id, published.version, begin, None, by, now
    )
    after = _in_turn(session, [*stored, wanted])
    [made] = [one for one in after if one.activation.id == wanted.id]
    _refuse_ambiguity(after, made.playbook, made.period)
    added = repository.add_activation(session, wanted)
    return replace(added, ends_at=made.activation.ends_at)


def retire(session: Session, spec: str, *, end: datetime | None = None) -> Retirement:
    """Take a playbook (``id``) or one version of it (``id@version``) out of force, now or at ``end``.

    A version that has not begun by then never does, and the one that it was to follow goes on.

    Raises:
        NotFoundError: Nothing of it is in force then or later.
        AmbiguousPlaybookError: What would go on claims conversations of another playbook in force.
    """
    moment = end or datetime.now(UTC)
    repository.lock(session)
    stored = repository.activations(session)
    before = {one.activation.id: one for one in _in_turn(session, stored)}
    ended = {
        key: max(moment, one.activation.starts_at)
        for key, one in before.items()
        if spec in (one.playbook.id, f"{one.playbook.id}@{one.playbook.version}") and _later(one.period[1], moment)
    }
    if not ended:
        raise NotFoundError(f"{spec} is not in force", f"{spec} 未在使用中", location=spec)
    left = [replace(one, ends_at=ended.get(one.id, one.ends_at)) for one in stored]
    after = _in_turn(session, left)
    resumed = []
    for one in after:
        old = before.get(one.activation.id)
        if old is None:
            resumed.append(one)
            _refuse_ambiguity(after, one.playbook, one.period)
        elif old.period[1] is not None and _later(one.period[1], old.period[1]):
            resumed.append(one)
            _refuse_ambiguity(after, one.playbook, (old.period[1], one.period[1]))
    for key, last in ended.items():
        repository.end_activation(session, key, last)
    return Retirement([before[key].activation for key in ended], [one.activation for one in resumed])


def in_force(session: Session) -> list[InForce]:
    """Return every playbook with a time in which it judges, past and future ones too, by its beginning."""
    return _in_turn(session, repository.activations(session))


def choose(playbooks: Sequence[InForce], conversation: Conversation, at: datetime) -> Playbook | None:
    """Return the playbook with the narrowest scope among those in force at ``at`` for a conversation, if any."""
    fitting = [
        one.playbook for one in playbooks if covers(one.period, at) and in_scope(conversation, one.playbook.scope)
    ]
    for one in fitting:
        if all(lies_within(one.scope, other.scope) for other in fitting):
            return one
    return None


def _in_turn(session: Session, activations: Sequence[Activation]) -> list[InForce]:
    keys = sorted({(one.playbook_id, one.version) for one in activations})
    playbooks = playbooks_of(session, keys)
    alone = []
    for one in activations:
        playbook = playbooks[one.playbook_id, one.version]
        span = cut((one.starts_at, one.ends_at), period(playbook.effective, ZONE))
        if span is not None:
            alone.append(InForce(playbook, span, one))
    # Where two begin at once, the one that was activated last holds.
    alone.sort(key=lambda one: (one.period[0] or one.activation.starts_at, one.activation.id))
    found = (_until_the_next(one, alone[place + 1 :]) for place, one in enumerate(alone))
    return [one for one in found if one is not None]


def _until_the_next(one: InForce, later: Sequence[InForce]) -> InForce | None:
    following = next((other.period[0] for other in later if other.playbook.id == one.playbook.id), None)
    span = cut(one.period, (None, following))
    if span is None:
        return None
    ends = [moment for moment in (one.activation.ends_at, following) if moment is not None]
    return InForce(one.playbook, span, replace(one.activation, ends_at=min(ends, default=None)))


def _later(moment: datetime | None, than: datetime) -> bool:
    return moment is None or moment > than


def _refuse_ambiguity(all_in_force: Sequence[InForce], playbook: Playbook, span: Period) -> None:
    for other in all_in_force:
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
