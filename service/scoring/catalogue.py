"""The playbooks that can be applied: the packaged ones, published ones, and the one the settings name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlmodel import Session

from models.scorers.compliance.scopes import period
from service.core.errors import NotFoundError
from service.core.settings import ScoringSettings
from service.playbooks.activation import ZONE
from service.playbooks.overview import Known, Span, all_known


@dataclass(frozen=True, slots=True)
class Title:
    """A name in both languages."""

    zh: str
    en: str


@dataclass(frozen=True, slots=True)
class PlaybookCheck:
    """One check of a playbook."""

    id: str
    kind: str
    title: Title
    weight: float
    critical: bool
    suggest: Sequence[str]


@dataclass(frozen=True, slots=True)
class PlaybookInfo:
    """A playbook.

    Attributes:
        id: Stable name.
        version: Its version.
        title: For people.
        hash: Of its content.
        default: Whether it judges the conversations that no playbook in force is for.
        active: Whether new scores may be made with it: it is the default or in force now.
        scope: Which conversations it is for, by attribute; empty: all.
        effective_from: Its own first moment, if it names one.
        effective_until: Its own end, if it names one.
        published_by: Who published it; nobody did with packaged ones.
        published_at: When.
        activations: When it is or was in force.
        checks: In the order they are reported.
    """

    id: str
    version: int
    title: Title
    hash: str
    default: bool
    active: bool
    scope: Mapping[str, Sequence[str]]
    effective_from: datetime | None
    effective_until: datetime | None
    published_by: str | None
    published_at: datetime | None
    activations: Sequence[Span]
    checks: Sequence[PlaybookCheck]


def playbooks(session: Session, settings: ScoringSettings) -> list[PlaybookInfo]:
    """Return the default playbook, then the other packaged and published ones.

    Raises:
        UnknownPlaybookError, InvalidPlaybookError: The settings name one that cannot be read.
    """
    return [_playbook(known) for known in all_known(session, settings.playbook, datetime.now(UTC))]


def playbook(session: Session, settings: ScoringSettings, spec: str) -> PlaybookInfo:
    """Return one of ``playbooks`` by ``id@version``, or by ``id`` the default or else the newest of that id.

    ``spec`` is never taken as a file name.

    Raises:
        NotFoundError: There is none.
    """
    found = [one for one in playbooks(session, settings) if spec in (one.id, f"{one.id}@{one.version}")]
    if not found:
        raise NotFoundError(f"no playbook {spec!r}", f"没有话术手册 {spec!r}", location=spec)
    return max(found, key=lambda one: (one.default, one.version))


def _playbook(known: Known) -> PlaybookInfo:
    source = known.playbook
    checks = [
        PlaybookCheck(
            check.id, check.kind, Title(check.title.zh, check.title.en), check.weight, check.critical, check.suggest
        )
        for check in source.checks
    ]
    begin, end = period(source.effective, ZONE)
    scope = {name: getattr(source.scope, name) for name in ("queue", "channel", "language", "agent_group")}
    return PlaybookInfo(
        id=source.id,
        version=source.version,
        title=Title(source.title.zh, source.title.en),
        hash=source.hash,
        default=known.default,
        active=known.default or any(span.now for span in known.activations),
        scope={name: list(values) for name, values in scope.items() if values},
        effective_from=begin,
        effective_until=end,
        published_by=known.published_by,
        published_at=known.published_at,
        activations=known.activations,
        checks=checks,
    )
