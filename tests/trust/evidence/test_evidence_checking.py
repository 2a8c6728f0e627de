"""Evidence held against the audit log: whatever is taken away or set back past Tongguan is named."""

from __future__ import annotations

import shutil
import sqlite3
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from evidence_room import AUDITOR, OFFICER, OTHER, STRANGER, Room

from tongguan.errors import Denied
from tongguan.trust.evidence.records import BLOBS, EVENTS, MANIFESTS, ORIGINS

DAY = 86_400.0


class Entry:
    def __init__(self, kind: str, body: dict[str, Any]) -> None:
        self.kind, self.body = kind, body


def entries(room: Room) -> Iterator[Entry]:
    for kind, _, body in list(room.log.entries):
        yield Entry(kind, body)


def found(room: Room) -> set[tuple[str, str]]:
    return {(one.evidence, one.what) for one in room.evidence.check_store(entries(room), AUDITOR)}


def sql(room: Room, *statements: sa.sql.expression.Executable) -> None:
    with room.database.write() as connection:
        for statement in statements:
            connection.execute(statement)


def lived(room: Room) -> dict[str, Any]:
    """A store in which everything happened once."""
    made = {name: room.add(name.encode(), name=name) for name in ("held", "freed", "longer", "read", "late", "plain")}
    made["twin"] = room.add(b"plain", name="twin")
    made["far"] = room.add(b"far", entity="乙")
    made["nobody's"] = room.add(b"far", entity=None)
    room.evidence.hold(made["held"].id, "case 1", OFFICER)
    room.evidence.hold(made["freed"].id, "case 2", OFFICER)
    room.approved("evidence.release", made["freed"].id)
    room.evidence.release(made["freed"].id, "closed", OFFICER)
    room.evidence.retain(made["longer"].id, room.clock() + 2000 * DAY, "law", OFFICER)
    room.read(made["read"].id)
    for name in made:
        if name not in ("late", "held", "longer"):
            room.evidence.retain(made[name].id, room.clock() + 3000 * DAY, "all", OFFICER)
    room.clock.ahead += 1100 * DAY
    assert room.evidence.expire(OFFICER).expired == 1
    room.clock.ahead += 2
    return made


def test_all_is_well(either: Room) -> None:
    made = lived(either)
    assert found(either) == set()
    told = either.log.of("evidence.verified")[0]
    assert told == {"manifests": len(made), "contradictions": 0, "kinds": {}}
    with pytest.raises(Denied):
        either.evidence.check_store([], STRANGER)
    assert either.log.of("denied")[-1]["operation"] == "audit.verify"


def test_what_was_taken_away_whole(either: Room) -> None:
    """Rows and file: the sweep has nothing to find."""
    made = lived(either)["plain"]
    twin = next(m for m in either.evidence.list(OFFICER) if m.name == "twin")
    for id in (made.id, twin.id):
        for table in (ORIGINS, EVENTS):
            sql(either, table.delete().where(table.c.manifest == id))
    sql(either, MANIFESTS.delete().where(MANIFESTS.c.blob == made.blob), BLOBS.delete().where(BLOBS.c.id == made.blob))
    next(path for path in either.files() if path.name.endswith(made.blob)).unlink()
    assert either.evidence.sweep(AUDITOR).ok
    assert found(either) == {(id, what) for id in (made.id, twin.id) for what in ("missing", "reasons")}


def test_a_manifest_taken_away(either: Room) -> None:
    made = lived(either)["held"]
    sql(either, MANIFESTS.delete().where(MANIFESTS.c.id == made.id))
    swept = either.evidence.sweep(AUDITOR)
    assert {(p.subject, p.problem) for p in swept.problems} == {(made.blob, "manifest_missing")}
    assert found(either) == {(made.id, "missing")}
    assert either.log.of("evidence.verified")[-1]["kinds"] == {"missing": 1}


@pytest.mark.parametrize(
    ("name", "values", "what"),
    [
        ("held", {"holds": 0}, {"holds"}),
        ("freed", {"holds": 1}, {"holds"}),
        ("longer", {"until": 1.0}, {"until"}),
        ("read", {"state": "expired"}, {"state"}),
        ("late", {"state": "kept"}, {"state", "blob"}),
        ("plain", {"digest": "sha256:00"}, {"altered"}),
        ("plain", {"size": 1}, {"altered"}),
        ("plain", {"blob": "0" * 32}, {"altered", "blob"}),
        ("far", {"entity": "甲"}, {"altered"}),
        ("far", {"entity": ""}, {"altered"}),
        ("nobody's", {"entity": "甲"}, {"altered"}),
        ("plain", {"media_type": "text/plain"}, {"altered"}),
        ("plain", {"id": "ev_" + "0" * 24}, {"missing"}),
    ],
    ids=str,
)
def test_manifests_edited(either: Room, name: str, values: dict[str, object], what: set[str]) -> None:
    made = lived(either)[name]
    sql(either, MANIFESTS.update().where(MANIFESTS.c.id == made.id).values(**values))
    unlogged = {(values["id"], "unlogged")} if "id" in values else set()
    assert found(either) == {(made.id, one) for one in what} | unlogged


def test_reasons_taken_away_edited_or_invented(either: Room) -> None:
    made = lived(either)
    sql(
        either,
        EVENTS.delete().where(EVENTS.c.manifest == made["held"].id),
        EVENTS.update().where(EVENTS.c.manifest == made["longer"].id).values(reason="another"),
        EVENTS.insert().values(manifest=made["far"].id, act="held", at=1.0, by="x", reason="r", salt=b"s"),
    )
    assert found(either) == {(made[name].id, "reasons") for name in ("held", "longer", "far")}
    sql(either, EVENTS.delete())
    assert (made["read"].id, "reasons") in found(either)


def test_set_back_to_an_earlier_copy(room: Room) -> None:
    first = room.add(b"first")
    room.evidence.hold(first.id, "case", OFFICER)
    copy = room.folder / "copy.db"
    with sqlite3.connect(room.place) as source, sqlite3.connect(copy) as target:
        source.backup(target)
    later = room.add(b"later")
    room.approved("evidence.release", first.id)
    room.evidence.release(first.id, "closed", OFFICER)
    room.read(first.id)
    room.close()
    for rest in Path(room.place).parent.glob("records.db*"):
        rest.unlink()
    shutil.copy(copy, room.place)
    again = room.again()
    again.log.entries = room.log.entries
    again.clock.ahead = 2
    assert found(again) == {(first.id, "holds"), (first.id, "reasons"), (later.id, "missing")}
    again.close()


def test_healed_evidence_is_well(either: Room) -> None:
    made = either.add(b"x" * 1000)
    either.files()[0].unlink()
    either.add(b"x" * 1000)
    assert either.log.of("evidence.restored")[0]["damaged"] == made.blob
    either.clock.ahead += 2
    assert found(either) == set()


def test_others_work_meanwhile(either: Room) -> None:
    """What comes while the log is read is left to the next check, and is no contradiction."""
    made = [either.add(b"%d" % n) for n in range(5)]
    stop, errors = threading.Event(), []

    def work() -> None:
        other, n = either.again(), 0
        other.log.entries = either.log.entries
        try:
            while not stop.is_set():
                other.add(b"more %d" % n, by=OTHER)
                other.evidence.hold(made[n % 5].id, "case", OTHER)
                other.read(made[n % 5].id)
                n += 1
        except Exception as error:
            errors.append(error)
        other.close()

    worker = threading.Thread(target=work)
    worker.start()
    try:
        seen, end = [], time.monotonic() + 30
        while len(either.log.of("evidence.added")) < 15 and time.monotonic() < end:
            seen.append(found(either))
    finally:
        stop.set()
        worker.join(30)
    assert errors == [] and seen and not any(seen)
    either.clock.ahead += 5
    assert found(either) == set() and len(either.log.of("evidence.added")) >= 15


def test_a_long_list_is_bounded_and_progress_is_told(room: Room) -> None:
    log = [Entry("run", {})] * 9_000 + [
        Entry(
            "evidence.added",
            {"id": f"ev_{n:024x}", "blob": "b", "digest": "d", "size": 1, "kind": "file", "until": 1.0},
        )
        for n in range(1_500)
    ]
    seen: list[tuple[int, int]] = []
    got = room.evidence.check_store(log, AUDITOR, lambda done, total: seen.append((done, total)))
    assert len(got) == 1000 and {one.what for one in got} == {"missing"} and seen == [(10_000, 0)]
    assert room.log.of("evidence.verified")[0]["kinds"] == {"missing": 1500}
