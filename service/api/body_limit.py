"""Refuses large bodies of small requests before FastAPI reads them, which it does before it asks who is there."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.api.problems import problem_response
from service.core.errors import TooLargeError

MAX_SMALL_BODY = 64 * 1024


class BodyLimit:
    """ASGI middleware. Reads the body ahead, up to 64 KiB; paths in ``streamed`` keep limits of their own."""

    def __init__(self, app: ASGIApp, streamed: frozenset[str]) -> None:
        """Wrap ``app``."""
        self._app = app
        self._streamed = streamed

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http" or scope["path"] in self._streamed:
            await self._app(scope, receive, send)
            return
        ahead: list[Message] = []
        size = 0
        while not ahead or ahead[-1].get("more_body", False):
            ahead.append(await receive())
            size += len(ahead[-1].get("body", b""))
            if size > MAX_SMALL_BODY:
                await _too_large(Request(scope))(scope, receive, send)
                return
        waiting = iter(ahead)

        async def replay() -> Message:
            return next(waiting, None) or await receive()

        await self._app(scope, replay, send)


def _too_large(request: Request) -> Response:
    return problem_response(
        request,
        413,
        TooLargeError.code,
        f"the body is longer than {MAX_SMALL_BODY} bytes",
        f"请求体超过 {MAX_SMALL_BODY} 字节",
        headers={"Connection": "close"},  # what is left of the body is not read
    )
