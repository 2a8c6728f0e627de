"""What is kept of a value: a keyed hash, and a sample of which most is hidden."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping
from typing import Final

__all__ = ["Hasher", "mask"]

_SIZE: Final = 16  # bytes of a digest
_LONGEST_KEY: Final = 64  # of BLAKE2b


class Hasher:
    """BLAKE2b (RFC 7693) keyed by the workspace and set apart by type: equal values of a type, equal digests."""

    def __init__(self, key: bytes, types: Iterable[str]) -> None:
        if not key:
            raise ValueError("a key of at least one byte was expected")
        if len(key) > _LONGEST_KEY:
            key = hashlib.blake2b(key).digest()
        self._fresh: Mapping[str, hashlib.blake2b] = {
            type: hashlib.blake2b(type.encode() + b"\x00", digest_size=_SIZE, key=key) for type in types
        }

    def digest(self, type: str, value: str) -> bytes:
        """16 bytes."""
        state = self._fresh[type].copy()
        state.update(value.encode("utf-8", "surrogatepass"))
        return state.digest()


def _ends(first: int, last: int) -> Callable[[str], str]:
    """Keep so many characters at either end, but never more than half of a value."""

    def show(value: str) -> str:
        size = len(value)
        if size < 2 * (first + last):
            return _short(value)
        return value[:first] + "*" * (size - first - last) + value[size - last :]

    return show


def _short(value: str) -> str:
    return value[:1] + "*" * max(1, len(value) - 1) if len(value) > 2 else "*" * len(value)


def _name(value: str) -> str:
    return value[:1] + "*" * max(1, len(value) - 1)


def _email(value: str) -> str:
    name, _, domain = value.partition("@")
    return f"{name[:1]}***@{domain}"


def _ip(value: str) -> str:
    sign = "." if "." in value else ":"
    parts = value.split(sign)
    return sign.join([*parts[:2], *("*" * len(parts[2:]))])


def _hidden(value: str) -> str:
    return "*" * 6


_MASKS: Final[Mapping[str, Callable[[str], str]]] = {
    "person_name": _name,
    "email": _email,
    "ip": _ip,
    "credential": _hidden,
    "income": _hidden,
    "address": _ends(6, 0),
    "phone": _ends(3, 2),
    "id_card": _ends(3, 2),
    "bank_card": _ends(3, 4),
    "organisation": _ends(2, 2),
    "uscc": _ends(4, 2),
    "birth_date": lambda value: value[:4] + "-**-**",
}
_DEFAULT: Final = _ends(2, 2)


def mask(type: str, value: str) -> str:
    """A sample that shows the form of a normalised value and not the value."""
    return _MASKS.get(type, _DEFAULT)(value)
