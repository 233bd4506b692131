"""``attune demo``: from nothing to scored conversations and a running API, by one command."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from models.errors import AttuneError
from service.cli.language import pick

if TYPE_CHECKING:
    from service.cli.report import Report
    from service.conversations.filters import ScoreState
    from service.core.settings import Settings
    from service.db.engine import Database

_KEY_NAME = "demo"
_PORTS_TRIED = 20
_POLL_SECONDS = 0.5


class DemoError(AttuneError):
    """The demo did not come to its end."""

    code = "demo-failed"


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(
        "demo",
        short_help=pick("一条命令体验全部功能", "See it all by one command"),
        help=pick(
            "建库、导入随附样例、评分、创建 API 密钥并启动 API。可重复执行。",
            "Make the database, import the shipped sample, score it, create an API key, start the API. Safe to repeat.",
        ),
    )(demo)


def demo(
    serve: Annotated[
        bool, typer.Option("--serve/--no-serve", help=pick("最后是否保持 API 运行", "Leave the API running at the end"))
    ] = True,
    host: Annotated[str | None, typer.Option(help=pick("监听地址", "Address to listen on"))] = None,
    port: Annotated[int | None, typer.Option(min=1, max=65535, help=pick("监听端口", "Port to listen on"))] = None,
) -> None:
    """Run the steps and say what each did."""
    from service.cli.api_check import check_api
    from service.cli.screen import say
    from service.cli.serve import start, with_service
    from service.core.logs import configure_logging
    from service.core.settings import load_settings

    settings = with_service(load_settings(), host=host, port=port)
    configure_logging("warning", settings.service.log_format)
    with _open_and_migrate(settings) as database:
        say("1/4 数据库就绪", "1/4 The database is ready")
        sample_id = _import_sample(database)
        scored = _score(database)
        say(f"3/4 已评分 {scored:,} 个会话", f"3/4 {scored:,} conversations are scored")
        key = _new_key(database)
        say(
            f"4/4 API 密钥(管理员,只显示这一次;此前的演示密钥已吊销):{key}",
            f"4/4 API key (admin, shown this once; an earlier demo key is revoked): {key}",
        )
    if not serve:
        count = check_api(key)
        say(f"API 已检查:首页返回 {count} 个会话", f"The API answers: its first page lists {count} conversations")
        _next_steps(settings, sample_id, key, serving=False)
        return
    settings = with_service(settings, port=settings.service.port if port else _free_port(settings))
    _next_steps(settings, sample_id, key, serving=True)
    start(settings)


@contextmanager
def _open_and_migrate(settings: Settings) -> Iterator[Database]:
    from service.db.engine import open_database

    database = open_database(settings.database.model_copy(update={"database_migrate": "always"}))
    try:
        yield database
    finally:
        database.close()


def _import_sample(database: Database) -> str:
    """Import the sample and return the id of one of its conversations."""
    from service.cli.import_file import store_all
    from service.cli.report import Report
    from service.cli.screen import say
    from service.ingest import Accepted, read_conversations
    from service.samples import sample_path

    outcomes = list(read_conversations(sample_path()))
    with Report() as report:
        store_all(database, report, outcomes)
    _require_sample(report)
    counts = report.summary
    say(
        f"2/4 样例会话:新导入 {counts.accepted:,},已有 {counts.unchanged:,}",
        f"2/4 Sample conversations: {counts.accepted:,} new, {counts.unchanged:,} there already",
    )
    return next(item.conversation.id for item in outcomes if isinstance(item, Accepted))


def _require_sample(report: Report) -> None:
    if report.summary.accepted + report.summary.unchanged == 0:
        raise DemoError("no conversation of the sample went in", "样例会话一个也未能导入", hint="attune doctor")


def _score(database: Database) -> int:
    """Let a worker score what waits, show how far it is, and return how many conversations have scores now."""
    from service.cli.screen import progress

    total = _count(database, "pending")
    if total:
        # A process of its own, as under `attune serve`, with the settings of the environment, as ours are. Not
        # `--once`: only a worker that stays takes over the jobs of one that was killed in an earlier demo.
        command = [sys.executable, "-m", "service.cli", "worker"]
        with (
            progress("评分中", "scoring") as advance,
            subprocess.Popen(command, env={**os.environ, "ATTUNE_LOG_LEVEL": "warning"}) as worker,
        ):
            try:
                while worker.poll() is None and _unfinished(database):
                    done = total - _count(database, "pending")
                    advance(done, done / total)
                    time.sleep(_POLL_SECONDS)
            finally:
                worker.terminate()
    if waiting := _count(database, "pending"):
        raise DemoError(
            f"{waiting} conversations are still without a score",
            f"仍有 {waiting} 个会话没有评分",
            hint="the messages above say why; attune doctor / 原因见以上信息;attune doctor",
        )
    return _count(database, "scored")


def _unfinished(database: Database) -> int:
    from service.jobs.status import pending_jobs

    with database.transaction() as session:
        return pending_jobs(session).conversations


def _count(database: Database, state: ScoreState) -> int:
    from service.conversations.filters import ConversationFilter
    from service.conversations.read import iter_ids

    with database.transaction() as session:
        return sum(len(ids) for ids in iter_ids(session, ConversationFilter(state=state)))


def _new_key(database: Database) -> str:
    """Make a key in place of earlier demo keys: a key cannot be shown again, and they should not pile up."""
    from service.accounts.keys import create_key, list_keys, revoke_key
    from service.audit.log import record
    from service.cli.actor import this_actor

    with database.transaction() as session:
        for known in list_keys(session):
            if known.name == _KEY_NAME and known.revoked_at is None:
                revoke_key(session, known.id)
                record(session, this_actor(), "key.revoke", "key", known.id)
        made = create_key(session, _KEY_NAME, "admin")
        record(session, this_actor(), "key.create", "key", made.info.id, {"role": made.info.role})
        return made.key


def _free_port(settings: Settings) -> int:
    """Return the first free port from the one of the settings on."""
    from service.cli.serve import PortError, check_port

    first = settings.service.port
    for port in range(first, first + _PORTS_TRIED):
        try:
            check_port(settings.service.host, port)
        except PortError:
            continue
        return port
    return first


def _next_steps(settings: Settings, sample_id: str, key: str, *, serving: bool) -> None:
    from service.cli.screen import say

    base = f"http://{settings.service.host}:{settings.service.port}"
    command = "attune" if shutil.which("attune") else ".venv/bin/attune"
    request = f"curl -H 'X-API-Key: {key}' '{base}/v1/conversations?limit=3'"
    steps_zh = [
        f"查看一个会话及其评分:   {command} show {sample_id}",
        f"给自己的文件评分:       {command} score 文件.jsonl --out 结果.jsonl",
        f"导出全部评分:           {command} export --scores --out scores.jsonl",
        f"调用 API:              {request}",
    ]
    steps_en = [
        f"look at a conversation:  {command} show {sample_id}",
        f"score a file of yours:   {command} score FILE.jsonl --out OUT.jsonl",
        f"export all scores:       {command} export --scores --out scores.jsonl",
        f"call the API:            {request}",
    ]
    head_zh, head_en = "\n接下来:", "\nNext steps:"
    if serving:
        head_zh = f"\nAPI 运行于 {base}(Ctrl-C 停止)。在另一个终端中可以:"
        head_en = f"\nThe API is at {base} (Ctrl-C stops it). In another terminal:"
    else:
        steps_zh.insert(3, f"启动 API:              {command} serve")
        steps_en.insert(3, f"start the API:           {command} serve")
    say("\n  ".join([head_zh, *steps_zh]), "\n  ".join([head_en, *steps_en]))
