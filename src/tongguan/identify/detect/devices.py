"""Identifiers by which apps know a device: OAID, IDFA, Android ID and what else is one only behind its name.

They have no check digits and look like any other hexadecimal number, so that nothing but the label tells them. Forms:
UUIDs (OAID of most makers, IDFA, IDFV, advertising ids), 16 hexadecimal digits (Android ID), 32 to 64 (OAID of other
makers, CAID, OpenUDID, device fingerprints), 8 and 16 with a stroke between (UDID of newer iPhones).
"""

from __future__ import annotations

import re
from typing import Final

__all__ = ["device_id"]

_HEX: Final = "[0-9A-Fa-f]"
_FORM: Final = re.compile(
    rf"(?:(?:\d{{8}}_)?{_HEX}{{8}}-?(?:{_HEX}{{4}}-?){{3}}{_HEX}{{12}}|{_HEX}{{8}}-{_HEX}{{16}}"
    rf"|{_HEX}{{16}}|{_HEX}{{32,64}}|(?=[A-Za-z_-]*\d)(?=[0-9_-]*[A-Za-z])[0-9A-Za-z_-]{{24,64}})(?![0-9A-Za-z_-])"
)
_OF_NOBODY: Final = 3  # different characters at most: 00000000-0000-0000-0000-000000000000, where tracking is refused


def device_id(text: str, at: int, end: int, apart: bool) -> tuple[int, int, str, float] | None:
    """Start, end, value and score of what stands at a place behind a label, set apart from it by a sign."""
    found = _FORM.match(text, at, end) if apart else None
    if found is None:
        return None
    value = found.group().upper()
    signs = set(value) - {"-", "_"}
    if not any(map(str.isalpha, signs)) or not any(map(str.isdigit, signs)) or len(signs) <= _OF_NOBODY:
        return None
    return at, found.end(), value, 0.8
