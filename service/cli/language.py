"""Which language the command line speaks: ``--lang``, else ``ATTUNE_LANG``, else the terminal's, else Chinese."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextvars import ContextVar
from typing import Literal, get_args

from models.errors import AttuneError

Language = Literal["zh", "en"]
_current: ContextVar[Language] = ContextVar("language", default="zh")


class LanguageError(AttuneError):
    """The command line does not speak that language."""

    code = "unknown-language"


def pick(zh: str, en: str) -> str:
    """Return the text in the current language."""
    return zh if _current.get() == "zh" else en


def speak(language: Language) -> None:
    """Set the current language."""
    _current.set(language)


def take_language(arguments: Sequence[str], environment: Mapping[str, str]) -> tuple[Language, list[str]]:
    """Return the language and the arguments without ``--lang``, which may stand anywhere before ``--``.

    Raises:
        LanguageError: ``--lang`` names no language.
    """
    rest: list[str] = []
    wanted: str | None = None
    pending = list(arguments)
    while pending:
        argument = pending.pop(0)
        if argument == "--":
            rest += [argument, *pending]
            break
        if argument == "--lang":
            wanted = pending.pop(0) if pending else ""
        elif argument.startswith("--lang="):
            wanted = argument.removeprefix("--lang=")
        else:
            rest.append(argument)
    if wanted is not None:
        for language in get_args(Language):
            if wanted == language:
                return language, rest
        raise LanguageError(f'"{wanted}" is not spoken here: --lang zh or en', f"不支持“{wanted}”:--lang 可为 zh 或 en")
    return _from_environment(environment), rest


def of_hint(hint: str) -> str:
    """Return the half of a hint (``English / 中文``) in the current language, or all of it where it has no halves."""
    english, slash, chinese = hint.partition(" / ")
    return pick(chinese, english) if slash and not chinese.isascii() else hint


def _from_environment(environment: Mapping[str, str]) -> Language:
    for name in ("ATTUNE_LANG", "LC_ALL", "LC_MESSAGES", "LANG"):
        value = environment.get(name, "").lower()
        if value.startswith("zh"):
            return "zh"
        if value.startswith("en"):
            return "en"
    return "zh"
