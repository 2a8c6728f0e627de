"""DNS (RFC 1035) over UDP and TCP: each message one exchange, each question with its answer one log row."""

from __future__ import annotations

from collections import OrderedDict, deque
from typing import Any

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdataclass
import dns.rdatatype
import dns.rrset

from tongguan.capture.protocols.body import Store
from tongguan.capture.protocols.layer import Ends, Layer
from tongguan.model import BlindKind, Content

__all__ = ["Dns", "is_dns", "is_dns_stream"]

_HEADER = 12
_WAITING = 1000
_ODD = (dns.exception.DNSException, ValueError, IndexError, KeyError, AssertionError, UnicodeError, OverflowError)


def is_dns(datagram: bytes) -> bool:
    """Whether a datagram is a DNS message."""
    if len(datagram) < _HEADER or not _plausible(datagram):
        return False
    return _parse(datagram) is not None


def is_dns_stream(first: bytes) -> bool:
    """Whether a TCP stream begins with a DNS message and its length."""
    size = int.from_bytes(first[:2], "big")
    return _HEADER <= size <= 4096 and len(first) >= 2 + size and is_dns(first[2 : 2 + size])


def _plausible(message: bytes) -> bool:
    opcode = message[2] >> 3 & 15
    questions = int.from_bytes(message[4:6], "big")
    answers = int.from_bytes(message[6:8], "big")
    return opcode in (0, 1, 2, 4, 5) and (
        questions == 1 or (questions == 0 and 0 < answers < 64 and message[2] & 0x80 != 0)
    )


def _parse(message: bytes) -> dns.message.Message | None:
    try:
        return dns.message.from_wire(
            message, ignore_trailing=True, one_rr_per_rrset=True, raise_on_truncation=False, continue_on_error=False
        )
    except _ODD:
        return None


class Dns(Layer):
    """The messages between two ports."""

    protocol = service = "dns"

    def __init__(self, ends: Ends, store: Store) -> None:
        super().__init__(ends, store)
        self._count = [0, 0]
        self._buffers = [b"", b""]
        self._lost = [False, False]
        self._asked: OrderedDict[tuple[int, str], deque[tuple[float, dns.message.Message]]] = OrderedDict()

    def data(self, direction: int, payload: memoryview, ts: float) -> None:
        """A datagram, or the next bytes of a stream of messages with their lengths before them (RFC 1035 §4.2.2)."""
        if self.ends.transport == "udp":
            self._message(direction, bytes(payload), ts)
            return
        if self._lost[direction]:
            self._unread(direction, len(payload), ts, BlindKind.UNREADABLE, "message boundary lost")
            return
        waiting = self._buffers[direction] + bytes(payload)
        while len(waiting) >= 2 and len(waiting) >= 2 + int.from_bytes(waiting[:2], "big"):
            size = int.from_bytes(waiting[:2], "big")
            if size:
                self._message(direction, waiting[2 : 2 + size], ts)
            waiting = waiting[2 + size :]
        self._buffers[direction] = waiting

    def gap(self, direction: int, size: int, ts: float) -> None:
        """Bytes that the capture never held."""
        self._unread(direction, size, ts, BlindKind.GAP, "bytes missing from the capture")
        self._lost[direction] = self.ends.transport == "tcp"

    def close(self, ts: float) -> None:
        """Questions without an answer become rows of their own."""
        for direction, rest in enumerate(self._buffers):
            if rest:
                self._unread(direction, len(rest), ts, BlindKind.TRUNCATED, "the message ends early")
        self._buffers = [b"", b""]
        for queries in self._asked.values():
            for asked_ts, query in queries:
                self._row(asked_ts, query, None, None)
        self._asked.clear()

    def _message(self, direction: int, raw: bytes, ts: float) -> None:
        message = _parse(raw)
        if message is None:
            self._unread(direction, len(raw), ts, BlindKind.UNREADABLE, "no DNS message")
            return
        answered = bool(message.flags & dns.flags.QR)
        text = "\n".join(_lines(message)).encode("utf-8", "replace")
        contents = (Content("message", "text/plain", len(text), text, "utf-8"),) if text else ()
        operation = f"{dns.opcode.to_text(message.opcode())} {_type(message)}".rstrip()
        self.exchange(self._uid(direction), direction, ts, operation, len(raw), contents=contents)
        key = (message.id, _name(message))
        if not answered:
            self._asked.setdefault(key, deque()).append((ts, message))
            while sum(map(len, self._asked.values())) > _WAITING:
                for old_ts, old in self._asked.popitem(last=False)[1]:
                    self._row(old_ts, old, None, None)
            return
        queries = self._asked.get(key)
        asked_ts, asked = queries.popleft() if queries else (ts, None)
        if not queries:
            self._asked.pop(key, None)
        self._row(asked_ts, asked, message, ts)

    def _unread(self, direction: int, size: int, ts: float, kind: BlindKind, detail: str) -> None:
        uid = self._uid(direction)
        seen = 0 if kind is BlindKind.GAP else size
        self.exchange(uid, direction, ts, "DNS", seen, blind_spots=(self.spot(uid, kind, detail, size),))

    def _uid(self, direction: int) -> str:
        self._count[direction] += 1
        return f"{self._count[direction]}-{direction}"

    def _row(
        self, ts: float, query: dns.message.Message | None, reply: dns.message.Message | None, replied: float | None
    ) -> None:
        either = reply or query
        if either is None or not self.store.logs:
            return
        fields: dict[str, Any] = {"proto": self.ends.transport, "trans_id": either.id}
        if query is not None and replied is not None:
            fields["rtt"] = round(replied - ts, 6)
        if either.question:
            question = either.question[0]
            fields |= {
                "query": _netbios(question.name) if question.rdtype in (32, 33) else _text(question.name),
                "qclass": int(question.rdclass),
                "qclass_name": _class_name(question.rdclass),
                "qtype": int(question.rdtype),
                "qtype_name": dns.rdatatype.to_text(question.rdtype),
            }
        flags = either.flags
        if reply is not None:
            fields |= {"rcode": int(reply.rcode()), "rcode_name": dns.rcode.to_text(reply.rcode())}
        fields |= {
            "AA": bool(flags & dns.flags.AA),
            "TC": bool(flags & dns.flags.TC),
            "RD": bool((query or either).flags & dns.flags.RD),
            "RA": bool(flags & dns.flags.RA),
            "Z": flags >> 4 & 7,
        }
        if reply is not None and reply.answer:
            fields["answers"] = [_answer(rrset) for rrset in reply.answer]
            fields["TTLs"] = [float(rrset.ttl) for rrset in reply.answer]
        fields["rejected"] = reply is not None and int(reply.rcode()) != 0 and not reply.answer
        self.log("dns", ts, fields)


def _lines(message: dns.message.Message) -> list[str]:
    lines = [_text(question.name) for question in message.question]
    return lines + [_answer(rrset) for section in (message.answer, message.additional) for rrset in section]


def _name(message: dns.message.Message) -> str:
    return str(message.question[0].name).lower() if message.question else ""


def _type(message: dns.message.Message) -> str:
    return dns.rdatatype.to_text(message.question[0].rdtype) if message.question else ""


def _text(name: dns.name.Name) -> str:
    return name.to_text(omit_final_dot=True)


def _netbios(name: dns.name.Name) -> str:
    """A NetBIOS name out of its first-level encoding (RFC 1001 §14.1)."""
    label = name.labels[0]
    if len(label) != 32 or any(not 65 <= letter <= 80 for letter in label):
        return _text(name)
    plain = bytes((label[i] - 65) << 4 | label[i + 1] - 65 for i in range(0, 30, 2))
    return plain.rstrip(b" \0").decode("latin-1")


def _class_name(number: int) -> str:
    known = {1: "C_INTERNET", 3: "C_CHAOS", 4: "C_HESIOD", 254: "C_NONE", 255: "C_ANY"}
    return known.get(number & 0x7FFF, f"qclass-{number}")


def _answer(rrset: dns.rrset.RRset) -> str:
    """A record's value, written as in Zeek's dns.log."""
    data = rrset[0] if len(rrset) else None
    if data is None:
        return ""
    kind = dns.rdatatype.to_text(rrset.rdtype)
    for attribute in ("address", "target", "exchange", "mname"):
        value = getattr(data, attribute, None)
        if value is not None:
            return _text(value) if isinstance(value, dns.name.Name) else str(value)
    strings = getattr(data, "strings", None)
    if strings is not None:
        return " ".join(f"{kind} {len(part)} {part.decode('utf-8', 'replace')}" for part in strings)
    try:
        return f"{kind} {data.to_text()}"
    except _ODD:
        return kind
