"""What every call is handed: the parts of the trust room."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request

from tongguan.service.console.visit import Console
from tongguan.trust.opening import Trust

__all__ = ["House", "TrustRoom"]


def _console(request: Request) -> Console:
    console: Console = request.app.state.console
    return console


def _trust(request: Request) -> Trust:
    return _console(request).trust


House = Annotated[Console, Depends(_console)]
TrustRoom = Annotated[Trust, Depends(_trust)]
