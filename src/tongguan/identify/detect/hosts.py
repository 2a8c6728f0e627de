"""Addresses of the network that a program, a manual or the plan of a network holds: a machine's, hardly a person's.

An address of IP is personal data where it says who did something: in a log, a record, a form, a message. The constants
of programs and their tests, the examples of manuals, `http://10.0.0.7:8080/` and `netmask` name machines. No rule tells
for certain, so such an address is not dropped: it scores `_DOUBTFUL`, with its reason, which is below what is counted.

For a person speaks: a line of a log, a cell under a label, a value of a person in the same line. For a machine: a word
of networks right before it, the form of a URL or of a network (a prefix length), and lines around it that are those
of a program or a manual. Never the name or place of a file.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from itertools import islice
from typing import Final

import numpy as np
from numpy.typing import NDArray

from tongguan.identify.detect.placeholders import is_for_documents
from tongguan.identify.detect.view import BREAK, Candidate, View

__all__ = ["weigh"]

_DOUBTFUL: Final = 0.3
_TYPES: Final = frozenset({"ip", "mac"})
_PERSONS: Final = frozenset({
    "person_name", "phone", "id_card", "bank_card", "passport", "email", "username", "credential", "imei", "imsi",
    "wechat",
})  # fmt: skip
_BESIDE: Final = 4  # findings before and behind that are looked at
_LINES: Final = {"credential": 3, "username": 2}  # ends of line between it and an address, none for others
_LINE: Final = 160  # characters of a line that are looked at to either side
_WORDS: Final = 64  # characters before an address in which words of networks are looked for
_NAMED: Final = 40  # of them those of the last two words
_BLOCK: Final = 4096  # characters that are judged together
_AROUND: Final = 512  # characters beside a block that are looked at as well
_ENOUGH: Final = 3  # lines of a program
_SHARE: Final = 8  # at least one line in so many

_BEGINS: Final = re.compile(
    r"[\W_]{0,3}(?:<\d{1,3}>)?(?:1 )?\W{0,2}"
    r"(?:\d{4}[-/年.]\d{1,2}[-/月.]\d{1,2}|\d{1,2}[/ -][A-Z][a-z]{2}[/ -]\d{4}"
    r"|(?:[A-Z][a-z]{2},? ){1,2} ?\d{1,2} \d\d:|\d{10}[ .]"
    r"|\d{1,2}:\d\d(?::\d\d)?[ ,.\]])"
    r"|[\[(]?(?:\d{1,3}(?:\.\d{1,3}){3}|[0-9a-fA-F:]{3,39})[\])]? (?:- |\S+ \S+ \[)"
)
"""How a line of a log, a chat or a journal begins: with its time, or in the common log format of web servers."""
_HAPPENED: Final = re.compile(r"\d{4}[-/]\d\d[-/]\d\d[T ]\d\d:\d\d|(?<!\d)\d\d:\d\d:\d\d(?![\d:])|\w\[\d+\]: ")
"""A time, or a process with its number, anywhere before it."""

_PROGRAM: Final = re.compile(
    r"\n[ \t]*(?:\"(?:\"\"|[^\n]*\\n\",?\n)|(?![{\d<\"\n])(?:"  # records, rows and markup begin otherwise
    # Python, and what other languages share with it
    r"def \w+\(|async def |class \w+(?:[(:{]| \{|\n)|import [\w{*]|from [\w.]+ import|assert\w*[ (]|return(?:;| \S|\n)"
    r"|elif |except[ :]|raise |(?:with|if|for|while) [^\n]*[:{]\n|else:\n|try:\n"
    r"|self\.\w|@\w+[\w.]*(?:\(|\n)|>>> |\x27\x27\x27"
    r"|\w+ = \w+\(|[A-Za-z_][\w.]*\([^\n]*[(,)\[{][,;]?\n|\((?!NULL|null)[A-Za-z_]\w*, |\x27[^\n]*\\n\x27,?\n"
    r"|\x27[\w-]+\x27: "
    # C, Java, Go, JavaScript, Rust, PHP
    r"|#\s?(?:include|define|ifn?def|endif)|(?:public|private|protected|static|final|const|let|var|func|fn|function|package"
    r"|namespace|using|struct|export|type|impl|pub) \w|\}?\)[;,]?\n|\};\n|\} else|// |/\*|\* @|\*/|\w+ := "
    r"|(?!INSERT|insert|VALUES|REPLACE|[(\d\x27\"<{])[^\n\u4e00-\u9fff]*;\n|[^\n\"\u4e00-\u9fff]*[\w)=(>] ?\{\n"
    # shells and plain configurations
    r"|#!/|fi\n|done\n|esac\n|echo |then\n|[$#] [a-z]|[a-z][a-z0-9_.-]*:\n"
    # manual pages, reStructuredText, Markdown
    r"|[.\x27](?:SH|SS|TP|PP|IP|B|I|BR|RS|RE|nf|fi|br|sp|Pp|It|El|Dl|Sh|Nm|Xr|Fl|Ar|Cm)\b|\.\. [\w-]+::|[^\n]*::\n"
    r"|`{3}|:\w+:`"
    r"))"
)
"""Beginnings and ends of lines that programs and manuals have, and records, dumps and letters have not."""

_SIGNS: Final = " \t:=>([{,\"'`"
"""Between the name of a thing and its address."""
_MOST_SIGNS: Final = 8
_NAMES: Final = re.compile(r"(?:[A-Za-z][A-Za-z0-9-]{0,15} )?[A-Za-z_][\w-]{1,30}\Z")
_URL: Final = re.compile(r"[A-Za-z][A-Za-z0-9+]{1,11}://(?:[^\s/@\"'<>]{0,64}@)?\[?\Z")  # a server's
_PREFIXED: Final = re.compile(r"(?<![A-Za-z0-9_])[bruf]{1,2}[\"']\Z")  # the quote of a literal: b"…"
_MACHINE: Final = re.compile(
    r"(?:[A-Za-z0-9]+[ _-])?(?<!remote[ _-])(?<!client[ _-])(?<!user[ _-])(?<!login[ _-])(?<!source[ _-])"
    r"(?:gateways?|gw|netmask|mask|subnets?|broadcast|bcast|dns|name_?servers?|resolvers?|cidr|networks?|routes?|router|via"
    r"|next_?hop|v?nic|vip|vlan|nat|snat|dnat|bind|listen\w*|upstream|backends?|endpoints?|brokers?|bootstrap|cluster\w*"
    r"|nodes?|servers?|hosts?|hostnames?|masters?|slaves?|replicas?|bridge|interface|inet6?|multicast|loopback|tunnel"
    r"|proxy|ssh|scp|ping6?|telnet|nslookup|dig|curl|wget|nc|traceroute|rsync|nmap|floating\w*|fixed\w*|elastic\w*|private\w*"
    r"|load_?balancer\w*|virtual\w*|docker|pod\w*|ntp|tftp|dhcp|snmp|ldap|smtp)"
    r"[ _-]?(?:ip|ips|addr|address|addresses|v4|v6|ipv4|ipv6|host|name|range|list)?s?"
    r"(?:[ _-]?(?:ip|addr|address|v4|v6|\d))?",
    re.IGNORECASE,
)
"""What names a thing of the network rather than somebody, by itself or as the last of two words."""
_MACHINE_BEHIND: Final = re.compile(r"(?:/\d{1,3})? (?:via|dev|scope|proto) [A-Za-z0-9]")  # a route
_LABELLED: Final = re.compile(r"(?i:ip|ip address): ?\Z")  # in words: Server IP: 81.2.69.144
_PREFIX: Final = re.compile(r"/(\d{1,3})(?![\d.])")
_HAN: Final = re.compile("[\u4e00-\u9fff]")

_PRIVATE: Final = re.compile(r"10\.|192\.168\.|172\.(?:1[6-9]|2\d|3[01])\.|169\.254\.|(?i:fe80|f[cd]|ff)[0-9a-fA-F:]")
_HOST: Final = re.compile(
    r"(?:host|server|addr(?:ess)?|ip|node|peer|remote|client)\w{0,8}\s?=\s?[bruf]{0,2}[\"']\Z", re.I
)
_LITERAL: Final = re.compile(r"[(\[,{=]\s{0,24}[bruf]{0,2}[\"']\Z")

_MACHINES: Final = (
    "netmask", "gateway", "subnet", "vlan", "cidr", "dns1", "nic", "virtualmachine", "virtual_machine", "instance",
    "hypervisor", "datacenter", "data_center", "cluster", "imageid", "image_id", "image_ref", "flavor", "memory",
    "cpu", "loadbalancer", "load_balancer", "vpc", "macaddr", "mac_addr", "container", "isdefault", "is_default",
    "networkid", "network_id", "zone", "node", "server", "firewall", "dhcp", "router", "hostname", '"port', '"ttl',
    "pool",
)  # fmt: skip
_EVENTS: Final = (
    "user", "login", "log_in", "session", "account", "customer", "client", "visitor", "member", "email", "e-mail",
    "phone", "mobile", "browser", "referer", "referrer", "remoteaddr", "remote_addr", "remote_ip", "remoteip", '"src',
    "source_ip", "sourceip", "forwarded", "geo", "nick", "realname", "real_name", "passenger", "patient", "buyer",
    "order", "timestamp", '"ts"', '"time"',
)  # fmt: skip
"""Words of what persons do: where they stand an address may be theirs."""
_KINDS: Final = 4  # different words of machines


def weigh(view: View, candidates: list[Candidate]) -> list[Candidate]:
    """Candidates in order of start, those of them doubtful that are rather addresses of machines."""
    places = [place for place, one in enumerate(candidates) if one.type in _TYPES]
    if not places:
        return candidates
    weighed = list(candidates)
    starts = np.array([candidates[place].start for place in places], np.int64)
    judged: dict[tuple[int, int], str] = {}
    for place, in_cell, piece in zip(places, _in_cells(view, starts), _pieces(view, starts), strict=True):
        one = candidates[place]
        if in_cell or _is_logged(view.text, one):
            continue
        reason = (one.type == "ip" and _reason(view.text, one)) or _around(view.text, one.start, piece, judged)
        if reason and not _is_told(view.text, candidates, place):
            weighed[place] = one._replace(score=_DOUBTFUL, validator=reason)
    return weighed


def _in_cells(view: View, starts: NDArray[np.int64]) -> list[bool]:
    """Whether each address stands in a column whose name says what it holds."""
    if not len(view.cells):
        return [False] * len(starts)
    row = np.searchsorted(view.cells[:, 0], starts, side="right") - 1
    inside = (row >= 0) & (starts < view.cells[row, 1]) & (view.cells[row, 2] >= 0)
    return inside.tolist()  # type: ignore[no-any-return]


def _pieces(view: View, starts: NDArray[np.int64]) -> list[tuple[int, int]]:
    """Where the piece of each address begins and ends."""
    ends = np.append(view.breaks, len(view.text))
    begins = np.append(0, view.breaks + len(BREAK) - 1)
    piece = np.searchsorted(view.breaks, starts)
    return list(zip(begins[piece].tolist(), ends[piece].tolist(), strict=True))


def _is_logged(text: str, one: Candidate) -> bool:
    """Whether the line begins as those of logs do."""
    low = max(0, one.start - _LINE)
    line = max(text.rfind("\n", low, one.start) + 1, low)
    return _BEGINS.match(text, line, one.end + 8) is not None


def _is_told(text: str, candidates: Sequence[Candidate], place: int) -> bool:
    """Whether something says that somebody was there: a time before it in its line, a person's value beside it, or a
    user or a password within some lines, which makes a way in."""
    one = candidates[place]
    low = max(0, one.start - _LINE)
    if _HAPPENED.search(text, max(text.rfind("\n", low, one.start) + 1, low), one.start):
        return True
    near = (*reversed(candidates[max(0, place - _BESIDE) : place]), *candidates[place + 1 : place + 1 + _BESIDE])
    for other in near:
        gap = text[other.end : one.start] if other.start < one.start else text[one.end : other.start]
        if len(gap) <= _LINE and other.type in _PERSONS and gap.count("\n") <= _LINES.get(other.type, 0):
            return True
    return False


def _reason(text: str, one: Candidate) -> str:
    """Why an address is doubtful by what stands directly beside it, or nothing."""
    if text[one.end : one.end + 1] in ("'", '"') and _is_literal(text, one.start, one.end):
        return "program"
    if not _is_of_machine(text, one) or _HAN.search(text, max(0, one.start - _WORDS), one.end + _WORDS):
        return ""  # what is told in Chinese is told by somebody
    return "machine"


def _is_of_machine(text: str, one: Candidate) -> bool:
    """Whether a word of networks stands before it, or it ends a URL's scheme, a route or a network."""
    before = text[max(0, one.start - _WORDS) : one.start]
    if "://" in before and _URL.search(before):
        return True
    if text[one.end : one.end + 1] in ("/", " "):
        prefix = _PREFIX.match(text, one.end)
        if (prefix and int(prefix[1]) < (128 if ":" in one.value else 32)) or _MACHINE_BEHIND.match(text, one.end):
            return True
    if before[-1:] in ("'", '"') and (literal := _PREFIXED.search(before)):
        before = before[: literal.start()]
    names = before.rstrip(_SIGNS)
    if not 0 < len(before) - len(names) <= _MOST_SIGNS or _LABELLED.search(before):
        return False
    return _names_machine(names[-_NAMED:].rpartition('"')[2].rpartition("'")[2].rpartition("\n")[2])


@lru_cache(maxsize=4096)
def _names_machine(before: str) -> bool:
    """Whether the one or two words that end a text name a thing of the network."""
    names = _NAMES.search(before)
    return names is not None and (
        _MACHINE.fullmatch(names.group()) is not None
        or _MACHINE.fullmatch(names.group().rpartition(" ")[2]) is not None
    )


def _is_literal(text: str, start: int, end: int) -> bool:
    """Whether a program holds it as a literal, and it is private (RFC 1918, 3927, 4193, 4291), for manuals, or not
    given out (all of IPv6 but 2000::/3, IANA)."""
    written = text[start:end]
    nobodys = _PRIVATE.match(written) or is_for_documents(written) or (":" in written and written[0] not in "23")
    if not nobodys:
        return False
    before = max(0, start - 30)
    return _LITERAL.search(text, before, start) is not None and not _HOST.search(text, before, start)


def _around(text: str, start: int, piece: tuple[int, int], judged: dict[tuple[int, int], str]) -> str:
    """Why an address is doubtful by the lines around it; judged once for each block of its piece."""
    begin, end = piece
    block = begin + (start - begin) // _BLOCK * _BLOCK
    span = max(begin, block - _AROUND), min(end, block + _BLOCK + _AROUND)
    if span not in judged:
        judged[span] = _surroundings(text, *span)
    return judged[span]


def _surroundings(text: str, low: int, high: int) -> str:
    """What the lines of a stretch of text are: "program" for those of a program or a manual, "machine" for records of
    machines."""
    wanted = max(_ENOUGH, -(-text.count("\n", low, high) // _SHARE))
    if next(islice(_PROGRAM.finditer(text, low, high), wanted - 1, None), None):
        return "program"
    part = text[low:high]
    words = part.lower()
    if sum(word in words for word in _MACHINES) < _KINDS or any(word in words for word in _EVENTS):
        return ""
    return "" if _HAN.search(part) else "machine"
