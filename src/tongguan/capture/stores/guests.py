"""Stores of other packages: their units are checked, and what fails costs a unit or the rest of the source, not the
run."""

from __future__ import annotations

import math
import pickle
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from tongguan.capture.stores.addresses import Address
from tongguan.capture.stores.units import FileUnit, Rows, Store, TableUnit, Unit, Unread, Unseen
from tongguan.errors import BadInput, TongguanError
from tongguan.model import Content
from tongguan.registry import FAULTS, Part
from tongguan.wording import on_one_line

__all__ = ["GuestStore", "guest_address"]

T = TypeVar("T")


def guest_address(part: Part[Any], text: str) -> Address:
    """What a kind of store makes of an address. Raises BadInput."""
    with _at_start(part):
        found = part.value.address(text)
        if not isinstance(found, Address) or not isinstance(found.name, str):
            raise TypeError("an address was expected")
        return replace(found, kind=part.name, name=on_one_line(found.name))


class GuestStore:
    """A store of another package. Raises what it raises of ours, and BadInput."""

    def __init__(self, part: Part[Any], address: Address, credentials: Path | None) -> None:
        self.kind, self.name = address.kind, address.name
        self._by = str(part.plugin)
        with _at_start(part):
            self._store: Store = part.value.open(address, credentials)

    def __enter__(self) -> GuestStore:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Whatever its close does: nothing is read any more."""
        try:
            self._store.close()
        except FAULTS:
            return

    def size(self) -> int:
        """About how many bytes; 0 where it does not know."""
        try:
            return max(0, int(self._store.size()))
        except FAULTS:  # for progress alone
            return 0

    def units(self) -> Iterator[Unit | Unseen]:
        """Its units that can be used. Raises Unread with `rest` where it fails."""
        try:
            for one in self._store.units():
                yield one if isinstance(one, Unseen) else self._unit(one)
        except Unread:
            raise
        except FAULTS as error:
            raise Unread(Unseen("dropped", "", _failed(self._by, error)), rest=True) from error

    def _unit(self, one: Unit) -> Unit | Unseen:
        try:
            if not _is_sound(one):
                raise TypeError("a unit was expected")
            if isinstance(one, FileUnit):
                pickle.dumps(one)  # whoever is free reads it, in another process
                return replace(one, open=partial(_opened, self._by, one.path, one.open), local=None)
            # Read here, where its connection is, and by its sample: how a table is read whole is between us and ours.
            return replace(one, read=partial(_read, self._by, one.path, one.read), whole=None, part=None, apart=False)
        except FAULTS as error:
            path = getattr(one, "path", "")
            return Unseen("failed", path if isinstance(path, str) else "", _failed(self._by, error))


def _is_sound(one: object) -> bool:
    if not isinstance(one, (FileUnit, TableUnit)):
        return False
    texts = [one.path, one.name, one.kind]
    sizes: list[object] = [one.size]
    if isinstance(one, TableUnit):
        texts += [one.schema, one.comment]
        sizes += [one.share, 0 if one.rows is None else one.rows]
    elif not math.isfinite(one.changed):
        return False
    return (
        all(isinstance(text, str) for text in texts)
        and all(isinstance(size, int) and size >= 0 for size in sizes)
        and isinstance(one.mark, (str, type(None)))
    )


@contextmanager
def _opened(by: str, path: str, open: Callable[[], AbstractContextManager[Iterator[Content]]]) -> Iterator[Any]:
    with ExitStack() as stack:
        contents = _given(by, path, lambda: stack.enter_context(open()))
        yield _each(by, path, contents)


def _read(by: str, path: str, read: Callable[[int], Rows], limit: int) -> Rows:
    return _given(by, path, lambda: _rows(read(limit)))


def _each(by: str, path: str, contents: Iterable[Content]) -> Iterator[Content]:
    """One after another. Raises Unread where the next one fails or is none."""
    left = _given(by, path, lambda: map(_content, contents))
    while (one := _given(by, path, lambda: next(left, None))) is not None:
        yield one


def _given(by: str, path: str, call: Callable[[], T]) -> T:
    """What a call gives. Raises Unread where it fails."""
    try:
        return call()
    except Unread:
        raise
    except FAULTS as error:
        raise Unread(Unseen("failed", path, _failed(by, error))) from error


def _content(one: Content) -> Content:
    if not isinstance(one, Content):
        raise TypeError("a content was expected")
    return one


def _rows(rows: Rows) -> Rows:
    import pyarrow as pa

    if not isinstance(rows, Rows) or not isinstance(rows.table, pa.Table):
        raise TypeError("rows were expected")
    if len(rows.columns) != rows.table.num_columns:
        raise ValueError("a column is not as it must be")
    return rows


@contextmanager
def _at_start(part: Part[Any]) -> Iterator[None]:
    """Errors of ours as they are, any other as BadInput."""
    try:
        yield
    except TongguanError:
        raise
    except FAULTS as error:
        raise BadInput(_failed(str(part.plugin), error)) from error


def _failed(by: str, error: BaseException) -> str:
    return f"the plug-in {by} failed: {type(error).__name__}"
