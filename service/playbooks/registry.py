"""Publishing playbooks: a version is stored once, with everything it refers to, and never changes."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlmodel import Session

from models.documents import Document, parse_document
from models.domain.playbook import Playbook
from models.errors import InvalidPlaybookError, UnknownPlaybookError
from models.scorers.compliance import list_playbooks
from models.scorers.compliance.loading import packaged_document, parse_playbook, read_playbook
from service.core.errors import NotFoundError, PlaybookConflictError
from service.playbooks import repository
from service.playbooks.repository import Published

# What a stored document no longer needs: what it extends is in it.
_RESOLVED = ("extends", "remove")
# Published versions never change, so what was read once holds.
_PARSED: dict[tuple[str, int, str], Playbook] = {}


@dataclass(frozen=True, slots=True)
class Publication:
    """A published version; ``new`` is false where the very same was published before."""

    playbook: Playbook
    published_by: str
    published_at: datetime
    new: bool


def publish_file(session: Session, path: str | Path, by: str) -> Publication:
    """Publish the playbook in a file, with the playbooks and examples beside it that it refers to.

    Raises:
        UnknownPlaybookError: There is no such file.
        InvalidPlaybookError: It is no playbook.
        PlaybookConflictError: Its id and version are published or packaged with other content.
    """
    playbook, document = read_playbook(path)
    return _publish(session, playbook, document, Path(path).read_text(encoding="utf-8-sig"), by)


def publish_text(session: Session, text: str, by: str, source: str = "playbook") -> Publication:
    """Publish the playbook in a YAML text, which may extend packaged and published ones.

    Raises:
        InvalidPlaybookError: It is no playbook; the error names ``source``, line and path.
        PlaybookConflictError: Its id and version are published or packaged with other content.
    """
    playbook, document = parse_playbook(text, source, finder(session))
    return _publish(session, playbook, document, text, by)


def publish_packaged(session: Session, spec: str, by: str) -> Publication | None:
    """Publish a packaged playbook as it is; ``None`` where there is none of that id and version."""
    if spec not in {f"{playbook.id}@{playbook.version}" for playbook in list_playbooks()}:
        return None
    playbook, document = read_playbook(spec)
    return _publish(session, playbook, document, packaged_text(spec) or "", by)


def packaged_text(spec: str) -> str | None:
    """Return the file of a packaged playbook (``id@version``, or ``id`` for its newest version), if there is one."""
    try:
        return Path(packaged_document(spec).source).read_text(encoding="utf-8")
    except UnknownPlaybookError:
        return None


def load_published(session: Session, spec: str) -> Playbook:
    """Return the playbook of ``id@version``, or of ``id`` the newest version.

    Raises:
        NotFoundError: It is not published.
    """
    return playbook_of(find_published(session, spec))


def made_with(session: Session, version: str) -> Playbook | None:
    """Return the playbook that a score names as its version: a published one, or else a packaged one, or ``None``."""
    spec = version.partition("+")[0]
    try:
        return load_published(session, spec)
    except NotFoundError:
        return next((one for one in list_playbooks() if f"{one.id}@{one.version}" == spec), None)


def find_published(session: Session, spec: str) -> Published:
    """Return what is stored of ``id@version``, or of ``id`` the newest version.

    Raises:
        NotFoundError: It is not published.
    """
    name, _, number = spec.partition("@")
    found = None
    if not number:
        found = repository.newest_version(session, name)
    elif number.isascii() and number.isdigit() and int(number) < 2**31:
        found = repository.get_version(session, name, int(number))
    if found is None:
        raise NotFoundError(f"no published playbook {spec!r}", f"没有已发布的话术手册 {spec!r}", location=spec)
    return found


def playbook_of(published: Published) -> Playbook:
    """Return what is stored as a playbook."""
    key = (published.id, published.version, published.hash)
    if key not in _PARSED:
        text = json.dumps(published.document, ensure_ascii=False)
        _PARSED[key], _ = parse_playbook(text, f"{published.id}@{published.version}")
    return _PARSED[key]


def playbooks_of(session: Session, versions: Sequence[tuple[str, int]]) -> dict[tuple[str, int], Playbook]:
    """Return published playbooks by id and version; those that this process has read before are not fetched again."""
    keys = {(one, version): (one, version, digest) for one, version, digest in repository.hashes(session, versions)}
    new = [version for version, key in keys.items() if key not in _PARSED]
    for published in repository.versions_in(session, new):
        playbook_of(published)
    return {version: _PARSED[key] for version, key in keys.items()}


def finder(session: Session) -> Callable[[str], Document]:
    """Return how ``extends`` is looked up in a text: packaged playbooks first, then published ones; never files."""

    def find(spec: str) -> Document:
        try:
            return packaged_document(spec)
        except UnknownPlaybookError:
            pass
        try:
            published = find_published(session, spec)
        except NotFoundError as error:
            raise InvalidPlaybookError(error.message_en, error.message_zh, location=spec) from None
        return parse_document(
            json.dumps(published.document, ensure_ascii=False),
            f"{published.id}@{published.version}",
            InvalidPlaybookError,
        )

    return find


def _publish(session: Session, playbook: Playbook, document: Document, text: str, by: str) -> Publication:
    spec = f"{playbook.id}@{playbook.version}"
    _refuse_other(spec, playbook.hash, {f"{one.id}@{one.version}": one.hash for one in list_playbooks()}.get(spec))
    row = Published(playbook.id, playbook.version, playbook.hash, text, plain_document(document), by, datetime.now(UTC))
    again, _ = parse_playbook(json.dumps(row.document, ensure_ascii=False), spec)
    if again.hash != playbook.hash:
        raise InvalidPlaybookError(
            "it cannot be stored as it is: its content changes when written as JSON (keys that are no texts?)",
            "无法原样保存:写成 JSON 后内容会改变(是否有非文字的键?)",
            location=document.source,
        )
    if repository.insert_version(session, row):
        return Publication(playbook, by, row.published_at, new=True)
    known = repository.get_version(session, playbook.id, playbook.version)
    assert known is not None
    _refuse_other(spec, playbook.hash, known.hash)
    _refuse_other_tests(spec, playbook, playbook_of(known))
    return Publication(playbook_of(known), known.published_by, known.published_at, new=False)


def _refuse_other(spec: str, content_hash: str, known: str | None) -> None:
    if known is not None and known != content_hash:
        raise PlaybookConflictError(
            f"{spec} is taken by other content",
            f"{spec} 已被其他内容占用",
            hint="published versions never change: count 'version' up / 已发布的版本不可更改,请把 version 加一",
            location=spec,
        )


def _refuse_other_tests(spec: str, playbook: Playbook, known: Playbook) -> None:
    """Refuse tests that would be lost: they do not count for the hash, so that the hash does not tell."""
    checks = {check.id: check.tests for check in known.checks}
    other = [check.id for check in playbook.checks if check.tests != checks[check.id]]
    if not other and playbook.tests == known.tests:
        return
    where = ", ".join([*other, *(["tests"] if playbook.tests != known.tests else [])])
    raise PlaybookConflictError(
        f"{spec} is published with the same rules but other tests ({where}); nothing was stored",
        f"{spec} 已发布,规则相同但测试不同({where});未保存任何内容",
        hint="tests are published with their version: count 'version' up to publish these / "
        "测试随版本一起发布:要发布这些测试,请把 version 加一",
        location=spec,
    )


def plain_document(document: Document) -> dict[str, Any]:
    """Return a resolved document as JSON values, to be stored and read again by ``parse_playbook``."""
    kept = {key: value for key, value in document.data.items() if key not in _RESOLVED}
    values: dict[str, Any] = json.loads(json.dumps(kept, ensure_ascii=False, default=str))  # dates become texts
    return values
