"""Rows of one table: how they are drawn, and how they become columns of text."""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import sqlalchemy as sa

from tongguan.capture.stores.databases.dialect import CELL, Dialect, Limits, Listed, Special, Texts
from tongguan.capture.stores.databases.mistaken import mended, mended_text
from tongguan.capture.stores.sampling import Method, Sample
from tongguan.capture.stores.units import Column, Rows, Unread, Unseen

__all__ = ["read_rows", "told_of"]

BATCH = 500  # rows asked for at once
KEYS = 1_000  # keys in one statement
DENSE = 1 / 20  # share of the keys between least and greatest that must be there for keys to be drawn
COIN_BYTES = 256 << 20  # of a table that is gone through whole to draw rows by chance
BLOBS = 20  # binary cells of one column that are looked into

_CHANCE = random.SystemRandom()  # whoever fills a table must not foresee which rows are read


def read_rows(
    connection: sa.Connection, dialect: Dialect, listed: Listed, where: str, limit: int, limits: Limits
) -> Rows:
    """At most `limit` rows: all where there are no more, else drawn at random in the best way there is.

    Raises Unread, and the driver's errors.
    """
    columns = dialect.columns(connection, listed.schema, listed.name)
    unseen: list[Unseen] = []
    if not columns:
        raise Unread(Unseen("vanished", where))
    if len(columns) > limits.columns:
        unseen.append(Unseen("columns_cut", where))
        columns = columns[: limits.columns]
    if hidden := [column.name for column in columns if not column.readable]:
        unseen.append(Unseen("permission", where, f"columns: {len(hidden)}", len(hidden)))
    reader = _Reader(connection, dialect, listed, columns, limit, limits)
    sample = reader.draw()
    rows = reader.rows
    counts = (("cells_cut", rows.cut), ("encoding", dialect.texts.odd - reader.odd_before))
    unseen += [Unseen(reason, where, count=count) for reason, count in counts if count]
    if rows.full:
        unseen.append(Unseen("sample_cut", where, f"{limits.bytes >> 20} MB"))
    for column, count in rows.blob_counts.items():
        if count > len(rows.blobs.get(column, ())):
            unseen.append(Unseen("blobs", where, columns[column].name, count - len(rows.blobs.get(column, ()))))
    if sample.method != "whole":
        unseen.append(Unseen("sampled", where, sample.method, (sample.of or 0) - sample.rows if sample.of else 1))
    told = tuple(
        replace(about, name=told_of(dialect, about.name), comment=told_of(dialect, about.comment)) for about in columns
    )
    table = rows.table()
    for ordinal, about in enumerate(told):
        if (better := mended(table.column(ordinal))) is not None:
            table = table.set_column(ordinal, table.field(ordinal), better[0])
            unseen.append(Unseen("encoding", where, f"{about.name}: kept as Latin letters, read as {better[1]}"))
    return Rows(told, table, sample, rows.blobs, rows.blob_counts, tuple(unseen))


def told_of(dialect: Dialect, text: str) -> str:
    """A name or a comment as people write it."""
    return Texts()(text.encode("latin-1")) if dialect.raw else mended_text(text)


class _Reader:
    """The statements of one table. Cells are labelled by their ordinals: names of columns may be anything."""

    def __init__(
        self,
        connection: sa.Connection,
        dialect: Dialect,
        listed: Listed,
        columns: list[Column],
        limit: int,
        limits: Limits,
    ) -> None:
        self._connection, self._dialect, self._listed = connection, dialect, listed
        self._columns, self._limit, self._limits = columns, limit, limits
        names: list[Any] = [sa.column(sa.sql.quoted_name(column.name, quote=True)) for column in columns]
        schema = sa.sql.quoted_name(listed.schema, quote=True) if listed.schema else None
        self._table = sa.table(sa.sql.quoted_name(listed.name, quote=True), *names, schema=schema)
        self.odd_before = dialect.texts.odd
        self.rows = self._empty()

    def draw(self) -> Sample:
        listed, limit = self._listed, self._limit
        rows = None if listed.rows is None else max(listed.rows, 0)
        if (rows is None or rows <= 2 * limit) and listed.size <= 4 * self._limits.bytes:  # estimates may be old
            found = self._fetch(self._select(self._table).limit(limit + 1))
            if self.rows.full:
                return Sample("head", found, rows)
            if found <= limit:
                return Sample("whole", found, found, True, found)
        self.rows = self._empty()
        estimate = max(self._dialect.estimate(self._connection, listed, self._table) or rows or 0, 1)
        if listed.size:  # fewer rows where they are wide
            self._limit = min(limit, max(100, int(0.5 * self._limits.bytes / (listed.size / estimate))))
        for way in (self._by_keys, self._by_pages, self._by_coin):
            sample = way(estimate)
            if sample is not None:
                return sample
            self.rows = self._empty()
        self._fetch(self._select(self._table).limit(self._limit))
        return Sample("head", self.rows.count, estimate)

    def _by_keys(self, estimate: int) -> Sample | None:
        """Rows of keys drawn at random: each row has the same chance, whatever gaps there are."""
        name = self._dialect.key(self._connection, self._listed, self._columns)
        if name is None:
            return None
        key: Any = sa.column(name) if name.lower() in ("rowid", "_rowid_", "oid") else self._table.c[name]
        ends = self._connection.execute(sa.select(sa.func.min(key), sa.func.max(key)).select_from(self._table)).one()
        if not all(isinstance(end, int) for end in ends):
            return None
        low, high = ends
        density = min(1.0, estimate / (high - low + 1))
        if density < DENSE:
            return None
        wanted = min(high - low + 1, int(1.2 * self._limit / density) + 20)
        keys = _CHANCE.sample(range(low, high + 1), wanted)
        while keys and self.rows.count < self._limit and not self.rows.full:
            some, keys = keys[:KEYS], keys[KEYS:]
            self._fetch(self._select(self._table).where(key.in_(some)))
        self.rows.keep(self._limit)
        return self._sample("random_keys", estimate, self.rows.count)

    def _by_pages(self, estimate: int) -> Sample | None:
        special = self._dialect.special(self._listed, self._table, estimate, self._limit)
        if special is None:
            return None
        method: Method = "random_rows" if special.page is None else "random_pages"
        return self._through(self._select(special.source, special).where(special.where), method, estimate)

    def _by_coin(self, estimate: int) -> Sample | None:
        coin = self._dialect.coin(min(1.0, 1.2 * self._limit / estimate))
        if coin is None or self._listed.size > COIN_BYTES:
            return None
        return self._through(self._select(self._table).where(coin), "random_rows", estimate)

    def _through(self, statement: Any, method: Method, estimate: int) -> Sample | None:
        """Rows of a statement that goes through the table in order. Where it had to stop early, only the first came."""
        came = self._fetch(statement.limit(3 * self._limit))
        if self.rows.full or came == 3 * self._limit:
            method = "head"
        self.rows.keep(self._limit)
        return self._sample(method, estimate, len(set(self.rows.pages)) or self.rows.count)

    def _sample(self, method: Method, estimate: int, draws: int) -> Sample | None:
        """None where hardly anything came: the estimates were wrong."""
        return Sample(method, self.rows.count, estimate, False, draws) if self.rows.count else None

    def _select(self, source: Any, special: Special | None = None) -> Any:
        chosen = [
            self._dialect.cell(source.c[column.name], column).label(f"c{ordinal}")
            if column.readable
            else sa.null().label(f"c{ordinal}")
            for ordinal, column in enumerate(self._columns)
        ]
        if special is not None and special.page is not None:
            chosen.append(special.page.label("page"))
        return sa.select(*chosen).select_from(source)

    def _fetch(self, statement: Any) -> int:
        """The rows that came. A result that is left before its end costs the connection, which is made again."""
        options = {"stream_results": True, "max_row_buffer": BATCH}
        result = self._connection.execute(statement, execution_options=options)
        came, width = 0, len(self._columns)
        while batch := result.fetchmany(BATCH):
            came += len(batch)
            if len(batch[0]) > width:
                self.rows.pages += [str(row[width]).rpartition(",")[0] for row in batch]
            self.rows.add([row[:width] for row in batch])
            if self.rows.full:
                if len(batch) == BATCH:
                    self._connection.invalidate()
                break
        else:
            result.close()
        return came

    def _empty(self) -> _Cells:
        return _Cells(self._columns, self._dialect, self._limits.bytes)


@dataclass(slots=True)
class _Cells:
    """Cells that came, as Arrow columns of text."""

    columns: Sequence[Column]
    dialect: Dialect
    most: int  # bytes
    batches: list[list[pa.Array]] = field(default_factory=list)
    count: int = 0
    size: int = 0
    cut: int = 0
    pages: list[str] = field(default_factory=list)  # of each row, where that is known
    blobs: dict[int, list[bytes]] = field(default_factory=dict)
    blob_counts: dict[int, int] = field(default_factory=dict)

    @property
    def full(self) -> bool:
        return self.size >= self.most

    def add(self, rows: Sequence[Sequence[Any]]) -> None:
        arrays = [self._array(ordinal, cells) for ordinal, cells in enumerate(zip(*rows, strict=True))]
        self.batches.append(arrays)
        self.count += len(rows)
        self.size += sum(array.nbytes for array in arrays)

    def keep(self, limit: int) -> None:
        """So many of the rows, chosen by chance: those that came first are not like the others."""
        if self.count <= limit:
            return
        chosen = sorted(_CHANCE.sample(range(self.count), limit))
        self.pages = [self.pages[n] for n in chosen] if self.pages else []
        whole = self.table().take(pa.array(chosen, pa.int64()))
        self.batches = [[column.combine_chunks() for column in whole.columns]]
        self.count = limit

    def table(self) -> pa.Table:
        """One column of text for each, in their order."""
        width = len(self.columns)
        chunks = [pa.chunked_array([batch[n] for batch in self.batches], pa.large_string()) for n in range(width)]
        return pa.Table.from_arrays(chunks, names=[column.name for column in self.columns])

    def _array(self, ordinal: int, cells: Sequence[Any]) -> pa.Array:
        try:
            if self.dialect.raw:
                raise TypeError
            array = pa.array(cells, pa.large_string())
        except (pa.ArrowException, TypeError, UnicodeEncodeError):
            array = pa.array(self._texts(ordinal, cells), pa.large_string())
        if array.nbytes > CELL:
            long = pc.greater(pc.utf8_length(array), CELL)
            if count := pc.sum(long).as_py():
                self.cut += count
                array = pc.utf8_slice_codeunits(array, 0, CELL)
        return array

    def _texts(self, ordinal: int, cells: Iterable[Any]) -> list[str | None]:
        made: list[str | None] = []
        for cell in cells:
            if isinstance(cell, (bytes, bytearray, memoryview)):
                made.append(self._bytes(ordinal, bytes(cell)))
            elif cell is None:
                made.append(None)
            elif self.dialect.raw and isinstance(cell, str):
                made.append(self.dialect.texts(cell.encode("latin-1")))
            else:
                made.append(str(cell).encode("utf-8", "backslashreplace").decode())
        return made

    def _bytes(self, ordinal: int, cell: bytes) -> str | None:
        """Text that lies in a binary column, else a blob."""
        try:
            text = cell.decode()
            if "\0" not in text:
                return text
        except UnicodeDecodeError:
            pass
        self.blob_counts[ordinal] = self.blob_counts.get(ordinal, 0) + 1
        kept = self.blobs.setdefault(ordinal, [])
        if len(kept) < BLOBS:
            self.cut += len(cell) > CELL
            kept.append(cell[:CELL])
            self.size += min(len(cell), CELL)
        return None
