"""PostgreSQL."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import suppress
from functools import partial
from typing import Any

import sqlalchemy as sa

from tongguan.capture.stores.databases.dialect import Limits, Listed, Run, Special, Texts, shut
from tongguan.capture.stores.units import Column, Unseen

__all__ = ["PostgreSQL"]

PAGE = 1_000

# A join with pg_class in place of the look-ups by oid would go through all of it for each table.
# Partitions are read through the table that they are parts of; what they hold and how often they changed is summed up.
# The counters of changes are kept by the statistics collector; without it, or on a standby, there is no mark. A column
# that is added, renamed, dropped or commented on changes none of them, nor the file.
_LISTING = sa.text("""
    select n.nspname::text, c.relname::text, c.relnamespace::bigint, c.relkind::text,
           coalesce(left(obj_description(c.oid, 'pg_class'), 2000), ''),
           parts.known, parts.rows, parts.bytes,
           md5(concat_ws('/', parts.mark, shape.mark, obj_description(c.oid, 'pg_class'))),
           has_schema_privilege(n.oid, 'usage')
             and (has_table_privilege(c.oid, 'select') or has_any_column_privilege(c.oid, 'select')),
           row_security_active(c.oid)
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
    cross join lateral (
      select bool_and(not leaf or tuples >= 0) as known, sum(greatest(tuples, 0)) filter (where leaf)::bigint as rows,
             coalesce(sum(pg_relation_size(oid)), 0)::bigint as bytes,
             md5(string_agg(concat_ws('/', oid, pg_relation_filenode(oid), pg_relation_size(oid),
                 pg_stat_get_tuples_inserted(oid), pg_stat_get_tuples_updated(oid),
                 pg_stat_get_tuples_deleted(oid)), ',' order by oid)) as mark
      from (select c.oid, c.relkind <> 'p', c.reltuples where c.relkind <> 'p'
            union all
            select relid, isleaf, (select p.reltuples from pg_class p where p.oid = relid)
            from pg_partition_tree(c.oid) where c.relkind = 'p') part(oid, leaf, tuples)
    ) parts
    cross join lateral (
      select md5(string_agg(concat_ws('/', attnum, attname, atttypid, atttypmod, col_description(c.oid, attnum),
                 has_column_privilege(c.oid, attnum, 'select')), ',' order by attnum)) as mark
      from pg_attribute where attrelid = c.oid and attnum > 0 and not attisdropped
    ) shape
    where c.relkind in ('r', 'p', 'v', 'm', 'f') and not c.relispartition
      and n.nspname not in ('pg_catalog', 'information_schema') and n.nspname !~ '^pg_(toast|temp)'
      and (c.relname, c.relnamespace) > (cast(:name as name), cast(:schema as oid))
    order by c.relname, c.relnamespace limit :page
""")
_COLUMNS = sa.text("""
    select a.attname::text, format_type(a.atttypid, a.atttypmod),
           coalesce(left(col_description(c.oid, a.attnum), 2000), ''),
           not a.attnotnull, coalesce(a.attnum = any(i.indkey::int2[]), false),
           has_column_privilege(c.oid, a.attnum, 'select'),
           exists (select from pg_index u where u.indrelid = c.oid and u.indisunique and u.indisvalid
                   and u.indpred is null and u.indnatts = 1 and u.indkey[0] = a.attnum)
               and (c.relkind = 'p' or not c.relhassubclass)
    from pg_attribute a join pg_class c on c.oid = a.attrelid join pg_namespace n on n.oid = c.relnamespace
    left join pg_index i on i.indrelid = c.oid and i.indisprimary
    where n.nspname = :schema and c.relname = :name and a.attnum > 0 and not a.attisdropped
    order by a.attnum limit :most
""")
_STEADY = sa.text("select not pg_is_in_recovery() and current_setting('track_counts')::bool")
_LARGE = sa.text("select count(*), pg_relation_size('pg_largeobject') from pg_largeobject_metadata")
_SIZE = sa.text("select sum(pg_relation_size(oid))::bigint from pg_class where relkind in ('r', 'm') and oid >= 16384")
_INTEGERS = ("smallint", "integer", "bigint")
_REASONS = {
    "42501": "permission",
    "42P01": "vanished",
    "42703": "vanished",
    "3F000": "vanished",
    "57014": "timeout",
    "55P03": "locked",
    "XX001": "damaged",
    "XX002": "damaged",
    "57P01": "dropped",
    "57P02": "dropped",
    "57P03": "dropped",
}
_NOT_READ = {"v": "view", "f": "foreign"}


class PostgreSQL:
    folds = False
    bounded = True

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self.texts = Texts()
        self.raw = False

    def begin(self) -> None: ...

    def prepare(self, connection: Any) -> None:
        """`search_path`: our statements mean PostgreSQL's own functions, whatever others have made. `row_security`: a
        policy that would hide rows is an error, and is told."""
        limits = self._limits
        before, connection.autocommit = connection.autocommit, True
        with connection.cursor() as cursor:
            cursor.execute("select current_setting('server_encoding')")
            self.raw = cursor.fetchone()[0] in ("SQL_ASCII", b"SQL_ASCII")
            for name, value in (
                ("client_encoding", "LATIN1" if self.raw else "UTF8"),  # the former: bytes as they are
                ("default_transaction_read_only", "on"),
                ("statement_timeout", f"{limits.statement_s}s"),
                ("lock_timeout", f"{limits.lock_s}s"),
                ("idle_in_transaction_session_timeout", "10min"),
                ("search_path", "pg_catalog"),
                ("row_security", "off"),
                ("datestyle", "ISO, YMD"),
                ("intervalstyle", "iso_8601"),
                ("bytea_output", "hex"),
            ):
                cursor.execute("select set_config(%s, %s, false)", (name, value))
            # To compile a statement that is asked once takes longer than the statement. Old servers know no `jit`.
            cursor.execute("select set_config(name, 'off', false) from pg_settings where name = 'jit'")
        connection.autocommit = before

    def listing(self, run: Run) -> Iterator[Listed | Unseen]:
        steady = run(lambda connection: bool(connection.execute(_STEADY).scalar()))
        rows = run(partial(_page, "", 0))
        while rows:
            for row in rows:
                yield _listed(row, steady)
            rows = run(partial(_page, rows[-1][1], rows[-1][2])) if len(rows) == PAGE else []
        count, size = run(lambda connection: connection.execute(_LARGE).one())
        if count:
            yield Unseen("large_objects", "pg_largeobject", count=int(count), size=int(size))

    def size(self, run: Run) -> int:
        return run(lambda connection: int(connection.execute(_SIZE).scalar() or 0))

    def columns(self, connection: sa.Connection, schema: str, name: str) -> list[Column]:
        given = {"schema": schema, "name": name, "most": self._limits.columns + 1}
        return [Column(*row) for row in connection.execute(_COLUMNS, given)]

    def cell(self, column: Any, about: Column, most: int) -> Any:
        if about.declared == "bytea":
            return sa.func.substring(column, 1, most + 1, type_=sa.LargeBinary)
        return sa.func.left(sa.cast(column, sa.Text), most + 1, type_=sa.Text)

    def key(self, connection: sa.Connection, listed: Listed, columns: list[Column]) -> str | None:
        keys = [column for column in columns if column.key]
        return keys[0].name if len(keys) == 1 and keys[0].declared in _INTEGERS and keys[0].readable else None

    def walk(self, connection: sa.Connection, listed: Listed, columns: list[Column]) -> str | None:
        return self.key(connection, listed, columns)

    def patient(self, connection: sa.Connection) -> None: ...

    def estimate(self, connection: sa.Connection, listed: Listed, table: Any) -> int | None:
        """What the planner expects, from the file's size now."""
        statement = sa.select(sa.literal(1)).select_from(table).compile(connection)
        plan = connection.exec_driver_sql(f"explain (format json) {statement}", dict(statement.params)).scalar()
        plan = json.loads(plan) if isinstance(plan, (str, bytes)) else plan
        return int(plan[0]["Plan"]["Plan Rows"]) if plan else None

    def special(self, listed: Listed, table: Any, estimate: int, rows: int) -> Special | None:
        """Twice as many pages as rows, and of each page one row or none: nearly as good as rows drawn one by one, at
        the cost of reading those pages alone. Where there are not so many, each row by chance."""
        share = 2.0 * rows / max(1, listed.size // 8192)  # of pages
        if share >= 1.0:
            return Special(table, self.coin(min(1.0, 1.3 * rows / estimate)), None)
        thin = min(1.0, 1.3 * rows / max(1.0, estimate * share))  # of the rows of those pages
        percent: Any = sa.literal_column(f"{100 * share:.9f}")
        drawn = sa.tablesample(table, sa.func.system(percent), name="drawn")
        page = sa.literal_column("drawn.tableoid::text || drawn.ctid::text", sa.Text)
        return Special(drawn, self.coin(thin), page)

    def coin(self, share: float) -> Any:
        return sa.func.random() < share

    def sever(self, connection: Any) -> None:
        with suppress(Exception):  # closed meanwhile
            shut(connection.fileno())

    def reason(self, error: BaseException) -> tuple[str, str]:
        code = str(getattr(error, "sqlstate", None) or "")
        if not code or code.startswith("08"):
            return "dropped", code or type(error).__name__
        return _REASONS.get(code, "failed"), code


def _page(name: str, schema: int, connection: sa.Connection) -> Sequence[Any]:
    return connection.execute(_LISTING, {"name": name, "schema": schema, "page": PAGE}).all()


def _listed(row: Any, steady: bool) -> Listed:
    schema, name, _, kind, comment, known, rows, size, mark, allowed, hidden = row
    why = _NOT_READ.get(kind) or (None if allowed else "permission") or ("row_security" if hidden else None)
    return Listed(
        schema, name, comment, int(rows) if known and rows else None, int(size), mark if steady else None, why_not=why
    )
