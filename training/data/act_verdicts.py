"""Makes act lines of verdicts on whole conversations, so that users' corrections teach the heads of acts.

A playbook tells which acts a check is about: those that the cues of its ``look_for`` ask for. A message named as
evidence of a broken prohibition, or of a step taken, does that act; where nothing forbidden was done, or a step that
may come anywhere was not taken, no message does; a hard negative only resembles it. All else stays unknown (distant
supervision, Mintz et al., ACL 2009). A customer's turn that people called negative is displeasure, and no other is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from models.domain.acts import acts_of
from models.domain.condition import Condition
from models.domain.playbook import Check, Playbook
from models.scorers.acts.before import REACH
from models.scorers.compliance.uses import named_cues
from training.data.acts import ActLine
from training.data.labels import LabelledConversation, VerdictLabel

UPSET = "upset"


def lines_of_verdicts(rows: Sequence[LabelledConversation], playbook: Playbook, weight: float = 1.0) -> list[ActLine]:
    """Return every message of an agent or a customer that has text, with what the conversation's verdicts tell of it.

    Args:
        rows: Labelled conversations. Checks that the playbook lacks, or that ask for no act, tell nothing.
        playbook: The one that the verdicts are about.
        weight: What a verdict of weight 1 counts.
    """
    asked = {check.id: (check, acts) for check in playbook.checks if (acts := acts_asked(check, playbook))}
    lines = []
    for row in rows:
        told = [(*asked[label.check], label) for label in row.compliance if label.check in asked]
        turns = row.conversation.turns
        felt = {label.turn: label for label in row.sentiment}
        for place, turn in enumerate(turns):
            if not acts_of(turn.role) or not turn.text.strip():
                continue
            weights: dict[str, float] = {}
            does: set[str] = set()
            resembles: set[str] = set()
            for check, acts, label in told:
                if turn.role != check.speaker:
                    continue
                hard = place in row.hard_negatives.get(check.id, ())
                if (shown := _shows(check, label, place, hard, playbook)) is None:
                    continue
                weights.update(dict.fromkeys(acts, weight * label.weight))
                if shown:
                    does |= acts
                elif hard:
                    resembles |= acts
            if place in felt and UPSET in acts_of(turn.role):
                weights[UPSET] = weight * felt[place].weight
                does |= {UPSET} if felt[place].label == "negative" else set()
            before = tuple((said.role, said.text) for said in turns[max(0, place - REACH) : place])
            known, group = frozenset(weights), f"conversation {row.conversation.id}"
            told_of = dict.fromkeys(acts_of(turn.role), 0.0) | weights
            lines.append(
                ActLine(
                    turn.text, turn.role, before, frozenset(does), frozenset(resembles - does), known, group, told_of
                )
            )
    return lines


def acts_asked(check: Check, playbook: Playbook) -> frozenset[str]:
    """Return the acts that show what a check looks for: by whom it judges, through the cues that ask the heads."""
    found = set()
    for name in named_cues(check.look_for, playbook):
        cue = playbook.cues[name]
        found |= {asked.name for asked in (cue.act, cue.backed_by) if asked}
    return frozenset(found & set(acts_of(check.speaker)))


def _shows(check: Check, label: VerdictLabel, place: int, hard: bool, playbook: Playbook) -> bool | None:
    """Tell whether a message does what the check looks for; ``None`` where the verdict does not tell."""
    done = label.verdict == ("fail" if check.kind == "forbidden" else "pass")
    if done:
        # A hard negative of a step that was taken may be one that took it in unlikely words.
        return True if place in label.turns else (False if hard and check.kind == "forbidden" else None)
    if label.verdict not in ("pass", "fail"):
        return None
    if check.kind == "forbidden" or _anywhere(check.look_for, playbook.conditions):
        return False
    return False if hard else None


def _anywhere(condition: Condition, conditions: Mapping[str, Condition]) -> bool:
    """Tell whether a condition is only of what is seen in the whole conversation, wherever it stands."""
    limits = (condition.first, condition.last, condition.before, condition.after, condition.none, condition.least)
    parts = [*condition.parts, *([conditions[condition.holds]] if condition.holds else [])]
    return not any(limits) and bool(condition.seen or parts) and all(_anywhere(part, conditions) for part in parts)
