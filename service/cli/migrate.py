"""``attune migrate``: brings the database to this version's schema."""

from __future__ import annotations

import typer

from service.cli.language import pick


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(
        "migrate",
        help=pick(
            "把数据库升级到当前版本的结构;可重复执行。", "Bring the database to this version's schema; safe to repeat."
        ),
    )(migrate)


def migrate() -> None:
    """Migrate and say from where to where."""
    from dataclasses import replace

    from service.cli.screen import say
    from service.core.logs import configure_logging
    from service.core.settings import load_settings
    from service.db import migrate as migration
    from service.db.engine import open_database

    configure_logging("warning")
    settings = load_settings()
    settings = replace(settings, database=settings.database.model_copy(update={"database_migrate": "never"}))
    database = open_database(settings.database)
    try:
        before = migration.current(database.engine)
        migration.upgrade(database.engine)
        after = migration.current(database.engine)
    finally:
        database.close()
    if before == after:
        say(f"数据库已是最新版本({after})", f"The database is up to date ({after})")
    else:
        say(f"数据库已升级:{before or '空'} → {after}", f"Migrated the database: {before or 'empty'} → {after}")
