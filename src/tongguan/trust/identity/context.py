"""What every part of identity is given: the records, the log, the rules, the time, and one keyed hash."""

from __future__ import annotations

import hmac
import ipaddress
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from typing import NoReturn, Protocol

import sqlalchemy as sa

from tongguan.errors import Denied
from tongguan.trust.access import Policy, Principal, grounds, may
from tongguan.trust.audit import Record
from tongguan.trust.database import METADATA, Database
from tongguan.trust.identity.tables import hash_key, missing_columns, users
from tongguan.trust.settings import Identity as Rules
from tongguan.wording import wording

__all__ = ["Context", "Record", "Sealer", "counted_address", "new_id", "token_digest"]

PRIVILEGES_LOCK = 7493989779944505345


class Sealer(Protocol):
    """Encryption of small secrets at rest. `context` is bound to the ciphertext: unsealing under another one fails."""

    def seal(self, plain: bytes, context: bytes) -> bytes: ...

    def unseal(self, sealed: bytes, context: bytes) -> bytes: ...


@dataclass
class Context:
    """Shared by the parts of one `Identity`."""

    database: Database
    record: Record
    rules: Rules
    policy: Policy
    sealer: Sealer
    clock: Callable[[], float]

    def prepare(self) -> None:
        """What needs a transaction of its own, before any other is open. The records may be older than these tables
        and columns."""
        with self.database.write() as connection:
            self.lock(connection)
            METADATA.create_all(connection)
            missing_columns(connection)
        self._key  # noqa: B018

    @cached_property
    def _key(self) -> bytes:
        """Keys the hashes below; kept in the records, and deliberately not sealed by the master key: people must be
        able to sign in to restore a lost one."""
        with self.database.write() as connection:
            self.lock(connection)
            key = connection.execute(sa.select(hash_key.c.key)).scalar()
            if key is None:
                key = secrets.token_bytes(32)
                connection.execute(hash_key.insert().values(one=1, key=key))
        return bytes(key)

    def digest(self, purpose: str, *parts: str) -> str:
        """A keyed hash, for values that others might guess (addresses, names typed at the door)."""
        text = "\0".join((purpose, *parts))
        return hmac.new(self._key, text.encode("utf-8", "replace"), sha256).hexdigest()

    def address_mark(self, address: str) -> str:
        """How audit entries speak of a network address: enough to see that two are the same."""
        return self.digest("address", counted_address(address))[:16]

    # ---- permissions

    def allow(self, by: Principal, operation: str, resource: str = "", entity: str | None = None) -> None:
        """Raises Denied unless `by` may; each denial is an entry."""
        if not may(self.policy, by, operation, entity=entity):
            self._deny(by, operation, resource, entity, grounds(self.policy, by, operation, entity=entity))

    def own_or(self, by: Principal, user_id: str, operation: str) -> None:
        """The owner of the account, whatever the roles, else somebody who holds `operation`. Raises Denied.

        An API token never speaks for its owner here: it must not widen itself or outlive its revocation.
        """
        if by.id != user_id:
            self.allow(by, operation, user_id)
        elif by.only is not None:
            self.refuse(by, "profile.own", user_id, "token_own")

    def own(self, by: Principal, user_id: str) -> None:
        """The owner of the account and nobody else, whatever the roles. Raises Denied."""
        if by.id != user_id:
            self.refuse(by, "profile.own", user_id, "not_own")
        self.own_or(by, user_id, "profile.own")

    def refuse(self, by: Principal, operation: str, resource: str, why: str, **values: object) -> NoReturn:
        """A rule beyond the roles forbids it: an entry, then Denied with the text `why` of wording.yaml."""
        self._deny(by, operation, resource, None, self.text(why, **values))

    def text(self, key: str, **values: object) -> dict[str, str]:
        """A text of this part in both languages."""
        return wording("tongguan.trust.identity").both(key, **values)

    def _deny(self, by: Principal, operation: str, resource: str, entity: str | None, text: dict[str, str]) -> NoReturn:
        named = resource if len(resource) <= 64 and resource.isascii() and resource.isprintable() else ""
        self.record("denied", by.name, {"operation": operation, "resource": named, "entity": entity})
        raise Denied(text)

    # ---- transactions

    def lock(self, connection: sa.Connection, lock: int = PRIVILEGES_LOCK) -> None:
        """Holds off all others that take this lock (changes of accounts and grants) until this transaction ends.

        SQLite's writers are alone anyway; PostgreSQL must be told, or two of them each leave the other's last
        security administrator in place and together leave none.
        """
        if connection.dialect.name == "postgresql":
            connection.execute(sa.text(f"select pg_advisory_xact_lock({lock})"))

    def name_of(self, connection: sa.Connection, user_id: str) -> str:
        return str(connection.execute(sa.select(users.c.name).where(users.c.id == user_id)).scalar_one())


def new_id() -> str:
    """80 random bits, hexadecimal: an id, no secret."""
    return secrets.token_hex(10)


def token_digest(token: str) -> str:
    """How a token of 256 random bits is kept. Looked up by equality: its hash tells nothing about the token."""
    return sha256(token.encode("utf-8", "replace")).hexdigest()


def counted_address(address: str) -> str:
    """What counts as one address: all of IPv4, the first 64 bits of IPv6, of which one household holds all."""
    try:
        ip = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address[:200]
    if ip.version == 6 and ip.ipv4_mapped:
        return str(ip.ipv4_mapped)
    return str(ipaddress.ip_network(f"{ip}/64", strict=False)) if ip.version == 6 else str(ip)
