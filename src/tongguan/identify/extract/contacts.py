"""Contacts, calendars and directories: lines of `name;parameters:value`, folded, and encoded each in its own way.

vCard 2.1, 3.0 (RFC 2426) and 4.0 (RFC 6350), iCalendar (RFC 5545), LDIF (RFC 2849). Phones write vCard 2.1, with
Chinese names in quoted-printable. Names and addresses are put together from their parts, and what a property is called
is written out, so that what it holds is recognised.
"""

from __future__ import annotations

import binascii
import quopri
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np

from tongguan.identify.extract.encoding import decode
from tongguan.identify.pieces import Piece

__all__ = ["Contacts", "is_contacts", "read"]

_BEGINS: Final = re.compile(
    r"\ufeff?\s*+(?:BEGIN:V(?:CARD|CALENDAR)[ \t]*\r?\n"
    r"|(?:(?:#|version:)[^\n]*+\n\s*+)*+dn::? ?\S[^\n]*\n[A-Za-z])",
    re.IGNORECASE,
)
_FOLD: Final = re.compile(r"\r?\n[ \t]")
_QUOTED: Final = re.compile(r"(?i)^[^:\n]*;(?:ENCODING=)?QUOTED-PRINTABLE[^:\n]*:(?:[^\n]*=[ \t]*\r?\n)+", re.MULTILINE)
_SOFT: Final = re.compile(r"=[ \t]*\r?\n")
_LINE: Final = re.compile(
    r"(?:[\w-]+\.)?([A-Za-z][\w-]*)((?:;[^;:\"]*(?:\"[^\"]*\"[^;:\"]*)*)*):(:?)[ \t]*(.*)", re.DOTALL
)
_CHARSET: Final = re.compile(r"CHARSET=\"?([\w-]+)", re.IGNORECASE)
_COMMON_NAME: Final = re.compile(r";CN=(?:\"([^\"]*)\"|([^;:\"]*))", re.IGNORECASE)
_RECORD: Final = re.compile(r"(?i)BEGIN:V(?:CARD|EVENT|TODO|JOURNAL)|dn:")
_HAN: Final = re.compile(r"[\u3400-\u9fff]")
_ESCAPED: Final = re.compile(r"\\(.)", re.DOTALL)
_CALLED: Final = {
    "fn": "full name", "n": "name", "cn": "full name", "displayname": "full name", "sn": "surname",
    "tel": "tel", "telephonenumber": "tel", "mobile": "mobile", "homephone": "tel", "facsimiletelephonenumber": "fax",
    "email": "email", "mail": "email", "adr": "address", "label": "address", "postaladdress": "address",
    "homepostaladdress": "address", "street": "address", "streetaddress": "address", "bday": "date of birth",
    "org": "company", "title": "job title", "userpassword": "password", "employeenumber": "employee no",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Contacts:
    """A text of contacts as lines of `what it is: value`, one record each, and what else lies in it."""

    piece: Piece
    blobs: list[bytes]  # pictures, sounds, keys
    lost: int  # values that could not be decoded


def is_contacts(text: str) -> bool:
    """Whether a text begins as one of these."""
    return _BEGINS.match(text, 0, 8192) is not None


def read(text: str, member: str | None) -> Contacts:
    """The text of a file, or of a stretch of one that `is_contacts`."""
    out: list[str] = []
    starts: list[int] = []
    blobs: list[bytes] = []
    size = lost = 0
    for line in _lines(text):
        if _RECORD.match(line):
            starts.append(size)
        try:
            told = _told(line, blobs)
        except ValueError:
            told, lost = "", lost + 1
        if told:
            out.append(told)
            size += len(told) + 1
    records = np.array([0, *(start for start in starts if start)], np.int64)
    return Contacts(Piece("\n".join(out) + "\n", member, "form", np.unique(records)), blobs, lost)


def _lines(text: str) -> Iterator[str]:
    """Lines as they were before they were folded."""
    whole = _FOLD.sub("", _QUOTED.sub(lambda found: _SOFT.sub("", found.group()), text))
    return (line.rstrip("\r") for line in whole.split("\n"))


def _told(line: str, blobs: list[bytes]) -> str:
    """One property as it is read by people; raises ValueError where it cannot be decoded."""
    found = _LINE.match(line)
    if not found:
        return line
    name, parameters, double, raw = found[1].lower(), found[2], found[3], found[4]
    value = _decoded(parameters, double, raw)
    if isinstance(value, bytes):
        blobs.append(value)
        return ""
    if name in ("n", "adr", "org"):
        value = _joined(name, re.split(r"(?<!\\);", value))
    value = _ESCAPED.sub(lambda escaped: "\n" if escaped[1] in "nN" else escaped[1], value)
    person = _COMMON_NAME.search(parameters)
    who = f"name: {person[1] or person[2]}, " if person else ""
    return f"{who}{_CALLED.get(name, name)}: {value}" if value else who.removesuffix(", ")


def _decoded(parameters: str, double: str, raw: str) -> str | bytes:
    """The value of a property: text, or bytes that are none."""
    upper = parameters.upper()
    if "QUOTED-PRINTABLE" in upper:
        data = quopri.decodestring(raw.encode("utf-8", "replace"))
    elif double or "ENCODING=B" in upper or ";BASE64" in upper:
        data = binascii.a2b_base64(re.sub(r"\s", "", raw))
    elif raw.startswith("data:") and ";base64," in raw[:80]:
        data = binascii.a2b_base64(raw.partition(",")[2])
    else:
        return raw
    charset = _CHARSET.search(parameters)
    text = decode(data, charset[1] if charset else None) if data else None
    if text is None or text.unreadable:
        return data
    return text.text


def _joined(name: str, parts: list[str]) -> str:
    """Parts of a name, an address or an organisation in the order in which they are written."""
    parts = [part.strip() for part in parts]
    if name == "org":
        return " ".join(filter(None, parts))
    han = any(_HAN.search(part) for part in parts)
    padded = [*parts, *[""] * 7][:7]
    if name == "n":
        family, given, more, before, behind = padded[:5]
        return f"{family}{given}{more}" if han else " ".join(filter(None, (before, given, more, family, behind)))
    box, room, street, town, region, code, country = padded
    if han:
        return f"{country}{region}{town}{street}{room}" + (f" {code}" if code else "")
    return ", ".join(filter(None, (room, street, town, f"{region} {code}".strip(), country, box)))
