"""A chain's node over JSON-RPC. What it answers is a claim: bounded in size and time, and of the right form."""

from __future__ import annotations

import json
import re
import time
from typing import Any
from urllib.parse import urlsplit

from tongguan.errors import BadSettings, Unavailable

__all__ = ["Node", "Refused"]

ANSWER_LIMIT = 8 << 20  # bytes
REQUEST_S = 15.0

_QUANTITY = re.compile(r"0x[0-9a-fA-F]{1,64}")
_DATA = re.compile(r"0x(?:[0-9a-fA-F]{2})*")


class Refused(Exception):
    """The node answered, with an error of its own; `data` is what a contract gave as its reason."""

    def __init__(self, message: str, data: str = "") -> None:
        super().__init__(message)
        self.data = data


class Node:
    """One node. Every method raises Unavailable where it does not answer or answers nonsense, Refused on its errors."""

    def __init__(self, url: str) -> None:
        self._url = url
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError:
            raise BadSettings("anchor: rpc is not an address; expected http://host:port or https://…") from None
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise BadSettings("anchor: rpc is not an address; expected http://host:port or https://…")
        self.name = f"{parts.hostname}:{port}" if port else parts.hostname  # all else in it may be secret
        self._count = 0
        self._client: Any = None

    def ask(self, method: str, *params: object) -> Any:
        """The result of one request."""
        import httpx

        self._count += 1
        body = {"jsonrpc": "2.0", "id": self._count, "method": method, "params": list(params)}
        until = time.monotonic() + REQUEST_S
        try:
            if self._client is None:
                plain = {"Accept-Encoding": "identity"}  # what is not unpacked cannot grow
                self._client = httpx.Client(timeout=REQUEST_S, headers=plain)
            with self._client.stream("POST", self._url, json=body) as answer:
                found = bytearray()
                for part in answer.iter_raw():
                    found += part
                    if len(found) > ANSWER_LIMIT or time.monotonic() > until:
                        raise self._nonsense(method)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise Unavailable(
                f"the chain's node {self.name} does not answer ({type(error).__name__}); nothing was lost, try again"
            ) from None
        return self._result(method, bytes(found))

    def quantity(self, method: str, *params: object) -> int:
        """A result that is a number."""
        return self.number(self.ask(method, *params), method)

    def data(self, method: str, *params: object) -> bytes:
        """A result that is bytes."""
        found = self.ask(method, *params)
        if not isinstance(found, str) or not _DATA.fullmatch(found):
            raise self._nonsense(method)
        return bytes.fromhex(found[2:])

    def table(self, method: str, *params: object) -> dict[str, Any] | None:
        """A result that is an object or null."""
        found = self.ask(method, *params)
        if found is not None and not isinstance(found, dict):
            raise self._nonsense(method)
        return found

    def number(self, found: object, method: str = "") -> int:
        """A number as the protocol writes it."""
        if not isinstance(found, str) or not _QUANTITY.fullmatch(found):
            raise self._nonsense(method)
        return int(found, 16)

    def text(self, found: object, method: str = "") -> str:
        """Bytes as the protocol writes them, in lower case."""
        if not isinstance(found, str) or not _DATA.fullmatch(found):
            raise self._nonsense(method)
        return found.lower()

    def _result(self, method: str, raw: bytes) -> Any:
        try:
            found = json.loads(raw)
        except (ValueError, RecursionError):
            raise self._nonsense(method) from None
        if not isinstance(found, dict):
            raise self._nonsense(method)
        error = found.get("error")
        if error is not None:
            about = error if isinstance(error, dict) else {}
            data = about.get("data")
            data = data.get("data", "") if isinstance(data, dict) else data
            message = ascii(str(about.get("message", "no reason given")))[1:-1][:200]
            raise Refused(message, data if isinstance(data, str) else "")
        if "result" not in found:
            raise self._nonsense(method)
        return found["result"]

    def _nonsense(self, method: str) -> Unavailable:
        return Unavailable(f"{self.name} does not answer {method} as a node of an EVM chain does; is it one?")
