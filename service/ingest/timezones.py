"""Reads a time zone that a user names."""

from __future__ import annotations

import re
from datetime import timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo

from service.ingest.errors import TimezoneError

_OFFSET = re.compile(r"(?:UTC)?([+-])(\d\d?):?(\d\d)?\Z", re.IGNORECASE)


def parse_timezone(text: str) -> tzinfo:
    """Return the zone ``text`` names: an offset such as ``+08:00`` or a zone such as ``Asia/Shanghai``.

    Raises:
        TimezoneError: It names none.
    """
    offset = _OFFSET.match(text)
    if offset:
        sign, hours, minutes = offset.groups()
        shift = timedelta(hours=int(hours), minutes=int(minutes or 0))
        if shift < timedelta(hours=24):
            return timezone(-shift if sign == "-" else shift)
    try:
        return ZoneInfo(text)
    except (OSError, ValueError, LookupError):
        raise TimezoneError(
            "no such time zone is known here",
            "无法识别的时区",
            hint="e.g. +08:00 or Asia/Shanghai / 例如 +08:00 或 Asia/Shanghai",
            location=text,
        ) from None
