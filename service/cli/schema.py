"""``attune schema``: prints the JSON Schema of a format."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Annotated, Any

import typer

from service.cli.language import pick


class Format(StrEnum):
    """What has a schema."""

    CONVERSATION = "conversation"
    PLAYBOOK = "playbook"
    RUBRIC = "rubric"
    TAXONOMY = "taxonomy"


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("schema", help=pick("打印格式的 JSON Schema。", "Print the JSON Schema of a format."))(schema)


def schema(
    name: Annotated[Format, typer.Argument(metavar="FORMAT", help="conversation | playbook | rubric | taxonomy")],
) -> None:
    """Print it."""
    typer.echo(json.dumps(_find(name)(), ensure_ascii=False, indent=2))


def _find(name: Format) -> Callable[[], Mapping[str, Any]]:
    if name is Format.CONVERSATION:
        from models.interchange import conversation_schema

        return conversation_schema
    if name is Format.PLAYBOOK:
        from models.scorers.compliance import playbook_schema

        return playbook_schema
    if name is Format.TAXONOMY:
        from models.root_cause import taxonomy_schema

        return taxonomy_schema
    from models.qa import rubric_schema

    return rubric_schema
