"""Reads rubrics: packaged ones by id, users' own from YAML files."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from functools import cache
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from models.documents import Document, parse_document, read_document, refusal, validate_document
from models.domain.playbook import Playbook
from models.domain.rubric import Criterion, Rubric, When
from models.errors import InvalidRubricError, UnknownRubricError
from models.qa.build import build_flat, build_sections
from models.qa.consistency import contradictions, flat_contradictions
from models.qa.schema import AnyRubricModel, FlatRubricModel, RubricModel

PACKAGED = Path(__file__).parent / "rubrics"


def load_rubric(spec: str | Path) -> Rubric:
    """Return a packaged rubric (``default@1``, or ``default`` for its newest version) or the one in a YAML file.

    Raises:
        UnknownRubricError: Neither a packaged id nor an existing file.
        InvalidRubricError: The file breaks the schema; the error names file, line and path.
    """
    path = Path(spec)
    if path.suffix in (".yaml", ".yml") or path.is_file():
        if not path.exists():
            raise UnknownRubricError(
                f"There is no rubric file {path}.", f"没有评分规则文件 {path}。", location=str(path)
            )
        return _from_document(read_document(path, InvalidRubricError))
    for rubric in reversed(list_rubrics()):
        if str(spec) in (rubric.id, f"{rubric.id}@{rubric.version}"):
            return rubric
    known = ", ".join(f"{rubric.id}@{rubric.version}" for rubric in list_rubrics())
    raise UnknownRubricError(
        f'There is no rubric "{spec}".',
        f"没有名为“{spec}”的评分规则。",
        hint=f"Known: {known}; or give a .yaml file / 可用:{known};或给出 .yaml 文件",
    )


def parse_rubric(text: str, source: str) -> Rubric:
    """Return the rubric in a YAML text; errors call it ``source``.

    Raises:
        InvalidRubricError: It is no rubric; the error names source, line and path.
    """
    return _from_document(parse_document(text, source, InvalidRubricError))


def list_rubrics() -> tuple[Rubric, ...]:
    """Return the packaged rubrics, all versions of each, by id and version."""
    return tuple(rubric for _, rubric in _packaged())


def packaged_text(spec: str) -> str | None:
    """Return the file of a packaged rubric (``id@version``, or ``id`` for its newest version), if there is one."""
    for path, rubric in reversed(_packaged()):
        if spec in (rubric.id, f"{rubric.id}@{rubric.version}"):
            return path.read_text(encoding="utf-8")
    return None


def rubric_schema() -> dict[str, Any]:
    """Return the JSON Schema of a rubric file, of either format."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "urn:attune:schema:rubric:2",
        **TypeAdapter[Any](AnyRubricModel).json_schema(),
    }


def require_checks(rubric: Rubric, playbook: Playbook) -> None:
    """Refuse a rubric whose checks do not exist: a slip of the pen would silently give their weight to the others.

    Checks that the rubric itself marks as optional (``check?:ID``) may be missing.

    Raises:
        InvalidRubricError: It names a check that the playbook does not have.
    """
    unknown = missing_checks(rubric, {check.id for check in playbook.checks})
    if unknown:
        raise InvalidRubricError(
            f"The rubric {rubric.id}@{rubric.version} names checks that the playbook {playbook.id}@{playbook.version} "
            f"does not have: {', '.join(unknown)}.",
            f"评分规则 {rubric.id}@{rubric.version} 用到了话术手册 {playbook.id}@{playbook.version} 中没有的检查项:"
            f"{'、'.join(unknown)}。",
            hint="Write check?:ID where a playbook may lack the check / 允许手册中没有的检查项请写作 check?:ID"
            if rubric.format == 2
            else None,
        )


@cache
def _packaged() -> tuple[tuple[Path, Rubric], ...]:
    found = ((path, _from_document(read_document(path, InvalidRubricError))) for path in PACKAGED.glob("*.yaml"))
    return tuple(sorted(found, key=lambda one: (one[1].id, one[1].version)))


def missing_checks(rubric: Rubric, known: Collection[str]) -> list[str]:
    """Return the checks that a rubric names and that are not among ``known``; optional ones may be missing."""
    return sorted(set(_required(rubric)).difference(known))


def _required(rubric: Rubric) -> Iterator[str]:
    """Yield the ids of the checks that have to exist."""
    yield from rubric.critical
    yield from (item.check for item in rubric.critical_checks if not item.optional)
    for criterion in (*rubric.criteria, *(added for variant in rubric.variants for added in variant.add)):
        yield from _named(criterion)


def _named(criterion: Criterion) -> Iterator[str]:
    kind, _, name = criterion.source.partition(":")
    if kind == "check" and name != "*" and not criterion.optional:
        yield name
    if criterion.when:
        yield from _asked(criterion.when)


def _asked(when: When) -> Iterator[str]:
    if when.source and when.source.startswith("check:") and not when.optional:
        yield when.source.removeprefix("check:")
    for part in (*when.all, *when.any, *when.none):
        yield from _asked(part)


def _from_document(document: Document) -> Rubric:
    if document.data.get("format") is None:
        flat = validate_document(document, FlatRubricModel, InvalidRubricError)
        if problems := flat_contradictions(flat):
            raise refusal(document, problems, InvalidRubricError)
        return build_flat(flat, document.hash)
    model = validate_document(document, RubricModel, InvalidRubricError)
    if problems := contradictions(model):
        raise refusal(document, problems, InvalidRubricError)
    return build_sections(model, document.hash)
