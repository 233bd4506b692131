"""How far each criterion is left to the machine: falls by itself when agreement falls, rises only by a person."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta

from sqlmodel import Session

from models.statistics import (
    AutomationDecision,
    AutomationPolicy,
    Level,
    MachineAgreement,
    Pair,
    automation_level,
    machine_agreement,
)
from service.accounts.actor import Actor
from service.audit.log import record
from service.core.errors import InvalidRequestError
from service.qa.criteria import criteria_of
from service.qa.levels import LEVEL, START
from service.qa.repository import calibration as repository
from service.qa.repository import figures as figures_repository
from service.qa.repository.calibration import CriterionLevel
from service.qa.tasks import require_person

LOOK_BACK = timedelta(days=90)  # how old the conversations may be whose figures a level rests on


@dataclass(frozen=True, slots=True)
class CriterionStanding:
    """Where a criterion stands.

    Attributes:
        criterion: Its key, e.g. ``ecommerce-zh/greeting``.
        level: How far it is left to the machine now.
        set: When and why, ``None`` where nobody has decided.
        figures: Agreement of people and machine on the random sample, ``None`` without any.
        outlook: What these figures say of the level, ``None`` without any.
    """

    criterion: str
    level: Level
    set: CriterionLevel | None
    figures: MachineAgreement | None
    outlook: AutomationDecision | None


def agreement_report(
    session: Session, since: datetime | None = None, until: datetime | None = None
) -> dict[str, MachineAgreement]:
    """Return how far the machine's verdicts are those of people, by criterion, from the random sample alone.

    Where two blind reviews differed the third person's verdict counts; scores on which something blind is unfinished
    do not count yet.

    Args:
        session: An open transaction.
        since: Of the conversations, included.
        until: Of the conversations, excluded.
    """
    settled = figures_repository.adjudicated(session)
    pairs: list[Pair] = []
    sampled: dict[str, set[int]] = defaultdict(set)
    for one in figures_repository.sampled(session, since, until):
        criterion = criteria_of(one.bundle).get(one.criterion_id)
        verdict = settled.get((one.score_id, one.criterion_id), one.verdict)
        if criterion is None or criterion.kind != "check" or one.machine_verdict is None or verdict is None:
            continue
        pairs.append(Pair(criterion.key, one.machine_verdict, verdict, one.probability))
        sampled[criterion.key].add(one.score_id)
    if not pairs:
        return {}
    varied = {key for key in sampled if len({pair.probability for pair in pairs if pair.criterion == key}) > 1}
    others: dict[str, list[str]] = defaultdict(list)
    for score_id, bundle in figures_repository.bundles(session, since, until):
        for criterion in criteria_of(bundle).values():
            own = sampled.get(criterion.key)
            # What a sample with several probabilities leaves is not the population: then everything counts.
            if own is not None and criterion.verdict and (criterion.key in varied or score_id not in own):
                others[criterion.key].append(criterion.verdict)
    return machine_agreement(pairs, others)


def standings(
    session: Session,
    since: datetime | None = None,
    until: datetime | None = None,
    policy: AutomationPolicy | None = None,
) -> list[CriterionStanding]:
    """Return where each criterion stands that has figures or a level, by key."""
    known = repository.levels(session)
    figures = agreement_report(session, since, until)
    return [
        _standing(key, known.get(key), figures.get(key), policy or AutomationPolicy())
        for key in sorted(known.keys() | figures.keys())
    ]


def level_history(session: Session, criterion: str) -> Sequence[CriterionLevel]:
    """Return all levels a criterion ever had, newest first."""
    return repository.level_history(session, criterion)


def set_level(
    session: Session, actor: Actor, criterion: str, level: Level, reason: str, now: datetime | None = None
) -> CriterionLevel:
    """Let a person decide how far a criterion is left to the machine, up or down.

    Raises:
        PersonNeededError: The key is a system's.
        InvalidRequestError: No reason is given, or the criterion is no key.
    """
    person = require_person(actor)
    said = reason.strip()
    if not said:
        raise InvalidRequestError("a level needs a reason", "调整自动化等级须写明理由", location="reason")
    owner, _, name = criterion.partition("/")
    if not owner or not name:
        raise InvalidRequestError(
            f"{criterion!r} is no criterion's key",
            f"{criterion!r} 不是评分项的键",
            hint="ecommerce-zh/greeting",
            location="criterion",
        )
    repository.lock_levels(session)
    moment = now or datetime.now(UTC)
    figures = agreement_report(session, moment - LOOK_BACK).get(criterion)
    new = CriterionLevel(criterion, level, moment, person, False, said, said, asdict(figures) if figures else None)
    repository.add_level(session, new)
    record(session, actor, "automation.set", "criterion", criterion, {"level": level})
    return new


def lower_levels(
    session: Session,
    actor: Actor,
    since: datetime | None = None,
    policy: AutomationPolicy | None = None,
    now: datetime | None = None,
) -> list[CriterionLevel]:
    """Lower the level of every criterion whose agreement has fallen, never raise one; for a regular job.

    Returns:
        The levels that fell.
    """
    repository.lock_levels(session)
    fallen = []
    for one in standings(session, since, policy=policy):
        if one.outlook is None or one.figures is None or not one.outlook.changed:
            continue
        zh = "；".join(reason.zh for reason in one.outlook.reasons)
        en = "; ".join(reason.en for reason in one.outlook.reasons)
        level = CriterionLevel(
            one.criterion, one.outlook.level, now or datetime.now(UTC), "system", True, zh, en, asdict(one.figures)
        )
        repository.add_level(session, level)
        record(session, actor, "automation.lower", "criterion", one.criterion, {"level": level.level})
        fallen.append(level)
    return fallen


def _standing(
    key: str, known: CriterionLevel | None, figures: MachineAgreement | None, policy: AutomationPolicy
) -> CriterionStanding:
    level = LEVEL[known.level] if known else START
    outlook = automation_level(figures, policy, level) if figures else None
    return CriterionStanding(key, level, known, figures, outlook)
