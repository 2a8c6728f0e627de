"""Archives: nested, damaged, locked, hostile."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import shutil
import subprocess
import tarfile
import time
from pathlib import Path

import pytest

from tongguan.identify.extract import Limits
from tongguan.model import BlindKind

SEVEN = shutil.which("7z") or shutil.which("7za")
needs_7z = pytest.mark.skipif(SEVEN is None, reason="7z is not installed")


def tar_of(members: list[tuple[str, bytes]], mode: str = "w") -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode=mode) as archive:
        for name, data in members:
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
        link = tarfile.TarInfo("link")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(link)
    return buffer.getvalue()


def test_members_of_members_are_opened(opened, zipped) -> None:
    inner = tar_of([("c/名单.csv", "姓名,手机\n张三,13800138000\n".encode("gbk"))], "w:gz")
    found = opened(zipped([("a/in.tgz", inner), ("b.txt", "李四".encode())]), "out.zip")
    assert [(p.member, p.kind) for p in found.pieces] == [("a/in.tgz/c/名单.csv", "table"), ("b.txt", "prose")]
    assert found.blind_spots == []


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, lzma.compress])
def test_a_compressed_file_is_its_content(opened, pack) -> None:
    piece = opened(pack(b"name,phone\nzhang,13800138000\n"), "list.csv.gz").pieces[0]
    assert (piece.kind, piece.member, piece.columns) == ("table", None, ("name", "phone"))


@pytest.mark.parametrize("mode", ["w", "w:gz", "w:bz2", "w:xz"])
def test_tar(opened, mode: str) -> None:
    found = opened(tar_of([("x.txt", "张三".encode())], mode))
    assert [(p.member, p.text) for p in found.pieces] == [("x.txt", "张三")]


@needs_7z
@pytest.mark.parametrize(("kind", "name"), [("zip", "a.zip"), ("7z", "a.7z")])
@pytest.mark.parametrize("options", [[], ["-mhe=on"], ["-mem=AES256"]])
def test_a_password_makes_members_encrypted(opened, tmp_path: Path, kind: str, name: str, options: list[str]) -> None:
    if options and (options[0] == "-mhe=on") != (kind == "7z"):
        pytest.skip("no such option for this format")
    (tmp_path / "list.txt").write_text("张三 13800138000", encoding="utf-8")
    command = [SEVEN, "a", f"-t{kind}", "-psecret", *options, str(tmp_path / name), str(tmp_path / "list.txt")]
    subprocess.run(command, check=True, capture_output=True)
    found = opened((tmp_path / name).read_bytes(), name)
    assert found.pieces == []
    assert [(s.kind, s.where) for s in found.blind_spots] == [(BlindKind.ENCRYPTED, name)]


@needs_7z
def test_7z(opened, tmp_path: Path) -> None:
    (tmp_path / "list.txt").write_text("张三 13800138000", encoding="utf-8")
    subprocess.run([SEVEN, "a", str(tmp_path / "a.7z"), str(tmp_path / "list.txt")], check=True, capture_output=True)
    assert opened((tmp_path / "a.7z").read_bytes()).pieces[0].text == "张三 13800138000"


def test_names_that_point_elsewhere_are_only_names(opened, zipped, tmp_path: Path) -> None:
    target = tmp_path / "written.txt"
    found = opened(zipped([(str(target), "one"), ("../../up.txt", "two"), ("a\x00\x1b[2J\u202e.txt", "three")]))
    assert [p.text for p in found.pieces] == ["one", "two", "three"]
    assert not target.exists()
    assert all(c >= " " for p in found.pieces for c in p.member or "")


def test_names_written_by_chinese_windows(opened) -> None:
    import zipfile

    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("mingdan.txt", "x")
    data = buffer.getvalue().replace(b"mingdan", "名单".encode("gbk") + b"abc")
    assert opened(data).pieces[0].member == "名单abc.txt"


def test_a_bomb_is_bounded(opened, zipped) -> None:
    bomb = zipped([("zeros.txt", b"0" * (220 << 20))])
    started = time.monotonic()
    found = opened(bomb, "bomb.zip")
    assert time.monotonic() - started < 20
    assert sum(len(p.text) for p in found.pieces) <= max(10 << 20, 200 * len(bomb))
    assert any(s.kind is BlindKind.TRUNCATED and s.size > 100 << 20 for s in found.blind_spots)


def test_bombs_in_an_archive_share_one_allowance(opened, zipped) -> None:
    bomb = zipped([("zeros.txt", b"0" * (40 << 20))])
    limits = Limits(total_bytes=20 << 20)
    found = opened(zipped([(f"{i}.zip", bomb) for i in range(30)], stored=True), "bombs.zip", limits=limits)
    assert sum(len(p.text) for p in found.pieces) <= 20 << 20
    assert any(s.kind is BlindKind.TRUNCATED for s in found.blind_spots)


def test_depth_is_bounded(opened, zipped) -> None:
    data = zipped([("core.txt", "deep")])
    for level in range(20):
        data = zipped([(f"{level}.zip", data)])
    found = opened(data, "nest.zip")
    assert found.pieces == []
    assert [s.kind for s in found.blind_spots] == [BlindKind.TRUNCATED]
    assert opened(data, limits=Limits(depth=30)).pieces[0].text == "deep"


def test_members_are_bounded(opened, zipped) -> None:
    data = zipped(((f"{i}.txt", "x") for i in range(30_000)), stored=True)
    found = opened(data, "many.zip", limits=Limits(members=10_000))
    assert len(found.pieces) == 10_000
    assert [s.kind for s in found.blind_spots] == [BlindKind.TRUNCATED]


def test_pictures_in_an_archive_are_counted_not_unpacked(opened, zipped, without_ocr) -> None:
    photo = b"\x89PNG\r\n\x1a\n" + b"\0" * (3 << 20)
    found = opened(
        zipped([*((f"{i}.png", photo) for i in range(8)), ("a.txt", "text")]), limits=Limits(total_bytes=1 << 20)
    )
    assert [p.text for p in found.pieces] == ["text"]
    [spot] = found.blind_spots
    assert (spot.kind, spot.count) == (BlindKind.UNSUPPORTED, 8)
    assert spot.detail == "image: text recognition is not installed: pip install 'tongguan[ocr]'"


def test_what_is_left_of_a_cut_archive_is_read(opened, zipped) -> None:
    data = zipped([("a.txt", "first " * 50), ("b.txt", "second " * 50), ("c.txt", "third " * 50)], stored=True)
    found = opened(data[: len(data) // 2], "cut.zip")
    assert found.pieces[0].text == "first " * 50
    assert found.blind_spots


def test_a_zip_without_its_directory_says_so(opened, zipped) -> None:
    data = zipped([("a.txt", "first " * 50), ("b.txt", "second " * 50)], stored=True)
    cut = data[: data.find(b"PK\x03\x04", 4)]  # exactly between two members
    found = opened(cut, "cut.zip")
    assert len(found.pieces) == 1
    assert [s.kind for s in found.blind_spots] == [BlindKind.UNREADABLE]


def test_what_is_left_of_a_cut_stream_is_read(opened) -> None:
    lines = "".join(f"zhang{i},{13800138000 + i * 7919}\n" for i in range(5000)).encode()
    for pack in (gzip.compress, bz2.compress, lzma.compress):
        packed = pack(lines * 20)
        found = opened(packed[: len(packed) * 3 // 4], "list.csv.gz")
        assert found.blind_spots, pack
        if pack is not lzma.compress:  # one block of xz may hold it all
            assert found.pieces, pack


@pytest.mark.parametrize("kind", ["docx", "xlsx", "zip", "pdf", "tgz"])
def test_files_cut_anywhere_are_read_or_told(opened, zipped, kind: str) -> None:
    from test_documents_read import document, pdf, workbook

    data = {
        "docx": document,
        "xlsx": workbook,
        "pdf": pdf,
        "zip": lambda: zipped([("a.txt", "hello"), ("b.csv", "a,b\n1,2\n")]),
        "tgz": lambda: tar_of([("a.txt", b"hello " * 100)], "w:gz"),
    }[kind]()
    whole = sum(len(p.text) for p in opened(data).pieces)
    for size in range(1, len(data), max(1, len(data) // 40)):
        found = opened(data[:size], f"cut.{kind}")
        assert found.blind_spots or sum(len(p.text) for p in found.pieces) >= whole or size < 4, size
