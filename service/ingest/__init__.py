"""Reading conversations from files, strictly and line by line; writing them as JSON Lines."""

from service.ingest.convert import CONVERTERS, convert
from service.ingest.outcomes import Accepted, Outcome, Refused, Summary, Unchanged
from service.ingest.read import read_conversations
from service.ingest.timezones import parse_timezone
from service.ingest.write import open_output

__all__ = [
    "CONVERTERS",
    "Accepted",
    "Outcome",
    "Refused",
    "Summary",
    "Unchanged",
    "convert",
    "open_output",
    "parse_timezone",
    "read_conversations",
]
