"""From the sampling policy to review tasks. Running it again for the same period adds nothing."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from sqlmodel import Session

from service.accounts.actor import Actor
from service.audit.log import record
from service.core.errors import InvalidRequestError, NotFoundError
from service.qa.policy import SamplingPolicy, draw
from service.qa.repository import sampling as repository
from service.qa.repository.calibration import levels
from service.qa.repository.sampling import Candidate, KnownTask, StoredPolicy
from service.qa.working_days import ZONE

RECENT = timedelta(days=7)  # what arrives later is sampled by those who ask for its period
_LIMITED = ("low_confidence", "abstained", "survey_gap", "assist")


@dataclass(frozen=True, slots=True)
class SamplingRun:
    """What a run did.

    Attributes:
        policy_version: The policy it went by.
        since: Start of the period, included.
        until: Its end, excluded.
        conversations: Scored conversations in it.
        created: Review tasks made now.
        second: Blind second reviews made now.
        known: Conversations whose task was there before.
        reasons: How many of the period's tasks have each reason, those of earlier runs too.
    """

    policy_version: int
    since: datetime
    until: datetime
    conversations: int
    created: int
    second: int
    known: int
    reasons: Mapping[str, int]


def publish_policy(
    session: Session, actor: Actor, policy: SamplingPolicy, active_from: datetime | None = None
) -> StoredPolicy:
    """Store the policy as the next version; it holds from now, or the moment given, on."""
    now = datetime.now(UTC)
    repository.lock(session)
    return repository.add_policy(session, policy.model_dump(mode="json"), actor.label, now, active_from or now)


def list_policies(session: Session) -> list[StoredPolicy]:
    """Return all versions, newest first."""
    return repository.policies(session)


def sample_recent(session: Session, actor: Actor, now: datetime | None = None) -> SamplingRun | None:
    """Make the review tasks of the week before today, ``None`` where no policy is active; for a regular job.

    Quotas are left out: they are of a period that only people know the end of.
    """
    moment = now or datetime.now(UTC)
    today = datetime.combine(moment.astimezone(ZONE).date(), time(), ZONE).astimezone(UTC)
    if repository.policy_at(session, moment) is None:
        return None
    return run_sampling(session, actor, today - RECENT, today, moment, quotas=False)


def run_sampling(
    session: Session,
    actor: Actor,
    since: datetime,
    until: datetime,
    now: datetime | None = None,
    *,
    quotas: bool = True,
) -> SamplingRun:
    """Make the review tasks of a period.

    Every conversation has one review task a revision at most; a further reason is added to the task that is there. A
    new revision waits until the blind pair of the one before is settled.

    Args:
        session: An open transaction.
        actor: Who asks for it.
        since: Start of the period, included.
        until: Its end, excluded.
        now: The moment it happens; the clock's without.
        quotas: Whether agents with too few reviews in the period get more.

    Raises:
        InvalidRequestError: The period is empty.
        NotFoundError: No policy is active.
    """
    if since >= until:
        raise InvalidRequestError("the period is empty", "时间范围为空", location="from")
    moment = now or datetime.now(UTC)
    repository.lock(session)
    stored = repository.policy_at(session, moment)
    if stored is None:
        raise NotFoundError("no sampling policy is active", "没有生效的抽检策略", hint="POST /v1/qa/sampling/policies")
    policy = SamplingPolicy.model_validate(dict(stored.document))
    if not quotas:
        policy = policy.model_copy(update={"per_agent": 0})
    found = list(repository.candidates(session, since, until, policy.queues))
    known = repository.known_tasks(session, [one.conversation_id for one in found])
    settled = {key for key, one in levels(session).items() if one.level != "assist"}
    chosen = choose(policy, found, {name: task.reasons for name, task in known.items()}, settled)
    created = second = 0
    for one in found:
        reasons = chosen[one.conversation_id]
        task = known.get(one.conversation_id)
        if task is not None and (task.unfinished or task.revision == one.revision or not reasons - task.reasons):
            _add_reasons(session, task.id, reasons - task.reasons, policy, stored.version, moment)
        elif task is not None and task.paired:  # of the revision before; a later run comes back to it
            chosen[one.conversation_id] = frozenset()
        elif reasons:
            task_id = repository.add_task(session, one, "review", actor.label, moment)
            _add_reasons(session, task_id, reasons, policy, stored.version, moment)
            created += 1
            if draw(policy.seed, "second", one.conversation_id) < policy.second_share:
                again = repository.add_task(session, one, "second", actor.label, moment, pair_id=task_id)
                repository.add_reasons(session, again, {"second": policy.second_share}, stored.version, moment)
                second += 1
    detail = {"policy": stored.version, "created": created, "second": second}
    record(session, actor, "sampling.run", "sampling_policy", stored.version, detail)
    counts = Counter(
        reason for one in found for reason in chosen[one.conversation_id] | _reasons(known.get(one.conversation_id))
    )
    return SamplingRun(
        stored.version, since, until, len(found), created, second, len(known), dict(sorted(counts.items()))
    )


def choose(
    policy: SamplingPolicy,
    found: Sequence[Candidate],
    known: Mapping[str, frozenset[str]],
    settled: Collection[str] = (),
) -> dict[str, frozenset[str]]:
    """Return why each conversation is to be reviewed, empty where it is not; pure.

    Args:
        policy: What to look for.
        found: The conversations of the period.
        known: The reasons of the tasks that are there; they count towards limits and quotas.
        settled: Keys of criteria that are not at level ``assist``, e.g. ``ecommerce-zh/greeting``.
    """
    reasons: dict[str, set[str]] = {one.conversation_id: set() for one in found}
    fitting: dict[tuple[str, date], list[Candidate]] = defaultdict(list)
    for one in found:
        name = one.conversation_id
        if draw(policy.seed, "random", name) < policy.random_share:
            reasons[name].add("random")
        if policy.critical and one.critical_fail:
            reasons[name].add("critical")
        for reason in _LIMITED:
            if _fits(policy, reason, one, settled):
                fitting[reason, _day(one)].append(one)
    for (reason, _), several in sorted(fitting.items()):
        room = _room(policy, sum(reason in known.get(one.conversation_id, ()) for one in several))
        several.sort(key=lambda one: (draw(policy.seed, "limit", one.conversation_id), one.conversation_id))
        new = [one for one in several if reason not in known.get(one.conversation_id, ())]
        for one in new[:room]:
            reasons[one.conversation_id].add(reason)
    _fill_quotas(policy, found, known, reasons)
    return {name: frozenset(several) for name, several in reasons.items()}


def _fill_quotas(
    policy: SamplingPolicy,
    found: Sequence[Candidate],
    known: Mapping[str, frozenset[str]],
    reasons: dict[str, set[str]],
) -> None:
    """Add reviews for agents who have too few: one a day in turn, so that they lie all over the period"""
    by_agent: dict[str, list[Candidate]] = defaultdict(list)
    for one in found:
        if one.agent_id is not None:
            by_agent[one.agent_id].append(one)
    for _, own in sorted(by_agent.items()):
        free = [one for one in own if not reasons[one.conversation_id] and one.conversation_id not in known]
        missing = policy.per_agent - (len(own) - len(free))
        if missing <= 0:
            continue
        free.sort(key=lambda one: (draw(policy.seed, "quota", one.conversation_id), one.conversation_id))
        turns: Counter[date] = Counter()
        in_turn = []
        for place, one in enumerate(free):
            in_turn.append((turns[_day(one)], place, one))
            turns[_day(one)] += 1
        for _, _, one in sorted(in_turn, key=lambda item: item[:2])[:missing]:
            reasons[one.conversation_id].add("quota")


def _fits(policy: SamplingPolicy, reason: str, one: Candidate, settled: Collection[str]) -> bool:
    if reason == "assist":
        drawn = draw(policy.seed, "assist", one.conversation_id) < policy.assist_share
        return drawn and any(
            check["verdict"] == "fail" and f"{one.playbook}/{check['id']}" not in settled for check in one.checks
        )
    if reason == "abstained":
        return policy.abstained and any(check["verdict"] == "abstain" for check in one.checks)
    if reason == "low_confidence":
        least = policy.low_confidence
        return least is not None and any(
            check["confidence"] < least for check in one.checks if check["verdict"] in ("pass", "fail")
        )
    if policy.survey_gap is None or one.survey is None or one.csat_mean is None:
        return False
    return abs(one.survey - one.csat_mean) >= policy.survey_gap


def _room(policy: SamplingPolicy, used: int) -> int | None:
    return None if policy.per_day is None else max(0, policy.per_day - used)


def _day(one: Candidate) -> date:
    return one.occurred_at.astimezone(ZONE).date()


def _reasons(task: KnownTask | None) -> frozenset[str]:
    return task.reasons if task is not None else frozenset()


def _add_reasons(
    session: Session, task_id: int, reasons: frozenset[str], policy: SamplingPolicy, version: int, now: datetime
) -> None:
    probabilities = {reason: policy.random_share if reason == "random" else None for reason in sorted(reasons)}
    repository.add_reasons(session, task_id, probabilities, version, now)
