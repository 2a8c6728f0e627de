"""Tables that a scan reads whole, as far as it came: what another process needs to go on behind the last row."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from tongguan.casework.assets.catalogue import Catalogue, Scan
from tongguan.casework.assets.tables import under_way

__all__ = ["Known", "UnderWay"]


@dataclass(frozen=True, slots=True)
class Known:
    """How far a table was read. `mark`: the table's when its first row was; `state`: see `whole.Together`."""

    mark: str | None
    place: str
    state: bytes


class UnderWay:
    """Of one scan. `reader`: by what it judges; what was judged otherwise is begun anew."""

    def __init__(self, catalogue: Catalogue, scan: Scan, reader: str) -> None:
        self._catalogue, self._scan, self._reader = catalogue, scan, reader

    def found(self, path: str) -> Known | None:
        of_scan = (under_way.c.scan == self._scan.id, under_way.c.reader == self._reader)
        with self._catalogue.read() as connection:
            row = connection.execute(sa.select(under_way).where(self._is(path), *of_scan)).first()
        return None if row is None else Known(row.mark, row.place, bytes(row.state))

    def keep(self, path: str, known: Known) -> None:
        values = {"mark": known.mark, "place": known.place, "state": known.state}
        named = {"source": self._scan.source, "path": path, "scan": self._scan.id, "reader": self._reader}
        with self._catalogue.write() as connection:
            connection.execute(under_way.delete().where(self._is(path)))
            connection.execute(under_way.insert().values(**named, **values))

    def remove(self, path: str) -> None:
        with self._catalogue.write() as connection:
            connection.execute(under_way.delete().where(self._is(path)))

    def _is(self, path: str) -> sa.ColumnElement[bool]:
        return sa.and_(under_way.c.source == self._scan.source, under_way.c.path == path)
