"""Rows of one table: how they are drawn, and how they become columns of text."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any, Final

import numpy as np
import sqlalchemy as sa
from numpy.typing import NDArray

from tongguan.capture.stores.databases.cells import Cells
from tongguan.capture.stores.databases.dialect import Dialect, Limits, Listed, Special, Texts
from tongguan.capture.stores.databases.lots import Lots
from tongguan.capture.stores.databases.mistaken import mended, mended_text
from tongguan.capture.stores.sampling import Method, Sample
from tongguan.capture.stores.units import Rows, Unread, Unseen

__all__ = ["BATCH", "Reader", "read_rows", "told_of"]

BATCH: Final = 1_000  # rows asked for at once, at most
BATCH_BYTES: Final = 4 << 20  # fewer where they are wide
FIRST: Final = 20  # rows asked for before it is known how wide they are
KEYS: Final = 1_000  # keys in one statement
ROUND: Final = 1 << 20  # keys drawn at once
PROBED: Final = 200  # keys that tell how many of all are there
DENSE: Final = 1 / 20  # share of the keys between least and greatest that must be there for keys to be drawn
COIN_BYTES: Final = 256 << 20  # of a table that is gone through whole to draw rows by chance


def read_rows(
    connection: sa.Connection,
    dialect: Dialect,
    listed: Listed,
    where: str,
    limit: int,
    limits: Limits,
    came: Callable[[], None],
    *,
    head: bool = False,
) -> Rows:
    """At most `limit` rows: all where there are no more, else drawn at random in the best way there is; the first
    ones where `head` asks for no more. `came` is called whenever the server said something.

    Raises Unread, and the driver's errors.
    """
    reader = Reader(connection, dialect, listed, where, limit, limits, came)
    return reader.told(reader.head(None) if head else reader.draw())


def told_of(dialect: Dialect, text: str) -> str:
    """A name or a comment as people write it."""
    return Texts()(text.encode("latin-1")) if dialect.raw else mended_text(text)


class Reader:
    """The statements of one table. Cells are labelled by their ordinals: names of columns may be anything."""

    def __init__(
        self,
        connection: sa.Connection,
        dialect: Dialect,
        listed: Listed,
        where: str,
        limit: int,
        limits: Limits,
        came: Callable[[], None],
    ) -> None:
        """Raises Unread, and the driver's errors."""
        columns = dialect.columns(connection, listed.schema, listed.name)
        if not columns:
            raise Unread(Unseen("vanished", where))
        self._connection, self._dialect, self._listed, self._where = connection, dialect, listed, where
        self._limit, self._limits, self._came = limit, limits, came
        self._cut = len(columns) > limits.columns
        self.columns = columns[: limits.columns]
        names: list[Any] = [sa.column(_named(column.name, dialect)) for column in self.columns]
        schema = _named(listed.schema, dialect) if listed.schema else None
        self.table = sa.table(_named(listed.name, dialect), *names, schema=schema)
        self._chance = np.random.default_rng()  # by the system: whoever fills a table must not foresee which rows
        self.again()

    def again(self) -> None:
        """What came is forgotten."""
        self.rows, self._odd_before = self._empty(), self._dialect.texts.odd

    def told(self, sample: Sample) -> Rows:
        """What came, drawn in a way, with what of it was not seen."""
        rows, where, dialect = self.rows, self._where, self._dialect
        unseen = [Unseen("columns_cut", where)] if self._cut else []
        if hidden := [column.name for column in self.columns if not column.readable]:
            unseen.append(Unseen("permission", where, f"columns: {len(hidden)}", len(hidden)))
        counts = (("cells_cut", rows.cut), ("encoding", dialect.texts.odd - self._odd_before))
        unseen += [Unseen(reason, where, count=count) for reason, count in counts if count]
        if sample.method != "whole":
            if rows.full:
                unseen.append(Unseen("sample_cut", where, f"{self._limits.bytes >> 20} MB"))
            unseen.append(Unseen("sampled", where, sample.method, (sample.of or 0) - sample.rows if sample.of else 1))
        for column, count in rows.blob_counts.items():
            if count > len(rows.blobs.get(column, ())):
                left = count - len(rows.blobs.get(column, ()))
                unseen.append(Unseen("blobs", where, self.columns[column].name, left))
        told = tuple(
            replace(about, name=told_of(dialect, about.name), comment=told_of(dialect, about.comment))
            for about in self.columns
        )
        table = rows.table()
        for ordinal, about in enumerate(told):
            if (better := mended(table.column(ordinal))) is not None:
                table = table.set_column(ordinal, table.field(ordinal), better[0])
                unseen.append(Unseen("encoding", where, f"{about.name}: kept as Latin letters, read as {better[1]}"))
        return Rows(told, table, sample, rows.blobs, rows.blob_counts, tuple(unseen))

    def key(self, name: str) -> Any:
        """A column by whose values rows are found, also one that the database keeps to itself."""
        return sa.column(name) if name.lower() in ("rowid", "_rowid_", "oid") else self.table.c[name]

    def draw(self) -> Sample:
        listed, limit = self._listed, self._limit
        rows = None if listed.rows is None else max(listed.rows, 0)
        if rows is None:  # its keys tell at once whether it is a large one
            if (sample := self._by_keys(2 * limit)) is not None:
                return sample
            self.rows = self._empty()
        if (rows is None or rows <= 2 * limit) and listed.size <= 4 * self._limits.bytes:  # estimates may be old
            found = self.fetch(self.select(self.table).limit(limit + 1))
            if self.rows.full:
                return Sample("head", found, rows if rows is None or rows >= found else None)
            if found <= limit:
                return Sample("whole", found, found, True, found)
        self.rows = self._empty()
        if rows is not None:
            if (sample := self._by_keys()) is not None:
                return sample
            self.rows = self._empty()
        estimate = self._dialect.estimate(self._connection, listed, self.table) or rows or 0
        if estimate <= limit:  # there are more
            if self._dialect.coin(1.0) is None:
                return self.head(None)
            estimate = self._connection.execute(sa.select(sa.func.count()).select_from(self.table)).scalar() or 1
        if listed.size:  # fewer rows where they are wide
            self._limit = min(limit, max(100, int(0.5 * self._limits.bytes / (listed.size / estimate))))
        for way in (self._by_pages, self._by_coin):
            if (sample := way(estimate)) is not None:
                return sample
            self.rows = self._empty()
        return self.head(estimate)

    def head(self, estimate: int | None) -> Sample:
        """The first rows."""
        self.fetch(self.select(self.table).limit(self._limit))
        known = estimate or self._listed.rows or 0
        return Sample("head", self.rows.count, known if known >= self.rows.count else None)

    def _by_keys(self, fewest: int = 0) -> Sample | None:
        """Rows of keys drawn at random: each row has the same chance, whatever gaps there are. How many of the keys
        are there tells how many rows there are: nothing goes through the table. None where there are so few keys that
        to go through all rows is better, or hardly more rows than `fewest`."""
        name = self._dialect.key(self._connection, self._listed, self.columns)
        if name is None:
            return None
        key = self.key(name)
        # One by one: asked for both at once, SQLite goes through the table.
        asked = [sa.select(end(key)).select_from(self.table) for end in (sa.func.min, sa.func.max)]
        low, high = (_whole(self._connection.execute(one).scalar()) for one in asked)
        if low is None or high is None:
            return None
        span = high - low + 1
        if span <= fewest:
            return None
        lots, tried, density = Lots(span, self._chance), 0, 1.0
        while self.rows.count < self._limit and not self.rows.full:
            wanted = round(1.02 * (self._limit - self.rows.count) / density) + 20 if tried else PROBED
            keys = lots.draw(min(wanted, ROUND))
            if not len(keys):
                break
            tried += self._by_these(key, keys + low)
            density = self.rows.count / tried
            if density < DENSE or density * span <= fewest:
                return None
        self._keep()
        return self._sample("random_keys", max(round(density * span), self.rows.count), self.rows.count)

    def _by_these(self, key: Any, keys: NDArray[np.int64]) -> int:
        """Rows of these keys, as many keys in one statement as memory allows, in order, as they lie; how many keys
        were tried before the sample was full."""
        at = 0
        while at < len(keys) and not self.rows.full:
            each = max(1, self.rows.size // max(1, self.rows.count))
            some = keys[at : at + max(1, min(KEYS, PROBED if not self.rows.count else 2 * BATCH_BYTES // each))]
            self.fetch(self.select(self.table).where(_among(key, np.sort(some).tolist())), to_end=True)
            at += len(some)
        return at

    def _by_pages(self, estimate: int) -> Sample | None:
        special = self._dialect.special(self._listed, self.table, estimate, self._limit)
        if special is None:
            return None
        method: Method = "random_rows" if special.page is None else "random_pages"
        return self._through(self.select(special.source, special).where(special.where), method, estimate)

    def _by_coin(self, estimate: int) -> Sample | None:
        coin = self._dialect.coin(min(1.0, 1.2 * self._limit / estimate))
        if coin is None or self._listed.size > COIN_BYTES:
            return None
        return self._through(self.select(self.table).where(coin), "random_rows", estimate)

    def _through(self, statement: Any, method: Method, estimate: int) -> Sample | None:
        """Rows of a statement that goes through the table in order. Where it had to stop early, only the first came."""
        came = self.fetch(statement.limit(3 * self._limit))
        if self.rows.full or came == 3 * self._limit:
            method = "head"
        self._keep()
        return self._sample(method, estimate, len(set(self.rows.pages)) or self.rows.count)

    def _keep(self) -> None:
        """So many of the rows, chosen by chance: those that came first are not like the others."""
        if self.rows.count > self._limit:
            self.rows.keep(np.sort(self._chance.permutation(self.rows.count)[: self._limit]).tolist())

    def _sample(self, method: Method, estimate: int, draws: int) -> Sample | None:
        """None where hardly anything came: the estimates were wrong."""
        return Sample(method, self.rows.count, estimate, False, draws) if self.rows.count else None

    def select(self, source: Any, special: Special | None = None) -> Any:
        chosen = [
            self._dialect.cell(source.c[column.name], column, self.rows.longest).label(f"c{ordinal}")
            if column.readable
            else sa.null().label(f"c{ordinal}")
            for ordinal, column in enumerate(self.columns)
        ]
        if special is not None and special.page is not None:
            chosen.append(special.page.label("page"))
        return sa.select(*chosen).select_from(source)

    def fetch(self, statement: Any, *, to_end: bool = False) -> int:
        """The rows that came, a batch at a time, to the end or until the sample is full. A result that is left before
        its end costs the connection, which is made again."""
        options = {"stream_results": True, "max_row_buffer": BATCH, "compiled_cache": None}
        result = self._connection.execute(statement, execution_options=options)
        came, width, before = 0, len(self.columns), self.rows.size
        size = FIRST
        while batch := result.fetchmany(size):
            self._came()
            came += len(batch)
            if len(batch[0]) > width:
                self.rows.pages += [str(row[width]).partition(",")[0] for row in batch]
            self.rows.add(batch)
            if self.rows.full and not to_end:
                if len(batch) == size:
                    self._connection.invalidate()
                break
            each = max(1, (self.rows.size - before) // came)
            size = max(1, min(BATCH, BATCH_BYTES // each))
        else:
            result.close()
        return came

    def _empty(self) -> Cells:
        return Cells(self.columns, self._dialect, self._limits.bytes)


def _named(name: str, dialect: Dialect) -> str:
    return name if dialect.folds else sa.sql.quoted_name(name, quote=True)


def _whole(number: Any) -> int | None:
    """Some drivers give whole numbers as decimal ones."""
    return int(number) if isinstance(number, (int, Decimal)) and number == int(number) else None


def _among(key: Any, keys: list[int]) -> Any:
    """As they are written: a thousand parameters would cost more than to find the rows."""
    return key.op("in")(sa.literal_column(f"({','.join(map(str, keys))})"))
