"""Publishing rubrics: a version is stored once, as it was written, and never changes."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlmodel import Session

from models.domain.playbook import Playbook
from models.domain.rubric import Rubric
from models.errors import InvalidRubricError
from models.qa import list_rubrics, load_rubric, missing_checks, packaged_text, parse_rubric, require_checks
from service.core.errors import InvalidRequestError, NotFoundError, RubricConflictError
from service.rubrics import repository
from service.rubrics.repository import Published

# Published versions never change, so what was read once holds.
_PARSED: dict[tuple[str, int, str], Rubric] = {}


@dataclass(frozen=True, slots=True)
class Publication:
    """A published version.

    Attributes:
        rubric: What was published.
        published_by: Who did.
        published_at: When.
        new: False where the very same was published before.
        goes_with: The playbooks (``id@version``) that have all checks it names.
    """

    rubric: Rubric
    published_by: str
    published_at: datetime
    new: bool
    goes_with: Sequence[str] = ()


def publish_text(
    session: Session, text: str, by: str, playbooks: Sequence[Playbook], source: str = "rubric"
) -> Publication:
    """Publish the rubric in a YAML text.

    Args:
        session: In which it is stored.
        text: As its author wrote it.
        by: Who does it.
        playbooks: Those there are; at least one has to have all the checks that the rubric names.
        source: What errors call the text.

    Raises:
        InvalidRubricError: It is no rubric (the error names ``source``, line and path), or goes with no playbook.
        RubricConflictError: Its id and version are published or packaged with other content.
    """
    rubric = parse_rubric(text, source)
    _refuse_other(rubric, {spec_of(one): one.hash for one in list_rubrics()}.get(spec_of(rubric)))
    fitting = goes_with(rubric, playbooks)
    if playbooks and not fitting:
        closest = min(playbooks, key=lambda one: len(missing_checks(rubric, {check.id for check in one.checks})))
        require_checks(rubric, closest)
    row = Published(rubric.id, rubric.version, rubric.hash, text, by, datetime.now(UTC))
    names = [spec_of(playbook) for playbook in fitting]
    if repository.insert_version(session, row):
        return Publication(rubric, by, row.published_at, True, names)
    [known] = repository.versions(session, rubric.id, rubric.version)
    _refuse_other(rubric, known.hash)
    return Publication(rubric, known.published_by, known.published_at, False, names)


def publish_packaged(session: Session, spec: str, by: str, playbooks: Sequence[Playbook]) -> Publication | None:
    """Publish a packaged rubric as it is; ``None`` where there is none of that id and version."""
    text = packaged_text(spec) if "@" in spec else None
    return None if text is None else publish_text(session, text, by, playbooks, spec)


def find_published(session: Session, spec: str) -> Published:
    """Return what is stored of ``id@version``, or of ``id`` the newest version.

    Raises:
        NotFoundError: It is not published.
    """
    name, _, number = spec.partition("@")
    found = []
    if not number or (number.isascii() and number.isdigit() and int(number) < 2**31):
        found = repository.versions(session, name, int(number) if number else None)
    if not found:
        raise NotFoundError(f"no published rubric {spec!r}", f"没有已发布的评分标准 {spec!r}", location=spec)
    return found[-1]


def find_rubric(session: Session, spec: str, own: str | None = None) -> Rubric:
    """Return the rubric of ``id@version``, or of ``id`` the newest: published, packaged, or the settings' own.

    ``spec`` is never taken as a file name; ``own`` (id or file) is.

    Raises:
        NotFoundError: There is none.
    """
    found = [rubric for rubric in list_rubrics() if spec in (rubric.id, spec_of(rubric))]
    if own is not None and spec in ((mine := load_rubric(own)).id, spec_of(mine)):
        found.append(mine)
    with suppress(NotFoundError):
        found.append(rubric_of(find_published(session, spec)))
    if found:
        return max(found, key=lambda rubric: rubric.version)
    raise NotFoundError(f"no rubric {spec!r}", f"没有评分标准 {spec!r}", location=spec)


def rubrics_called(session: Session, label: str) -> list[Rubric]:
    """Return all rubrics here of the id and version in a score's label: a packaged and a published one.

    A published one that this version cannot read is not here.
    """
    spec = label.partition("+")[0]
    found = [rubric for rubric in list_rubrics() if spec_of(rubric) == spec]
    with suppress(NotFoundError, InvalidRubricError):
        found.append(rubric_of(find_published(session, spec)))
    return found


def rubric_of(published: Published) -> Rubric:
    """Return what is stored as a rubric."""
    key = (published.id, published.version, published.hash)
    if key not in _PARSED:
        _PARSED[key] = parse_rubric(published.yaml, f"{published.id}@{published.version}")
    return _PARSED[key]


def activated_rubrics(session: Session) -> dict[tuple[str, int], Rubric]:
    """Return the rubrics that are or were in force; those that this process has read before are not fetched again."""
    found = {}
    for (name, version), digest in repository.hashes(session).items():
        known = _PARSED.get((name, version, digest))
        found[name, version] = known or rubric_of(repository.versions(session, name, version)[0])
    return found


def goes_with(rubric: Rubric, playbooks: Sequence[Playbook]) -> list[Playbook]:
    """Return those of the playbooks that have all checks that a rubric names."""
    return [one for one in playbooks if not missing_checks(rubric, {check.id for check in one.checks})]


def spec_of(policy: Rubric | Playbook) -> str:
    """Return ``id@version``."""
    return f"{policy.id}@{policy.version}"


def require_version(spec: str) -> None:
    """Refuse a bare id.

    Raises:
        InvalidRequestError: It names no version.
    """
    if "@" not in spec:
        raise InvalidRequestError(f"name a version: {spec}@1", f"请指定版本:{spec}@1", location=spec)


def _refuse_other(rubric: Rubric, known: str | None) -> None:
    if known is not None and known != rubric.hash:
        spec = spec_of(rubric)
        raise RubricConflictError(
            f"{spec} is taken by other content",
            f"{spec} 已被其他内容占用",
            hint="published versions never change: count 'version' up / 已发布的版本不可更改,请把 version 加一",
            location=spec,
        )
