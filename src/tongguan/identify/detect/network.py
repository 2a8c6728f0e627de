"""Addresses of the network: e-mail, IPv6, MAC."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator
from typing import Final

import numpy as np

from tongguan.identify.detect.characters import fold_text
from tongguan.identify.detect.kernels import SPAN_AT, SPAN_IPV6, SPAN_MAC
from tongguan.identify.detect.placeholders import is_for_documents, is_sample_login
from tongguan.identify.detect.shapes import series_in
from tongguan.identify.detect.view import Candidate, View

__all__ = ["find", "whole_ip"]

_DETECTOR: Final = "network"
_DOMAIN: Final = re.compile(
    r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*\.(?:xn--[a-z0-9-]{2,59}|[a-z]{2,24}(?![a-z]))"
)
_LEAD: Final = re.compile(r"[^A-Za-z0-9_+\uff10-\uff5a]+|.*[=/?&|'`{}]")  # RFC 5322 allows what nobody uses in front
_ODD: Final = frozenset(".-!#$%&'*+/=?^`{|}~")
_PLAIN: Final = frozenset("abcdefghijklmnopqrstuvwxyz0123456789._+-")
_NARROW: Final = str.maketrans("＠．－＿", "@.-_")
_PLACEHOLDERS: Final = frozenset({"00:00:00:00:00:00", "FF:FF:FF:FF:FF:FF"})
_MULTICAST: Final = 224  # first number of the addresses that name no single host, RFC 5771
_GROUPS, _RESERVED, _LINK = 0xFF, 0xFE, 0x80  # of IPv6: groups of hosts, and what is given to nobody before fe80::/10
_SHORTEST_BARE: Final = 9  # characters of an IPv4 address without a label
_FILES: Final = (".png", ".jpg", ".jpeg", ".gif", ".svg", ".webp", ".js", ".css", ".htm", ".html", ".php")  # a@2x.png


_FOURS: Final = np.array([[4, 4, 4]], np.uint8)
_DOTS: Final = np.array([[ord("."), ord(".")]], np.uint8)
_DOTTED: Final = re.compile(
    r"(?=[0-9.]*[a-f][0-9.]*[a-f]|[0-9.]*[A-F][0-9.]*[A-F])(?:[0-9a-f]{4}\.[0-9a-f]{4}\.[0-9a-f]{4}|[0-9A-F]{4}\.[0-9A-F]{4}\.[0-9A-F]{4})(?![\w.])"
)
"""A MAC address as Cisco writes it: with two letters at least, so that it is no fraction."""
_PAIRS_BEFORE: Final = re.compile(r":[0-9A-Fa-f]{2}:\s{1,8}\Z|[0-9A-Za-z]-\Z")
"""Before the last line of a longer run, as of a key; before the rest of something longer: 2021-09-21-09-21-51-42."""
_NO_START: Final = frozenset("._-/@")


def find(view: View) -> Iterator[Candidate]:
    """E-mail addresses around each @; MAC and IPv6 addresses by their groups."""
    reach = 0  # end of the last address of IPv6: what begins within it is none
    for what, start, end in view.tokens.spans.tolist():
        if what == SPAN_AT:
            if found := _email(view.text, start, end):
                yield found
        elif what == SPAN_MAC:
            value = view.text[start:end].upper().replace("-", ":")
            if value not in _PLACEHOLDERS and not _PAIRS_BEFORE.search(view.text, max(0, start - 12), start):
                yield Candidate(start, end, "mac", 0.9, "form", _DETECTOR, value)
        elif what == SPAN_IPV6 and start >= reach and (address := _address(view.text[start:end])):
            reach = end
            yield from _ipv6(view.text, start, end, address)
    tokens, _ = series_in(view.units, view.tokens, _FOURS, _DOTS)
    for start in view.tokens.start[tokens].tolist():
        dotted = _DOTTED.match(view.text, start)
        if dotted and not (start and view.text[start - 1] in _NO_START):
            value = dotted.group().upper().replace(".", "")
            yield Candidate(*dotted.span(), "mac", 0.8, "form", _DETECTOR, ":".join(re.findall("..", value)))


def _email(text: str, start: int, end: int) -> Candidate | None:
    written = text[start:end]
    value = written.lower() if written.isascii() else fold_text(written).translate(_NARROW).lower()
    at = value.index("@")
    domain = _DOMAIN.match(value, at + 1)
    if domain is None or value.endswith(_FILES):
        return None
    odd = value[0] in _ODD or not _PLAIN.issuperset(value[:at])
    if odd and (lead := _LEAD.match(written[: written.replace("＠", "@").index("@")])):
        start += lead.end()
        return _email(text, start, end) if text[start] not in "@＠" else None
    name = value[:at]
    if (name == "git" and text[end : end + 1] in (":", "/")) or _ALGORITHM.match(name):
        return None
    if ".." in name or name.endswith("."):
        return None
    if domain.end() < len(value):
        if len(value) != len(written):
            return None
        end = start + domain.end()
        value = value[: domain.end()]
    return Candidate(start, end, "email", 0.95, "form", _DETECTOR, value)


_ALGORITHM: Final = re.compile(
    r"(?:ssh|ecdsa|sk|rsa|hmac|umac|aes|chacha20|3des|arcfour|rijndael|curve25519|x25519|sntrup|kex|ext-info|zlib|hostkeys"
    r"|hostkey|auth-agent|webauthn|eow|no-more-sessions|posix-rename|fsync|statvfs|lsetstat|limits|expand-path)[-_\d]"
    r"[a-z\d_-]*\Z|[a-z\d-]+-cert-v\d\d\Z|zlib\Z|publickey-hostbound[-\w]*\Z"
)
"""Local parts of the names of algorithms and requests in SSH, which end in @ and a domain (RFC 4251, section 6)."""
_ZONE: Final = re.compile(r"%[A-Za-z0-9]{1,15}")
_PREFIX: Final = re.compile(r"/(\d{1,3})(?!\d)")


_METADATA: Final = frozenset({"169.254.169.254", "169.254.170.2"})  # where any machine of a cloud asks about itself
_OBJECT: Final = re.compile(r"(?:2\.5\.(?:4|8|13|21|29)|1\.3\.(?:6|14|36|101|132)|1\.2\.\d+)\.\d+[\"')]")
"""Object identifiers in quotes (ITU-T X.660): 2.5.29 of X.509, 1.3.101 of curves."""
_VERSION_BEHIND: Final = re.compile(
    r"-\d{1,3}(?![\d.])|-\d{1,2}[.+~](?!\d+\.\d)"  # of a package of Debian: (2.39.90.1-1)
    r"| NAME [\"'(]"  # an object identifier in a schema of LDAP (RFC 4512)
)
_CURVE: Final = re.compile(r"\.\d+[ ,-]-?\Z"), re.compile(r"[ ,-]-?\d*\.\d+[ ,.a-zA-Z-]")
"""Fractions before and behind: 1.58 1.23.82.72 1.21 of a drawing."""
_NAMED: Final = re.compile(r"[A-Za-z]-\Z")  # Sunlogin-11.0.0.33-RCE
_CURVE_BEHIND: Final = re.compile(r" 0 [01] [01][ .-]")  # arcs of SVG: a.75.75 0 1 0 0-1.5.75.75 0 0 0 0 1.5
_BLOCK_FOLLOWS: Final = re.compile(r"\d{1,4}::")
_LOGIN: Final = re.compile(r"://([^\s/:@\"'<>]{1,64}):([^\s/@\"'<>]{1,64})@\Z")


def _is_network(address: ipaddress.IPv4Address | ipaddress.IPv6Address, text: str, end: int) -> bool:
    """Whether a prefix length follows and the host's part is 0: a network is nobody's address."""
    prefix = _PREFIX.match(text, end)
    if not prefix or int(prefix[1]) >= address.max_prefixlen:  # /32 and /128 are one machine
        return False
    return int(address) & ((1 << (address.max_prefixlen - int(prefix[1]))) - 1) == 0


_PRODUCT: Final = re.compile(
    r"(?:[A-Za-z]/|(?:sdk|client|version|release|lib)-"
    r"|(?<![A-Za-z0-9_])[Vv]\.? ?|(?i:oid|identifier)\W{0,4}|(?<![\d.])\d*\.\d+[ ,-]|[A-Za-z0-9])\Z"
)
"""Before what is none: Chrome/4.10.32.241, 版本v10.4.32.24, ObjectIdentifier('1.3.101.110'), lines of drawings."""
_BEFORE_V4: Final = re.compile(r"(?<![A-Za-z0-9_:])(?:[0-9A-Fa-f]{0,4}:){2,6}\Z")
_PUBLIC: Final = frozenset({
    "8.8.8.8", "8.8.4.4", "1.1.1.1", "1.0.0.1", "9.9.9.9", "208.67.222.222", "208.67.220.220", "114.114.114.114",
    "114.114.115.115", "223.5.5.5", "223.6.6.6", "119.29.29.29", "182.254.116.116", "180.76.76.76", "101.226.4.6",
    "2001:4860:4860::8888", "2001:4860:4860::8844", "2606:4700:4700::1111", "2606:4700:4700::1001", "2400:3200::1",
    "2400:3200:baba::1", "2402:4e00::", "2400:da00::6666",
})  # fmt: skip
"""Public resolvers, which everybody asks: nobody's address."""


def whole_ip(text: str, start: int, end: int, value: str, sure: bool) -> tuple[int, str] | None:
    """Start and value of the address that an IPv4 address is or ends (::ffff:192.0.2.1), None where it is none.

    Without a label (`sure`) short ones are rather versions and chapters: 8.2.4.45.
    """
    if start and text[start - 1] == ":" and (before := _BEFORE_V4.search(text, max(0, start - 40), start)):
        try:
            address = ipaddress.IPv6Address(before.group() + value)
        except ValueError:
            pass
        else:
            nobodys = _is_network(address, text, end) or value.startswith(("0.", "127."))
            return None if nobodys else (before.start(), address.compressed)
    if (
        (value in _PUBLIC and not sure)
        or value.startswith(("0.", "127."))
        or int(value.partition(".")[0]) >= _MULTICAST
    ):
        return None
    if not sure and len(value) < _SHORTEST_BARE and not value.startswith("10."):
        return None
    if value in _METADATA or (not sure and _PRODUCT.search(text, max(0, start - 16), start)):
        return None
    if not sure and _is_example(text, start, end):
        return None
    if text[end : end + 1] == "/" and _is_network(ipaddress.IPv4Address(value), text, end):
        return None
    return start, value


def _is_example(text: str, start: int, end: int) -> bool:
    """Whether what looks like an address without a label is none, or the host of an example:
    scott:tiger@192.168.0.134."""
    if text[start - 1 : start] == "@" and (login := _LOGIN.search(text, max(0, start - 140), start)):
        return is_sample_login(login[1], login[2], text, start)
    if _CURVE[0].search(text, max(0, start - 8), start) and _CURVE[1].match(text, end, end + 12):
        return True
    if (
        text[end : end + 1] == "-"
        and text[end + 1 : end + 2].isalpha()
        and _NAMED.search(text, max(0, start - 2), start)
    ):
        return True
    behind = _VERSION_BEHIND.match(text, end, end + 12) or _CURVE_BEHIND.match(text, end, end + 8)
    return behind is not None or _OBJECT.match(text, start, end + 1) is not None


def _is_part(text: str, start: int, end: int) -> bool:
    """Whether what stands around an IPv6 address goes on as none does: 2001::25de::cade, 2001:db8::256.1.1.1."""
    before = text[max(0, start - 2) : start]
    if before.endswith(":") and (before[0] == ":" or before[0].isdigit()) and len(before) == 2:
        return True
    return text[end : end + 1] == "." and text[end + 1 : end + 2].isdigit()


def _is_no_address(text: str, start: int, end: int) -> bool:
    """Whether the groups are pairs throughout, a fingerprint's, or a number before a block of reStructuredText."""
    written = text[start:end]
    if all(len(group) == 2 for group in written.split(":")):
        return True
    return _BLOCK_FOLLOWS.fullmatch(written) is not None and text[end : end + 1] in ("", "\n", "\r")


def _address(written: str) -> ipaddress.IPv6Address | None:
    try:
        return ipaddress.IPv6Address(written)
    except ValueError:
        return None


def _ipv6(text: str, start: int, end: int, address: ipaddress.IPv6Address) -> Iterator[Candidate]:
    if _is_network(address, text, end) or address.compressed in _PUBLIC or _is_part(text, start, end):
        return
    if address.packed[0] == _GROUPS or (address.packed[0] == _RESERVED and address.packed[1] < _LINK):
        return
    if text[end : end + 1] == "%" and address.is_link_local and (zone := _ZONE.match(text, end)):
        end = zone.end()
    if _is_no_address(text, start, end) or _is_example(text, start, end):
        return
    if not address.is_loopback and not address.is_unspecified:
        worth, ground = (0.6, "documentation") if is_for_documents(address.compressed) else (0.85, "form")
        yield Candidate(start, end, "ip", worth, ground, _DETECTOR, address.compressed)
