"""The shape of a rubric file: the one definition behind both the parser and the JSON Schema.

What a shape cannot say is in ``consistency.py``.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Discriminator, Field, Tag, WithJsonSchema

from models.domain.conversation import Channel, Queue
from models.domain.scores import Style, Verdict

_MOST = 200
_CHECK = r"check\??:[a-z][a-z0-9_]{0,63}"
_FIGURE = r"[a-z_]+\.[a-z_]+"
_NAME = r"^[a-z][a-z0-9_-]{0,63}$"  # no dot: a dot joins the id of `check:*` with a check's

Points = Annotated[float, Field(gt=0, le=1000, allow_inf_nan=False)]
Mark = Annotated[float, Field(ge=0, le=200, allow_inf_nan=False)]
Words = Annotated[list[Annotated[str, Field(min_length=1, max_length=200)]], Field(min_length=1, max_length=100)]
Name = Annotated[str, Field(pattern=_NAME)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class TitleModel(_Strict):
    """A name in both languages."""

    zh: str = Field(min_length=1)
    en: str = Field(min_length=1)


class ScaleModel(_Strict):
    """From the figure that earns nothing to the figure that earns all; reversed where less is better."""

    worst: float = Field(allow_inf_nan=False)
    best: float = Field(allow_inf_nan=False)


class CriterionModel(_Strict):
    """One criterion of a rubric file of format 1."""

    id: str = Field(pattern=r"^[a-z][a-z0-9_.-]{0,63}$")
    source: str = Field(
        pattern=r"^(check:(\*|[a-z][a-z0-9_]*)|[a-z_]+\.[a-z_]+)$", description="check:ID, check:* or a figure"
    )
    weight: Points
    scale: ScaleModel | None = None
    title: TitleModel | None = None


class FlatRubricModel(_Strict):
    """A rubric file of format 1: one list of weighted criteria."""

    id: str = Field(pattern=r"^[a-z][a-z0-9-]{0,63}$")
    version: int = Field(ge=1, le=2**31 - 1)
    title: TitleModel
    pass_mark: float = Field(ge=0, le=100, description="A score at or above it passes")
    playbook_critical: bool = Field(default=True, description="A failed critical check of the playbook zeroes it all")
    critical: list[str] = Field(default=[], description="Further check ids whose failure zeroes the score")
    criteria: list[CriterionModel] = Field(min_length=1, max_length=_MOST)


class CapModel(_Strict):
    """The most that a score can be; 0 zeroes it."""

    cap: float = Field(ge=0, lt=100, allow_inf_nan=False)


def _read_cap(value: Any) -> Any:
    return {"cap": 0.0} if value is True else None if value is False else value


Cap = Annotated[
    CapModel | None,
    BeforeValidator(_read_cap),
    WithJsonSchema({"anyOf": [{"type": "boolean"}, CapModel.model_json_schema()]}),
]


class WhenModel(_Strict):
    """A condition; all that is given has to hold, and what cannot be known does not."""

    all: list[WhenModel] | None = Field(default=None, min_length=1, max_length=50)
    any: list[WhenModel] | None = Field(default=None, min_length=1, max_length=50)
    none: list[WhenModel] | None = Field(default=None, min_length=1, max_length=50)
    queue: list[Queue] | None = Field(default=None, min_length=1)
    channel: list[Channel] | None = Field(default=None, min_length=1)
    language: list[Literal["zh", "en"]] | None = Field(default=None, min_length=1)
    agent_group: Words | None = Field(default=None, description="`agent.group` or `agent_group` of the conversation")
    agent_role: Words | None = Field(default=None, description="`agent.role` or `agent_role` of the conversation")
    tags: Words | None = None
    source: str | None = Field(
        default=None,
        pattern=rf"^({_CHECK}|{_FIGURE})$",
        description="check:ID (check?:ID where the playbook may lack it) or a figure",
    )
    verdicts: list[Verdict] | None = Field(
        default=None, alias="is", min_length=1, description="Verdicts of the check; pass and fail if left out"
    )
    above: float | None = Field(default=None, allow_inf_nan=False)
    below: float | None = Field(default=None, allow_inf_nan=False)


class SectionCriterionModel(_Strict):
    """One criterion of a section."""

    id: Name
    source: str = Field(
        pattern=rf"^(check:\*|{_CHECK}|manual:[a-z][a-z0-9_]{{0,63}}|{_FIGURE})$",
        description="check:ID, check?:ID where the playbook may lack it, check:*, a figure, or manual:ID",
    )
    weight: Points | None = Field(default=None, description="In a weighted section: its share")
    points: Points | None = Field(default=None, description="In a deduction or bonus section: what is at stake")
    scale: ScaleModel | None = Field(default=None, description="For a figure")
    title: TitleModel | None = None
    when: WhenModel | None = Field(default=None, description="Where it does not hold the criterion does not apply")
    auto_fail: Cap = Field(default=None, description="Earning nothing zeroes the score, or caps it")
    question: TitleModel | None = Field(default=None, description="For manual:ID; the title if left out")
    steps: int | None = Field(
        default=None, ge=2, le=100, description="For manual:ID: answers 0…steps, not pass or fail"
    )


class AddedCriterionModel(SectionCriterionModel):
    """A criterion that a variant adds to a section."""

    section: Name


class SectionModel(_Strict):
    """Criteria that belong together."""

    id: Name
    title: TitleModel | None = None
    style: Style = "weighted"
    weight: Points | None = Field(default=None, description="Its share of the 100")
    at_most: Points | None = Field(default=None, description="Of a bonus section: the most points it adds")
    criteria: list[SectionCriterionModel] = Field(min_length=1, max_length=_MOST)


class CriticalModel(_Strict):
    """A check whose failure zeroes the score or caps it, also where it earns no points."""

    source: str = Field(pattern=rf"^{_CHECK}$")
    cap: float = Field(default=0.0, ge=0, lt=100, allow_inf_nan=False)


Critical = Annotated[
    CriticalModel,
    BeforeValidator(lambda value: {"source": value} if isinstance(value, str) else value),
    WithJsonSchema({"anyOf": [{"type": "string", "pattern": rf"^{_CHECK}$"}, CriticalModel.model_json_schema()]}),
]


class ChangedCriterionModel(_Strict):
    """What a variant changes of a criterion."""

    weight: Points | None = None
    points: Points | None = None
    auto_fail: Cap = None


class ChangedSectionModel(_Strict):
    """What a variant changes of a section."""

    weight: Points


class VariantModel(_Strict):
    """What is different for some conversations."""

    id: Name
    title: TitleModel | None = None
    when: WhenModel = Field(description="Asks queue, channel, language, agent_group, agent_role or tags")
    pass_mark: Mark | None = None
    sections: dict[str, ChangedSectionModel] = Field(default={}, description="By section id")
    criteria: dict[str, ChangedCriterionModel] = Field(default={}, description="By criterion id")
    remove: list[str] = Field(default=[], description="Criterion ids")
    add: list[AddedCriterionModel] = Field(default=[], max_length=_MOST)


class RubricModel(_Strict):
    """A rubric file of format 2."""

    format: Literal[2]
    id: str = Field(pattern=r"^[a-z][a-z0-9-]{0,63}$")
    version: int = Field(ge=1, le=2**31 - 1)
    title: TitleModel
    pass_mark: Mark = Field(description="A score at or above it passes")
    max_score: float = Field(default=100.0, ge=100, le=200, description="The most that bonus points can lift it to")
    bands: dict[Annotated[str, Field(min_length=1, max_length=40)], Mark] = Field(
        default={}, max_length=20, description="Grades: name and the lowest score that has it"
    )
    playbook_critical: Cap = Field(
        default=CapModel(cap=0.0), description="A failed critical check of the playbook zeroes the score, or caps it"
    )
    critical: list[Critical] = Field(default=[], max_length=_MOST)
    sections: list[SectionModel] = Field(min_length=1, max_length=50)
    variants: list[VariantModel] = Field(default=[], max_length=50)


def _format(value: Any) -> str:
    given = value.get("format") if isinstance(value, dict) else getattr(value, "format", None)
    return "1" if given is None else "2"


AnyRubricModel = Annotated[
    Annotated[FlatRubricModel, Tag("1")] | Annotated[RubricModel, Tag("2")], Discriminator(_format)
]
