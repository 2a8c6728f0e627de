"""What those who register sources may lead the service to: folders, files, servers."""

from __future__ import annotations

import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tongguan.casework.assets.reach import Reach
from tongguan.errors import BadInput, BadSettings, Unavailable


@pytest.fixture
def reach(tmp_path: Path) -> Reach:
    for name in ("home", "shared/inside", "elsewhere"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "shared" / "a.db").write_bytes(b"")
    return Reach([str(tmp_path / "shared")], [], tmp_path / "home")


def test_a_folder_beneath_a_root_is_allowed_with_its_links_resolved(reach: Reach, tmp_path: Path) -> None:
    (tmp_path / "shared" / "alias").symlink_to(tmp_path / "shared" / "inside")
    inside = tmp_path / "shared" / "inside"
    for text in (inside, f"{inside}/", f"{tmp_path}/shared/./inside/../inside", tmp_path / "shared" / "alias"):
        assert reach.place(str(text), folder=True) == inside
    assert reach.place(str(tmp_path / "shared" / "a.db"), folder=False) == tmp_path / "shared" / "a.db"


def test_what_lies_elsewhere_is_refused_alike_whether_it_is_there_or_not(reach: Reach, tmp_path: Path) -> None:
    (tmp_path / "shared" / "out").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "shared-2").mkdir()
    told = set()
    for text in (tmp_path / "elsewhere", tmp_path / "no such", f"{tmp_path}/shared/../elsewhere", "/etc", "/etc/passwd",
                 "/no such", tmp_path / "shared" / "out", tmp_path / "shared-2", "/proc/self/root", "/"):  # fmt: skip
        with pytest.raises(BadInput) as error:
            reach.place(str(text), folder=True)
        told.add(str(error.value))
    assert len(told) == 1 and "assets.roots" in told.pop()
    with pytest.raises(BadInput, match="no folder is allowed yet"):
        Reach((), (), tmp_path).place("/srv", folder=True)
    for text in ("", "relative", "~", "\0", "/a\0b", "file:///etc"):
        with pytest.raises(BadInput):
            reach.place(text, folder=True)


def test_without_roots_no_folder_is_allowed(tmp_path: Path) -> None:
    with pytest.raises(BadInput):
        Reach([], [], tmp_path / "home").place(str(tmp_path), folder=True)


def test_our_own_records_are_no_source(tmp_path: Path) -> None:
    (tmp_path / "home" / "assets").mkdir(parents=True)
    reach = Reach([str(tmp_path)], [], tmp_path / "home")
    for place in (tmp_path, tmp_path / "home", tmp_path / "home" / "assets"):
        with pytest.raises(BadInput, match="own records"):
            reach.place(str(place), folder=True)


def test_a_folder_is_no_file_and_a_file_no_folder(reach: Reach, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="no such file"):
        reach.place(str(tmp_path / "shared" / "inside"), folder=False)
    with pytest.raises(BadInput, match="no such folder"):
        reach.place(str(tmp_path / "shared" / "a.db"), folder=True)


REFUSED = ["127.0.0.1", "127.8.9.1", "::1", "0.0.0.0", "::", "169.254.169.254", "169.254.1.1", "fe80::1", "fe80::1%eth0",
           "100.100.100.200", "168.63.129.16", "192.0.0.192", "fd00:ec2::254", "::ffff:127.0.0.1", "::ffff:169.254.169.254",
           "64:ff9b::a9fe:a9fe", "2002:7f00:1::", "224.0.0.1", "ff02::1", "255.255.255.255", "db.example", ""]  # fmt: skip


@pytest.mark.parametrize("address", REFUSED)
def test_this_machine_its_link_and_metadata_are_refused(reach: Reach, address: str) -> None:
    assert not reach.allows(address)


@pytest.mark.parametrize("address", ["10.1.2.3", "192.168.0.9", "172.16.0.1", "8.8.8.8", "2001:db8::1", "fd00::5"])
def test_other_addresses_are_allowed(reach: Reach, address: str) -> None:
    assert reach.allows(address)


def test_settings_allow_more_and_a_wrong_network_is_told(tmp_path: Path) -> None:
    reach = Reach([], ["127.0.0.0/8", "fe80::/10"], tmp_path)
    assert reach.allows("127.0.0.1") and reach.allows("::ffff:127.0.0.1") and reach.allows("fe80::1")
    assert not reach.allows("::1") and not reach.allows("169.254.169.254")
    with pytest.raises(BadSettings, match=r"assets\.networks"):
        Reach([], ["nonsense"], tmp_path)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "2130706433", "0x7f000001", "127.1", "::1"])
def test_a_name_is_held_against_the_addresses_that_it_has(reach: Reach, host: str) -> None:
    with pytest.raises((BadInput, Unavailable)):
        reach.addresses(host)


def test_a_name_one_of_whose_addresses_is_refused_is_refused(reach: Reach, monkeypatch: pytest.MonkeyPatch) -> None:
    both = [(2, 1, 6, "", ("10.0.0.1", 0)), (2, 1, 6, "", ("169.254.169.254", 0))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: both)
    with pytest.raises(BadInput, match=r"169\.254\.169\.254"):
        reach.addresses("two.example")
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: both[:1])
    assert reach.addresses("one.example") == ("10.0.0.1",)


def test_a_guarded_process_connects_to_nothing_else(tmp_path: Path) -> None:
    """Also where the name was good when it was looked at, as one that changes its address would be."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        script = f"""
import socket, urllib.request
from pathlib import Path
from tongguan.casework.assets.reach import Reach
socket.create_connection(("127.0.0.1", {port})).close()
Reach([], [], Path({str(tmp_path)!r})).guard()
for attempt in (lambda: socket.create_connection(("127.0.0.1", {port})), lambda: socket.socket().connect(("localhost", {port})),
                lambda: socket.socket().connect_ex(("127.0.0.1", {port})),
                lambda: urllib.request.urlopen("http://127.0.0.1:{port}/", timeout=5),
                lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"x", ("127.0.0.1", {port}))):
    try:
        attempt()
    except OSError as error:
        assert "assets.networks" in str(error), error
    else:
        raise SystemExit("it connected")
"""
        done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr + done.stdout
