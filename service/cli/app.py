"""The command line: builds the commands, runs one, and turns whatever goes wrong into one line and an exit code."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Sequence
from typing import Annotated

import typer
from typer import TyperException

from models.errors import AttuneError
from service.cli import (
    audit,
    convert,
    demo,
    doctor,
    export,
    import_file,
    keys,
    migrate,
    openapi,
    people,
    playbook,
    qa,
    root_causes,
    rubric,
    schema,
    score,
    serve,
    show,
    verify,
    version,
    worker,
)
from service.cli.language import pick, speak, take_language
from service.cli.usage import in_chinese

COMMANDS = (
    demo,
    score,
    convert,
    import_file,
    export,
    show,
    verify,
    serve,
    worker,
    migrate,
    people,
    keys,
    audit,
    playbook,
    rubric,
    qa,
    root_causes,
    openapi,
    schema,
    doctor,
    version,
)
_FAILED, _CRASHED, _INTERRUPTED = 2, 3, 130


class UsageError(AttuneError):
    """The command line was called with arguments it does not know."""

    code = "usage"


def build() -> typer.Typer:
    """Return the application, its help in the current language."""
    app = typer.Typer(
        name="attune",
        help=pick(
            "Attune(知音):给每一段客服会话评分——情绪变化、话术合规、预测满意度、自动质检。",
            "Attune scores every customer-service conversation: sentiment, script compliance, predicted CSAT, QA.",
        ),
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback()(_options)
    for command in COMMANDS:
        command.register(app)
    return app


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and leave the process with its exit code."""
    # So that SIGTERM, as Ctrl-C, leaves no half-written file behind; serve and worker take it in their own way.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    sys.exit(run(sys.argv[1:] if arguments is None else arguments))


def run(arguments: Sequence[str]) -> int:
    """Run the command line.

    Returns:
        0 all done, 1 done but some lines were refused (or ``doctor`` found something broken), 2 not done because of the
        input or the arguments, 3 an error of Attune itself, 130 interrupted.
    """
    try:
        language, rest = take_language(arguments, os.environ)
        speak(language)
        code = build()(rest, prog_name="attune", standalone_mode=False)
        if code == _INTERRUPTED:  # so typer tells of Ctrl-C within a command
            return _tell_interruption()
        return code if isinstance(code, int) else 0
    except AttuneError as error:
        return _tell(error)
    except TyperException as error:
        return _tell_usage(error)
    except (KeyboardInterrupt, typer.Abort):
        return _tell_interruption()
    except BrokenPipeError:  # the reader of our output has left, e.g. `| head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return _FAILED
    except Exception as error:  # noqa: BLE001  the last door: a user is told where to go, not shown our stack
        return _tell_crash(error)


def _options(
    lang: Annotated[
        str | None, typer.Option("--lang", metavar="zh|en", help=pick("界面语言", "Language of messages"))
    ] = None,
) -> None:
    """Stand in the help; ``take_language`` has read it before."""


def _tell(error: AttuneError) -> int:
    from service.cli.screen import show_error

    show_error(error)
    return _FAILED


def _tell_interruption() -> int:
    from service.cli.screen import say

    say("已停止", "Stopped")
    return _INTERRUPTED


def _tell_usage(error: TyperException) -> int:
    message = error.format_message()
    if not message or type(error).__name__ == "NoArgsIsHelpError":  # the help stands on the screen already
        return _FAILED
    context = getattr(error, "ctx", None)
    command = context.command_path if context is not None else "attune"
    return _tell(UsageError(message, in_chinese(message), hint=f"{command} --help"))


def _tell_crash(error: Exception) -> int:
    if os.environ.get("ATTUNE_DEBUG"):
        raise error
    _tell(
        _InternalError(
            f"{type(error).__name__}: {error}",
            f"内部错误 {type(error).__name__}:{error}",
            hint="a fault of Attune; ATTUNE_DEBUG=1 shows more / 这是 Attune 的问题,设置 ATTUNE_DEBUG=1 可查看详情",
        )
    )
    return _CRASHED


class _InternalError(AttuneError):
    """Something that Attune did not expect."""

    code = "internal"
