"""What criteria are called: a score holds their ids only."""

from __future__ import annotations

from sqlmodel import Session

from models.qa import load_rubric
from service.exports.columns import Words
from service.playbooks.registry import made_with
from service.rubrics.registry import rubrics_called, spec_of


class CriterionNames:
    """Titles by version and id, looked up once each."""

    def __init__(self, session: Session, own_rubric: str) -> None:
        """Read what is published in ``session``; ``own_rubric`` is the rubric of the settings."""
        self._session = session
        self._own = own_rubric
        self._known: dict[tuple[str, str], dict[str, Words]] = {}

    def of(self, playbook: str, rubric: str, criterion: str) -> Words:
        """Return a criterion's name, its id where the versions are not here.

        Args:
            playbook: Version that the score names.
            rubric: The same.
            criterion: Its id in the score, e.g. ``script.greeting``.
        """
        found = self._known.get((playbook, rubric))
        if found is None:
            found = self._known[playbook, rubric] = self._look_up(playbook, rubric)
        return found.get(criterion) or Words(criterion, criterion)

    def _look_up(self, playbook: str, rubric: str) -> dict[str, Words]:
        made = made_with(self._session, playbook)
        checks = {check.id: Words(check.title.zh, check.title.en) for check in made.checks} if made else {}
        spec, _, digits = rubric.partition("+")
        for one in (*rubrics_called(self._session, spec), load_rubric(self._own)):
            if spec_of(one) == spec and one.hash.removeprefix("sha256:").startswith(digits):
                titles = {item.id: Words(item.title_zh, item.title_en) for item in one.criteria}
                # One criterion may stand for many checks; each is then scored as criterion.check.
                return titles | {f"{item}.{check}": words for item in titles for check, words in checks.items()}
        return {}
