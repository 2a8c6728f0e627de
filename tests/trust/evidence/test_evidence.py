"""Putting evidence in and looking at it: sealed, stored once, masked by default, shown with a reason."""

from __future__ import annotations

import io
import json
import random
import stat
import threading
from pathlib import Path
from typing import Any

import pytest
from evidence_room import AUDITOR, FAR, GUARD, NEAR, OFFICER, OWNER, STRANGER, Room, person

from tongguan.errors import BadInput, Denied, NotFound
from tongguan.trust.access import Principal
from tongguan.trust.evidence import KINDS

SIZES = [0, 1, 48, (1 << 18) - 1, 1 << 18, (1 << 20) - 1, 1 << 20, (1 << 20) + 1, (4 << 20) + 7, 9 << 20]


def bytes_of(size: int, seed: int = 1) -> bytes:
    return random.Random(seed).randbytes(size)


@pytest.mark.parametrize("size", SIZES)
def test_comes_back_as_it_went_in(room: Room, size: int) -> None:
    content = bytes_of(size)
    made = room.add(content)
    assert made.size == size and made.stored == room.files()[0].stat().st_size > size
    assert room.read(made.id) == content
    assert room.drafts() == []


@pytest.mark.parametrize("suite", ["international", "guomi"])
def test_both_suites(tmp_path: Path, suite: str) -> None:
    room = Room(tmp_path, tmp_path / "records.db", suite=suite)
    content = bytes_of(3_000_000)
    made = room.add(content, name="合同.pdf")
    assert made.digest.startswith({"international": "sha256:", "guomi": "sm3:"}[suite])
    assert room.read(made.id) == content and room.evidence.manifest(made.id, OFFICER).name == "合同.pdf"
    assert room.evidence.sweep(AUDITOR).ok
    room.close()


def test_evidence_outlives_a_change_of_suite(tmp_path: Path) -> None:
    old = Room(tmp_path, tmp_path / "records.db", suite="international")
    before = old.add(b"before")
    old.close()
    new = Room(tmp_path, tmp_path / "records.db", suite="guomi")
    after = new.add(b"before")
    assert after.blob != before.blob and new.read(before.id) == new.read(after.id) == b"before"
    assert new.evidence.sweep(AUDITOR).ok
    new.close()


def test_manifest_says_what_is_known(either: Room) -> None:
    made = either.add(
        b"x" * 100,
        kind="message",
        name="给张三.eml",
        media_type="message/rfc822",
        origin={"exchange": "C1", "run": 7},
        masked="给*三",
    )
    found = either.evidence.manifest(made.id, OWNER)
    assert found == made
    assert (found.kind, found.name, found.media_type, found.entity) == ("message", "给张三.eml", "message/rfc822", "甲")
    assert (found.origin, found.size, found.state, found.held, found.added_by) == (
        {"exchange": "C1", "run": 7},
        100,
        "kept",
        0,
        "officer",
    )
    assert found.until - found.added == 1096 * 86400
    assert found.key.startswith("key_") and found.key_version == 1
    assert either.evidence.masked(made.id, OWNER) == "给*三"
    assert either.evidence.masked(either.add(b"y").id, OWNER) == ""
    entry = either.log.of("evidence.added")[0]
    assert (entry["id"], entry["digest"], entry["size"], entry["new"]) == (made.id, made.digest, 100, True)


def test_stored_once_in_an_entity_and_not_across(either: Room) -> None:
    content = bytes_of(2_000_000)
    one, two, far = (
        either.add(content),
        either.add(io.BytesIO(content), name="other.pdf"),
        either.add(content, entity="乙"),
    )
    none = either.add(content, entity=None)
    assert one.id != two.id and one.blob == two.blob and one.digest == two.digest
    assert len({one.blob, far.blob, none.blob}) == len({one.digest, far.digest, none.digest}) == 3
    assert len(either.files()) == 3
    assert [entry["new"] for entry in either.log.of("evidence.added")] == [True, False, True, True]
    assert all(either.read(made.id) == content for made in (one, two, far, none))


def test_the_store_tells_an_outsider_nothing(room: Room) -> None:
    """Neither what lies there, nor whether it is a file that he knows."""
    import hashlib

    content = b"well known file" * 100_000
    made = room.add(content, name="张三.pdf")
    path = room.files()[0]
    stored = path.read_bytes()
    assert b"well known" not in stored and "张三".encode() not in stored
    assert hashlib.sha256(content).hexdigest() not in str(path)
    again = room.again()
    other = again.add(content, entity="乙")
    assert made.digest != other.digest
    database = (room.folder / "records.db").read_bytes() + (room.folder / "records.db-wal").read_bytes()
    assert "张三".encode() not in database and b"well known" not in database
    again.close()


def test_files_are_for_the_owner_alone(room: Room) -> None:
    room.add(b"x")
    path = room.files()[0]
    assert stat.S_IMODE(path.stat().st_mode) == 0o400
    assert all(stat.S_IMODE(folder.stat().st_mode) == 0o700 for folder in list(path.parents)[:4])
    digest = room.evidence.list(OFFICER)[0].digest.partition(":")[2]
    assert path.parts[-3:] == (digest[:2], digest[2:4], path.name) and path.name.startswith(digest)


def test_reveal_takes_a_reason_and_is_logged_first(either: Room) -> None:
    made = either.add(bytes_of(1_000_000))
    for reason in ("", "   ", "x" * 2001, "a\0b", "\ud800", None):
        with pytest.raises(BadInput, match="say why"):
            either.evidence.reveal(made.id, reason, OFFICER)
    assert either.log.of("evidence.revealed") == []
    pieces = either.evidence.reveal(made.id, "张三要求查阅 13800000000", OFFICER)
    entry = either.log.of("evidence.revealed")[0]  # before the first byte is taken
    assert (entry["id"], entry["entity"], entry["reason"]["length"]) == (made.id, "甲", 18)
    assert b"".join(pieces) == bytes_of(1_000_000)
    assert "张三" not in either.log.text and "13800000000" not in either.log.text
    events = either.evidence.history(made.id, OWNER)
    assert [(e.act, e.by, e.reason) for e in events] == [("revealed", "officer", "张三要求查阅 13800000000")]
    either.log.broken = True
    with pytest.raises(OSError):
        either.evidence.reveal(made.id, "no log, no bytes", OFFICER)
    assert len(either.log.of("evidence.revealed")) == 1 == len(either.evidence.history(made.id, OWNER))


def test_who_may(room: Room) -> None:
    made = room.add(b"x", entity="甲")
    refused = [
        lambda: room.add(b"y", by=OWNER),
        lambda: room.add(b"y", by=FAR, entity="甲"),
        lambda: room.evidence.manifest(made.id, FAR),
        lambda: room.evidence.masked(made.id, STRANGER),
        lambda: room.evidence.history(made.id, FAR),
        lambda: room.evidence.reveal(made.id, "curious", OWNER),
        lambda: room.evidence.reveal(made.id, "curious", FAR),
        lambda: room.evidence.reveal(made.id, "curious", AUDITOR),
        lambda: room.evidence.list(STRANGER),
        lambda: room.evidence.list(FAR, entity="甲"),
        lambda: room.evidence.hold(made.id, "case", OWNER),
        lambda: room.evidence.release(made.id, "case", FAR),
        lambda: room.evidence.retain(made.id, made.until + 1, "case", OWNER),
        lambda: room.evidence.expire(AUDITOR),
        lambda: room.evidence.sweep(OFFICER),
        lambda: room.evidence.rewrap(OFFICER),
    ]
    for act in refused:
        before = len(room.log.of("denied"))
        with pytest.raises(Denied):
            act()
        assert len(room.log.of("denied")) == before + 1
    assert room.log.of("evidence.revealed") == [] and room.read(made.id, NEAR) == b"x"


def test_lists(either: Room) -> None:
    for n in range(5):
        either.add(
            b"%d" % n,
            name=f"{n}.pdf",
            kind=KINDS[n],
            origin={"exchange": f"C{n % 2}", "run": n},
            entity="甲" if n < 3 else "乙",
        )
        either.clock.ahead += 1
    either.add(b"none", entity=None, name="none.pdf")
    listed = either.evidence.list
    assert [m.name for m in listed(OFFICER)] == ["none.pdf", "4.pdf", "3.pdf", "2.pdf", "1.pdf", "0.pdf"]
    assert [m.name for m in listed(NEAR)] == ["none.pdf", "2.pdf", "1.pdf", "0.pdf"]
    assert [m.name for m in listed(OFFICER, entity="乙")] == ["4.pdf", "3.pdf"]
    assert [m.name for m in listed(OFFICER, origin={"exchange": "C1"})] == ["3.pdf", "1.pdf"]
    assert [m.name for m in listed(OFFICER, origin={"exchange": "C1", "run": 3})] == ["3.pdf"]
    assert [m.name for m in listed(OFFICER, kind="message")] == ["1.pdf"]
    assert [m.name for m in listed(OFFICER, offset=1, limit=2)] == ["4.pdf", "3.pdf"]
    assert listed(OFFICER, held=True) == [] == listed(OFFICER, state="expired")
    assert listed(OFFICER, entity="丙") == [] == listed(OFFICER, origin={"exchange": "\ud800"})
    for wrong in ({"entity": "\0"}, {"limit": 10**6}, {"offset": -1}, {"offset": 10**30}):
        with pytest.raises(BadInput):
            listed(OFFICER, **wrong)


def test_entities_have_one_name_each(either: Room) -> None:
    """A look-alike would be an entity of its own, which no grant covers."""
    one = either.add(b"x", entity="Café 甲", by=OFFICER)
    other = either.add(b"x", entity=" Cafe\u0301 甲\u3000", by=OFFICER)
    assert one.entity == other.entity == "Café 甲" and one.blob == other.blob
    seen = either.evidence.list(person("scoped", "compliance_officer", {"Café 甲"}), entity="Cafe\u0301 甲 ")
    assert {m.id for m in seen} == {one.id, other.id}
    assert {body["entity"] for body in either.log.of("evidence.added")} == {"Café 甲"}


@pytest.mark.parametrize(
    "wrong",
    [
        {"kind": "rumour"},
        {"name": ""},
        {"name": "a\nb"},
        {"name": "\ud800"},
        {"name": "x" * 1001},
        {"media_type": "pdf"},
        {"media_type": "text/html\r\nX-Evil: 1"},
        {"entity": ""},
        {"entity": "a\0"},
        {"entity": "甲\u200b"},
        {"entity": "甲\u202e"},
        {"entity": "甲" * 121},
        {"origin": {"a": [1]}},
        {"origin": {"": "x"}},
        {"origin": {str(n): "x" for n in range(17)}},
        {"origin": {"a": "x" * 401}},
        {"masked": "x" * 65_537},
        {"masked": "a\0"},
        {"until": 1.0},
        {"until": float("nan")},
        {"until": 1e18},
    ],
    ids=str,
)
def test_bad_input_leaves_nothing(room: Room, wrong: dict[str, Any]) -> None:
    with pytest.raises(BadInput):
        room.add(b"x", **wrong)
    assert room.files() == [] == room.drafts() == room.log.of("evidence.added")


@pytest.mark.parametrize("id", ["ev_0", "", "\0", "\ud800", "../../etc/passwd", "' or 1=1 --", "x" * 10_000])
def test_unknown_ids(room: Room, id: str) -> None:
    for act in (room.evidence.manifest, room.evidence.masked, room.evidence.history):
        with pytest.raises(NotFound) as error:
            act(id, OFFICER)
        assert len(str(error.value)) < 400
    with pytest.raises(NotFound):
        room.evidence.reveal(id, "why", OFFICER)


class Failing(io.RawIOBase):
    """A source that breaks off."""

    def __init__(self, size: int, error: Exception) -> None:
        self.left, self.error = size, error

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        if self.left <= 0:
            raise self.error
        count = min(len(buffer), self.left)
        buffer[:count] = bytes(count)
        self.left -= count
        return count


@pytest.mark.parametrize("size", [0, 100, 5 << 20])
def test_a_source_that_breaks_off_leaves_nothing(room: Room, size: int) -> None:
    with pytest.raises(BadInput, match="cannot be read"):
        room.add(Failing(size, OSError(5, "Input/output error")))
    with pytest.raises(RuntimeError):
        room.add(Failing(size, RuntimeError("gone")))
    assert room.files() == [] == room.drafts() == room.evidence.list(OFFICER)
    assert [t.name for t in threading.enumerate() if t.name.startswith(("digest", "evidence"))] == []


def test_slow_sources_and_short_reads(room: Room) -> None:
    content = bytes_of(3_000_000)

    class Dribble(io.RawIOBase):
        at = 0

        def readable(self) -> bool:
            return True

        def readinto(self, buffer: Any) -> int:
            count = min(len(buffer), 70_001, len(content) - self.at)
            buffer[:count] = content[self.at : self.at + count]
            self.at += count
            return count

    class OnlyRead:
        def __init__(self) -> None:
            self.file = io.BytesIO(content)

        def read(self, size: int) -> bytes:
            return self.file.read(min(size, 333_333))

    made, same = room.add(Dribble()), room.add(OnlyRead())
    assert made.blob == same.blob and room.read(made.id) == content


def test_memory_stays_small(room: Room) -> None:
    """100 MB go through in far less than that."""
    import tracemalloc

    class Zeros(io.RawIOBase):
        left = 100 << 20

        def readable(self) -> bool:
            return True

        def readinto(self, buffer: Any) -> int:
            count = min(len(buffer), self.left)
            buffer[:count] = bytes(count)
            self.left -= count
            return count

    room.add(b"warm")
    tracemalloc.start()
    made = room.add(Zeros())
    assert sum(map(len, room.evidence.reveal(made.id, "count", OFFICER))) == 100 << 20
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 24 << 20


def test_disk_full_leaves_nothing(tmp_path: Path) -> None:
    """A limit on the size of files stands for a full disk: writes fail in the middle."""
    import subprocess
    import sys

    script = f"""
import resource, signal, sys
sys.path.insert(0, {str(Path(__file__).parent)!r})
from pathlib import Path
from evidence_room import Room
from tongguan.errors import CannotWrite
room = Room(Path({str(tmp_path)!r}), Path({str(tmp_path)!r}) / "records.db")
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
for size in (3 << 20, 30 << 20):
    resource.setrlimit(resource.RLIMIT_FSIZE, (2 << 20, resource.RLIM_INFINITY))
    try:
        room.add(bytes(size))
    except CannotWrite as error:
        print("refused:", error)
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    assert room.files() == [] == room.drafts(), (room.files(), room.drafts())
made = room.add(bytes(size))
assert room.read(made.id) == bytes(size)
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("refused: ") == 2 and "File too large" in done.stdout


def test_a_store_that_cannot_be_written(room: Room, tmp_path: Path) -> None:
    from tongguan.errors import CannotWrite
    from tongguan.trust.evidence import LocalStore

    (tmp_path / "file").write_text("x")
    with pytest.raises(CannotWrite):
        LocalStore(tmp_path / "file" / "below")


def test_same_content_by_many_threads(either: Room) -> None:
    content, made, errors = bytes_of(1_500_000), [], []
    barrier = threading.Barrier(6)

    def add() -> None:
        barrier.wait()
        try:
            made.append(either.add(content))
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=add) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert errors == []
    assert len({m.id for m in made}) == 6 and len({m.blob for m in made}) == 1 and len(either.files()) == 1
    assert all(either.read(m.id) == content for m in made)
    assert either.evidence.sweep(AUDITOR).ok


def test_abandoned_reveals_let_go(room: Room) -> None:
    made = room.add(bytes_of(5 << 20))
    before = len(list(Path("/proc/self/fd").iterdir()))
    for _ in range(20):
        pieces = room.evidence.reveal(made.id, "look at the start", OFFICER)
        next(pieces)
        del pieces
    assert len(list(Path("/proc/self/fd").iterdir())) <= before + 2


def test_rotation_wraps_anew_and_touches_no_blob(either: Room) -> None:
    contents = [bytes_of(1000, seed) for seed in range(3)]
    made = [either.add(content) for content in contents]
    far = either.add(b"far", entity="乙")
    stamps = [path.read_bytes() for path in either.files()]
    either.keys.rotate(made[0].key, GUARD)
    assert either.read(made[0].id) == contents[0]  # before anything is wrapped anew
    seen: list[tuple[int, int]] = []
    assert either.evidence.rewrap(GUARD, lambda done, total: seen.append((done, total))) == 4  # three blobs, one secret
    assert seen == [(1, 3), (2, 3), (3, 3)]
    assert [either.evidence.manifest(m.id, OFFICER).key_version for m in (*made, far)] == [2, 2, 2, 1]
    assert either.evidence.rewrap(GUARD) == 0
    assert [path.read_bytes() for path in either.files()] == stamps
    fresh = either.again()
    assert [fresh.read(m.id) for m in made] == contents and fresh.add(contents[0]).blob == made[0].blob
    assert fresh.evidence.sweep(AUDITOR).ok
    fresh.close()


def test_a_rewrap_that_is_interrupted_goes_on(room: Room) -> None:
    made = [room.add(b"%d" % n) for n in range(5)]
    room.keys.rotate(made[0].key, GUARD)

    def stop(done: int, total: int) -> None:
        if done == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        room.evidence.rewrap(GUARD, stop)
    assert room.evidence.rewrap(GUARD) == 3
    assert [room.read(m.id) for m in made] == [b"%d" % n for n in range(5)]


def test_a_suspended_key_closes_its_evidence(room: Room) -> None:
    made = room.add(b"x")
    room.keys.suspend(made.key, GUARD)
    with pytest.raises(BadInput, match="suspended"):
        room.evidence.reveal(made.id, "why", OFFICER)
    room.keys.activate(made.key, GUARD)
    assert room.read(made.id) == b"x"


def test_whoever_may_use_keys_opens_no_evidence_by_them(room: Room) -> None:
    """Not even with a copy of the database: the key is for the evidence store alone."""
    import sqlalchemy as sa

    from tongguan.trust.evidence.records import BLOBS

    made = room.add(b"x")
    with room.database.read() as connection:
        row = connection.execute(sa.select(BLOBS)).one()._mapping
    context = b"evidence blob\0" + json.dumps([row["entity"], row["id"]]).encode()
    assert room.keys.open_data_key(made.key, row["wrapped"], context, room.evidence._parts.vault._by)
    for who in (OFFICER, Principal("system:evidence2", "system", OFFICER.grants)):
        with pytest.raises(Denied):
            room.keys.open_data_key(made.key, row["wrapped"], context, who)
