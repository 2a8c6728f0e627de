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
_BLOCK: Final = 2048  # characters that are judged together
_AROUND: Final = 1024  # characters beside a block that are looked at as well
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
    r"\n[ \t]*(?:"
    # Python, and what other languages share with it
    r"def \w+\(|async def |class \w+(?:[(:{]| \{|\n)|import [\w{*]|from [\w.]+ import|assert\w*[ (]|return(?:;| \S|\n)"
    r"|elif |except[ :]|raise |(?:with|if|for|while) [^\n]*[:{]\n|else:\n|try:\n"
    r"|self\.\w|@\w+[\w.]*(?:\(|\n)|>>> |\"\"\"|\x27\x27\x27"
    r"|\w+ = \w+\(|[A-Za-z_][\w.]*\([^\n]*[(,)\[{][,;]?\n|\((?!NULL|null)[A-Za-z_]\w*, |[\x27\"][^\n]*\\n[\x27\"],?\n"
    # C, Java, Go, JavaScript, Rust, PHP
    r"|#\s?(?:include|define|ifn?def|endif)|(?:public|private|protected|static|final|const|let|var|func|fn|function|package"
    r"|namespace|using|struct|export|type|impl|pub) \w|\}?\)[;,]?\n|\};\n|\} else|// |/\*|\* @|\*/|\w+ := "
    r"|(?!INSERT|insert|VALUES|REPLACE|[(\d\x27\"<{])[^\n\u4e00-\u9fff]*;\n|[^\n\"\u4e00-\u9fff]*[\w)=(>] ?\{\n"
    # shells and plain configurations
    r"|#!/|fi\n|done\n|esac\n|echo |then\n|[$#] [a-z]|[a-z][a-z0-9_.-]*:\n"
    # manual pages, reStructuredText, Markdown
    r"|[.\x27](?:SH|SS|TP|PP|IP|B|I|BR|RS|RE|nf|fi|br|sp|Pp|It|El|Dl|Sh|Nm|Xr|Fl|Ar|Cm)\b|\.\. [\w-]+::|[^\n]*::\n"
    r"|`{3}|:\w+:`"
    r")"
)
"""Beginnings and ends of lines that programs and manuals have, and records, dumps and letters have not."""

_MACHINE_BEFORE: Final = re.compile(
    r"(?:"
    r"[a-z][a-z0-9+]{1,11}://(?:[^\s/@\"\x27<>]{0,64}@)?\[?"  # a server's, in a URL
    r"|(?<![A-Za-z])(?<!remote[_ -])(?<!client[_ -])(?<!user[_ -])(?<!login[_ -])(?<!source[_ -])"
    r"(?:gateways?|gw|netmask|mask|subnets?|broadcast|bcast|dns|name_?servers?|resolvers?|cidr|networks?|routes?|router|via"
    r"|next_?hop|v?nic|vip|vlan|nat|snat|dnat|bind|listen\w*|upstream|backends?|endpoints?|brokers?|bootstrap|cluster\w*"
    r"|nodes?|servers?|hosts?|hostnames?|peers?|masters?|slaves?|replicas?|bridge|interface|inet6?|multicast|loopback|tunnel"
    r"|proxy|ssh|scp|ping6?|telnet|nslookup|dig|curl|wget|nc|traceroute|rsync|nmap|floating\w*|fixed\w*|elastic\w*|private\w*"
    r"|load_?balancer\w*|virtual\w*|docker|pod\w*|ntp|tftp|dhcp|snmp|ldap|smtp)"
    r"[_ -]?(?:ip|ips|addr|address|addresses|v4|v6|ipv4|ipv6|host|name|range|list)?s?"
    r"(?:[_ -]?(?:ip|addr|address|v4|v6|\d))?"
    r"[\"\x27`]?\s?[:=>(,\[ ]{1,3}\s{0,2}[\[({]?\s?[bruf]?[\"\x27`]?"
    r")\Z",
    re.IGNORECASE,
)
_PREFIX: Final = re.compile(r"/(\d{1,3})(?![\d.])")
_SAID: Final = re.compile(r"[\u4e00-\u9fff]\W{0,3}\Z")  # words of Chinese prose: 主机 192.168.1.7/24

_PRIVATE: Final = re.compile(r"10\.|192\.168\.|172\.(?:1[6-9]|2\d|3[01])\.|169\.254\.|(?i:fe80|f[cd]|ff)[0-9a-fA-F:]")
_HOST: Final = re.compile(
    r"(?:host|server|addr(?:ess)?|ip|node|peer|remote|client)\w{0,8}\s?=\s?[bruf]{0,2}[\"']\Z", re.I
)
_LITERAL: Final = re.compile(r"[(\[,{=]\s{0,24}[bruf]{0,2}[\"']\Z")

_MACHINES: Final = re.compile(
    r"net_?mask|gateway|subnet|vlan|cidr|dns\d|\bv?nics?\b|virtual_?machine|instance|hypervisor|data_?cent(?:er|re)|cluster"
    r"|image_?(?:id|ref)|flavou?r|memory|v?cpu|load_?balancer|\bvpc|mac_?addr|container|is_?default"
    r"|network_?(?:id|domain|interface)|\bzone|nodes?\b|servers?\b|firewall|dhcp|routers?\b|ttl\b|hostname|port\b|pool\b",
    re.IGNORECASE,
)
_EVENTS: Final = re.compile(
    r"user|login|log_in|session|account|customer|client|visitor|member|e-?mail|phone|mobile|browser|referr?er|remote_?(?:addr|ip)"
    r"|\bsrc|source_?ip|forwarded|geo|nick|real_?name|passenger|patient|buyer|order|timestamp|\"ts\"|\"time\"|[\u4e00-\u9fff]",
    re.IGNORECASE,
)
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
        if in_cell or _is_told(view.text, candidates, place):
            continue
        one = candidates[place]
        reason = (one.type == "ip" and _reason(view.text, one)) or _around(view.text, one.start, piece, judged)
        if reason:
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


def _is_told(text: str, candidates: Sequence[Candidate], place: int) -> bool:
    """Whether something says that somebody was there: the line is one of a log, or holds a person's value, or a user or
    a password stands within some lines, which makes a way in."""
    one = candidates[place]
    low = max(0, one.start - _LINE)
    line = max(text.rfind("\n", low, one.start) + 1, low)
    if _BEGINS.match(text, line, one.end + 8) or _HAPPENED.search(text, line, one.start):
        return True
    near = (*reversed(candidates[max(0, place - _BESIDE) : place]), *candidates[place + 1 : place + 1 + _BESIDE])
    for other in near:
        gap = text[other.end : one.start] if other.start < one.start else text[one.end : other.start]
        if len(gap) <= _LINE and other.type in _PERSONS and gap.count("\n") <= _LINES.get(other.type, 0):
            return True
    return False


def _reason(text: str, one: Candidate) -> str:
    """Why an address is doubtful by what stands directly beside it, or nothing."""
    before = max(text.rfind("\n", max(0, one.start - _WORDS), one.start) + 1, one.start - _WORDS, 0)
    if _MACHINE_BEFORE.search(text, before, one.start):
        return "machine"
    prefix = _PREFIX.match(text, one.end)
    if prefix and int(prefix[1]) < (128 if ":" in one.value else 32) and not _SAID.search(text, before, one.start):
        return "machine"
    return "program" if _is_literal(text, one.start, one.end) else ""


def _is_literal(text: str, start: int, end: int) -> bool:
    """Whether a program holds it as a literal, and it is private (RFC 1918, 3927, 4193, 4291), for manuals, or not
    given out (all of IPv6 but 2000::/3, IANA)."""
    written = text[start:end]
    nobodys = _PRIVATE.match(written) or is_for_documents(written) or (":" in written and written[0] not in "23")
    if text[end : end + 1] not in ("'", '"') or not nobodys:
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
    signs = len(_PROGRAM.findall(text, low, high))
    if signs >= _ENOUGH and signs * _SHARE >= text.count("\n", low, high):
        return "program"
    words = {word.lower() for word in _MACHINES.findall(text, low, high)}
    return "machine" if len(words) >= _KINDS and not _EVENTS.search(text, low, high) else ""
