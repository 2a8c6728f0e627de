"""SMTP (RFC 5321, with STARTTLS, AUTH, CHUNKING): each message one exchange from client to server."""

from __future__ import annotations

import base64
import binascii
import re
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from email.utils import getaddresses
from typing import Any

from tongguan.capture.protocols.body import Body, Store
from tongguan.capture.protocols.layer import CLIENT, SERVER, Ends, Layer, fuid
from tongguan.capture.protocols.lines import Lines, text
from tongguan.capture.protocols.mail import Mail, read_mail
from tongguan.model import BlindKind

__all__ = ["Smtp"]

_MOST_DOMAINS = 50  # deliveries that one mail is told as
_END = b"\r\n.\r\n"
_END_OF_DATA = re.compile(re.escape(_END))
_BEGUN = re.compile(rb"\r(?:\n(?:\.\r?)?)?\Z")  # the beginning of that end
_ADDRESS = re.compile(r"<([^<>]*)>|([^\s<>]+@[^\s<>]+)")
_REPLY = re.compile(rb"(\d{3})([ -]?)(.*)", re.DOTALL)
_RELAY = re.compile(r"\bfrom\b[^;]*?[\[(](?:IPv6:)?(\d{1,3}(?:\.\d{1,3}){3}|[0-9A-Fa-f]*:[0-9A-Fa-f:.]+)[\])]")
_VERB = re.compile(r"[A-Z]{3,10}")
_MOST_RECIPIENTS = 1000
_WAITING = 1000


@dataclass(slots=True)
class _Transaction:
    """One mail: its envelope, its message and what the log says of it."""

    depth: int
    ts: float
    sender: str | None = None
    recipients: list[str] = field(default_factory=list)
    active: bool = False
    mail: Mail | None = None
    files: list[str] = field(default_factory=list)
    last_reply: str | None = None


class Smtp(Layer):
    """One SMTP connection. `tunnel` makes the layer that reads what follows STARTTLS."""

    protocol = service = "smtp"

    def __init__(self, ends: Ends, store: Store, tunnel: Callable[[Ends], Layer]) -> None:
        super().__init__(ends, store)
        self._tunnel_of = tunnel
        self._tunnel: Layer | None = None
        self._lines = (Lines(store.limits.head), Lines(store.limits.head))
        self._asked: deque[str] = deque(maxlen=_WAITING)
        self._reading: Body | None = None  # a message that is under way
        self._chunk = 0  # bytes of a BDAT chunk still to come
        self._last_chunk = False
        self._by_data = False
        self._tail = b""  # last bytes of the message, where its end may have begun
        self._wire = 0
        self._message_ts = 0.0
        self._login = ""  # an AUTH exchange under way: its lines are secrets
        self._user: str | None = None
        self._helo: str | None = None
        self._names: tuple[str, ...] = ()
        self._depth = 1
        self._now = _Transaction(1, 0.0)
        self._secured = False
        self._greeted = False

    # ---- a dialogue in -------------------------------------------------------------------------------------------

    def data(self, direction: int, payload: memoryview, ts: float) -> None:
        """The next bytes."""
        at = 0
        self._now.ts = self._now.ts or ts
        while at < len(payload) and self._tunnel is None:
            if direction == CLIENT and self._reading is not None and (self._by_data or self._chunk):
                at = self._message(payload, at, ts)
                continue
            line, at = self._lines[direction].next(payload, at)
            if line is None:
                return
            if direction == CLIENT:
                self._command(line, ts)
            else:
                self._reply(line, ts)
        if at < len(payload) and self._tunnel is not None:
            self._tunnel.data(direction, payload[at:], ts)
            self.out += self._tunnel.take()

    def gap(self, direction: int, size: int, ts: float) -> None:
        """Bytes that the capture never held."""
        if self._tunnel is not None:
            self._tunnel.gap(direction, size, ts)
            self.out += self._tunnel.take()
        elif direction == CLIENT and self._reading is not None:
            self._take_in(memoryview(self._tail))
            self._reading.gap(size)
            self._tail = b""
            if self._chunk:
                self._chunk = max(self._chunk - size, 0)
                if not self._chunk:
                    self._chunk_ended(ts)
        else:
            self._lines[direction].pending = b""
            uid = f"{self._depth}-{direction}-gap{len(self.out)}"
            spot = self.spot(uid, BlindKind.GAP, "bytes missing from the capture", size)
            self.exchange(uid, direction, ts, "SMTP", 0, blind_spots=(spot,))

    def close(self, ts: float) -> None:
        """Give a message that has no end, and the row of what was not acknowledged."""
        if self._tunnel is not None:
            self._tunnel.close(ts)
            self.out += self._tunnel.take()
        if self._reading is not None:
            self._give(ts, whole=False)
        if self._now.active or self._secured:
            self._log()
        self._unread(ts)

    def _unread(self, ts: float) -> None:
        """Say how much was no command and no reply."""
        for direction, lines in enumerate(self._lines):
            if lines.unread:
                uid = f"unread-{direction}"
                spot = self.spot(uid, BlindKind.UNREADABLE, "no command and no reply", lines.unread)
                self.exchange(uid, direction, ts, "SMTP", lines.unread, blind_spots=(spot,))

    def keep(self) -> None:
        """Copy what is borrowed."""
        if self._reading is not None:
            self._reading.keep()
        if self._tunnel is not None:
            self._tunnel.keep()

    # ---- the client ----------------------------------------------------------------------------------------------

    def _command(self, line: bytes, ts: float) -> None:
        if self._login:
            self._credentials(line)
            return
        word, _, argument = text(line).strip().partition(" ")
        verb, argument = word.upper(), argument.strip()
        if not _VERB.fullmatch(verb):
            self._lines[CLIENT].odd += len(line)
        if verb in ("EHLO", "HELO", "LHLO"):
            self._helo = argument or None
        elif verb == "MAIL":
            if self._now.active:
                self._next(ts)
            self._now.sender = _address(argument)
            self._now.active = True
        elif verb == "RCPT":
            address = _address(argument)
            if address and len(self._now.recipients) < _MOST_RECIPIENTS:
                self._now.recipients.append(address)
            self._now.active = True
        elif verb == "RSET" and self._reading is not None:
            self._give(ts, whole=False)
        elif verb == "DATA":
            self._begin(ts)
            self._by_data, self._tail, self._wire = True, b"\r\n", -2  # the line end after DATA begins the message
        elif verb == "BDAT":
            self._begin_chunk(argument, ts)
        elif verb == "AUTH":
            self._authenticate(argument)
        self._asked.append(verb if verb != "BDAT" or not self._last_chunk else "BDAT LAST")

    def _begin(self, ts: float) -> None:
        if self._reading is None:
            self._reading = Body(self.store, whole=True)
            self._message_ts = ts
            self._wire = 0

    def _begin_chunk(self, argument: str, ts: float) -> None:
        size, _, last = argument.partition(" ")
        if not (size.isascii() and size.isdigit() and len(size) < 13):
            return
        self._begin(ts)
        self._by_data, self._chunk, self._last_chunk = False, int(size), last.strip().upper() == "LAST"
        if not self._chunk:
            self._chunk_ended(ts)

    def _chunk_ended(self, ts: float) -> None:
        if self._last_chunk:
            self._give(ts, whole=True)

    def _message(self, payload: memoryview, at: int, ts: float) -> int:
        """Bytes of the message; returns where they end in `payload`."""
        assert self._reading is not None
        if not self._by_data:
            size = min(self._chunk, len(payload) - at)
            self._take_in(payload[at : at + size])
            self._chunk -= size
            if not self._chunk:
                self._chunk_ended(ts)
            return at + size
        if self._tail:
            joined = self._tail + bytes(payload[at : at + len(_END) - len(self._tail)])
            if joined == _END:
                at += len(_END) - len(self._tail)
                self._tail = b"\r\n"  # the rest of it is no part of the message
                return self._data_ended(at, ts)
            if _END.startswith(joined):
                self._tail = joined
                return len(payload)
            self._take_in(memoryview(self._tail))
            self._tail = b""
        if match := _END_OF_DATA.search(payload, at):
            self._take_in(payload[at : match.start() + 2])
            return self._data_ended(match.end(), ts)
        begun = _BEGUN.search(payload, max(at, len(payload) - 4))
        end = begun.start() if begun else len(payload)
        self._take_in(payload[at:end])
        self._tail = bytes(payload[end:])
        return len(payload)

    def _take_in(self, piece: memoryview) -> None:
        assert self._reading is not None
        self._wire += len(piece)
        if len(piece):
            self._reading.add(piece)

    def _data_ended(self, end: int, ts: float) -> int:
        self._asked.append(".")
        self._give(ts, whole=True)
        return end

    def _authenticate(self, argument: str) -> None:
        mechanism, _, initial = argument.partition(" ")
        self._login = mechanism.upper() or "?"
        if initial.strip():
            self._credentials(initial.encode())

    def _credentials(self, line: bytes) -> None:
        """A line of an AUTH exchange: the account is taken, the rest is forgotten."""
        if self._login not in ("PLAIN", "LOGIN", "XOAUTH2"):
            return
        try:
            plain = base64.b64decode(line.strip(), validate=True)
        except (binascii.Error, ValueError):
            return
        if self._login == "PLAIN":
            parts = plain.split(b"\0")
            user = parts[1] if len(parts) == 3 else b""
        elif self._login == "XOAUTH2":
            user = plain.partition(b"\x01")[0].removeprefix(b"user=")
        else:
            user = plain
        self._user = self._user or text(user)[:128] or None
        self._login = "DONE"

    # ---- the server ----------------------------------------------------------------------------------------------

    def _reply(self, line: bytes, ts: float) -> None:
        match = _REPLY.match(line)
        if match is None:
            self._lines[SERVER].odd += len(line)
            return
        code, more, words = int(match[1]), match[2] == b"-", text(match[3]).strip()
        self._now.last_reply = f"{code} {words}".strip()
        if code == 220 and not self._greeted:
            host = words.split(" ", 1)[0].lower()
            self._names = (host,) if "." in host else ()
        self._greeted = True
        if more or (code == 334 and self._login):
            return
        verb = self._asked.popleft() if self._asked else ""
        if verb == "AUTH":
            self._login = ""
            if code >= 400:
                self._user = None
        elif verb == "STARTTLS" and code == 220:
            self._secured = True
            self._tunnel = self._tunnel_of(replace(self.ends, within=f"{self.ends.within}{self._depth}t"))
        elif verb == "DATA" and code >= 400 and self._reading is not None and not self._reading.seen:
            self._reading = None
        elif verb in (".", "BDAT LAST"):
            self._next(ts)

    # ---- out -----------------------------------------------------------------------------------------------------

    def _give(self, ts: float, whole: bool) -> None:
        """Give the message as an exchange."""
        body = self._reading
        assert body is not None
        self._take_in(memoryview(self._tail))
        self._reading, self._chunk = None, 0
        stuffed, self._by_data, self._tail = self._by_data, False, b""
        if self._wire <= 0 and not body.gaps:
            return
        uid = f"{self._depth}-{CLIENT}"
        view = body.view() if body.size else memoryview(b"")
        mail = read_mail(view[2:] if stuffed else view, self.store, self.uid(uid), stuffed)
        spots = [*body.spots(self.uid(uid)), *mail.blind_spots]
        if not whole and not body.gaps:
            spots.append(self.spot(uid, BlindKind.TRUNCATED, "the message ends early"))
        domains = _domains(self._now.recipients)
        if len(domains) > _MOST_DOMAINS:
            detail = f"a mail to {len(domains)} domains, of which {_MOST_DOMAINS} are told apart"
            spots.append(self.spot(uid, BlindKind.TRUNCATED, detail))
        for i, domain in enumerate(domains[:_MOST_DOMAINS]):
            self.exchange(
                uid if i == 0 else f"{self._depth}.{i}-{CLIENT}",
                CLIENT,
                self._message_ts,
                "MAIL",
                self._wire,
                application=domain or None,
                account=self._user,
                server_names=self._names,
                contents=tuple(mail.contents),
                blind_spots=tuple(spots) if i == 0 else (),
            )
        self._now.mail = mail
        self._now.active = True
        self._now.files = [fuid(self.uid(uid), ordinal) for ordinal in range(len(mail.contents))]
        self._depth += 1

    def _next(self, ts: float) -> None:
        """Log this mail and begin another."""
        if self._reading is not None:
            self._give(ts, whole=False)
        self._log()
        self._now = _Transaction(self._now.depth + 1, ts)

    def _log(self) -> None:
        now = self._now
        headers = now.mail.headers if now.mail else {}
        received = now.mail.received if now.mail else []
        fields: dict[str, Any] = {
            "trans_depth": now.depth,
            "helo": self._helo,
            "mailfrom": now.sender,
            "rcptto": now.recipients or None,
            "date": headers.get("date"),
            "from": headers.get("from"),
            "to": _listed(headers.get("to")),
            "cc": _listed(headers.get("cc")),
            "reply_to": headers.get("reply-to"),
            "msg_id": headers.get("message-id"),
            "in_reply_to": headers.get("in-reply-to"),
            "subject": headers.get("subject"),
            "x_originating_ip": (headers.get("x-originating-ip") or "").strip("[] ") or None,
            "first_received": received[-1] if received else None,
            "second_received": received[-2] if len(received) > 1 else None,
            "last_reply": now.last_reply,
            "path": [self.ends.server.ip, self.ends.client.ip, *_relays(received)],
            "user_agent": headers.get("user-agent") or headers.get("x-mailer"),
            "tls": self._secured,
            "fuids": now.files or None,
        }
        self.log("smtp", now.ts, {name: value for name, value in fields.items() if value is not None})


def _address(argument: str) -> str | None:
    """The address of MAIL FROM:<…> or RCPT TO:<…>."""
    match = _ADDRESS.search(argument.partition(":")[2])
    return (match[1] or match[2] or "") if match else None


def _relays(received: list[str]) -> list[str]:
    """The addresses that a mail came by, the last one first."""
    found = []
    for line in received:
        if match := _RELAY.search(line):
            found.append(match[1])
    return found


def _listed(header: str | None) -> list[str] | None:
    if header is None:
        return None
    return [f"{name} <{address}>" if name else address for name, address in getaddresses([header])] or None


def _domains(recipients: list[str]) -> list[str]:
    """Each domain that a mail goes to: a delivery each, so that an addressee abroad is not hidden behind another."""
    return list(dict.fromkeys(recipient.rpartition("@")[2].lower() for recipient in recipients)) or [""]
