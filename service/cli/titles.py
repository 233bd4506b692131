"""What the checks and criteria of a score are called: a score itself holds their ids only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from service.cli.language import pick

if TYPE_CHECKING:
    from models.domain.playbook import Playbook
    from models.domain.rubric import Rubric


@dataclass(frozen=True, slots=True)
class Titles:
    """Names by id, in the language of the command line.

    Attributes:
        checks: By id of the check.
        criteria: By id of the criterion.
    """

    checks: Mapping[str, str] = field(default_factory=dict)
    criteria: Mapping[str, str] = field(default_factory=dict)


def titles_of(versions: Mapping[str, str], published: Playbook | None = None, rubrics: Sequence[Rubric] = ()) -> Titles:
    """Return the titles of the playbook and the rubric that made a score, where they are packaged ones.

    Args:
        versions: Of the score.
        published: The published playbook of that id and version, if there is one.
        rubrics: The published rubrics of that id and version, if there are any.
    """
    from models.qa import criterion_titles, list_rubrics
    from models.scorers.compliance import list_playbooks

    checks = {
        check.id: pick(check.title.zh, check.title.en)
        for playbook in (*list_playbooks(), *([published] if published else ()))
        if versions["playbook"] in _labels(playbook)
        for check in playbook.checks
    }
    criteria = {
        name: pick(zh, en)
        for rubric in (*list_rubrics(), *rubrics)
        if versions["rubric"] in _labels(rubric)
        for name, (zh, en) in criterion_titles(rubric).items()
    }
    return Titles(checks, criteria)


def _labels(policy: Playbook | Rubric) -> tuple[str, str]:
    label = f"{policy.id}@{policy.version}"
    return label, f"{label}+{policy.hash.removeprefix('sha256:')[:8]}"
