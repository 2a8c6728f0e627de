"""A catalogue of some sources alone: to whoever opens it so, the others are not there, whatever is asked.

Views of the connection itself stand before the tables, under their names, so that no query can forget them.
"""

from __future__ import annotations

from collections.abc import Collection
from sqlite3 import Connection

from tongguan.casework.assets.tables import blinds, changes, columns, scans, sources, units

__all__ = ["narrow"]

_SEEN = "(select id from temp.seen)"
_OF_UNIT = f"exists (select 1 from main.units u where u.id = t.unit and u.source in {_SEEN})"
_ROWS = {
    sources.name: f"t.id in {_SEEN}",
    scans.name: f"t.source in {_SEEN}",
    units.name: f"t.source in {_SEEN}",
    blinds.name: f"t.source in {_SEEN}",
    columns.name: _OF_UNIT,
    changes.name: _OF_UNIT,
}


def narrow(connection: Connection, only: Collection[str]) -> None:
    """Let a connection see the sources of these names, and what is of them, and nothing else."""
    connection.execute("pragma temp_store = memory")
    connection.execute("create temp table seen (id integer primary key)")
    mine = "insert into temp.seen select id from main.sources where name = ?"
    connection.executemany(mine, [(name,) for name in only])
    for table, rows in _ROWS.items():
        connection.execute(f"create temp view {table} as select * from main.{table} t where {rows}")
