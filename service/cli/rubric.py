"""``attune rubric``: looks rubrics over, compares and tries them, publishes them and puts them in force."""

from __future__ import annotations

import typer

from service.cli import rubric_files, rubric_preview, rubric_registry
from service.cli.language import pick


def register(app: typer.Typer) -> None:
    """Add the commands."""
    rubric = typer.Typer(no_args_is_help=True)
    for command in (rubric_files, rubric_preview, rubric_registry):
        command.register(rubric)
    app.add_typer(
        rubric,
        name="rubric",
        help=pick("检查、比较、试算、发布评分标准", "Lint, compare, preview and publish rubrics"),
    )
