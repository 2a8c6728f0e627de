"""The register of sources: databases, folders and buckets that the service may scan, with sealed credentials.

Credentials are sealed for the place that they were given for: whoever changes where a source lies must give them again,
so that nobody leads them to a server of his own.
"""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, Protocol

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from tongguan.capture.stores import Address
from tongguan.casework.assets.given import (
    LINE,
    NAME,
    Given,
    Secret,
    address_of,
    check_secret,
    check_server,
    checked,
    place_of,
    server_of,
)
from tongguan.casework.assets.reach import Reach
from tongguan.casework.assets.schedule import Schedule
from tongguan.errors import BadInput, Conflict, Denied, NotFound
from tongguan.trust.access import UNNAMED, Policy, Principal, check, may
from tongguan.trust.database import METADATA, Database
from tongguan.wording import wording

__all__ = ["Given", "Record", "Secret", "Source", "Sources"]

_texts: Final = wording("tongguan.casework.assets")

Record = Callable[[str, str, Mapping[str, Any]], int]

_sources = sa.Table(
    "asset_sources",
    METADATA,
    sa.Column("id", sa.String(40), primary_key=True),
    sa.Column("name", sa.String(NAME), nullable=False, unique=True),
    sa.Column("kind", sa.String(20), nullable=False),
    sa.Column("place", sa.JSON, nullable=False),
    sa.Column("address", sa.Text, nullable=False, unique=True),  # its name in the catalogue
    sa.Column("owner", sa.String(LINE), nullable=False),
    sa.Column("entity", sa.String(LINE)),
    sa.Column("note", sa.Text, nullable=False),
    sa.Column("enabled", sa.Boolean, nullable=False),
    sa.Column("sealed", sa.LargeBinary),
    sa.Column("schedule", sa.JSON(none_as_null=True)),
    sa.Column("due", sa.Float),
    sa.Column("created", sa.Float, nullable=False),
    sa.Column("created_by", sa.String(LINE), nullable=False),
    sa.Column("changed", sa.Float, nullable=False),
    sa.Column("changed_by", sa.String(LINE), nullable=False),
)


class Sealer(Protocol):
    """A key of the house."""

    def seal(self, plain: bytes, context: bytes) -> bytes: ...

    def unseal(self, sealed: bytes, context: bytes) -> bytes: ...


@dataclass(frozen=True, slots=True)
class Source:
    """A registered source. `place`: where it lies, by kind; `address`: its name in the catalogue; never a secret."""

    id: str
    name: str
    kind: str
    place: Mapping[str, Any]
    address: str
    owner: str
    entity: str | None
    note: str
    enabled: bool
    has_secret: bool
    schedule: Schedule | None
    due: float | None  # when the schedule asks for the next scan
    created: float
    created_by: str
    changed: float
    changed_by: str


class Sources:
    """The register. Changes ask for `assets.sources` of the source's entity, and are entries of the audit log. What
    belongs to no entity is there for those alone whose role holds for all.

    `scanned`: whether the catalogue knows an address, by whomever it was scanned.
    """

    def __init__(
        self,
        database: Database,
        seal: Sealer,
        record: Record,
        policy: Policy,
        reach: Reach,
        clock: Callable[[], float] = time.time,
        scanned: Callable[[str], bool] = lambda _: False,
    ) -> None:
        self.database, self.reach = database, reach
        self._seal, self._record, self._policy, self._clock = seal, record, policy, clock
        self._scanned = scanned

    # ---- to read

    def seen(self, by: Principal, operation: str = "assets.read") -> frozenset[str] | None:
        """Addresses of the sources that somebody may do it to; None: of all, also those that are not registered."""
        if may(self._policy, by, operation, entity=UNNAMED):
            return None
        return frozenset(source.address for source in self.listed(by=by, operation=operation))

    def seen_by(self, by: Principal, ident: str) -> Source:
        """A source, for somebody to look at. Raises NotFound, Denied."""
        found = self.get(ident)
        self.allow(by, "assets.read", found.entity)
        return found

    def listed(
        self, *, by: Principal | None = None, operation: str = "assets.read", kind: str | None = None, text: str = "",
        enabled: bool | None = None,
    ) -> list[Source]:  # fmt: skip
        """By name; those that `by` may do it to, where somebody asks."""
        query = sa.select(_sources).order_by(_sources.c.name)
        if kind:
            query = query.where(_sources.c.kind == kind)
        if enabled is not None:
            query = query.where(_sources.c.enabled == enabled)
        if text:
            named = (_sources.c.name, _sources.c.address, _sources.c.owner, _sources.c.entity, _sources.c.note)
            query = query.where(sa.or_(*(column.icontains(text, autoescape=True) for column in named)))
        with self.database.read() as connection:
            found = [_source(row) for row in connection.execute(query)]
        return [one for one in found if by is None or may(self._policy, by, operation, entity=one.entity or UNNAMED)]

    def get(self, ident: str) -> Source:
        """Raises NotFound."""
        with self.database.read() as connection:
            return _source(_row(connection, ident))

    def find(self, ident: str) -> Source | None:
        """None where it was removed."""
        try:
            return self.get(ident)
        except NotFound:
            return None

    def by_address(self) -> dict[str, Source]:
        """Sources by their names in the catalogue."""
        return {source.address: source for source in self.listed()}

    def due(self, now: float) -> list[Source]:
        """Sources whose schedule asks for a scan, the one that waits longest first."""
        chosen = sa.select(_sources).where(_sources.c.enabled, _sources.c.due <= now).order_by(_sources.c.due)
        with self.database.read() as connection:
            return [_source(row) for row in connection.execute(chosen)]

    def secret(self, source: Source) -> Secret:
        """What opens it, for a scan alone. Raises Tampered where it was sealed for another place."""
        with self.database.read() as connection:
            sealed = _row(connection, source.id).sealed
        if sealed is None:
            return Secret()
        return Secret(**json.loads(self._seal.unseal(bytes(sealed), _context(source.id, source.kind, source.place))))

    def reachable(self, source: Source) -> Address:
        """The address to scan, held once more against what the service may reach. Raises BadInput, Unavailable."""
        address = address_of(source.kind, source.place, self.reach)
        host = server_of(source.kind, source.place)
        if host:
            self.reach.addresses(host)
        return address

    # ---- to change

    def register(self, given: Given, secret: Secret, by: Principal) -> Source:
        """A new source. Raises BadInput, Conflict (a name or place that is taken), Denied."""
        self.allow(by, "assets.sources", given.entity)
        given = checked(given)
        place = place_of(given)
        check_server(given.kind, place, self.reach)
        address = address_of(given.kind, place, self.reach).name
        check_secret(given.kind, secret, needed=given.kind == "s3")
        self._unclaimed(by, address)
        ident, now = f"src_{secrets.token_hex(8)}", self._clock()
        values = {
            "id": ident, "name": given.name, "kind": given.kind, "place": place, "address": address,
            "owner": given.owner, "entity": given.entity, "note": given.note, "enabled": True,
            "sealed": self._sealed(ident, given.kind, place, secret), "created": now, "created_by": by.name,
            "changed": now, "changed_by": by.name,
        }  # fmt: skip
        with self._taken(), self.database.write() as connection:
            connection.execute(_sources.insert().values(**values))
            made = _source(_row(connection, ident))
            self._record("asset_source_registered", by.name, _told(made))
        return made

    def change(self, ident: str, given: Given, secret: Secret | None, by: Principal) -> Source:
        """Describe a source anew; its kind stays. `secret` None: as it is, which a new place does not allow.

        Raises NotFound, BadInput, Conflict, Denied.
        """
        with self._taken(), self.database.write() as connection:
            row = _row(connection, ident)
            was = _source(row)
            self.allow(by, "assets.sources", was.entity)
            self.allow(by, "assets.sources", given.entity)
            given = checked(replace(given, kind=was.kind))
            place = place_of(given)
            moved = place != dict(was.place)
            if secret is None and moved and was.has_secret:
                raise BadInput(_texts.both("place.moved"))
            check_server(was.kind, place, self.reach)
            address = address_of(was.kind, place, self.reach).name
            if address != was.address:
                self._unclaimed(by, address)
            values: dict[str, Any] = {
                "name": given.name, "place": place, "address": address,
                "owner": given.owner, "entity": given.entity, "note": given.note, "changed": self._clock(),
                "changed_by": by.name,
            }  # fmt: skip
            if secret is not None:
                check_secret(was.kind, secret, needed=was.kind == "s3")
                values["sealed"] = self._sealed(ident, was.kind, place, secret)
            connection.execute(_sources.update().where(_sources.c.id == ident).values(**values))
            now = _source(_row(connection, ident))
            before = {name: value for name, value in _told(was).items() if value != _told(now)[name]}
            self._record(
                "asset_source_changed", by.name, {**_told(now), "before": before, "secret_replaced": secret is not None}
            )
        return now

    def enable(self, ident: str, enabled: bool, by: Principal) -> Source:
        """A disabled source is not scanned; what is known of it stays. Raises NotFound, Denied."""
        kind = "asset_source_enabled" if enabled else "asset_source_disabled"
        return self._set(ident, "assets.sources", by, kind, enabled=enabled)

    def plan(self, ident: str, schedule: Schedule | None, by: Principal) -> Source:
        """When it is scanned by itself; None: no more. Raises NotFound, Denied (assets.scan)."""
        due = schedule.after(self._clock()) if schedule else None
        plain = schedule.to_dict() if schedule else None
        return self._set(ident, "assets.scan", by, "asset_schedule_set", schedule=plain, due=due)

    def put_off(self, source: Source) -> None:
        """The scan that was due is under way: the next one is that after now, however many were missed."""
        due = source.schedule.after(self._clock()) if source.schedule else None
        with self.database.write() as connection:
            connection.execute(_sources.update().where(_sources.c.id == source.id).values(due=due))

    def remove(self, ident: str, by: Principal) -> Source:
        """Take it out of the register, its credentials with it. What scans found of it stays in the catalogue."""
        with self.database.write() as connection:
            gone = _source(_row(connection, ident))
            self.allow(by, "assets.sources", gone.entity)
            connection.execute(_sources.delete().where(_sources.c.id == ident))
            self._record("asset_source_removed", by.name, _told(gone))
        return gone

    def allow(self, by: Principal, operation: str, entity: str | None) -> None:
        """Raises Denied, with an entry of the log."""
        try:
            check(self._policy, by, operation, entity=entity or UNNAMED)
        except Denied:
            self._record("denied", by.name, {"operation": operation, "resource": "asset source", "entity": entity})
            raise

    # ---- within

    def _set(self, ident: str, operation: str, by: Principal, kind: str, **values: Any) -> Source:
        with self.database.write() as connection:
            was = _source(_row(connection, ident))
            self.allow(by, operation, was.entity)
            stamped = {**values, "changed": self._clock(), "changed_by": by.name}
            connection.execute(_sources.update().where(_sources.c.id == ident).values(**stamped))
            now = _source(_row(connection, ident))
            schedule = {"schedule": values["schedule"]} if "schedule" in values else {}
            self._record(kind, by.name, {"id": now.id, "name": now.name, "address": now.address, **schedule})
        return now

    def _unclaimed(self, by: Principal, address: str) -> None:
        """What was scanned before of no entity, or of another one, nobody takes by registering its place. Raises
        Conflict."""
        if not may(self._policy, by, "assets.sources", entity=UNNAMED) and self._scanned(address):
            raise Conflict(_texts.both("place.claimed"))

    def _sealed(self, ident: str, kind: str, place: Mapping[str, Any], secret: Secret) -> bytes | None:
        if not secret:
            return None
        plain = {"password": secret.password, "access_key": secret.access_key, "secret_key": secret.secret_key}
        return self._seal.seal(json.dumps(plain).encode(), _context(ident, kind, place))

    def _taken(self) -> _Taken:
        return _Taken()


class _Taken:
    """Says a name or place that another source has in our own words."""

    def __enter__(self) -> None: ...

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        if isinstance(error, IntegrityError):
            raise Conflict(_texts.both("place.taken")) from None


def _row(connection: sa.Connection, ident: str) -> sa.Row[Any]:
    found = connection.execute(sa.select(_sources).where(_sources.c.id == ident)).first()
    if found is None:
        raise NotFound(_texts.both("source.none"))
    return found


def _source(row: sa.Row[Any]) -> Source:
    schedule = Schedule.of(row.schedule) if row.schedule else None
    return Source(
        row.id, row.name, row.kind, row.place, row.address, row.owner, row.entity, row.note, row.enabled,
        row.sealed is not None, schedule, row.due, row.created, row.created_by, row.changed, row.changed_by,
    )  # fmt: skip


def _told(source: Source) -> dict[str, Any]:
    """What the log keeps: where it lies and whose it is; that there is a secret, and never which."""
    return {
        "id": source.id, "name": source.name, "kind": source.kind, "place": dict(source.place),
        "address": source.address, "owner": source.owner, "entity": source.entity, "note": source.note,
        "enabled": source.enabled, "secret": source.has_secret,
    }  # fmt: skip


def _context(ident: str, kind: str, place: Mapping[str, Any]) -> bytes:
    return f"asset source\0{ident}\0{kind}\0{json.dumps(place, sort_keys=True)}".encode()
