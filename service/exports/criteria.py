"""Criteria, a row per current score and criterion: what the machine said, and what people decided."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Any

from sqlmodel import Session

from models.statistics import Level
from service.exports import repository
from service.exports.about import ABOUT
from service.exports.blindness import Blindness
from service.exports.columns import Column, Words
from service.exports.dataset import Dataset, Wanted
from service.exports.names import CriterionNames
from service.exports.words import CRITERION_KIND, DECISION, LEVEL, VERDICT
from service.qa.criteria import MachineCriterion, agrees, criteria_of
from service.qa.decisions import decisive
from service.qa.levels import LevelHistory, levels_among
from service.qa.repository.decisions import StoredDecision, of_scores


@dataclass(frozen=True, slots=True)
class Judged:
    """A criterion of a conversation's current score."""

    stored: Any
    machine: MachineCriterion
    name: Words
    evidence: Sequence[Mapping[str, Any]]
    decision: StoredDecision | None
    reviewer: str | None
    withheld: bool
    level: Level

    @property
    def waiting(self) -> bool:
        """Whether it was left to people and does not count, for nobody has decided it; as ``review_of`` tells it."""
        return self.level == "human" and self.decision is None

    @property
    def unconfirmed(self) -> bool:
        """Whether it counts as the machine suggests, for nobody has decided it."""
        return self.level == "assist" and self.decision is None and self.machine.verdict in ("pass", "fail")

    @property
    def agrees(self) -> bool | None:
        """Whether the decision is what this score says, which need not be the score that it was made on."""
        one = self.decision
        return None if one is None else agrees(self.machine, one.verdict, one.value)

    @property
    def conversation_id(self) -> str:
        """As the shared columns call it."""
        return self.stored.id  # type: ignore[no-any-return]

    def __getattr__(self, name: str) -> Any:
        """Read what is not the criterion's own from the conversation."""
        return getattr(self.stored, name)


def _rows(session: Session, wanted: Wanted, blindness: Blindness) -> Iterator[Judged]:
    names = CriterionNames(session, wanted.rubric)
    history = LevelHistory(session)
    for batch in repository.conversations(session, wanted.conditions, detailed=True):
        decided = of_scores(session, [row.score_id for row in batch])
        for row in batch:
            shown = [one for one in decided.get(row.score_id, ()) if blindness.shows(row.undecided, one.by)]
            for one in shown:
                blindness.note(row.score_id, one.by)
            by_number = {one.id: one for one in shown}
            final = {name: by_number[int(one.by.partition(":")[2])] for name, one in decisive(shown).items()}
            evidence = {check["id"]: check["evidence"] for check in row.bundle["compliance"]["checks"]}
            criteria = criteria_of(row.bundle)
            levels = levels_among(history.at(row.scored_at), criteria)
            for machine in criteria.values():
                decision = final.get(machine.id)
                yield Judged(
                    row,
                    machine,
                    names.of(row.playbook_version, row.rubric_version, machine.id),
                    evidence.get(machine.source.partition(":")[2], ()) if machine.kind == "check" else (),
                    decision,
                    blindness.name(decision.by) if decision else None,
                    blindness.hides(row.undecided),
                    levels[machine.id],
                )


def _machine(name: str, zh: str, en: str, key: str, words: Mapping[str, Words] | None = None) -> Column:
    return Column(key, Words(zh, en), lambda row: getattr(row.machine, name), words)


def _decided(name: str, zh: str, en: str, key: str, words: Mapping[str, Words] | None = None) -> Column:
    return Column(key, Words(zh, en), lambda row: row.decision and getattr(row.decision, name), words)


def _quotes(row: Judged) -> str | None:
    return " / ".join(piece["quote"] for piece in row.evidence) or None


def _why(row: Judged) -> Words:
    return Words(row.machine.reason, row.machine.reason_en)


def _turns(row: Judged) -> list[int]:
    return list(dict.fromkeys(piece["turn"] for piece in row.evidence))


COLUMNS = (
    *ABOUT,
    Column("score_id", Words("评分编号", "Score"), lambda row: row.score_id),
    _machine("id", "评分项", "Criterion", "criterion_id"),
    Column("name", Words("评分项名称", "Criterion's name"), attrgetter("name")),
    _machine("key", "评分项键", "Criterion's key", "key"),
    _machine("kind", "类型", "Kind", "kind", CRITERION_KIND),
    _machine("critical", "致命项", "Critical", "critical"),
    _machine("verdict", "机器判定", "Machine verdict", "machine_verdict", VERDICT),
    _machine("confidence", "机器置信度", "Machine confidence", "machine_confidence"),
    _machine("value", "机器得分率（0–1）", "Machine value (0–1)", "machine_value"),
    Column("evidence", Words("证据原文", "Evidence"), _quotes),
    Column("evidence_turns", Words("证据消息序号（从 0 起）", "Evidence turns (from 0)"), _turns),
    Column("machine_reason", Words("机器理由", "Machine's reason"), _why),
    _decided("kind", "人工判定来源", "Decided by", "decision_kind", DECISION),
    _decided("verdict", "人工判定", "Decision", "decision_verdict", VERDICT),
    _decided("value", "人工得分率（0–1）", "Decided value (0–1)", "decision_value"),
    Column("agrees", Words("与机器一致", "Agrees with the machine"), attrgetter("agrees")),
    _decided("reason", "人工理由", "Person's reason", "decision_reason"),
    Column("reviewer", Words("判定人", "Reviewer"), lambda row: row.reviewer),
    _decided("created_at", "判定时间（北京时间）", "Decided at (Asia/Shanghai)", "decided_at"),
    Column("level", Words("自动化级别", "Automation level"), lambda row: row.level, LEVEL),
    Column("waiting", Words("待人工判定", "Waits for a person"), lambda row: row.waiting),
    Column("unconfirmed", Words("机器建议未确认", "Suggestion unconfirmed"), lambda row: row.unconfirmed),
    Column("withheld", Words("人工判定暂不显示", "Decisions withheld"), lambda row: row.withheld),
)
CRITERIA = Dataset("criteria", Words("评分项明细", "Criteria"), "scores:read", COLUMNS, _rows)
