"""The audit log as its users meet it: appending, reading, proving, being killed, being shared."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import stat
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from tongguan.errors import BadInput, Broken, CannotWrite
from tongguan.trust import AuditLog, audit_log, check_proof, leaf_hash, verify_consistency, verify_inclusion
from tongguan.trust.audit.checkpoint import Signer, Verifier, parse


@pytest.fixture
def log(tmp_path: Path) -> AuditLog:
    log = AuditLog(tmp_path / "audit.db")
    yield log
    log.close()


def test_entries_come_back_as_they_went_in(log: AuditLog) -> None:
    assert (log.size, log.kinds(), log.entries()) == (0, {}, [])
    assert log.append("run", "cli", {"sources": ["a.pcap"], "crossings": 3}) == 0
    assert log.append_many([("decision", "王", {"pathway": "exempt"}), ("run", "cli", {})]) == range(1, 3)
    assert log.append_many([]) == range(3, 3)
    entry = log.entry(1)
    assert (entry.index, entry.kind, entry.actor, entry.body) == (1, "decision", "王", {"pathway": "exempt"})
    assert entry.ts.endswith("Z") and len(entry.ts) == 27
    assert entry.text == json.dumps(json.loads(entry.text), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    assert log.kinds() == {"decision": 1, "run": 2}
    assert [e.index for e in log.entries(kind="run")] == [0, 2]
    assert [e.index for e in log.entries(offset=1, limit=1, newest=True)] == [1]
    with pytest.raises(IndexError):
        log.entry(3)


def test_reopening_goes_on_where_it_stopped(tmp_path: Path) -> None:
    path = tmp_path / "audit.db"
    for n in range(20):
        with AuditLog(path) as log:
            assert log.append_many([("k", "a", {"n": n, "m": m}) for m in range(n % 4)]).stop == log.size
    with AuditLog(path) as log:
        assert log.size == sum(n % 4 for n in range(20))
        assert log.verify().ok


def test_proofs_of_every_entry_and_size(log: AuditLog) -> None:
    roots = []
    for n in range(33):
        log.append("k", "a", {"n": n})
        roots.append(log.root())
    for size in range(1, log.size + 1):
        assert log.root(size) == roots[size - 1]
        assert verify_consistency(size, log.size, roots[size - 1], log.root(), log.consistency(size, log.size))
        for index in range(size):
            proof = log.inclusion(index, size)
            assert proof.root == roots[size - 1]
            assert verify_inclusion(leaf_hash(log.entry(index).text.encode()), proof)
    with pytest.raises(IndexError):
        log.inclusion(33)
    with pytest.raises(IndexError):
        log.root(34)


def test_an_exported_proof_stands_alone(log: AuditLog) -> None:
    log.append_many([("k", "a", {"n": n}) for n in range(11)])
    document = json.loads(json.dumps(log.proof_json(4)))
    assert check_proof(document)
    assert check_proof(document, log.verifier)
    assert not check_proof(document, Signer(bytes(32)).verifier)
    assert json.loads(document["entry"])["body"] == {"n": 4}
    for key, value in [
        ("entry", document["entry"].replace('"n":4', '"n":5')),
        ("index", 5),
        ("size", 12),
        ("leaf", document["root"]),
        ("path", document["path"][1:]),
        ("root", document["leaf"]),
        ("checkpoint", document["checkpoint"].replace("\n11\n", "\n12\n")),
        ("verifier", "nonsense"),
        ("path", 3),
    ]:
        assert not check_proof({**document, key: value}), key
    del document["checkpoint"]
    assert not check_proof(document)


def test_checkpoints_are_signed_notes(log: AuditLog) -> None:
    assert log.checkpoint() is None
    log.append("k", "a", {})
    note = log.checkpoint()
    assert note is not None
    known = parse(note)
    assert known and (known.size, known.root) == (1, log.root())
    lines = note.split("\n")
    assert len(lines) == 6 and lines[3] == "" and lines[4].startswith(f"— {lines[0]} ")
    verifier = Verifier(log.verifier)
    assert verifier.signed(note)
    assert not verifier.signed(note.replace("\n1\n", "\n2\n"))
    other = "A" if note[-20] != "A" else "B"
    assert not verifier.signed(note[:-20] + other + note[-19:])
    for broken in ("", "a\nb\nc", "a\n1\nc", "a\n-1\n" + lines[2], "\n1\n" + lines[2], "a\n1\nAA=="):
        assert parse(broken) is None and not verifier.signed(broken)


def test_files_are_for_their_owner_only(log: AuditLog) -> None:
    log.append("k", "a", {})
    for file in log.path.parent.iterdir():
        assert stat.S_IMODE(file.stat().st_mode) == 0o600, file.name


def test_a_body_must_be_plain_json_of_bounded_size(log: AuditLog) -> None:
    loop: dict[str, object] = {}
    loop["self"] = loop
    for body in ({"x": float("nan")}, {"x": object()}, {"x": b"bytes"}, {"x": "a" * 2_000_000}, loop):
        with pytest.raises(BadInput):
            log.append_many([("k", "a", {}), ("k", "a", body)])
    assert log.size == 0
    log.append("k", "a", {"file": os.fsdecode(b"\xff.pcap"), "odd": "\0\u2028\n"})
    assert log.entry(0).body == {"file": os.fsdecode(b"\xff.pcap"), "odd": "\0\u2028\n"}
    assert log.verify().ok


def test_rows_can_only_be_added_at_the_end(log: AuditLog) -> None:
    log.append_many([("k", "a", {}), ("k", "a", {})])
    with sqlite3.connect(log.path) as raw:
        for statement in (
            "update entries set text = '{}'",
            "delete from entries",
            "insert or replace into entries values (0, '{}')",
            "insert into entries values (7, '{}')",
            "update nodes set hash = x'00'",
            "delete from nodes",
            "insert or replace into nodes values (0, 0, x'00')",
            "update checkpoints set note = ''",
            "delete from checkpoints",
            "insert or replace into checkpoints values (2, '')",
        ):
            with pytest.raises(sqlite3.IntegrityError, match="only grows"):
                raw.execute(statement)
    raw.close()
    assert log.verify().ok


def test_many_processes_and_threads_append_in_turn(tmp_path: Path) -> None:
    path = tmp_path / "audit.db"
    code = (
        "import sys; from pathlib import Path; from tongguan.trust import AuditLog\n"
        "log = AuditLog(Path(sys.argv[1]))\n"
        "for n in range(25): log.append('k', sys.argv[2], {'n': n})\n"
    )
    children = [subprocess.Popen([sys.executable, "-c", code, str(path), f"p{k}"]) for k in range(3)]
    with AuditLog(path) as log:
        threads = [
            threading.Thread(target=lambda k=k: [log.append("k", f"t{k}", {"n": n}) for n in range(25)])
            for k in range(3)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert [child.wait() for child in children] == [0, 0, 0]
        assert log.size == 150
        verdict = log.verify()
        assert verdict.ok and verdict.size == 150 and verdict.root == log.root()
        for actor in ("p0", "p1", "p2", "t0", "t1", "t2"):
            assert [e.body["n"] for e in log.entries(limit=200) if e.actor == actor] == list(range(25))
        known = parse(log.checkpoint() or "")
        assert known and known.size == 150


def test_killed_half_way_it_opens_clean(tmp_path: Path) -> None:
    path = tmp_path / "audit.db"
    code = (
        "import sys; from pathlib import Path; from tongguan.trust import AuditLog\n"
        "log = AuditLog(Path(sys.argv[1])); n = 0\n"
        "while True:\n"
        "    log.append_many([('k', 'a', {'n': n + i}) for i in range(50)]); n += 50; print(n, flush=True)\n"
    )
    told = 0
    for pause in (0.0, 0.003, 0.011):
        child = subprocess.Popen([sys.executable, "-c", code, str(path)], stdout=subprocess.PIPE, text=True)
        assert child.stdout
        child.stdout.readline()
        time.sleep(pause)
        child.send_signal(signal.SIGKILL)
        rest = child.communicate()[0].splitlines()
        told += int(rest[-1]) if rest else 50
        with AuditLog(path) as log:
            assert log.size % 50 == 0 and log.size >= told, "what was reported as written is there"
            assert log.verify().ok
            told = log.size
            log.append_many([("k", "a", {"after": i}) for i in range(50)])
            told += 50
            assert log.verify().ok


def test_places_that_cannot_be_used(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(CannotWrite):
        AuditLog(tmp_path / "file" / "audit.db")
    with pytest.raises(CannotWrite):
        AuditLog(tmp_path / "absent" / "audit.db")
    (tmp_path / "other.db").write_bytes(b"this is no database, and long enough to look at" * 100)
    with pytest.raises(Broken):
        AuditLog(tmp_path / "other.db")
    with sqlite3.connect(tmp_path / "foreign.db") as raw:
        raw.execute("create table t (x)")
    raw.close()
    with pytest.raises(Broken, match="not an audit log"):
        AuditLog(tmp_path / "foreign.db")


def test_batches_are_fast(log: AuditLog) -> None:
    """20,000 a second is the aim; a tenth of it is asserted, since other work may share the machine."""
    start = time.perf_counter()
    log.append_many([("k", "a", {"n": n, "object": f"ds{n % 9}"}) for n in range(20_000)])
    assert time.perf_counter() - start < 10


def test_the_workspace_has_one_log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TONGGUAN_HOME", str(tmp_path / "home"))
    with audit_log() as log:
        log.append("run", "cli", {})
    with audit_log() as log:
        assert (log.path, log.size) == (tmp_path / "home/audit.db", 1)
