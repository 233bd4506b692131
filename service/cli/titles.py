"""What the checks and criteria of a score are called: a score itself holds their ids only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from service.cli.language import pick

if TYPE_CHECKING:
    from models.domain.playbook import Playbook


@dataclass(frozen=True, slots=True)
class Titles:
    """Names by id, in the language of the command line.

    Attributes:
        checks: By id of the check.
        criteria: By id of the criterion.
    """

    checks: Mapping[str, str] = field(default_factory=dict)
    criteria: Mapping[str, str] = field(default_factory=dict)


def titles_of(versions: Mapping[str, str], published: Playbook | None = None) -> Titles:
    """Return the titles of the playbook and the rubric that made a score, where they are packaged ones.

    Args:
        versions: Of the score.
        published: The published playbook of that id and version, if there is one.
    """
    from models.qa import list_rubrics
    from models.scorers.compliance import list_playbooks

    checks = {
        check.id: pick(check.title.zh, check.title.en)
        for playbook in (*list_playbooks(), *([published] if published else ()))
        if versions["playbook"] in _labels(playbook)
        for check in playbook.checks
    }
    criteria = {
        criterion.id: pick(criterion.title_zh, criterion.title_en)
        for rubric in list_rubrics()
        if versions["rubric"] == f"{rubric.id}@{rubric.version}"
        for criterion in rubric.criteria
    }
    return Titles(checks, criteria)


def _labels(playbook: Playbook) -> tuple[str, str]:
    label = f"{playbook.id}@{playbook.version}"
    return label, f"{label}+{playbook.hash.removeprefix('sha256:')[:8]}"
