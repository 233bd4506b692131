"""Errors of a whole input: nothing of it can be read. A fault in one line is a ``Refused``, not an error."""

from __future__ import annotations

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
