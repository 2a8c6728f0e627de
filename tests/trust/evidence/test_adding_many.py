"""Many pieces at once: the same as one by one, and cheaper; whole after kill -9, and beside others who add the same."""

from __future__ import annotations

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from dying import MANY
from evidence_room import AUDITOR, FAR, OFFICER, OTHER, Room
from test_crashes import cleared

from tongguan.errors import BadInput, CannotWrite, Denied
from tongguan.trust.evidence import Piece

HERE = Path(__file__).parent


def piece(content: bytes, name: str = "n.txt", entity: str | None = "甲", **more: object) -> Piece:
    return Piece(content, kind="message", name=name, media_type="text/plain", entity=entity, **more)  # type: ignore[arg-type]


def test_the_same_as_one_by_one(either: Room) -> None:
    old = either.add(b"old")
    contents = [b"", b"old", b"twice", b"one", b"twice", os.urandom(1 << 20), os.urandom(300_000), b"far"]
    pieces = [
        piece(
            content,
            f"{n}.txt",
            "乙" if content == b"far" else "甲",
            origin={"exchange": f"C{n}", "n": n},
            masked=f"m{n}",
        )
        for n, content in enumerate(contents)
    ]
    made = either.evidence.add_many(pieces, OFFICER)
    assert [m.name for m in made] == [f"{n}.txt" for n in range(len(contents))]
    assert [either.read(m.id) for m in made] == contents
    assert made == [either.evidence.manifest(m.id, OFFICER) for m in made]
    assert made[1].blob == old.blob and made[2].blob == made[4].blob
    assert len(either.files()) == len({m.blob for m in made}) == len(contents) - 1
    assert [m.id for m in either.evidence.list(OFFICER, origin={"exchange": "C5"})] == [made[5].id]
    assert either.evidence.masked(made[6].id, OFFICER) == "m6"
    told = {body["id"]: body for body in either.log.of("evidence.added")}
    assert all(
        (told[m.id]["digest"], told[m.id]["size"], told[m.id]["until"]) == (m.digest, m.size, m.until) for m in made
    )
    assert [told[m.id]["new"] for m in made] == [True, False, True, True, False, True, True, True]
    assert either.evidence.sweep(AUDITOR).ok
    uses = [body for body in either.log.of("key.use") if body["operation"] == "data_key" and body.get("count")]
    assert [body["count"] for body in uses] == [7]
    assert either.evidence.add_many([], OFFICER) == []


def test_more_than_go_together(room: Room) -> None:
    many = [b"%d" % n for n in range(150)]
    big = [os.urandom(12 << 20) for _ in range(4)]
    made = room.evidence.add_many([piece(content) for content in (*many[:70], *big, *many[70:])], OFFICER)
    assert [room.read(m.id) for m in made] == [*many[:70], *big, *many[70:]]
    assert room.evidence.sweep(AUDITOR).ok and room.drafts() == []


def test_all_are_checked_before_any_is_read(room: Room) -> None:
    good = piece(b"x")
    for bad, error in ((piece(b"y", name=""), BadInput), (piece(b"y", entity="\u200b"), BadInput)):
        with pytest.raises(error):
            room.evidence.add_many([good, bad], OFFICER)
    with pytest.raises(Denied):
        room.evidence.add_many([piece(b"x", entity="乙"), good], FAR)
    assert room.evidence.list(OFFICER) == [] and room.files() == [] == room.drafts()
    assert room.log.of("denied")[0]["entity"] == "甲"


def test_a_failure_leaves_nothing_half_done(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(drafts: object) -> None:
        raise CannotWrite("the disk is full")

    room.add(b"before")
    with monkeypatch.context() as patch:
        patch.setattr(room.store, "keep_many", full)
        with pytest.raises(CannotWrite):
            room.evidence.add_many([piece(b"1"), piece(b"2")], OFFICER)
    room.log.broken = True
    with pytest.raises(OSError, match="log"):
        room.evidence.add_many([piece(b"1"), piece(b"2")], OFFICER)
    room.log.broken = False
    assert len(room.evidence.list(OFFICER)) == len(room.files()) == 1 and room.drafts() == []
    assert len(room.evidence.add_many([piece(b"1"), piece(b"2")], OFFICER)) == 2
    assert room.evidence.sweep(AUDITOR).ok


def test_others_add_the_same_at_once(either: Room) -> None:
    contents = [b"%d" % n * 1000 for n in range(12)]
    rooms = [either.again() for _ in range(4)]

    def work(room: Room) -> list[str]:
        return [m.id for m in room.evidence.add_many([piece(content) for content in contents], OTHER)]

    with ThreadPoolExecutor(4) as pool:
        ids = list(pool.map(work, rooms))
    kept = {m.id: m for m in either.evidence.list(OFFICER, limit=100)}
    assert len(kept) == 48 and all([either.read(id) for id in mine] == contents for mine in ids)
    assert len({m.blob for m in kept.values()}) == len(either.files()) == 12
    assert sum(len(room.log.of("evidence.added")) for room in rooms) == 48
    cleared(either)
    for room in rooms:
        room.close()


@pytest.mark.parametrize("point", MANY)
def test_killed_while_adding_many(room: Room, point: str) -> None:
    before = room.add(b"before", name="before.bin")
    command = [sys.executable, str(HERE / "dying.py"), str(room.folder), str(room.place), "many", point]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == -9, (done.stdout, done.stderr)
    kept = room.evidence.list(OFFICER)
    assert len(kept) == (21 if point == "when all is done" else 1)
    assert all(room.read(m.id) == m.name.encode() * 100 for m in kept if m.id != before.id)
    again = room.evidence.add_many([piece(b"%d" % n * 100) for n in range(20)], OFFICER)
    assert len({m.blob for m in again}) == 20
    cleared(room)
    assert all(room.read(m.id) for m in (before, *again))
