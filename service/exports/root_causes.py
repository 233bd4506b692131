"""Root causes, a row per current score that has one: what stands, what the model suggested, what a person said."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Any

from sqlmodel import Session

from models.root_cause import list_taxonomies
from models.root_cause.taxonomy import Department, Topic
from service.exports import repository
from service.exports.about import ABOUT
from service.exports.blindness import Blindness
from service.exports.columns import Coded, Column, Words
from service.exports.dataset import Dataset, Wanted
from service.exports.words import CAUSE_KIND, Glossary
from service.qa.repository.root_cause import StoredCause

_HIDDEN_FROM_AGENTS = ("by",)  # why is theirs to know, as in the API


@dataclass(frozen=True, slots=True)
class Caused:
    """The cause of a conversation.

    Attributes:
        stored: The conversation as queried.
        titles: What topics and departments are called, by taxonomy and id.
        suggestion: The model's.
        said: A person's last word.
        nameless: Whether it is for an agent, who is not told who said it and why.
    """

    stored: Any
    titles: Mapping[str, Glossary]
    suggestion: StoredCause | None
    said: StoredCause | None
    nameless: bool

    @property
    def stands(self) -> StoredCause | None:
        """A person's word, else the suggestion."""
        return self.said or self.suggestion

    def __getattr__(self, name: str) -> Any:
        """Read what is not the cause's own from the conversation."""
        return getattr(self.stored, name)

    def coded(self, cause: StoredCause | None, name: str) -> Coded | None:
        """Return a topic or department with what its taxonomy calls it; its id where that is not here."""
        code = getattr(cause, name) if cause else None
        if cause is None or code is None:
            return None
        known = self.titles.get(cause.taxonomy) or self.titles.get(cause.taxonomy.partition("@")[0]) or {}
        return Coded(code, known.get(code, Words(code, code)))


def _rows(session: Session, wanted: Wanted, blindness: Blindness) -> Iterator[Caused]:
    titles = _titles()
    for batch in repository.root_causes(session, wanted.conditions):
        for row, suggestion, said in batch:
            yield Caused(row, titles, suggestion, said, blindness.nameless)


def _titles() -> Mapping[str, Glossary]:
    """Return what the packaged taxonomies call topics and departments: by ``id@version``, and by id the newest."""
    found: dict[str, Glossary] = {}
    for one in list_taxonomies():
        named: Sequence[Topic | Department] = (*one.topics, *one.departments)
        found[one.label] = found[one.id] = {each.id: Words(each.title.zh, each.title.en) for each in named}
    return found


def _stands(name: str, zh: str, en: str) -> Column:
    return Column(name, Words(zh, en), lambda row: row.coded(row.stands, name))


def _suggested(name: str, key: str, zh: str, en: str, words: Glossary | None = None) -> Column:
    return Column(key, Words(zh, en), lambda row: row.suggestion and getattr(row.suggestion, name), words)


def _said(name: str, key: str, zh: str, en: str) -> Column:
    def read(row: Caused) -> Any:
        hidden = row.nameless and name in _HIDDEN_FROM_AGENTS
        return None if hidden or row.said is None else getattr(row.said, name)

    return Column(key, Words(zh, en), read)


def _evidence(row: Caused) -> Sequence[Mapping[str, Any]]:
    return row.suggestion.detail["evidence"] if row.suggestion and row.suggestion.detail else ()


def _quotes(row: Caused) -> str | None:
    return " / ".join(piece["quote"] for piece in _evidence(row)) or None


def _turns(row: Caused) -> list[int]:
    return list(dict.fromkeys(piece["turn"] for piece in _evidence(row)))


def _why(row: Caused) -> Words | None:
    return Words(row.suggestion.reason or "", row.suggestion.reason_en or "") if row.suggestion else None


COLUMNS = (
    *ABOUT,
    Column("score_id", Words("评分编号", "Score"), attrgetter("score_id")),
    Column("kind", Words("性质", "Kind"), attrgetter("stands.kind"), CAUSE_KIND),
    _stands("topic", "归因主题", "Topic"),
    _stands("department", "责任部门", "Department"),
    Column("confirmed", Words("已人工确认", "Confirmed"), lambda row: row.said is not None),
    _suggested("kind", "suggested_kind", "建议性质", "Suggested kind", CAUSE_KIND),
    Column("suggested_topic", Words("建议主题", "Suggested topic"), lambda row: row.coded(row.suggestion, "topic")),
    _suggested("confidence", "confidence", "建议置信度", "Suggestion's confidence"),
    _suggested("kind_confidence", "kind_confidence", "性质置信度", "Kind's confidence"),
    Column("evidence", Words("证据原文", "Evidence"), _quotes),
    Column("evidence_turns", Words("证据消息序号（从 0 起）", "Evidence turns (from 0)"), _turns),
    Column("reason", Words("建议理由", "Suggestion's reason"), _why),
    _said("agrees", "agrees", "与建议一致", "Agrees with the suggestion"),
    _said("by", "confirmed_by", "确认人", "Confirmed by"),
    _said("reason", "confirmed_reason", "确认理由", "Person's reason"),
    _said("created_at", "confirmed_at", "确认时间（北京时间）", "Confirmed at (Asia/Shanghai)"),
    Column("taxonomy", Words("归因分类版本", "Taxonomy"), attrgetter("stands.taxonomy")),
    _suggested("model", "model", "建议模型", "Suggested by"),
)
ROOT_CAUSES = Dataset("root_causes", Words("归因", "Root causes"), "scores:read", COLUMNS, _rows)
