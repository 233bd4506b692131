"""Review work: tasks, decisions, appeals, and the marks of calibration sessions."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlmodel import Session

from service.exports import repository
from service.exports.about import ABOUT, field
from service.exports.blindness import Blindness
from service.exports.columns import Column, Words
from service.exports.dataset import Dataset, Wanted
from service.exports.names import CriterionNames
from service.exports.words import APPEAL_STATUS, DECISION, REASON, SESSION_STATUS, TASK_STATUS, VERDICT


@dataclass(frozen=True, slots=True)
class Item:
    """A row as queried, the name of its criterion, and what may be told of people and of what stood before."""

    stored: Any
    name: Words | None = None
    person: str | None = None
    earlier: str | None = None
    earlier_by: str | None = None

    def __getattr__(self, name: str) -> Any:
        """Read everything else from the row."""
        return getattr(self.stored, name)


def _tasks(session: Session, wanted: Wanted, blindness: Blindness) -> Iterator[Item]:
    for batch in repository.tasks(session, wanted.conditions):
        for row in batch:
            hidden = blindness.hides(row.undecided) and not blindness.is_own(row.assignee)
            yield Item(row, person=None if hidden else row.assignee)


def _decisions(session: Session, wanted: Wanted, blindness: Blindness) -> Iterator[Item]:
    names = CriterionNames(session, wanted.rubric)
    for batch in repository.decisions(session, wanted.conditions):
        for row in batch:
            if blindness.shows(row.undecided, row.by):
                blindness.note(row.score_id, row.by)
                yield Item(row, _name(names, row), person=row.by)


def _appeals(session: Session, wanted: Wanted, blindness: Blindness) -> Iterator[Item]:
    names = CriterionNames(session, wanted.rubric)
    for batch in repository.appeals(session, wanted.conditions):
        for row in batch:
            earlier, by = row.contested, row.contested_by
            if blindness.hides(row.undecided):
                earlier = by = None
            elif by is not None:
                blindness.note(row.score_id, by)
            yield Item(row, _name(names, row), blindness.name(row.assignee), earlier, blindness.name(by))


def _marks(session: Session, wanted: Wanted, blindness: Blindness) -> Iterator[Item]:
    names = CriterionNames(session, wanted.rubric)
    for batch in repository.marks(session, wanted.conditions):
        for row in batch:
            own = blindness.is_own(row.reviewer)
            # While a session is open nobody sees marks but their own.
            if own or (row.status == "closed" and blindness.shows(row.undecided, row.reviewer)):
                hidden = blindness.hides(row.undecided)
                if not hidden and row.status == "closed":
                    blindness.note(row.score_id, None)
                yield Item(row, _name(names, row), earlier=None if hidden else row.consensus)


def _name(names: CriterionNames, row: Any) -> Words:
    return names.of(row.playbook_version, row.rubric_version, row.criterion_id)


_SCORE = field("score_id", "评分编号", "Score")
_CRITERION = (field("criterion_id", "评分项", "Criterion"), field("name", "评分项名称", "Criterion's name"))

TASKS = Dataset(
    "tasks",
    Words("复核任务", "Review tasks"),
    "reviews:assign",
    (
        field("id", "任务编号", "Task"),
        *ABOUT,
        _SCORE,
        field("purpose", "用途", "Purpose", DECISION),
        field("pair_id", "所复核的任务", "Repeats task"),
        field("status", "状态", "Status", TASK_STATUS),
        field("reasons", "抽取原因", "Reasons", REASON),
        field("probability", "随机抽中概率", "Probability of the random draw"),
        field("policy_version", "抽样方案版本", "Sampling policy"),
        Column("assignee", Words("复核人", "Assignee"), lambda row: row.person),
        field("skip_reason", "跳过原因", "Why it was skipped"),
        field("created_at", "创建时间（北京时间）", "Created (Asia/Shanghai)"),
        field("taken_at", "领取时间（北京时间）", "Taken (Asia/Shanghai)"),
        field("done_at", "完成时间（北京时间）", "Finished (Asia/Shanghai)"),
    ),
    _tasks,
)
DECISIONS = Dataset(
    "decisions",
    Words("人工判定", "Decisions"),
    "reviews:assign",
    (
        field("id", "判定编号", "Decision"),
        *ABOUT,
        _SCORE,
        *_CRITERION,
        field("kind", "来源", "Kind", DECISION),
        field("task_id", "任务编号", "Task"),
        field("appeal_id", "申诉编号", "Appeal"),
        field("session_id", "校准编号", "Calibration"),
        field("machine_verdict", "机器判定", "Machine verdict", VERDICT),
        field("machine_value", "机器得分率（0–1）", "Machine value (0–1)"),
        field("verdict", "人工判定", "Decision", VERDICT),
        field("value", "人工得分率（0–1）", "Decided value (0–1)"),
        field("agrees", "与机器一致", "Agrees with the machine"),
        field("reason", "理由", "Reason"),
        Column("by", Words("判定人", "By"), lambda row: row.person),
        field("created_at", "判定时间（北京时间）", "Decided at (Asia/Shanghai)"),
    ),
    _decisions,
)
APPEALS = Dataset(
    "appeals",
    Words("申诉", "Appeals"),
    "scores:read",
    (
        field("id", "申诉编号", "Appeal"),
        *ABOUT,
        _SCORE,
        *_CRITERION,
        field("comment", "申诉说明", "Comment"),
        field("quoted_turns", "引用消息序号（从 0 起）", "Quoted turns (from 0)"),
        field("opened_by", "申诉人", "Opened by"),
        field("opened_at", "申诉时间（北京时间）", "Opened (Asia/Shanghai)"),
        field("due_at", "处理期限（北京时间）", "Due (Asia/Shanghai)"),
        field("status", "状态", "Status", APPEAL_STATUS),
        Column("contested", Words("被申诉的判定", "Contested verdict"), lambda row: row.earlier, VERDICT),
        Column("contested_by", Words("原判定人", "Contested verdict by"), lambda row: row.earlier_by),
        Column("assignee", Words("裁定人", "Assignee"), lambda row: row.person),
        field("closed_at", "结束时间（北京时间）", "Closed (Asia/Shanghai)"),
        field("outcome_verdict", "裁定", "Outcome", VERDICT),
        field("outcome_value", "裁定得分率（0–1）", "Outcome's value (0–1)"),
        field("outcome_reason", "裁定理由", "Reason"),
    ),
    _appeals,
)
CALIBRATION = Dataset(
    "calibration",
    Words("校准评分", "Calibration marks"),
    "reviews:write",
    (
        field("session_id", "校准编号", "Calibration"),
        field("title", "校准名称", "Title"),
        field("status", "状态", "Status", SESSION_STATUS),
        *ABOUT,
        _SCORE,
        *_CRITERION,
        field("reviewer", "评审", "Reviewer"),
        field("verdict", "判定", "Verdict", VERDICT),
        field("comment", "说明", "Comment"),
        field("created_at", "判定时间（北京时间）", "Marked at (Asia/Shanghai)"),
        Column("consensus", Words("共识", "Consensus"), lambda row: row.earlier, VERDICT),
        field("decides", "共识计入评分", "Consensus counts"),
        field("closed_at", "结束时间（北京时间）", "Closed (Asia/Shanghai)"),
    ),
    _marks,
)
