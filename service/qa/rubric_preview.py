"""What a rubric would change: stored scores are evaluated again by it and by the one in force. No model runs."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Literal

from sqlmodel import Session

from models.domain.playbook import Playbook
from models.domain.rubric import Rubric, Traits
from models.errors import AttuneError
from models.interchange import parse_conversation
from models.qa import (
    Case,
    ChangeReason,
    Compared,
    compare_case,
    compare_scores,
    load_rubric,
    measured_from_json,
    missing_checks,
    reasons_of,
    traits_of,
)
from models.scorers.compliance import load_playbook
from service.accounts.actor import Actor
from service.audit.log import record
from service.conversations.filters import ConversationFilter, conditions_for_audit
from service.conversations.paging import decode_cursor, encode_cursor
from service.core.errors import InvalidCursorError
from service.core.settings import ScoringSettings
from service.qa.decisions import check_weights
from service.qa.provenance import playbook_of
from service.qa.repository import preview as repository
from service.qa.repository.decisions import note_views
from service.qa.repository.preview import Scored
from service.qa.rubric_standing import Standing, standing_of
from service.qa.rubric_tally import ChangeTally, CriterionMove, PreviewFigures, ScoreChanges, Tally
from service.qa.tasks import may_judge
from service.rubrics.activation import RubricInForce, choose_for, in_force
from service.rubrics.registry import spec_of

Shown = Literal["flips", "changes"]
_EXAMPLES = 5
_CURSOR = re.compile(r"^(\d{1,9})\.(.+)$")


@dataclass(frozen=True, slots=True)
class Unlike:
    """Conversations that were not compared, with some of their ids, and why."""

    conversations: int
    examples: Sequence[str]
    reason: str
    reason_en: str


@dataclass(frozen=True, slots=True)
class GroupPreview:
    """Figures of one agent or queue; ``id`` is ``None`` for conversations without an agent."""

    id: str | None
    name: str | None
    figures: PreviewFigures


@dataclass(frozen=True, slots=True)
class PreviewSummary:
    """The whole comparison.

    Attributes:
        effective: As in a review: with what people decided in place of what the machine said, without criteria that
            were left to people and nobody decided, and without outcomes that a confirmed cause in the system excuses.
        machine: By the machine alone.
        decided: In how many conversations a person's decision counts.
        against: Which rubrics the new one was compared with, and for how many conversations.
        not_comparable: What could not be compared.
        changes: How the effective scores move.
        by_agent: Effective figures by agent, those with most changed outcomes first.
        by_queue: The same by queue.
        criteria: Which criteria move the effective scores.
    """

    effective: PreviewFigures
    machine: PreviewFigures
    decided: int
    against: Mapping[str, int]
    not_comparable: Sequence[Unlike]
    changes: ScoreChanges
    by_agent: Sequence[GroupPreview]
    by_queue: Sequence[GroupPreview]
    criteria: Sequence[CriterionMove]


@dataclass(frozen=True, slots=True)
class PreviewedConversation:
    """One conversation whose outcome, score or grade changes, and why, the strongest reason first."""

    score_id: int
    conversation_id: str
    occurred_at: datetime
    queue: str
    agent_id: str | None
    against: str
    decided: bool
    before: float | None
    after: float | None
    outcome_before: Literal["pass", "fail", "none"]
    outcome_after: Literal["pass", "fail", "none"]
    band_before: str | None
    band_after: str | None
    reasons: Sequence[ChangeReason]


@dataclass(frozen=True, slots=True)
class RubricPreview:
    """A preview.

    Attributes:
        rubric: The new one.
        hash: Of its content.
        summary: ``None`` on further pages.
        items: Conversations that change, newest first.
        next_cursor: For the next page of them, ``None`` at the end.
    """

    rubric: str
    hash: str
    summary: PreviewSummary | None
    items: Sequence[PreviewedConversation]
    next_cursor: str | None


def preview(
    session: Session,
    actor: Actor,
    rubric: Rubric,
    settings: ScoringSettings,
    wanted: ConversationFilter,
    *,
    against: Rubric | None = None,
    limit: int = 10_000,
    show: Shown = "flips",
    page: int = 50,
    cursor: str | None = None,
) -> RubricPreview:
    """Compare a rubric with another on the current scores of conversations; no score is stored.

    Scores are read as a stream, newest conversations first. A conversation that cannot be judged by both rubrics (its
    playbook lacks a check that one of them names, its score or document is of a format that is not read any more) is
    counted as not comparable. Decisions on scores that somebody still has to judge blind are left out; who may judge
    and is told in the list what others decided is remembered, as when reading a review.

    Args:
        session: An open transaction.
        actor: Who asks; what was read is recorded.
        rubric: The new one.
        settings: For the rubric of conversations that none in force is for, and its playbook's weights.
        wanted: Which conversations.
        against: The old one; by default for each conversation the one in force for it at its time.
        limit: At most so many conversations.
        show: Whether to list only changed outcomes or all changes.
        page: At most so many listed conversations.
        cursor: Continues the list after a page; the figures are then left out.

    Raises:
        InvalidCursorError: The cursor is none of ours.
    """
    old = _Old(against, load_rubric(settings.rubric), [] if against else in_force(session))
    weights = _Weights(load_playbook(settings.playbook))
    seen, after = _read_cursor(cursor)
    counts = _Counts()
    listed: list[tuple[int, PreviewedConversation]] = []
    told: set[int] = set()  # scores of which the list tells what others decided
    for one, standing in standing_of(session, repository.scored(session, wanted, max(0, limit - seen), after)):
        seen += 1
        found = _compare(session, one, rubric, old, weights, standing, counts)
        if found is not None and len(listed) <= page and _is_shown(found[0], show):
            listed.append((seen, _listed(one, *found, standing, rubric)))
            if standing.by - {actor.person_id}:
                told.add(one.score.id)
        if cursor is not None and len(listed) > page:
            break
    following = None
    if len(listed) > page:
        count, last = listed[page - 1]
        following = f"{count}.{encode_cursor(last.occurred_at, last.conversation_id)}"
    items = [one for _, one in listed[:page]]
    if may_judge(actor) and actor.person_id is not None:
        note_views(session, sorted(told & {one.score_id for one in items}), actor.person_id, datetime.now(UTC))
    detail = {
        "version": rubric.version,
        "hash": rubric.hash,
        "conditions": conditions_for_audit(wanted),
        "ids": [one.conversation_id for one in items],
    }
    record(session, actor, "rubric.preview", "rubric", rubric.id, detail)
    summary = counts.summary() if cursor is None else None
    return RubricPreview(spec_of(rubric), rubric.hash, summary, items, following)


@dataclass(frozen=True, slots=True)
class _Old:
    """Which rubric a conversation is compared with."""

    named: Rubric | None
    default: Rubric
    in_force: Sequence[RubricInForce]

    def of(self, traits: Traits, at: datetime) -> Rubric:
        return self.named or choose_for(self.in_force, traits, at) or self.default


@dataclass(slots=True)
class _Weights:
    """The weights that playbooks give their checks; read once each."""

    own: Playbook
    known: dict[str, Mapping[str, float] | None] = field(default_factory=dict)

    def of(self, session: Session, one: Scored) -> Mapping[str, float]:
        label = one.score.bundle["versions"]["playbook"]
        if label not in self.known:
            playbook = playbook_of(session, one.score, self.own)
            self.known[label] = {check.id: check.weight for check in playbook.checks} if playbook else None
        found = self.known[label]
        return check_weights(one.score.bundle) if found is None else found


class _Counts:
    """All figures, as they come."""

    def __init__(self) -> None:
        self.effective, self.machine, self.changes = Tally(), Tally(), ChangeTally()
        self.agents: dict[str | None, Tally] = {}
        self.names: dict[str | None, str | None] = {}
        self.queues: dict[str, Tally] = {}
        self.decided = 0
        self.against: Counter[str] = Counter()
        self.unlike: dict[tuple[str, str], list[str]] = {}
        self.unlike_counts: Counter[tuple[str, str]] = Counter()

    def skip(self, conversation_id: str, zh: str, en: str) -> None:
        self.unlike_counts[zh, en] += 1
        examples = self.unlike.setdefault((zh, en), [])
        if len(examples) < _EXAMPLES:
            examples.append(conversation_id)

    def add(self, one: Scored, old: Rubric, machine: Compared, effective: Compared, decided: bool) -> None:
        self.machine.add(machine)
        self.effective.add(effective)
        self.changes.add(effective)
        self.agents.setdefault(one.agent_id, Tally()).add(effective)
        self.names.setdefault(one.agent_id, one.agent_name)
        self.queues.setdefault(one.queue, Tally()).add(effective)
        self.against[spec_of(old)] += 1
        self.decided += decided

    def summary(self) -> PreviewSummary:
        agents = [GroupPreview(name, self.names[name], tally.figures()) for name, tally in self.agents.items()]
        queues = [GroupPreview(name, None, tally.figures()) for name, tally in self.queues.items()]
        return PreviewSummary(
            effective=self.effective.figures(),
            machine=self.machine.figures(),
            decided=self.decided,
            against=dict(sorted(self.against.items())),
            not_comparable=[Unlike(count, self.unlike[why], *why) for why, count in sorted(self.unlike_counts.items())],
            changes=self.changes.changes(),
            by_agent=sorted(agents, key=_most_flips),
            by_queue=sorted(queues, key=_most_flips),
            criteria=self.changes.criteria(),
        )


def _compare(
    session: Session,
    one: Scored,
    new: Rubric,
    rubrics: _Old,
    weights: _Weights,
    standing: Standing,
    counts: _Counts,
) -> tuple[Compared, Rubric] | None:
    """Return a conversation's effective scores by both rubrics, or note why it cannot be compared."""
    try:
        measured = measured_from_json(one.score.bundle)
        traits = traits_of(parse_conversation(one.document))
    except (AttuneError, ValueError, KeyError):
        said_of = "评分或会话的格式太旧，无法读取", "the score or the conversation is of a format not read any more"
        counts.skip(one.score.conversation_id, *said_of)
        return None
    old = rubrics.of(traits, one.occurred_at)
    checks = {check.id for check in measured.compliance.checks}
    for rubric in (new, old):
        if unknown := missing_checks(rubric, checks):
            playbook = one.score.bundle["versions"]["playbook"].partition("+")[0]
            names = ", ".join(unknown)
            counts.skip(
                one.score.conversation_id,
                f"{spec_of(rubric)} 用到了话术手册 {playbook} 没有的检查项:{names}",
                f"{spec_of(rubric)} names checks that the playbook {playbook} lacks: {names}",
            )
            return None
    case = Case(one.score.conversation_id, measured, weights.of(session, one), traits)
    machine = compare_case(old, new, case)
    before, after = standing.score(old, case, machine.before), standing.score(new, case, machine.after)
    effective = compare_scores(old, new, case.id, before, after)
    counts.add(one, old, machine, effective, bool(standing.decided))
    return effective, old


def _is_shown(found: Compared, show: Shown) -> bool:
    change = found.change
    return change is not None and (show == "changes" or change.outcome_before != change.outcome_after)


def _listed(one: Scored, found: Compared, old: Rubric, standing: Standing, new: Rubric) -> PreviewedConversation:
    change = found.change
    assert change is not None
    return PreviewedConversation(
        score_id=one.score.id,
        conversation_id=one.score.conversation_id,
        occurred_at=one.occurred_at,
        queue=one.queue,
        agent_id=one.agent_id,
        against=spec_of(old),
        decided=bool(standing.decided),
        before=change.before,
        after=change.after,
        outcome_before=change.outcome_before,
        outcome_after=change.outcome_after,
        band_before=change.band_before,
        band_after=change.band_after,
        reasons=reasons_of(found, old, new),
    )


def _most_flips(group: GroupPreview) -> tuple[int, int, str]:
    figures = group.figures
    return -(figures.pass_to_fail + figures.fail_to_pass), -figures.conversations, group.id or ""


def _read_cursor(cursor: str | None) -> tuple[int, tuple[datetime, str] | None]:
    """Return how many conversations were seen before, and the last of them."""
    if cursor is None:
        return 0, None
    parts = _CURSOR.match(cursor)
    if parts is None:
        raise InvalidCursorError("this cursor is not one of ours", "分页游标无效", location="cursor")
    return int(parts[1]), decode_cursor(parts[2])
