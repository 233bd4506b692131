"""What criteria are called: a score holds their ids only."""

from __future__ import annotations

from sqlmodel import Session

from models.qa import list_rubrics
from service.exports.columns import Words
from service.playbooks.registry import made_with


class CriterionNames:
    """Titles by version and id, looked up once each."""

    def __init__(self, session: Session) -> None:
        """Read published playbooks in ``session``."""
        self._session = session
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
        names: dict[str, Words] = {}
        for one in list_rubrics():
            if rubric.partition("+")[0] == f"{one.id}@{one.version}":
                for item in one.criteria:
                    title = Words(item.title_zh, item.title_en)
                    names[item.id] = title
                    # One criterion may stand for many checks; each is then scored as criterion.check.
                    names |= {f"{item.id}.{check}": words for check, words in checks.items()}
        return names
