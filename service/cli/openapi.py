"""``attune openapi``: the API's description."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from service.cli.language import pick


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("openapi", help=pick("打印 API 的 OpenAPI 文档。", "Print the API's OpenAPI document."))(openapi)


def openapi(
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help=pick("写入文件而非标准输出", "Write it to a file instead"))
    ] = None,
) -> None:
    """Print it, or write it to a file."""
    from service.app import openapi_document
    from service.ingest.write import replace_file

    text = json.dumps(openapi_document(), ensure_ascii=False, indent=2) + "\n"
    if out is None:
        typer.echo(text, nl=False)
        return
    with replace_file(out) as file:
        file.write(text.encode())
