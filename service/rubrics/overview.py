"""All rubrics there are: packaged and published, with the times in which they are in force."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlmodel import Session

from models.domain.rubric import Rubric
from models.qa import list_rubrics, load_rubric
from models.scorers.compliance.scopes import covers
from service.rubrics import repository
from service.rubrics.activation import in_turn
from service.rubrics.registry import rubric_of


@dataclass(frozen=True, slots=True)
class RubricSpan:
    """A time in which a rubric is in force for the conversations of a scope; ``now`` where it is at the moment."""

    scope: Mapping[str, Sequence[str]]
    starts_at: datetime
    ends_at: datetime | None
    activated_by: str
    now: bool


@dataclass(frozen=True, slots=True)
class KnownRubric:
    """A rubric of this installation.

    Attributes:
        rubric: With its criteria.
        default: Whether it judges the conversations that no rubric in force is for.
        published_by: ``None`` for one that nobody published.
        published_at: The same.
        activations: When it is or was in force.
    """

    rubric: Rubric
    default: bool = False
    published_by: str | None = None
    published_at: datetime | None = None
    activations: Sequence[RubricSpan] = ()


def all_known(session: Session, default: str, now: datetime) -> list[KnownRubric]:
    """Return the default of the settings, then all other rubrics by id and version.

    Args:
        session: To read by.
        default: The settings' rubric: an id or a file.
        now: To tell what is in force.

    Raises:
        UnknownRubricError, InvalidRubricError: The settings name one that cannot be read.
    """
    known = {(one.id, one.version): KnownRubric(one) for one in list_rubrics()}
    spans: dict[tuple[str, int], list[RubricSpan]] = {}
    for turn in in_turn(repository.activations(session)):
        one, (begin, end) = turn.activation, turn.period
        span = RubricSpan(one.scope, begin or one.starts_at, end, one.activated_by, covers(turn.period, now))
        spans.setdefault((one.rubric_id, one.version), []).append(span)
    for published in repository.versions(session):
        key = published.id, published.version
        known[key] = KnownRubric(
            rubric_of(published), False, published.published_by, published.published_at, spans.get(key, ())
        )
    base = load_rubric(default)
    first = next((one for one in known.values() if one.rubric.hash == base.hash), KnownRubric(base))
    return [replace(first, default=True), *(known[key] for key in sorted(known) if known[key] is not first)]
