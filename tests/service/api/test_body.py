from __future__ import annotations

import asyncio
import gzip
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.requests import Request

from models.errors import AttuneError
from service.api.body import read_body, read_lines
from service.core.errors import MalformedBodyError, TooLargeError
from service.ingest.lines import Line


def request(pieces: Sequence[bytes], encoding: str = "identity") -> Request:
    """Return a request whose body arrives in these pieces."""
    messages = [{"type": "http.request", "body": piece, "more_body": True} for piece in pieces]
    waiting = iter([*messages, {"type": "http.request", "body": b"", "more_body": False}])

    async def receive():
        return next(waiting)

    return Request({"type": "http", "headers": [(b"content-encoding", encoding.encode())]}, receive)


def cut(data: bytes, size: int) -> list[bytes]:
    return [data[start : start + size] for start in range(0, len(data), size)]


def lines_of(wanted: Request, limit: int = 10**9, line_limit: int = 10**9) -> tuple[list[Line], AttuneError | None]:
    found: list[Line] = []

    async def collect() -> None:
        async for line in read_lines(wanted, limit, line_limit):
            found.append(line)  # noqa: PERF401  # what came before an error counts

    try:
        asyncio.run(collect())
    except AttuneError as error:
        return found, error
    return found, None


@given(
    st.lists(st.binary(max_size=30).filter(lambda line: not {10, 13} & set(line))), st.integers(1, 50), st.booleans()
)
def test_lines_are_the_same_however_the_body_is_cut(lines: list[bytes], size: int, zipped: bool) -> None:
    data = b"\n".join(lines) + b"\n"
    packed = gzip.compress(data) if zipped else data
    found, error = lines_of(request(cut(packed, size), "gzip" if zipped else "identity"))
    bare = [line.removeprefix(b"\xef\xbb\xbf") if not number else line for number, line in enumerate(lines or [b""])]
    assert error is None
    assert [line.data for line in found] == bare
    assert [line.number for line in found] == list(range(1, len(bare) + 1))


@given(st.lists(st.integers(0, 40), min_size=1), st.integers(1, 100))
def test_long_lines_are_marked_and_the_next_are_read(lengths: list[int], size: int) -> None:
    data = b"".join(b"x" * length + b"\n" for length in lengths)
    found, error = lines_of(request(cut(data, size)), line_limit=20)
    assert error is None
    assert [(len(line.data), line.too_long) for line in found] == [
        (0, True) if length > 20 else (length, False) for length in lengths
    ]


@pytest.mark.parametrize("last", [b"", b"\n", b"\r\n"])
def test_the_last_line_needs_no_end(last: bytes) -> None:
    found, _ = lines_of(request([b"a\r\nb" + last]))
    assert [line.data for line in found] == [b"a", b"b"]


def test_lines_before_the_limit_are_read() -> None:
    found, error = lines_of(request(cut(b"0123456\n" * 1000, 100)), limit=1000)
    assert isinstance(error, TooLargeError)
    assert 100 < len(found) <= 125


def test_lines_before_a_break_are_read() -> None:
    packed = gzip.compress(b"".join(b"%d\n" % (number * 7919 % 100_003) for number in range(100_000)))
    found, error = lines_of(request(cut(packed[:-100], 1000), "gzip"))
    assert isinstance(error, MalformedBodyError)
    assert len(found) > 90_000


def test_a_bomb_is_stopped_early() -> None:
    bomb = gzip.compress(b"\0" * 100_000_000)
    taken = 0

    async def collect() -> None:
        nonlocal taken
        async for piece in read_body(request([bomb], "gzip"), 1_000_000):
            taken += len(piece)

    with pytest.raises(TooLargeError):
        asyncio.run(collect())
    assert taken <= 1_000_000
