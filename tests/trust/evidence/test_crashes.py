"""kill -9 at every step, and processes at once: what was committed stays, and nothing is left half-written."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from dying import ADD, CONTENT, EXPIRE
from evidence_room import AUDITOR, OFFICER, Room

HERE = Path(__file__).parent
COMMITTED = {"when all is done"}


def dies(room: Room, act: str, point: str) -> None:
    command = [sys.executable, str(HERE / "dying.py"), str(room.folder), str(room.place), act, point]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == -9, (done.stdout, done.stderr)


def cleared(room: Room) -> None:
    """A later sweep finds everything in order, and nothing that nobody needs is left."""
    for draft in room.drafts():
        os.utime(draft, (time.time() - 3600,) * 2)
    room.clock.ahead += 8 * 3600.0
    swept = room.evidence.sweep(AUDITOR)
    assert swept.ok, swept.problems
    assert room.drafts() == []
    blobs = {m.blob for m in room.evidence.list(OFFICER, limit=1000)}
    assert {path.name.rpartition(".")[2] for path in room.files()} == blobs


@pytest.mark.parametrize("point", ADD)
def test_killed_while_adding(room: Room, point: str) -> None:
    before = room.add(b"before", name="before.bin")
    dies(room, "add", point)
    names = {m.name for m in room.evidence.list(OFFICER)}
    assert names == {"before.bin"} | ({"dying.bin"} if point in COMMITTED else set())
    assert room.read(before.id) == b"before"
    assert all(room.read(m.id) == CONTENT for m in room.evidence.list(OFFICER) if m.name == "dying.bin")
    again = room.add(CONTENT)
    assert room.read(again.id) == CONTENT
    cleared(room)
    assert room.read(again.id) == CONTENT and room.read(before.id) == b"before"


@pytest.mark.parametrize("point", EXPIRE)
def test_killed_while_expiring(room: Room, point: str) -> None:
    made = room.add(CONTENT)
    young = room.add(b"young", until=room.clock() + 2000 * 86400.0)
    dies(room, "expire", point)
    room.clock.ahead = 1100 * 86400.0
    state = room.evidence.manifest(made.id, OFFICER).state
    assert state == ("kept" if point == "before anything" else "expired")
    if state == "kept":
        assert room.read(made.id) == CONTENT
        room.evidence.expire(OFFICER)
    cleared(room)
    assert room.read(young.id) == b"young" and len(room.files()) == 1


def test_killed_at_any_moment(either: Room) -> None:
    """Not at named points but whenever: a process that adds all the time is killed again and again."""
    script = (
        f"import sys; sys.path.insert(0, {str(HERE)!r})\n"
        "from pathlib import Path\nfrom evidence_room import Room\n"
        "place = sys.argv[2]\n"
        "room = Room(Path(sys.argv[1]), place if place.startswith('postgresql') else Path(place))\n"
        "print('ready', flush=True)\n"
        "n = 0\n"
        "while True:\n"
        "    made = room.add(b'%d' % n * 100_000, name=f'{n}.bin', entity=None)\n"
        "    print(made.id, flush=True)\n"
        "    n += 1\n"
    )
    told: list[str] = []
    for wait in (0.05, 0.21, 0.34, 0.52):
        with subprocess.Popen(
            [sys.executable, "-c", script, str(either.folder), str(either.place)], stdout=subprocess.PIPE, text=True
        ) as process:
            assert process.stdout.readline() == "ready\n"
            time.sleep(wait)
            process.kill()
            told += process.stdout.read().split()
    kept = {m.id: m for m in either.evidence.list(OFFICER, limit=1000)}
    assert told and all(len(id) < 27 or id in kept for id in told)
    for id, made in kept.items():
        number = made.name.partition(".")[0].encode()
        assert either.read(id) == number * 100_000
    cleared(either)


def test_processes_that_add_the_same(either: Room) -> None:
    script = (
        f"import sys; sys.path.insert(0, {str(HERE)!r})\n"
        "from pathlib import Path\nfrom evidence_room import Room\n"
        "place = sys.argv[2]\n"
        "room = Room(Path(sys.argv[1]), place if place.startswith('postgresql') else Path(place))\n"
        "print('ready', flush=True)\n"
        "sys.stdin.readline()\n"
        "for n in range(8):\n"
        "    print(room.add(b'%d' % n * 300_000).id, flush=True)\n"
    )
    command = [sys.executable, "-c", script, str(either.folder), str(either.place)]
    workers = [subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(3)]
    for worker in workers:
        assert worker.stdout.readline() == "ready\n"
    for worker in workers:
        worker.stdin.write("\n")
        worker.stdin.flush()
    ids = [id for worker in workers for id in worker.communicate(timeout=120)[0].split()]
    assert len(set(ids)) == 24 and len(either.files()) == 8
    kept = either.evidence.list(OFFICER, limit=100)
    assert {m.id for m in kept} == set(ids) and len({m.blob for m in kept}) == 8
    assert {either.read(m.id) for m in kept} == {b"%d" % n * 300_000 for n in range(8)}
    assert len({m.key for m in kept}) == 1
    cleared(either)
