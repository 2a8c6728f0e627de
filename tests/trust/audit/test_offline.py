"""Exports attacked: each change is seen, named by entry, and said in both languages."""

import base64
import hashlib
import json
import os
import random
import shutil
import socket
import time

import pytest

from tongguan.errors import BadInput
from tongguan.trust.audit import AuditLog
from tongguan.trust.audit.anchor import Receipt
from tongguan.trust.audit.checkpoint import Signer, checkpoint_text, signed_note, verifier_key
from tongguan.trust.audit.consistency import check_consistency, consistency_json
from tongguan.trust.audit.cosignature import Cosigner, Note, open_note
from tongguan.trust.audit.export import export
from tongguan.trust.audit.offline import heads_in, verify_export
from tongguan.trust.audit.tiles import bundle, subtree, tile_path, unbundle

SIZE = 70_000


@pytest.fixture(scope="module")
def original(tmp_path_factory):
    """An export of 70,000 entries, with an earlier head, as it left the house."""
    home = tmp_path_factory.mktemp("original")
    log = AuditLog(home / "audit.db")
    log.append_many([("run", "kim", {"n": n}) for n in range(300)])
    early = log.checkpoint()
    while log.size < SIZE:
        log.append_many([("run", "kim", {"n": n}) for n in range(log.size, min(SIZE, log.size + 5000))])
    export(log, home / "out", heads=[early])
    yield log, home / "out", early
    log.close()


@pytest.fixture
def out(original, tmp_path):
    shutil.copytree(original[1], tmp_path / "out", copy_function=os.link)
    return tmp_path / "out"


def change(path, data):
    """Write in place of the file, which is shared with the original by a hard link."""
    path.unlink(missing_ok=True)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


def verified(original, out, **more):
    report = verify_export(out, original[0].verifier, **more)
    for problem in report.problems:
        assert problem.text["zh"] and problem.text["en"] and "{" not in problem.text["en"]
    return report


def kinds(report):
    return sorted({problem.kind for problem in report.problems})


def spans(report, kind):
    return [(problem.first, problem.last) for problem in report.problems if problem.kind == kind]


def edit(out, number, place, entry):
    """Change one entry of a full bundle; None takes it out."""
    path = out / tile_path("entries", number)
    entries = unbundle(path.read_bytes(), 256)
    entries[place : place + 1] = [entry] if entry is not None else []
    change(path, bundle(entries))


# ---- what is right


def test_intact(original, out):
    report = verified(original, out)
    assert report.ok and report.size == report.entries == SIZE and report.root == original[0].root()
    assert report.authenticated and report.heads == 1 and report.remarks == []


def test_without_a_key_it_says_so(original, out):
    report = verify_export(out)
    assert report.ok and not report.authenticated and len(report.remarks) == 1


@pytest.mark.parametrize("size", [1, 255, 256, 257, 512, 1000])
@pytest.mark.parametrize("suite", ["international", "guomi"])
def test_every_size_and_suite(tmp_path, size, suite):
    with AuditLog(tmp_path / "audit.db", suite=suite) as log:
        log.append_many([("run", "kim", {"n": n}) for n in range(size)])
        export(log, tmp_path / "out")
        report = verify_export(tmp_path / "out", log.verifier)
        assert report.ok and report.entries == size, report.problems
        name = next((tmp_path / "out/tile/entries").rglob("*[0-9]"))
        edited = bytearray(name.read_bytes()) if name.is_file() else None
        if edited:
            edited[-3] ^= 1
            name.write_bytes(edited)
            assert not verify_export(tmp_path / "out", log.verifier).ok


def test_fast(original, out):
    start = time.process_time()
    assert verified(original, out).ok
    assert SIZE / (time.process_time() - start) > 100_000


def test_older_heads_and_exports(original, out, tmp_path):
    (tmp_path / "head").write_text(original[2])
    assert verified(original, out, heads=heads_in(tmp_path / "head")).heads == 2
    assert verified(original, out, heads=heads_in(original[1])).heads == 3
    with pytest.raises(BadInput, match="no checkpoint there"):
        heads_in(tmp_path / "nothing")


# ---- entries changed


def test_an_entry_altered(original, out):
    edit(out, 7, 9, b'{"actor":"eve"}')
    report = verified(original, out)
    assert kinds(report) == ["altered"] and spans(report, "altered") == [(7 * 256 + 9, 7 * 256 + 9)]


def test_entries_altered_next_to_each_other_are_one_problem(original, out):
    for place in (3, 4, 5, 9):
        edit(out, 7, place, b'{"actor":"eve"}')
    assert spans(verified(original, out), "altered") == [(1795, 1797), (1801, 1801)]


def test_entries_exchanged(original, out):
    path = out / tile_path("entries", 7)
    entries = unbundle(path.read_bytes(), 256)
    entries[3], entries[200] = entries[200], entries[3]
    change(path, bundle(entries))
    assert spans(verified(original, out), "moved") == [(1795, 1992), (1992, 1795)]


def test_an_entry_and_its_leaf_altered(original, out):
    edit(out, 7, 9, b'{"actor":"eve"}')
    tile = out / tile_path(0, 7)
    data = bytearray(tile.read_bytes())
    data[9 * 32 : 10 * 32] = hashlib.sha256(b'\0{"actor":"eve"}').digest()
    change(tile, bytes(data))
    report = verified(original, out)
    assert kinds(report) == ["node"] and spans(report, "node") == [(7 * 256, 8 * 256 - 1)]


def rewritten(original, out, entry=b'{"actor":"eve"}', number=7, place=9):
    """The whole tree recomputed over a changed entry; only the signature is still the old one."""
    edit(out, number, place, entry)
    tree = original[0].tree
    row = []
    for n in range(-(-SIZE // 256)):
        width = min(256, SIZE - n * 256)
        leaves = [tree.leaf(e) for e in unbundle((out / tile_path("entries", n, width)).read_bytes(), width)]
        change(out / tile_path(0, n, width), b"".join(leaves))
        row += [subtree(leaves, tree)] if width == 256 else []
    level, rest = 1, leaves
    root = subtree(leaves, tree)
    while row:
        for n in range(0, len(row), 256):
            part = row[n : n + 256]
            change(out / tile_path(level, n // 256, len(part)), b"".join(part))
        edge = row[len(row) // 256 * 256 :]
        root = subtree([*edge, root], tree) if edge else root
        row = [subtree(row[n : n + 256], tree) for n in range(0, len(row) // 256 * 256, 256)]
        level += 1
    assert rest
    return root


def test_the_whole_tree_rewritten(original, out):
    rewritten(original, out)
    report = verified(original, out)
    assert kinds(report) == ["contradicts"]
    # the head over 300 entries still holds, so it is after it that entries were rewritten
    assert spans(report, "contradicts") == [(300, SIZE)]


def test_the_whole_tree_rewritten_and_signed_with_another_key(original, out):
    root = rewritten(original, out)
    forger = Signer(b"\7" * 32)
    name = original[0].verifier.partition("+")[0]
    change(out / "checkpoint", signed_note(forger, checkpoint_text(name, SIZE, root)).encode())
    assert kinds(verified(original, out)) == ["forged"]
    change(out / "checkpoint", signed_note(forger, checkpoint_text(forger.name, SIZE, root)).encode())
    assert kinds(verified(original, out)) == ["other_key"]
    own = {"format": "x", "hash": "sha256", "origin": forger.name, "verifier": forger.verifier}
    change(out / "tongguan/log.json", json.dumps(own).encode())
    report = verify_export(out)  # agrees with itself but for the head of 300 that the true log signed
    assert kinds(report) == ["other_key"] and not report.authenticated


def test_a_fork_by_whoever_has_the_key(tmp_path):
    (tmp_path / "a").mkdir()
    with AuditLog(tmp_path / "a/audit.db") as log:
        log.append_many([("run", "kim", {"n": n}) for n in range(300)])
    shutil.copytree(tmp_path / "a", tmp_path / "b")
    heads = []
    for way in "ab":
        with AuditLog(tmp_path / way / "audit.db") as log:
            log.append_many([("run", "kim", {"way": way})] * 10)
            export(log, tmp_path / f"out-{way}")
            heads += [(way, log.checkpoint())]
            verifier = log.verifier
    report = verify_export(tmp_path / "out-a", verifier, heads=heads)
    assert kinds(report) == ["contradicts"] and report.heads == 1
    report = verify_export(tmp_path / "out-a", verifier, heads=heads_in(tmp_path / "out-b"))
    assert spans(report, "contradicts") == [(0, 310)]


# ---- tiles changed


@pytest.mark.parametrize(
    ("level", "number", "width", "span"),
    [
        (0, 5, 256, (1280, 1535)),
        (0, 273, 112, (69888, 69999)),
        (1, 0, 256, (0, 255)),
        (1, 1, 17, (65536, 65791)),
        (2, 0, 1, (0, 65535)),
    ],
)
def test_a_tile_altered(original, out, level, number, width, span):
    path = out / tile_path(level, number, width)
    change(path, bytes([path.read_bytes()[0] ^ 1]) + path.read_bytes()[1:])
    report = verified(original, out)
    assert kinds(report) == ["tile"] and spans(report, "tile") == [span]


@pytest.mark.parametrize(("level", "number", "width"), [(0, 5, 256), (0, 273, 112), (1, 0, 256), (1, 1, 17), (2, 0, 1)])
@pytest.mark.parametrize("data", [None, b"", b"short", b"x" * 100_000])
def test_a_tile_missing_or_damaged(original, out, level, number, width, data):
    path = out / tile_path(level, number, width)
    path.unlink() if data is None else change(path, data)
    assert kinds(verified(original, out)) == ["tile_missing"]


def test_bundles_missing_and_damaged(original, out):
    (out / tile_path("entries", 5)).unlink()
    (out / tile_path("entries", 6)).unlink()
    change(out / tile_path("entries", 9), b"\xff\xff")
    report = verified(original, out)
    assert spans(report, "missing") == [(1280, 1791)] and spans(report, "bundle") == [(2304, 2559)]
    assert kinds(report) == ["bundle", "missing"] and report.entries == SIZE - 3 * 256


def test_bundles_and_their_tiles_missing(original, out):
    for number in (5, 6):
        (out / tile_path("entries", number)).unlink()
        (out / tile_path(0, number)).unlink()
    edit(out, 9, 0, b"{}")
    report = verified(original, out)
    assert kinds(report) == ["altered", "missing", "tile_missing"]
    assert spans(report, "altered") == [(2304, 2304)]


def test_everything_over_some_entries_missing(original, out):
    for number in range(5, 50):
        (out / tile_path("entries", number)).unlink()
        (out / tile_path(0, number)).unlink()
    (out / tile_path(1, 0)).unlink()
    edit(out, 60, 0, b"{}")
    report = verified(original, out)
    assert "unprovable" in kinds(report) and spans(report, "altered") == [(60 * 256, 60 * 256)]
    assert sum(last - first + 1 for first, last in spans(report, "missing")) == 45 * 256


def test_a_damaged_earlier_partial_tile(tmp_path):
    with AuditLog(tmp_path / "audit.db") as log:
        for _ in range(2):
            log.append_many([("run", "kim", {})] * 10)
            export(log, tmp_path / "out")
        assert verify_export(tmp_path / "out", log.verifier).ok
        (tmp_path / "out/tile/0/000.p/10").write_bytes(b"\1" * 320)
        assert kinds(verify_export(tmp_path / "out", log.verifier)) == ["older_tile"]


# ---- cut and set back


def test_an_older_export_than_a_head_that_was_kept(original, tmp_path):
    with AuditLog(tmp_path / "audit.db") as log:
        log.append_many([("run", "kim", {})] * 10)
        export(log, tmp_path / "out")
        log.append_many([("run", "kim", {})] * 10)
        report = verify_export(tmp_path / "out", log.verifier, heads=[("mail", log.checkpoint())])
        assert kinds(report) == ["cut"] and spans(report, "cut") == [(10, 19)]


@pytest.mark.parametrize("size", [10**17, 10**18 - 1, SIZE + 1, 0, 1])
def test_huge_and_false_claims(original, out, size):
    log = original[0]
    text = checkpoint_text(log.verifier.partition("+")[0], size, log.root())
    change(out / "checkpoint", signed_note(log._signer, text).encode())
    start = time.monotonic()
    report = verified(original, out)
    assert not report.ok and time.monotonic() - start < 20
    assert len(report.problems) <= 202


# ---- heads, cosignatures, anchors


@pytest.mark.parametrize(
    "note", [b"", b"\xff\xfe", b"x\n1\nAAAA\n\n", b"a" * 200_000, b"\0" * 10, "— \n\n— a b\n".encode()]
)
def test_checkpoints_that_are_none(original, out, note):
    change(out / "checkpoint", note)
    assert kinds(verified(original, out)) == ["no_checkpoint"]
    (out / "checkpoint").unlink()
    assert kinds(verified(original, out)) == ["no_checkpoint"]


def test_a_forged_earlier_head(original, out):
    head = out / "tongguan/heads/300"
    change(head, head.read_bytes().replace(b"\n300\n", b"\n301\n"))
    assert kinds(verified(original, out)) == ["forged"]


def test_cosignatures(original, out):
    log = original[0]
    witnesses = [Cosigner(bytes([n]) * 32, f"witness.example/{n}") for n in (1, 2, 3)]
    keys = [witness.verifier for witness in witnesses]
    note = open_note((out / "checkpoint").read_bytes())
    lines = [witness.cosign(note.text, 1_700_000_000 + n) for n, witness in enumerate(witnesses)]
    assert kinds(verified(original, out, witnesses=keys)) == ["quorum"]
    change(out / "checkpoint", str(Note(note.text, (*note.signatures, *lines[:2]))).encode())
    assert kinds(verified(original, out, witnesses=keys)) == ["quorum"]
    report = verified(original, out, witnesses=keys, quorum=2)
    assert report.ok and report.cosigned == SIZE
    assert kinds(verified(original, out, witnesses=[keys[0], keys[0], keys[2]], quorum=2)) == ["quorum"]
    false = type(lines[1])(lines[1].name, lines[1].id, lines[0].value)
    change(out / "checkpoint", str(Note(note.text, (*note.signatures, lines[0], false))).encode())
    assert kinds(verified(original, out, witnesses=keys, quorum=1)) == ["cosignature"]
    for bad in (-1, 0, 4):
        with pytest.raises(BadInput, match="quorum"):
            verified(original, out, witnesses=keys, quorum=bad)
    with pytest.raises(BadInput, match="witness"):
        verified(original, out, witnesses=[log.verifier])


def receipt(log, size, root):
    place = {"chain_id": 1, "contract": "0xc", "transaction": "0xt", "block": 1, "block_hash": "0xb", "time": 1}
    return Receipt(origin=log.verifier.partition("+")[0], size=size, root="0x" + root.hex(), **place).line().encode()


def test_anchor_receipts(original, out):
    log = original[0]
    good = [receipt(log, size, log.root(size)) for size in (300, 5_000, SIZE)]
    change(out / "tongguan/anchors.jsonl", b"".join(good))
    assert verified(original, out).receipts == 3
    chain = [(size, log.root(size)) for size in (300, 5_000, SIZE)]
    report = verified(original, out, chain=chain)
    assert report.ok and report.anchored == SIZE
    assert kinds(verified(original, out, chain=chain[:2])) == ["anchor_absent"]
    report = verified(original, out, chain=[*chain, (SIZE + 5, b"\1" * 32)])
    assert report.ok and len(report.remarks) == 1
    report = verified(original, out, chain=[chain[0], (5_000, b"\1" * 32), chain[2]])
    assert kinds(report) == ["anchor_absent", "anchor_differs"] and spans(report, "anchor_differs") == [(300, 5_000)]
    change(out / "tongguan/anchors.jsonl", good[0] + receipt(log, 400, b"\2" * 32))
    assert kinds(verified(original, out)) == ["anchor_differs"]
    for bad in (b"x\n", b"[]\n", b"{}\n", b"[" * 5000 + b"\n", good[0].replace(b"300", b"-3"), good[0][:-20] + b"\n"):
        change(out / "tongguan/anchors.jsonl", bad)
        assert kinds(verified(original, out)) == ["receipt"]


# ---- hostile folders


def test_links_and_special_files_are_not_followed(original, out, tmp_path):
    (tmp_path / "secret").write_text("not yours")
    tile = out / tile_path("entries", 5)
    tile.unlink()
    tile.symlink_to(original[1] / tile_path("entries", 5))
    (out / "tongguan/large").symlink_to(tmp_path)
    os.mkfifo(out / "tile/entries/999")
    plug = socket.socket(socket.AF_UNIX)
    plug.bind(str(out / "tile/plug"))
    plug.close()
    report = verified(original, out)
    names = {problem.text["en"] for problem in report.problems if problem.kind == "not_a_file"}
    assert len(names) == 4 and spans(report, "missing") == [(1280, 1535)]


@pytest.mark.parametrize("name", ["checkpoint", "tile", "tongguan", "tile/0", "tongguan/heads", "tongguan/log.json"])
def test_links_in_place_of_what_belongs_there(original, out, tmp_path, name):
    (out / name).rename(tmp_path / "elsewhere")
    (out / name).symlink_to(tmp_path / "elsewhere")
    assert "not_a_file" in kinds(verified(original, out))


def test_folders_in_place_of_files(original, out):
    for name in (
        "checkpoint",
        "tongguan/log.json",
        "tongguan/heads/300",
        "tile/entries/005",
        "tile/0/006",
        "tongguan/anchors.jsonl",
    ):
        (out / name).unlink(missing_ok=True)
        (out / name).mkdir()
    assert "no_checkpoint" in kinds(verified(original, out))
    shutil.rmtree(out / "checkpoint")
    shutil.copy(original[1] / "checkpoint", out / "checkpoint")
    assert {"missing", "tile_missing", "receipt"} <= set(kinds(verified(original, out)))


def test_names_that_do_not_belong(original, out):
    for name in (
        ".DS_Store",
        "tile/0/x000/001",
        "tile/0/1",
        "tile/64/000",
        "tile/entries/000.p/256",
        "tile/00/000",
        "tongguan/x",
    ):
        change(out / name, b"?")
    report = verified(original, out)
    assert report.ok and len(report.remarks) == 1 and "7" in report.remarks[0]["en"]


def test_names_that_a_terminal_must_not_see(original, out):
    os.mkfifo(out / "tile/\x1b[31mred\n")
    (problem,) = verified(original, out).problems
    assert problem.text["en"].isprintable()


def test_a_name_of_a_log_that_a_terminal_must_not_see(tmp_path):
    """Signed by a key of the attacker's own, which nobody compares where no verifier key is given."""
    key = Signer(b"\3" * 32)
    key.name = "log\x9b31m\u202egol"
    key.verifier = verifier_key(
        "log\x9b31m\u202egol".translate({0x9B: None, 0x202E: None}), "ed25519", key._key.public.encoded
    )
    (tmp_path / "out/tongguan").mkdir(parents=True)
    (tmp_path / "out/checkpoint").write_text(signed_note(key, checkpoint_text("log\x9b31m", 1, b"x" * 32)))
    (tmp_path / "out/tongguan/log.json").write_text(json.dumps({"verifier": key.verifier, "origin": "\u202e"}))
    (tmp_path / "out/tile").mkdir()
    os.mkfifo(tmp_path / "out/tile/\u202efile")
    for problem in verify_export(tmp_path / "out").problems:
        assert problem.text["en"].isprintable() and problem.text["zh"].isprintable()


def test_a_head_with_cosignatures_lends_them_to_no_other(original, out):
    log = original[0]
    witness = Cosigner(b"\1" * 32, "witness.example/1")
    forged = open_note(signed_note(log._signer, checkpoint_text(log.verifier.partition("+")[0], 300, b"\7" * 32)))
    line = witness.cosign(forged.text, 1_700_000_000)
    change(out / "tongguan/heads/301", str(Note(forged.text, (*forged.signatures, line))).encode())
    report = verified(original, out, witnesses=[witness.verifier])
    assert kinds(report) == ["contradicts", "quorum"] and report.cosigned == 0


def test_a_description_that_lies(original, out):
    about = json.loads((out / "tongguan/log.json").read_text())
    for key, value in (("hash", "sm3"), ("origin", "other")):
        change(out / "tongguan/log.json", json.dumps({**about, key: value}).encode())
        assert kinds(verified(original, out)) == ["described"]
    change(out / "tongguan/log.json", b"[" * 100_000)
    assert kinds(verified(original, out)) == ["described"]
    with pytest.raises(BadInput, match="verifier key"):
        verify_export(out)


def test_long_entries(tmp_path):
    with AuditLog(tmp_path / "audit.db") as log:
        log.append_many([("run", "kim", {"long": "字" * (50_000 if n in (3, 290) else 1)}) for n in range(300)])
        export(log, tmp_path / "out")
        out = tmp_path / "out"
        assert verify_export(out, log.verifier).ok
        long = out / "tongguan/large/003"
        for data in (b"", b"other", b"x" * (2 << 20)):
            long.write_bytes(data)
            report = verify_export(out, log.verifier)
            assert [problem.first for problem in report.problems] == [3]
        long.unlink()
        assert kinds(verify_export(out, log.verifier)) == ["large_missing"]


def test_not_a_folder(tmp_path, original):
    (tmp_path / "export.zip").write_bytes(b"PK\3\4")
    for place in (tmp_path / "export.zip", tmp_path / "nothing"):
        with pytest.raises(BadInput, match="unpacked"):
            verify_export(place, original[0].verifier)
    with pytest.raises(BadInput, match="verifier key"):
        verify_export(original[1], "not a key")


def test_any_byte_changed_anywhere_is_seen(original, out):
    """Files and bytes picked at random, always the same ones."""
    pick = random.Random(20261121)
    names = sorted(path for path in out.rglob("*") if path.is_file() and path.name != "log.json")
    for path in pick.sample(names, 12):
        data = path.read_bytes()
        place = pick.randrange(len(data))
        change(path, data[:place] + bytes([data[place] ^ (1 << pick.randrange(8))]) + data[place + 1 :])
        assert not verified(original, out).ok, (path, place)
        change(path, data)
    assert verified(original, out).ok


def test_a_flood_of_problems_is_bounded(original, out):
    for number in range(250):
        edit(out, number, 0, b"{}")
    report = verified(original, out)
    assert len(report.problems) == 201 and (report.problems[-1].kind, report.problems[-1].last) == ("more", 50)


# ---- consistency documents


def test_consistency(original):
    log, _, early = original
    document = consistency_json(log, 300, SIZE)
    assert check_consistency(json.loads(json.dumps(document)), log.verifier)
    assert check_consistency(document, log.verifier, [early]) and check_consistency(document)
    unsigned = consistency_json(log, 301, SIZE)
    assert unsigned["first_checkpoint"] is None and check_consistency(unsigned, log.verifier)
    assert not check_consistency(unsigned, log.verifier, [early])
    assert not check_consistency(document, Signer(b"\1" * 32).verifier)
    other = base64.b64encode(b"\1" * 32).decode()
    for key, value in [
        ("first", 299), ("second", SIZE - 1), ("first_root", other), ("second_root", other), ("path", []), ("hash", "sm3"),
        ("path", document["path"][::-1]), ("checkpoint", early), ("checkpoint", None), ("first", True), ("path", 7),
        ("first_checkpoint", document["checkpoint"].replace("\n70000\n", "\n300\n")), ("verifier", "x"), ("first", "300"),
    ]:  # fmt: skip
        assert not check_consistency({**document, key: value}, None if key == "verifier" else log.verifier), key
    for key in document:
        if key != "kind":
            assert not check_consistency({k: v for k, v in document.items() if k != key}, None), key
    for first, second in ((0, 5), (5, 4), (1, SIZE + 1), (1, 301), (-1, SIZE)):
        with pytest.raises(BadInput):
            consistency_json(log, first, second)
