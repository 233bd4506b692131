"""``attune people``: who works with Attune."""

from __future__ import annotations

from typing import Annotated

import typer

from service.cli.language import pick


def register(app: typer.Typer) -> None:
    """Add the commands."""
    people = typer.Typer(no_args_is_help=True)
    people.command("add", help=pick("添加人员。", "Add a person."))(add)
    people.command("list", help=pick("列出全部人员。", "List everybody."))(list_all)
    people.command(
        "deactivate",
        help=pick("停用人员:其密钥立即失效,记录保留。", "Close all doors to a person; what they did stays theirs."),
    )(deactivate)
    app.add_typer(people, name="people", help=pick("管理人员与角色", "Add, list and deactivate people"))


def add(
    person_id: Annotated[
        str,
        typer.Argument(
            metavar="ID", help=pick("编号,会出现在审计日志中", "Id; stands in the audit log, so no phone number")
        ),
    ],
    name: Annotated[str, typer.Argument(metavar="NAME", help=pick("姓名", "Name"))],
    role: Annotated[
        str, typer.Option(help=pick("角色", "Role") + ": admin | qa | supervisor | trainer | agent | viewer")
    ],
    agent_id: Annotated[
        str | None,
        typer.Option("--agent-id", help=pick("会话中的客服编号", "Who they are in conversations")),
    ] = None,
    queue: Annotated[
        list[str] | None, typer.Option("--queue", help=pick("所在队列,可重复", "Where they work; may be repeated"))
    ] = None,
) -> None:
    """Add them and say how they get a key."""
    from service.audit.log import record
    from service.cli.actor import this_actor
    from service.cli.database import opened_database
    from service.cli.screen import say
    from service.people.persons import add_person

    with opened_database() as database, database.transaction() as session:
        # add_person checks the role and names those there are
        added = add_person(session, person_id, name, role, agent_id=agent_id, queues=queue or ())  # type: ignore[arg-type]
        detail = {"role": added.role, "agent_id": added.agent_id, "queues": added.queues}
        record(session, this_actor(), "person.add", "person", added.id, detail)
    say(
        f"已添加 {added.id}({added.role});创建密钥:attune keys create 名称 --person {added.id}",
        f"Added {added.id} ({added.role}); a key for them: attune keys create NAME --person {added.id}",
    )


def list_all() -> None:
    """Print a table, by id."""
    from rich.console import Console
    from rich.table import Table

    from service.cli.database import opened_database
    from service.cli.screen import printable
    from service.people.persons import list_people

    with opened_database() as database, database.transaction() as session:
        people = list_people(session)
    table = Table(box=None, pad_edge=False)
    titles = [("编号", "ID"), ("姓名", "Name"), ("角色", "Role"), ("客服编号", "Agent"), ("队列", "Queues")]
    for zh, en in [*titles, ("状态", "State")]:
        table.add_column(pick(zh, en))
    for one in people:
        table.add_row(
            one.id,
            printable(one.name),
            one.role,
            printable(one.agent_id or "–"),
            ", ".join(one.queues) or pick("全部", "all"),
            pick("在职", "active") if one.active else pick("已停用", "deactivated"),
        )
    Console(highlight=False, markup=False).print(table)


def deactivate(person_id: Annotated[str, typer.Argument(metavar="ID", help=pick("编号", "Id"))]) -> None:
    """Deactivate them."""
    from service.audit.log import record
    from service.cli.actor import this_actor
    from service.cli.database import opened_database
    from service.cli.screen import say
    from service.people.persons import deactivate_person

    with opened_database() as database, database.transaction() as session:
        person = deactivate_person(session, person_id)
        record(session, this_actor(), "person.deactivate", "person", person.id)
    say(f"已停用 {person.id},其密钥全部失效", f"Deactivated {person.id}; none of their keys opens any more")
