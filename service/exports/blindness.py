"""What an export keeps back from those who could still be asked to judge a score blind, and what it has shown them."""

from __future__ import annotations

from service.accounts.actor import Actor
from service.qa.tasks import may_judge


class Blindness:
    """One export's rules: as ``review_of`` has them for a single score.

    Attributes:
        seen: Scores of which the actor is shown what others decided. It has to be noted before the rows leave: who has
            seen that never judges the score blind.
    """

    def __init__(self, actor: Actor) -> None:
        """Take the actor's part."""
        self._person = actor.person_id
        self._judges = may_judge(actor)
        self._nameless = actor.only_agent is not None
        self.seen: set[int] = set()

    @property
    def nameless(self) -> bool:
        """Whether the actor is not told who said something: agents are not."""
        return self._nameless

    def hides(self, undecided: bool) -> bool:
        """Tell whether others' decisions are kept back; ``undecided``: a blind review or an appeal is unfinished."""
        return self._judges and undecided

    def shows(self, undecided: bool, by: str | None) -> bool:
        """Tell whether one decision is shown."""
        return not self.hides(undecided) or (by is not None and by == self._person)

    def name(self, by: str | None) -> str | None:
        """Return who decided, as far as the actor is told: agents are not."""
        return None if self._nameless else by

    def is_own(self, by: str | None) -> bool:
        """Tell whether something is the actor's own."""
        return by is not None and by == self._person

    def note(self, score_id: int, by: str | None) -> None:
        """Remember that a decision is shown."""
        if self._judges and self._person is not None and by != self._person:
            self.seen.add(score_id)

    def take_seen(self) -> tuple[list[int], str]:
        """Return the scores seen since it was last asked, in order, and by whom."""
        seen, self.seen = sorted(self.seen), set()
        return seen, self._person or ""
