"""``attune playbook``: looks playbooks over, tests, compares and tries them, publishes them and puts them in force."""

from __future__ import annotations

import typer

from service.cli import playbook_diff, playbook_dry_run, playbook_lint, playbook_registry, playbook_test
from service.cli.language import pick


def register(app: typer.Typer) -> None:
    """Add the commands."""
    playbook = typer.Typer(no_args_is_help=True)
    for command in (playbook_lint, playbook_test, playbook_diff, playbook_dry_run, playbook_registry):
        command.register(playbook)
    app.add_typer(
        playbook,
        name="playbook",
        help=pick("检查、测试、比较、试运行、发布话术手册", "Lint, test, compare, try and publish playbooks"),
    )
