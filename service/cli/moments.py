"""Days and moments on the command line; a day begins at midnight in Asia/Shanghai."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from models.errors import AttuneError


class DateError(AttuneError):
    """A date on the command line is none."""

    code = "usage"


def moment(text: str | None, *, whole_day: bool = False) -> datetime | None:
    """Return what was written, a day as its beginning; with ``whole_day`` as that of the next, so that it is included.

    Raises:
        DateError: It is neither a day nor a moment.
    """
    from service.playbooks.activation import ZONE

    if text is None:
        return None
    try:
        if len(text) == 10:
            found = datetime.combine(date.fromisoformat(text), datetime.min.time()) + timedelta(days=whole_day)
        else:
            found = datetime.fromisoformat(text)
    except ValueError:
        raise DateError(f'"{text}" is no day: write 2026-10-12', f"“{text}”不是日期:请写成 2026-10-12") from None
    return found if found.tzinfo else found.replace(tzinfo=ZONE)


def day(moment: datetime | None) -> str:
    """Return a moment for people: as a day where one begins there; empty for none."""
    from service.playbooks.activation import ZONE

    if moment is None:
        return ""
    there = moment.astimezone(ZONE)
    return f"{there:%Y-%m-%d}" if there.time() == datetime.min.time() else f"{there:%Y-%m-%d %H:%M}"
