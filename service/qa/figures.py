"""Figures on the work itself: how much each reviewer does, how fast, and how often what they said did not stand."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from statistics import median

from sqlmodel import Session

from models.statistics import Estimate, wilson
from service.qa.criteria import criteria_of
from service.qa.repository import appeals as appeal_repository
from service.qa.repository import figures as figures_repository


@dataclass(frozen=True, slots=True)
class ReviewerLoad:
    """One reviewer in a period.

    Attributes:
        reviewer: The person's id.
        open: Tasks in their hands now.
        done: Tasks they submitted in the period.
        skipped: Tasks they passed over in it.
        median_minutes: From taking to submitting, ``None`` without any.
        criteria: Criteria judged, of scores on which nothing blind is unfinished.
        overrides: Of those, the share on which the machine was overruled.
    """

    reviewer: str
    open: int
    done: int
    skipped: int
    median_minutes: float | None
    criteria: int
    overrides: Estimate


@dataclass(frozen=True, slots=True)
class Reversals:
    """How often appeals were upheld, wholly or partly.

    Attributes:
        name: The criterion's key, or the person who had judged; ``machine`` where nobody had.
        rate: With Wilson's interval; ``units`` is the number of decided appeals.
    """

    name: str
    rate: Estimate


@dataclass(frozen=True, slots=True)
class ReversalReport:
    """Appeals decided in a period."""

    total: Estimate
    by_criterion: Sequence[Reversals]
    by_reviewer: Sequence[Reversals]


def reviewer_loads(session: Session, since: datetime | None, until: datetime | None) -> list[ReviewerLoad]:
    """Return load and speed of everybody who had a task in their hands, by id."""
    tasks = figures_repository.assigned(session)
    judged = figures_repository.judged(session, since, until)
    loads = []
    for reviewer in sorted({task.assignee for task in tasks} | set(judged)):
        own = [task for task in tasks if task.assignee == reviewer]
        ended = [task for task in own if task.done_at is not None and _within(task.done_at, since, until)]
        done = [task for task in ended if task.status == "done"]
        minutes = [
            (task.done_at - task.taken_at).total_seconds() / 60
            for task in done
            if task.done_at is not None and task.taken_at is not None
        ]
        compared, overruled = judged.get(reviewer, (0, 0))
        loads.append(
            ReviewerLoad(
                reviewer=reviewer,
                open=sum(task.status == "taken" for task in own),
                done=len(done),
                skipped=len(ended) - len(done),
                median_minutes=round(median(minutes), 1) if minutes else None,
                criteria=compared,
                overrides=wilson(overruled, compared),
            )
        )
    return loads


def reversal_report(session: Session, since: datetime | None, until: datetime | None) -> ReversalReport:
    """Return how often appeals succeeded, per criterion and per person whose verdict was contested."""
    by_criterion: dict[str, list[bool]] = defaultdict(list)
    by_reviewer: dict[str, list[bool]] = defaultdict(list)
    everything: list[bool] = []
    closed = appeal_repository.closed(session, since, until)
    keys = {
        (score_id, name): criterion.key
        for score_id, bundle in figures_repository.bundles_of(session, {one.score_id for one in closed})
        for name, criterion in criteria_of(bundle).items()
    }
    for one in closed:
        reversed_ = one.status != "rejected"
        key = keys[one.score_id, one.criterion_id]
        everything.append(reversed_)
        by_criterion[key].append(reversed_)
        by_reviewer[one.contested_by or "machine"].append(reversed_)
    return ReversalReport(
        wilson(sum(everything), len(everything)),
        [Reversals(name, wilson(sum(hits), len(hits))) for name, hits in sorted(by_criterion.items())],
        [Reversals(name, wilson(sum(hits), len(hits))) for name, hits in sorted(by_reviewer.items())],
    )


def _within(moment: datetime, since: datetime | None, until: datetime | None) -> bool:
    return (since is None or moment >= since) and (until is None or moment < until)
