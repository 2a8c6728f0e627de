"""The register of sources: databases, folders and buckets that the service may scan, with sealed credentials.

Credentials are sealed for the place that they were given for: whoever changes where a source lies must give them again,
so that nobody leads them to a server of his own.
"""

from __future__ import annotations

import ipaddress
import json
import re
import secrets
import time
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final, Protocol

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from tongguan.capture.stores import Address, parse_address
from tongguan.casework.assets.reach import Reach
from tongguan.casework.assets.schedule import Schedule
from tongguan.errors import BadInput, Conflict, Denied, NotFound
from tongguan.trust.access import UNNAMED, Policy, Principal, check, may
from tongguan.trust.database import METADATA, Database
from tongguan.wording import wording

__all__ = ["KINDS", "PORTS", "TLS", "Given", "Secret", "Source", "Sources", "address_of", "server_of"]

KINDS: Final = ("postgresql", "mysql", "mariadb", "sqlite", "s3", "folder")
DATABASES: Final = ("postgresql", "mysql", "mariadb")
PORTS: Final = {"postgresql": 5432, "mysql": 3306, "mariadb": 3306}
TLS: Final = ("prefer", "verify")  # as the driver does it; with a certificate that is checked, or not at all
NAME, LINE, NOTE, SECRET = 100, 300, 1000, 4096  # characters

_HOST = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,251}[A-Za-z0-9])?")
_BUCKET = re.compile(r"[a-z0-9A-Z][a-z0-9A-Z._-]{1,61}[a-z0-9A-Z]")
_ENDPOINT = re.compile(r"https?://([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::(\d{1,5}))?/?")

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
class Secret:
    """What a source asks for. It has no readable form: nobody prints it by mistake."""

    password: str = field(default="", repr=False)
    access_key: str = field(default="", repr=False)
    secret_key: str = field(default="", repr=False)

    def __bool__(self) -> bool:
        return bool(self.password or self.access_key or self.secret_key)


@dataclass(frozen=True, slots=True)
class Given:
    """A source as somebody describes it. Which fields of the place are used goes by the kind."""

    name: str
    kind: str
    owner: str
    entity: str | None = None
    note: str = ""
    host: str = ""
    port: int | None = None
    database: str = ""
    user: str = ""
    tls: str = "prefer"
    path: str = ""
    bucket: str = ""
    prefix: str = ""
    endpoint: str = ""
    region: str = ""


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
        given = _checked(given)
        place = _place(given)
        _literal(given.kind, place, self.reach)
        address = address_of(given.kind, place, self.reach).name
        _checked_secret(given.kind, secret, needed=given.kind == "s3")
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
            given = _checked(replace(given, kind=was.kind))
            place = _place(given)
            moved = place != dict(was.place)
            if secret is None and moved and was.has_secret:
                raise BadInput(_texts.both("place.moved"))
            _literal(was.kind, place, self.reach)
            address = address_of(was.kind, place, self.reach).name
            if address != was.address:
                self._unclaimed(by, address)
            values: dict[str, Any] = {
                "name": given.name, "place": place, "address": address,
                "owner": given.owner, "entity": given.entity, "note": given.note, "changed": self._clock(),
                "changed_by": by.name,
            }  # fmt: skip
            if secret is not None:
                _checked_secret(was.kind, secret, needed=was.kind == "s3")
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
        raise NotFound("no such source")
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


# ---- what is given


def _checked(given: Given) -> Given:
    if given.kind not in KINDS:
        raise BadInput(_texts.both("kind.none", known=", ".join(KINDS)))
    name, owner = _line("name", given.name, NAME), _line("owner", given.owner, LINE)
    if not name or not owner:
        raise BadInput(_texts.both("name.none"))
    note = given.note.replace("\r\n", "\n").strip()
    if len(note) > NOTE or any(unicodedata.category(c) in ("Cc", "Cs") and c not in "\n\t" for c in note):
        raise BadInput(_texts.both("note.text", most=NOTE))
    return replace(given, name=name, owner=owner, note=note, entity=_line("entity", given.entity or "", LINE) or None)


def _line(what: str, text: str, most: int) -> str:
    text = unicodedata.normalize("NFC", text).strip()
    if len(text) > most or any(unicodedata.category(c) in ("Cc", "Cs", "Zl", "Zp", "Cf") for c in text):
        raise BadInput(_texts.both("line.text", what=what, most=most))
    return text


def _place(given: Given) -> dict[str, Any]:
    """The fields of its kind, checked. Raises BadInput."""
    if given.kind in ("folder", "sqlite"):
        return {"path": given.path.strip()}
    if given.kind == "s3":
        bucket, prefix, region = given.bucket.strip(), given.prefix.strip(), given.region.strip()
        endpoint = given.endpoint.strip().rstrip("/")
        if not _BUCKET.fullmatch(bucket):
            raise BadInput(_texts.both("bucket.text"))
        if endpoint and not _ENDPOINT.fullmatch(endpoint):
            raise BadInput(_texts.both("endpoint.text"))
        if region and not re.fullmatch(r"[a-z0-9-]{1,40}", region):
            raise BadInput(_texts.both("region.text"))
        return {"bucket": bucket, "prefix": _line("prefix", prefix, LINE), "endpoint": endpoint, "region": region}
    host = given.host.strip().removeprefix("[").removesuffix("]")
    if not (_HOST.fullmatch(host) or _is_address(host)):
        raise BadInput(_texts.both("host.text"))
    port = given.port if given.port is not None else PORTS[given.kind]
    if not 1 <= port <= 65535:
        raise BadInput(_texts.both("port.range"))
    database, user = _line("database", given.database, LINE), _line("user", given.user, LINE)
    if not user or (given.kind == "postgresql" and not database):
        raise BadInput(_texts.both("database.user"))
    if given.tls not in TLS:
        raise BadInput(_texts.both("tls.text", known=", ".join(TLS)))
    return {"host": host.lower(), "port": port, "database": database, "user": user, "tls": given.tls}


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _checked_secret(kind: str, secret: Secret, *, needed: bool) -> None:
    for text in (secret.password, secret.access_key, secret.secret_key):
        if len(text) > SECRET or "\0" in text or any("\ud800" <= c <= "\udfff" for c in text):
            raise BadInput(_texts.both("secret.text", most=SECRET))
    if needed and not (secret.access_key and secret.secret_key):
        raise BadInput(_texts.both("secret.bucket"))
    if kind in ("folder", "sqlite") and secret:
        raise BadInput(_texts.both("secret.file"))


def _literal(kind: str, place: Mapping[str, Any], reach: Reach) -> None:
    """What is refused wherever it is asked from is refused at once; a name is looked up when it is connected to."""
    if host := server_of(kind, place):
        reach.literal(host)


def address_of(kind: str, place: Mapping[str, Any], reach: Reach) -> Address:
    """As a scan takes it. Raises BadInput."""
    if kind in ("folder", "sqlite"):
        found = str(reach.place(place["path"], folder=kind == "folder"))
        return parse_address(found if kind == "folder" else f"sqlite:///{found}")
    if kind == "s3":
        from urllib.parse import quote, urlencode

        query = urlencode({k: place[k] for k in ("endpoint", "region") if place[k]})
        return parse_address(f"s3://{place['bucket']}/{quote(place['prefix'])}" + (f"?{query}" if query else ""))
    url = sa.URL.create(
        kind, place["user"], host=place["host"], port=place["port"], database=place["database"] or None,
        query=_TLS_QUERY[kind] if place["tls"] == "verify" else {},
    )  # fmt: skip
    return parse_address(url.render_as_string(hide_password=False))


_MYSQL_TLS = {"ssl_verify_cert": "true", "ssl_verify_identity": "true"}
_TLS_QUERY: Final[dict[str, dict[str, str]]] = {
    "postgresql": {"sslmode": "verify-full", "sslrootcert": "system"},
    "mysql": _MYSQL_TLS,
    "mariadb": _MYSQL_TLS,
}


def server_of(kind: str, place: Mapping[str, Any]) -> str:
    """The server that is connected to; "" where there is none, or it is the cloud's own."""
    if kind in DATABASES:
        return str(place["host"])
    matched = _ENDPOINT.fullmatch(place.get("endpoint") or "")
    return matched.group(1).strip("[]") if matched else ""
