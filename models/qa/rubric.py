"""Reads rubrics: packaged ones by id, users' own from YAML files."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, model_validator

from models.documents import Document, read_document, validate_document
from models.domain.playbook import Playbook
from models.domain.rubric import Criterion, Rubric, Scale
from models.errors import InvalidRubricError, UnknownRubricError
from models.qa.figures import FIGURES

PACKAGED = Path(__file__).parent / "rubrics"


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class TitleModel(_Strict):
    """A name in both languages."""

    zh: str = Field(min_length=1)
    en: str = Field(min_length=1)


class ScaleModel(_Strict):
    """From the figure that earns nothing to the figure that earns all; reversed where less is better."""

    worst: float
    best: float

    @model_validator(mode="after")
    def _differ(self) -> ScaleModel:
        if self.worst == self.best:
            raise ValueError("worst and best must differ")
        return self


class CriterionModel(_Strict):
    """One criterion of a rubric file."""

    id: str = Field(pattern=r"^[a-z][a-z0-9_.-]{0,63}$")
    source: str = Field(
        pattern=r"^(check:(\*|[a-z][a-z0-9_]*)|[a-z_]+\.[a-z_]+)$", description="check:ID, check:* or a figure"
    )
    weight: float = Field(gt=0, le=1000, allow_inf_nan=False)
    scale: ScaleModel | None = None
    title: TitleModel | None = None

    @model_validator(mode="after")
    def _source_fits(self) -> CriterionModel:
        if self.source.startswith("check:"):
            if self.scale is not None:
                raise ValueError("a check takes no scale: pass earns all, fail earns nothing")
        elif self.source not in FIGURES:
            raise ValueError(f"unknown source {self.source!r}; figures are {', '.join(FIGURES)}")
        elif self.scale is None:
            raise ValueError(f"the figure {self.source} needs a scale (worst, best)")
        return self


class RubricModel(_Strict):
    """A rubric file."""

    id: str = Field(pattern=r"^[a-z][a-z0-9-]{0,63}$")
    version: int = Field(ge=1)
    title: TitleModel
    pass_mark: float = Field(ge=0, le=100, description="A score at or above it passes")
    playbook_critical: bool = Field(default=True, description="A failed critical check of the playbook zeroes it all")
    critical: list[str] = Field(default=[], description="Further check ids whose failure zeroes the score")
    criteria: list[CriterionModel] = Field(min_length=1, max_length=200)

    @model_validator(mode="after")
    def _no_twice(self) -> RubricModel:
        for name, values in (
            ("id", [criterion.id for criterion in self.criteria]),
            ("source", [criterion.source for criterion in self.criteria]),
        ):
            twice = [value for value, count in Counter(values).items() if count > 1]
            if twice:
                raise ValueError(f"criteria share the {name} {', '.join(twice)}")
        return self


def load_rubric(spec: str | Path) -> Rubric:
    """Return a packaged rubric (``default``, ``default@1``) or the one in a YAML file.

    Raises:
        UnknownRubricError: Neither a packaged id nor an existing file.
        InvalidRubricError: The file breaks the schema; the error names file, line and path.
    """
    path = Path(spec)
    if path.suffix in (".yaml", ".yml") or path.is_file():
        if not path.exists():
            raise UnknownRubricError(
                f"There is no rubric file {path}.", f"没有评分规则文件 {path}。", location=str(path)
            )
        return _from_document(read_document(path, InvalidRubricError))
    for rubric in list_rubrics():
        if str(spec) in (rubric.id, f"{rubric.id}@{rubric.version}"):
            return rubric
    known = ", ".join(f"{rubric.id}@{rubric.version}" for rubric in list_rubrics())
    raise UnknownRubricError(
        f'There is no rubric "{spec}".',
        f"没有名为“{spec}”的评分规则。",
        hint=f"Known: {known}; or give a .yaml file / 可用:{known};或给出 .yaml 文件",
    )


def list_rubrics() -> tuple[Rubric, ...]:
    """Return the packaged rubrics, by id."""
    return tuple(_from_document(read_document(path, InvalidRubricError)) for path in sorted(PACKAGED.glob("*.yaml")))


def rubric_schema() -> dict[str, Any]:
    """Return the JSON Schema of a rubric file."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **RubricModel.model_json_schema()}


def require_checks(rubric: Rubric, playbook: Playbook) -> None:
    """Refuse a rubric whose checks do not exist: a slip of the pen would silently give their weight to the others.

    Raises:
        InvalidRubricError: It names a check that the playbook does not have.
    """
    named = [item.source.removeprefix("check:") for item in rubric.criteria if item.source.startswith("check:")]
    known = {"*", *(check.id for check in playbook.checks)}
    unknown = sorted({*named, *rubric.critical} - known)
    if unknown:
        raise InvalidRubricError(
            f"The rubric {rubric.id}@{rubric.version} names checks that the playbook {playbook.id}@{playbook.version} "
            f"does not have: {', '.join(unknown)}.",
            f"评分规则 {rubric.id}@{rubric.version} 用到了话术手册 {playbook.id}@{playbook.version} 中没有的检查项:"
            f"{'、'.join(unknown)}。",
        )


def _from_document(document: Document) -> Rubric:
    model = validate_document(document, RubricModel, InvalidRubricError)
    return Rubric(
        id=model.id,
        version=model.version,
        hash=document.hash,
        title_zh=model.title.zh,
        title_en=model.title.en,
        pass_mark=model.pass_mark,
        critical=tuple(model.critical),
        playbook_critical=model.playbook_critical,
        criteria=tuple(
            Criterion(
                id=item.id,
                source=item.source,
                weight=item.weight,
                scale=Scale(item.scale.worst, item.scale.best) if item.scale else None,
                title_zh=item.title.zh if item.title else item.id,
                title_en=item.title.en if item.title else item.id,
            )
            for item in model.criteria
        ),
    )
