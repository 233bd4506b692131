"""The rubrics that can be applied."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path
from pydantic import BaseModel

from service.api.dependencies import AppSettings, permission
from service.api.problems import problem_responses
from service.scoring import catalogue
from service.scoring.catalogue import RubricInfo

router = APIRouter(tags=["catalogue"])

Spec = Annotated[str, Path(max_length=200, description="`id` or `id@version`")]


class RubricList(BaseModel):
    """Rubrics, the active one first."""

    items: list[RubricInfo]


@router.get(
    "/rubrics",
    summary="List rubrics",
    dependencies=[permission("scores:read")],
    responses=problem_responses(401, 403, 503),
)
def get_rubrics(settings: AppSettings) -> RubricList:
    """Return the rubrics; new scores are made with the active one."""
    return RubricList(items=catalogue.rubrics(settings.scoring))


@router.get(
    "/rubrics/{rubric_id}",
    summary="Get a rubric",
    dependencies=[permission("scores:read")],
    responses=problem_responses(401, 403, 404, 422, 503),
)
def get_rubric(settings: AppSettings, rubric_id: Spec) -> RubricInfo:
    """Return one rubric with its criteria."""
    return catalogue.rubric(settings.scoring, rubric_id)
