"""Which rubric is in force when and for which conversations, and which of those in force judges a conversation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime
from itertools import combinations

from sqlmodel import Session

from models.domain.conversation import Conversation
from models.domain.playbook import Playbook
from models.domain.rubric import Rubric, RubricScope, Traits
from models.qa import claims, require_checks, traits_of
from models.scorers.compliance.scopes import Period, clash, covers, cut, lies_within, narrowest
from service.core.errors import AmbiguousRubricError, InvalidRequestError, NotFoundError
from service.playbooks.activation import in_force as playbooks_in_force
from service.rubrics import repository
from service.rubrics.fit import judging, require_fit
from service.rubrics.registry import (
    activated_rubrics,
    find_published,
    publish_packaged,
    require_version,
    rubric_of,
)
from service.rubrics.repository import ScopedActivation


@dataclass(frozen=True, slots=True)
class RubricInForce:
    """A rubric with the conversations it is for and the time in which it judges them."""

    rubric: Rubric
    scope: RubricScope
    period: Period


@dataclass(frozen=True, slots=True)
class Turn:
    """A time in which an activation holds: until another of the same rubric and scope takes its place."""

    activation: ScopedActivation
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
) -> ScopedActivation:
    """Put a published or packaged version in force for the conversations of a scope.

    What the same rubric has in force for the very same scope gives way: for good, or until ``end`` where one is given.
    Nothing is written about it; it goes on if this version is retired before it begins. What it has in force for other
    scopes stays, and the narrower holds.

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
    stored = repository.activations(session)
    number = 1 + max((one.id for one in stored), default=0)  # only to stand last among those that begin at once
    wanted = ScopedActivation(number, published.id, published.version, as_json(scope), begin, end, None, by, now)
    turns = in_turn([*stored, wanted])
    _refuse_ambiguity(turns)
    rubric = rubric_of(published)
    for one in turns:
        if one.activation is wanted:
            require_fit(session, rubric, scope, one.period, default)
    return repository.add_activation(session, wanted)


def retire(
    session: Session, spec: str, *, scope: RubricScope | None = None, end: datetime | None = None
) -> list[ScopedActivation]:
    """Take a rubric (``id``) or one version of it (``id@version``) out of force, now or at ``end``.

    Args:
        session: In which it takes effect when it commits.
        spec: Which.
        scope: Only what is in force for this very scope; whatever it is for by default.
        end: Now by default.

    A version that has not begun by then never does, and the one that it was to follow goes on.

    Returns:
        What was in force, or would have been, after that moment, as it is now.

    Raises:
        NotFoundError: Nothing of it is in force then or later.
        AmbiguousRubricError: What goes on claims conversations of another rubric.
    """
    moment = end or datetime.now(UTC)
    repository.lock(session)
    stored = repository.activations(session)
    ended = {}
    for turn in in_turn(stored):
        one = turn.activation
        named = spec in (one.rubric_id, f"{one.rubric_id}@{one.version}")
        lasts = turn.period[1] is None or turn.period[1] > moment
        if named and lasts and (scope is None or _same(turn.scope, scope)):
            ended[one.id] = replace(one, retired_at=max(moment, one.starts_at))
    if not ended:
        raise NotFoundError(f"{spec} is not in force", f"{spec} 未在使用中", location=spec)
    left = [ended.get(one.id, one) for one in stored]
    _refuse_ambiguity(in_turn([one for one in left if one.retired_at is None or one.retired_at > one.starts_at]))
    for one in ended.values():
        repository.retire_activation(session, one)
    return list(ended.values())


def in_force(session: Session) -> list[RubricInForce]:
    """Return every rubric with the conversations and the times in which it judges them, past and future ones too."""
    rubrics = activated_rubrics(session)
    return [
        RubricInForce(rubrics[one.activation.rubric_id, one.activation.version], one.scope, one.period)
        for one in in_turn(repository.activations(session))
    ]


def require_rubrics_for(session: Session, playbook: Playbook, since: datetime, default: Playbook) -> None:
    """Refuse a playbook, just put in force, that lacks a check which a rubric in force for its conversations names.

    Raises:
        InvalidRubricError: It does.
    """
    known = playbooks_in_force(session)
    for one in in_force(session):
        span = cut(one.period, (since, None))
        if span is not None and playbook.hash in {found.hash for found in judging(known, one.scope, span, default)}:
            require_checks(one.rubric, playbook)


def in_turn(activations: Sequence[ScopedActivation]) -> list[Turn]:
    """Return the times in which activations hold, by their beginning; one may have several, or none at all.

    Of the same rubric and scope the one that began last holds, of two that began at once the one activated last.
    """
    ordered = sorted(activations, key=lambda one: (one.starts_at, one.id))
    turns = []
    for place, one in enumerate(ordered):
        scope = scope_of(one)
        own = cut((one.starts_at, one.ends_at), (None, one.retired_at))
        pieces = [own] if own else []
        for later in ordered[place + 1 :]:
            if later.rubric_id == one.rubric_id and _same(scope_of(later), scope):
                pieces = [left for piece in pieces for left in _without(piece, (later.starts_at, later.ends_at))]
        turns += [Turn(one, scope, piece) for piece in pieces]
    return turns


def choose(rubrics: Sequence[RubricInForce], conversation: Conversation, at: datetime) -> Rubric | None:
    """Return the rubric with the narrowest scope among those in force at ``at`` for a conversation, if any."""
    return choose_for(rubrics, traits_of(conversation), at) if rubrics else None


def choose_for(rubrics: Sequence[RubricInForce], traits: Traits, at: datetime) -> Rubric | None:
    """Return the same for a conversation of these traits."""
    fitting = [one for one in rubrics if covers(one.period, at) and claims(one.scope, traits)]
    found = narrowest(fitting, lambda one: one.scope)
    return None if found is None else found.rubric


def scope_of(activation: ScopedActivation) -> RubricScope:
    """Return an activation's scope."""
    values = {name: tuple(values) for name, values in activation.scope.items()}
    return RubricScope(**values)  # type: ignore[arg-type]  # checked before it is written


def as_json(scope: RubricScope) -> Mapping[str, Sequence[str]]:
    """Return what a scope asks for."""
    return {field.name: list(values) for field in fields(scope) if (values := getattr(scope, field.name))}


def _without(span: Period, taken: Period) -> list[Period]:
    before, after = cut(span, (None, taken[0])), None if taken[1] is None else cut(span, (taken[1], None))
    return [one for one in (before, after) if one is not None]


def _refuse_ambiguity(turns: Sequence[Turn]) -> None:
    for one, other in combinations(turns, 2):
        if cut(one.period, other.period) is not None and clash(one.scope, other.scope):
            name, two = (f"{each.activation.rubric_id}@{each.activation.version}" for each in (other, one))
            raise AmbiguousRubricError(
                f"{name} and {two} would claim the same conversations at the same time, and neither scope is narrower",
                f"{name} 与 {two} 会在同一时段适用于相同的会话,且没有哪个范围更小",
                hint="narrow a scope, or retire one first / 请缩小其中一个的范围,或先停用其中一个",
                location=name,
            )


def _same(one: RubricScope, other: RubricScope) -> bool:
    return lies_within(one, other) and lies_within(other, one)
