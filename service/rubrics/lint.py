"""Looks a rubric over: mistakes with their lines, and what its author probably did not mean."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Literal

from models.documents import Document, parse_document
from models.domain.playbook import Playbook
from models.domain.rubric import Rubric
from models.errors import InvalidRubricError
from models.qa import missing_checks, parse_rubric
from models.scorers.compliance.lint import Finding
from service.rubrics.registry import goes_with

_Warning = tuple[str, tuple[str | int, ...], str, str]


def lint_rubric(text: str, source: str, playbooks: Sequence[Playbook]) -> list[Finding]:
    """Return what is to be said of a rubric's YAML text, in the order of its lines; errors keep it from loading.

    Args:
        text: The YAML.
        source: What it is called.
        playbooks: Those there are, for the checks that it names.
    """
    try:
        rubric = parse_rubric(text, source)
        document = parse_document(text, source, InvalidRubricError)
    except InvalidRubricError as error:
        told = error.problems or ((error.location or source, error.message_en, error.message_zh),)
        return [_finding("invalid", "error", where, en, zh) for where, en, zh in told]
    found = [
        _finding(code, "warning", document.where(path), en, zh)
        for code, path, en, zh in _warnings(rubric, document, playbooks)
    ]
    return sorted(found, key=lambda one: one.line or 0)


def read_text(path: str | Path) -> str:
    """Return a file's text.

    Raises:
        InvalidRubricError: It cannot be read, or is not UTF-8.
    """
    try:
        return Path(path).read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as failure:
        raise InvalidRubricError(
            f"Cannot read the file: {failure}.", f"无法读取文件:{failure}。", location=str(path)
        ) from failure


def _warnings(rubric: Rubric, document: Document, playbooks: Sequence[Playbook]) -> Iterator[_Warning]:
    known = {check.id for playbook in playbooks for check in playbook.checks}
    unknown = set(missing_checks(rubric, known))
    if playbooks and not unknown and not goes_with(rubric, playbooks):
        yield (
            "no-playbook",
            (),
            "no single playbook has all the checks that it names",
            "没有哪个话术手册包含它用到的全部检查项",
        )
    for path, source in _sources(document.data, ()):
        name = source.partition(":")[2]
        if name in unknown:
            yield (
                "unknown-check",
                path,
                f"no playbook here has the check '{name}'",
                f"现有话术手册都没有检查项“{name}”",
            )
        elif source.startswith("check?:") and playbooks and name not in known:
            yield (
                "check-of-no-playbook",
                path,
                f"no playbook here has the optional check '{name}': it never counts",
                f"现有话术手册都没有可选检查项“{name}”,它永远不计分",
            )
    yield from _untitled(document.data, ())
    if rubric.pass_mark == 0:
        yield "no-pass-mark", ("pass_mark",), "every score passes", "任何分数都合格"


def _sources(value: object, path: tuple[str | int, ...]) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Yield every ``source`` that names a check, and the checks of a plain list ``critical``."""
    if isinstance(value, dict):
        for key, inner in value.items():
            if key == "source" and isinstance(inner, str) and inner.startswith(("check:", "check?:")):
                yield (*path, key), inner
            yield from _sources(inner, (*path, key))
    elif isinstance(value, list):
        for place, inner in enumerate(value):
            if isinstance(inner, str) and path and path[-1] == "critical":
                yield (*path, place), inner if ":" in inner else f"check:{inner}"
            yield from _sources(inner, (*path, place))


def _untitled(value: object, path: tuple[str | int, ...]) -> Iterator[_Warning]:
    """Yield criteria without a name for people; a section or a question may stand in for one."""
    if isinstance(value, dict):
        if {"id", "source"} <= value.keys() and not {"title", "question"} & value.keys():
            name = value["id"]
            yield "untitled", path, f"the criterion '{name}' has no title", f"评分项“{name}”没有 title"
        for key, inner in value.items():
            yield from _untitled(inner, (*path, key))
    elif isinstance(value, list):
        for place, inner in enumerate(value):
            yield from _untitled(inner, (*path, place))


def _finding(code: str, severity: Literal["error", "warning"], where: str, en: str, zh: str) -> Finding:
    number = where.rpartition(":")[2].partition(" ")[0]
    return Finding(code, severity, where, int(number) if number.isdigit() else None, en, zh)
