"""All playbooks there are: packaged and published, with the times in which they are in force."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlmodel import Session

from models.domain.playbook import Playbook
from models.scorers.compliance import list_playbooks, load_playbook
from models.scorers.compliance.scopes import covers
from service.playbooks import repository
from service.playbooks.activation import InForce, in_force
from service.playbooks.registry import playbook_of


@dataclass(frozen=True, slots=True)
class Span:
    """A time in which a playbook is in force; ``now`` where it is at the moment, by its own dates, too."""

    starts_at: datetime
    ends_at: datetime | None
    activated_by: str
    now: bool


@dataclass(frozen=True, slots=True)
class Known:
    """A playbook of this installation.

    Attributes:
        playbook: With its checks.
        default: Whether it judges the conversations that no playbook in force is for.
        published_by: ``None`` for one that nobody published.
        published_at: The same.
        activations: When it is or was in force.
    """

    playbook: Playbook
    default: bool = False
    published_by: str | None = None
    published_at: datetime | None = None
    activations: Sequence[Span] = ()


def all_known(session: Session, default: str, now: datetime) -> list[Known]:
    """Return the default of the settings, then all other playbooks by id and version.

    Args:
        session: To read by.
        default: The settings' playbook: an id or a file.
        now: To tell what is in force.

    Raises:
        UnknownPlaybookError, InvalidPlaybookError: The settings name one that cannot be read.
    """
    base = load_playbook(default)
    known = {(one.id, one.version): Known(one) for one in list_playbooks()}
    spans: dict[tuple[str, int], list[Span]] = {}
    for one in in_force(session):
        spans.setdefault((one.playbook.id, one.playbook.version), []).append(_span(one, now))
    for published in repository.all_versions(session):
        key = (published.id, published.version)
        playbook = playbook_of(published)
        known[key] = Known(playbook, False, published.published_by, published.published_at, spans.get(key, ()))
    same = next((one for one in known.values() if one.playbook.hash == base.hash), Known(base))
    others = [known[key] for key in sorted(known) if known[key].playbook.hash != base.hash]
    return [replace(same, default=True), *others]


def _span(one: InForce, now: datetime) -> Span:
    given = one.activation
    return Span(given.starts_at, given.ends_at, given.activated_by, covers(one.period, now))
