"""Writes JSON Lines so that a reader never sees half a file."""

from __future__ import annotations

import gzip
import json
import os
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any, cast

from service.ingest.errors import OutputError, explain_os_error
from service.ingest.source import STANDARD_INPUT

STANDARD_OUTPUT = "-"

WriteLine = Callable[[Mapping[str, Any]], None]


@contextmanager
def open_output(path: str | os.PathLike[str], when: Callable[[], bool] = lambda: True) -> Iterator[WriteLine]:
    """Yield a function that writes one JSON line to ``path``, which is opened by ``replace_file``."""
    with replace_file(path, when) as file:

        def write(value: Mapping[str, Any]) -> None:
            try:
                file.write(json_line(value).encode())
            except BrokenPipeError:
                raise
            except OSError as error:  # the disk is full
                raise _unwritable(path, error) from None

        yield write


@contextmanager
def replace_file(path: str | os.PathLike[str], when: Callable[[], bool] = lambda: True) -> Iterator[IO[bytes]]:
    """Yield a stream whose content becomes ``path`` only when all is written, or not at all.

    A name that ends in ``.gz`` is gzipped, without a time stamp: equal content gives equal bytes. ``-`` is standard
    output; it and other things that are no files (pipes, devices) are written straight.

    Args:
        path: Where to.
        when: Asked at the end whether to keep the result; otherwise ``path`` stays as it was.

    Raises:
        OutputError: The file cannot be written there.
    """
    if os.fspath(path) == STANDARD_OUTPUT:
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    target = Path(os.path.realpath(path))
    try:
        if target.is_dir():
            raise OutputError("is a directory", "这是目录", hint="name a file / 请指定文件名", location=str(path))
        if target.exists() and not target.is_file():
            with target.open("wb") as device:
                yield device
            return
        handle, temporary = tempfile.mkstemp(prefix=f".{target.name}.", suffix=".part", dir=target.parent)
    except (OSError, ValueError) as error:
        raise _unwritable(path, error) from None
    try:
        with os.fdopen(handle, "wb") as file:
            if target.name.endswith(".gz"):
                with gzip.GzipFile(filename="", mode="wb", fileobj=file, mtime=0) as zipped:
                    yield cast(IO[bytes], zipped)
            else:
                yield file
            file.flush()
            os.fsync(file.fileno())
        if when():
            os.chmod(temporary, 0o666 & ~_umask())
            os.replace(temporary, target)
    finally:
        with suppress(FileNotFoundError):
            os.unlink(temporary)


def refuse_same_file(source: str, *targets: str | os.PathLike[str] | None) -> None:
    """Refuse to write over what is read, or to write two things into one file.

    Args:
        source: The input.
        targets: The outputs; ``None`` is one that was not asked for.

    Raises:
        OutputError: Two of them are one file.
    """
    taken = [source] if source != STANDARD_INPUT else []
    for target in targets:
        if target is None or os.fspath(target) == STANDARD_OUTPUT or _is_device(target):
            continue
        if any(_same_file(one, target) for one in taken):
            is_input = _same_file(source, target)
            raise OutputError(
                "is the input, too" if is_input else "is named for two outputs",
                "与输入是同一个文件" if is_input else "两个输出不能是同一个文件",
                hint="name another file / 请指定其他文件",
                location=str(target),
            )
        taken.append(os.fspath(target))


def _same_file(one: str | os.PathLike[str], other: str | os.PathLike[str]) -> bool:
    try:
        if os.path.exists(one) and os.path.exists(other):
            return os.path.samefile(one, other)
        return os.path.realpath(one) == os.path.realpath(other)
    except (OSError, ValueError):  # no path at all: opening it will say so
        return False


def _is_device(path: str | os.PathLike[str]) -> bool:
    return os.path.exists(path) and not os.path.isfile(path)


def json_line(value: Mapping[str, Any]) -> str:
    """Return ``value`` as one line of JSON with its line end; equal values give equal lines."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False) + "\n"


def _umask() -> int:
    # The only portable way to read it is to set it; mkstemp makes files private, an output should be as any other.
    mask = os.umask(0)
    os.umask(mask)
    return mask


def _unwritable(target: str | os.PathLike[str], error: OSError | ValueError) -> OutputError:
    reason_en, reason_zh = explain_os_error(error)
    return OutputError(
        f"cannot be written: {reason_en}",
        f"无法写入:{reason_zh}",
        hint="check that the directory exists, may be written and has room / 请检查目录是否存在、可写且有空间",
        location=os.fspath(target),
    )
