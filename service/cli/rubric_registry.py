"""``attune rubric publish`` and what follows: which rubrics there are, and which are in force when and for whom."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from models.errors import AttuneError
from service.cli.actor import this_actor, user
from service.cli.language import pick
from service.cli.moments import day, moment

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from models.domain.rubric import RubricScope
    from service.scoring.rubric_catalogue import RubricInfo


class ScopeError(AttuneError):
    """A value of a scope on the command line is not allowed."""

    code = "usage"


_SPEC = Annotated[str, typer.Argument(metavar="ID@VERSION", help=pick("标准编号与版本", "Id and version"))]
_FROM = typer.Option("--from", metavar="DATE", help=pick("从哪天起,默认现在", "From which day on; now by default"))
_QUEUE = typer.Option("--queue", metavar="QUEUE", help=pick("只用于该队列,可多次给出", "Only this queue; repeatable"))
_CHANNEL = typer.Option("--channel", metavar="CHANNEL", help=pick("只用于该渠道", "Only this channel"))
_LANGUAGE = typer.Option("--language", metavar="zh|en", help=pick("只用于该语言", "Only this language"))
_GROUP = typer.Option("--agent-group", metavar="GROUP", help=pick("只用于该客服组", "Only agents of this group"))
_ROLE = typer.Option("--agent-role", metavar="ROLE", help=pick("只用于该客服角色", "Only agents in this role"))
_Values = list[str] | None


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command(
        "publish",
        short_help=pick("发布一个版本", "Publish a version"),
        help=pick(
            "把评分标准存入数据库;已发布的版本不可更改。不会自动启用。",
            "Store a rubric in the database; a published version never changes. It is not in force before `activate`.",
        ),
    )(publish)
    app.command(
        "activate",
        short_help=pick("启用一个版本", "Put a version in force"),
        help=pick(
            "启用已发布(或随附)的版本:从该日期起开始的、属于该范围的会话由它评分。同一标准在同一范围的旧版本让位;"
            "范围最小的标准优先;若与其他标准冲突则拒绝。",
            "Put a published (or packaged) version in force: it scores the conversations of a scope that start from "
            "that day on. An older version gives way in the very same scope. The narrowest scope wins; what would be "
            "ambiguous is refused.",
        ),
    )(activate)
    app.command("retire", help=pick("停用评分标准或其中一个版本。", "Take a rubric or a version out of force."))(retire)
    app.command("list", help=pick("列出随附、已发布和已启用的标准。", "List packaged, published and active ones."))(
        list_all
    )
    app.command("show", help=pick("打印评分标准的 YAML。", "Print a rubric's YAML."))(show)


def publish(
    path: Annotated[str, typer.Argument(metavar="FILE", help=pick("评分标准文件", "File of the rubric"))],
) -> None:
    """Publish it and say what it is called."""
    from service.audit.log import record
    from service.cli.database import opened_database
    from service.cli.rubric_source import is_file, playbooks_here
    from service.cli.screen import say
    from service.rubrics.lint import read_text
    from service.rubrics.registry import publish_packaged, publish_text

    with opened_database() as database, database.transaction() as session:
        playbooks = playbooks_here(session)
        done = None if is_file(path) else publish_packaged(session, path, user(), playbooks)
        done = done or publish_text(session, read_text(path), user(), playbooks, path)
        if done.new:
            detail = {"version": done.rubric.version, "hash": done.rubric.hash}
            record(session, this_actor(), "rubric.publish", "rubric", done.rubric.id, detail)
    spec = f"{done.rubric.id}@{done.rubric.version}"
    digest = done.rubric.hash.removeprefix("sha256:")[:12]
    if not done.new:
        when = f"{done.published_at:%Y-%m-%d}"
        say(
            f"{spec}({digest})早已发布,内容相同({done.published_by},{when})",
            f"{spec} ({digest}) was published before by {done.published_by} on {when}",
        )
        return
    names = ", ".join(done.goes_with)
    say(
        f"已发布 {spec}({digest}),适用的话术手册:{names};启用:attune rubric activate {spec}",
        f"Published {spec} ({digest}), which goes with {names}; put it in force: attune rubric activate {spec}",
    )


def activate(
    spec: _SPEC,
    start: Annotated[str | None, _FROM] = None,
    end: Annotated[
        str | None, typer.Option("--to", metavar="DATE", help=pick("到哪天为止(含)", "Until which day, included"))
    ] = None,
    queue: Annotated[_Values, _QUEUE] = None,
    channel: Annotated[_Values, _CHANNEL] = None,
    language: Annotated[_Values, _LANGUAGE] = None,
    agent_group: Annotated[_Values, _GROUP] = None,
    agent_role: Annotated[_Values, _ROLE] = None,
) -> None:
    """Activate it."""
    from models.scorers.compliance import load_playbook
    from service.audit.log import record
    from service.cli.database import opened_database
    from service.cli.screen import printable, say
    from service.core.settings import load_settings
    from service.rubrics import activation

    scope = _scope(queue, channel, language, agent_group, agent_role)
    begin, until = moment(start), moment(end, whole_day=True)
    default = load_playbook(load_settings().scoring.playbook)
    with opened_database() as database, database.transaction() as session:
        done = activation.activate(session, spec, user(), default=default, scope=scope, start=begin, end=until)
        detail = {"version": done.version, "scope": done.scope, "starts_at": done.starts_at, "ends_at": done.ends_at}
        record(session, this_actor(), "rubric.activate", "rubric", done.rubric_id, detail)
    until_zh = f",到 {day(done.ends_at)} 为止" if done.ends_at else ""
    until_en = f" until {day(done.ends_at)}" if done.ends_at else ""
    meant = printable(_scope_text(done.scope))
    say(
        f"{spec} 自 {day(done.starts_at)} 起使用{until_zh}(范围:{meant});已有评分不变,重新评分后生效",
        f"{spec} is in force from {day(done.starts_at)}{until_en} for {meant}; scores made before stay until "
        "conversations are scored again",
    )


def retire(
    spec: Annotated[
        str, typer.Argument(metavar="ID[@VERSION]", help=pick("标准编号,可带版本", "Id, with a version or without"))
    ],
    start: Annotated[str | None, _FROM] = None,
    queue: Annotated[_Values, _QUEUE] = None,
    channel: Annotated[_Values, _CHANNEL] = None,
    language: Annotated[_Values, _LANGUAGE] = None,
    agent_group: Annotated[_Values, _GROUP] = None,
    agent_role: Annotated[_Values, _ROLE] = None,
) -> None:
    """Retire it: everywhere, or in the very scope that is given."""
    from service.audit.log import record
    from service.cli.database import opened_database
    from service.cli.screen import printable, say
    from service.rubrics import activation

    given = any((queue, channel, language, agent_group, agent_role))
    scope = _scope(queue, channel, language, agent_group, agent_role) if given else None
    at = moment(start)
    with opened_database() as database, database.transaction() as session:
        ended = activation.retire(session, spec, scope=scope, end=at)
        detail = {"versions": [one.version for one in ended], "at": at, "scope": [one.scope for one in ended]}
        record(session, this_actor(), "rubric.retire", "rubric", ended[0].rubric_id, detail)
    names = ", ".join(f"{one.rubric_id}@{one.version} ({_scope_text(one.scope)})" for one in ended)
    say(f"已停用 {printable(names)}", f"Retired {printable(names)}")


def list_all(
    as_json: Annotated[bool, typer.Option("--json", help=pick("输出 JSON", "Print JSON"))] = False,
) -> None:
    """Print a table: the default, then the packaged and published ones."""
    from dataclasses import asdict

    from service.cli.database import opened_database
    from service.core.settings import load_settings
    from service.scoring.rubric_catalogue import rubrics

    with opened_database() as database, database.transaction() as session:
        known = rubrics(session, load_settings().scoring)
    if as_json:
        typer.echo(json.dumps([asdict(one) for one in known], ensure_ascii=False, indent=2, default=str))
        return
    _table(known)


def show(
    spec: Annotated[str, typer.Argument(metavar="FILE|ID[@VERSION]", help=pick("标准编号", "Id of the rubric"))],
) -> None:
    """Print what its author wrote."""
    from models.errors import UnknownRubricError
    from models.qa import load_rubric, packaged_text
    from service.cli.database import opened_database
    from service.cli.rubric_source import is_file
    from service.core.errors import NotFoundError
    from service.rubrics.registry import find_published

    if is_file(spec):
        load_rubric(spec)  # so that what is printed is a rubric
        text = Path(spec).read_text(encoding="utf-8-sig")
    elif (packaged := packaged_text(spec)) is not None:
        text = packaged
    else:
        with opened_database() as database, database.transaction() as session:
            try:
                text = find_published(session, spec).yaml
            except NotFoundError as error:
                raise UnknownRubricError(
                    f'There is no rubric "{spec}".', f"没有名为“{spec}”的评分标准。", hint="attune rubric list"
                ) from error
    typer.echo(text, nl=not text.endswith("\n"))


def _scope(queue: _Values, channel: _Values, language: _Values, group: _Values, role: _Values) -> RubricScope:
    from typing import get_args

    from models.domain.conversation import Channel, Queue
    from models.domain.rubric import RubricScope

    for given, allowed in ((queue, get_args(Queue)), (channel, get_args(Channel)), (language, ("zh", "en"))):
        for one in given or ():
            if one not in allowed:
                known = ", ".join(allowed)
                raise ScopeError(f'"{one}" is none of {known}', f"“{one}”不在可选值中:{known}")
    values: dict[str, Any] = {
        "queue": queue, "channel": channel, "language": language, "agent_group": group, "agent_role": role
    }  # fmt: skip
    return RubricScope(**{name: tuple(given or ()) for name, given in values.items()})


def _scope_text(scope: Mapping[str, Sequence[str]]) -> str:
    return "; ".join(f"{name}: {', '.join(values)}" for name, values in scope.items()) or pick("全部", "all")


def _table(known: list[RubricInfo]) -> None:
    from rich.console import Console
    from rich.table import Table

    from service.cli.screen import printable

    table = Table(box=None, pad_edge=False)
    for zh, en in [
        ("标准", "Rubric"),
        ("名称", "Title"),
        ("来源", "Source"),
        ("及格线", "Pass mark"),
        ("状态", "State"),
    ]:
        table.add_column(pick(zh, en))
    for one in known:
        source = pick("随附", "packaged")
        if one.published_at is not None:
            source = f"{printable(one.published_by or '')} {day(one.published_at)}"
        title = printable(pick(one.title.zh, one.title.en))
        table.add_row(f"{one.id}@{one.version}", title, source, f"{one.pass_mark:g}", printable(_state(one)))
    Console(highlight=False, markup=False).print(table)


def _state(one: RubricInfo) -> str:
    lines = [pick("默认", "default")] if one.default else []
    for span in one.activations:
        now = pick("使用中 ", "in force ") if span.now else ""
        lines.append(f"{now}{day(span.starts_at)} → {day(span.ends_at)}".rstrip() + f" ({_scope_text(span.scope)})")
    return "\n".join(lines) or "–"
