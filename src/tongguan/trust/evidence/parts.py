"""What the evidence store is made of, the check of permissions, and the rows that all of it reads."""

from __future__ import annotations

import hmac
import json
import secrets
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from tongguan.errors import BadInput, Broken, Denied, NotFound
from tongguan.trust.access import UNNAMED, Policy, Principal, check
from tongguan.trust.approvals import Approvals
from tongguan.trust.audit import Record
from tongguan.trust.database import Database
from tongguan.trust.evidence.records import BLOBS, EVENTS, MANIFESTS, Manifest, State, blob_fields, manifest_fields
from tongguan.trust.evidence.stores import Store
from tongguan.trust.evidence.vault import Secret, Vault
from tongguan.trust.settings import EvidenceStore

__all__ = ["DAY_S", "Parts", "Record", "RecordMany", "Row", "blob_name", "reasoned", "storable"]

RecordMany = Callable[[Iterable[tuple[str, str, Mapping[str, Any]]]], object]
Row = dict[str, Any]

DAY_S = 86_400.0
REASON = 2000  # characters


@dataclass(frozen=True)
class Parts:
    """The parts, handed around within this folder."""

    database: Database
    store: Store
    vault: Vault
    record: Record
    record_many: RecordMany
    policy: Policy
    approvals: Approvals
    settings: EvidenceStore
    clock: Callable[[], float]

    def check(self, by: Principal, operation: str, resource: str = "", entity: str | None = None) -> None:
        """Raises Denied, with an entry."""
        try:
            check(self.policy, by, operation, entity=entity or None)
        except Denied:
            self.record(
                "denied",
                by.name,
                {
                    "operation": operation,
                    "resource": resource[:80],
                    "entity": None if entity in ("", UNNAMED) else entity,
                },
            )
            raise

    def manifest_row(self, id: str, connection: sa.Connection | None = None) -> Row:
        """Raises NotFound. Given a connection that writes, others wait with the same row."""
        query = sa.select(MANIFESTS).where(MANIFESTS.c.id == id)
        if not storable(id):
            found = None
        elif connection is not None:
            found = connection.execute(query.with_for_update()).first()
        else:
            with self.database.read() as reading:
                found = reading.execute(query).first()
        if found is None:
            raise NotFound(f"there is no evidence {id[:80]!r}")
        return dict(found._mapping)

    def allowed_row(self, id: str, by: Principal, operation: str) -> tuple[Row, Secret]:
        """The row of a manifest that `by` may do this to, as it was written, and its entity's secret."""
        self.check(by, operation, id)
        row = self.manifest_row(id)
        # What belongs to no entity concerns all of them: it is seen, masked, by whoever sees any, and touched by none
        # but those who hold the role for all.
        self.check(by, operation, id, row["entity"] or (None if operation == "evidence.read" else UNNAMED))
        secret = self.vault.secret(row["entity"])
        self.genuine_manifest(row, secret)
        return row, secret

    def genuine_manifest(self, row: Row, secret: Secret) -> None:
        if not secret.genuine("manifest", manifest_fields(row), row["proof"]):
            raise Broken(f"the manifest of evidence {row['id']} was changed in the database; restore the backup")

    def blob_row(self, id: str) -> Row | None:
        with self.database.read() as connection:
            found = connection.execute(sa.select(BLOBS).where(BLOBS.c.id == id)).first()
        return None if found is None else dict(found._mapping)

    def genuine_blob(self, row: Row, secret: Secret) -> bool:
        return secret.genuine("blob", blob_fields(row), row["proof"])

    def write_manifest(self, connection: sa.Connection, row: Row, secret: Secret, **changes: Any) -> Row:
        """Change a manifest's row, under a new MAC."""
        changed = {**row, **changes}
        changed["proof"] = secret.proof("manifest", manifest_fields(changed))
        connection.execute(MANIFESTS.update().where(MANIFESTS.c.id == row["id"]).values(**changed))
        return changed

    def note(self, connection: sa.Connection, id: str, act: str, by: Principal, reason: str) -> dict[str, Any]:
        """Keep a reason with the evidence; what of it may stand in the audit log."""
        salt = secrets.token_bytes(16)
        values = {"manifest": id, "act": act, "at": self.clock(), "by": by.name, "reason": reason, "salt": salt}
        connection.execute(EVENTS.insert().values(**values))
        return {"hmac_sha256": hmac.digest(salt, reason.encode(), "sha256").hex(), "length": len(reason)}

    def seen(self, row: Row, secret: Secret, blob: Row | None) -> Manifest:
        """A row as others see it."""
        return Manifest(
            id=row["id"],
            state=row["state"],
            blob=row["blob"],
            entity=row["entity"] or None,
            digest=row["digest"],
            size=row["size"],
            stored=blob["stored"] if blob else 0,
            kind=row["kind"],
            media_type=row["media_type"],
            name=secret.name(row["id"], row["name"]),
            origin=json.loads(row["origin"]),
            has_masked=row["masked"] is not None,
            added=row["added"],
            added_by=row["added_by"],
            until=row["until"],
            held=row["holds"],
            expired=row["expired"],
            expired_by=row["expired_by"],
            key=blob["key"] if blob else "",
            key_version=blob["key_version"] if blob else 0,
        )

    def unseen(self, row: Row, state: State) -> Manifest:
        """A row that is not to be trusted or not to be read: what names it, and nothing else."""
        return Manifest(
            id=row["id"],
            state=state,
            blob="",
            entity=row["entity"] or None,
            digest="",
            size=0,
            stored=0,
            kind="other",
            media_type="",
            name="",
            origin={},
            has_masked=False,
            added=row["added"],
            added_by="",
            until=0.0,
            held=0,
            expired=None,
            expired_by=None,
            key="",
            key_version=0,
        )


def reasoned(reason: str) -> str:
    """The reason that was given. Raises BadInput where there is none."""
    if not isinstance(reason, str) or not reason.strip() or len(reason) > REASON or not storable(reason):
        raise BadInput(f"say why, in 1 to {REASON} characters: the reason is kept with the evidence")
    return reason


def storable(text: str) -> bool:
    """Whether every database can hold it: no NUL, no half of a surrogate pair."""
    return not any(c == "\0" or "\ud800" <= c <= "\udfff" for c in text)


def blob_name(row: Row) -> str:
    """The name of a blob in the store: its digest, and its id, so that no name is ever used twice."""
    return f"{row['digest'].partition(':')[2]}.{row['id']}"
