"""What every call is handed: the parts of the trust room."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from fastapi import Depends, Request
from fastapi.dependencies.models import Dependant
from fastapi.exceptions import RequestValidationError

from tongguan.service.console.visit import Console
from tongguan.trust.opening import Trust

__all__ = ["House", "TrustRoom", "only_known"]


def _console(request: Request) -> Console:
    console: Console = request.app.state.console
    return console


def _trust(request: Request) -> Trust:
    return _console(request).trust


NAMED = 80  # characters of a name that is not known

House = Annotated[Console, Depends(_console)]
TrustRoom = Annotated[Trust, Depends(_trust)]


def only_known(request: Request) -> None:
    """No parameter of the address that the call does not know: a filter whose name is misspelt would let everything
    through. `lang` is every call's. Raises RequestValidationError."""
    asked = request.query_params.keys()
    if not asked:
        return
    known = {"lang", *_parameters(request.scope["route"].dependant)}
    wrong = [
        {"type": "extra_forbidden", "loc": ("query", name[:NAMED]), "msg": "is not known here"}
        for name in asked
        if name not in known
    ]
    if wrong:
        raise RequestValidationError(wrong)


def _parameters(of: Dependant) -> Iterator[str]:
    yield from (one.alias for one in of.query_params)
    for other in of.dependencies:
        yield from _parameters(other)
