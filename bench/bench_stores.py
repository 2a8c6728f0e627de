"""How stores behave at scale: many tables, and one large table.

    python bench/bench_stores.py FOLDER [--postgresql URL] [--mysql URL] [--tables 10000] [--rows 50000000] [--keep]

In FOLDER a SQLite file is made for each case; the databases that the URLs name, which must be empty and may be written
to, are filled alike (their passwords come from the environment, as for scans). Then each case runs in a process of its
own, whose peak of resident memory is told: listing all tables; a scan of all into a new catalogue (two processes); the
same scan with nothing changed; and of a large table samples of 10,000 and 1,000,000 rows, beside the same of a table of
a hundredth of its rows, and beside what people do without us: `SELECT * LIMIT n` by SQLAlchemy, which gives the first
rows. `--skip-scan` leaves the scans of many tables out. `--whole` scans both large tables with every row read, for
`--seconds` at most, and says how far it came.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from bench_scan import Watch

TOGETHER = 500  # tables made in one transaction: PostgreSQL holds a lock for each
LARGE, SMALL = "large_one", "small_one"

# Of this program alone: what `getrusage` tells begins with the memory of whoever started it.
PEAK = """
def peak_mb():
    return int(open("/proc/self/status").read().partition("VmHWM:")[2].split()[0]) >> 10
"""
LIST = """
import json, sys, time
from tongguan.capture.stores import open_store, parse_address
started = time.monotonic()
with open_store(parse_address(sys.argv[1])) as store:
    count = sum(1 for _ in store.units())
peak = peak_mb()
print(json.dumps({"seconds": time.monotonic() - started, "peak": peak, "count": count}))
"""
SAMPLE = """
import json, sys, time
from tongguan.capture.stores import open_store, parse_address
with open_store(parse_address(sys.argv[1])) as store:
    unit = next(unit for unit in store.units() if getattr(unit, "name", "") == sys.argv[2])
    before = peak_mb()
    started = time.monotonic()
    rows = unit.read(int(sys.argv[3]))
    seconds = time.monotonic() - started
    peak = peak_mb()
    cells = sum(len(column) for column in rows.table.columns)
    print(json.dumps({"seconds": seconds, "peak": peak, "before": before, "cells": cells, "rows": rows.sample.rows,
                      "method": rows.sample.method, "missed": rows.sample.missed}))
"""
PEER = """
import json, sys, time
import sqlalchemy as sa
from tongguan.capture.stores.addresses import parse_address
address = parse_address(sys.argv[1])
engine = sa.create_engine(address.url or f"sqlite:///{address.path}")
if len(sys.argv) > 4:
    sa.event.listen(engine, "do_connect", lambda d, r, a, parameters: parameters.update(password=sys.argv[4]))
with engine.connect() as connection:
    before = peak_mb()
    started = time.monotonic()
    rows = connection.execute(sa.text(f"select * from {sys.argv[2]} limit {int(sys.argv[3])}")).all()
    seconds = time.monotonic() - started
peak = peak_mb()
print(json.dumps({"seconds": seconds, "peak": peak, "before": before, "cells": sum(map(len, rows)), "rows": len(rows),
                  "method": "the first", "missed": None}))
"""
SCAN = """
import json, sys, time
from pathlib import Path
from tongguan.capture.stores import parse_address
from tongguan.casework import assets
started = time.monotonic()
(done,) = assets.scan([parse_address(sys.argv[1])], Path(sys.argv[2]), b"k" * 32, names=False, workers=2)
print(json.dumps({"seconds": time.monotonic() - started, "counts": dict(done.counts)}))
"""
WHOLE = """
import json, resource, sys, time
from pathlib import Path
from tongguan.capture.stores import parse_address
from tongguan.casework import assets
from tongguan.casework.assets.whole import Together
class Late(BaseException):
    pass
rows, started = 0, time.monotonic()
add = Together.add
def counted(self, stretch):
    global rows
    rows += stretch.judged.sample.rows
    return add(self, stretch)
Together.add = counted
def progress(done, total, what):
    if time.monotonic() - started > float(sys.argv[3]):
        raise Late
try:
    assets.scan([parse_address(sys.argv[1])], Path(sys.argv[2]), b"k" * 32, names=False, workers=2, whole=True,
                progress=progress)
    told = True
except Late:
    told = False
seconds = time.monotonic() - started
with assets.Catalogue(Path(sys.argv[2])) as catalogue:
    units = list(assets.rows(catalogue, "units", assets.Filter()))
print(json.dumps({"seconds": seconds, "rows": rows, "ended": told, "ours": peak_mb(),
                  "units": [[u["path"], u["sample"], u["persons"], u["persons_low"], u["persons_high"]]
                            for u in units]}))
"""


class Case:
    """One database: where it is, and how it is filled."""

    def __init__(self, name: str, url: str, password: str | None = None) -> None:
        self.name, self.url, self.password = name, url, password

    def engine(self) -> sa.Engine:
        driver = {"postgresql": "postgresql+psycopg", "mysql": "mysql+pymysql"}.get(self.name, self.name)
        engine = sa.create_engine(sa.make_url(self.url).set(drivername=driver), poolclass=sa.NullPool)
        if self.password:
            sa.event.listen(engine, "do_connect", lambda d, r, a, parameters: parameters.update(password=self.password))
        return engine

    def fill_tables(self, count: int) -> None:
        """Tables of three columns and five rows each: what is measured is the number of tables."""
        with self.engine().connect() as connection:
            for first in range(0, count, TOGETHER):
                if self.name == "sqlite":
                    connection.exec_driver_sql("pragma synchronous = off")
                for n in range(first, min(first + TOGETHER, count)):
                    connection.exec_driver_sql(
                        f"create table t{n} (id int primary key, name varchar(40), phone varchar(40))"
                    )
                    rows = ", ".join(f"({k}, 'row {k}', '{19900000000 + n * 7 + k}')" for k in range(5))
                    connection.exec_driver_sql(f"insert into t{n} values {rows}")
                connection.commit()

    def fill_rows(self, table: str, count: int) -> None:
        """Five columns, about 60 bytes a row, by a statement of the database's own."""
        columns = "id bigint primary key, name varchar(40), phone varchar(40), amount int, note varchar(40)"
        row = {
            "postgresql": "n, 'name ' || n % 9973, cast(19900000000 + n as varchar), n % 1000, 'note ' || n % 77",
            "sqlite": "n, 'name ' || n % 9973, cast(19900000000 + n as text), n % 1000, 'note ' || n % 77",
            "mysql": "seq, concat('name ', seq % 9973), 19900000000 + seq, seq % 1000, concat('note ', seq % 77)",
        }[self.name]
        source = {
            "postgresql": f"select {row} from generate_series(1, {count}) n",
            "sqlite": f"with recursive s(n) as (select 1 union all select n + 1 from s where n < {count})"
            f" select {row} from s",
            "mysql": f"select {row} from seq_1_to_{count}",
        }[self.name]
        with self.engine().connect() as connection:
            if self.name == "sqlite":
                connection.exec_driver_sql("pragma synchronous = off")
                columns = columns.replace("bigint", "integer")
            connection.exec_driver_sql(f"create table {table} ({columns})")
            connection.execute(sa.text(f"insert into {table} {source}"))
            connection.commit()

    def analyze(self) -> None:
        with self.engine().execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
            if self.name == "postgresql":
                connection.exec_driver_sql("analyze")
            elif self.name == "mysql":
                connection.exec_driver_sql(f"analyze table {LARGE}, {SMALL}")

    def drop(self) -> None:
        with self.engine().connect() as connection:
            names = sa.inspect(connection).get_table_names()
            for first in range(0, len(names), TOGETHER):
                for name in names[first : first + TOGETHER]:
                    connection.exec_driver_sql(f"drop table {name}")
                connection.commit()


def ran(code: str, *arguments: str) -> dict[str, Any]:
    """What a program of its own tells, with the CPU time and the peak memory of it and of all that it starts."""
    started = time.monotonic()
    process = subprocess.Popen([sys.executable, "-c", PEAK + code, *arguments], stdout=subprocess.PIPE)
    watch = Watch(process.pid)
    while process.poll() is None:
        watch.look()
        time.sleep(0.1)
    said, _ = process.communicate()
    if process.returncode:
        sys.exit(f"failed: {arguments}")
    told = json.loads(said)
    if watch.peak:
        told.setdefault("peak", max(watch.peak.values()))
    return {**told, "cpu": sum(watch.cpu.values()), "wall": time.monotonic() - started}


def many_tables(case: Case, count: int, folder: Path, scans: bool) -> None:
    found = ran(LIST, case.url)
    each = 1e6 * found["seconds"] / max(1, found["count"])
    print(f"| {case.name}, {found['count']:,} tables | listed | {found['seconds']:.1f} | {found['cpu']:.1f} |"
          f" {each:.0f} µs a table | {found['peak']} | |", flush=True)  # fmt: skip
    if not scans:
        return
    with tempfile.TemporaryDirectory(dir=folder) as place:
        for name in ("scanned", "nothing changed"):
            found = ran(SCAN, case.url, place)
            kept = Path(place, "catalogue.db").stat().st_size
            each = 1e3 * found["seconds"] / max(1, count)
            print(f"| {case.name}, {count:,} tables | {name} | {found['seconds']:.1f} | {found['cpu']:.1f} |"
                  f" {each:.2f} ms a table | {found['peak']} | catalogue {kept >> 20} MB; {found['counts']} |",
                  flush=True)  # fmt: skip


def large_table(case: Case, counts: dict[str, int]) -> None:
    given = [case.password] if case.password else []
    for table, rows in counts.items():
        for most in ("10000", "1000000"):
            for who, code, more in (("ours", SAMPLE, []), ("SELECT … LIMIT", PEER, given)):
                found = ran(code, case.url, table, most, *more)
                speed = found["cells"] / found["seconds"] / 1e6
                print(f"| {case.name}, {rows:,} rows | {who}, {int(most):,} | {found['seconds']:.2f} | {speed:.2f} |"
                      f" {found['peak'] - found['before']} | {found['rows']:,} rows, {found['method']} |"
                      f" {found['missed'] if found['missed'] is None else format(found['missed'], '.5%')} |",
                      flush=True)  # fmt: skip


def read_whole(case: Case, folder: Path, seconds: float) -> None:
    with tempfile.TemporaryDirectory(dir=folder) as place:
        found = ran(WHOLE, case.url, place, str(seconds))
        print(f"| {case.name}, whole | {found['rows']:,} rows{'' if found['ended'] else ' until it was ended'} |"
              f" {found['seconds']:.0f} | {found['cpu']:.0f} | {found['rows'] / found['cpu'] / 1e3:.1f} thousand rows a"
              f" CPU second | {found['peak']} | {found['units']} |", flush=True)  # fmt: skip


def cases(given: argparse.Namespace) -> Iterator[tuple[Case, Case]]:
    """Databases for many tables and for large ones; of servers both are the same."""
    yield (
        Case("sqlite", f"sqlite:///{given.folder}/bench-tables.db"),
        Case("sqlite", f"sqlite:///{given.folder}/bench-rows.db"),
    )
    if given.postgresql:
        case = Case("postgresql", given.postgresql, os.environ.get("PGPASSWORD"))
        yield case, case
    if given.mysql:
        case = Case("mysql", given.mysql, os.environ.get("MYSQL_PWD"))
        yield case, case


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--postgresql")
    parser.add_argument("--mysql")
    parser.add_argument("--only", choices=["sqlite", "postgresql", "mysql"])
    parser.add_argument("--tables", type=int, default=10_000)
    parser.add_argument("--rows", type=int, default=50_000_000)
    parser.add_argument("--whole", action="store_true")
    parser.add_argument("--seconds", type=float, default=1800.0, help="after which `--whole` is ended")
    parser.add_argument("--skip-scan", action="store_true")
    parser.add_argument("--keep", action="store_true", help="keep what was made; what is there is not made again")
    given = parser.parse_args()
    given.folder.mkdir(parents=True, exist_ok=True)
    print(f"load {os.getloadavg()[0]:.0f}")
    for tables, large in cases(given):
        if given.only not in (None, tables.name):
            continue
        with tables.engine().connect() as connection:
            there = set(sa.inspect(connection).get_table_names())
        with large.engine().connect() as connection:
            there |= set(sa.inspect(connection).get_table_names())
        if given.tables and "t0" not in there:
            started = time.monotonic()
            tables.fill_tables(given.tables)
            print(f"{tables.name}: {given.tables:,} tables made in {time.monotonic() - started:.0f} s", flush=True)
        if given.tables:
            time.sleep(3)  # a file changed just now has no mark
            print("| case | what | s | CPU s | | peak MB | |\n|---|---|---|---|---|---|---|")
            many_tables(tables, given.tables, given.folder, not given.skip_scan)
        if not given.rows:
            continue
        counts = {SMALL: given.rows // 100, LARGE: given.rows}
        for name, rows in counts.items():
            if name not in there:
                started = time.monotonic()
                large.fill_rows(name, rows)
                print(f"{large.name}: {rows:,} rows made in {time.monotonic() - started:.0f} s", flush=True)
        large.analyze()
        if given.whole:
            print("| database | read | s | CPU s | | peak MB | |\n|---|---|---|---|---|---|---|")
            read_whole(large, given.folder, given.seconds)
        print(
            "| table | reader, rows | s | M cells/s | MB more | sample | may be missed |\n|---|---|---|---|---|---|---|"
        )
        large_table(large, counts)
        if not given.keep:
            for case in {id(tables): tables, id(large): large}.values():
                case.drop() if case.name != "sqlite" else Path(str(case.url).partition("///")[2]).unlink()


if __name__ == "__main__":
    main()
