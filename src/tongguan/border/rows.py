"""Rows of the ledger: what one batch saw, as columns."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import lru_cache
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tongguan.border.tally import Tally
from tongguan.model import Activity, BlindKind, BlindSpot, Crossing, Endpoint, Finding, Party, Subject
from tongguan.wording import readable

__all__ = ["SCHEMAS", "LedgerBatch", "day_of"]

_DATED = ("findings", "subjects", "held", "kinds")  # tables whose rows have the day of their exchange

_BEIJING = 8 * 3600
_EPOCH = date(1970, 1, 1)
_TEXTS = pa.list_(pa.string())

SCHEMAS: dict[str, pa.Schema] = {
    "exchanges": pa.schema(
        [
            ("uid", pa.string()), ("conn", pa.string()),
            ("ts", pa.float64()),  # seconds since the epoch
            ("day", pa.date32()),  # in Beijing, where the law counts days
            ("source_ip", pa.string()), ("source_port", pa.int32()),
            ("destination_ip", pa.string()), ("destination_port", pa.int32()),
            ("protocol", pa.string()), ("application", pa.string()), ("account", pa.string()),
            ("operation", pa.string()), ("role", pa.string()),
            ("act", pa.string()),  # transmission, remote_access; none where the data cannot have left
            ("direction", pa.string()),
            ("system", pa.string()),  # site of the inside end
            ("recipient_id", pa.string()), ("recipient", pa.string()), ("country", pa.string()),
            ("basis", pa.string()), ("confidence", pa.float64()),
            ("size", pa.int64()), ("contents", pa.int32()), ("records", pa.int64()), ("findings", pa.int64()),
            ("types", _TEXTS), ("sensitive_types", _TEXTS),
            ("blind", _TEXTS),  # kinds of what could not be seen in it
            ("capture", pa.string()), ("activity", pa.string()),
        ]
    ),
    "findings": pa.schema(
        [
            ("uid", pa.string()), ("type", pa.string()), ("count", pa.int64()), ("distinct", pa.int64()),
            ("sensitive", pa.bool_()), ("level", pa.string()), ("category", pa.string()), ("masked", _TEXTS),
        ]
    ),
    "subjects": pa.schema(
        [
            ("uid", pa.string()), ("record", pa.string()),
            ("identifiers", pa.list_(pa.struct([("type", pa.string()), ("digest", pa.binary(16))]))),
            ("types", _TEXTS), ("sensitive", pa.bool_()),
        ]
    ),
    "held": pa.schema(  # rules of policies that fired
        [
            ("uid", pa.string()), ("policy", pa.string()), ("title", pa.string()), ("rule", pa.string()),
            ("severity", pa.string()), ("found", pa.int64()), ("zh", pa.string()), ("en", pa.string()),
        ]
    ),
    "kinds": pa.schema([("uid", pa.string()), ("kind", pa.string()), ("count", pa.int64())]),  # of documents
    "blind_spots": pa.schema(
        [
            ("kind", pa.string()), ("where", pa.string()), ("detail", pa.string()), ("count", pa.int64()),
            ("size", pa.int64()), ("capture", pa.string()),
        ]
    ),
}  # fmt: skip
"""The ledger's tables. `uid` ties findings and subjects to their exchange."""


def day_of(ts: float) -> date:
    """The day in Beijing, where the law counts days. Times outside the calendar are put at its ends."""
    return _day(int((ts + _BEIJING) // 86400) if abs(ts) < 1e14 else (10**9 if ts > 0 else -(10**9)))


@lru_cache(4096)
def _day(number: int) -> date:
    return _EPOCH + timedelta(days=max(-719162, min(number, 2932896)))


@dataclass
class LedgerBatch:
    """What one batch of a source saw: filled exchange by exchange, committed whole.

    `cover(crossing, types)` names the declared activity that covers a crossing (see `Activities`).
    """

    cover: Callable[[Crossing, frozenset[str]], Activity | None] | None = None
    columns: dict[str, dict[str, list[Any]]] = field(
        default_factory=lambda: {table: {name: [] for name in schema.names} for table, schema in SCHEMAS.items()}
    )
    days: dict[str, list[date]] = field(default_factory=lambda: {table: [] for table in _DATED})
    spots: dict[tuple[str, str, str, str], list[int]] = field(default_factory=dict)
    written: dict[str, list[str]] = field(default_factory=dict)  # parts that the ledger has on disk, by table

    def add(
        self,
        crossing: Crossing,
        findings: Sequence[Finding] | Tally = (),
        subjects: Sequence[Subject] = (),
        records: int = 0,
        blind_spots: Sequence[BlindSpot] = (),
    ) -> None:
        """One located exchange. `subjects`: those not given before. `blind_spots`: those met while its contents were
        read; its own are taken from it."""
        exchange = crossing.exchange
        day = day_of(exchange.ts)
        found = findings if isinstance(findings, Tally) else Tally(findings)
        types = frozenset(found.types)
        spots = (*exchange.blind_spots, *blind_spots)
        activity = self.cover(crossing, types) if self.cover else None
        columns = self.columns["exchanges"]
        row: tuple[Any, ...] = (
            exchange.uid, exchange.conn, exchange.ts, day,
            exchange.source.ip, exchange.source.port, exchange.destination.ip, exchange.destination.port,
            exchange.protocol, exchange.application, exchange.account, exchange.operation, exchange.role.value,
            crossing.act, crossing.direction.value, crossing.exporter.site or crossing.recipient.site,
            crossing.recipient.id, crossing.recipient.name, crossing.recipient.country,
            crossing.recipient.basis, crossing.recipient.confidence,
            exchange.size, len(exchange.contents), records, len(found), sorted(types), found.sensitive,
            sorted({spot.kind.value for spot in spots}), exchange.capture, activity.id if activity else None,
        )  # fmt: skip
        for column, value in zip(columns.values(), row, strict=True):
            column.append(value)
        self._findings(exchange.uid, day, found)
        self.subjects(crossing, subjects)
        self.blind(spots, exchange.capture)
        self.blind(
            (spot for party, end in _ends(crossing) if (spot := _unplaced(party, end.ip)) is not None), exchange.capture
        )

    def blind(self, spots: Iterable[BlindSpot], capture: str = "") -> None:
        """What a stage could not see. Equal ones are one row, with their counts and sizes summed."""
        for spot in spots:
            total = self.spots.setdefault((spot.kind.value, spot.where, spot.detail, capture), [0, 0])
            total[0] += spot.count
            total[1] += spot.size

    def _findings(self, uid: str, day: date, found: Tally) -> None:
        columns = self.columns["findings"]
        for type, one in found.types.items():
            masked = list(one.samples.values())
            row = (uid, type, one.count, one.distinct.bounds[0], one.sensitive, one.level, one.category, masked)
            for column, value in zip(columns.values(), row, strict=True):
                column.append(value)
            self.days["findings"].append(day)

    def subjects(self, crossing: Crossing, subjects: Sequence[Subject]) -> None:
        """Subjects of an exchange that is added, then or later."""
        columns = self.columns["subjects"]
        columns["uid"] += (subject.exchange for subject in subjects)
        columns["record"] += (subject.record for subject in subjects)
        columns["identifiers"] += (subject.identifiers for subject in subjects)
        columns["types"] += (subject.types for subject in subjects)
        columns["sensitive"] += (subject.sensitive for subject in subjects)
        self.days["subjects"] += [day_of(crossing.exchange.ts)] * len(subjects)

    @property
    def waiting(self) -> int:
        """Subjects that are held."""
        return len(self.days["subjects"])

    def forget_subjects(self) -> None:
        """They were written."""
        self.columns["subjects"] = {name: [] for name in SCHEMAS["subjects"].names}
        self.days["subjects"] = []

    def hold(
        self, crossing: Crossing, policy: str, title: str, rule: str, severity: str, found: int, text: Mapping[str, str]
    ) -> None:
        """A rule of a policy that an exchange set off; `text`: what did, without a value."""
        row = (crossing.exchange.uid, policy, title, rule, severity, found, text["zh"], text["en"])
        self._dated("held", crossing, row)

    def kind(self, crossing: Crossing, kind: str, count: int) -> None:
        """So many documents of a kind in an exchange."""
        self._dated("kinds", crossing, (crossing.exchange.uid, kind, count))

    def _dated(self, table: str, crossing: Crossing, row: tuple[Any, ...]) -> None:
        for column, value in zip(self.columns[table].values(), row, strict=True):
            column.append(value)
        self.days[table].append(day_of(crossing.exchange.ts))

    def __len__(self) -> int:
        return len(self.columns["exchanges"]["uid"])

    def tables(self) -> dict[str, dict[date | None, pa.Table]]:
        """The rows as Arrow tables: table → day → rows. Blind spots have no day."""
        exchanges = self.columns["exchanges"]
        spots = [(*key, *total) for key, total in self.spots.items()]
        kinds, wheres, details, captures, counts, sizes = zip(*spots, strict=True) if spots else ((),) * 6
        blind = dict(zip(SCHEMAS["blind_spots"].names, (kinds, wheres, details, counts, sizes, captures), strict=True))
        return {
            "exchanges": _by_day(_table("exchanges", exchanges), exchanges["day"]),
            **{table: _by_day(_table(table, self.columns[table]), self.days[table]) for table in _DATED},
            "blind_spots": {None: _table("blind_spots", blind)} if spots else {},
        }


def _ends(crossing: Crossing) -> tuple[tuple[Party, Endpoint], tuple[Party, Endpoint]]:
    exchange = crossing.exchange
    return (crossing.exporter, exchange.source), (crossing.recipient, exchange.destination)


_UNPLACED = {
    "none": "address outside the networks, the register and the country table",
    "anycast": "anycast address, announced from many countries",
    "private": "private address outside the declared networks, taken for the mainland",
}


def _unplaced(party: Party, ip: str) -> BlindSpot | None:
    """An end whose place is unknown or only assumed."""
    detail = _UNPLACED.get(party.basis)
    if detail is None:
        return None
    if not party.name:
        detail = "a file without a connection, declared nowhere"
    return BlindSpot(BlindKind.LOCATION_UNKNOWN, ip if party.name else "file", detail)


def _table(name: str, columns: Mapping[str, Sequence[Any]]) -> pa.Table:
    schema = SCHEMAS[name]
    return pa.Table.from_arrays([_array(columns[column.name], column.type) for column in schema], schema=schema)


def _array(values: Sequence[Any], type: pa.DataType) -> pa.Array:
    """One column, built whole: lists as their flat members and offsets."""
    if not pa.types.is_list(type):
        try:
            return pa.array(values, type)
        except UnicodeEncodeError:  # a file's name need not be UTF-8
            return pa.array([value if value is None else readable(value) for value in values], type)
    offsets = np.zeros(len(values) + 1, np.int32)
    np.cumsum(np.fromiter(map(len, values), np.int32, len(values)), out=offsets[1:])
    flat = [member for value in values for member in value]
    if pa.types.is_struct(type.value_type):
        kinds = pa.array([kind for kind, _ in flat], pa.string())
        digests = pa.array([digest for _, digest in flat], pa.binary(16))
        members = pa.StructArray.from_arrays([kinds, digests], fields=list(type.value_type))
    else:
        members = _array(flat, type.value_type)
    return pa.ListArray.from_arrays(pa.array(offsets), members, type=type)


def _by_day(table: pa.Table, days: Sequence[date]) -> dict[date | None, pa.Table]:
    distinct = sorted(set(days))
    if len(distinct) < 2:
        return dict.fromkeys(distinct, table)
    numbers = pa.array(days, pa.date32())
    return {day: table.filter(pc.equal(numbers, pa.scalar(day, pa.date32()))) for day in distinct}
