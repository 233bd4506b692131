"""Which rubric is in force when and for which conversations, and which of those in force judges a conversation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import UTC, datetime

from sqlmodel import Session

from models.domain.conversation import Conversation
from models.domain.playbook import Playbook
from models.domain.rubric import Rubric, RubricScope, Traits
from models.qa import claims, traits_of
from models.scorers.compliance.scopes import Period, clash, covers, cut, lies_within, narrowest
from service.core.errors import AmbiguousRubricError, InvalidRequestError, NotFoundError
from service.rubrics import repository
from service.rubrics.fit import require_fit
from service.rubrics.registry import (
    activated_rubrics,
    find_published,
    publish_packaged,
    require_version,
    rubric_of,
)
from service.rubrics.repository import Activation


@dataclass(frozen=True, slots=True)
class RubricInForce:
    """A rubric with the conversations it is for and the time in which it judges them."""

    rubric: Rubric
    scope: RubricScope
    period: Period


def activate(
    session: Session,
    spec: str,
    by: str,
    *,
    default: Playbook,
    scope: RubricScope | None = None,
    start: datetime | None = None,
    end: datetime | None = None,
) -> Activation:
    """Put a published or packaged version in force for the conversations of a scope.

    What the same rubric has in force for the very same scope gives way for that time: it ends at ``start``, and goes on
    at ``end`` where one is given and it would have lasted longer. Of another scope it stays, and the narrower holds.

    Args:
        session: In which it takes effect when it commits.
        spec: ``id@version``.
        by: Who does it.
        default: The playbook of conversations that no playbook in force is for.
        scope: Which conversations; all by default.
        start: From when conversations are judged by it; now by default.
        end: Until when, without that moment; open by default.

    Raises:
        NotFoundError: There is no such version.
        InvalidRequestError: ``spec`` names no version, or the period has no length.
        InvalidRubricError: It names a check that a playbook which judges such conversations then lacks.
        AmbiguousRubricError: It would claim conversations of another rubric in force, neither scope being narrower.
    """
    require_version(spec)
    now = datetime.now(UTC)
    begin, scope = start or now, scope or RubricScope()
    if end is not None and end <= begin:
        raise InvalidRequestError("the period ends before it begins", "结束时间须晚于开始时间", location="to")
    repository.lock(session)
    try:
        published = find_published(session, spec)
    except NotFoundError:
        if publish_packaged(session, spec, by, ()) is None:
            raise
        published = find_published(session, spec)
    version = published.id, published.version
    end = _give_way(session, published.id, scope, (begin, end), by, now)
    _refuse_ambiguity(session, version, scope, (begin, end))
    require_fit(session, rubric_of(published), scope, (begin, end), default)
    return repository.add_activation(session, version, as_json(scope), (begin, end), by, now)


def retire(
    session: Session, spec: str, *, scope: RubricScope | None = None, end: datetime | None = None
) -> list[Activation]:
    """Take a rubric (``id``) or one version of it (``id@version``) out of force, now or at ``end``.

    Args:
        session: In which it takes effect when it commits.
        spec: Which.
        scope: Only what is in force for this very scope; whatever it is for by default.
        end: Now by default.

    Returns:
        What was in force, or would have been, after that moment.

    Raises:
        NotFoundError: Nothing of it is in force then or later.
    """
    moment = end or datetime.now(UTC)
    repository.lock(session)
    ended = []
    for one in repository.activations(session):
        named = spec in (one.rubric_id, f"{one.rubric_id}@{one.version}")
        if named and _lasts(one, moment) and (scope is None or _same(scope_of(one), scope)):
            repository.end_activation(session, one.id, max(moment, one.starts_at))
            ended.append(one)
    if not ended:
        raise NotFoundError(f"{spec} is not in force", f"{spec} 未在使用中", location=spec)
    return ended


def in_force(session: Session) -> list[RubricInForce]:
    """Return every rubric with the conversations and the time in which it judges them, past and future ones too."""
    rubrics = activated_rubrics(session)
    return [
        RubricInForce(rubrics[one.rubric_id, one.version], scope_of(one), (one.starts_at, one.ends_at))
        for one in repository.activations(session)
    ]


def choose(rubrics: Sequence[RubricInForce], conversation: Conversation, at: datetime) -> Rubric | None:
    """Return the rubric with the narrowest scope among those in force at ``at`` for a conversation, if any."""
    return choose_for(rubrics, traits_of(conversation), at) if rubrics else None


def choose_for(rubrics: Sequence[RubricInForce], traits: Traits, at: datetime) -> Rubric | None:
    """Return the same for a conversation of these traits."""
    fitting = [one for one in rubrics if covers(one.period, at) and claims(one.scope, traits)]
    found = narrowest(fitting, lambda one: one.scope)
    return None if found is None else found.rubric


def scope_of(activation: Activation) -> RubricScope:
    """Return an activation's scope."""
    values = {name: tuple(values) for name, values in activation.scope.items()}
    return RubricScope(**values)  # type: ignore[arg-type]  # checked before it is written


def as_json(scope: RubricScope) -> Mapping[str, Sequence[str]]:
    """Return what a scope asks for."""
    return {field.name: list(values) for field in fields(scope) if (values := getattr(scope, field.name))}


def _give_way(
    session: Session,
    rubric_id: str,
    scope: RubricScope,
    wanted: tuple[datetime, datetime | None],
    by: str,
    now: datetime,
) -> datetime | None:
    """Make room for ``wanted`` in what the rubric has in force for the very same scope; return when it has to end."""
    begin, end = wanted
    for one in repository.activations(session):
        if one.rubric_id != rubric_id or not _same(scope_of(one), scope):
            continue
        if one.starts_at > begin:
            end = one.starts_at if end is None else min(end, one.starts_at)
        elif _lasts(one, begin):
            repository.end_activation(session, one.id, begin)
            if end is not None and _lasts(one, end):
                rest = (end, one.ends_at)
                repository.add_activation(session, (one.rubric_id, one.version), one.scope, rest, by, now)
    return end


def _refuse_ambiguity(session: Session, version: tuple[str, int], scope: RubricScope, span: Period) -> None:
    for other in in_force(session):
        if cut(span, other.period) is not None and clash(scope, other.scope):
            one, two = f"{version[0]}@{version[1]}", f"{other.rubric.id}@{other.rubric.version}"
            raise AmbiguousRubricError(
                f"{one} and {two} would claim the same conversations at the same time, and neither scope is narrower",
                f"{one} 与 {two} 会在同一时段适用于相同的会话,且没有哪个范围更小",
                hint="narrow a scope, or retire one first / 请缩小其中一个的范围,或先停用其中一个",
                location=one,
            )


def _lasts(one: Activation, moment: datetime) -> bool:
    return one.ends_at is None or one.ends_at > moment


def _same(one: RubricScope, other: RubricScope) -> bool:
    return lies_within(one, other) and lies_within(other, one)
