"""Answers of a MySQL server: results as CSV, with a header row of column names."""

from __future__ import annotations

from enum import Enum, auto

from tongguan.capture.protocols.body import Body, Store
from tongguan.capture.protocols.lines import text
from tongguan.capture.protocols.mysql_statement import Prepared
from tongguan.capture.protocols.mysql_wire import Column, Cursor, binary_row, column, csv_line, text_row
from tongguan.model import BlindKind, BlindSpot, Content

__all__ = ["Result", "Stage"]

_MORE_RESULTS, _CURSOR = 8, 0x40
_MOST_COLUMNS = 4096
_FLUSH = 1 << 16


class Stage(Enum):
    """What the next packet is."""

    FIRST = auto()
    COLUMNS = auto()
    ROWS = auto()
    SKIP = auto()  # definitions that follow a prepared statement
    DONE = auto()


class Result:
    """The answer to one command."""

    def __init__(self, store: Store, prepare: bool, fields: bool, prepared: Prepared | None) -> None:
        self.store = store
        self.stage = Stage.FIRST
        self.ts = 0.0
        self.rows = 0
        self.error: str | None = None
        self.statement: int | None = None  # id of what was prepared
        self.parameters = 0
        self.wants_file = False
        self.cut = False  # ended before its end
        self._prepare = prepare
        self._fields = fields
        self._prepared = prepared
        self._binary = prepared is not None and not prepare
        self._columns: list[Column] = []
        self._expected = 0
        self._body: Body | None = None
        self._lines: list[bytes] = []
        self._lines_size = 0
        self._finished: list[tuple[Content, ...]] = []
        self._size = 0
        self._unread = 0
        self._unread_bytes = 0
        self._utf8 = False
        self._between = False  # the end between columns and rows was seen
        self._counted = 0  # rows of the result that is under way

    def read(self, packet: bytes, ts: float) -> None:
        """One packet of the server. Raises `ValueError`."""
        self.ts = self.ts or ts
        self._size += len(packet) + 4
        if self.stage is Stage.ROWS:
            self._row(packet)
        elif self.stage is Stage.FIRST:
            self._first(packet)
        elif self.stage is Stage.COLUMNS:
            self._column(packet)
        elif self.stage is Stage.SKIP and not _is_eof(packet):
            self._expected -= 1
            if not self._expected:
                self.stage = Stage.DONE

    def fetch(self) -> None:
        """The answer begins with rows: those of a statement whose columns came before."""
        assert self._prepared is not None
        if self._prepared.columns:
            self._columns = self._prepared.columns
            self._begin_rows()
            self._between = True

    def _first(self, packet: bytes) -> None:
        kind = packet[0]
        if kind == 0xFF:
            self._failed(packet)
        elif kind == 0 and self._prepare:
            self.statement = int.from_bytes(packet[1:5], "little")
            columns = int.from_bytes(packet[5:7], "little")
            self.parameters = int.from_bytes(packet[7:9], "little")
            self._expected = columns + self.parameters
            self.stage = Stage.SKIP if self._expected else Stage.DONE
        elif kind == 0:
            cursor = Cursor(packet, 1)
            self.rows += cursor.length()
            cursor.length()
            status = cursor.number(2) if len(cursor.rest()) >= 2 else 0
            self.stage = Stage.FIRST if status & _MORE_RESULTS else Stage.DONE
        elif kind == 0xFB:
            self.wants_file = True
        elif self._fields or kind == 0xFE or len(packet) > 10:
            if _is_eof(packet) or not self._fields:
                self.stage = Stage.DONE  # statistics and the like: one packet of text
        else:
            cursor = Cursor(packet)
            self._expected = cursor.length()
            if not 0 < self._expected <= _MOST_COLUMNS:
                self.stage = Stage.DONE
                raise ValueError("number of columns")
            self._columns = []
            self.stage = Stage.COLUMNS
            if cursor.rest() == b"\0" and self._prepared is not None:  # metadata as the last time
                self._columns = self._prepared.columns
                self._begin_rows()

    def _column(self, packet: bytes) -> None:
        if packet[0] == 0xFF:
            self._failed(packet)
            return
        self._columns.append(column(packet))
        if len(self._columns) == self._expected:
            if self._prepared is not None:
                self._prepared.columns = self._columns
            self._begin_rows()

    def _begin_rows(self) -> None:
        self.stage = Stage.ROWS
        self._body = Body(self.store, "text/csv", "resultset", "utf-8")
        names: list[bytes | None] = [one.name.encode() for one in self._columns]
        plain = [Column(one.name, "", 253, "utf-8") for one in self._columns]
        self._lines, self._lines_size = [csv_line(names, plain)], 0
        self._counted = 0
        self._utf8 = all(one.encoding == "utf-8" for one in self._columns)

    def _row(self, packet: bytes) -> None:
        kind = packet[0]
        if kind == 0xFE and len(packet) < 9:
            self._eof(packet)
            return
        if kind == 0xFF:
            self._failed(packet)
            return
        if kind == 0xFE and not self._fits(packet):
            self._eof(packet)
            return
        try:
            cells = binary_row(packet, self._columns) if self._binary else text_row(packet, len(self._columns))
        except ValueError:
            self._unread += 1
            self._unread_bytes += len(packet)
            return
        self.rows += 1
        self._counted += 1
        line = csv_line(cells, self._columns, self._utf8)
        self._lines.append(line)
        self._lines_size += len(line)
        if self._lines_size > _FLUSH:
            self._flush()

    def _fits(self, packet: bytes) -> bool:
        """Whether a packet that begins like an end is a row with a very long first value."""
        return not self._binary and len(packet) > 9 and int.from_bytes(packet[1:9], "little") < len(packet)

    def _eof(self, packet: bytes) -> None:
        """An end of rows, or the one between columns and rows that older servers send."""
        if len(packet) == 5:
            status = int.from_bytes(packet[3:5], "little")
            if not self._counted and not self._unread and not self._between:
                self._between = True
                if status & _CURSOR:
                    self._end_rows(status)
                return
        else:
            cursor = Cursor(packet, 1)
            cursor.length()
            cursor.length()
            status = cursor.number(2) if len(cursor.rest()) >= 2 else 0
        self._end_rows(status)

    def _end_rows(self, status: int) -> None:
        self._between = False
        contents = self._take_rows()
        if contents:
            self._finished.append(contents)
        self.stage = Stage.FIRST if status & _MORE_RESULTS else Stage.DONE

    def _failed(self, packet: bytes) -> None:
        start = 9 if packet[3:4] == b"#" else 3
        self.error = text(packet[start:])
        self.stage = Stage.DONE

    def _flush(self) -> None:
        if self._body is not None and self._lines:
            self._body.add(b"".join(self._lines))
        self._lines, self._lines_size = [], 0

    def _take_rows(self) -> tuple[Content, ...]:
        counted = self._counted
        self._flush()
        body, self._body = self._body, None
        return tuple(body.finish()) if body is not None and (counted or body.seen > _FLUSH) else ()

    def ready(self) -> list[tuple[Content, ...]]:
        """Results that ended while others follow, and slices of a long one."""
        finished, self._finished = self._finished, []
        if self._body is not None:
            finished += [(content,) for content in self._body.ready()]
        return finished

    def finish(self) -> tuple[Content, ...]:
        """What is left."""
        contents = tuple(content for group in self.ready() for content in group)
        return contents + (self._take_rows() if self._body is not None else ())

    def keep(self) -> None:
        """Copy what is borrowed."""
        if self._body is not None:
            self._body.keep()

    def take_size(self) -> int:
        """Bytes on the wire since the last call."""
        size, self._size = self._size, 0
        return size

    def spots(self, where: str) -> tuple[BlindSpot, ...]:
        """What could not be read of it."""
        found = self._body.spots(where) if self._body is not None else ()
        if self._unread:
            detail = "rows with values that could not be read"
            found += (BlindSpot(BlindKind.UNSUPPORTED, where, detail, self._unread, self._unread_bytes),)
        if self.cut:
            found += (BlindSpot(BlindKind.TRUNCATED, where, "the result ends early"),)
        return found


def _is_eof(packet: bytes) -> bool:
    return packet[0] == 0xFE and len(packet) < 9
