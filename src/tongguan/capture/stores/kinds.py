"""Kinds of stores: ours, and those of other packages by the scheme of their addresses."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol, runtime_checkable

from tongguan.capture.stores import addresses
from tongguan.capture.stores.addresses import Address, password_of
from tongguan.capture.stores.guests import GuestStore, guest_address
from tongguan.capture.stores.units import Store
from tongguan.registry import Kind, foreign

__all__ = ["STORES", "StoreKind", "open_store", "parse_address"]


@runtime_checkable
class StoreKind(Protocol):
    """A kind of store, under the scheme of its addresses: what they say, and the store at one of them."""

    def address(self, text: str, /) -> Address:
        """What an address says. Its name never holds a secret. Raises BadInput, which never repeats the text."""

    def open(self, address: Address, credentials: Path | None, /) -> Store:
        """For reading only. Raises BadInput, Missing (a driver), Unavailable."""


@dataclass(frozen=True, slots=True)
class _Ours:
    open: Callable[[Address, Path | None], Store]
    address: Callable[[str], Address] = addresses.parse_address


def _folder(address: Address, credentials: Path | None) -> Store:
    from tongguan.capture.stores.folders import FolderStore

    assert address.path is not None
    return FolderStore(address.path)


def _bucket(address: Address, credentials: Path | None) -> Store:
    from tongguan.capture.stores.objects import ObjectStore

    return ObjectStore(address)


def _duckdb(address: Address, credentials: Path | None) -> Store:
    from tongguan.capture.stores.embedded import FileStore

    return FileStore(address)


def _server(address: Address, credentials: Path | None) -> Store:
    from tongguan.capture.stores.databases import DatabaseStore

    return DatabaseStore(address, password_of(address, credentials))


def _any_database(address: Address, credentials: Path | None) -> Store:
    from tongguan.capture.stores.databases import ApartStore

    return ApartStore(address, password_of(address, credentials))


STORES: Final = Kind[StoreKind](
    "stores",
    StoreKind,
    {
        "folder": _Ours(_folder), "file": _Ours(_folder), "s3": _Ours(_bucket), "duckdb": _Ours(_duckdb),
        "sqlite": _Ours(_server), "postgresql": _Ours(_server), "postgres": _Ours(_server), "mysql": _Ours(_server),
        "mariadb": _Ours(_server), "database": _Ours(_any_database),
    },
)  # fmt: skip
"""By the kind of an address. Where there is none, a dialect of SQLAlchemy may know the scheme: `database`."""


def parse_address(text: str) -> Address:
    """As `addresses.parse_address`, or as another package reads addresses with its scheme. Raises BadInput."""
    scheme = addresses.scheme_of(text)
    if scheme and scheme not in STORES.ours:
        for part in foreign(STORES):
            if part.name == scheme:
                return guest_address(part, text)
    return addresses.parse_address(text)


def open_store(address: Address, credentials: Path | None = None) -> Store:
    """The store at an address, for reading only. `credentials`: a file of passwords by address.

    Raises BadInput, Missing (a driver), Unavailable.
    """
    if ours := STORES.ours.get(address.kind):
        return ours.open(address, credentials)
    return GuestStore(next(part for part in foreign(STORES) if part.name == address.kind), address, credentials)
