"""Reading request bodies without trusting them: decompressed as they come, never more than allowed in memory."""

from __future__ import annotations

import json
import zlib
from collections.abc import AsyncIterator
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from models.errors import InvalidConversationError
from models.interchange import decode_json
from service.core.errors import MalformedBodyError, TooLargeError, UnsupportedMediaTypeError
from service.ingest.lines import Line

_PIECE = 256 * 1024
_UTF8_BOM = b"\xef\xbb\xbf"


async def read_body(request: Request, limit: int) -> AsyncIterator[bytes]:
    """Yield the body in pieces, unzipped where ``Content-Encoding`` says gzip.

    Raises:
        TooLargeError: It is longer than ``limit`` bytes, unzipped.
        MalformedBodyError: It is no gzip although it says so.
        UnsupportedMediaTypeError: It is encoded otherwise.
    """
    encoding = request.headers.get("content-encoding", "identity").strip().lower()
    if encoding not in ("identity", "gzip", ""):
        raise UnsupportedMediaTypeError(
            f"content encoding {encoding!r} is not understood", f"不支持的内容编码 {encoding!r}", hint="gzip, or none"
        )
    pieces = _unzip(request.stream()) if encoding == "gzip" else request.stream()
    total = 0
    async for piece in pieces:
        total += len(piece)
        if total > limit:
            raise TooLargeError(
                f"the body is longer than {limit} bytes",
                f"请求体超过 {limit} 字节",
                hint="send fewer conversations at a time, or application/x-ndjson",
            )
        yield piece


async def read_json(request: Request, limit: int) -> Any:
    """Return the body as JSON, read as strictly as files are.

    Raises:
        MalformedBodyError: It is no JSON in UTF-8.
        TooLargeError: It is longer than ``limit`` bytes.
    """
    data = b"".join([piece async for piece in read_body(request, limit)])
    return await run_in_threadpool(_parse, data.removeprefix(_UTF8_BOM))  # megabytes would hold up all other requests


def _parse(data: bytes) -> Any:
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        raise MalformedBodyError(
            f"the body is not UTF-8 at byte {error.start}", f"请求体第 {error.start} 字节起不是 UTF-8"
        ) from None
    if not text.strip():
        raise MalformedBodyError("the body is empty", "请求体为空")
    try:
        if text.lstrip().startswith("{"):
            return decode_json(text)
        json.loads(text)  # for the position of an error
        return decode_json('{"value":' + text + "}")["value"]
    except InvalidConversationError as error:
        raise MalformedBodyError(error.message_en, error.message_zh, location=error.location) from None
    except (ValueError, RecursionError) as error:
        raise MalformedBodyError(f"the body is no JSON: {error}", f"请求体不是合法 JSON：{error}") from None


async def read_lines(request: Request, limit: int, line_limit: int) -> AsyncIterator[Line]:
    """Yield the body's lines without their ends; one longer than ``line_limit`` bytes comes empty, marked too long.

    Raises:
        TooLargeError, MalformedBodyError, UnsupportedMediaTypeError: As ``read_body``; lines before were yielded.
    """
    number = 1
    offset = 0
    parts: list[bytes] = []  # of the line that has no end yet; dropped once it is too long
    length = 0

    def line() -> Line:
        data = b"".join(parts).rstrip(b"\r")
        return Line(number, offset, data.removeprefix(_UTF8_BOM) if number == 1 else data, length > line_limit)

    async for piece in read_body(request, limit):
        for index, part in enumerate(piece.split(b"\n")):
            if index:
                yield line()
                number += 1
                offset += length + 1
                parts, length = [], 0
            length += len(part)
            if length > line_limit:
                parts = []
            else:
                parts.append(part)
    if length:
        yield line()


async def _unzip(pieces: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    unzip = zlib.decompressobj(wbits=31)
    started = False
    try:
        async for piece in pieces:
            while piece:
                if unzip.eof:  # several gzip files one after the other are one
                    unzip = zlib.decompressobj(wbits=31)
                started = True
                # Bounded, so that a small body cannot become gigabytes in one step.
                if data := unzip.decompress(piece, _PIECE):
                    yield data
                piece = unzip.unused_data if unzip.eof else unzip.unconsumed_tail
    except zlib.error:
        raise MalformedBodyError("the body is no gzip", "请求体不是有效的 gzip") from None
    if started and not unzip.eof:
        raise MalformedBodyError("the gzip body ends too early", "gzip 请求体不完整")
