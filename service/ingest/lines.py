"""Cuts a byte stream into lines of text with their numbers and offsets; one bad line never costs the next."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO

from models.errors import InvalidConversationError
from service.ingest.errors import InputFormatError

MAX_LINE_BYTES = 32 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Line:
    """One line; ``number`` is 1-based, ``offset`` its first byte's position in the (unzipped) input."""

    number: int
    offset: int
    data: bytes
    too_long: bool = False

    def text(self) -> str:
        """Return the line as text.

        Raises:
            InvalidConversationError: It is too long, not UTF-8 or holds NUL bytes.
        """
        if self.too_long:
            limit = MAX_LINE_BYTES // 2**20
            raise _refusal(
                f"longer than {limit} MiB", f"一行超过 {limit} MiB", "one conversation per line / 每行一个会话"
            )
        try:
            text = self.data.decode()
        except UnicodeDecodeError as error:
            raise self.not_utf8(error.start) from None
        if "\x00" in text:
            at = self.offset + self.data.index(0)
            raise _refusal(
                f"NUL byte at byte {at} of the input",
                f"输入第 {at} 字节是 NUL",
                "the file was damaged or is not text; export it again / 文件已损坏或不是文本,请重新导出",
            )
        return text

    def not_utf8(self, at: int) -> InvalidConversationError:
        """Return the error that tells the first byte (``at`` in the line) that is no UTF-8, and what it may be."""
        position = self.offset + at
        if looks_like_gbk(self.data):
            return _refusal(
                f"not UTF-8 from byte {position} of the input on: it looks like GBK",
                f"输入第 {position} 字节起不是 UTF-8,看起来是 GBK",
                "iconv -f GB18030 -t UTF-8 IN > OUT; in Excel: save as CSV UTF-8 / 请转换为 UTF-8 编码",
            )
        return _refusal(
            f"not UTF-8 at byte {position} of the input (0x{self.data[at]:02X})",
            f"输入第 {position} 字节(0x{self.data[at]:02X})不是合法的 UTF-8",
            "save the file as UTF-8 / 请以 UTF-8 保存文件",
        )


class DamagedInputError(InputFormatError):
    """The compressed stream ends early or breaks; ``line`` is the first that could not be read."""

    code = "input-damaged"

    def __init__(self, line: int, reason: str) -> None:
        """Keep the line."""
        super().__init__(
            f"the compressed file is cut off or damaged here: {reason}",
            f"压缩文件在此处中断或已损坏:{reason}",
            hint="the lines above were read; copy or export the file again / 以上各行已读取,请重新复制或导出该文件",
        )
        self.line = line


def looks_like_gbk(data: bytes) -> bool:
    """Say whether ``data``, which is no UTF-8, makes sense as Chinese in GBK: mostly common characters.

    Chinese in UTF-8 that was cut makes sense as GBK, too; but GBK hardly ever begins like UTF-8 up to a cut character.
    """
    try:
        data.decode()
    except UnicodeDecodeError as error:
        cut = error.reason != "invalid start byte"
        if cut and any(character >= "\u0800" for character in data[: error.start].decode()):
            return False
    try:
        text = data.decode("gb18030")
    except UnicodeDecodeError:
        return False
    foreign = [character for character in text if not character.isascii()]
    chinese = sum("\u4e00" <= character <= "\u9fff" or "\u3000" <= character <= "\u303f" for character in foreign)
    return bool(foreign) and chinese * 2 >= len(foreign)


def read_lines(stream: IO[bytes], offset: int = 0) -> Iterator[Line]:
    """Yield all lines of ``stream`` without their line ends.

    Raises:
        DamagedInputError: A compressed stream breaks; the lines before it have been yielded.
    """
    number = 0
    while True:
        number += 1
        try:
            data = stream.readline(MAX_LINE_BYTES)
            length = len(data)
            too_long = length == MAX_LINE_BYTES and not data.endswith(b"\n")
            rest = data
            while too_long and rest and not rest.endswith(b"\n"):
                rest = stream.readline(MAX_LINE_BYTES)
                length += len(rest)
        except (EOFError, OSError, zlib.error) as error:
            raise DamagedInputError(number, str(error)) from None
        if not data:
            return
        yield Line(number, offset, b"" if too_long else data.rstrip(b"\r\n"), too_long)
        offset += length


def _refusal(message_en: str, message_zh: str, hint: str) -> InvalidConversationError:
    return InvalidConversationError(message_en, message_zh, hint=hint, location="$")
