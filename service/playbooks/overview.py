"""All playbooks there are: packaged and published, with the times in which they are in force."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlmodel import Session

from models.domain.playbook import Playbook
from models.scorers.compliance import list_playbooks, load_playbook
from models.scorers.compliance.scopes import Period, covers, cut, period
from service.playbooks import repository
from service.playbooks.activation import ZONE
from service.playbooks.registry import playbook_of
from service.playbooks.repository import Activation


@dataclass(frozen=True, slots=True)
class Span:
    """A time in which a playbook is in force; ``now`` where it is at the moment."""

    starts_at: datetime
    ends_at: datetime | None
    activated_by: str
    now: bool


@dataclass(frozen=True, slots=True)
class Known:
    """A playbook of this installation.

    Attributes:
        id: Stable name.
        version: Its version.
        title_zh: For people.
        title_en: For people.
        hash: Of its content.
        default: Whether it judges conversations that no other one in force is for.
        scope: Which conversations it is for, by attribute; empty: all.
        effective_from: When it is in force by its own dates, if it names any.
        effective_until: The same.
        published_by: ``None`` for packaged ones that nobody published.
        published_at: The same.
        activations: When it is in force.
    """

    id: str
    version: int
    title_zh: str
    title_en: str
    hash: str
    default: bool
    scope: Mapping[str, Sequence[str]]
    effective_from: datetime | None
    effective_until: datetime | None
    published_by: str | None
    published_at: datetime | None
    activations: Sequence[Span]


def all_known(session: Session, default: str, now: datetime) -> list[Known]:
    """Return the default of the settings, then all other playbooks by id and version.

    Args:
        session: To read by.
        default: The settings' playbook: an id or a file.
        now: To tell what is in force.
    """
    base = load_playbook(default)
    known = {(one.id, one.version): _known(one) for one in list_playbooks()}
    activations: dict[tuple[str, int], list[Activation]] = {}
    for one in repository.activations(session):
        activations.setdefault((one.playbook_id, one.version), []).append(one)
    for published in repository.all_versions(session):
        key = (published.id, published.version)
        playbook = playbook_of(published)
        own = period(playbook.effective, ZONE)
        known[key] = replace(
            _known(playbook),
            published_by=published.published_by,
            published_at=published.published_at,
            activations=[_span(activation, own, now) for activation in activations.get(key, ())],
        )
    first = replace(known.get((base.id, base.version), _known(base)), default=True)
    if first.hash != base.hash:
        first = replace(_known(base), default=True)
    others = [known[key] for key in sorted(known) if known[key].hash != first.hash]
    return [first, *others]


def _known(playbook: Playbook) -> Known:
    scope = playbook.scope
    given = {
        "queue": scope.queue,
        "channel": scope.channel,
        "language": scope.language,
        "agent_group": scope.agent_group,
    }
    begin, end = period(playbook.effective, ZONE)
    return Known(
        id=playbook.id,
        version=playbook.version,
        title_zh=playbook.title.zh,
        title_en=playbook.title.en,
        hash=playbook.hash,
        default=False,
        scope={name: list(values) for name, values in given.items() if values},
        effective_from=begin,
        effective_until=end,
        published_by=None,
        published_at=None,
        activations=(),
    )


def _span(activation: Activation, own: Period, now: datetime) -> Span:
    both = cut((activation.starts_at, activation.ends_at), own)
    return Span(
        activation.starts_at, activation.ends_at, activation.activated_by, both is not None and covers(both, now)
    )
