"""Witnesses over real HTTP, asked and asking; and every refusal that C2SP tlog-witness names."""

import base64
import gzip
import hashlib
import multiprocessing
import shutil
import socket
import threading
import time
from contextlib import contextmanager, suppress

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from tongguan.errors import BadInput, Broken, CannotWrite, Unavailable
from tongguan.trust.audit import AuditLog
from tongguan.trust.audit.checkpoint import Signer, Verifier, checkpoint_text, signed_note
from tongguan.trust.audit.cosignature import CosignatureKey, Cosigner, Note, Signature, head, open_note
from tongguan.trust.audit.export import export
from tongguan.trust.audit.offline import verify_export
from tongguan.trust.audit.witness import Cosigned, Witness, _request, cosign
from tongguan.trust.audit.witness_server import WitnessServer
from tongguan.trust.settings import Witness as Setting


@pytest.fixture(params=["international", "guomi"])
def log(tmp_path, request):
    (tmp_path / "log").mkdir()
    with AuditLog(tmp_path / "log/audit.db", suite=request.param) as made:
        made.append_many([("run", "kim", {"n": n}) for n in range(10)])
        yield made


@pytest.fixture
def plain(tmp_path):
    (tmp_path / "plain").mkdir()
    with AuditLog(tmp_path / "plain/audit.db") as made:
        made.append_many([("run", "kim", {"n": n}) for n in range(10)])
        yield made


def witness_of(folder, *logs, seed=1, entries=None, clock=time.time):
    entries = [] if entries is None else entries

    def record(*entry):
        entries.append(entry)
        return len(entries)

    key = Cosigner(bytes([seed]) * 32, f"witness.example/{seed}")
    return Witness(folder, key, [one.verifier for one in logs], record, clock)


@contextmanager
def serving(witness):
    server = WitnessServer(witness)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def request(log, old, note=None):
    note = open_note(note or log.checkpoint())
    return _request(log, old, head(note.text).size, note)


# ---- asking


def test_cosigned_as_the_log_grows(log, tmp_path):
    entries = []
    witnesses = [witness_of(tmp_path / f"w{n}", log, seed=n, entries=entries) for n in (1, 2)]
    with serving(witnesses[0]) as first, serving(witnesses[1]) as second:
        asked = [
            Setting("one", witnesses[0].key.verifier, first),
            Setting("two", witnesses[1].key.verifier, second + "/"),
        ]
        for size in (10, 11, 300):
            while log.size < size:
                log.append_many([("run", "kim", {"n": n}) for n in range(log.size, size)])
            before = log.size
            found = cosign(log, asked, log.append, "kim")
            assert set(found.signed) == {"one", "two"} and found.refused == {} and found.size == before
            assert abs(found.signed["one"] - time.time()) < 60
            assert Verifier(log.verifier).signed(found.note)
            entry = log.entries(newest=True, limit=1)[0]
            assert (entry.kind, entry.body["signed"]) == ("cosign", ["one", "two"])
        again = cosign(log, asked[:1], log.append, "kim")
        assert again.size == 301
        export(log, tmp_path / "out", heads=list(map(str, Cosigned.of(log).notes())))
    assert [kind for kind, _, _ in entries] == ["witness"] * 7
    keys = [witness.key.verifier for witness in witnesses]
    report = verify_export(tmp_path / "out", log.verifier, witnesses=keys)
    assert report.ok and report.cosigned == 300, report.problems
    assert verify_export(tmp_path / "out", log.verifier, witnesses=keys, quorum=1).cosigned == 301
    stranger = Cosigner(b"\x09" * 32).verifier
    assert not verify_export(tmp_path / "out", log.verifier, witnesses=[*keys, stranger]).ok


def test_signatures_gather_on_one_note(plain, tmp_path):
    note = plain.checkpoint()
    witnesses = [witness_of(tmp_path / f"w{n}", plain, seed=n) for n in (1, 2)]
    for witness in witnesses:
        with serving(witness) as url:
            cosign(plain, [Setting("w", witness.key.verifier, url)], lambda *_: 0, "kim")
    kept = Cosigned.of(plain).note(10)
    assert kept.text == open_note(note).text and len(kept.signatures) == 3
    with serving(witnesses[0]) as url:  # once more by the same key: one line a key
        cosign(plain, [Setting("w", witnesses[0].key.verifier, url)], lambda *_: 0, "kim")
    assert len(Cosigned.of(plain).note(10).signatures) == 3


def test_damaged_cosigned_notes_are_passed_over(plain, tmp_path):
    witness = witness_of(tmp_path / "w", plain)
    with serving(witness) as url:
        asked = [Setting("w", witness.key.verifier, url)]
        cosign(plain, asked, plain.append, "kim")
        (Cosigned.of(plain).folder / "10").write_bytes(b"\xff")
        assert cosign(plain, asked, plain.append, "kim").signed and Cosigned.of(plain).sizes() == [10, 11]


def test_the_same_once_more_is_signed_but_not_written_down(plain, tmp_path):
    entries = []
    witness = witness_of(tmp_path / "w", plain, entries=entries)
    witness.add_checkpoint(request(plain, 0))
    body = request(plain, 10)
    assert [witness.add_checkpoint(body).status for _ in range(5)] == [200] * 5
    assert len(entries) == 1


def test_a_witness_that_lost_sight_is_caught_up(plain, tmp_path):
    """It says 409 and its size; the proof goes from there. And ours may be lost: it is then asked from 0."""
    witness = witness_of(tmp_path / "w", plain)
    with serving(witness) as url:
        asked = [Setting("w", witness.key.verifier, url)]
        cosign(plain, asked, plain.append, "kim")
        shutil.rmtree(Cosigned.of(plain).folder)
        plain.append_many([("run", "kim", {})] * 50)
        assert cosign(plain, asked, plain.append, "kim").signed


def test_a_log_that_was_set_back_is_refused(plain, tmp_path):
    shutil.copytree(tmp_path / "plain", tmp_path / "old")
    plain.append_many([("run", "kim", {"way": "a"})] * 5)
    entries = []
    witness = witness_of(tmp_path / "w", plain, entries=entries)
    with serving(witness) as url, AuditLog(tmp_path / "old/audit.db") as old:
        asked = [Setting("w", witness.key.verifier, url)]
        assert cosign(plain, asked, plain.append, "kim").signed
        found = cosign(old, asked, lambda *_: 0, "kim")
        assert isinstance(found.refused["w"], Broken) and "set back" in str(found.refused["w"])
        old.append_many([("run", "eve", {"way": "b"})] * 9)
        found = cosign(old, asked, lambda *_: 0, "kim")
        assert isinstance(found.refused["w"], Broken) and "rewritten" in str(found.refused["w"])
        assert not Cosigned.of(old).sizes()
    assert entries[-1][0] == "witness_refused" and entries[-1][2]["size"] == 19


def test_witnesses_that_cannot_be_had(plain, tmp_path):
    witness = witness_of(tmp_path / "w", plain)
    stranger = witness_of(tmp_path / "s", seed=2)
    with serving(witness) as url, serving(stranger) as other:
        asked = [
            Setting("good", witness.key.verifier, url),
            Setting("gone", witness.key.verifier, "http://127.0.0.1:9"),
            Setting("no address", witness.key.verifier, None),
            Setting("odd address", witness.key.verifier, "gopher:/x"),
            Setting("does not know us", stranger.key.verifier, other),
            Setting("other key", stranger.key.verifier, url),
            Setting("no key", plain.verifier, url),
        ]
        found = cosign(plain, asked, plain.append, "kim")
    assert set(found.signed) == {"good"}
    assert {name: type(error) for name, error in found.refused.items()} == {
        "gone": Unavailable,
        "odd address": Unavailable,
        "does not know us": BadInput,
        "other key": Broken,
        "no key": BadInput,
    }
    with pytest.raises(BadInput, match="no witness"):
        cosign(plain, asked[2:3], plain.append, "kim")
    with AuditLog(tmp_path / "empty.db") as empty, pytest.raises(BadInput, match="no signed checkpoint"):
        cosign(empty, asked, empty.append, "kim")


@contextmanager
def answering(raw, *, hold=0.0):
    """A server that answers everything with the same bytes."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        over = threading.Event()

        def run():
            while not over.is_set():
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                with connection:
                    connection.settimeout(1)
                    try:
                        connection.recv(1 << 16)
                        connection.sendall(raw)
                        over.wait(hold)
                    except OSError:
                        pass

        threading.Thread(target=run, daemon=True).start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}"
        over.set()


ANSWERS = {
    "garbage": b"\0\1\2",
    "empty": b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
    "not signatures": b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
    "endless": b"HTTP/1.1 200 OK\r\n\r\n" + b"a" * (1 << 20),
    "409 without a size": b"HTTP/1.1 409 Conflict\r\nContent-Type: text/x.tlog.size\r\nContent-Length: 3\r\n\r\nxyz",
    "409 for ever": b"HTTP/1.1 409 Conflict\r\nContent-Type: text/x.tlog.size\r\nContent-Length: 2\r\n\r\n5\n",
    "409 of another type": b"HTTP/1.1 409 Conflict\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\n5\n",
    "500": b"HTTP/1.1 500 Oh\r\nContent-Length: 0\r\n\r\n",
    "elsewhere": b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:9/\r\nContent-Length: 0\r\n\r\n",
    "packed": b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n" + gzip.compress(b"a" * (64 << 20))[:60_000],
    "silence": b"",
}


@pytest.mark.parametrize("name", ANSWERS)
def test_answers_that_are_none(plain, name):
    key = Cosigner(b"\1" * 32)
    with answering(ANSWERS[name], hold=1.0 if name == "silence" else 0.0) as url:
        found = cosign(plain, [Setting("w", key.verifier, url)], plain.append, "kim", timeout_s=0.5)
    assert isinstance(found.refused["w"], Unavailable) and not Cosigned.of(plain).sizes()


def test_a_false_cosignature_is_not_kept(plain):
    key = Cosigner(b"\1" * 32)
    line = str(key.cosign("something else\n", 5)).encode()
    head_ = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(line)
    with answering(head_ + line) as url:
        found = cosign(plain, [Setting("w", key.verifier, url)], plain.append, "kim")
    assert isinstance(found.refused["w"], Broken) and not Cosigned.of(plain).sizes()


# ---- being asked


def test_every_answer_of_the_specification(plain, tmp_path):
    witness = witness_of(tmp_path / "w", plain)
    ten = plain.checkpoint()
    plain.append_many([("run", "kim", {})] * 10)
    twenty = plain.checkpoint()
    origin = plain.verifier.partition("+")[0]
    signer = plain._signer
    ask = witness.add_checkpoint

    def made(size, root, by=signer, name=origin):
        return signed_note(by, checkpoint_text(name, size, root))

    # unknown log, no signature of ours, a false one beside a true one
    stranger = Signer(b"\5" * 32)
    assert ask(f"old 0\n\n{made(5, b'x' * 32, stranger, stranger.name)}".encode()).status == 404
    assert ask(f"old 0\n\n{made(5, b'x' * 32, stranger)}".encode()).status == 403
    note = open_note(ten)
    true = note.signatures[0]
    false = Signature(true.name, true.id, b"\0" * 64)
    assert ask(f"old 0\n\n{Note(note.text, (true, false))}".encode()).status == 403
    other = Signature("somebody.else", b"abcd", b"\0" * 64)
    # sizes
    assert ask(f"old 11\n\n{ten}".encode()).status == 400
    conflict = ask(f"old 4\n\n{ten}".encode())
    assert (conflict.status, conflict.body, conflict.media_type) == (409, "0\n", "text/x.tlog.size")
    # the empty tree
    assert ask(f"old 0\n\n{made(0, b'x' * 32)}".encode()).status == 422
    empty = ask(f"old 0\n\n{made(0, hashlib.sha256(b'').digest())}".encode())
    assert empty.status == 200
    # a proof where none may be; then the first head
    assert ask(f"old 0\n{base64.b64encode(b'x' * 32).decode()}\n\n{ten}".encode()).status == 422
    assert ask(f"old 0\n\n{Note(note.text, (other, true))}".encode()).status == 200
    # again the same; another root of the same size
    assert ask(f"old 10\n\n{ten}".encode()).status == 200
    assert ask(f"old 10\n\n{made(10, b'x' * 32)}".encode()).status == 422
    # proofs that do not lead there
    assert ask(f"old 10\n\n{twenty}".encode()).status == 422
    assert ask(request(plain, 10).replace(b"\n\n", b"\n" + base64.b64encode(b"x" * 32) + b"\n\n", 1)).status == 422
    assert ask(f"old 10\n\n{made(30, b'x' * 32)}".encode()).status == 422
    assert ask(f"old 0\n\n{twenty}".encode()).body == "10\n"
    good = ask(request(plain, 10))
    assert good.status == 200
    # backwards
    assert ask(f"old 10\n\n{ten}".encode()).body == "20\n"
    assert ask(f"old 20\n\n{ten}".encode()).status == 400
    # what a monitor reads
    seen = witness.answer("GET", f"/{hashlib.sha256(origin.encode()).hexdigest()}/checkpoint")
    assert seen.status == 200 and Verifier(plain.verifier).signed(seen.body) and good.body in seen.body
    assert witness.answer("GET", f"/{'0' * 64}/checkpoint").status == 404
    assert witness.answer("GET", "/../../etc/passwd").status == 404
    assert witness.answer("POST", "/sign-subtree", b"").status == 404


def test_a_cosignature_is_what_the_specification_says(plain, tmp_path):
    witness = witness_of(tmp_path / "w", plain, clock=lambda: 1679315147.9)
    line = witness.add_checkpoint(request(plain, 0)).body
    mark, name, encoded = line.removesuffix("\n").split(" ")
    raw = base64.b64decode(encoded)
    vkey_name, vkey_id, vkey = witness.key.verifier.split("+")
    public = base64.b64decode(vkey)
    assert (mark, name, len(raw), public[0]) == ("—", vkey_name, 4 + 8 + 64, 4)
    assert raw[:4].hex() == vkey_id == hashlib.sha256(name.encode() + b"\n" + public).hexdigest()[:8]
    assert int.from_bytes(raw[4:12], "big") == 1679315147
    text = plain.checkpoint().partition("\n\n")[0] + "\n"
    message = f"cosignature/v1\ntime 1679315147\n{text}".encode()
    Ed25519PublicKey.from_public_bytes(public[1:]).verify(raw[12:], message)


def test_the_specification_s_own_note():
    """The verifier key and note printed in C2SP signed-note."""
    key = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"
    note = (
        "This is an example message.\n\n— example.com/foo "
        "Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n"
    )
    assert Verifier(key).signed(note) and str(open_note(note)) == note
    with pytest.raises(ValueError):
        CosignatureKey(key)


BAD = [
    b"",
    b"old",
    b"old 0",
    b"old 0\n\n",
    b"old 00\n\n%s",
    b"old -1\n\n%s",
    b"old +1\n\n%s",
    b"old 1e3\n\n%s",
    b"old  0\n\n%s",
    b"old 0\r\n\r\n%s",
    b"OLD 0\n\n%s",
    b"old 0\nnot base64!\n\n%s",
    b"old 0\nAAAA\n\n%s",
    b"old 0\n" + b"QUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUE=\n" * 64 + b"\n%s",
    b"old 999999999999999999999999\n\n%s",
    b"\xff\xfe\n\n%s",
    b"old 0\n\n%s" + b"\xe2\x80\x94 x AAAAAAA=\n" * 100,
    b"old 0\n\n%s" + b"a" * 300_000,
    b"old 0\n\n\n\n%s",
    b"old 0\n\nx\x00y%s",
]


@pytest.mark.parametrize("number", range(len(BAD)))
def test_requests_that_are_none(plain, tmp_path, number):
    witness = witness_of(tmp_path / "w", plain)
    body = BAD[number].replace(b"%s", plain.checkpoint().encode())
    assert witness.add_checkpoint(body).status in (400, 404)
    with serving(witness) as url:
        assert httpx.post(f"{url}/add-checkpoint", content=body).status_code in (400, 404, 413)
    assert not list((tmp_path / "w").glob("[0-9a-f]*")) if (tmp_path / "w").exists() else True


@pytest.mark.parametrize(
    "text", ["o\n01\n%s\n", "o\n1\n%s\n\n", "o\n1\n%s", "\n1\n%s\n", "o\n1\nAAAA\n", "o\n١\n%s\n", "o\n1\n\n"]
)
def test_heads_that_are_none(text):
    root = base64.b64encode(b"x" * 32).decode()
    with pytest.raises(ValueError):
        head(text.replace("%s", root))
    with pytest.raises(ValueError):  # the same bits, written otherwise
        head(f"o\n1\n{root[:-2]}{chr(ord(root[-2]) + 1)}=\n")


def test_state_survives_and_a_damaged_one_signs_nothing(plain, tmp_path):
    assert witness_of(tmp_path / "w", plain).add_checkpoint(request(plain, 0)).status == 200
    witness = witness_of(tmp_path / "w", plain)
    assert witness.add_checkpoint(request(plain, 0)).body == "10\n"
    (kept,) = (tmp_path / "w").glob("[0-9a-f]*")
    kept.write_bytes(b"damaged")
    with pytest.raises(Broken, match="damaged"):
        witness.add_checkpoint(request(plain, 0))
    with serving(witness) as url:
        assert httpx.post(f"{url}/add-checkpoint", content=request(plain, 0)).status_code == 503


def test_nothing_is_signed_that_cannot_be_remembered(plain, tmp_path, monkeypatch):
    witness = witness_of(tmp_path / "w", plain)

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(CannotWrite):
        witness.add_checkpoint(request(plain, 0))
    monkeypatch.undo()
    assert witness.add_checkpoint(request(plain, 0)).status == 200


def _race(folder, verifier, bodies, results):
    key = Cosigner(b"\1" * 32, "witness.example/1")
    witness = Witness(folder, key, [verifier], lambda *_: 0)
    results.put([witness.add_checkpoint(body).status for body in bodies])


def test_two_histories_at_once_one_wins(plain, tmp_path):
    """Two processes, each with its own continuation of the same log, both signed by its key."""
    witness_of(tmp_path / "w", plain).add_checkpoint(request(plain, 0))
    bodies = {}
    for way in "ab":
        shutil.copytree(tmp_path / "plain", tmp_path / way)
        with AuditLog(tmp_path / way / "audit.db") as branch:
            branch.append("run", "eve", {"way": way})
            bodies[way] = request(branch, 10)
    context = multiprocessing.get_context("fork")
    results = context.Queue()
    runs = [
        context.Process(target=_race, args=(tmp_path / "w", plain.verifier, [bodies[way]] * 20, results))
        for way in "ab"
    ]
    for run in runs:
        run.start()
    found = [results.get(timeout=30) for _ in runs]
    for run in runs:
        run.join()
    assert sorted(statuses.count(200) for statuses in found) == [0, 1]
    assert {status for statuses in found for status in statuses} == {200, 409}


def test_a_caller_who_dawdles_is_hung_up_on(plain, tmp_path, monkeypatch):
    monkeypatch.setattr("tongguan.trust.audit.witness_server.REQUEST_S", 0.4)
    with serving(witness_of(tmp_path / "w", plain)) as url:
        host, port = url.removeprefix("http://").split(":")
        start = time.monotonic()
        with socket.create_connection((host, int(port))) as slow:
            slow.sendall(b"POST /add-checkpoint HTTP/1.1\r\nContent-Length: 1000\r\n\r\n")
            for _ in range(20):
                try:
                    slow.sendall(b"x")
                except OSError:
                    break
                time.sleep(0.05)
            slow.settimeout(5)
            with suppress(OSError):
                slow.recv(1000)
        assert time.monotonic() - start < 5
        for headers in ({"Content-Length": "x"}, {"Content-Length": "99999999999"}):
            with socket.create_connection((host, int(port))) as odd:
                lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
                odd.sendall(f"POST /add-checkpoint HTTP/1.1\r\n{lines}\r\n".encode())
                assert odd.recv(100).split()[1] == b"413"
        assert httpx.post(f"{url}/add-checkpoint", content=request(plain, 0)).status_code == 200
