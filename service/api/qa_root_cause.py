"""Root causes: the list to confirm, one with its evidence, confirming or putting right, and figures."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, field_validator

from models.domain.conversation import Queue
from models.root_cause import Kind, load_taxonomy
from service.accounts.actor import Actor
from service.api.dependencies import AppEngine, AppSettings, OpenDatabase, permission
from service.api.parameters import BigId, PeriodQuery, Text
from service.api.problems import problem_responses
from service.audit.log import record_read
from service.qa import root_cause
from service.qa.repository.root_cause import CauseFilter
from service.qa.root_cause import CausePage, CauseSheet, CauseView, Word
from service.qa.root_cause_figures import PERIODS, AgreementReport, CauseReport, agreement, cause_figures

router = APIRouter(prefix="/qa/root-causes", tags=["qa"])

Reader = Annotated[Actor, permission("scores:read")]
Asker = Annotated[Actor, permission("scores:request")]
# Reviewers and supervisors both distribute work; whoever may, may say what was at the bottom of it.
Confirmer = Annotated[Actor, permission("reviews:assign")]
Words = Annotated[str, Field(min_length=1, max_length=4000, pattern=r"^[^\x00]+$")]
Dimension = Literal["kind", "topic", "department", "day", "week", "month"]
_READ = problem_responses(401, 403, 422, 503)
_CHANGED = problem_responses(400, 401, 403, 404, 409, 413, 422, 503)


class CauseQuery(PeriodQuery):
    """Conditions on causes; all must hold. Those on the cause look at what stands."""

    kind: Kind | None = Field(default=None, description="`service`: of conduct; `system`: of goods, partners, rules")
    topic: Text | None = None
    department: Text | None = None
    confirmed: bool | None = Field(default=None, description="Whether a person said so")
    agent: Text | None = Field(default=None, description="Id of the agent")
    queue: Queue | None = None

    def as_filter(self) -> CauseFilter:
        """Return the conditions with days made moments."""
        since, until = self.moments()
        return CauseFilter(self.kind, self.topic, self.department, self.confirmed, since, until, self.agent, self.queue)


class CauseListQuery(CauseQuery):
    """Conditions and the place in the list."""

    limit: int = Field(default=50, ge=1, le=200, description="Items a page")
    cursor: Annotated[str, StringConstraints(pattern=r"^[0-2]-[1-9][0-9]{0,17}$")] | None = Field(
        default=None, description="`next_cursor` of the page before"
    )


class CauseFiguresQuery(CauseQuery):
    """Conditions, and what to group by."""

    by: list[Dimension] = Field(default=["kind"], max_length=4, description="At most one period among them")

    @field_validator("by")
    @classmethod
    def _one_period(cls, by: list[Dimension]) -> list[Dimension]:
        if len(set(by) & set(PERIODS)) > 1:
            raise ValueError("at most one of day, week and month")
        return by


class WordBody(BaseModel):
    """What is at the bottom of it."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"kind": "system", "topic": "delivery_delay", "reason": "中转站爆仓"}]},
    )

    kind: Kind
    topic: Text | None = Field(default=None, description="Of the taxonomy; leave it out where it is open")
    department: Text | None = Field(default=None, description="Follows from topic and kind where it is left out")
    reason: Words | None = Field(default=None, description="Needed where it is not what was suggested, or not usual")


class TopicInfo(BaseModel):
    """A topic of the taxonomy."""

    id: str
    title: str
    title_en: str
    kind: Literal["service", "system", "depends"]
    department: str


class DepartmentInfo(BaseModel):
    """A department of the taxonomy."""

    id: str
    title: str
    title_en: str


class TaxonomyInfo(BaseModel):
    """The taxonomy in use."""

    id: str
    version: int
    hash: str
    topics: list[TopicInfo]
    departments: list[DepartmentInfo]


@router.get("", summary="List root causes", responses=_READ)
def get_root_causes(
    database: OpenDatabase, settings: AppSettings, actor: Reader, query: Annotated[CauseListQuery, Query()]
) -> CausePage:
    """Return a page: first what waits for a person and may be the system's, then what else waits, then the rest.

    Agents see those of their own conversations.
    """
    after = tuple(int(part) for part in query.cursor.split("-")) if query.cursor else None
    with database.transaction() as session:
        return root_cause.list_causes(
            session,
            actor,
            query.as_filter(),
            load_taxonomy(settings.scoring.taxonomy),
            limit=query.limit,
            after=(after[0], after[1]) if after else None,
        )


@router.get("/taxonomy", summary="Get the taxonomy", dependencies=[permission("scores:read")], responses=_READ)
def get_taxonomy(settings: AppSettings) -> TaxonomyInfo:
    """Return the topics and departments there are."""
    taxonomy = load_taxonomy(settings.scoring.taxonomy)
    return TaxonomyInfo(
        id=taxonomy.id,
        version=taxonomy.version,
        hash=taxonomy.hash,
        topics=[
            TopicInfo(id=one.id, title=one.title.zh, title_en=one.title.en, kind=one.kind, department=one.department)
            for one in taxonomy.topics
        ],
        departments=[
            DepartmentInfo(id=one.id, title=one.title.zh, title_en=one.title.en) for one in taxonomy.departments
        ],
    )


@router.get("/figures", summary="Get counts and shares of root causes", responses=_READ)
def get_figures(database: OpenDatabase, actor: Reader, query: Annotated[CauseFiguresQuery, Query()]) -> CauseReport:
    """Return counts and shares with Wilson's intervals, grouped by kind, topic, department, day, week or month."""
    with database.transaction() as session:
        record_read(session, actor, "root_cause.figures", "figures", "root_causes")
        return cause_figures(session, actor, query.as_filter(), list(dict.fromkeys(query.by)))


@router.get("/agreement", summary="Get how often people agree with the suggestions", responses=_READ)
def get_agreement(database: OpenDatabase, actor: Confirmer, query: Annotated[CauseQuery, Query()]) -> AgreementReport:
    """Return, over the suggestions that people looked at, how often kind and topic were right, and per topic."""
    with database.transaction() as session:
        record_read(session, actor, "root_cause.agreement", "figures", "root_causes")
        return agreement(session, query.as_filter())


@router.get("/{score_id}", summary="Get a root cause", responses=problem_responses(401, 403, 404, 422, 503))
def get_root_cause(database: OpenDatabase, settings: AppSettings, actor: Reader, score_id: BigId) -> CauseSheet:
    """Return the cause of a current score with its evidence and everything that was ever said of it."""
    with database.transaction() as session:
        return root_cause.cause_sheet(session, actor, score_id, load_taxonomy(settings.scoring.taxonomy))


@router.post("/{score_id}/suggest", summary="Ask for a suggestion", responses=_CHANGED)
def post_suggest(
    database: OpenDatabase, settings: AppSettings, engine: AppEngine, actor: Asker, score_id: BigId
) -> CauseView:
    """Suggest a cause for a current score, also for one that no condition of the taxonomy asks a cause of."""
    return root_cause.suggest_now(database, engine, actor, score_id, settings.scoring.taxonomy)


@router.post("/{score_id}/confirm", summary="Confirm a root cause or put it right", responses=_CHANGED)
def post_confirm(
    database: OpenDatabase, settings: AppSettings, actor: Confirmer, score_id: BigId, wanted: WordBody
) -> CauseView:
    """Say what is at the bottom of it. Confirmed as the system's, the outcome no longer counts against the agent."""
    word = Word(wanted.kind, wanted.topic, wanted.department, wanted.reason)
    with database.transaction() as session:
        return root_cause.say(session, actor, score_id, word, load_taxonomy(settings.scoring.taxonomy))
