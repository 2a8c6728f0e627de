"""Addresses: a page's whole state stands in its query."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

__all__ = ["link", "local"]


def link(path: str, params: Mapping[str, Any]) -> str:
    """An address with the parameters that have a value."""
    query = urlencode([(k, str(v)) for k, v in params.items() if v is not None and v != ""])
    return f"{path}?{query}" if query else path


def local(address: str) -> str:
    """The address where it is a path of this console, else the first page: nobody is sent elsewhere after sign-in."""
    safe = address.startswith("/") and not address.startswith("//") and "\\" not in address and address.isprintable()
    return address if safe and not address.startswith("/sign-") else "/"
