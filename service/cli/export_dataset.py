"""``attune export --dataset``: a dataset as XLSX, CSV or JSON."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from models.errors import AttuneError
from service.cli.language import pick

if TYPE_CHECKING:
    from service.exports.files import Format


class ExportOptionError(AttuneError):
    """An option of the export means nothing."""

    code = "usage"


def export_dataset(
    dataset: str,
    out: Path,
    since: str | None,
    until: str | None,
    conditions: dict[str, str | None],
    group_by: Sequence[str] = (),
) -> None:
    """Write a dataset to ``out``, whose name says the format; it appears only when all of it is there.

    Raises:
        AttuneError: There is no such dataset, format, day or condition, or the file cannot be written.
    """
    from service.cli.actor import this_actor
    from service.cli.database import opened_database
    from service.cli.screen import say
    from service.conversations.filters import ConversationFilter
    from service.core.settings import load_settings
    from service.exports.dataset import Wanted
    from service.exports.run import export, find_dataset
    from service.ingest.write import replace_file

    actor, form = this_actor(), _format(out)
    found = find_dataset(actor, dataset)
    given: dict[str, Any] = {name: value for name, value in conditions.items() if value is not None}
    rubric = load_settings().scoring.rubric
    wanted = Wanted(ConversationFilter(since=_start(since), until=_end(until), **given), _dimensions(group_by), rubric)
    size = 0
    with opened_database() as database, replace_file(out) as file:
        pieces = export(database, actor, found, wanted, form, "zh" if pick("zh", "en") == "zh" else "en")
        for piece in pieces:
            size += len(piece)
            file.write(piece)
    say(f"已导出 {found.title.zh}:{size:,} 字节", f"Exported {found.title.en.lower()}: {size:,} bytes")


def _format(out: Path) -> Format:
    ending = out.name.removesuffix(".gz").rpartition(".")[2].lower()
    match ending:
        case "xlsx" | "csv" | "json" | "jsonl":
            return ending
        case "-":
            return "jsonl"
    raise ExportOptionError(
        f"{out.name}: the name ends in no known format",
        f"{out.name}:文件名后缀不是已知格式",
        hint=".xlsx .csv .json .jsonl",
        location=str(out),
    )


def _dimensions(names: Sequence[str]) -> tuple[Any, ...]:
    from typing import get_args

    from service.kpi.repository import Dimension

    known = get_args(Dimension)
    wanted = [part for name in names for part in name.split(",")]
    if unknown := [name for name in wanted if name not in known]:
        raise ExportOptionError(
            f"no such group: {unknown[0]}", f"没有该分组:{unknown[0]}", hint=" ".join(known), location="--group-by"
        )
    return tuple(wanted)


def _start(text: str | None) -> datetime | None:
    from service.exports.columns import ZONE
    from service.kpi.report import start_of

    return start_of(_moment(text), ZONE)


def _end(text: str | None) -> datetime | None:
    from service.exports.columns import ZONE
    from service.kpi.report import end_of

    return end_of(_moment(text), ZONE)


def _moment(text: str | None) -> date | datetime | None:
    if text is None:
        return None
    try:
        return date.fromisoformat(text) if len(text) == 10 else datetime.fromisoformat(text)
    except ValueError:
        raise ExportOptionError(
            f'"{text}" is no day: write 2026-10-12', f"“{text}”不是日期:请写成 2026-10-12"
        ) from None


def help_text() -> str:
    """Return what the option's help says."""
    names = "conversations criteria tasks decisions appeals calibration root_causes kpis audit"
    return pick(f"数据集({names}),格式由文件后缀决定", f"Dataset ({names}); the file's ending says the format")
