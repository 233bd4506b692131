"""All playbooks there are: packaged and published, with the times in which they are in force."""

from __future__ import annotations

from collections.abc import Sequence
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
    activations: dict[tuple[str, int], list[Activation]] = {}
    for one in repository.activations(session):
        activations.setdefault((one.playbook_id, one.version), []).append(one)
    for published in repository.all_versions(session):
        key = (published.id, published.version)
        playbook = playbook_of(published)
        own = period(playbook.effective, ZONE)
        spans = [_span(activation, own, now) for activation in activations.get(key, ())]
        known[key] = Known(playbook, False, published.published_by, published.published_at, spans)
    same = next((one for one in known.values() if one.playbook.hash == base.hash), Known(base))
    others = [known[key] for key in sorted(known) if known[key].playbook.hash != base.hash]
    return [replace(same, default=True), *others]


def _span(activation: Activation, own: Period, now: datetime) -> Span:
    both = cut((activation.starts_at, activation.ends_at), own)
    return Span(
        activation.starts_at, activation.ends_at, activation.activated_by, both is not None and covers(both, now)
    )
