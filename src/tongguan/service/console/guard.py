"""What stands before every page and every call: host and origin checks, body limits, patience, security headers."""

from __future__ import annotations

import asyncio
import logging
import re
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

__all__ = ["LOOPBACK", "Guard"]

log = logging.getLogger(__name__)

BODY_LIMIT = 1 << 20  # bytes, where the settings say nothing else
LOOPBACK = frozenset({"127.0.0.1", "localhost", "[::1]"})
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
PIECE_S = 30.0  # how long a caller may be silent within a body, and may leave an answer unread
SLOWEST, SLOWEST_UPLOAD = 4096, 65_536  # bytes a second that a body must come at, once PIECE_S are over
DRAIN, DRAIN_S = 16 << 20, 5.0  # bytes of a refused body that are taken in, and for how long
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
HOST = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(?::[0-9]{1,5})?", re.ASCII)
HSTS = "max-age=63072000; includeSubDomains"


class TooLarge(HTTPException):
    """A body beyond the limit."""

    def __init__(self) -> None:
        super().__init__(413)


class TooSlow(HTTPException):
    """A body that does not come, or an answer that nobody fetches."""

    def __init__(self) -> None:
        super().__init__(408)


class Guard:
    """ASGI middleware around the whole application.

    `hosts`: names by which the console may be called, without a port; a request for any other (DNS rebinding) is
    refused, and so is a change that a page of another origin asks for. `limit`: bytes that the body of a request may
    have. `uploads`: whether it may be a long one, which holds a place that others wait for and so must come faster.
    `secure`: browsers come by TLS. `failed`: draws the answer to a fault of ours.
    """

    def __init__(
        self,
        app: ASGIApp,
        hosts: frozenset[str],
        failed: Callable[[Request], Awaitable[Response]],
        limit: Callable[[Scope], int] = lambda scope: BODY_LIMIT,
        uploads: Callable[[Scope], bool] = lambda scope: False,
        secure: bool = False,
    ) -> None:
        self.app = app
        self.hosts = hosts
        self.failed = failed
        self.limit = limit
        self.uploads = uploads
        self.secure = secure

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            if scope["type"] == "lifespan":
                await self.app(scope, receive, send)
            return  # a web socket: there is none here, and returning refuses it
        started = False

        async def answer(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                self._add_headers(message, scope["path"])
            try:
                async with asyncio.timeout(PIECE_S):
                    await send(message)
            except TimeoutError:
                raise TooSlow from None

        if refusal := self._refusal(scope):
            if refusal.status_code == 413:
                await _drain(receive)
            await refusal(scope, receive, answer)
            return
        try:
            slowest = SLOWEST_UPLOAD if self.uploads(scope) else SLOWEST
            await self.app(scope, _bounded(receive, self.limit(scope), slowest), answer)
        except ClientDisconnect:
            pass
        except (TooLarge, TooSlow) as error:
            if started:
                await self._fault(error, scope, receive, answer, started)
            else:
                await _plain(scope, error)(scope, receive, answer)
        except Exception as error:
            await self._fault(error, scope, receive, answer, started)

    def _refusal(self, scope: Scope) -> Response | None:
        """What can be refused by its headers alone."""
        headers = Headers(scope=scope)
        if _name(headers.get("host", "")) not in self.hosts:
            return PlainTextResponse("This console does not answer to that host name.\n", 400)
        if len(headers.getlist("host")) != 1:
            return PlainTextResponse("A request names one host.\n", 400)
        origin = headers.get("origin")
        if origin is not None and scope["method"] not in SAFE and self._stranger(origin):
            return PlainTextResponse("A page of another origin may not change anything here.\n", 403)
        length = headers.get("content-length", "0")
        if not (length.isascii() and length.isdigit() and len(length) < 16) or int(length) > self.limit(scope):
            return _plain(scope, TooLarge())
        return None

    def _stranger(self, origin: str) -> bool:
        try:
            return _name(urlsplit(origin).netloc) not in self.hosts
        except ValueError:
            return True

    async def _fault(self, error: Exception, scope: Scope, receive: Receive, send: Send, started: bool) -> None:
        """Log the kind and the place of a fault, not its message, which may hold values; then draw a calm page."""
        trace = error.__traceback__
        while trace is not None and trace.tb_next is not None:
            trace = trace.tb_next
        place = f"{trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}" if trace else "?"
        log.error("%s at %s on %s", type(error).__name__, place, _route(scope))
        if not started:  # else the server sees half an answer and closes the connection, so nobody takes it for whole
            response = await self.failed(Request(scope))
            await response(scope, receive, send)

    def _add_headers(self, message: Message, path: str) -> None:
        headers = MutableHeaders(scope=message)
        for name, value in HEADERS.items():
            headers[name] = value
        if self.secure:
            headers["Strict-Transport-Security"] = HSTS
        if message["status"] in (408, 413):  # the rest of the body is not waited for
            headers["Connection"] = "close"
        # Pages hold what only the signed-in user may see; the files of the console may be kept but are asked about.
        headers["Cache-Control"] = "no-cache" if path.startswith("/static/") else "no-store"


def _name(host: str) -> str:
    """The host without its port, as in [::1]:8600; "" for what is none."""
    found = HOST.fullmatch(host)
    return found[1].lower() if found else ""


def _plain(scope: Scope, error: Exception) -> Response:
    """The refusal of a body, before anybody has looked who sent it."""
    status, kind, zh, en = (
        (413, "too_large", "内容太大", "The request is too large.")
        if isinstance(error, TooLarge)
        else (408, "too_slow", "请求内容迟迟没有到齐", "The request did not arrive in time.")
    )
    if scope["path"].startswith("/api/"):
        error_body = {"kind": kind, "title": en, "help": en, "text": {"zh": zh, "en": en}}
        return JSONResponse({"error": error_body}, status)
    return PlainTextResponse(en + "\n", status)


async def _drain(receive: Receive) -> None:
    """Take in some of a body that was refused: a connection that is closed on unread bytes loses the answer, too."""
    seen = 0
    with suppress(TimeoutError):
        async with asyncio.timeout(DRAIN_S):
            while seen < DRAIN:
                message = await receive()
                seen += len(message.get("body", b""))
                if not message.get("more_body", False):
                    return


def _route(scope: Scope) -> str:
    """The route, not the address, which holds what was typed."""
    return str(getattr(scope.get("route"), "path", "an unknown address"))


def _bounded(receive: Receive, limit: int, slowest: int) -> Receive:
    """`receive`, refusing a body that goes beyond the limit without having said so, or that trickles: only the time
    that the caller lets us wait counts, not what we take ourselves."""
    seen, whole, waited = 0, False, 0.0

    async def bounded() -> Message:
        nonlocal seen, whole, waited
        if whole:  # what is waited for now is the end of the connection
            return await receive()
        began = time.monotonic()
        try:
            async with asyncio.timeout(PIECE_S):
                message = await receive()
        except TimeoutError:
            raise TooSlow from None
        waited += time.monotonic() - began
        seen += len(message.get("body", b""))
        whole = not message.get("more_body", False)
        if seen > limit:
            if not whole:
                await _drain(receive)
            raise TooLarge
        if not whole and waited > PIECE_S + seen / slowest:
            raise TooSlow
        return message

    return bounded
