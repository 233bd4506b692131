"""The learning loop: what people decided, as labels that ``training`` reads. Only masked text leaves.

A line is a conversation of the interchange format with its ``labels``: of each check that somebody judged the verdict
that holds, where it comes from, how far people agree on it, and how the conversation came to be reviewed. Verdicts that
confirm the machine are labels as much as those that overrule it; with the corrections alone training would learn from
the machine's errors only. Conversations on which something blind is unfinished wait.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby
from typing import Any

from sqlmodel import Session

from service.playbooks.registry import made_with
from service.qa.criteria import criteria_of
from service.qa.label_weight import Office, label_weight
from service.qa.repository import learning as repository
from service.qa.repository.learning import JudgedScore, Said

_RANK: Mapping[Office, int] = {"review": 1, "adjudication": 2, "consensus": 3, "appeal": 4}
_OFFICES: Mapping[str, Office] = {
    "review": "review",
    "adjudication": "adjudication",
    "consensus": "consensus",
    "appeal": "appeal",
    "rejected": "appeal",
}
_SOURCES: Mapping[Office, str] = {
    "review": "qa",
    "adjudication": "qa",
    "consensus": "calibration",
    "appeal": "appeal",
}
# What training needs of a conversation, and what playbooks ask of it: nothing that names a customer or an agent.
_KEPT = ("id", "channel", "queue", "language", "started_at", "ended_at", "tags")
_KEPT_OF_FACTS = ("csat", "resolved")  # further facts are whatever other systems know, people's names included
_KEPT_OF_TURNS = ("id", "role", "at", "text")


@dataclass(frozen=True, slots=True)
class LabelFilter:
    """Which conversations: in a period, ``since`` included and ``until`` not, judged by a playbook."""

    since: datetime | None = None
    until: datetime | None = None
    playbook: str | None = None


@dataclass(slots=True)
class Skipped:
    """Scores on which people said something, and that are in no label.

    Attributes:
        unfinished: Something blind is unfinished: they wait.
        superseded: A newer revision of the conversation was judged, too.
        no_check: Only other criteria were judged: figures and questions are nothing to train on.
        undecided: Nobody's word decides, e.g. a calibration came to no consensus.
    """

    unfinished: int = 0
    superseded: int = 0
    no_check: int = 0
    undecided: int = 0


@dataclass(slots=True)
class LabelTally:
    """What is in the lines so far: how many, verdicts and scores; and what is not.

    Attributes:
        lines: Conversations.
        labels: Verdicts on checks.
        scores: Whose decisions are told.
        undecided_checks: Judged in these conversations, and left out, for nobody's word decides.
        skipped: The other scores; with ``scores`` all that were judged.
    """

    lines: int = 0
    labels: int = 0
    scores: int = 0
    undecided_checks: int = 0
    skipped: Skipped = field(default_factory=Skipped)


def label_lines(session: Session, wanted: LabelFilter, tally: LabelTally) -> Iterator[tuple[dict[str, Any], set[int]]]:
    """Yield, by conversation, a line of the label file and the scores whose decisions it tells; count in ``tally``.

    Of several revisions the newest that somebody judged counts; all scores of it do.
    """
    asked = (wanted.since, wanted.until, wanted.playbook)
    tally.skipped.unfinished = repository.count_unfinished(session, *asked)
    rows = (row for batch in repository.judged_scores(session, *asked) for row in batch)
    for _, several in groupby(rows, key=lambda row: row.conversation_id):
        scores = list(several)
        newest = [row for row in scores if row.revision == scores[-1].revision]
        tally.skipped.superseded += len(scores) - len(newest)
        if line := _line(session, newest, tally):
            tally.lines += 1
            tally.scores += len(newest)
            yield line, {row.score_id for row in newest}


def _line(session: Session, scores: Sequence[JudgedScore], tally: LabelTally) -> dict[str, Any] | None:
    last = scores[-1]
    ids = [row.score_id for row in scores]
    said = [one for several in repository.said_of(session, ids).values() for one in several]
    agreed = repository.consensus_of(session, ids)
    machines = {row.score_id: criteria_of(row.bundle) for row in scores}
    evidence = {check["id"]: check["evidence"] for check in last.bundle["compliance"]["checks"]}
    by_check: dict[str, list[Said]] = {}
    for one in said:
        machine = machines[one.score_id].get(one.criterion_id)
        if machine is not None and machine.kind == "check" and one.verdict is not None:
            by_check.setdefault(machine.source.partition(":")[2], []).append(one)
    newest = {one.source.partition(":")[2]: one for one in machines[last.score_id].values() if one.kind == "check"}
    playbook = made_with(session, last.bundle["versions"]["playbook"])
    forbidden = {check.id for check in playbook.checks if check.kind == "forbidden"} if playbook else set()
    labels, near_misses, undecided = [], {}, 0
    for check, several in sorted(by_check.items()):
        label = _label(check, several, agreed)
        if label is None:
            undecided += 1
            continue
        machine = newest.get(check)
        turns = list(dict.fromkeys(piece["turn"] for piece in evidence.get(check, ())))
        if machine is not None and machine.verdict == label["verdict"]:
            label["turns"] = turns  # who confirms a verdict has seen what it rests on
        elif machine is not None and check in forbidden and (machine.verdict, label["verdict"]) == ("fail", "pass"):
            near_misses[check] = turns
        label["machine"] = machine.verdict if machine else None
        labels.append(label)
    if not labels:
        if by_check:
            tally.skipped.undecided += len(scores)
        else:
            tally.skipped.no_check += len(scores)
        return None
    tally.labels += len(labels)
    tally.undecided_checks += undecided
    return {
        **_plain(last.document, last.conversation_id),
        "labels": {
            "compliance": labels,
            **({"hard_negatives": near_misses} if near_misses else {}),
            "provenance": {"scores": ids, "revision": last.revision, "versions": dict(last.bundle["versions"])},
        },
    }


def _label(check: str, said: Sequence[Said], agreed: Mapping[tuple[int, int, str], str]) -> dict[str, Any] | None:
    """Return what holds of a check and how far people agree; ``None`` where nobody decided."""
    offices: list[tuple[int, int, Office, str, Said]] = []
    for place, one in enumerate(said):
        verdict = (
            one.verdict if one.kind != "mark" else agreed.get((one.session_id or 0, one.score_id, one.criterion_id))
        )
        office = _OFFICES.get(one.kind, "consensus" if one.kind == "mark" else None)
        if office is not None and verdict is not None:
            offices.append((_RANK[office], place, office, verdict, one))
    if not offices:
        return None
    _, _, office, verdict, decided = max(offices, key=lambda item: item[:2])
    # Of each person their last word; a consensus is the session's, and whoever closed it judged nothing by that.
    words = {one.by: one.verdict for one in said if one.kind != "consensus"}
    if office != "consensus":
        words.pop(decided.by, None)
    agreeing = sum(word == verdict for word in words.values())
    reviews = [one for one in said if one.reasons]
    drawn = [one.probability for one in reviews if one.probability is not None]
    ways = {reason for one in reviews for reason in one.reasons if reason not in ("second", "differ")}
    ways |= {"calibration" for one in said if one.session_id is not None}
    ways |= {"appeal" for one in said if one.appeal_id is not None}
    return {
        "check": check,
        "verdict": verdict,
        "turns": list(decided.turns) if decided.kind == "appeal" and verdict == "pass" else [],
        "source": _SOURCES[office],
        "weight": round(label_weight(office, agreeing, len(words) - agreeing), 4),
        "office": office,
        "agreeing": agreeing,
        "disagreeing": len(words) - agreeing,
        "reasons": sorted(ways),
        "probability": drawn[0] if drawn else None,
        "decisions": sorted(one.decision_id for one in said if one.decision_id is not None),
    }


def _plain(document: Mapping[str, Any], conversation_id: str) -> dict[str, Any]:
    kept = {key: document[key] for key in _KEPT if document.get(key) is not None}
    agent, more, facts = (document.get(key) or {} for key in ("agent", "extra", "facts"))
    group = (agent.get("extra") or {}).get("group", more.get("agent_group"))
    kept |= {} if group is None else {"agent_group": str(group)}
    told = {key: facts[key] for key in _KEPT_OF_FACTS if facts.get(key) is not None}
    kept |= {"facts": told} if told else {}
    turns = [{key: turn[key] for key in _KEPT_OF_TURNS if turn.get(key) is not None} for turn in document["turns"]]
    return {**kept, "id": conversation_id, "turns": turns}
