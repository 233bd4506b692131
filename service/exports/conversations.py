"""Conversations with their scores, a row each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlmodel import Session

from models.domain.scores import QaScore
from service.exports import repository
from service.exports.blindness import Blindness
from service.exports.columns import Column, Words
from service.exports.dataset import Dataset, Wanted
from service.exports.effective import EffectiveScores
from service.exports.names import CriterionNames
from service.exports.words import CHANNEL, CSAT, DIRECTION, QUEUE, RESOLUTION, STATE
from service.qa.decisions import decisive
from service.qa.repository.decisions import StoredDecision, of_scores


@dataclass(frozen=True, slots=True)
class Scored:
    """A conversation as queried, and its effective score."""

    stored: Any
    qa: Mapping[str, Any] | None
    decided: Sequence[str]
    withheld: bool
    failed: Sequence[Words]
    passed: Sequence[Words]


def _rows(session: Session, wanted: Wanted, blindness: Blindness) -> Iterator[Scored]:
    names = CriterionNames(session, wanted.rubric)
    effective = EffectiveScores(session, wanted.rubric)
    for batch in repository.conversations(session, wanted.conditions):
        scored = [row for row in batch if row.score_id is not None]
        decided = of_scores(session, [row.score_id for row in scored])
        counting = effective.of([row for row in scored if not blindness.hides(row.undecided)], decided)
        for row in batch:
            yield _scored(row, decided.get(row.score_id, ()), counting, blindness, names)


def _scored(
    row: Any,
    decisions: Sequence[StoredDecision],
    counting: Mapping[int, QaScore | None],
    blindness: Blindness,
    names: CriterionNames,
) -> Scored:
    if row.score_id is None:
        return Scored(row, None, (), False, (), ())
    withheld = blindness.hides(row.undecided)
    shown = decisive(one for one in decisions if blindness.shows(row.undecided, one.by))
    if not withheld:
        for one in decisions:
            blindness.note(row.score_id, one.by)
    machine = {"score": row.qa_score, "passed": row.qa_passed, "auto_fail": row.auto_fail}
    outcome, failed, passed = None if withheld else machine, row.failed, row.passed
    if row.score_id in counting:
        qa = counting[row.score_id]
        outcome = {"score": qa.score, "passed": qa.passed, "auto_fail": qa.auto_fail} if qa else None
        failed, passed = (failed, passed) if qa is None else (_judged(qa, 0), _judged(qa, 1))

    def called(criteria: Sequence[str]) -> list[Words]:
        return [names.of(row.playbook_version, row.rubric_version, one) for one in criteria]

    return Scored(row, outcome, sorted(shown), withheld, called(failed), called(passed))


def _judged(qa: QaScore, share: int) -> list[str]:
    """Return the checks and questions that earned this share."""
    return [one.id for one in qa.criteria if one.source.startswith(("check:", "manual:")) and one.value == share]


def _stored(name: str, zh: str, en: str, words: Mapping[str, Words] | None = None) -> Column:
    return Column(name, Words(zh, en), lambda row: getattr(row.stored, name), words)


def _effective(name: str, zh: str, en: str) -> Column:
    return Column("effective_" + name, Words(zh, en), lambda row: row.qa and row.qa[name])


def _state(row: Scored) -> str:
    return "scored" if row.stored.score_id is not None else "failed" if row.stored.score_error else "pending"


def _joined(several: Sequence[Words]) -> Words:
    return Words("、".join(one.zh for one in several), ", ".join(one.en for one in several))


COLUMNS = (
    _stored("id", "会话编号", "Conversation"),
    _stored("occurred_at", "会话时间（北京时间）", "Conversation time (Asia/Shanghai)"),
    _stored("started_at", "开始时间（北京时间）", "Started (Asia/Shanghai)"),
    _stored("ended_at", "结束时间（北京时间）", "Ended (Asia/Shanghai)"),
    _stored("agent_id", "客服编号", "Agent"),
    _stored("agent_name", "客服姓名", "Agent's name"),
    _stored("customer_id", "客户编号", "Customer"),
    _stored("queue", "业务队列", "Queue", QUEUE),
    _stored("channel", "渠道", "Channel", CHANNEL),
    _stored("language", "语言", "Language"),
    _stored("tags", "标签", "Tags"),
    _stored("turn_count", "消息数", "Turns"),
    Column("state", Words("评分状态", "State"), _state, STATE),
    _stored("score_id", "评分编号", "Score"),
    _stored("scored_at", "评分时间（北京时间）", "Scored (Asia/Shanghai)"),
    _stored("survey", "客户评价（1–5）", "Survey rating (1–5)"),
    _stored("csat_mean", "预测满意度（1–5）", "Predicted CSAT (1–5)"),
    _stored("csat_label", "满意度判断", "Satisfaction", CSAT),
    _stored("p_dissatisfied", "不满意概率", "P(dissatisfied)"),
    _stored("resolution", "是否解决", "Resolution", RESOLUTION),
    _stored("p_resolved", "解决概率", "P(resolved)"),
    _stored("shift", "情绪变化（-2–2）", "Sentiment shift (-2–2)"),
    _stored("direction", "情绪走向", "Sentiment direction", DIRECTION),
    _stored("compliance_score", "话术合规率（0–1）", "Compliance (0–1)"),
    _stored("critical_fail", "触发致命项", "Critical failure"),
    Column("machine_score", Words("机器质检分（0–100）", "Machine QA score (0–100)"), lambda row: row.stored.qa_score),
    Column("machine_passed", Words("机器判定合格", "Machine: passed"), lambda row: row.stored.qa_passed),
    _effective("score", "最终质检分（0–100）", "Effective QA score (0–100)"),
    _effective("passed", "最终合格", "Effective: passed"),
    _effective("auto_fail", "一票否决", "Zeroed by a critical failure"),
    Column("decided", Words("人工判定项", "Criteria decided by people"), lambda row: row.decided),
    Column("withheld", Words("人工判定暂不显示", "Decisions withheld"), lambda row: row.withheld),
    Column("failed", Words("不通过项", "Failed criteria"), lambda row: _joined(row.failed)),
    Column("passed", Words("通过项", "Passed criteria"), lambda row: _joined(row.passed)),
    _stored("first_response_s", "首次响应（秒）", "First response (s)"),
    _stored("mean_response_s", "平均响应（秒）", "Mean response (s)"),
    _stored("longest_response_s", "最长响应（秒）", "Longest response (s)"),
    _stored("handle_s", "处理时长（秒）", "Handling time (s)"),
    _stored("playbook_version", "话术手册版本", "Playbook"),
    _stored("rubric_version", "评分标准版本", "Rubric"),
    _stored("model_version", "模型版本", "Model"),
    _stored("code_version", "程序版本", "Code"),
)
CONVERSATIONS = Dataset("conversations", Words("会话与评分", "Conversations"), "scores:read", COLUMNS, _rows)
