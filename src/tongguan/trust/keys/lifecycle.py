"""The life of a key: made or registered, activated, rotated, suspended, retired, destroyed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from tongguan.errors import BadInput, Conflict
from tongguan.trust.access import Principal, entity_name, may
from tongguan.trust.ciphers.pem import read_public_pem
from tongguan.trust.keys.catalogue import Catalogue
from tongguan.trust.keys.forms import new_id
from tongguan.trust.keys.material import chosen, load_public, make
from tongguan.trust.keys.policy import KeyPolicy
from tongguan.trust.keys.records import KEYS, VERSIONS, Key, checked, key_of, slot
from tongguan.trust.keys.states import MOVES, PURPOSES, STATES, Purpose, State, effective, purpose_named

__all__ = ["Lifecycle"]

NAME = 200  # characters
PAGE, LAST = 1000, 1 << 31
VERSIONS_MAX = 1000
LAST_SECOND = 1 << 40

Change = Callable[[Key], Mapping[str, Any]]


class Lifecycle(Catalogue):
    """See `KeyService`."""

    def create(
        self,
        *,
        name: str,
        purpose: Purpose,
        algorithm: str | None = None,
        owner: str,
        entity: str | None = None,
        not_before: int | None = None,
        not_after: int | None = None,
        policy: KeyPolicy = KeyPolicy(),  # noqa: B008 - frozen
        activate: bool = True,
        by: Principal,
    ) -> Key:
        """A new key with one version, active unless `activate` is false. Times are seconds since the epoch.

        algorithm: the suite's for this purpose where None. Raises Conflict where a live key of the entity has that
        name, BadInput, Denied, Unavailable where the master does not answer; then nothing was made.
        """
        purpose = purpose_named(purpose)
        algorithm = chosen(purpose, algorithm, self._suite)
        key = self._draft(name, purpose, algorithm, owner, entity, not_before, not_after, policy)
        self._allow(by, "keys.create", key.name, key.entity)
        key = replace(key, state="active" if activate else "pre-active")
        secret, public = make(purpose, algorithm)
        return self._insert(key, secret, public, "key.create", by)

    def ensure(
        self,
        *,
        name: str,
        purpose: Purpose,
        algorithm: str | None = None,
        owner: str,
        entity: str | None = None,
        by: Principal,
    ) -> Key:
        """The live key of this name in the entity, made where there is none. For the house's own keys.

        Raises Conflict where it is for another purpose; asks for keys.create.
        """
        entity = None if entity is None else entity_name(entity)
        for _ in range(2):
            self._allow(by, "keys.create", name, entity)
            with self._database.read() as connection:
                id = connection.execute(sa.select(KEYS.c.id).where(KEYS.c.slot == slot(entity, name))).scalar()
            if id is not None:
                key = self._key(id)
                if key.purpose != purpose or key.foreign:
                    raise Conflict(f"the key {name} is there for {key.purpose}, not for {purpose}")
                return key
            try:
                return self.create(name=name, purpose=purpose, algorithm=algorithm, owner=owner, entity=entity, by=by)
            except Conflict:  # another process was first
                continue
        raise Conflict(f"the key {name} appears and disappears; try again")

    def register(
        self,
        *,
        name: str,
        algorithm: str | None = None,
        public: bytes | str,
        owner: str,
        entity: str | None = None,
        purpose: Purpose | None = None,
        not_before: int | None = None,
        not_after: int | None = None,
        by: Principal,
    ) -> Key:
        """Another party's public key: PEM text, or bytes as `VerifyingKey.load` and `EncryptingKey.load` take them.

        purpose: "sign" (we verify) or "decrypt" (we encrypt to it). The algorithm says which, save for SM2.
        PEM names the kind of key only, so that RSA needs the purpose there too.
        """
        algorithm, purpose, encoded = _public(algorithm, purpose, public)
        key = self._draft(name, purpose, algorithm, owner, entity, not_before, not_after, KeyPolicy())
        self._allow(by, "keys.register", key.name, key.entity)
        encoded = load_public(purpose, algorithm, encoded).encoded
        return self._insert(replace(key, foreign=True, state="active"), None, encoded, "key.register", by)

    def get(self, id: str, by: Principal) -> Key:
        """Raises BadInput where there is none, Denied."""
        key = self._key(id)
        self._allow(by, "keys.read", id, key.entity)
        return key

    def list(
        self,
        *,
        entity: str | None = None,
        purpose: Purpose | None = None,
        state: State | None = None,
        foreign: bool | None = None,
        offset: int = 0,
        limit: int = 100,
        by: Principal,
    ) -> list[Key]:
        """By name, oldest first, as far as keys.read covers them. `entity`: that one's only."""
        self._allow(by, "keys.read", "keys")
        if not 0 <= offset <= LAST or not 0 <= limit <= PAGE:
            raise BadInput(f"a page has 0 to {PAGE} keys, from an offset of 0 to {LAST}")
        if purpose not in (None, *PURPOSES) or state not in (None, *STATES):
            raise BadInput(f"expected a purpose of {', '.join(PURPOSES)} and a state of {', '.join(STATES)}")
        entity = None if entity is None else entity_name(entity)
        wanted = {"entity": entity, "purpose": purpose, "state": state, "foreign": foreign}
        query = sa.select(KEYS.c.id).where(self._readable(by))
        query = query.where(*(KEYS.c[column] == value for column, value in wanted.items() if value is not None))
        query = query.order_by(KEYS.c.name, KEYS.c.created, KEYS.c.id).offset(offset).limit(limit)
        with self._database.read() as connection:
            ids = connection.execute(query).scalars().all()
        return [self._key(id) for id in ids]

    def state_now(self, key: Key) -> State:
        """The state that counts at this moment: the key's days are over or yet to come whatever was set."""
        return effective(key.state, key.not_before, key.not_after, self._clock())

    # ---- changes

    def activate(self, id: str, by: Principal) -> Key:
        """From pre-active or suspended."""
        return self._move(id, "active", by)

    def suspend(self, id: str, by: Principal) -> Key:
        """It may do nothing until it is activated again."""
        return self._move(id, "suspended", by)

    def retire(self, id: str, by: Principal) -> Key:
        """For good: from now on it only opens and checks what it protected."""
        return self._move(id, "retired", by)

    def rotate(self, id: str, by: Principal) -> Key:
        """A new version, which protects from now on; earlier ones still open. Raises Conflict unless it is active."""
        key = self._key(id)
        self._allow(by, "keys.manage", id, key.entity)
        if key.foreign:
            raise Conflict(f"the key {id} is another party's: register its new public key, and retire this one")
        secret, public = make(key.purpose, key.algorithm)

        def next_version(key: Key) -> dict[str, Any]:
            if key.state != "active":
                raise Conflict(f"the key {id} is {key.state}; only an active key is rotated")
            if key.version >= VERSIONS_MAX:
                raise Conflict(f"the key {id} has {VERSIONS_MAX} versions; create another key")
            return {"version": key.version + 1}

        def add(connection: sa.Connection, key: Key) -> None:
            self._add_version(connection, key, secret, public)

        return self._change(id, by, "keys.manage", next_version, "key.rotate", also=add)

    def set_policy(self, id: str, policy: KeyPolicy | Mapping[str, Any], by: Principal) -> Key:
        """Who may use it, on top of keys.use. Raises BadInput."""
        document = policy.to_dict() if isinstance(policy, KeyPolicy) else policy
        text = KeyPolicy.read(document, self._policy).text()
        return self._change(id, by, "keys.manage", lambda key: {"policy": _living(key) and text}, "key.policy")

    def set_days(self, id: str, not_before: int | None, not_after: int | None, by: Principal) -> Key:
        """When it may be used, in seconds since the epoch: from `not_before` on, and before `not_after`."""
        _days(not_before, not_after)
        days = {"not_before": not_before, "not_after": not_after}
        return self._change(id, by, "keys.manage", lambda key: days if _living(key) else {}, "key.days")

    def destroy(self, id: str, by: Principal) -> Key:
        """For good: what it protected can never be opened again. Uses up an approval of keys.destroy for this id.

        The wrapped secrets of all versions are wiped. Older copies of the database (backups, write-ahead logs) still
        hold them, wrapped: `rotate_master` and then `drop_master` close those too.
        """

        def wipe(connection: sa.Connection, key: Key) -> None:
            self._approvals.use("keys.destroy", id, by, entity=key.entity, within=connection)
            if connection.dialect.name == "sqlite":
                connection.exec_driver_sql("pragma secure_delete = on")
            row_key = self._root.row_key()
            for row in connection.execute(sa.select(VERSIONS).where(VERSIONS.c.key_id == id)).fetchall():
                values = checked(VERSIONS, row, row_key) | {"wrapped": None, "master": None}
                same = (VERSIONS.c.key_id == id) & (VERSIONS.c.version == row.version)
                connection.execute(VERSIONS.update().where(same).values(**self._sealed(VERSIONS, values)))

        def last(key: Key) -> dict[str, Any]:
            return _moved(key, "destroyed") | {"slot": None}

        key = self._change(id, by, "keys.destroy", last, "key.state", also=wipe)
        self._forget(id)
        if self._database.engine.dialect.name == "sqlite":  # the write-ahead log holds the old pages
            raw = self._database.engine.raw_connection()
            try:
                raw.cursor().execute("pragma wal_checkpoint(truncate)")
            finally:
                raw.close()
        return key

    # ---- within

    def _move(self, id: str, state: State, by: Principal) -> Key:
        key = self._change(id, by, "keys.manage", lambda key: _moved(key, state), "key.state")
        if state == "suspended":
            self._forget(id)
        return key

    def _change(
        self,
        id: str,
        by: Principal,
        permission: str,
        change: Change,
        kind: str,
        *,
        also: Callable[[sa.Connection, Key], None] | None = None,
    ) -> Key:
        """One change of a key, with its log entry, alone with the row. `also`: what belongs to it, by the key
        as it will be; both or neither."""
        self._allow(by, permission, id, self._key(id).entity)
        row_key = self._root.row_key()
        with self._database.write() as connection:
            row = self._row(connection, id, lock=True)
            values = checked(KEYS, row, row_key)
            old = key_of(values, None)
            values |= {**change(old), "revision": old.revision + 1, "changed": int(self._clock())}
            key = key_of(values, None)
            if also:
                also(connection, key)
            connection.execute(KEYS.update().where(KEYS.c.id == id).values(**self._sealed(KEYS, values)))
            self._journal.note(connection, kind, by.name, _entry(key))
        self._journal.deliver()
        return self._key(id)

    def _insert(self, key: Key, secret: bytes | None, public: bytes | None, kind: str, by: Principal) -> Key:
        self._root.row_key()
        values = {column.name: getattr(key, column.name, None) for column in KEYS.columns if column.name != "mac"}
        values |= {"slot": slot(key.entity, key.name), "policy": key.policy.text()}
        try:
            with self._database.write() as connection:
                connection.execute(KEYS.insert().values(**self._sealed(KEYS, values)))
                self._add_version(connection, key, secret, public)
                self._journal.note(connection, kind, by.name, _entry(key) | {"algorithm": key.algorithm})
        except IntegrityError:
            where = f" of {key.entity}" if key.entity else ""
            raise Conflict(f"there is a key named {key.name}{where} already; choose another name") from None
        self._journal.deliver()
        return self._key(key.id)

    def _draft(
        self,
        name: str,
        purpose: Purpose,
        algorithm: str,
        owner: str,
        entity: str | None,
        not_before: int | None,
        not_after: int | None,
        policy: KeyPolicy,
    ) -> Key:
        _line("name of a key", name)
        _line("owner of a key", owner)
        _days(not_before, not_after)
        now, policy = int(self._clock()), KeyPolicy.read(policy.to_dict(), self._policy)
        return Key(
            id=new_id(),
            name=name,
            purpose=purpose,
            algorithm=algorithm,
            owner=owner,
            entity=None if entity is None else entity_name(entity),
            state="pre-active",
            version=1,
            foreign=False,
            not_before=not_before,
            not_after=not_after,
            policy=policy,
            created=now,
            changed=now,
            revision=1,
        )

    def _readable(self, by: Principal) -> sa.ColumnElement[bool]:
        """Rows that keys.read shows to `by`; asked of `may`, so that there is one rule."""
        if may(self._policy, by, "keys.read", entity="\0"):  # an entity that nobody names: all of them
            return sa.true()
        named = sorted({entity for grant in by.grants for entity in grant.entities or ()})
        covered = [entity for entity in named if may(self._policy, by, "keys.read", entity=entity)]
        return sa.or_(KEYS.c.entity.is_(None), KEYS.c.entity.in_(covered))


def _entry(key: Key) -> dict[str, Any]:
    """What the log says of a key after a change: enough to hold the store against."""
    return {
        "key": key.id,
        "revision": key.revision,
        "state": key.state,
        "version": key.version,
        "purpose": key.purpose,
        "entity": key.entity,
    }


def _moved(key: Key, state: State) -> dict[str, Any]:
    if state not in MOVES[key.state]:
        way = ", ".join(sorted(MOVES[key.state])) or "nothing else"
        raise Conflict(f"the key {key.id} is {key.state}; from there it can become {way}, not {state}")
    return {"state": state}


def _living(key: Key) -> bool:
    if key.state == "destroyed":
        raise Conflict(f"the key {key.id} is destroyed; it cannot be changed any more")
    return True


def _days(not_before: int | None, not_after: int | None) -> None:
    for day in (not_before, not_after):
        if day is not None and (not isinstance(day, int) or not 0 <= day <= LAST_SECOND):
            raise BadInput("the days of a key are whole seconds since 1970, or nothing")
    if not_before is not None and not_after is not None and not_before >= not_after:
        raise BadInput("the days of a key end before they begin")


def _line(what: str, text: object) -> None:
    if not isinstance(text, str) or not 0 < len(text) <= NAME or not text.isprintable() or not text.strip():
        raise BadInput(f"the {what} is text of 1 to {NAME} characters that can be shown")


def _public(algorithm: str | None, purpose: Purpose | None, public: bytes | str) -> tuple[str, Purpose, bytes]:
    """Algorithm, purpose and bytes of a public key. Raises BadInput."""
    if isinstance(public, (bytes, bytearray)) and public.lstrip().startswith(b"-----BEGIN"):
        public = bytes(public).decode("ascii", "replace")
    if isinstance(public, str):
        read = read_public_pem(public)
        kind, encoded = str(read[0]), read[1]
    elif algorithm is None:
        raise BadInput("raw bytes of a public key need its algorithm: ed25519, sm2, rsa-pss-3072 or rsa-oaep-3072")
    else:
        kind, encoded = _KINDS.get(algorithm, "?"), bytes(public)
    fitting = [(name, of) for (name, of) in _REGISTRABLE if _KINDS[name] == kind]
    fitting = [
        (name, of) for name, of in fitting if algorithm in (None, name, kind) and (purpose is None or purpose == of)
    ]
    if len(fitting) == 1:
        return *fitting[0], encoded
    if fitting:
        raise BadInput('say what the key is for: purpose "sign" (we verify with it) or "decrypt" (we encrypt to it)')
    raise BadInput(
        f"a public key of kind {kind} with algorithm {str(algorithm)[:40]} and purpose {str(purpose)[:40]} cannot be "
        f"registered; expected one of {', '.join(f'{name} for {of}' for name, of in _REGISTRABLE)}"
    )


_KINDS = {"ed25519": "ed25519", "sm2": "sm2", "rsa-pss-3072": "rsa", "rsa-oaep-3072": "rsa"}
_REGISTRABLE: tuple[tuple[str, Purpose], ...] = (
    ("ed25519", "sign"),
    ("sm2", "sign"),
    ("sm2", "decrypt"),
    ("rsa-pss-3072", "sign"),
    ("rsa-oaep-3072", "decrypt"),
)
