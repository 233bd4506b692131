"""``attune playbook publish`` and what follows: which playbooks there are, and which are in force when."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from service.cli.actor import this_actor, user
from service.cli.language import pick
from service.cli.moments import day as _day
from service.cli.moments import moment as _moment

if TYPE_CHECKING:
    from service.scoring.catalogue import PlaybookInfo


_SPEC = Annotated[str, typer.Argument(metavar="ID@VERSION", help=pick("手册编号与版本", "Id and version"))]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command(
        "publish",
        short_help=pick("发布一个版本", "Publish a version"),
        help=pick(
            "把手册连同它引用的内容存入数据库;已发布的版本不可更改。不会自动启用。",
            "Store a playbook in the database, with all that it refers to; a published version never changes. "
            "It is not in force before `activate`.",
        ),
    )(publish)
    app.command(
        "activate",
        short_help=pick("启用一个版本", "Put a version in force"),
        help=pick(
            "启用已发布(或随附)的版本:从该日期起开始的会话由它评判,同一手册的旧版本到此为止。"
            "范围最小的手册优先;若与其他手册冲突则拒绝。",
            "Put a published (or packaged) version in force: it judges conversations that start from that day on, and "
            "the version before it ends there. The narrowest scope wins; what would be ambiguous is refused.",
        ),
    )(activate)
    app.command("retire", help=pick("停用手册或其中一个版本。", "Take a playbook or a version out of force."))(retire)
    app.command("list", help=pick("列出随附、已发布和已启用的手册。", "List packaged, published and active ones."))(
        list_all
    )
    app.command("show", help=pick("打印手册的 YAML。", "Print a playbook's YAML."))(show)
    app.command("schema", help=pick("打印手册格式的 JSON Schema。", "Print the JSON Schema of a playbook."))(schema)


def publish(
    path: Annotated[str, typer.Argument(metavar="FILE", help=pick("手册文件", "File of the playbook"))],
) -> None:
    """Publish it and say what it is called."""
    from models.scorers.compliance import is_file_spec
    from service.audit.log import record
    from service.cli.database import opened_database
    from service.cli.screen import say
    from service.playbooks.registry import publish_file, publish_packaged

    with opened_database() as database, database.transaction() as session:
        done = None if is_file_spec(path) else publish_packaged(session, path, user())
        done = done or publish_file(session, path, user())
        if done.new:
            detail = {"version": done.playbook.version, "hash": done.playbook.hash}
            record(session, this_actor(), "playbook.publish", "playbook", done.playbook.id, detail)
    spec = f"{done.playbook.id}@{done.playbook.version}"
    digest = done.playbook.hash.removeprefix("sha256:")[:12]
    if done.new:
        say(
            f"已发布 {spec}({digest});启用:attune playbook activate {spec}",
            f"Published {spec} ({digest}); put it in force: attune playbook activate {spec}",
        )
    else:
        say(
            f"{spec}({digest})早已发布,内容相同({done.published_by},{done.published_at:%Y-%m-%d})",
            f"{spec} ({digest}) was published before by {done.published_by} on {done.published_at:%Y-%m-%d}",
        )


def activate(
    spec: _SPEC,
    start: Annotated[
        str | None,
        typer.Option("--from", metavar="DATE", help=pick("从哪天起,默认现在", "From which day on; now by default")),
    ] = None,
) -> None:
    """Activate it."""
    from models.qa import load_rubric
    from models.scorers.compliance import load_playbook
    from service.audit.log import record
    from service.cli.database import opened_database
    from service.cli.screen import say
    from service.core.settings import load_settings
    from service.playbooks import activation
    from service.playbooks.registry import load_published
    from service.rubrics.activation import require_rubrics_for

    settings = load_settings().scoring
    rubric = load_rubric(settings.rubric)
    with opened_database() as database, database.transaction() as session:
        done = activation.activate(session, spec, user(), start=_moment(start), rubric=rubric)
        require_rubrics_for(session, load_published(session, spec), done.starts_at, load_playbook(settings.playbook))
        detail = {"version": done.version, "starts_at": done.starts_at, "ends_at": done.ends_at}
        record(session, this_actor(), "playbook.activate", "playbook", done.playbook_id, detail)
    until_zh = f",到 {_day(done.ends_at)} 为止" if done.ends_at else ""
    until_en = f" until {_day(done.ends_at)}" if done.ends_at else ""
    say(
        f"{spec} 自 {_day(done.starts_at)} 起使用{until_zh};已有评分不变,重新评分后生效",
        f"{spec} is in force from {_day(done.starts_at)}{until_en}; scores made before stay until conversations are "
        "scored again",
    )


def retire(
    spec: Annotated[
        str, typer.Argument(metavar="ID[@VERSION]", help=pick("手册编号,可带版本", "Id, with a version or without"))
    ],
    end: Annotated[
        str | None,
        typer.Option("--from", metavar="DATE", help=pick("从哪天起,默认现在", "From which day on; now by default")),
    ] = None,
) -> None:
    """Retire it."""
    from service.audit.log import record
    from service.cli.database import opened_database
    from service.cli.screen import say
    from service.playbooks import activation

    with opened_database() as database, database.transaction() as session:
        done = activation.retire(session, spec, end=_moment(end))
        detail = done.for_audit(_moment(end))
        record(session, this_actor(), "playbook.retire", "playbook", done.ended[0].playbook_id, detail)
    names = ", ".join(sorted({f"{one.playbook_id}@{one.version}" for one in done.ended}))
    say(f"已停用 {names}", f"Retired {names}")
    for one in done.resumed:
        until_zh, until_en = (f",到 {_day(one.ends_at)}", f" until {_day(one.ends_at)}") if one.ends_at else ("", "")
        name = f"{one.playbook_id}@{one.version}"
        say(f"{name} 继续使用{until_zh}", f"{name} goes on{until_en}")


def list_all(
    as_json: Annotated[bool, typer.Option("--json", help=pick("输出 JSON", "Print JSON"))] = False,
) -> None:
    """Print a table: the packaged ones, then the published ones."""
    from dataclasses import asdict

    from service.cli.database import opened_database
    from service.core.settings import load_settings
    from service.scoring.catalogue import playbooks

    with opened_database() as database, database.transaction() as session:
        known = playbooks(session, load_settings().scoring)
    if as_json:
        typer.echo(json.dumps([asdict(one) for one in known], ensure_ascii=False, indent=2, default=str))
        return
    _table(known)


def show(
    spec: Annotated[str, typer.Argument(metavar="FILE|ID[@VERSION]", help=pick("手册编号", "Id of the playbook"))],
) -> None:
    """Print what its author wrote."""
    from models.errors import UnknownPlaybookError
    from models.scorers.compliance import is_file_spec, read_playbook
    from service.cli.database import opened_database
    from service.core.errors import NotFoundError
    from service.playbooks.registry import find_published, packaged_text

    if is_file_spec(spec):
        read_playbook(spec)  # so that what is printed is a playbook
        text = Path(spec).read_text(encoding="utf-8-sig")
    elif (packaged := packaged_text(spec)) is not None:
        text = packaged
    else:
        with opened_database() as database, database.transaction() as session:
            try:
                text = find_published(session, spec).yaml
            except NotFoundError as error:
                raise UnknownPlaybookError(
                    f'There is no playbook "{spec}".', f"没有名为“{spec}”的话术手册。", hint="attune playbook list"
                ) from error
    typer.echo(text, nl=not text.endswith("\n"))


def schema() -> None:
    """Print it."""
    from models.scorers.compliance import playbook_schema

    typer.echo(json.dumps(playbook_schema(), ensure_ascii=False, indent=2))


def _table(known: list[PlaybookInfo]) -> None:
    from rich.console import Console
    from rich.table import Table

    from service.cli.screen import printable

    table = Table(box=None, pad_edge=False)
    titles = [("手册", "Playbook"), ("名称", "Title"), ("来源", "Source"), ("范围", "Scope"), ("状态", "State")]
    for zh, en in titles:
        table.add_column(pick(zh, en))
    for one in known:
        source = pick("随附", "packaged")
        if one.published_at is not None:
            source = f"{printable(one.published_by or '')} {_day(one.published_at)}"
        scope = "; ".join(f"{name}: {', '.join(values)}" for name, values in one.scope.items())
        table.add_row(
            f"{one.id}@{one.version}",
            printable(pick(one.title.zh, one.title.en)),
            source,
            printable(scope) or pick("全部", "all"),
            _state(one),
        )
    Console(highlight=False, markup=False).print(table)


def _state(one: PlaybookInfo) -> str:
    if one.default:
        return pick("默认", "default")
    spans = [(_day(span.starts_at), _day(span.ends_at) if span.ends_at else "", span.now) for span in one.activations]
    words = [(pick("使用中 ", "in force ") if now else "") + f"{begin} → {end}".rstrip() for begin, end, now in spans]
    return "; ".join(words) or "–"
