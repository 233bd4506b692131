"""Work out from the marks which checks of the default playbook a careful QA would fail."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from service.samples.script import FORBIDDEN, Skeleton


@dataclass(frozen=True, slots=True)
class Said:
    """One message as it will be sent: speaker (C, A, A2, B, S), text, marks and the silence before it (s)."""

    speaker: str
    text: str
    marks: frozenset[str]
    gap: int = 0

    @property
    def by_agent(self) -> bool:
        """Whether a human agent wrote it."""
        return self.speaker.startswith("A")


def expected_fail(skeleton: Skeleton, said: Sequence[Said]) -> list[str] | None:
    """Return the ids of the failed checks in playbook order, or ``None`` where one of them is a matter of opinion."""
    if not skeleton.sure:
        return None
    agent = [message for message in said if message.by_agent]
    if not agent:
        return []
    verdicts = {
        "greeting": any("greet" in message.marks for message in agent[:2]),
        "issue_confirmed": _issue_confirmed(skeleton, agent),
        "empathy": _empathy(said),
        "solution_offered": any("solve" in message.marks for message in agent),
        "eta_given": _eta(skeleton, agent),
        "closing": _closing(skeleton, said, agent),
    }
    if any(verdict is None for verdict in verdicts.values()):
        return None
    failed = [check for check, passed in verdicts.items() if not passed]
    return failed + violated(said)


def violated(said: Sequence[Said]) -> list[str]:
    """Return the forbidden checks that are broken, in playbook order; these are always certain."""
    return [check for check in FORBIDDEN if any(f"!{check}" in message.marks for message in said)]


def _issue_confirmed(skeleton: Skeleton, agent: Sequence[Said]) -> bool | None:
    if skeleton.plain:
        return True
    first_solution = next((i for i, message in enumerate(agent) if "solve" in message.marks), len(agent) - 1)
    if any("ask" in message.marks for message in agent[: first_solution + 1]):
        return True
    return False if "issue_confirmed" in skeleton.misses else None


def _empathy(said: Sequence[Said]) -> bool | None:
    """Judge the first negative message; a later apology, or none after mild displeasure, is a matter of opinion."""
    negative = [i for i, message in enumerate(said) if "-" in message.marks]
    mild = [i for i, message in enumerate(said) if "~" in message.marks]
    if not negative and not mild:
        return True

    def after(position: int) -> list[Said]:
        return [message for message in said[position + 1 :] if message.by_agent]

    def answered(position: int) -> bool:
        return any("sorry" in message.marks for message in after(position)[:2])

    if not negative:
        return True if any(answered(i) for i in mild) else None
    if not after(negative[0]):
        return True  # nobody was left to show it
    if answered(negative[0]):
        return True
    return None if any("sorry" in message.marks for message in after(negative[0])) else False


def _eta(skeleton: Skeleton, agent: Sequence[Said]) -> bool | None:
    if skeleton.open is False or any("eta" in message.marks for message in agent):
        return True
    return None if skeleton.open is None else False


def _closing(skeleton: Skeleton, said: Sequence[Said], agent: Sequence[Said]) -> bool | None:
    if skeleton.unanswered or any("bye" in message.marks for message in agent):
        return True
    last = [message for message in said if message.speaker != "S"][-1]
    return False if last.by_agent else None
