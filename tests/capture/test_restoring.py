"""`restore`: Zeek-style logs and extracted files, whole or not at all."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import dns.message
import dns.rrset
import pytest
from made_captures import conversation, datagram, pcap, web

from tongguan.capture import restore
from tongguan.errors import BadCapture, BadInput, CannotWrite


def rows(folder: Path, log: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / f"{log}.jsonl").read_text(encoding="utf-8").splitlines()]


@pytest.fixture
def capture(tmp_path: Path) -> Path:
    question = dns.message.make_query("api.example", "A", id=7)
    answer = dns.message.make_response(question)
    answer.answer.append(dns.rrset.from_text("api.example.", 60, "IN", "A", "203.0.113.9"))
    target = "/u?name=chen&password=hunter2"
    packets = [datagram(question.to_wire()), datagram(answer.to_wire(), answer=True)]
    packets += conversation(web("POST", target, b"mobile=13800138000", b'{"ok":true}', "application/json"))
    packets += conversation([(0, b"\x01\x02unknown")], ("10.20.0.5", 40_002), ("203.0.113.9", 9))
    path = tmp_path / "a.pcap"
    path.write_bytes(pcap(packets))
    return path


def test_logs_files_and_summary(capture: Path, tmp_path: Path) -> None:
    out = tmp_path / "deep" / "out"
    summary = restore([capture], out)
    (http,) = rows(out, "http")
    assert http["ts"] == pytest.approx(1795222800.005)
    assert (http["id.orig_h"], http["id.orig_p"]) == ("10.20.0.5", 40_000)
    assert (http["id.resp_h"], http["id.resp_p"]) == ("203.0.113.9", 80)
    assert (http["method"], http["host"], http["status_code"]) == ("POST", "api.example", 200)
    assert http["uri"] == "/u?name=chen&password=<hidden>"
    conns = rows(out, "conn")
    assert [(row["proto"], row.get("service"), row["conn_state"]) for row in conns] == [
        ("udp", "dns", "SF"),
        ("tcp", "http", "SF"),
        ("tcp", None, "SF"),
    ]
    assert conns[1]["uid"] == http["uid"]
    assert conns[1]["history"] == "ShADdFf"
    assert (conns[1]["orig_bytes"], conns[1]["missed_bytes"]) == (
        sum(len(b) for b in (_head(http), b"mobile=13800138000")),
        0,
    )
    (row,) = rows(out, "dns")
    assert (row["query"], row["answers"], row["rcode_name"]) == ("api.example", ["203.0.113.9"], "NOERROR")
    files = {row["sha256"]: row for row in rows(out, "files")}
    body = hashlib.sha256(b'{"ok":true}').hexdigest()
    assert files[body]["mime_type"] == "application/json"
    assert files[body]["fuid"] in http["resp_fuids"]
    assert (out / "files" / body).read_bytes() == b'{"ok":true}'
    (spot,) = rows(out, "blind_spots")
    assert (spot["kind"], spot["size"]) == ("unsupported", 9)
    written = json.loads((out / "summary.json").read_text())
    assert written["packets"] == summary.packets == 15
    assert written["bytes"] == capture.stat().st_size
    assert written["flows"] == 3
    assert written["blind_spots"] == 1
    assert written["seconds"] >= 0


def _head(http: dict[str, Any]) -> bytes:
    target = http["uri"].replace("<hidden>", "hunter2")
    return f"POST {target} HTTP/1.1\r\nHost: api.example\r\nContent-Length: 18\r\n\r\n".encode()


def test_what_is_no_capture_leaves_nothing_behind(tmp_path: Path, capture: Path) -> None:
    bad = tmp_path / "bad.pcap"
    bad.write_bytes(b"this is no capture")
    plain = tmp_path / "plain.txt"
    plain.write_bytes(b"text")
    empty = tmp_path / "empty"
    empty.mkdir()
    before = sorted(path.name for path in tmp_path.iterdir())
    for paths, error in (([bad], BadCapture), ([capture, plain], BadCapture), ([empty], BadInput)):
        with pytest.raises(error):
            restore(paths, tmp_path / "out")
    with pytest.raises(BadInput, match="no such file"):
        restore([tmp_path / "absent"], tmp_path / "out")
    assert sorted(path.name for path in tmp_path.iterdir()) == before


def test_only_an_earlier_restoration_is_replaced(tmp_path: Path, capture: Path) -> None:
    out = tmp_path / "out"
    restore([capture], out)
    (out / "old").write_text("x")
    restore([capture], out)
    assert not (out / "old").exists()
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "letter.txt").write_text("mine")
    with pytest.raises(CannotWrite, match="other files"):
        restore([capture], mine)
    with pytest.raises(CannotWrite):
        restore([capture], mine / "letter.txt")
    with pytest.raises(CannotWrite):
        restore([capture], mine / "letter.txt" / "below")
    assert [path.name for path in mine.iterdir()] == ["letter.txt"]


def test_a_failure_half_way_leaves_nothing(tmp_path: Path, capture: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", fail)
    with pytest.raises(CannotWrite, match="No space left"):
        restore([capture], tmp_path / "out")
    assert [path.name for path in tmp_path.iterdir()] == ["a.pcap"]


def test_a_folder_with_a_damaged_member(tmp_path: Path, capture: Path) -> None:
    (tmp_path / "damaged.pcap").write_bytes(b"no capture")
    out = tmp_path.parent / f"{tmp_path.name}-out"
    restore([tmp_path], out)
    assert len(rows(out, "http")) == 1
    assert any(spot["kind"] == "unreadable" for spot in rows(out, "blind_spots"))
