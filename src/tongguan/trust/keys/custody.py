"""The master key: rotation, moving it to another holder, its passphrase, its shares; and the check of the store."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import sqlalchemy as sa

from tongguan.errors import BadInput, Broken, Conflict
from tongguan.trust.access import Principal
from tongguan.trust.ciphers import Tampered
from tongguan.trust.keys.catalogue import Catalogue, place
from tongguan.trust.keys.master import Master
from tongguan.trust.keys.passphrase import PassphraseMaster
from tongguan.trust.keys.records import KEYS, MASTERS, SPLITS, VERSIONS, checked, key_of
from tongguan.trust.keys.shares import Joined, Share, join, split

__all__ = ["Contradiction", "Custody", "Drill", "Generation", "Split"]

ROWS_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Drill:
    """What a drill proved: these shares give the master key that opens all of these."""

    set_id: str
    shares: tuple[int, ...]
    master: str
    keys: int
    versions: int


@dataclass(frozen=True, slots=True)
class Split:
    """A set of shares that was made. `valid`: it is of the master key in use."""

    set_id: str
    master: str
    threshold: int
    holders: tuple[str, ...]
    made: int
    valid: bool


@dataclass(frozen=True, slots=True)
class Generation:
    """A master key of this store. `held`: its holder has it still. `versions`: of keys, wrapped under it."""

    id: str
    kind: str  # passphrase, pkcs11
    name: str  # which file, or which token and key
    made: int
    current: bool
    held: bool
    versions: int


@dataclass(frozen=True, slots=True)
class Contradiction:
    """Something in the store that the audit log, or the store itself, denies. `key`: its id, or a master's."""

    key: str
    what: str  # set_back, unlogged, missing, unknown, altered, unopened, master
    detail: str


class LogEntry(Protocol):
    """What is read of an entry of the audit log."""

    @property
    def kind(self) -> str: ...
    @property
    def body(self) -> Mapping[str, Any]: ...


class Custody(Catalogue):
    """See `KeyService`."""

    # ---- rotation

    def masters(self, by: Principal) -> list[Generation]:
        """The master key in use and its predecessors, newest first. Raises Unavailable where the holder is away."""
        self._allow(by, "keys.master", "master")
        self._root.row_key()
        held = self._root.master.generations()
        counts = sa.select(VERSIONS.c.master, sa.func.count().label("number")).where(VERSIONS.c.wrapped.is_not(None))
        with self._database.read() as connection:
            wrapped = {row.master: row.number for row in connection.execute(counts.group_by(VERSIONS.c.master))}
            rows = connection.execute(sa.select(MASTERS).order_by(MASTERS.c.current.desc(), MASTERS.c.made.desc()))
            return [
                Generation(row.id, row.kind, row.name, row.made, row.current, row.id in held, wrapped.get(row.id, 0))
                for row in rows
            ]

    def rotate_master(self, by: Principal, *, to: Master | None = None) -> str:
        """Wrap every key anew under a new master key; its generation. `to`: another holder, such as an HSM.

        One transaction: a process killed in it leaves everything under the former key, which still opens. The former
        key is kept, so that older backups open too; `drop_master` ends that. After a move to another holder, name it
        in the settings and start every process again.
        """
        self._allow(by, "keys.master", "master")
        row_key, source, target = self._root.row_key(), self._root.master, to or self._root.master
        held = () if to is None else to.generations()  # another holder may have been given its key in a ceremony
        generation = held[-1] if held else target.generate()
        with self._database.write() as connection:
            former = self._root.move(connection, target, generation, row_key, by.name)
            count = self._rewrap_all(connection, source, target, generation, row_key)
        self._root.master = target
        self._opened.clear()
        if target is not source:
            source.close()
        self._journal.deliver()
        self._record("key.rewrap", by.name, {"master": generation, "former": former, "versions": count})
        return generation

    def drop_master(self, generation: str, by: Principal) -> None:
        """Destroy a former master key, and so close every older copy of the database. Uses up an approval of
        keys.destroy for `master:<generation>`. Raises Conflict where keys are still wrapped under it."""
        self._allow(by, "keys.destroy", f"master:{generation}")
        self._root.row_key()
        with self._database.write() as connection:
            self._root.alone(connection)
            current = self._root.current(connection)
            used = sa.select(sa.func.count()).select_from(VERSIONS).where(VERSIONS.c.master == generation)
            if current is None or current.id == generation or int(connection.execute(used).scalar_one()):
                raise Conflict(f"the master key {generation} is in use; rotate it first")
            if generation not in self._root.master.generations():
                raise BadInput(f"{self._root.master.name} holds no master key {generation[:40]}")
            self._approvals.use("keys.destroy", f"master:{generation}", by, within=connection)
            body = {"master": generation, "kind": self._root.master.kind, "step": "dropped"}
            self._journal.note(connection, "key.master", by.name, body)
            self._root.master.drop(generation)  # last: where the holder refuses, nothing else has happened either
        self._journal.deliver()

    def change_passphrase(self, old: str, new: str, by: Principal) -> None:
        """Seal the same master keys under another passphrase. Raises BadInput where `old` is wrong."""
        self._allow(by, "keys.master", "master")
        master = self._root.master
        if not isinstance(master, PassphraseMaster):
            raise BadInput(f"the master key is in {master.name}; change its PIN with the HSM's own tool")
        try:
            master.change_passphrase(old, new)
        except BadInput:
            self._record("key.master", by.name, {"step": "passphrase", "ok": False})
            raise
        self._record("key.master", by.name, {"step": "passphrase", "ok": True})

    # ---- shares

    def split(self, threshold: int, holders: Sequence[str], by: Principal) -> list[Share]:
        """The master key as shares, one for each holder: `threshold` of them give it back. They are shown here and
        nowhere else; kept are set, holders' names and numbers. Raises BadInput for an HSM: it has a backup of its own.
        """
        self._allow(by, "keys.backup", "master")
        self._root.row_key()
        with self._database.write() as connection:
            generation = self._root.used(connection)
            shares = split(self._root.master.export(generation), threshold, holders, generation)
            values = {
                "set_id": shares[0].set_id,
                "master": generation,
                "threshold": threshold,
                "holders": json.dumps(list(holders)),
                "made": int(self._clock()),
            }
            connection.execute(SPLITS.delete().where(SPLITS.c.set_id == shares[0].set_id))  # 15 bits may come again
            connection.execute(SPLITS.insert().values(**self._sealed(SPLITS, values)))
            body = {"set": shares[0].set_id, "master": generation, "threshold": threshold, "count": len(shares)}
            self._journal.note(connection, "key.split", by.name, body)
        self._journal.deliver()
        return shares

    def splits(self, by: Principal) -> list[Split]:
        """The sets that were made, newest first."""
        self._allow(by, "keys.backup", "master")
        row_key = self._root.row_key()
        with self._database.read() as connection:
            current = self._root.current(connection)
            rows = connection.execute(sa.select(SPLITS).order_by(SPLITS.c.made.desc(), SPLITS.c.set_id)).fetchall()
        found = [checked(SPLITS, row, row_key) for row in rows]
        return [
            Split(**values | {"holders": tuple(json.loads(values["holders"])), "valid": values["master"] == current.id})
            for values in found
            if current is not None
        ]

    def drill(self, shares: Sequence[str], by: Principal) -> Drill:
        """Whether these shares would open the store: every version is opened with them in memory, nothing is changed.

        Raises BadInput where they do not fit, Broken where a key does not open.
        """
        self._allow(by, "keys.restore", "master")
        try:
            joined = join(shares)
            result = self._drill(joined)
        except (BadInput, Broken):
            self._record("key.drill", by.name, {"ok": False, "shares": len(shares)})
            raise
        body = {"ok": True, "set": result.set_id, "shares": list(result.shares), "master": result.master}
        self._record("key.drill", by.name, body | {"keys": result.keys, "versions": result.versions})
        return result

    def restore(self, shares: Sequence[str], by: Principal) -> str:
        """Give the master key back to a machine that lacks it; its generation.

        On an empty store it becomes the store's master: bring the shares in before the database, or after it.
        Raises BadInput where the shares do not fit or are of another master key, Conflict where nothing is lost.
        """
        self._allow(by, "keys.restore", "master")
        try:
            generation = self._restore(join(shares), by)
        except BadInput:
            self._record("key.restore", by.name, {"ok": False, "shares": len(shares)})
            raise
        self._journal.deliver()
        self._record("key.restore", by.name, {"ok": True, "master": generation, "shares": len(shares)})
        return generation

    # ---- check

    def check_store(self, entries: Iterable[LogEntry], by: Principal) -> list[Contradiction]:
        """Hold the store against the audit log, from its beginning, and against itself; [] where all is well.

        Seen are: rows altered, swapped, deleted or made outside; a database set back to an earlier copy (a key that was
        logged destroyed is active again); changes without an entry; versions that do not open.
        """
        self._allow(by, "audit.verify", "keys")
        self._journal.deliver()
        logged, master = _logged(entries)
        with self._database.read() as connection:
            current = self._root.current(connection)
            rows = connection.execute(sa.select(KEYS).order_by(KEYS.c.id)).fetchall()
        if current is None:
            return [Contradiction(id, "missing", "logged, but not in the store") for id in sorted(logged)]
        found = []
        if master is not None and master != current.id:
            found.append(Contradiction(current.id, "master", f"the log knows {master} as the newest master key"))
        stored = {row.id: row for row in rows}
        for id in sorted(logged.keys() | stored.keys()):
            found += self._contradictions(id, stored.get(id), logged.get(id))
        self._record("key.verify", by.name, {"keys": len(stored), "contradictions": len(found)})
        return found

    # ---- within

    def _rewrap_all(
        self, connection: sa.Connection, source: Master, target: Master, generation: str, row_key: bytes
    ) -> int:
        query = (
            sa.select(VERSIONS, KEYS.c.purpose, KEYS.c.algorithm, KEYS.c.entity)
            .join(KEYS, KEYS.c.id == VERSIONS.c.key_id)
            .where(VERSIONS.c.wrapped.is_not(None), VERSIONS.c.master != generation)
            .order_by(VERSIONS.c.key_id, VERSIONS.c.version)
            .limit(ROWS_AT_ONCE)
            .with_for_update(of=VERSIONS)
        )
        count = 0
        while rows := connection.execute(query).fetchall():
            for row in rows:
                values = self._version(connection, row.key_id, row.version, row_key)
                where = place(row.key_id, row.version, row.purpose, row.algorithm, row.entity)
                try:
                    secret = source.unwrap(values["master"], values["wrapped"], where)
                except Tampered:
                    raise Broken(f"version {row.version} of the key {row.key_id} does not open") from None
                values |= {"wrapped": target.wrap(generation, secret, where), "master": generation}
                same = (VERSIONS.c.key_id == row.key_id) & (VERSIONS.c.version == row.version)
                connection.execute(VERSIONS.update().where(same).values(**self._sealed(VERSIONS, values)))
            count += len(rows)
        return count

    def _drill(self, joined: Joined) -> Drill:
        shadow = _Shadow(joined.key, self._root.master)
        with self._database.read() as connection:
            current = self._root.current(connection)
            self._fitting(connection, shadow.generation, current)
            query = sa.select(VERSIONS, KEYS.c.purpose, KEYS.c.algorithm, KEYS.c.entity)
            query = query.join(KEYS, KEYS.c.id == VERSIONS.c.key_id).where(VERSIONS.c.wrapped.is_not(None))
            keys, versions = set(), 0
            for row in connection.execute(query.execution_options(yield_per=ROWS_AT_ONCE)):
                where = place(row.key_id, row.version, row.purpose, row.algorithm, row.entity)
                try:
                    shadow.unwrap(row.wrapped, where)
                except Tampered:
                    raise Broken(
                        f"the shares are right, but version {row.version} of {row.key_id} does not open"
                    ) from None
                keys.add(row.key_id)
                versions += 1
        return Drill(joined.set_id, joined.numbers, shadow.generation, len(keys), versions)

    def _restore(self, joined: Joined, by: Principal) -> str:
        master = self._root.master
        generation = master.generation_of(joined.key)
        with self._database.write() as connection:
            self._root.alone(connection)
            current = self._root.current(connection)
            if current is not None:
                self._fitting(connection, generation, current)
            if generation in master.generations():
                raise Conflict(
                    f"the master key {generation} is here already; nothing is lost. A drill proves the shares"
                )
            master.adopt(joined.key)
            if current is None:
                self._root.begin(connection, generation, by.name)
        self._opened.clear()
        return generation

    def _fitting(self, connection: sa.Connection, generation: str, current: Any | None) -> None:
        """Raises BadInput unless this is the store's master key."""
        if current is None:
            raise BadInput("the store is empty: there is nothing that the shares could open")
        if current.id == generation:
            return
        earlier = connection.execute(sa.select(MASTERS.c.id).where(MASTERS.c.id == generation)).scalar()
        what = "an earlier master key of this store" if earlier else "another store's master key"
        raise BadInput(f"the shares are of {what} ({generation}); the keys here are wrapped under {current.id}")

    def _contradictions(self, id: str, row: Any | None, said: Mapping[str, Any] | None) -> list[Contradiction]:
        if row is None:
            return [Contradiction(id, "missing", "logged, but not in the store")]
        if said is None:
            return [Contradiction(id, "unknown", "in the store, but no entry tells of its making")]
        try:
            key = key_of(checked(KEYS, row, self._root.row_key()), None)
        except Broken as error:
            return [Contradiction(id, "altered", str(error))]
        where = f"the store has revision {key.revision} ({key.state}), the log {said['revision']} ({said['state']})"
        if key.revision < said["revision"]:
            return [Contradiction(id, "set_back", where)]
        if key.revision > said["revision"]:
            return [Contradiction(id, "unlogged", where)]
        if (key.state, key.version) != (said["state"], said["version"]):
            return [Contradiction(id, "altered", where)]
        if key.foreign or key.state == "destroyed":
            return []
        found = []
        for version in range(1, key.version + 1):
            self._opened.drop(lambda name, version=version: name == (id, version))  # type: ignore[misc]
            try:
                self._secret(key, version)
            except (Broken, BadInput) as error:
                found.append(Contradiction(id, "unopened", f"version {version}: {error}"))
        return found


class _Shadow:
    """A master key from shares, for opening alone."""

    def __init__(self, key: bytes, master: Master) -> None:
        self.generation = master.generation_of(key)
        self._key = key

    def unwrap(self, wrapped: bytes, context: bytes) -> bytes:
        return PassphraseMaster.open_with(self._key, wrapped, context)


def _logged(entries: Iterable[LogEntry]) -> tuple[dict[str, Mapping[str, Any]], str | None]:
    """The newest that the log says of each key, and the newest master."""
    said: dict[str, Mapping[str, Any]] = {}
    master: str | None = None
    for entry in entries:
        body = entry.body
        if entry.kind == "key.master" and body.get("step") in ("begun", "rotated"):
            master = str(body["master"])
        elif entry.kind in _CHANGES and body["revision"] >= said.get(body["key"], body)["revision"]:
            said[body["key"]] = body
    return said, master


_CHANGES = frozenset({"key.create", "key.register", "key.state", "key.rotate", "key.policy", "key.days"})
