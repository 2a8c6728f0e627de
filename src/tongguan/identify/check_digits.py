"""Check digits that an own data type may name. Values come as ASCII capitals and digits, without signs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

__all__ = ["CHECKS"]


def _luhn(value: str) -> bool:
    """ISO/IEC 7812-1 annex B."""
    if not value.isdigit():
        return False
    digits = [int(c) for c in reversed(value)]
    return sum(sum(divmod(d * (1 + place % 2), 10)) for place, d in enumerate(digits)) % 10 == 0


def _mod_11_2(value: str) -> bool:
    """ISO/IEC 7064, MOD 11-2: digits, the last may be X."""
    if len(value) < 2 or not value[:-1].isdigit() or value[-1] not in "0123456789X":
        return False
    rest = 0
    for c in value[:-1]:
        rest = (rest + int(c)) * 2 % 11
    return (rest + (10 if value[-1] == "X" else int(value[-1]))) % 11 == 1


def _mod_11_10(value: str) -> bool:
    """ISO/IEC 7064, MOD 11,10."""
    if len(value) < 2 or not value.isdigit():
        return False
    rest = 10
    for c in value[:-1]:
        rest = ((rest + int(c)) % 10 or 10) * 2 % 11
    return (rest + int(value[-1])) % 10 == 1


def _mod_97_10(value: str) -> bool:
    """ISO/IEC 7064, MOD 97-10: letters count from A = 10."""
    if len(value) < 3 or not (value.isascii() and value.isalnum()):
        return False
    return int("".join(str(int(c, 36)) for c in value)) % 97 == 1


CHECKS: Mapping[str, Callable[[str], bool]] = MappingProxyType(
    {"luhn": _luhn, "mod-11-2": _mod_11_2, "mod-11-10": _mod_11_10, "mod-97-10": _mod_97_10}
)
"""Checks by the names that packs use."""
