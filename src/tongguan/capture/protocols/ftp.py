"""FTP (RFC 959, RFC 2428): commands and replies, and the data connections that they announce."""

from __future__ import annotations

import posixpath
import re
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from tongguan.capture.protocols.body import Body, Store
from tongguan.capture.protocols.http_head import safe_path
from tongguan.capture.protocols.layer import CLIENT, SERVER, Ends, Expectation, Layer, fuid
from tongguan.capture.protocols.lines import Lines, text
from tongguan.model import BlindKind, Endpoint

__all__ = ["COMMANDS", "Ftp"]

_COMMANDS = (
    "ABOR ACCT ALLO APPE AUTH CCC CDUP CLNT CWD DELE EPRT EPSV FEAT HELP HOST LANG LIST LPRT LPSV MDTM MFMT MKD "
    "MLSD MLST MODE NLST NOOP OPTS PASS PASV PBSZ PORT PROT PWD QUIT REIN REST RETR RMD RNFR RNTO SITE SIZE SMNT "
    "STAT STOR STOU STRU SYST TYPE USER XCWD XMKD XPWD XRMD"
)
COMMANDS = frozenset(_COMMANDS.split(" "))
_TRANSFERS = frozenset({"APPE", "LIST", "MLSD", "NLST", "RETR", "STOR", "STOU"})
_LOGGED = frozenset({"ACCT", "APPE", "DELE", "EPRT", "EPSV", "PASV", "PORT", "RETR", "STOR", "STOU"})
_WITH_PATH = frozenset({"APPE", "DELE", "RETR", "STOR", "STOU"})
_REPLY = re.compile(rb"(\d{3})([ -]?)(.*)", re.DOTALL)
_TELNET = re.compile(rb"\A[\xf2\xf4\xff]+")  # interrupt and synch before ABOR (RFC 959 §4.1.3)
_SIX = re.compile(r"(\d{1,3}),(\d{1,3}),(\d{1,3}),(\d{1,3}),(\d{1,3}),(\d{1,3})")
_EXTENDED = re.compile(r"(.)\1\1(\d{1,5})\1")
_VERB = re.compile(r"[A-Z]{3,4}")
_WAITING = 1000


@dataclass(slots=True)
class _Transfer:
    """One data connection, known to its control connection from the first announcement on."""

    control: Ends
    passive: bool
    command: str = ""
    name: str = ""
    user: str | None = None
    fuid: str | None = None
    size: int = 0


@dataclass(slots=True)
class _Command:
    verb: str
    argument: str
    ts: float
    transfer: _Transfer | None = None


class Ftp(Layer):
    """One control connection."""

    protocol = service = "ftp"

    def __init__(self, ends: Ends, store: Store, tunnel: Callable[[Ends], Layer]) -> None:
        super().__init__(ends, store)
        self._tunnel_of = tunnel
        self._tunnel: Layer | None = None
        self._lines = (Lines(store.limits.head), Lines(store.limits.head))
        self._asked: deque[_Command] = deque(maxlen=_WAITING)
        self._user: str | None = None
        self._folder = "."
        self._next: _Transfer | None = None  # announced, and not yet used by a command
        self._running: _Command | None = None  # answered with 1xx
        self._reply_code = ""  # of a reply with several lines
        self._gaps = 0
        self._behind = False  # commands are missing: a reply belongs to the newest one
        self._logged = False
        self._ts = 0.0

    def data(self, direction: int, payload: memoryview, ts: float) -> None:
        """The next bytes."""
        self._ts = self._ts or ts
        at = 0
        while at < len(payload) and self._tunnel is None:
            line, at = self._lines[direction].next(payload, at)
            if line is None:
                return
            if direction == CLIENT:
                self._command(text(_TELNET.sub(b"", line)), ts)
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
            return
        self._lines[direction].pending = b""
        self._gaps += 1
        self._behind = self._behind or direction == CLIENT
        uid = f"gap{self._gaps}-{direction}"
        spot = self.spot(uid, BlindKind.GAP, "bytes missing from the capture", size)
        self.exchange(uid, direction, ts, "FTP", 0, blind_spots=(spot,))

    def close(self, ts: float) -> None:
        """Commands without a reply become rows."""
        if self._tunnel is not None:
            self._tunnel.close(ts)
            self.out += self._tunnel.take()
        if self._running is not None:
            self._log(self._running, None, "")
        for command in self._asked:
            self._log(command, None, "")
        self._asked.clear()
        if not self._logged:
            self._log(_Command("", "", self._ts), None, "", always=True)
        self._unread(ts)

    def _unread(self, ts: float) -> None:
        """Say how much was no command and no reply."""
        for direction, lines in enumerate(self._lines):
            if lines.unread:
                uid = f"unread-{direction}"
                spot = self.spot(uid, BlindKind.UNREADABLE, "no command and no reply", lines.unread)
                self.exchange(uid, direction, ts, "FTP", lines.unread, blind_spots=(spot,))

    def keep(self) -> None:
        """Copy what is borrowed."""
        if self._tunnel is not None:
            self._tunnel.keep()

    # ---- the client ----------------------------------------------------------------------------------------------

    def _command(self, line: str, ts: float) -> None:
        verb, _, argument = line.strip().partition(" ")
        command = _Command(verb.upper(), argument.strip(), ts)
        if not _VERB.fullmatch(command.verb):
            self._lines[CLIENT].odd += len(line)
        if command.verb == "USER":
            self._user = command.argument or None
        elif command.verb == "PASS":
            command.argument = "<hidden>"
        elif command.verb in ("PORT", "EPRT"):
            endpoint = _active(command)
            if endpoint is not None:
                self._announce(command, False, endpoint)
        elif command.verb in _TRANSFERS:
            command.transfer, self._next = self._next, None
            if command.transfer is not None:
                command.transfer.command = command.verb
                command.transfer.name = command.argument
                command.transfer.user = self._user
        self._asked.append(command)

    # ---- the server ----------------------------------------------------------------------------------------------

    def _reply(self, line: bytes, ts: float) -> None:
        match = _REPLY.match(line)
        if self._reply_code and (match is None or match[1].decode() != self._reply_code):
            return  # a middle line
        if match is None:
            self._lines[SERVER].odd += len(line)
            return
        code, words = int(match[1]), text(match[3]).strip()
        if match[2] == b"-":
            self._reply_code = match[1].decode()
            return
        self._reply_code = ""
        while self._behind and len(self._asked) > 1:
            self._log(self._asked.popleft(), None, "")
        self._behind = False
        if 100 <= code < 200:
            if self._asked and self._asked[0].verb in _TRANSFERS:
                self._running = self._asked.popleft()
            return
        if self._running is not None and code in (226, 250, 425, 426, 451, 550, 551, 552):
            command, self._running = self._running, None
        elif self._asked:
            command = self._asked.popleft()
        else:
            return  # the greeting
        self._answered(command, code, words)
        self._log(command, code, words)

    def _answered(self, command: _Command, code: int, words: str) -> None:
        if command.verb == "PASV" and code == 227:
            if six := _SIX.search(words):
                announced = _endpoint(six)
                own = Endpoint(self.ends.server.ip, announced.port)  # the address may be one behind a translation
                self._announce(command, True, announced, own)
        elif command.verb == "EPSV" and code == 229:
            if extended := _EXTENDED.search(words):
                self._announce(command, True, Endpoint(self.ends.server.ip, int(extended[2])))
        elif command.verb == "AUTH" and code == 234 and command.argument.upper().startswith(("TLS", "SSL")):
            self._tunnel = self._tunnel_of(replace(self.ends, within=f"{self.ends.within}t"))
        elif command.verb in ("CWD", "XCWD") and code < 300:
            self._folder = posixpath.normpath(posixpath.join(self._folder, command.argument))
        elif command.verb in ("CDUP", "XCUP") and code < 300:
            self._folder = posixpath.normpath(posixpath.join(self._folder, ".."))
        elif command.verb in ("PWD", "XPWD") and code == 257 and '"' in words:
            self._folder = words.split('"')[1]

    def _announce(self, command: _Command, passive: bool, *listeners: Endpoint) -> None:
        transfer = _Transfer(self.ends, passive, user=self._user)
        command.transfer = transfer
        self._next = transfer
        self.out.append(Expectation(listeners, lambda ends: FtpData(ends, self.store, transfer)))

    def _log(self, command: _Command, code: int | None, words: str, always: bool = False) -> None:
        if not always and command.verb not in _LOGGED:
            return
        self._logged = True
        argument = command.argument
        if command.verb in _WITH_PATH:
            argument = f"ftp://{_bracketed(self.ends.server.ip)}{self._path(argument)}"
        fields: dict[str, Any] = {
            "user": self._user or "<unknown>",
            "password": "<hidden>" if self._user else None,
            "command": command.verb or None,
            "arg": argument or None,
            "reply_code": code,
            "reply_msg": words or None,
        }
        transfer = command.transfer
        if transfer is not None and command.verb in _TRANSFERS:
            fields |= {"fuid": transfer.fuid, "file_size": transfer.size or None}
        elif transfer is not None and code is not None and code < 300:
            fields |= self._channel(command, words, transfer)
        self.log("ftp", command.ts, {name: value for name, value in fields.items() if value is not None})

    def _path(self, argument: str) -> str:
        """Where a file lies; under `/./` while the folder that the session began in is unknown."""
        path = posixpath.join(self._folder, argument)
        if path.startswith("/"):
            return path
        return f"/{path}" if path.startswith("./") else f"/./{path}"

    def _channel(self, command: _Command, words: str, transfer: _Transfer) -> dict[str, Any]:
        client, server = self.ends.client.ip, self.ends.server.ip
        if transfer.passive:
            six, extended = _SIX.search(words), _EXTENDED.search(words)
            heard = _endpoint(six) if six else Endpoint(server, int(extended[2])) if extended else Endpoint(server)
            caller = client
        else:
            heard, caller = _active(command) or Endpoint(client), server
        return {
            "data_channel.passive": transfer.passive,
            "data_channel.orig_h": caller,
            "data_channel.resp_h": heard.ip,
            "data_channel.resp_p": heard.port,
        }


class FtpData(Layer):
    """One data connection. Who is its client and who its server is told from the control connection's side."""

    protocol = "ftp"
    service = "ftp-data"

    def __init__(self, ends: Ends, store: Store, transfer: _Transfer) -> None:
        if not transfer.passive:  # the server opened it
            ends = replace(ends, client=ends.server, server=ends.client)
        super().__init__(ends, store)
        self._transfer = transfer
        self._flipped = not transfer.passive
        self._bodies: list[Body | None] = [None, None]
        self._sizes = [0, 0]
        self._given = [0, 0]
        self._ts = [0.0, 0.0]

    def data(self, direction: int, payload: memoryview, ts: float) -> None:
        """The next bytes."""
        direction ^= self._flipped
        body = self._body(direction, ts)
        self._sizes[direction] += len(payload)
        body.add(payload)
        for content in body.ready():
            self._give(direction, body, [content])

    def gap(self, direction: int, size: int, ts: float) -> None:
        """Bytes that the capture never held."""
        direction ^= self._flipped
        self._body(direction, ts).gap(size)

    def close(self, ts: float) -> None:
        """Give what was carried."""
        for direction in (CLIENT, SERVER):
            body = self._bodies[direction]
            if body is not None:
                self._give(direction, body, body.finish(), last=True)

    def keep(self) -> None:
        """Copy what is borrowed."""
        for body in self._bodies:
            if body is not None:
                body.keep()

    def _body(self, direction: int, ts: float) -> Body:
        body = self._bodies[direction]
        if body is None:
            name = self._transfer.name.rpartition("/")[2] or None
            listing = self._transfer.command in ("LIST", "NLST", "MLSD")
            body = self._bodies[direction] = Body(self.store, "text/plain" if listing else "", name)
            self._ts[direction] = ts
        return body

    def _give(self, direction: int, body: Body, contents: list[Any], last: bool = False) -> None:
        transfer, given = self._transfer, self._given[direction]
        if body.name is None and transfer.name:
            body.name = transfer.name.rpartition("/")[2]
            contents = [replace(content, name=body.name) for content in contents]
        uid = f"1-{direction}" + (f".{given}" if given else "")
        self._given[direction] += 1
        size, self._sizes[direction] = self._sizes[direction], 0
        transfer.size += size
        if contents and transfer.fuid is None:
            transfer.fuid = fuid(self.uid(uid), 0)
        self.exchange(
            uid,
            direction,
            self._ts[direction],
            f"{transfer.command or 'DATA'} {safe_path(transfer.name)}".rstrip(),
            size,
            account=transfer.user,
            contents=tuple(contents),
            blind_spots=body.spots(self.uid(uid)) if last else (),
        )


def _active(command: _Command) -> Endpoint | None:
    """Where the client listens: PORT h1,h2,h3,h4,p1,p2 or EPRT |1|address|port|."""
    if command.verb == "PORT":
        six = _SIX.search(command.argument)
        return _endpoint(six) if six else None
    parts = command.argument[1:].split(command.argument[:1]) if command.argument else []
    if len(parts) < 3 or not (parts[2].isascii() and parts[2].isdigit() and len(parts[2]) < 6):
        return None
    return Endpoint(parts[1], int(parts[2]))


def _endpoint(six: re.Match[str]) -> Endpoint:
    numbers = [int(part) for part in six.groups()]
    return Endpoint(".".join(map(str, numbers[:4])), numbers[4] * 256 + numbers[5])


def _bracketed(ip: str) -> str:
    return f"[{ip}]" if ":" in ip else ip
