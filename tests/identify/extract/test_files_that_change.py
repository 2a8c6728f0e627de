"""Files and folders that change while they are read: every run ends, and says what it did not read."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import pytest

from tongguan.capture import Limits, read
from tongguan.identify import extract_file, identify_lines
from tongguan.model import BlindKind, Content

KEY = bytes(32)
_SECONDS = 60.0
T = TypeVar("T")


def in_time(work: Callable[[], T]) -> T:
    """The answer, or the fault, of what ends in time."""
    answer: Future[T] = Future()

    def run() -> None:
        try:
            answer.set_result(work())
        except BaseException as error:
            answer.set_exception(error)

    threading.Thread(target=run, daemon=True).start()
    return answer.result(_SECONDS)


@contextmanager
def growing(path: Path) -> Iterator[None]:
    """A file that grows faster than anybody reads it, up to a bound that is far off."""
    ended = threading.Event()

    def write() -> None:
        with path.open("ab", buffering=0) as file:
            for _ in range(200):
                if ended.is_set():
                    return
                file.write(b"2026-11-21 called 13800138000\n" * 100_000)

    writer = threading.Thread(target=write, daemon=True)
    writer.start()
    try:
        yield
    finally:
        ended.set()
        writer.join()


def test_a_file_that_grows_is_read_as_it_was_at_opening(tmp_path: Path) -> None:
    path = tmp_path / "a.log"
    path.write_bytes(b"2026-11-21 called 13800138000\n" * 600_000)
    before = path.stat().st_size
    stretches = extract_file(path)
    first = next(stretches)
    later = b"later 13900139000\n" * 5
    with path.open("ab") as file:
        file.write(later)
    rest = list(stretches)
    text = "".join(piece.text for one in (first, *rest) for piece in one.pieces)
    assert len(text) == before
    [spot] = [spot for one in rest for spot in one.blind_spots]
    assert (spot.kind, spot.detail, spot.size) == (BlindKind.TRUNCATED, "came while the content was read", len(later))


def test_reading_what_grows_all_the_time_ends(tmp_path: Path) -> None:
    path = tmp_path / "a.log"
    path.write_bytes(b"2026-11-21 called 13800138000\n" * 400_000)
    with growing(path):
        found = in_time(lambda: [(len(one.pieces), one.blind_spots) for one in extract_file(path)])
    assert found[-1][1][-1].detail == "came while the content was read"


def test_a_folder_of_a_capture_that_grows_ends_too(tmp_path: Path) -> None:
    path = tmp_path / "a.log"
    path.write_bytes(b"2026-11-21 called 13800138000\n" * 100_000)
    size = path.stat().st_size
    batches = read([tmp_path], limits=Limits(slice=1 << 20))
    first = next(batches)
    sizes = [sum(len(content.read()) for one in first.exchanges for content in one.contents)]
    with path.open("ab") as file:
        file.write(b"later 13900139000\n" * 100_000)
    spots = list(first.blind_spots)
    for batch in batches:
        sizes.append(sum(len(content.read()) for one in batch.exchanges for content in one.contents))
        spots += batch.blind_spots
    assert len(sizes) > 1 and sum(sizes) == size
    assert [spot.detail for spot in spots] == ["came while the content was read"]


def test_a_file_that_lost_its_end_meanwhile(tmp_path: Path) -> None:
    path = tmp_path / "a.log"
    path.write_bytes(b"2026-11-21 called 13800138000\n" * 1_000_000)
    stretches = extract_file(path)
    next(stretches)
    os.truncate(path, 1000)
    [spot] = [spot for one in stretches for spot in one.blind_spots]
    assert (spot.kind, spot.detail) == (BlindKind.UNREADABLE, "became shorter while it was read")


def test_a_pipe_in_the_place_of_a_file_is_a_blind_spot(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in "abc":
        (tmp_path / f"{name}.txt").write_text("电话 13800138000\n")

    def replaced(path: Path) -> bool:
        if path.name == "b.txt":
            path.unlink()
            os.mkfifo(path)
        return True

    monkeypatch.setattr(Path, "is_file", replaced)
    lines = in_time(lambda: list(identify_lines([tmp_path], KEY)))
    assert [Path(line["path"]).name for line in lines if line.get("type") == "phone"] == ["a.txt", "c.txt"]
    [spot] = [line for line in lines if "blind_spot" in line]
    assert (Path(spot["path"]).name, spot["detail"]) == ("b.txt", "not a plain file")


def test_a_pipe_in_the_place_of_a_file_does_not_hold_up_a_capture(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("13800138000")
    batches = read([tmp_path])

    def rest() -> list[str]:
        path.unlink(missing_ok=True)
        os.mkfifo(path)
        return [spot.detail for batch in batches for spot in batch.blind_spots]

    assert in_time(rest) in (["no regular file"], ["not a plain file"])


def test_contents_at_a_path_are_plain_files(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to("file")
    (tmp_path / "file").write_bytes(b"abc")
    assert Content(None, "", 3, tmp_path / "link").read() == b"abc"
    for place in (tmp_path / "pipe", tmp_path, Path("/dev/zero")):
        with pytest.raises(OSError, match="not a plain file"):
            in_time(Content(None, "", 0, place).read)
