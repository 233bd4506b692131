"""What retraining changed: two artifacts' verdicts on the same conversations, beside what people said of them.

Agreement is told on conversations that neither artifact has learnt from; the others only show what changed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import comb
from pathlib import Path
from typing import Any

from models.artifacts import Artifact
from models.scorers.acts import ActsScorer
from models.scorers.compliance import ComplianceScorer, load_playbook
from models.scorers.sentiment import SentimentScorer
from training.config import Config
from training.data.labels import LabelledConversation, VerdictLabel, read_labels
from training.data.prepare import learnt_ids
from training.evaluate.compliance import DEFAULT_PLAYBOOK, predict_verdicts
from training.evaluate.measures import wilson_interval
from training.evaluate.rounding import rounded
from training.evaluate.tasks import opened_vectors

_RANDOM = "random"
Verdicts = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class _Pair:
    """One labelled verdict and what the two artifacts said."""

    label: VerdictLabel
    before: str
    after: str


def compare_artifacts(
    labels: Sequence[Path],
    before: Artifact,
    after: Artifact,
    cache: Path | None,
    *,
    playbook: str = DEFAULT_PLAYBOOK,
    playbook_after: str | None = None,
    configs: Sequence[Config] = (),
) -> dict[str, Any]:
    """Return the report; see :func:`compare_verdicts`.

    Args:
        labels: Files of labelled conversations.
        before: The artifact in use.
        after: The one that was fitted anew.
        cache: Of vectors.
        playbook: A packaged playbook or a YAML file.
        playbook_after: The one that goes with ``after``, where it is another.
        configs: Of the runs that made the artifacts: their training conversations are told apart. Without any, nobody
            knows which conversations were learnt from, and the report says so.

    Raises:
        ValueError: No label is about a check of the playbook.
        InvalidLabelError: A line is not a conversation with labels.
    """
    seen: dict[str, str] = {}
    rows = [row for path in labels for row in read_labels(path, seen)]
    books = [load_playbook(playbook), load_playbook(playbook_after or playbook)]
    checks = [check.id for check in books[0].checks if check.id in {one.id for one in books[1].checks}]
    rows = [row for row in rows if any(label.check in checks for label in row.compliance)]
    if not rows:
        raise ValueError(f"no label is about a check of {playbook} / 没有标签涉及 {playbook} 的检查项")
    said = []
    for artifact, book in zip((before, after), books, strict=True):
        acts = ActsScorer.from_artifact(artifact)
        scorer = ComplianceScorer(book, acts=acts is not None)
        with opened_vectors(artifact, cache) as vectors:
            conversations = [row.conversation for row in rows]
            said.append(predict_verdicts(conversations, scorer, SentimentScorer.from_artifact(artifact), vectors, acts))
    learnt = frozenset[str]().union(*(learnt_ids(config) for config in configs)) if configs else None
    return {
        "before": before.id,
        "after": after.id,
        "playbook": [f"{book.id}@{book.version}" for book in books],
        **compare_verdicts(rows, said[0], said[1], checks, learnt),
    }


def compare_verdicts(
    rows: Sequence[LabelledConversation],
    before: Sequence[Verdicts],
    after: Sequence[Verdicts],
    checks: Sequence[str],
    learnt: frozenset[str] | None,
) -> dict[str, Any]:
    """Return, per check and in all, what changed and how far both agree with people.

    Args:
        rows: Labelled conversations.
        before: The old verdicts of all checks, by conversation.
        after: The new ones.
        checks: The checks that both know.
        learnt: Conversations that one of the two has learnt from; ``None``: not known, all are then counted.

    Returns:
        ``changed`` counts conversations whose verdict changed, labelled or not. ``agreement`` is on the labels of
        conversations not learnt from: ``n``, the shares before and after with Wilson's 95 % intervals, ``fixed``
        (wrong before, right after), ``broken``, and the exact two-sided p value of McNemar's test, not adjusted for
        the number of checks; ``None`` in all, where verdicts of one conversation hang together (the interval is too
        narrow there, too). ``weighted`` are the same shares with the labels' weights, ``random`` those on the random
        sample alone, each label weighted with 1 / probability: the others were chosen by what the machine had said.
        ``conversations`` lists every verdict that changed.
    """
    held_out = [learnt is None or row.conversation.id not in learnt for row in rows]
    pairs = {
        check: [
            _Pair(label, old[check], new[check])
            for row, old, new, unseen in zip(rows, before, after, held_out, strict=True)
            for label in row.compliance
            if unseen and label.check == check
        ]
        for check in checks
    }
    changed = [
        {
            "id": row.conversation.id,
            "check": check,
            "before": old[check],
            "after": new[check],
            "people": next((label.verdict for label in row.compliance if label.check == check), None),
            "held_out": None if learnt is None else unseen,
        }
        for row, old, new, unseen in zip(rows, before, after, held_out, strict=True)
        for check in checks
        if old[check] != new[check]
    ]
    total = _agreement([pair for several in pairs.values() for pair in several])
    # Verdicts of one conversation hang together: no test that takes them for independent.
    total["agreement"]["p"] = None
    return rounded(
        {
            "conversations_compared": len(rows),
            "held_out": None if learnt is None else sum(held_out),
            "total": {"changed": len(changed), **total},
            "checks": {
                check: {"changed": sum(one["check"] == check for one in changed), **_agreement(pairs[check])}
                for check in checks
            },
            "conversations": changed,
        }
    )


def mcnemar(fixed: int, broken: int) -> float | None:
    """Return the exact two-sided p value that changes for the better and for the worse are equally likely.

    The discordant pairs are binomial with one half (McNemar 1947, Psychometrika 12:153–157; the exact conditional test
    in Fagerland, Lydersen & Laake 2013, BMC Medical Research Methodology 13:91). ``None`` without any.
    """
    total = fixed + broken
    if not total:
        return None
    tail = sum(comb(total, number) for number in range(min(fixed, broken) + 1))
    return min(1.0, float(2 * tail / 2**total))


def _agreement(pairs: Sequence[_Pair]) -> dict[str, Any]:
    right = [(pair.before == pair.label.verdict, pair.after == pair.label.verdict) for pair in pairs]
    fixed, broken = right.count((False, True)), right.count((True, False))
    drawn = [(pair, 1 / pair.label.probability) for pair in pairs if pair.label.probability is not None]
    return {
        "agreement": {
            "n": len(pairs),
            **{when: _share(sum(one[at] for one in right), len(pairs)) for at, when in enumerate(("before", "after"))},
            "fixed": fixed,
            "broken": broken,
            "p": mcnemar(fixed, broken),
        },
        "weighted": _weighted((pair, pair.label.weight) for pair in pairs),
        _RANDOM: {"n": len(drawn), **_weighted(drawn)},
    }


def _share(hits: int, tries: int) -> dict[str, Any]:
    return {"share": hits / tries if tries else None, "interval": wilson_interval(hits, tries)}


def _weighted(pairs: Iterable[tuple[_Pair, float]]) -> dict[str, float | None]:
    several = list(pairs)
    total = sum(weight for _, weight in several)
    before = sum(weight for pair, weight in several if pair.before == pair.label.verdict)
    after = sum(weight for pair, weight in several if pair.after == pair.label.verdict)
    return {"before": before / total if total else None, "after": after / total if total else None}
