"""Errors of a whole input: nothing of it can be read. A fault in one line is a ``Refused``, not an error."""

from __future__ import annotations

import errno

from models.errors import AttuneError


class InputError(AttuneError):
    """The input cannot be read at all."""

    code = "unreadable-input"


class InputNotFoundError(InputError):
    """There is no such file."""

    code = "input-not-found"


class InputAccessError(InputError):
    """It is there, but it is a directory or may not be read."""

    code = "input-not-readable"


class InputFormatError(InputError):
    """Its bytes are not what its kind of file holds: encoding, workbook, columns."""

    code = "input-format"


class EmptyInputError(InputError):
    """It holds no conversation, not even a bad one."""

    code = "input-empty"


class OutputError(AttuneError):
    """The result cannot be written where it was asked for."""

    code = "output-not-writable"


class TimezoneError(AttuneError):
    """No such time zone is known."""

    code = "unknown-timezone"


_REASONS_ZH = {
    errno.ENOENT: "没有这个目录或文件",
    errno.EACCES: "没有权限",
    errno.EPERM: "不允许此操作",
    errno.EROFS: "文件系统只读",
    errno.ENOSPC: "磁盘空间不足",
    errno.EDQUOT: "超出磁盘配额",
    errno.ENOTDIR: "路径中有一段不是目录",
    errno.ENAMETOOLONG: "名称过长",
    errno.EIO: "读写设备出错",
}


def explain_os_error(error: OSError | ValueError) -> tuple[str, str]:
    """Return why the operating system refused, in English and Chinese."""
    english = (error.strerror if isinstance(error, OSError) else None) or str(error)
    number = error.errno if isinstance(error, OSError) else None
    return english, _REASONS_ZH.get(number, english) if number is not None else english
