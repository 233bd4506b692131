"""``attune version``: the version installed."""

from __future__ import annotations

import typer

from service.cli.language import pick


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("version", help=pick("打印版本号。", "Print the version."))(version)


def version() -> None:
    """Print it."""
    from models import __version__

    typer.echo(f"attune {__version__}")
