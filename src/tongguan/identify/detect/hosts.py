"""Addresses of the network that a program, a manual or the plan of a network holds: a machine's, hardly a person's.

An address of IP is personal data where it says who did something: in a log, a record, a form, a message. The constants
of programs and their tests, the examples of manuals, `http://10.0.0.7:8080/` and `netmask` name machines. No rule tells
for certain, so such an address is not dropped: it scores `DOUBTFUL`, with its reason, which is below what is counted.

For a person speaks: a line of a log, a cell under a label, a value of a person in the same line. For a machine: a word
of networks right before it, the form of a URL or of a network (a prefix length), and lines around it that are those
of a program or a manual. Never the name or place of a file.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from tongguan.identify.detect.placeholders import is_for_documents
from tongguan.identify.detect.surroundings import DOUBTFUL, Surroundings, speaks_of_persons
from tongguan.identify.detect.view import Candidate, View

__all__ = ["weigh"]

_TYPES: Final = frozenset({"ip", "mac"})
_PERSONS: Final = frozenset({
    "person_name", "phone", "id_card", "bank_card", "passport", "email", "username", "credential", "imei", "imsi",
    "device_id", "wechat",
})  # fmt: skip
_BESIDE: Final = 4  # findings before and behind that are looked at
_LINES: Final = {"credential": 3, "username": 2}  # ends of line between it and an address, none for others
_LINE: Final = 160  # characters of a line that are looked at to either side
_WORDS: Final = 64  # characters before an address in which words of networks are looked for
_NAMED: Final = 40  # of them those of the last two words

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

_SIGNS: Final = " \t:=>([{,\"'`"
"""Between the name of a thing and its address."""
_MOST_SIGNS: Final = 8
_NAMES: Final = re.compile(r"(?:[A-Za-z][A-Za-z0-9-]{0,15} )?[A-Za-z_][\w-]{1,30}\Z")
_URL: Final = re.compile(
    r"(?:[A-Za-z][A-Za-z0-9+]{1,11}://|[\"'](?:sips?|udp|tcp|tls|turn|stun):)(?:[^\s/@\"'<>]{0,64}@)?\[?\Z"
)  # a server's
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
_MACHINE_BEHIND: Final = re.compile(
    r"(?:/\d{1,3})? (?:(?:via|dev|scope|proto) [A-Za-z0-9]|255\.2\d\d\.)"  # a route, a mask
    r"|[ \t]+[\w-]+\.(?:test|local|example|internal|lan|localdomain)(?![\w.-])"  # a line of /etc/hosts
)
_ZONE: Final = re.compile(r"(?:\t(?:A|AAAA|a|aaaa)|[ \t](?:IN|in)[ \t]+(?:A|AAAA|a|aaaa)|\d[ \t]+(?:A|AAAA))[ \t]+\Z")
"""Before the address of a host in a zone of the DNS (RFC 1035, section 5)."""
_LABELLED: Final = re.compile(r"(?i:ip|ip address): ?\Z")  # in words: Server IP: 81.2.69.144
_PREFIX: Final = re.compile(r"/(\d{1,3})(?![\d.])")
_HAN: Final = re.compile("[\u4e00-\u9fff]")

_PRIVATE: Final = re.compile(r"10\.|192\.168\.|172\.(?:1[6-9]|2\d|3[01])\.|169\.254\.|(?i:fe80|f[cd]|ff)[0-9a-fA-F:]")
_HOST: Final = re.compile(
    r"(?:host|server|addr(?:ess)?|ip|node|peer|remote|client)\w{0,8}\s?=\s?[bruf]{0,2}[\"']\Z", re.I
)
_EXAMPLE: Final = re.compile(
    r"(?:例[如：:]|例えば|예[:：)]|(?i:(?<![\w.-])examples?\b|e\.g\.|пример|ejemplo|exemple|exemplo|beispiel"
    r"|z\. ?b\.|p\. ?ej\.))[^\n]{0,60}\Z"
)
_PARTS: Final = ("例", "예", "xampl", "e.g", "ример", "jempl", "xempl", "eispi", "b.", "ej.")  # one is in each of these
_OBJECT: Final = re.compile(r"[A-Za-z]\.\Z")
_SETTING: Final = re.compile(
    r"[ \t]*(?:[A-Za-z][\w.-]{1,30}(?:[ \t]*[=:]|[ \t])[ \t]*)?[0-9a-fA-F.:]{4,39}(?:/\d{1,3})?[ \t;]*(?:[\r\n#,]|\Z)"
)
_VIRTUAL: Final = ("52:54:00", "00:0C:29", "00:50:56", "00:05:69", "08:00:27", "00:16:3E", "00:15:5D", "02:42:")
"""Of machines within machines: QEMU, VMware, VirtualBox, Xen, Hyper-V, Docker (IEEE's registry, their manuals)."""
_NEARBY: Final = 200  # characters
_SPAN: Final = re.compile(r"(?<!`)`[^`\n]*\Z")  # of Markdown
_CALLED: Final = re.compile(r"[ \t]*[A-Za-z_.$][\w.$]*(?:[ (=][^\n]{0,120}?)?[\"\x27]")
"""Before what a command or a call is given in quotes."""
_LITERAL: Final = re.compile(r"[(\[,{=]\s{0,24}[bruf]{0,2}[\"']\Z")


def weigh(view: View, candidates: list[Candidate], types: Sequence[str], around: Surroundings) -> list[Candidate]:
    """Candidates in order of start, of these types, those of them doubtful that are rather addresses of machines."""
    places = [place for place, type in enumerate(types) if type in _TYPES]
    if not places:
        return candidates
    weighed = list(candidates)
    starts = np.array([candidates[place].start for place in places], np.int64)
    for place, in_cell in zip(places, _in_cells(view, starts), strict=True):
        one = candidates[place]
        if in_cell or (_is_logged(view.text, one) and not _is_shown(view.text, one, around)):
            continue
        if (reason := _reason(view.text, one, around)) and not _is_told(view.text, candidates, place, reason):
            weighed[place] = one._replace(score=DOUBTFUL, validator=reason)
    return weighed


def _in_cells(view: View, starts: NDArray[np.int64]) -> list[bool]:
    """Whether each address stands in a column whose name says what it holds."""
    if not len(view.cells):
        return [False] * len(starts)
    row = np.searchsorted(view.cells[:, 0], starts, side="right") - 1
    inside = (row >= 0) & (starts < view.cells[row, 1]) & (view.cells[row, 2] >= 0)
    return inside.tolist()  # type: ignore[no-any-return]


def _is_logged(text: str, one: Candidate) -> bool:
    """Whether the line begins as those of logs do."""
    low = max(0, one.start - _LINE)
    line = max(text.rfind("\n", low, one.start) + 1, low)
    return _BEGINS.match(text, line, one.end + 8) is not None


def _is_shown(text: str, one: Candidate, around: Surroundings) -> bool:
    """Whether a private address stands between the fences of a manual that speaks of no person there."""
    if not (_PRIVATE.match(text, one.start) or is_for_documents(one.value)) or not around.is_fenced(one.start):
        return False
    return not speaks_of_persons(text[max(0, one.start - _NEARBY) : one.end + _NEARBY])


def _is_told(text: str, candidates: Sequence[Candidate], place: int, reason: str) -> bool:
    """Whether something says that somebody was there: a time before it in its line, a person's value beside it, or a
    user or a password within some lines, which makes a way in. A time in a program's literal says nothing."""
    one = candidates[place]
    low = max(0, one.start - _LINE)
    line = max(text.rfind("\n", low, one.start) + 1, low)
    happened = _HAPPENED.search(text, line, one.start)
    if happened and not (reason == "program" and _CALLED.match(text, line, happened.start())):
        return True
    near = (*reversed(candidates[max(0, place - _BESIDE) : place]), *candidates[place + 1 : place + 1 + _BESIDE])
    for other in near:
        gap = text[other.end : one.start] if other.start < one.start else text[one.end : other.start]
        if (
            other.score > DOUBTFUL
            and len(gap) <= _LINE
            and other.type in _PERSONS
            and gap.count("\n") <= _LINES.get(other.type, 0)
        ):
            return True
    return False


def _reason(text: str, one: Candidate, around: Surroundings) -> str:
    """Why an address is doubtful by what stands directly beside it or by the lines around it, or nothing."""
    told_in_han = _HAN.search(text, max(0, one.start - _WORDS), one.end + _WORDS)  # which is told by somebody
    if one.type == "mac" and one.value.startswith(_VIRTUAL):
        return "machine"
    if one.type == "ip":
        if text[one.start - 1 : one.start] == "." and _OBJECT.search(text, max(0, one.start - 2), one.start):
            return "machine"  # an index in a tree of objects: ipRouteDest.10.0.0.20
        if text[one.end : one.end + 1] in ("'", '"') and _is_literal(text, one.start, one.end):
            return "program"
        if not told_in_han and _is_of_machine(text, one):
            return "machine"
    if reason := around.kind(one.start):
        return reason
    if around.is_zone(one.start):
        return "machine"
    if around.is_test(one.start):
        return "test"
    if _is_set_apart(text, one) and (around.is_written(one.start) or _is_called_example(text, one)):
        return "program"
    return "machine" if _is_setting(text, one) and around.is_plan(one.start) else ""


def _is_called_example(text: str, one: Candidate) -> bool:
    """Whether words before it in its line say that it is an example."""
    before = text[max(0, one.start - _WORDS) : one.start]
    return any(part in before for part in _PARTS) and _EXAMPLE.search(before) is not None


def _is_setting(text: str, one: Candidate) -> bool:
    """Whether a private address is all the value of a setting (left=10.1.0.1) or all that its line holds."""
    line = max(text.rfind("\n", max(0, one.start - _LINE), one.start) + 1, one.start - _LINE)
    return _PRIVATE.match(text, one.start) is not None and _SETTING.match(text, line, one.end + 8) is not None


def _is_set_apart(text: str, one: Candidate) -> bool:
    """Whether no person is spoken of nearby, and it is nobody's by its number or stands between the signs of code."""
    near = text[max(0, one.start - _NEARBY) : one.end + _NEARBY]
    return not speaks_of_persons(near) and bool(
        one.type == "mac"
        or _PRIVATE.match(text, one.start)
        or is_for_documents(one.value)
        or _SPAN.search(text, max(0, one.start - _NAMED), one.start)
    )


def _is_of_machine(text: str, one: Candidate) -> bool:
    """Whether a word of networks stands before it, or it ends a URL's scheme, a route or a network."""
    before = text[max(0, one.start - _WORDS) : one.start]
    if ":" in before and _URL.search(before):
        return True
    if (before[-1:] in ("\t", " ") and _ZONE.search(before)) or text.startswith(".in-addr.arpa", one.end):
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
