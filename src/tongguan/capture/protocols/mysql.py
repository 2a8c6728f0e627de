"""MySQL and MariaDB, as their clients and servers speak it: login, statements, results as tables."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from tongguan.capture.protocols.body import Store
from tongguan.capture.protocols.layer import CLIENT, SERVER, Ends, Layer
from tongguan.capture.protocols.lines import text
from tongguan.capture.protocols.mysql_commands import (
    CHANGE_USER,
    CLOSE,
    EXECUTE,
    FETCH,
    FIELD_LIST,
    INIT_DB,
    LONG_DATA,
    NAMES,
    PREPARE,
    QUERY,
    QUIT,
    Agreed,
    Command,
)
from tongguan.capture.protocols.mysql_compression import Compressed
from tongguan.capture.protocols.mysql_login import Login, is_greeting, read_change_user, read_login
from tongguan.capture.protocols.mysql_result import Result, Stage
from tongguan.capture.protocols.mysql_statement import Prepared, parameters, statement_of
from tongguan.capture.protocols.mysql_wire import Cursor, Packets
from tongguan.capture.protocols.sql import operation, without_passwords
from tongguan.model import BlindKind, Content

__all__ = ["MySql", "is_mysql"]

_UNANSWERED = frozenset({QUIT, LONG_DATA, CLOSE})
_SEALED = 1 << 11
_COMPRESSED, _ZSTD = 1 << 5, 1 << 26
_ATTRIBUTES = 1 << 27
_SMALL = 64 << 10  # bytes that may wait whatever else is held
_MOST_PREPARED = 10_000


def is_mysql(client: bytes, server: bytes) -> bool:
    """Whether the first bytes are a server's greeting, or (caught in the middle) a statement."""
    return is_greeting(server) or statement_of(client) is not None


class MySql(Layer):
    """One connection. `tunnel` makes the layer that reads what follows a request for TLS."""

    protocol = service = "mysql"

    def __init__(self, ends: Ends, store: Store, tunnel: Callable[[Ends], Layer]) -> None:
        super().__init__(ends, store)
        self._tunnel_of = tunnel
        self._tunnel: Layer | None = None
        limit = 4 * store.limits.slice
        self._packets = (Packets(limit), Packets(limit))
        self._compressed: tuple[Compressed, Compressed] | None = None
        self._read: list[Callable[[int, bytes, float], None]] = [self._login, self._greeting]
        self._state = Agreed()
        self._command: Command | None = None
        self._result: Result | None = None
        self._count = 0
        self._sealed_as = ""
        self._unread = [0, 0]
        self._lost = False
        self._held = 0
        self._ts = 0.0
        if ends.midstream:
            self._read = [self._request, self._response]

    # ---- a dialogue in -------------------------------------------------------------------------------------------

    def data(self, direction: int, payload: memoryview, ts: float) -> None:
        """The next bytes."""
        self._ts = self._ts or ts
        if self._tunnel is not None:
            self._tunnel.data(direction, payload, ts)
            self.out += self._tunnel.take()
        elif self._sealed_as or (self._lost and not self._found(direction, payload)):
            self._unread[direction] += len(payload)
        elif self._compressed is not None:
            for piece in self._compressed[direction].feed(payload):
                self._plain(direction, memoryview(piece), ts)
        else:
            self._plain(direction, payload, ts)
        self._account()

    def gap(self, direction: int, size: int, ts: float) -> None:
        """Bytes that the capture never held: packets are found again at the next statement."""
        if self._tunnel is not None:
            self._tunnel.gap(direction, size, ts)
            self.out += self._tunnel.take()
            return
        self._lost = True
        self._end_result(ts, broken=True)
        self._count += 1
        uid = f"{self._count}-{direction}"
        spot = self.spot(uid, BlindKind.GAP, "bytes missing from the capture", size)
        self.exchange(uid, direction, ts, "MYSQL", 0, blind_spots=(spot,))
        for packets in self._packets:
            packets.clear()

    def close(self, ts: float) -> None:
        """Give a result that has no end, and count what was not read."""
        if self._tunnel is not None:
            self._tunnel.close(ts)
            self.out += self._tunnel.take()
        self._end_result(ts, broken=True)
        if self._command is not None:
            self._log(self._command, None)
        for direction, packets in enumerate(self._packets):
            self._unread[direction] += len(packets) + packets.lost
            if self._compressed is not None:
                self._compressed[direction].give_up()
                self._unread[direction] += self._compressed[direction].lost
            packets.clear()
            if self._unread[direction]:
                self._count += 1
                uid = f"{self._count}-{direction}"
                kind = BlindKind.UNSUPPORTED if self._sealed_as else BlindKind.UNREADABLE
                detail = self._sealed_as or "no MySQL packet that could be read"
                size = self._unread[direction]
                self.exchange(uid, direction, ts, "MYSQL", size, blind_spots=(self.spot(uid, kind, detail, size),))
        self._account()

    def _account(self) -> None:
        """Packets that have only begun count as memory held; where there is too much of it, they are given up."""
        held = sum(map(len, (*self._packets, *(self._compressed or ()))))
        if held > _SMALL and self.store.memory + held - self._held > self.store.limits.memory:
            for direction, packets in enumerate(self._packets):
                self._unread[direction] += len(packets)
                packets.clear()
            for compressed in self._compressed or ():
                compressed.give_up()
            self._lost, held = True, 0
        self.store.memory += held - self._held
        self._held = held

    def keep(self) -> None:
        """Copy what is borrowed."""
        if self._result is not None:
            self._result.keep()
        if self._tunnel is not None:
            self._tunnel.keep()

    def _plain(self, direction: int, payload: memoryview, ts: float) -> None:
        packets = self._packets[direction]
        for number, packet in packets.feed(payload):
            try:
                self._read[direction](number, packet, ts)
            except ValueError:
                self._unread[direction] += len(packet)
        if packets.stopped and self._tunnel is not None:
            packets.stopped = False
            if rest := packets.leftover():
                self._tunnel.data(direction, memoryview(rest), ts)
                self.out += self._tunnel.take()

    def _found(self, direction: int, payload: memoryview) -> bool:
        """After a gap the dialogue begins again with a statement."""
        first = bytes(payload[:5])
        whole = len(first) == 5 and int.from_bytes(first[:3], "little") + 4 == len(payload)
        if direction == SERVER or not whole or first[3] or first[4] >= len(NAMES):
            return False
        self._lost = False
        self._command = None
        self._read = [self._request, self._response]
        return True

    # ---- login ---------------------------------------------------------------------------------------------------

    def _greeting(self, number: int, packet: bytes, ts: float) -> None:
        if packet[:1] == b"\xff":  # too many connections, host not allowed
            self.log("mysql", ts, {"cmd": "connect", "success": False, "response": text(packet[3:])})
            return
        cursor = Cursor(packet, 1)
        cursor.until_nul()
        cursor.take(13)
        low = cursor.number(2)
        cursor.take(3)
        self._state.server_flags = low | cursor.number(2) << 16
        self._read[SERVER] = self._login_answer

    def _login(self, number: int, packet: bytes, ts: float) -> None:
        login = read_login(packet)
        state = self._state
        state.client_flags = login.flags
        if login.flags & _SEALED and len(packet) == 32:
            self._packets[CLIENT].stopped = True
            self._tunnel = self._tunnel_of(replace(self.ends, within=f"{self.ends.within}t"))
            return
        self._took_login(login)
        self._command = Command(0, CHANGE_USER, ts, login.user, "LOGIN")
        self._read[CLIENT] = self._ignore

    def _took_login(self, login: Login) -> None:
        self._state.user, self._state.database = login.user or None, login.database or None
        self._state.encoding = login.encoding

    def _login_answer(self, number: int, packet: bytes, ts: float) -> None:
        """The server may ask for more; in the end it says OK or tells an error."""
        kind = packet[:1]
        if kind == b"\xff":
            self._logged_in(ts, text(packet[9:] if packet[3:4] == b"#" else packet[3:]))
        elif kind == b"\x00":
            self._logged_in(ts, None)
            self._read = [self._request, self._response]
            flags = self._state.client_flags & self._state.server_flags
            if flags & _ZSTD:
                self._sealed_as = "MySQL compressed with zstd"
            elif flags & _COMPRESSED:
                self._compressed = (Compressed(), Compressed())

    def _logged_in(self, ts: float, error: str | None) -> None:
        command, self._command = self._command, None
        fields: dict[str, Any] = {"cmd": "login", "arg": command.argument if command else "", "success": error is None}
        fields |= {"response": error} if error else {"rows": 0}
        self.log("mysql", command.ts if command else ts, fields)

    def _ignore(self, number: int, packet: bytes, ts: float) -> None:
        """A secret, or an answer to the server's challenge."""

    # ---- the client ----------------------------------------------------------------------------------------------

    def _request(self, number: int, packet: bytes, ts: float) -> None:
        command = self._command
        if command is not None and command.infile is not None:
            self._infile(command, packet, ts)
            return
        if command is not None and command.code == CHANGE_USER and number:
            return  # an answer to a challenge
        if not packet:
            return
        if command is not None:
            self._end_result(ts, broken=True)
            if self._command is not None:
                self._log(command, None)
        self._count += 1
        code = packet[0]
        command = self._command = Command(self._count, code, ts)
        contents = self._arguments(command, packet)
        if contents:
            self._give(CLIENT, command, ts, len(packet) + 4, contents)
        if code in _UNANSWERED:
            if code != LONG_DATA:
                self._log(command, None)
            self._command = None
            return
        self._result = Result(self.store, code == PREPARE, code == FIELD_LIST, command.prepared)
        if code == FETCH and command.prepared is not None:
            self._result.fetch()

    def _arguments(self, command: Command, packet: bytes) -> tuple[Content, ...]:
        """What a command carries, and what it is called."""
        code, state = command.code, self._state
        if code in (QUERY, PREPARE):
            cursor = Cursor(packet, 1)
            attributes = statement_of(packet, bool(state.client_flags & state.server_flags & _ATTRIBUTES), True)
            raw = attributes if attributes is not None else cursor.rest()
            command.argument = _decoded(raw, state.encoding)
            command.operation = operation(command.argument)
            if code == PREPARE:
                command.prepared = Prepared(command.argument, command.operation)
            sql = command.argument.encode("utf-8", "replace")
            return (Content("statement", "application/sql", len(sql), sql, "utf-8"),)
        if code in (EXECUTE, FETCH, LONG_DATA, CLOSE):
            prepared = state.prepared.get(int.from_bytes(packet[1:5], "little"))
            command.prepared = prepared
            command.operation = prepared.operation if prepared else "EXECUTE"
            if code == CLOSE:
                state.prepared.pop(int.from_bytes(packet[1:5], "little"), None)
            if code == LONG_DATA:
                return (Content("parameter", "", len(packet) - 7, packet[7:]),)
            if code == EXECUTE and prepared is not None:
                named = bool(state.client_flags & state.server_flags & _ATTRIBUTES)
                return parameters(packet, prepared, named)
            return ()
        command.operation = (NAMES[code] if code < len(NAMES) else f"COMMAND {code}").upper()
        if code == CHANGE_USER:
            login = read_change_user(packet)
            command.argument = login.user
            self._took_login(login)
        elif code in (INIT_DB, FIELD_LIST, 5, 6):
            command.argument = text(packet[1:].rstrip(b"\0"))
            if code == INIT_DB:
                state.database = command.argument or None
        return ()

    def _infile(self, command: Command, packet: bytes, ts: float) -> None:
        """LOAD DATA LOCAL INFILE: the client sends a file, an empty packet ends it."""
        assert command.infile is not None
        if packet:
            if len(command.infile) < self.store.limits.slice:
                command.infile += packet
            else:
                self._unread[CLIENT] += len(packet)
            return
        raw, command.infile = bytes(command.infile), None
        self._give(CLIENT, command, ts, len(raw), (Content("infile", "", len(raw), raw),), part=".1")

    # ---- the server ----------------------------------------------------------------------------------------------

    def _response(self, number: int, packet: bytes, ts: float) -> None:
        command, result = self._command, self._result
        if command is None and len(packet) == 5 and packet[0] == 0xFE:
            return  # older servers end the definitions of a prepared statement with it
        if command is None or result is None or not packet:
            self._unread[SERVER] += len(packet) + 4
            return
        if command.code == CHANGE_USER and packet[:1] in (b"\x01", b"\xfe"):
            return  # a challenge
        result.read(packet, ts)
        if result.wants_file:
            result.wants_file = False
            command.infile = bytearray()
        for contents in result.ready():
            self._give(SERVER, command, result.ts, result.take_size(), contents)
        if result.stage is Stage.DONE:
            self._end_result(ts)

    def _end_result(self, ts: float, broken: bool = False) -> None:
        command, result = self._command, self._result
        if command is None or result is None:
            return
        self._command = self._result = None
        if broken and result.stage is not Stage.DONE and result.stage is not Stage.FIRST:
            result.cut = True
        contents = result.finish()
        if contents or result.spots(self.uid(f"{command.number}-{SERVER}")):
            self._give(SERVER, command, result.ts or ts, result.take_size(), contents, result)
        if result.statement is not None and command.prepared is not None:
            prepared = self._state.prepared
            prepared[result.statement] = command.prepared
            command.prepared.parameters = result.parameters
            if len(prepared) > _MOST_PREPARED:
                prepared.pop(next(iter(prepared)))
        self._log(command, None if broken and result.stage is Stage.FIRST else result)

    # ---- out -----------------------------------------------------------------------------------------------------

    def _give(
        self,
        direction: int,
        command: Command,
        ts: float,
        size: int,
        contents: tuple[Content, ...],
        result: Result | None = None,
        part: str = "",
    ) -> None:
        if direction == SERVER:
            part = f".{command.answers}" if command.answers else ""
            command.answers += 1
        uid = f"{command.number}-{direction}{part}"
        self.exchange(
            uid,
            direction,
            ts,
            command.operation or "QUERY",
            size,
            application=self._state.database,
            account=self._state.user,
            contents=contents,
            blind_spots=result.spots(self.uid(uid)) if result is not None else (),
        )

    def _log(self, command: Command, result: Result | None) -> None:
        name = NAMES[command.code] if command.code < len(NAMES) else f"unknown-{command.code}"
        argument = command.argument
        if command.code in (EXECUTE, FETCH, LONG_DATA, CLOSE) and command.prepared is not None:
            argument = command.prepared.statement
        fields: dict[str, Any] = {"cmd": name, "arg": without_passwords(argument)}
        if result is not None:
            fields["success"] = result.error is None
            fields |= {"rows": result.rows} if result.error is None else {"response": result.error}
        self.log("mysql", command.ts, fields)


def _decoded(raw: bytes, encoding: str) -> str:
    try:
        return raw.decode(encoding)
    except UnicodeDecodeError:
        return text(raw)
