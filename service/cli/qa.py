"""``attune qa``: what people decided, for training."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import Annotated

import typer

from models.errors import AttuneError
from service.cli.language import pick


class DayError(AttuneError):
    """A day on the command line is none."""

    code = "usage"


def register(app: typer.Typer) -> None:
    """Add the commands."""
    qa = typer.Typer(no_args_is_help=True)
    qa.command(
        "export-labels",
        help=pick(
            "导出复核、申诉与校准的判定,作为训练标签(每行一个会话,已脱敏,含权重)。",
            "Write what reviews, appeals and calibrations decided as labels for training: "
            "a conversation a line, masked, with weights.",
        ),
    )(export_labels)
    app.add_typer(qa, name="qa", help=pick("质检工作", "Quality assurance"))


def export_labels(
    out: Annotated[
        Path,
        typer.Option("--out", "-o", help=pick("输出 .jsonl 或 .jsonl.gz", "Output, .jsonl or .jsonl.gz; - is stdout")),
    ] = Path("-"),
    since: Annotated[
        str | None, typer.Option("--from", metavar="DAY", help=pick("会话从哪天起", "Conversations from this day on"))
    ] = None,
    until: Annotated[
        str | None, typer.Option("--to", metavar="DAY", help=pick("到哪天止(含)", "To this day, included"))
    ] = None,
    playbook: Annotated[
        str | None, typer.Option("--playbook", metavar="ID", help=pick("仅此话术手册", "Only of this playbook"))
    ] = None,
) -> None:
    """Write the file; it appears only when all of it is there."""
    from service.cli.actor import this_actor
    from service.cli.database import opened_database
    from service.cli.screen import say
    from service.exports.columns import ZONE
    from service.exports.labels import export_labels as labels
    from service.ingest.write import replace_file
    from service.kpi.report import end_of, start_of
    from service.qa.learning import LabelFilter

    wanted = LabelFilter(start_of(_day(since), ZONE), end_of(_day(until), ZONE), playbook)
    with opened_database() as database, replace_file(out) as file:
        found = labels(database, this_actor(), wanted)
        for piece in found.pieces:
            file.write(piece)
    tally, left = found.tally, found.tally.skipped
    say(f"已导出 {tally.lines:,} 个会话的标签", f"Exported the labels of {tally.lines:,} conversations")
    for count, chinese, english in (
        (left.unfinished, "个评分的盲评或申诉尚未完成,待其完成后导出", "scores wait for a blind review or an appeal"),
        (left.superseded, "个评分属于较早的修订,以较新的为准", "scores are of earlier revisions; the newest counts"),
        (left.no_check, "个评分只判定了话术检查以外的评分项", "scores were judged on other criteria than checks only"),
        (left.undecided, "个评分尚无定论", "scores have no verdict that counts yet"),
        (tally.undecided_checks, "个检查尚无定论", "checks of the exported have no verdict that counts yet"),
    ):
        if count:
            say(f"未导出:{count:,} {chinese}", f"Not exported: {count:,} {english}")


def _day(text: str | None) -> date | datetime | None:
    if text is None:
        return None
    try:
        return date.fromisoformat(text) if len(text) == 10 else datetime.fromisoformat(text)
    except ValueError:
        raise DayError(f'"{text}" is no day: write 2026-10-12', f"“{text}”不是日期:请写成 2026-10-12") from None
