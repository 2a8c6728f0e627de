"""The audit log as its users meet it: appending, reading, proving, being killed, being shared."""

from __future__ import annotations

import base64
import json
import os
import signal
import sqlite3
import stat
import subprocess
import sys
import threading
import time
from contextlib import closing
from hashlib import sha256
from pathlib import Path

import psycopg
import pytest
from log_place import Place
from postgres_server import PostgresServer

from tongguan.errors import BadInput, BadSettings, Broken, CannotWrite, Unavailable
from tongguan.trust import AuditLog, audit_log, check_proof, verify_consistency, verify_inclusion
from tongguan.trust.audit import Query, postgresql
from tongguan.trust.audit.checkpoint import Signer, Verifier, checkpoint_text, parse, signed_note, verifier_key
from tongguan.trust.audit.merkle import place as node_place
from tongguan.trust.ciphers import SigningKey


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
    for absent in (3, -1, 1 << 80):
        with pytest.raises(IndexError):
            log.entry(absent)
    assert log.entries(1 << 80, 1 << 80) == log.entries(1 << 80, 1, kind="run") == log.entries(0, -1) == []
    assert len(log.entries(-5, 1 << 80, newest=True)) == 3


def test_reopening_goes_on_where_it_stopped(place: Place) -> None:
    for n in range(20):
        with place.open() as log:
            assert log.append_many([("k", "a", {"n": n, "m": m}) for m in range(n % 4)]).stop == log.size
    with place.open() as log:
        assert log.size == sum(n % 4 for n in range(20))
        assert log.verify().ok


def test_proofs_of_every_entry_and_size(log: AuditLog) -> None:
    roots = []
    for n in range(33):
        log.append("k", "a", {"n": n})
        roots.append(log.root())
    for size in range(1, log.size + 1):
        assert log.root(size) == roots[size - 1]
        assert verify_consistency(
            size, log.size, roots[size - 1], log.root(), log.consistency(size, log.size), log.tree
        )
        for index in range(size):
            proof = log.inclusion(index, size)
            assert proof.root == roots[size - 1]
            assert verify_inclusion(log.tree.leaf(log.entry(index).text.encode()), proof, log.tree)
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
        ("hash", "sm3" if document["hash"] == "sha256" else "sha256"),
        ("hash", "md5"),
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
    extension = ["hash sm3"] if log.tree.name == "sm3" else []
    assert lines[3:-2] == [*extension, ""] and lines[-2].startswith(f"— {lines[0]} ") and lines[-1] == ""
    verifier = Verifier(log.verifier)
    assert verifier.signed(note)
    assert not verifier.signed(note.replace("\n1\n", "\n2\n"))
    other = "A" if note[-20] != "A" else "B"
    assert not verifier.signed(note[:-20] + other + note[-19:])
    for broken in ("", "a\nb\nc", "a\n1\nc", "a\n-1\n" + lines[2], "\n1\n" + lines[2], "a\n1\nAA=="):
        assert parse(broken) is None and not verifier.signed(broken)


def test_files_are_for_their_owner_only(log: AuditLog) -> None:
    log.append("k", "a", {})
    assert log.path.parent.joinpath("audit.key").exists()
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


def test_many_processes_and_threads_append_in_turn(place: Place) -> None:
    with place.open() as log:
        code = f"import sys\n{place.code}for n in range(15): log.append('k', sys.argv[1], {{'n': n}})\n"
        children = [subprocess.Popen([sys.executable, "-c", code, f"p{k}"]) for k in range(2)]
        threads = [
            threading.Thread(target=lambda k=k: [log.append("k", f"t{k}", {"n": n}) for n in range(15)])
            for k in range(2)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert [child.wait() for child in children] == [0, 0]
        assert log.size == 60
        verdict = log.verify()
        assert verdict.ok and verdict.size == 60 and verdict.root == log.root()
        for actor in ("p0", "p1", "t0", "t1"):
            assert [e.body["n"] for e in log.entries(limit=200) if e.actor == actor] == list(range(15))
        known = parse(log.checkpoint() or "")
        assert known and known.size == 60


def test_killed_half_way_it_opens_clean(place: Place) -> None:
    code = (
        f"{place.code}n = log.size\n"
        "while True:\n"
        "    log.append_many([('k', 'a', {'n': n + i}) for i in range(60)]); n += 60; print(n, flush=True)\n"
    )
    told = 0
    for pause in (0.0, 0.011):
        child = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
        assert child.stdout
        first = child.stdout.readline()
        time.sleep(pause)
        child.send_signal(signal.SIGKILL)
        told = int((child.communicate()[0].splitlines() or [first])[-1])
        with place.open() as log:
            assert log.size % 60 == 0 and log.size >= told, "what was reported as written is there"
            assert log.verify().ok
            log.append_many([("k", "a", {"after": i}) for i in range(60)])
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
        assert (log.path, log.size, log.tree.name) == (tmp_path / "home/audit.db", 1, "sha256")


def test_settings_choose_the_place_and_the_suite(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, postgres: PostgresServer
) -> None:
    monkeypatch.setenv("TONGGUAN_HOME", str(tmp_path))
    url = postgres.database()
    (tmp_path / "settings.yaml").write_text(f"suite: guomi\ndatabase: {url}\n")
    with audit_log() as log:
        assert log.append("run", "cli", {}) == 0 and log.tree.name == "sm3"
        assert not (tmp_path / "audit.db").exists()
    with AuditLog.connect(url, tmp_path) as log:
        assert log.size == 1


def test_a_short_command_does_not_load_the_records_nor_the_settings(tmp_path: Path) -> None:
    code = (
        "import sys; from tongguan.trust import audit_log\n"
        "with audit_log() as log: log.append('k', 'a', {})\n"
        "heavy = {'sqlalchemy', 'psycopg', 'webauthn', 'gmssl_pyx', 'tongguan.trust.settings', 'tongguan.trust.audit.postgresql'}\n"
        "sys.exit(' '.join(heavy & sys.modules.keys()) or 0)"
    )
    environment = {**os.environ, "TONGGUAN_HOME": str(tmp_path)}
    child = subprocess.run([sys.executable, "-c", code], env=environment, stderr=subprocess.PIPE, text=True)
    assert (child.returncode, child.stderr) == (0, "")


def test_a_log_keeps_its_suite(place: Place) -> None:
    other = "international" if place.suite == "guomi" else "guomi"
    with place.open() as log:
        log.append("k", "a", {})
        hash_name, verifier = log.tree.name, log.verifier
    with place.open(suite=other) as log:
        log.append("k", "a", {})
        assert (log.tree.name, log.verifier, log.verify().ok) == (hash_name, verifier, True)
    with pytest.raises(BadInput, match="no suite"):
        AuditLog(place.folder / "other.db", suite="rot13")


def test_sm2_keys_in_signed_notes() -> None:
    """Type 0xff and a name, as C2SP keeps for signatures without a type of their own; then 04 ‖ x ‖ y."""
    signer = Signer(bytes(range(32)), "sm2")
    name, identity, encoded = signer.verifier.split("+", 2)
    material = base64.b64decode(encoded)
    assert material.startswith(b"\xfftongguan/sm2-sm3\x04") and len(material) == 1 + 16 + 65
    assert sha256(name.encode() + b"\n" + material).digest()[:4].hex() == identity
    assert Signer(bytes(range(32)), "sm2").verifier == signer.verifier, "the same seed gives the same key"
    note = signed_note(signer, checkpoint_text(name, 3, bytes(32), "sm3"))
    assert Verifier(signer.verifier).signed(note) and Verifier(signer.verifier).algorithm == "sm2"
    assert not Verifier(signer.verifier).signed(note.replace("hash sm3\n", ""))
    assert not Verifier(Signer(bytes(32), "sm2").verifier).signed(note)
    assert (
        parse(note.replace("hash sm3", "hash md5")) is None
        and parse(note.replace("hash sm3", "hash sm3\nhash sm3")) is None
    )
    for broken in ("", "a", "a+b+c", signer.verifier[:-8], f"{name}+00000000+{encoded}", f"{name}+{identity}+AQ=="):
        with pytest.raises(ValueError):
            Verifier(broken)
    for name in ("", "a b", "a+b", "a\nb"):
        with pytest.raises(BadInput):
            verifier_key(name, "sm2", material[17:])


class KeyElsewhere:
    """A signer as an HSM or the key service would be one."""

    def __init__(self, algorithm: str) -> None:
        self._key = SigningKey.generate(algorithm)
        self.name = "example.org/log"
        self.verifier = verifier_key(self.name, algorithm, self._key.public.encoded)
        self.gone = False

    def sign(self, text: bytes) -> bytes:
        if self.gone:
            raise Unavailable("the HSM does not answer")
        return self._key.sign(text)


@pytest.mark.parametrize("algorithm", ["ed25519", "sm2"])
def test_a_key_that_is_kept_elsewhere(place: Place, algorithm: str) -> None:
    signer = KeyElsewhere(algorithm)
    with place.open(signer=signer) as log:
        log.append("k", "a", {})
        assert (log.checkpoint() or "").startswith("example.org/log\n1\n") and log.verifier == signer.verifier
        assert log.verify().ok and check_proof(log.proof_json(0), signer.verifier)
        signer.gone = True
        with pytest.raises(Unavailable):
            log.append("k", "a", {})
        assert log.size == 1, "nothing is written that cannot be signed"
        signer.gone = False
        assert log.append("k", "a", {}) == 1 and log.verify().ok
    assert not (place.folder / "audit.key").exists()


def test_a_clock_set_back_is_written_down(place: Place) -> None:
    now = 1_790_000_000.0
    with place.open(clock=lambda: now) as log:
        log.append("k", "a", {})
        now -= 0.4
        assert log.append("k", "a", {}) == 1
        assert log.entry(1).ts == log.entry(0).ts, "a small step back: time stands still"
        now -= 3600
        assert log.append_many([("k", "a", {}), ("k", "b", {})]) == range(3, 5)
        entry = log.entry(2)
        assert (entry.kind, entry.actor, entry.body) == ("clock", "audit", {"behind_s": 3600.4})
        assert entry.ts == log.entry(3).ts < log.entry(1).ts
        now += 7200
        log.append("k", "a", {})
        assert log.kinds() == {"clock": 1, "k": 5} and log.verify().ok


def test_hostile_names_and_bodies(log: AuditLog) -> None:
    hostile = [
        "'; drop table entries; --", '","kind":"run","ts":"', "\0", "\u2028\u202e", "<script>alert(1)</script>", "%s%(x)s?{0}",
        os.fsdecode(b"\xff\xfe"), "龘" * 100, "",
    ]  # fmt: skip
    for text in hostile:
        log.append("k", text, {text: text, "list": [text, {"deep": text}]})
    for index, text in enumerate(hostile):
        entry = log.entry(index)
        assert entry.kind == "k" and entry.body == {text: text, "list": [text, {"deep": text}]}
        assert [e.index for e in log.search(Query(actor=text)).entries] == [index], text
        assert check_proof(log.proof_json(index))
    assert log.verify().ok and log.kinds() == {"k": len(hostile)}
    for kind in ("", "a" * 65, "a\nb", "\0", None):
        with pytest.raises(BadInput):
            log.append(kind, "a", {})
    with pytest.raises(BadInput):
        log.append("k", "a" * 513, {})


def test_a_log_of_the_first_format_is_taken_over(tmp_path: Path) -> None:
    """As it was made before suites: three tables, an index over an expression."""
    path = tmp_path / "audit.db"
    with AuditLog(path) as log:
        log.append_many([("run", "cli", {"n": n}) for n in range(5)])
        log.append("decision", "王", {})
        root, note = log.root(), log.checkpoint()
    with closing(sqlite3.connect(path, isolation_level=None)) as raw:
        for (name,) in raw.execute("select name from sqlite_master where type = 'trigger'").fetchall():
            raw.execute(f"drop trigger {name}")
        for statement in (
            "drop table kinds", "drop table about", "drop index entries_kind", "drop index entries_actor",
            'create table old ("index" integer primary key, text text not null) strict',
            'insert into old select "index", text from entries', "drop table entries", "alter table old rename to entries",
            """create index entries_kind on entries (json_extract(text, '$.kind'), "index")""",
            "create trigger entries_update before update on entries begin select raise(abort, 'no'); end",
            "create table levels (level integer, \"index\" integer, hash blob not null, primary key (level, \"index\")) strict, without rowid",
        ):  # fmt: skip
            raw.execute(statement)
        places = {node_place(level, index): (level, index) for level in range(3) for index in range(6 >> level)}
        for at, value in raw.execute("select place, hash from nodes").fetchall():
            raw.execute("insert into levels values (?, ?, ?)", (*places[at], value))
        for statement in (
            "drop table nodes", "alter table levels rename to nodes", "pragma user_version = 1",
        ):  # fmt: skip
            raw.execute(statement)
    with AuditLog(path, suite="guomi") as log:
        assert (log.size, log.root(), log.checkpoint(), log.tree.name) == (6, root, note, "sha256")
        assert log.kinds() == {"decision": 1, "run": 5} and log.verify().ok
        assert log.append("run", "cli", {}) == 6 and log.verify().ok
        assert [e.index for e in log.search(Query(actor="王")).entries] == [5]


def test_a_database_is_refused_clearly(tmp_path: Path, postgres: PostgresServer) -> None:
    for url in ("mysql://h/x", "nonsense", "postgresql://h:port/x y"):
        with pytest.raises(BadSettings):
            AuditLog.connect(url, tmp_path)
    with pytest.raises(Unavailable) as caught:
        AuditLog.connect("postgresql://me:secret@127.0.0.1:1/none", tmp_path)
    assert "secret" not in str(caught.value)
    url = postgres.database()
    with psycopg.connect(plain(url), autocommit=True) as raw:
        raw.execute("create schema tongguan_audit; create table tongguan_audit.about (key text, value text)")
    with pytest.raises(Broken, match="not of this version"):
        AuditLog.connect(url, tmp_path)


def test_a_server_that_goes_and_comes_back(tmp_path: Path, postgres: PostgresServer) -> None:
    url = postgres.database()
    with AuditLog.connect(url, tmp_path) as log:
        log.append("k", "a", {})
        postgres.stop()
        try:
            for _ in range(2):
                with pytest.raises(Unavailable, match="does not answer"):
                    log.append("k", "a", {})
            with pytest.raises(Unavailable):
                log.verify()
        finally:
            postgres.start()
        assert log.append("k", "a", {}) == 1 and log.verify().ok


def test_somebody_holds_the_lock(tmp_path: Path, postgres: PostgresServer, monkeypatch: pytest.MonkeyPatch) -> None:
    options = f"{postgresql._OPTIONS['options']} -c lock_timeout=200ms"
    monkeypatch.setattr(postgresql, "_OPTIONS", {**postgresql._OPTIONS, "options": options})
    url = postgres.database()
    with AuditLog.connect(url, tmp_path) as log:
        log.append("k", "a", {})
        with psycopg.connect(plain(url)) as raw:
            raw.execute("select pg_advisory_xact_lock(%s)", (postgresql.LOCK,))
            with pytest.raises(Unavailable, match="try again"):
                log.append("k", "a", {})
            assert log.size == 1, "reading waits for nobody"
        assert log.append("k", "a", {}) == 1


def test_a_role_that_may_only_append(tmp_path: Path, postgres: PostgresServer) -> None:
    url = postgres.database()
    with AuditLog.connect(url, tmp_path) as log:
        log.append("k", "a", {})
    role = f"appender{os.getpid()}"
    with psycopg.connect(plain(url), autocommit=True) as raw:
        raw.execute(f"create role {role} login")
        raw.execute(f"grant usage on schema tongguan_audit to {role}")
        raw.execute(f"grant select, insert on all tables in schema tongguan_audit to {role}")
        raw.execute(f"grant update on tongguan_audit.kinds to {role}")
    limited = url.replace("//tongguan@", f"//{role}@")
    with AuditLog.connect(limited, tmp_path) as log:
        assert log.append("k", "a", {}) == 1
        assert log.append_many([("k", "a", {})] * 100) == range(2, 102)
        assert log.verify().ok
    with psycopg.connect(plain(limited), autocommit=True) as raw:
        for statement in ("delete from entries", "truncate nodes", "drop trigger entries_update on entries"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                raw.execute(f"set search_path = tongguan_audit; {statement}")
        raw.execute("set default_transaction_read_only = on")
    with psycopg.connect(plain(url), autocommit=True) as raw:
        raw.execute(f"revoke insert on tongguan_audit.entries from {role}")
    with AuditLog.connect(limited, tmp_path) as log, pytest.raises(CannotWrite, match="refuses this role"):
        log.append("k", "a", {})


def plain(url: str) -> str:
    return url.replace("+psycopg", "")
