"""The workspace's home and its keys."""

from __future__ import annotations

import stat
import subprocess
import sys
from pathlib import Path

import pytest

from tongguan.errors import Broken, CannotWrite
from tongguan.trust import home, workspace_key


def test_home_follows_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "user"))
    monkeypatch.delenv("TONGGUAN_HOME", raising=False)
    monkeypatch.delenv("XDG_DATA_HOME", raising=False)
    assert home() == tmp_path / "user/.local/share/tongguan"
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    assert home() == tmp_path / "data/tongguan"
    monkeypatch.setenv("TONGGUAN_HOME", str(tmp_path / "chosen/deep"))
    assert home() == tmp_path / "chosen/deep"
    assert stat.S_IMODE(home().stat().st_mode) == 0o700


def test_a_home_that_cannot_be_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    for place in (tmp_path / "file", tmp_path / "file/below"):
        monkeypatch.setenv("TONGGUAN_HOME", str(place))
        with pytest.raises(CannotWrite, match="TONGGUAN_HOME"):
            home()


def test_the_key_is_made_once_and_kept(tmp_path: Path) -> None:
    key = workspace_key(tmp_path)
    assert len(key) == 32 and key != bytes(32)
    assert workspace_key(tmp_path) == key
    assert [f.name for f in tmp_path.iterdir()] == ["workspace.key"]
    assert stat.S_IMODE((tmp_path / "workspace.key").stat().st_mode) == 0o600


def test_processes_that_come_at_once_read_one_key(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from tongguan.trust import workspace_key\n"
        "print(workspace_key(Path(sys.argv[1])).hex())"
    )
    children = [
        subprocess.Popen([sys.executable, "-c", code, str(tmp_path)], stdout=subprocess.PIPE, text=True)
        for _ in range(4)
    ]
    assert len({child.communicate()[0] for child in children}) == 1


def test_a_short_key_is_not_taken(tmp_path: Path) -> None:
    (tmp_path / "workspace.key").write_bytes(b"short")
    with pytest.raises(Broken, match="5 bytes"):
        workspace_key(tmp_path)


def test_a_key_that_cannot_be_written(tmp_path: Path) -> None:
    with pytest.raises(CannotWrite):
        workspace_key(tmp_path / "absent")
