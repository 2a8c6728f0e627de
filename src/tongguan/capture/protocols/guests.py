"""Protocol layers of other packages: what they give is checked; one that fails costs its connection, not the run."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable
from dataclasses import replace
from typing import Final

from tongguan.capture.protocols.body import Store
from tongguan.capture.protocols.layer import CLIENT, Ends, Expectation, Layer, LogRow, Outcome
from tongguan.capture.protocols.opaque import Opaque
from tongguan.model import BlindKind, BlindSpot, Content, Endpoint, Exchange, Role
from tongguan.registry import FAULTS, Plugin

__all__ = ["Guest"]

_LOG: Final = re.compile(r"(?!conn$|files$|blind_spots$)[a-z][a-z0-9_]{0,30}")
_LONGEST: Final = 1000  # characters of a name


class Guest(Layer):
    """A layer of another package on one connection. Where it fails, what follows is kept and said to be unread."""

    def __init__(self, plugin: Plugin, make: Callable[[Ends, Store], Layer], ends: Ends, store: Store) -> None:
        super().__init__(ends, store)
        self.protocol = ends.transport
        self._plugin = plugin
        self._rest = Opaque(replace(ends, within=f"{ends.within}x"), store)
        self._untold = 0  # bytes since its last exchange
        self._last = (CLIENT, 0.0)
        self._inner: Layer | None = None
        try:
            inner = make(ends, store)
            if not isinstance(inner, Layer):
                raise TypeError("a layer was expected")
            self.protocol, self.service = _name(inner.protocol), _name(inner.service)
            self._inner = inner
        except FAULTS as error:
            self._fail(error)

    def data(self, direction: int, payload: memoryview, ts: float) -> None:
        """The next bytes."""
        self._last = direction, ts
        if self._works(lambda inner: inner.data(direction, payload, ts), len(payload)):
            return
        self._rest.data(direction, payload, ts)

    def gap(self, direction: int, size: int, ts: float) -> None:
        """Bytes that the capture never held."""
        self._last = direction, ts
        if not self._works(lambda inner: inner.gap(direction, size, ts), 0):
            self._rest.gap(direction, size, ts)

    def close(self, ts: float) -> None:
        """Give what is left; bytes that it never told of are told here."""
        self._last = self._last[0], ts or self._last[1]
        if self._works(lambda inner: inner.close(ts), 0):
            if self._untold:
                self._tell(f"the plug-in {self._plugin} told nothing of what it read")
            return
        self._rest.close(ts)
        self.out += self._rest.take()

    def keep(self) -> None:
        """Copy what is borrowed."""
        self._works(lambda inner: inner.keep(), 0)
        self._rest.keep()

    def _works(self, call: Callable[[Layer], None], size: int) -> bool:
        """Whether it did what was asked; what it gave is checked and taken."""
        if self._inner is None:
            return False
        try:
            call(self._inner)
            given = [self._checked(one) for one in self._inner.take()]
        except FAULTS as error:
            self._fail(error)
            return False
        self._untold = 0 if any(isinstance(one, Exchange) for one in given) else self._untold + size
        self.out += given
        return True

    def _fail(self, error: BaseException) -> None:
        self._inner = None
        self._tell(f"the plug-in {self._plugin} failed: {type(error).__name__}")

    def _tell(self, detail: str) -> None:
        """An exchange for the bytes that it did not tell of."""
        direction, ts = self._last
        uid = f"y0-{direction}"
        spot = self.spot(uid, BlindKind.UNREADABLE, detail, self._untold)
        self.exchange(uid, direction, ts, self.protocol.upper(), self._untold, blind_spots=(spot,))
        self._untold = 0

    def _checked(self, one: Outcome) -> Outcome:
        """What it gave, as it may go on. Raises ValueError where it is not as it must be."""
        match one:
            case Exchange():
                return _exchange(one, self.ends)
            case LogRow(log=str(log), ends=Ends()) if _LOG.fullmatch(log) and math.isfinite(one.ts):
                return replace(one, fields=json.loads(json.dumps(dict(one.fields), default=str)))
            case Expectation(listeners=tuple(listeners)) if all(isinstance(each, Endpoint) for each in listeners):
                announced = one.layer
                return replace(one, layer=lambda ends: Guest(self._plugin, lambda e, _: announced(e), ends, self.store))
        raise ValueError(f"{type(one).__name__} is not as it must be")


def _exchange(one: Exchange, ends: Ends) -> Exchange:
    """An exchange of this connection whose fields are what they should be. Raises TypeError, ValueError."""
    names = [name for name in (one.application, one.account) if name is not None]
    for text in (one.uid, one.protocol, one.operation, *one.server_names, *names):
        _name(text)
    sound = (
        (one.conn, one.capture) == (ends.uid, ends.capture)
        and one.uid.startswith(f"{ends.uid}-")
        and (one.source, one.destination) in ((ends.client, ends.server), (ends.server, ends.client))
        and isinstance(one.role, Role)
        and math.isfinite(one.ts)
        and _is_size(one.size)
        and all(isinstance(spot, BlindSpot) for spot in one.blind_spots)
        and all(map(_is_content, one.contents))
    )
    if not sound:
        raise ValueError("an exchange is not as it must be")
    return one


def _is_content(one: object) -> bool:
    """Whether it is one that raises nothing as it is read."""
    if not isinstance(one, Content):
        return False
    for text in (one.name, one.charset, one.media_type):
        _name(text or "")
    return isinstance(one.source, (bytes, memoryview)) and _is_size(one.size)


def _is_size(value: object) -> bool:
    return isinstance(value, int) and value >= 0


def _name(text: str) -> str:
    if not isinstance(text, str) or len(text) > _LONGEST:
        raise TypeError("a name is not as it must be")
    return text
