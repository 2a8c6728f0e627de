"""Addresses of the network: e-mail, IPv6, MAC."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator
from typing import Final

from tongguan.identify.detect.characters import fold_text
from tongguan.identify.detect.kernels import SPAN_AT, SPAN_MAC
from tongguan.identify.detect.view import Candidate, View

__all__ = ["find"]

_DETECTOR: Final = "network"
_ZERO_WIDTH: Final = "\u200b-\u200f\u2060\ufeff\u00ad"
_WORD: Final = "A-Za-z0-9\uff10-\uff19\uff21-\uff3a\uff41-\uff5a" + _ZERO_WIDTH
_LOCAL: Final = re.compile(rf"[{_WORD}!#$%&'*+/=?^_`{{|}}~.\uff0e\uff3f-]{{1,80}}$")  # RFC 5322 atoms and dots
_DOMAIN: Final = re.compile(rf"[{_WORD}](?:[{_WORD}-]*[{_WORD}])?(?:[.\uff0e][{_WORD}](?:[{_WORD}-]*[{_WORD}])?)+")
_LEAD: Final = re.compile(r"^[^A-Za-z0-9_+]+|^[^@]*[=/?&|']")  # signs that RFC 5322 allows and nobody uses in front
_PLACEHOLDERS: Final = frozenset({"00:00:00:00:00:00", "FF:FF:FF:FF:FF:FF"})
_FILE: Final = re.compile(r"\.(?:png|jpe?g|gif|svg|webp|js|css|html?|php|json|py|sh)$", re.IGNORECASE)  # logo@2x.png


def find(view: View) -> Iterator[Candidate]:
    """E-mail addresses around each @; MAC and IPv6 addresses by their groups."""
    for what, start, end in view.tokens.spans.tolist():
        if what == SPAN_AT:
            yield from _email(view.text, start)
        elif what == SPAN_MAC:
            value = view.text[start:end].upper().replace("-", ":")
            if value not in _PLACEHOLDERS:
                yield Candidate(start, end, "mac", 0.9, "form", _DETECTOR, value)
        else:
            yield from _ipv6(view.text, start, end)


def _email(text: str, at: int) -> Iterator[Candidate]:
    domain = _DOMAIN.match(text, at + 1, at + 254)
    local = _LOCAL.search(text, max(0, at - 80), at)
    if domain is None or local is None:
        return
    start, end = local.start(), domain.end()
    lead = _LEAD.match(local.group())
    if lead is not None:
        start += lead.end()
    value = fold_text(text[start:end]).replace("＠", "@").replace("．", ".").lower()
    name, _, host = value.partition("@")
    last = host.rpartition(".")[2]
    if not name or name.startswith(".") or ".." in name or not last.isalpha() or not 2 <= len(last) <= 24:
        return
    if _FILE.search(host):
        return
    yield Candidate(start, end, "email", 0.95, "form", _DETECTOR, value)


def _ipv6(text: str, start: int, end: int) -> Iterator[Candidate]:
    try:
        address = ipaddress.IPv6Address(text[start:end])
    except ValueError:
        return
    if not address.is_loopback and not address.is_unspecified:
        yield Candidate(start, end, "ip", 0.85, "form", _DETECTOR, address.compressed)
