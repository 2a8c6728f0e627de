"""What stands before every page: host check, body limit, security headers, and calm errors."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

__all__ = ["LOOPBACK", "Guard"]

log = logging.getLogger(__name__)

BODY_LIMIT = 64 * 1024  # bytes; the largest form is the facts of a decision
LOOPBACK = frozenset({"127.0.0.1", "localhost", "[::1]"})
HEADERS = {
    # Widths of bars are style attributes; no style sheet and no script stands in a page.
    "Content-Security-Policy": "default-src 'self'; script-src 'self'; style-src 'self'; "
    "style-src-attr 'unsafe-inline'; img-src 'self' data:; object-src 'none'; base-uri 'none'; "
    "form-action 'self'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}


class TooLarge(Exception):
    """A body beyond the limit."""


class Guard:
    """ASGI middleware around the whole application.

    `hosts`: names by which the console may be called, without a port; a request for any other (DNS rebinding) is
    refused. `failed`: draws the page for a fault of ours.
    """

    def __init__(self, app: ASGIApp, hosts: frozenset[str], failed: Callable[[Request], Awaitable[Response]]) -> None:
        self.app = app
        self.hosts = hosts
        self.failed = failed

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started = False

        async def answer(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                _add_headers(message, scope["path"])
            await send(message)

        headers = Headers(scope=scope)
        if _name(headers.get("host", "")) not in self.hosts:
            await PlainTextResponse("This console does not answer to that host name.\n", 400)(scope, receive, answer)
            return
        try:
            if int(headers.get("content-length") or 0) > BODY_LIMIT:
                raise TooLarge
            await self.app(scope, _bounded(receive), answer)
        except (TooLarge, ValueError) as error:
            if started or (isinstance(error, ValueError) and not _bad_length(headers)):
                await self._fault(error, scope, receive, answer, started)
            else:
                await PlainTextResponse("The request is too large.\n", 413)(scope, receive, answer)
        except Exception as error:
            await self._fault(error, scope, receive, answer, started)

    async def _fault(self, error: Exception, scope: Scope, receive: Receive, send: Send, started: bool) -> None:
        """Log the kind and the place of a fault, not its message, which may hold values; then draw a calm page."""
        trace = error.__traceback__
        while trace is not None and trace.tb_next is not None:
            trace = trace.tb_next
        place = f"{trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}" if trace else "?"
        log.error("%s at %s on %s", type(error).__name__, place, scope["path"])
        if not started:
            response = await self.failed(Request(scope))
            await response(scope, receive, send)


def _name(host: str) -> str:
    """The host without its port, as in [::1]:8600."""
    return (host[: host.rfind("]") + 1] if host.startswith("[") else host.partition(":")[0]).lower()


def _bad_length(headers: Headers) -> bool:
    return not (headers.get("content-length") or "0").isdigit()


def _bounded(receive: Receive) -> Receive:
    """`receive`, refusing a body that goes beyond the limit without having said so."""
    seen = 0

    async def bounded() -> Message:
        nonlocal seen
        message = await receive()
        seen += len(message.get("body", b""))
        if seen > BODY_LIMIT:
            raise TooLarge
        return message

    return bounded


def _add_headers(message: Message, path: str) -> None:
    headers = MutableHeaders(scope=message)
    for name, value in HEADERS.items():
        headers[name] = value
    # Pages hold what only the signed-in user may see; the files of the console may be kept but are asked about.
    headers["Cache-Control"] = "no-cache" if path.startswith("/static/") else "no-store"
