"""``attune keys``: API keys are made, listed and revoked."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer

from service.cli.language import pick


def register(app: typer.Typer) -> None:
    """Add the commands."""
    keys = typer.Typer(no_args_is_help=True)
    keys.command("create", help=pick("创建密钥;只显示这一次。", "Make a key; it is shown this once."))(create)
    keys.command("list", help=pick("列出全部密钥。", "List all keys."))(list_all)
    keys.command("revoke", help=pick("立即吊销密钥。", "Revoke a key at once."))(revoke)
    app.add_typer(keys, name="keys", help=pick("管理 API 密钥", "Make, list and revoke API keys"))


def create(
    name: Annotated[str, typer.Argument(metavar="NAME", help=pick("用途或所有者", "What or whom it is for"))],
    role: Annotated[
        str | None,
        typer.Option(
            help=pick("系统的角色,默认 viewer", "Role of a system, viewer by default")
            + ": admin | qa | supervisor | trainer | ingest | viewer"
        ),
    ] = None,
    person: Annotated[
        str | None,
        typer.Option(metavar="ID", help=pick("属于哪位人员,角色随其人", "Whose it is; it has the person's role")),
    ] = None,
    days: Annotated[int | None, typer.Option(min=1, max=3650, help=pick("有效天数", "Days it is valid"))] = None,
) -> None:
    """Print the key alone on standard output, so that a script can take it."""
    from service.accounts.keys import create_key
    from service.audit.log import record
    from service.cli.actor import this_actor
    from service.cli.database import opened_database
    from service.cli.screen import say

    expires = datetime.now(UTC) + timedelta(days=days) if days else None
    with opened_database() as database, database.transaction() as session:
        # create_key checks the role and names those there are
        given = role or (None if person else "viewer")
        made = create_key(session, name, given, expires, person_id=person)  # type: ignore[arg-type]
        detail = {"role": made.info.role, "person": person, "expires_at": expires}
        record(session, this_actor(), "key.create", "key", made.info.id, detail)
    say(
        f"密钥 {made.info.id}({made.info.role})已创建,只显示这一次:",
        f"Made key {made.info.id} ({made.info.role}), shown this once:",
    )
    typer.echo(made.key)


def list_all() -> None:
    """Print a table, newest first."""
    from rich.console import Console
    from rich.table import Table

    from service.accounts.keys import list_keys
    from service.cli.database import opened_database
    from service.cli.screen import printable

    with opened_database() as database, database.transaction() as session:
        keys = list_keys(session)
    table = Table(box=None, pad_edge=False)
    titles = [
        ("编号", "ID"),
        ("名称", "Name"),
        ("角色", "Role"),
        ("人员", "Person"),
        ("前缀", "Prefix"),
        ("创建", "Created"),
        ("最近使用", "Last used"),
    ]
    for zh, en in [*titles, ("状态", "State")]:
        table.add_column(pick(zh, en))
    now = datetime.now(UTC)
    for key in keys:
        state = pick("有效", "valid")
        if key.revoked_at:
            state = pick("已吊销", "revoked")
        elif key.person and not key.person.active:
            state = pick("人员已停用", "person deactivated")
        elif key.expires_at:
            expired = key.expires_at <= now
            state = pick("已过期", "expired") if expired else pick("有效至 ", "until ") + f"{key.expires_at:%Y-%m-%d}"
        used = f"{key.last_used_at:%Y-%m-%d %H:%M}Z" if key.last_used_at else "–"
        table.add_row(
            str(key.id),
            printable(key.name),
            key.role,
            key.person.id if key.person else "–",
            f"{key.prefix}…",
            f"{key.created_at:%Y-%m-%d %H:%M}Z",
            used,
            state,
        )
    Console(highlight=False, markup=False).print(table)


def revoke(key_id: Annotated[int, typer.Argument(metavar="ID", help=pick("密钥编号", "Number of the key"))]) -> None:
    """Revoke it."""
    from service.accounts.keys import revoke_key
    from service.audit.log import record
    from service.cli.actor import this_actor
    from service.cli.database import opened_database
    from service.cli.screen import say

    with opened_database() as database, database.transaction() as session:
        key = revoke_key(session, key_id)
        record(session, this_actor(), "key.revoke", "key", key_id)
    say(f"密钥 {key.id} 已吊销", f"Revoked key {key.id}")
