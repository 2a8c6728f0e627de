"""Files that are replaced: whole and on the disk, or as they were."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from tongguan.errors import CannotWrite
from tongguan.whole_file import replace, replacing

OLD = b"what stood there"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "a.json"
    path.write_bytes(OLD)
    return path


def alone(path: Path) -> bool:
    return list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize(("private", "mode"), [(True, 0o600), (False, 0o640)])
def test_what_is_written_stands_there_with_its_mode(path: Path, private: bool, mode: int) -> None:
    before = os.umask(0o027)
    try:
        replace(path, b"new", private=private)
    finally:
        os.umask(before)
    assert path.read_bytes() == b"new" and path.stat().st_mode & 0o777 == mode and alone(path)


def test_it_is_on_the_disk_before_it_takes_its_name(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[bytes] = []
    synced = os.fsync
    monkeypatch.setattr("os.fsync", lambda file: (seen.append(path.read_bytes()), synced(file))[1])
    replace(path, b"new")
    assert seen == [OLD, b"new"], "the content before the name is taken, the folder after"


@pytest.mark.parametrize("fault", [KeyError("x"), KeyboardInterrupt(), OSError(2, "no such file", "/elsewhere")])
def test_a_block_that_fails_leaves_the_old_file_and_its_own_error(path: Path, fault: BaseException) -> None:
    with pytest.raises(type(fault)) as raised, replacing(path) as file:
        file.write(b"half")
        raise fault
    assert raised.value is fault and path.read_bytes() == OLD and alone(path)


def run(path: Path, program: str) -> subprocess.Popen[str]:
    head = "import os, resource, signal, sys\nfrom pathlib import Path\nfrom tongguan import whole_file\n"
    place = f"path = Path({str(path)!r})\n"
    return subprocess.Popen([sys.executable, "-c", head + place + program], stdout=subprocess.PIPE, text=True)


def test_a_full_disk_leaves_the_old_file(path: Path) -> None:
    done = run(
        path,
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))\n"
        "try:\n    whole_file.replace(path, bytes(5000))\n"
        "except whole_file.CannotWrite as error:\n    print(error)\n",
    )
    said, _ = done.communicate(timeout=60)
    assert said == f"{path}: cannot be written: File too large\n"
    assert path.read_bytes() == OLD and alone(path)


def test_a_killed_writer_leaves_the_old_file_and_the_next_one_clears_up(path: Path) -> None:
    writer = run(
        path,
        "with whole_file.replacing(path) as file:\n"
        "    file.write(b'half')\n    file.flush()\n    print('x', flush=True)\n    signal.pause()\n",
    )
    with writer:
        assert writer.stdout is not None and writer.stdout.readline() == "x\n"
        replace(path, b"of another")
        assert len(list(path.parent.iterdir())) == 2, "the draft of a writer that lives stays"
        writer.kill()
    assert path.read_bytes() == b"of another" and not alone(path)
    replace(path, b"new")
    assert path.read_bytes() == b"new" and alone(path)


def test_of_many_writers_at_once_one_is_the_last_and_none_fails(path: Path) -> None:
    failed: list[Exception] = []

    def write(number: int) -> None:
        try:
            for _ in range(40):
                replace(path, b"%d" % number * 5000)
        except Exception as error:
            failed.append(error)

    writers = [threading.Thread(target=write, args=(number,)) for number in range(4)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert failed == [] and alone(path)
    assert len(path.read_bytes()) == 5000 and len(set(path.read_bytes())) == 1


@pytest.mark.parametrize("name", ["no/a", "a.json/b", ".", "", "a\0b"])
def test_places_that_are_none(path: Path, name: str) -> None:
    place = Path(name) if name in (".", "") else path.parent / name
    with pytest.raises(CannotWrite, match="cannot be written"):
        replace(place, b"new")
    assert path.read_bytes() == OLD and alone(path)


def test_names_as_long_as_names_can_be(tmp_path: Path) -> None:
    path = tmp_path / ("海" * 85)
    replace(path, b"new")
    assert path.read_bytes() == b"new" and alone(path)


def test_a_folder_in_the_place_stays(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    with pytest.raises(CannotWrite):
        replace(tmp_path / "a", b"new")
    assert alone(tmp_path / "a")
