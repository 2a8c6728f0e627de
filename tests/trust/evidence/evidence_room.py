"""An evidence store with all its real parts, and the people who use it."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

from tongguan.trust.access import Grant, Principal, load_policy
from tongguan.trust.approvals import Approvals
from tongguan.trust.ciphers import SUITES
from tongguan.trust.database import Database
from tongguan.trust.evidence import Evidence, LocalStore, Manifest, Store
from tongguan.trust.keys import KeyService, open_master
from tongguan.trust.settings import EvidenceStore, Master

CHEAP = {"time": 1, "memory_kib": 64, "lanes": 1}  # argon2id


def person(name: str, role: str, entities: set[str] | None = None) -> Principal:
    return Principal(name, "user", (Grant(role, frozenset(entities) if entities else None),), id=f"u-{name}")


OFFICER, OTHER = person("officer", "compliance_officer"), person("other", "compliance_officer")
NEAR, FAR = person("near", "compliance_officer", {"甲"}), person("far", "compliance_officer", {"乙"})
OWNER, AUDITOR, GUARD = (
    person("owner", "business_owner"),
    person("auditor", "auditor"),
    person("guard", "security_administrator"),
)
STRANGER = person("stranger", "viewer")


class Log:
    """Entries as an audit log takes them: plain JSON."""

    def __init__(self) -> None:
        self.entries: list[tuple[str, str, dict[str, Any]]] = []
        self.broken = False

    def __call__(self, kind: str, actor: str, body: Any) -> int:
        if self.broken:
            raise OSError("the log cannot be written")
        self.entries.append((kind, actor, json.loads(json.dumps(dict(body), allow_nan=False))))
        return len(self.entries) - 1

    def of(self, kind: str) -> list[dict[str, Any]]:
        return [body for one, _, body in self.entries if one == kind]

    @property
    def text(self) -> str:
        return json.dumps(self.entries, ensure_ascii=False)


class Clock:
    def __init__(self) -> None:
        self.ahead = 0.0

    def __call__(self) -> float:
        return time.time() + self.ahead


class Room:
    """All parts over one database and one store; `again` opens it as another process would."""

    def __init__(
        self, folder: Path, place: Path | str, store: Store | None = None, suite: str = "international"
    ) -> None:
        self.folder, self.place, self.suite = folder, place, suite
        self.log, self.clock, self.policy = Log(), Clock(), load_policy()
        self.database = Database(place)
        self.approvals = Approvals(self.database, self.log, self.policy, clock=self.clock)
        master = open_master(Master(), folder, suite=SUITES[suite], **CHEAP)
        self.keys = KeyService(self.database, master, self.log, self.policy, self.approvals, SUITES[suite])
        self.store = store or LocalStore(folder / "evidence")
        self.evidence = Evidence(
            self.database, self.store, self.keys, self.log, self.policy, self.approvals, EvidenceStore(),
            suite=SUITES[suite], clock=self.clock,
        )  # fmt: skip

    def again(self) -> Room:
        return Room(self.folder, self.place, self.store, self.suite)

    def close(self) -> None:
        self.keys.close()
        self.database.close()

    def add(self, content: Any = b"some evidence", by: Principal = OFFICER, **more: Any) -> Manifest:
        facts = {"kind": "file", "name": "合同.pdf", "media_type": "application/pdf", "entity": "甲"} | more
        return self.evidence.add(content, by=by, **facts)

    def read(self, id: str, by: Principal = OFFICER) -> bytes:
        return b"".join(self.evidence.reveal(id, "for the test", by))

    def approved(self, operation: str, resource: str, entity: str | None = "甲", by: Principal = OFFICER) -> str:
        id = self.approvals.request(operation, resource, "why not", by, entity=entity).id
        return self.approvals.decide(id, OTHER, approve=True).id

    def files(self) -> list[Path]:
        """Blobs of a local store, by the order in which they were written."""
        found = [path for path in (self.folder / "evidence" / "blobs").rglob("*") if path.is_file()]
        return sorted(found, key=lambda path: path.stat().st_mtime_ns)

    def drafts(self) -> list[Path]:
        return list((self.folder / "evidence" / "drafts").iterdir())
