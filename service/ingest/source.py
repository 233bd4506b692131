"""Opens an input: a path or standard input, plain or gzipped, and finds out by its first bytes what it is."""

from __future__ import annotations

import gzip
import io
import os
import shutil
import stat
import sys
import tempfile
import zlib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Literal, cast

from service.ingest.errors import (
    InputAccessError,
    InputError,
    InputFormatError,
    InputNotFoundError,
    explain_os_error,
)

Kind = Literal["jsonl", "csv", "xlsx"]
STANDARD_INPUT = "-"
_GZIP, _ZIP, _OLE = b"\x1f\x8b", b"PK\x03\x04", b"\xd0\xcf\x11\xe0"
_UTF8_BOM = b"\xef\xbb\xbf"
_UTF16_BOMS = (b"\xff\xfe", b"\xfe\xff")
_PEEK = 65_536


@dataclass(slots=True)
class Source:
    """An opened input.

    Attributes:
        name: As the user wrote it; ``-`` is standard input.
        kind: What it holds.
        stream: Its bytes, unzipped, without a UTF-8 byte order mark.
        raw: The stream below, to tell how far reading has come.
        size: Size of ``raw`` in bytes, or ``None`` where it is unknown (a pipe).
        offset: Bytes at the start that ``stream`` has passed already.
    """

    name: str
    kind: Kind
    stream: IO[bytes]
    raw: IO[bytes]
    size: int | None
    offset: int = 0

    def fraction(self) -> float | None:
        """Return the share of the input read so far, 0…1, or ``None`` where it cannot be known."""
        if not self.size:
            return None
        return min(1.0, self.raw.tell() / self.size)


@contextmanager
def open_source(path: str | os.PathLike[str]) -> Iterator[Source]:
    """Open ``path`` for reading and close it at the end.

    Raises:
        InputNotFoundError: There is no such file.
        InputAccessError: It is a directory or may not be read.
        InputFormatError: It is UTF-16, an old ``.xls`` or not the workbook that its name says.
    """
    name = os.fspath(path)
    with ExitStack() as closing:
        raw, size = _open_raw(name)
        if name != STANDARD_INPUT:
            closing.callback(raw.close)
        head = _peek(raw)
        stream: IO[bytes] = raw
        if head.startswith(_GZIP):
            # Read through no further buffer: when the file breaks off, one would lose the lines before the break.
            stream = cast(IO[bytes], closing.enter_context(gzip.GzipFile(fileobj=raw)))
            head = _peek_unzipped(stream, name)
        kind = _kind(name, head)
        offset = 0
        if kind != "xlsx":
            _refuse_utf16(name, head)
            if head.startswith(_UTF8_BOM):
                offset = len(stream.read(len(_UTF8_BOM)))
        elif not stream.seekable() or stream is not raw:
            stream = closing.enter_context(_spool(stream))
        yield Source(name, kind, stream, raw, size, offset)


def _open_raw(name: str) -> tuple[IO[bytes], int | None]:
    if name == STANDARD_INPUT:
        return sys.stdin.buffer, None
    try:
        raw = Path(name).open("rb", buffering=_PEEK)  # noqa: SIM115  closed by open_source
        status = os.fstat(raw.fileno())
    except FileNotFoundError:
        raise InputNotFoundError(
            "there is no such file", "文件不存在", hint="check the path / 请检查路径", location=name
        ) from None
    except IsADirectoryError:
        raise InputAccessError(
            "is a directory, expected a file",
            "这是目录,应为文件",
            hint="name one file, e.g. conversations.jsonl / 请指定一个文件",
            location=name,
        ) from None
    except PermissionError:
        raise InputAccessError(
            "no permission to read it",
            "没有读取权限",
            hint="chmod +r, or run as its owner / 请授予读权限",
            location=name,
        ) from None
    except (OSError, ValueError) as error:
        reason_en, reason_zh = explain_os_error(error)
        raise InputError(f"cannot be opened: {reason_en}", f"无法打开:{reason_zh}", location=name) from None
    return raw, status.st_size if stat.S_ISREG(status.st_mode) else None


def _peek(stream: IO[bytes]) -> bytes:
    return stream.peek(_PEEK)[:_PEEK] if isinstance(stream, io.BufferedReader | gzip.GzipFile) else b""


def _peek_unzipped(stream: IO[bytes], name: str) -> bytes:
    try:
        return _peek(stream)
    except (OSError, EOFError, zlib.error) as error:
        raise InputFormatError(
            f"damaged gzip file, nothing could be unpacked: {error}",
            f"gzip 文件已损坏,无法解压:{error}",
            hint="copy or export it again / 请重新复制或导出",
            location=name,
        ) from None


def _kind(name: str, head: bytes) -> Kind:
    if head.startswith(_ZIP):
        return "xlsx"
    if head.startswith(_OLE):
        raise InputFormatError(
            "an old Excel workbook (.xls) or an encrypted one",
            "旧版 Excel 工作簿(.xls)或已加密的工作簿",
            hint="save it as .xlsx without a password / 请另存为不加密的 .xlsx",
            location=name,
        )
    suffixes = [suffix.lower() for suffix in Path(name).suffixes if suffix.lower() != ".gz"]
    suffix = suffixes[-1] if suffixes else ""
    if suffix in (".xlsx", ".xlsm"):
        raise InputFormatError(
            "not an Excel workbook, whatever its name says",
            "内容不是 Excel 工作簿(与文件名不符)",
            hint="export it again as .xlsx, or name it by what it is / 请重新导出为 .xlsx,或改用正确的扩展名",
            location=name,
        )
    if suffix in (".csv", ".tsv"):
        return "csv"
    if suffix in (".jsonl", ".ndjson", ".json"):
        return "jsonl"
    text = head.removeprefix(_UTF8_BOM).lstrip()
    return "csv" if text[:1].isalpha() or text[:1] >= b"\x80" or text[:1] == b'"' else "jsonl"


def _refuse_utf16(name: str, head: bytes) -> None:
    start = head[:64]
    zeros = start[1::2].count(0), start[0::2].count(0)
    if start.startswith(_UTF16_BOMS) or (len(start) >= 8 and max(zeros) >= 0.4 * len(start) and min(zeros) == 0):
        raise InputFormatError(
            "the text is UTF-16, expected UTF-8",
            "文本编码是 UTF-16,应为 UTF-8",
            hint="iconv -f UTF-16 -t UTF-8 IN > OUT; in Excel: save as CSV UTF-8 / Excel 中请另存为 CSV UTF-8",
            location=f"{name}, byte 0",
        )


def _spool(stream: IO[bytes]) -> IO[bytes]:
    """Copy a stream that cannot seek to a temporary file: a workbook is read from its end."""
    copy = tempfile.TemporaryFile()  # noqa: SIM115  closed by open_source
    shutil.copyfileobj(stream, copy)
    copy.seek(0)
    return copy
