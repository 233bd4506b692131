"""``attune serve``: the API, with a worker of its own."""

from __future__ import annotations

import errno
import socket
from typing import TYPE_CHECKING, Annotated

import typer

from models.errors import AttuneError
from service.cli.language import pick

if TYPE_CHECKING:
    from service.core.settings import Settings


class PortError(AttuneError):
    """The address cannot be listened on."""

    code = "port-not-available"


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(
        "serve",
        short_help=pick("启动 API(自带评分任务)", "Start the API, with a worker"),
        help=pick(
            "启动 API,并自带一个评分任务(--no-worker 则不启动)。Ctrl-C 停止。",
            "Start the API and a scoring worker (unless --no-worker). Ctrl-C stops both.",
        ),
    )(serve)


def serve(
    host: Annotated[str | None, typer.Option(help=pick("监听地址", "Address to listen on"))] = None,
    port: Annotated[int | None, typer.Option(min=0, max=65535, help=pick("监听端口", "Port to listen on"))] = None,
    worker: Annotated[
        bool, typer.Option("--worker/--no-worker", help=pick("是否启动评分任务", "Start a worker"))
    ] = True,
) -> None:
    """Check the port, then serve until stopped."""
    from service.core.settings import load_settings

    start(with_service(load_settings(), host=host, port=port, start_worker=None if worker else False))


def start(settings: Settings) -> None:
    """Serve until stopped.

    Raises:
        PortError: The port is taken or may not be used.
    """
    check_port(settings.service.host, settings.service.port)
    from service.app import serve as run
    from service.core.logs import configure_logging

    configure_logging(settings.service.log_level, settings.service.log_format)
    run(settings)


def with_service(settings: Settings, **changes: object) -> Settings:
    """Return the settings with the service's ``changes`` that are not ``None``."""
    from dataclasses import replace

    given = {name: value for name, value in changes.items() if value is not None}
    return replace(settings, service=settings.service.model_copy(update=given))


def check_port(host: str, port: int) -> None:
    """Make sure that ``host:port`` can be listened on.

    Raises:
        PortError: It cannot, and why.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as trial:
            trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            trial.bind(address)
    except OSError as error:
        taken = error.errno == errno.EADDRINUSE
        raise PortError(
            "another program listens there" if taken else f"cannot be listened on: {error.strerror}",
            "端口已被占用" if taken else f"无法监听:{error.strerror}",
            hint="attune serve --port N; is Attune running already? / 使用 --port 换一个端口;是否已有 Attune 在运行?",
            location=f"{host}:{port}",
        ) from None
