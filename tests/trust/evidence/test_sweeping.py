"""Attacks on the store and on the database: each is refused when read, and named by the sweep."""

from __future__ import annotations

import os
import shutil
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import sqlalchemy as sa
from evidence_room import AUDITOR, GUARD, OFFICER, Room

from tongguan.errors import Broken, Conflict, TongguanError
from tongguan.trust.evidence import Sweep
from tongguan.trust.evidence.records import BLOBS, KEYS, MANIFESTS

SIZE = 3_000_000


def overwrite(path: Path, content: bytes) -> None:
    path.chmod(0o600)
    path.write_bytes(content)


def flip(path: Path, at: int) -> None:
    content = bytearray(path.read_bytes())
    content[at] ^= 1
    overwrite(path, bytes(content))


def change(room: Room, table: sa.Table, where: object, **values: object) -> None:
    with room.database.write() as connection:
        connection.execute(table.update().where(where).values(**values))


def found(sweep: Sweep) -> set[tuple[str, str]]:
    return {(p.subject, p.problem) for p in sweep.problems}


FILES: dict[str, tuple[str, Callable[[Path, Path], None]]] = {
    "first byte": ("altered", lambda a, b: flip(a, 0)),
    "salt": ("altered", lambda a, b: flip(a, 40)),
    "first piece": ("altered", lambda a, b: flip(a, 100)),
    "middle": ("altered", lambda a, b: flip(a, SIZE // 2)),
    "last tag": ("altered", lambda a, b: flip(a, -1)),
    "another's": ("swapped", lambda a, b: overwrite(a, b.read_bytes())),
    "one byte less": ("truncated", lambda a, b: overwrite(a, a.read_bytes()[:-1])),
    "cut between pieces": ("truncated", lambda a, b: overwrite(a, a.read_bytes()[: 48 + 4 * ((1 << 18) + 16)])),
    "empty": ("truncated", lambda a, b: overwrite(a, b"")),
    "longer": ("lengthened", lambda a, b: overwrite(a, a.read_bytes() + b"x")),
    "pieces exchanged": (
        "altered",
        lambda a, b: overwrite(
            a,
            (c := a.read_bytes())[:48] + c[48 + 262160 : 48 + 2 * 262160] + c[48 : 48 + 262160] + c[48 + 2 * 262160 :],
        ),
    ),
    "gone": ("missing", lambda a, b: a.unlink()),
    "a link": ("missing", lambda a, b: (a.rename(a.with_name("x")), a.symlink_to("x"))),
}


@pytest.mark.parametrize("attack", FILES)
def test_files_that_were_touched(room: Room, attack: str) -> None:
    problem, touch = FILES[attack]
    one, two = room.add(os.urandom(SIZE)), room.add(os.urandom(SIZE))
    first, second = room.files()
    touch(first, second)
    with pytest.raises(TongguanError) as error:
        room.read(one.id)
    assert isinstance(error.value, Broken) and one.id in str(error.value)
    assert room.log.of("evidence.altered")[0]["id"] == one.id
    assert len(room.read(two.id)) == SIZE
    swept = room.evidence.sweep(AUDITOR)
    assert found(swept) == {(one.blob, problem)} and not swept.ok
    entry = room.log.of("evidence.swept")[0]
    assert (entry["ok"], entry["problems"]) == (False, {problem: 1})
    assert entry["first"] == [{"subject": one.blob, "problem": problem}]


def test_reveal_stops_where_it_was_altered(room: Room) -> None:
    content = os.urandom(SIZE)
    made = room.add(content)
    flip(room.files()[0], 48 + 5 * ((1 << 18) + 16) + 7)
    got = b""
    with pytest.raises(Broken, match=f"behind byte {5 << 18}"):
        for piece in room.evidence.reveal(made.id, "look", OFFICER):
            got += piece
    assert got == content[: 5 << 18]
    assert room.log.of("evidence.altered") == [{"id": made.id, "offset": 5 << 18}]


def test_swapped_in_the_database(either: Room) -> None:
    """Two rows that exchange their blobs, keys and digests: the MACs and contexts tell."""
    one, two = either.add(b"first content"), either.add(b"other content")
    rows = {}
    with either.database.read() as connection:
        for row in connection.execute(sa.select(BLOBS)):
            rows[row.id] = dict(row._mapping)
    for name in ("wrapped", "head"):  # the other's key under the own id
        change(either, BLOBS, BLOBS.c.id == one.blob, **{name: rows[two.blob][name]})
    with pytest.raises(Broken):
        either.read(one.id)
    assert (one.blob, "key_altered") in found(either.evidence.sweep(AUDITOR))
    change(either, BLOBS, BLOBS.c.id == one.blob, wrapped=rows[one.blob]["wrapped"], head=rows[one.blob]["head"])
    change(either, MANIFESTS, MANIFESTS.c.id == one.id, blob=two.blob, digest=two.digest)
    with pytest.raises(Broken):
        either.read(one.id)
    problems = found(either.evidence.sweep(AUDITOR))
    assert {(one.id, "manifest_altered"), (one.blob, "manifest_missing")} <= problems


@pytest.mark.parametrize(
    "values",
    [
        {"until": 1.0},
        {"holds": 0},
        {"state": "expired"},
        {"size": 2},
        {"entity": "乙"},
        {"entity": "nobody's"},
        {"added_by": "nobody"},
        {"origin": "{}"},
        {"masked": "x"},
        {"digest": "sha256:00"},
    ],
    ids=str,
)
def test_manifests_that_were_touched(either: Room, values: dict[str, object]) -> None:
    made = either.add(b"x", origin={"run": 1}, masked="m")
    either.add(b"z", entity="乙")
    either.evidence.hold(made.id, "case", OFFICER)
    change(either, MANIFESTS, MANIFESTS.c.id == made.id, **values)
    for act in (
        lambda: either.evidence.manifest(made.id, OFFICER),
        lambda: either.evidence.reveal(made.id, "look", OFFICER),
        lambda: either.evidence.masked(made.id, OFFICER),
    ):
        with pytest.raises(Broken, match="changed"):
            act()
    either.clock.ahead = 1100 * 86400.0
    report = either.evidence.expire(OFFICER)
    assert (report.expired, len(either.files())) == (1, 1)  # the other one, rightly
    assert (made.id, "manifest_altered") in found(either.evidence.sweep(AUDITOR))


def test_a_hold_lifted_in_the_database_does_not_let_it_expire(either: Room) -> None:
    made = either.add(b"x")
    either.evidence.hold(made.id, "case", OFFICER)
    change(either, MANIFESTS, MANIFESTS.c.id == made.id, holds=0, until=1.0)
    report = either.evidence.expire(OFFICER)
    assert (report.expired, report.problems, len(either.files())) == (0, (made.id,), 1)


def test_blob_rows_that_were_touched(either: Room) -> None:
    one, two, three = (either.add(b"%d" % n * 10) for n in range(3))
    change(either, BLOBS, BLOBS.c.id == one.blob, stored=5)
    with either.database.write() as connection:
        connection.execute(BLOBS.delete().where(BLOBS.c.id == two.blob))
        connection.execute(MANIFESTS.delete().where(MANIFESTS.c.id == three.id))
    for made in (one, two):
        with pytest.raises(Broken):
            either.read(made.id)
    for path in either.files():
        os.utime(path, (time.time() - 7200,) * 2)
    orphan = next(path.name for path in either.files() if path.name.endswith(two.blob))
    expected = {
        (one.blob, "blob_altered"),
        (two.id, "blob_missing"),
        (orphan, "orphan"),
        (three.blob, "manifest_missing"),
    }
    assert found(either.evidence.sweep(AUDITOR)) == expected


def test_the_entitys_secret_of_another_entity(either: Room) -> None:
    one = either.add(b"x", entity="甲")
    either.add(b"x", entity="乙")
    with either.database.read() as connection:
        other = connection.execute(sa.select(KEYS).where(KEYS.c.entity == "乙")).one()
    change(either, KEYS, KEYS.c.entity == "甲", wrapped=other.wrapped, key=other.key)
    fresh = either.again()
    with pytest.raises(TongguanError):
        fresh.read(one.id)
    assert (one.id, "key_altered") in found(fresh.evidence.sweep(AUDITOR))
    fresh.close()


def test_a_destroyed_key_is_named_and_the_rest_is_checked(room: Room) -> None:
    one, two = room.add(b"x", entity="甲"), room.add(b"y", entity="乙")
    room.keys.suspend(one.key, GUARD)
    room.clock.ahead = 120
    swept = room.evidence.sweep(AUDITOR)
    assert found(swept) == {(one.id, "key_refused"), (one.blob, "key_refused")} and swept.blobs == 2
    assert room.read(two.id) == b"y"


def test_a_sound_store(either: Room) -> None:
    for n in range(12):
        either.add(os.urandom(1000 * n), entity="甲" if n % 2 else None)
    seen: list[tuple[int, int]] = []
    swept = either.evidence.sweep(AUDITOR, lambda done, total: seen.append((done, total)))
    assert swept.ok and (swept.manifests, swept.blobs) == (12, 12)
    assert len(seen) == 12 and seen[-1][0] == seen[-1][1] == swept.bytes == sum(
        p.stat().st_size for p in either.files()
    )
    assert [kind for kind in ("evidence.sweep_begun", "evidence.swept") if either.log.of(kind)] == [
        "evidence.sweep_begun",
        "evidence.swept",
    ]


def test_a_sweep_that_is_interrupted_goes_on(either: Room) -> None:
    made = [either.add(b"%d" % n * 100) for n in range(6)]
    flip(either.files()[0], 60)
    order = sorted(m.blob for m in made)
    damaged = made[0].blob
    stop_at = order.index(damaged) + 1  # right after the damaged one

    def stop(done: int, total: int) -> None:
        nonlocal stop_at
        stop_at -= 1
        if stop_at == 0:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        either.evidence.sweep(AUDITOR, stop)
    fresh = either.again()
    seen: list[int] = []
    swept = fresh.evidence.sweep(AUDITOR, lambda done, total: seen.append(done))
    assert len(seen) == 6 - (order.index(damaged) + 1)
    assert (swept.manifests, swept.blobs) == (6, 6) and found(swept) == {(damaged, "altered")}
    assert len(either.log.of("evidence.sweep_begun")) == 1 and len(fresh.log.of("evidence.sweep_begun")) == 0
    assert len(fresh.log.of("evidence.swept")) == 1
    fresh.close()


def test_two_sweeps_at_once(either: Room) -> None:
    made = [either.add(b"%d" % n * 100) for n in range(6)]
    other = either.again()
    refused: list[str] = []

    def meanwhile(done: int, total: int) -> None:
        if not refused:
            with pytest.raises(Conflict) as error:
                other.evidence.sweep(AUDITOR)
            refused.append(str(error.value))

    swept = either.evidence.sweep(AUDITOR, meanwhile)
    assert (swept.ok, swept.manifests, swept.blobs) == (True, len(made), len(made))
    assert "begun by auditor at 20" in refused[0] and "wait" in refused[0]
    assert [len(one.log.of("evidence.sweep_begun")) for one in (either, other)] == [1, 0]
    assert other.evidence.sweep(AUDITOR).blobs == len(made)  # its turn has come
    other.close()


def test_a_sweep_that_died_is_taken_over_and_counts_do_not_mix(either: Room) -> None:
    """The first one freezes over a blob, and comes back when another one has long gone on."""
    for n in range(6):
        either.add(b"%d" % n * 100)
    other = either.again()
    seen: list[int] = []
    results = []

    def freeze(done: int, total: int) -> None:
        seen.append(done)
        if len(seen) == 3:
            other.clock.ahead = 200
            with pytest.raises(Conflict):
                other.evidence.sweep(AUDITOR)
            other.clock.ahead = 400
            results.append(other.evidence.sweep(AUDITOR))

    with pytest.raises(Conflict, match="another one has gone on"):
        either.evidence.sweep(AUDITOR, freeze)
    assert len(seen) == 3
    assert (results[0].ok, results[0].manifests, results[0].blobs) == (True, 6, 6)
    again = either.evidence.sweep(AUDITOR)
    assert (again.ok, again.blobs) == (True, 6) and again.id != results[0].id
    assert [len(one.log.of("evidence.swept")) for one in (either, other)] == [1, 1]
    other.close()


def test_sweeps_that_begin_at_the_same_moment(either: Room) -> None:
    for n in range(5):
        either.add(b"%d" % n)
    rooms = [either.again() for _ in range(4)]
    gate = threading.Barrier(4)

    def one(room: Room) -> object:
        gate.wait(20)
        try:
            return room.evidence.sweep(AUDITOR)
        except Conflict as error:
            return error

    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(one, rooms))
    swept = [result for result in results if not isinstance(result, Conflict)]
    assert swept and all((s.ok, s.manifests, s.blobs) == (True, 5, 5) for s in swept)
    assert len({s.id for s in swept}) == len(swept) == sum(len(room.log.of("evidence.swept")) for room in rooms)
    for room in rooms:
        room.close()


def test_a_blob_of_no_entity_that_is_known(either: Room) -> None:
    made = either.add(b"x")
    change(either, BLOBS, BLOBS.c.id == made.blob, entity="nobody's")
    assert found(either.evidence.sweep(AUDITOR)) == {(made.blob, "blob_altered")}


def test_a_tampered_manifest_hides_no_others(either: Room) -> None:
    one, two, far = either.add(b"one"), either.add(b"two"), either.add(b"far", entity="乙")
    either.keys.suspend(far.key, GUARD)
    either.clock.ahead = 120
    change(either, MANIFESTS, MANIFESTS.c.id == one.id, until=1.0, name=b"x", added_by="<mallory>", masked="forged")
    listed = {m.id: m for m in either.evidence.list(OFFICER)}
    assert {id: m.state for id, m in listed.items()} == {one.id: "altered", two.id: "kept", far.id: "locked"}
    for id in (one.id, far.id):
        shown = listed[id]
        assert (shown.name, shown.digest, shown.size, shown.until, shown.added_by) == ("", "", 0, 0.0, "")
        assert not shown.has_masked and shown.origin == {}
    assert (listed[one.id].entity, listed[far.id].entity) == ("甲", "乙")
    with pytest.raises(Broken):
        either.evidence.manifest(one.id, OFFICER)
    assert listed[two.id] == two


def test_a_name_that_was_exchanged(either: Room) -> None:
    one, two = either.add(b"one", name="one"), either.add(b"two", name="two")
    with either.database.read() as connection:
        other = connection.execute(sa.select(MANIFESTS.c.name).where(MANIFESTS.c.id == two.id)).scalar()
    change(either, MANIFESTS, MANIFESTS.c.id == one.id, name=other)
    assert {m.id: m.state for m in either.evidence.list(OFFICER)} == {one.id: "altered", two.id: "kept"}


def test_strangers_files(room: Room) -> None:
    """What lies in the store and is none of ours: reported when an hour old, and never removed."""
    made = room.add(b"x")
    path = room.files()[0]
    odd = [
        path.with_name("README"),
        path.with_name("0" * 64 + "." + "1" * 32),
        path.with_name(os.fsdecode(b"\xff\xfe")),
    ]
    for stranger in odd:
        stranger.write_bytes(b"?")
    copy = path.with_name(path.name[:-1] + ("0" if path.name[-1] != "0" else "1"))
    shutil.copy(path, copy)
    assert room.evidence.sweep(AUDITOR).ok
    for stranger in (*odd, copy):
        os.utime(stranger, (time.time() - 7200,) * 2)
    swept = room.evidence.sweep(AUDITOR)
    assert len(swept.problems) == 4 and {p.problem for p in swept.problems} == {"orphan"}
    assert all(stranger.exists() for stranger in (*odd, copy)) and room.read(made.id) == b"x"


def test_damaged_content_is_healed_by_adding_it_again(either: Room) -> None:
    content = os.urandom(SIZE)
    made, other = either.add(content), either.add(content)
    either.files()[0].unlink()
    with pytest.raises(Broken, match="gone"):
        either.read(made.id)
    again = either.add(content)
    assert again.blob != made.blob
    assert all(either.read(m.id) == content for m in (made, other, again))
    assert either.log.of("evidence.restored")[0]["damaged"] == made.blob
    assert either.evidence.sweep(AUDITOR).ok
