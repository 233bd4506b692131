"""``attune show``: one conversation with everything that was said of it, readable."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from models.errors import AttuneError
from service.cli.language import pick

if TYPE_CHECKING:
    from models.domain.playbook import Playbook
    from models.domain.rubric import Rubric


class NotInFileError(AttuneError):
    """The file holds no conversation (or score) of that id."""

    code = "not-in-file"


class ShowUsageError(AttuneError):
    """The options do not fit together."""

    code = "usage"


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(
        "show",
        short_help=pick("查看一个会话及其评分", "Look at one conversation and its score"),
        help=pick(
            "在终端查看一个会话及其评分:来自数据库,或用 --conversations 与 --scores 指定文件。",
            "Look at one conversation and its score: from the database, or from files by --conversations and --scores.",
        ),
    )(show)


def show(
    conversation_id: Annotated[str, typer.Argument(metavar="ID", help=pick("会话编号", "Id of the conversation"))],
    conversations: Annotated[
        Path | None, typer.Option(metavar="FILE", help=pick("会话文件", "File of conversations"))
    ] = None,
    scores: Annotated[
        Path | None, typer.Option(metavar="FILE", help=pick("attune score 的输出", "Output of attune score"))
    ] = None,
    coach: Annotated[
        bool,
        typer.Option(
            "--coach",
            help=pick(
                "对不合格的检查项给出可以改说的话(经重新评分验证,需加载模型)",
                "For each failed check what to say instead, verified by scoring again (loads the model)",
            ),
        ),
    ] = False,
) -> None:
    """Find it and draw it."""
    from rich.console import Console

    from service.cli.show_view import draw
    from service.cli.titles import titles_of

    if not conversation_id.isascii() and conversation_id != conversation_id.encode("utf-8", "replace").decode():
        raise ShowUsageError("the id is not UTF-8", "编号不是合法的 UTF-8", hint="attune show --help")
    if conversations is None and scores is not None:
        raise ShowUsageError(
            "--scores needs --conversations, too", "--scores 须与 --conversations 同用", hint="attune show --help"
        )
    document, bundle, note, published, rubrics = (
        _from_database(conversation_id)
        if conversations is None
        else (*_from_files(conversation_id, conversations, scores), None, ())
    )
    console = Console(highlight=False, markup=False)
    coaching = _coaching(document, bundle, published) if coach and bundle else {}
    titles = titles_of(bundle["versions"], published, rubrics) if bundle else None
    for part in draw(document, bundle, titles, coaching):
        console.print(part)
    if note:
        console.print(note, style="yellow")


def _coaching(document: Mapping[str, Any], bundle: Mapping[str, Any], published: Playbook | None) -> dict[str, str]:
    """Return by check what to say instead, judged by the playbook that made the score where it is still known."""
    from models.interchange import parse_conversation
    from models.scorers.compliance import list_playbooks
    from service.core.settings import load_settings
    from service.scoring.gateway import open_engine

    settings = load_settings().scoring
    made_with = bundle["versions"]["playbook"]
    if made_with in {f"{playbook.id}@{playbook.version}" for playbook in list_playbooks()}:
        settings = settings.model_copy(update={"playbook": made_with})
    engine = open_engine(settings)
    try:
        coachings = engine.coach(parse_conversation(document), published)
    finally:
        engine.close()
    return {one.check: pick(one.advice, one.advice_en) for one in coachings}


def _from_database(
    conversation_id: str,
) -> tuple[Mapping[str, Any], Mapping[str, Any] | None, str | None, Playbook | None, Sequence[Rubric]]:
    from service.audit.log import record_read
    from service.cli.actor import this_actor
    from service.cli.database import opened_database
    from service.conversations.read import get_conversation
    from service.playbooks.registry import made_with
    from service.rubrics.registry import rubrics_called

    with opened_database() as database, database.transaction() as session:
        stored = get_conversation(session, conversation_id)
        detail = {"revision": stored.revision}
        record_read(session, this_actor(), "conversation.read", "conversation", stored.id, detail)
        published = made_with(session, stored.score["versions"]["playbook"]) if stored.score else None
        rubrics = rubrics_called(session, stored.score["versions"]["rubric"]) if stored.score else []
    notes = {
        "pending": pick(
            "尚未评分:等待后台任务(attune worker)。", "Not scored yet: it waits for a worker (attune worker)."
        ),
        "failed": pick(f"评分失败:{stored.score_error}", f"Scoring failed: {stored.score_error}"),
    }
    return stored.document, stored.score, notes.get(stored.state), published, rubrics


def _from_files(
    conversation_id: str, conversations: Path, scores: Path | None
) -> tuple[Mapping[str, Any], Mapping[str, Any] | None, str | None]:
    from models.interchange import conversation_to_json
    from service.ingest import Accepted, read_conversations

    for item in read_conversations(conversations):
        if isinstance(item, Accepted) and item.conversation.id == conversation_id:
            document = conversation_to_json(item.conversation)
            break
    else:
        raise _missing(conversation_id, conversations)
    return document, _find_score(conversation_id, scores) if scores else None, None


def _find_score(conversation_id: str, path: Path) -> Mapping[str, Any]:
    from models.interchange import decode_json
    from service.ingest.lines import read_lines
    from service.ingest.source import open_source

    wanted = json.dumps(conversation_id, ensure_ascii=False).encode()
    with open_source(path) as source:
        for line in read_lines(source.stream, source.offset):
            if wanted in line.data:
                value = decode_json(line.text())
                if value.get("id") == conversation_id and "versions" in value:
                    return value
    raise _missing(conversation_id, path)


def _missing(conversation_id: str, path: Path) -> NotInFileError:
    return NotInFileError(f'holds no "{conversation_id}"', f"其中没有“{conversation_id}”", location=str(path))
