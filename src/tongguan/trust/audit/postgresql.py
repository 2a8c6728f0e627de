"""The audit log in a schema of its own in a PostgreSQL database, by psycopg 3.

The role that appends needs no more than this once the log is made (by a role that may create a schema):

    grant usage on schema tongguan_audit to APPENDER;
    grant select, insert on all tables in schema tongguan_audit to APPENDER;
    grant update on tongguan_audit.kinds to APPENDER;
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from tongguan.errors import BadSettings, Broken, CannotWrite, Missing, Unavailable
from tongguan.trust.audit.entry import labelled
from tongguan.trust.audit.store import FORMAT, Row

if TYPE_CHECKING:
    import psycopg

__all__ = ["PostgresqlStore"]

SCHEMA = "tongguan_audit"
LOCK = 0x746F6E67  # "tong": one appender at a time
WAIT_S = 60
FEW = 50  # rows up to which plain inserts are quicker than COPY

_TABLES = f"""
create schema {SCHEMA};
set local search_path = {SCHEMA};
create table about (key text primary key, value text not null);
create table entries ("index" bigint primary key, text text not null,
    kind text collate "C" not null, actor text collate "C" not null);
create index entries_kind on entries (kind, "index");
create index entries_actor on entries (actor, "index");
create table nodes (place bigint primary key, hash bytea not null);
create table checkpoints (size bigint primary key, note text not null);
create table kinds (kind text collate "C" primary key, count bigint not null);

create function refuse() returns trigger language plpgsql as $$
begin raise exception 'the audit log only grows'; end $$;

create function follow() returns trigger language plpgsql as $$
declare first bigint; last bigint; number bigint; behind bigint;
begin
    execute format('select min(%1$I), max(%1$I), count(*) from added', tg_argv[0]) into first, last, number;
    execute format('select max(%1$I) from {SCHEMA}.%2$I where %1$I < $1', tg_argv[0], tg_table_name)
        into behind using first;
    if last - first + 1 <> number or first <> coalesce(behind + 1, 0) then
        raise exception 'the audit log only grows';
    end if;
    return null;
end $$;

create function grow() returns trigger language plpgsql as $$
begin
    if exists (select 1 from {SCHEMA}.checkpoints where size > (select min(size) from added)) then
        raise exception 'the audit log only grows';
    end if;
    return null;
end $$;

create trigger entries_insert after insert on entries
    referencing new table as added for each statement execute function follow('index');
create trigger nodes_insert after insert on nodes
    referencing new table as added for each statement execute function follow('place');
create trigger checkpoints_insert after insert on checkpoints
    referencing new table as added for each statement execute function grow();
"""
_REFUSED = {"entries": "udt", "nodes": "udt", "checkpoints": "udt", "about": "udt", "kinds": "dt"}
_ACTS = {"u": "update", "d": "delete", "t": "truncate"}
_GUARDS = {f"{table}_{_ACTS[act]}" for table, acts in _REFUSED.items() for act in acts} | {
    "entries_insert",
    "nodes_insert",
    "checkpoints_insert",
}


class PostgresqlStore:
    """Made where it is not there; `about` is then written down for good, and else read.

    One connection, opened anew where it was lost. Raises BadSettings, Missing, Unavailable, Broken.
    """

    def __init__(self, url: str, about: Mapping[str, str]) -> None:
        self._address = _address(url)
        self.place = "in the PostgreSQL database"
        self._lock = threading.RLock()
        self._connection: psycopg.Connection[tuple[Any, ...]] | None = None
        with self._lock, self.guarded():
            info = self._connected().info
            self.place = f"in PostgreSQL ({info.host or 'local'}/{info.dbname})"
            try:
                self.about = self._open(about)
            except BaseException:
                self.close()
                raise

    def _open(self, about: Mapping[str, str]) -> Mapping[str, str]:
        run = self._connected().execute
        if not self._there():
            with self._connected().transaction():
                run("select pg_advisory_xact_lock(%s)", (LOCK,))
                if not self._there():
                    self._create({**about, "format": str(FORMAT)})
        found: dict[str, str] = dict(run(f"select key, value from {SCHEMA}.about").fetchall())
        if found.get("format") != str(FORMAT):
            raise Broken(f"the audit log {self.place} is not of this version of Tongguan")
        return found

    def _there(self) -> bool:
        found = self._connected().execute("select to_regclass(%s)", (f"{SCHEMA}.about",)).fetchone()
        return found is not None and found[0] is not None

    def _create(self, about: Mapping[str, str]) -> None:
        connection = self._connected()
        connection.execute(_TABLES)
        for table, acts in _REFUSED.items():
            for act in acts:
                connection.execute(
                    f"create trigger {table}_{_ACTS[act]} before {_ACTS[act]} on {table} "
                    "for each statement execute function refuse()"
                )
        with connection.cursor() as cursor:
            cursor.executemany("insert into about values (%s, %s)", list(about.items()))

    def close(self) -> None:
        with self._lock:
            if self._connection is not None:
                self._connection.close()
            self._connection = None

    def rows(self, query: str, values: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        with self._lock, self.guarded():
            return self._connected().execute(_placed(query), values).fetchall()

    def nodes(self, places: Collection[int]) -> dict[int, bytes]:
        query = "select place, hash from nodes where place = any(%s)"
        with self._lock, self.guarded():
            return dict(self._connected().execute(query, (list(places),), binary=True).fetchall())

    @contextmanager
    def writing(self) -> Iterator[None]:
        with self._lock, self.guarded():
            connection = self._connected()
            with connection.transaction():
                connection.execute("select pg_advisory_xact_lock(%s)", (LOCK,))
                yield

    def add(self, entries: Sequence[Row], nodes: Sequence[tuple[int, bytes]], size: int, note: str) -> None:
        counts = sorted(Counter(kind for _, _, kind, _ in entries).items())
        with self._connected().cursor() as cursor:
            if len(entries) <= FEW:
                cursor.executemany("insert into entries values (%s, %s, %s, %s)", entries)
                cursor.executemany("insert into nodes values (%s, %s)", nodes)
            else:
                _copy(cursor, "entries", ("int8", "text", "text", "text"), entries)
                _copy(cursor, "nodes", ("int8", "bytea"), nodes)
            cursor.execute("insert into checkpoints values (%s, %s)", (size, note))
            cursor.executemany(
                "insert into kinds values (%s, %s) "
                "on conflict (kind) do update set count = kinds.count + excluded.count",
                counts,
            )

    @contextmanager
    def snapshot(self) -> Iterator[PostgresqlSnapshot]:
        import psycopg

        with self.guarded(), psycopg.connect(self._address, **_OPTIONS) as connection:
            connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
            connection.read_only = True
            yield PostgresqlSnapshot(self, connection)

    def _connected(self) -> psycopg.Connection[tuple[Any, ...]]:
        if self._connection is None or self._connection.closed:
            try:
                import psycopg
            except ModuleNotFoundError:
                raise Missing("PostgreSQL needs psycopg; `pip install tongguan[postgresql]`") from None
            self._connection = psycopg.connect(self._address, autocommit=True, **_OPTIONS)
        return self._connection

    @contextmanager
    def guarded(self) -> Iterator[None]:
        """Turn the server's errors into ours, without the address, which may hold a password."""
        try:
            import psycopg
        except ModuleNotFoundError:
            raise Missing("PostgreSQL needs psycopg; `pip install tongguan[postgresql]`") from None
        try:
            yield
        except (psycopg.errors.InsufficientPrivilege, psycopg.errors.ReadOnlySqlTransaction) as error:
            raise CannotWrite(
                f"the audit log {self.place} refuses this role: {_said(error)}; see the documentation for its rights"
            ) from None
        except (psycopg.errors.DiskFull, psycopg.errors.OutOfMemory) as error:
            raise CannotWrite(f"the audit log {self.place} cannot be written: {_said(error)}") from None
        except psycopg.errors.LockNotAvailable:
            raise Unavailable(
                f"another process has held the audit log {self.place} for {WAIT_S} s; try again"
            ) from None
        except psycopg.OperationalError:
            raise Unavailable(
                f"the audit log {self.place} does not answer; is the server running and reachable? "
                "What was being written when it went away may have been written or not: look before trying again"
            ) from None
        except psycopg.Error as error:
            raise Broken(f"the audit log {self.place} is not in order: {_said(error)}") from None


class PostgresqlSnapshot:
    def __init__(self, store: PostgresqlStore, connection: psycopg.Connection[tuple[Any, ...]]) -> None:
        self._store = store
        self._connection = connection
        self._cursors = 0

    def rows(self, query: str, values: Sequence[object] = ()) -> Iterator[tuple[Any, ...]]:
        self._cursors += 1
        with self._store.guarded(), self._connection.cursor(f"walk_{self._cursors}", binary=True) as cursor:
            cursor.itersize = 5000
            cursor.execute(_placed(query), values)
            yield from cursor

    def entries(self) -> Iterator[tuple[int, str, bool]]:
        for index, text, kind, actor in self.rows('select "index", text, kind, actor from entries order by "index"'):
            yield index, text, labelled(text, kind, actor)

    def missing_guards(self) -> set[str]:
        query = (
            "select tgname from pg_trigger join pg_class on pg_class.oid = tgrelid "
            f"where relnamespace = '{SCHEMA}'::regnamespace and tgenabled in ('O', 'A')"
        )
        return _GUARDS - {name for (name,) in self.rows(query)}


_OPTIONS: Mapping[str, Any] = {
    "options": f"-c search_path={SCHEMA} -c lock_timeout={WAIT_S}s -c synchronous_commit=on",
    "connect_timeout": 10,
    "keepalives_idle": 30,
    "tcp_user_timeout": 30_000,
    "application_name": "tongguan audit log",
}


def _address(url: str) -> str:
    """libpq's URL from SQLAlchemy's. Raises BadSettings, without the URL, which may hold a password."""
    scheme, mark, rest = url.partition("://")
    if not mark or scheme.split("+")[0] not in ("postgresql", "postgres"):
        raise BadSettings("the audit log can be kept in PostgreSQL: expected postgresql://user@host/name")
    try:
        import psycopg
    except ModuleNotFoundError:
        raise Missing("PostgreSQL needs psycopg; `pip install tongguan[postgresql]`") from None
    address = f"postgresql://{rest}"
    try:
        psycopg.conninfo.conninfo_to_dict(address)
    except psycopg.ProgrammingError:
        raise BadSettings("settings: database is no URL; expected postgresql+psycopg://user@host/name") from None
    return address


def _copy(cursor: psycopg.Cursor[Any], table: str, types: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    with cursor.copy(f"copy {table} from stdin (format binary)") as copy:
        copy.set_types(types)
        for row in rows:
            copy.write_row(row)


def _placed(query: str) -> str:
    return query.replace("?", "%s")


def _said(error: Exception) -> str:
    """The first line of what the server said: it names tables and columns, never values."""
    return str(error).strip().splitlines()[0][:200] if str(error).strip() else type(error).__name__
