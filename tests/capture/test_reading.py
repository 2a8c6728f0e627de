"""`read`: captures, folders and files, batch by batch."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from made_captures import conversation, pcap, web

from tongguan.capture import Limits, read
from tongguan.errors import BadCapture, BadInput
from tongguan.model import BlindKind, Endpoint, Role


def test_a_capture(tmp_path: Path) -> None:
    path = tmp_path / "named_oddly.bin"
    path.write_bytes(pcap(conversation(web("POST", "/up", b"mobile=13800138000"))))
    (batch,) = read([path])
    assert batch.last
    assert batch.ordinal == 0
    assert batch.source.kind == "capture"
    assert batch.bytes == batch.source.size == path.stat().st_size
    assert batch.packets == 7
    sent, received = batch.exchanges
    assert sent.source == Endpoint("10.20.0.5", 40_000)
    assert sent.destination == received.source == Endpoint("203.0.113.9", 80)
    assert (sent.role, received.role) == (Role.REQUEST, Role.RESPONSE)
    assert sent.contents[0].read() == b"mobile=13800138000"
    assert sent.capture == str(path)
    (connection,) = batch.connections
    assert sent.conn == connection.info.uid
    assert batch.services == {sent.conn: "http"}


def test_the_same_input_gives_the_same_batches(tmp_path: Path) -> None:
    path = tmp_path / "a.pcap"
    turns = [turn for i in range(50) for turn in web("GET", f"/{i}", answer=b"x" * 3000)]
    path.write_bytes(pcap(conversation(turns)))

    def told(limits: Limits) -> list[tuple[int, str, int, tuple[bytes, ...]]]:
        return [
            (batch.ordinal, one.uid, one.size, tuple(content.read() for content in one.contents))
            for batch in read([path], limits=limits)
            for one in batch.exchanges
        ]

    small = Limits(chunk=20_000)
    assert told(small) == told(small)
    assert max(entry[0] for entry in told(small)) > 3
    assert [entry[1:] for entry in told(small)] == [entry[1:] for entry in told(Limits())]


def test_contents_that_grow_in_decoding_split_the_batch(tmp_path: Path) -> None:
    import gzip

    body = gzip.compress(b"PK\x03\x04" + bytes(1 << 20))
    head = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(body)
    turns = [turn for _ in range(12) for turn in ((0, b"GET /a.zip HTTP/1.1\r\n\r\n"), (1, head + body))]
    path = tmp_path / "a.pcap"
    path.write_bytes(pcap([p for i in range(4) for p in conversation(turns, ("10.20.0.5", 40_000 + i))]))
    sizes = [
        sum(len(content.read()) for one in batch.exchanges for content in one.contents)
        for batch in read([path], limits=Limits(memory=8 << 20))
    ]
    assert len(sizes) > 2
    assert sum(sizes) == 48 * ((1 << 20) + 4)


def test_a_folder_is_read_in_order_and_what_cannot_be_read_is_told(tmp_path: Path) -> None:
    outside = tmp_path / "outside.csv"
    outside.write_text("a\n1\n")
    folder = tmp_path / "in"
    (folder / "b").mkdir(parents=True)
    (folder / "b" / "2.pcap").write_bytes(pcap(conversation(web())))
    (folder / "1.csv").write_text("姓名\n陈晓明\n")
    (folder / "3.pcap").write_bytes(b"this is no capture")
    (folder / "4.pcap").write_bytes(pcap([])[:10])
    (folder / "link.csv").symlink_to(outside)
    (folder / "inner.csv").symlink_to(folder / "1.csv")
    (folder / "circle.csv").symlink_to(folder / "circle.csv")
    (folder / "folder").symlink_to(folder / "b")
    os.mkfifo(folder / "pipe")
    batches = list(read([folder]))
    told = [(Path(batch.source.path).name, [one.protocol for one in batch.exchanges]) for batch in batches]
    assert told == [
        ("1.csv", ["file"]),
        ("3.pcap", []),
        ("4.pcap", []),
        ("circle.csv", []),
        ("folder", []),
        ("inner.csv", ["file"]),
        ("link.csv", []),
        ("pipe", []),
        ("2.pcap", ["http", "http"]),
    ]
    spots = {Path(spot.where).name: spot.kind for batch in batches for spot in batch.blind_spots}
    assert set(spots) == {"3.pcap", "4.pcap", "circle.csv", "folder", "link.csv", "pipe"}
    assert set(spots.values()) == {BlindKind.UNREADABLE}
    assert all(batch.last for batch in batches)


def test_a_folder_that_cannot_be_listed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "in"
    locked = folder / "locked"
    locked.mkdir(parents=True)
    listed = os.scandir

    def refuse(path: str) -> Iterator[os.DirEntry[str]]:
        if Path(path) == locked:
            raise PermissionError(13, "Permission denied", str(path))
        return listed(path)

    monkeypatch.setattr(os, "scandir", refuse)
    (batch,) = read([folder])
    assert [(spot.where, spot.detail) for spot in batch.blind_spots] == [(str(locked), "Permission denied")]
    with pytest.raises(BadInput, match="locked: cannot be listed"):
        read([locked])


def test_a_file_is_an_exchange_read_lazily(tmp_path: Path) -> None:
    path = tmp_path / "members.csv"
    path.write_text("姓名,手机\n陈晓明,13800138000\n")
    (batch,) = read([path])
    (one,) = batch.exchanges
    assert one.source == one.destination == Endpoint("0.0.0.0")
    assert (one.protocol, one.operation, one.conn) == ("file", "FILE .csv", "")
    (content,) = one.contents
    assert (content.name, content.media_type) == ("members.csv", "text/csv")
    path.write_text("changed")
    assert content.read() == b"changed"


def test_a_long_text_file_comes_in_slices(tmp_path: Path) -> None:
    path = tmp_path / "long.csv"
    rows = "".join(f"{i},x\n" for i in range(5000))
    path.write_text("id,v\n" + rows)
    batches = list(read([path], limits=Limits(slice=4000)))
    assert [batch.ordinal for batch in batches] == list(range(len(batches)))
    assert [batch.last for batch in batches] == [False] * (len(batches) - 1) + [True]
    pieces = [batch.exchanges[0].contents[0].read().decode() for batch in batches]
    assert all(piece.startswith("id,v\n") and piece.endswith("\n") for piece in pieces)
    assert "".join(piece.removeprefix("id,v\n") for piece in pieces) == rows
    assert len({batch.exchanges[0].uid for batch in batches}) == len(batches)


def test_bad_input_is_refused_at_once(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="no such file"):
        read([tmp_path / "absent"])
    wrong = tmp_path / "wrong.pcap"
    wrong.write_bytes(b"this is no capture")
    with pytest.raises(BadCapture, match="not a capture"):
        read([wrong])
    cut = tmp_path / "cut.pcap"
    cut.write_bytes(pcap([])[:10])
    with pytest.raises(BadCapture):
        list(read([cut]))
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with pytest.raises(BadInput, match="no file"):
        read([pipe])


def test_progress_is_told(tmp_path: Path) -> None:
    path = tmp_path / "a.pcap"
    path.write_bytes(pcap(conversation(web())))
    calls: list[tuple[int, int, str]] = []
    list(read([path, path], progress=lambda done, total, what: calls.append((done, total, what))))
    size = path.stat().st_size
    assert calls == [(size, 2 * size, str(path)), (2 * size, 2 * size, str(path))]


def test_ftp_data_connections_are_found_whichever_comes_first(tmp_path: Path) -> None:
    control = [
        (1, b"220 ready\r\n"),
        (0, b"USER payroll\r\n"),
        (1, b"331 password\r\n"),
        (0, b"PASS secret\r\n"),
        (1, b"230 in\r\n"),
        (0, b"PASV\r\n"),
        (1, b"227 Entering Passive Mode (192,168,1,1,195,80).\r\n"),
        (0, b"STOR staff.csv\r\n"),
        (1, b"150 send\r\n226 got it\r\n"),
    ]
    talk = conversation(control, ("10.20.0.5", 40_100), ("203.0.113.9", 21))
    data = conversation([(0, b"id,name\n1,x\n")], ("10.20.0.5", 40_101), ("203.0.113.9", 50_000))
    path = tmp_path / "a.pcap"
    for packets in (talk[:12] + data + talk[12:], data + talk):
        path.write_bytes(pcap(packets))
        (batch,) = read([path])
        (one,) = [one for one in batch.exchanges if one.contents]
        assert (one.protocol, one.operation, one.account) == ("ftp", "STOR staff.csv", "payroll")
        assert one.contents[0].read() == b"id,name\n1,x\n"
