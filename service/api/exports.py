"""Exports: datasets as XLSX, CSV and JSON, streamed."""

from __future__ import annotations

from collections.abc import Generator
from typing import Annotated

from anyio import CancelScope
from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, Field, field_validator
from starlette.concurrency import run_in_threadpool
from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from service.accounts.actor import Actor
from service.api.dependencies import AppSettings, OpenDatabase, permission
from service.api.language import preferred_language
from service.api.parameters import ConversationConditions
from service.api.problems import problem_responses
from service.exports.columns import Language
from service.exports.dataset import Wanted
from service.exports.files import FORMATS, Format
from service.exports.run import datasets_for, export, find_dataset
from service.kpi.repository import Dimension

router = APIRouter(prefix="/exports", tags=["exports"])

Exporter = Annotated[Actor, permission("exports:read")]


class ColumnInfo(BaseModel):
    """A column: its key in JSON and its headers in tables."""

    id: str
    zh: str
    en: str


class DatasetInfo(BaseModel):
    """A dataset that one may export."""

    id: str
    zh: str
    en: str
    conditions: list[str] = Field(description="Parameters it takes")
    columns: list[ColumnInfo]


class DatasetList(BaseModel):
    """Datasets, and the formats of each."""

    items: list[DatasetInfo]
    formats: list[str]


class ExportQuery(ConversationConditions):
    """Conditions on the conversations that rows are about (for `audit`: on the events' time), and the language."""

    lang: Language | None = Field(default=None, description="Of headers and words; else as `Accept-Language` says")
    group_by: list[Dimension] = Field(default=[], max_length=3, description="For `kpis`: repeat or separate by commas")

    @field_validator("group_by", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        if isinstance(value, list):
            return [part.strip() for item in value for part in str(item).split(",")]
        return value


class ExportResponse(StreamingResponse):
    """Bytes as they are made. Whoever goes away in the middle ends the export at once, and its transaction with it.

    An error in the middle breaks the connection off without the end of the chunked transfer: no client takes what it
    has for the whole file.
    """

    def __init__(self, pieces: Generator[bytes, None, None], media_type: str, name: str) -> None:
        """Send ``pieces`` as a file of that name."""
        headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
        super().__init__(pieces, media_type=media_type, headers=headers)
        self._pieces = pieces

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it."""
        try:
            await super().__call__(scope, receive, send)
        finally:
            with CancelScope(shield=True):
                await run_in_threadpool(self._pieces.close)


@router.get("", summary="List what can be exported", responses=problem_responses(401, 403, 503))
def get_datasets(actor: Exporter) -> DatasetList:
    """Return the datasets that one may export, each with its columns."""
    items = [
        DatasetInfo(
            id=one.id,
            zh=one.title.zh,
            en=one.title.en,
            conditions=sorted({"since": "from", "until": "to"}.get(name, name) for name in one.conditions)
            + (["group_by"] if one.grouped else []),
            columns=[ColumnInfo(id=column.id, zh=column.title.zh, en=column.title.en) for column in one.columns],
        )
        for one in datasets_for(actor)
    ]
    return DatasetList(items=items, formats=list(FORMATS))


@router.get(
    "/{dataset}.{form}",
    status_code=200,
    summary="Export a dataset",
    response_class=ExportResponse,
    responses={
        200: {
            "description": "The file, as an attachment",
            "content": {
                one.media_type.partition(";")[0]: {"schema": {"type": "string", "format": "binary"}}
                for one in FORMATS.values()
            },
        },
        **problem_responses(401, 403, 404, 422, 503),
    },
)
def get_export(
    request: Request,
    database: OpenDatabase,
    settings: AppSettings,
    actor: Exporter,
    dataset: str,
    form: Format,
    query: Annotated[ExportQuery, Query()],
) -> ExportResponse:
    """Return a dataset as a file of any size: `conversations.xlsx`, `criteria.csv`, `decisions.jsonl` …

    Tables have headers and words in Chinese or English and times of Beijing; JSON has codes and times with their zone.
    Agents get what is about their own conversations. Who could still be asked to judge a score blind does not see what
    others decided of it; whoever sees decisions here is remembered, as when reading them one by one.
    """
    found = find_dataset(actor, dataset)
    language: Language = query.lang or preferred_language(request.headers.get("accept-language"))
    wanted = Wanted(query.as_filter(), query.group_by, settings.scoring.rubric)
    pieces = export(database, actor, found, wanted, form, language)
    return ExportResponse(pieces, FORMATS[form].media_type, f"attune-{found.id}.{form}")
