"""What the checks and criteria of a score are called: a score itself holds their ids only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from service.cli.language import pick


@dataclass(frozen=True, slots=True)
class Titles:
    """Names by id, in the language of the command line.

    Attributes:
        checks: By id of the check.
        criteria: By id of the criterion.
    """

    checks: Mapping[str, str] = field(default_factory=dict)
    criteria: Mapping[str, str] = field(default_factory=dict)


def titles_of(versions: Mapping[str, str]) -> Titles:
    """Return the titles of the playbook and the rubric that made a score, where they are packaged ones."""
    from models.qa import list_rubrics
    from models.scorers.compliance import list_playbooks

    checks = {
        check.id: pick(check.title.zh, check.title.en)
        for playbook in list_playbooks()
        if versions["playbook"] == f"{playbook.id}@{playbook.version}"
        for check in playbook.checks
    }
    criteria = {
        criterion.id: pick(criterion.title_zh, criterion.title_en)
        for rubric in list_rubrics()
        if versions["rubric"] == f"{rubric.id}@{rubric.version}"
        for criterion in rubric.criteria
    }
    return Titles(checks, criteria)
