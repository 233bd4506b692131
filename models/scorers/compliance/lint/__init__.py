"""Look a playbook over before it judges anybody: errors with their lines, and what its author probably did not mean."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

from models.documents import Document
from models.domain.playbook import Playbook
from models.errors import AttuneError
from models.scorers.compliance.lint import conditions, coverage, names, trial, wording
from models.scorers.compliance.lint.finding import Finding, Warned
from models.scorers.compliance.lint.trial import Lines
from models.scorers.compliance.loading import parse_playbook, read_playbook

__all__ = ["Finding", "Lines", "Progress", "lint", "lint_text"]

_LINE = re.compile(r":(\d+)(?: \(|$)")
# Dates without a time begin here at midnight; where playbooks are compared only.
_ZONE = timezone(timedelta(hours=8))

_RULES: Sequence[Callable[[Playbook], Iterator[Warned]]] = (
    names.unused,
    names.speakers,
    names.placeholders,
    wording.wording,
    wording.same_cues,
    conditions.conditions,
    conditions.same_checks,
    conditions.opposed_checks,
    conditions.sureness,
    trial.contradictions,
    trial.suggestions,
    coverage.tests,
    coverage.exemplars,
)
# Called after each rule with how many of them are done, and of how many.
Progress = Callable[[int, int], None]


def lint(
    specs: Sequence[str | Path],
    lines: Lines | None = None,
    *,
    now: datetime | None = None,
    progress: Progress | None = None,
) -> list[Finding]:
    """Return what there is to say of playbooks, those given together also compared, in the order of their lines.

    Args:
        specs: Files or packaged ids.
        lines: Ordinary lines by speaker, to tell what matches too much; nothing is told without.
        now: To tell what is over.
        progress: Called now and then.

    Raises:
        UnknownPlaybookError: There is no such file or id.
    """
    findings: list[Finding] = []
    loaded: list[tuple[Playbook, Document]] = []
    for spec in specs:
        try:
            loaded.append(read_playbook(spec))
        except AttuneError as error:
            if error.code == "unknown-playbook":
                raise
            findings += _errors(error, str(spec))
    for number, (playbook, document) in enumerate(loaded):
        findings += _warnings(playbook, document, lines or {}, now, _part(progress, number, len(loaded)))
    for place, warned in coverage.overlaps([playbook for playbook, _ in loaded], _ZONE):
        findings.append(_placed(warned, loaded[place][1]))
    return findings


def lint_text(
    text: str,
    source: str,
    find: Callable[[str], Document] | None = None,
    lines: Lines | None = None,
    *,
    now: datetime | None = None,
) -> list[Finding]:
    """Return what there is to say of the playbook in a YAML text; ``source`` is what to call it.

    Args:
        text: YAML.
        source: Stands in for the file's name.
        find: As for ``parse_playbook``.
        lines: As for ``lint``.
        now: As for ``lint``.
    """
    try:
        playbook, document = parse_playbook(text, source, find)
    except AttuneError as error:
        return _errors(error, source)
    return _warnings(playbook, document, lines or {}, now)


def _part(progress: Progress | None, number: int, of: int) -> Progress | None:
    """Return how one of several playbooks tells of its progress."""
    if progress is None:
        return None
    return lambda done, rules: progress(number * rules + done, of * rules)


def _warnings(
    playbook: Playbook, document: Document, lines: Lines, now: datetime | None, progress: Progress | None = None
) -> list[Finding]:
    rules: list[Callable[[Playbook], Iterator[Warned]]] = [
        *_RULES,
        lambda one: coverage.dates(one, now or datetime.now(UTC), _ZONE),
        lambda one: trial.breadth(one, lines),
    ]
    warned: list[Warned] = []
    for done, rule in enumerate(rules, 1):
        warned += rule(playbook)
        if progress:
            progress(done, len(rules))
    findings = {_placed(one, document): None for one in warned}
    # What it only inherits is for the author of that one to mend.
    own = [finding for finding in findings if finding.location.startswith(f"{document.source}:")]
    return sorted(own, key=lambda finding: (finding.line or 0, finding.code))


def _errors(error: AttuneError, source: str) -> list[Finding]:
    several = error.problems or ((error.location or source, error.message_en, error.message_zh),)
    return [
        Finding(error.code, "error", location, _line(location), english, chinese)
        for location, english, chinese in several
    ]


def _placed(warned: Warned, document: Document) -> Finding:
    location = document.where(warned.path)
    return Finding(warned.code, "warning", location, _line(location), warned.en, warned.zh)


def _line(location: str) -> int | None:
    found = _LINE.search(location)
    return int(found[1]) if found else None
