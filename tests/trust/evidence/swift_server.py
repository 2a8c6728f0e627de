"""OpenStack Swift with its S3 API, as a server of the tests' own on loopback: one disk, one replica, four processes."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from pathlib import Path

ACCESS_KEY, SECRET_KEY = "test:tester", "testing"
KINDS = ("account", "container", "object", "proxy")

_PROXY = """
[DEFAULT]
bind_ip = 127.0.0.1
bind_port = {port}
swift_dir = {folder}
workers = 0
user = {user}
[pipeline:main]
pipeline = catch_errors gatekeeper proxy-logging cache listing_formats s3api tempauth slo dlo proxy-server
[app:proxy-server]
use = egg:swift#proxy
account_autocreate = true
[filter:catch_errors]
use = egg:swift#catch_errors
[filter:gatekeeper]
use = egg:swift#gatekeeper
[filter:proxy-logging]
use = egg:swift#proxy_logging
[filter:cache]
use = egg:swift#memcache
memcache_servers = 127.0.0.1:{nothing}
connect_timeout = 0.1
error_suppression_limit = 0
[filter:listing_formats]
use = egg:swift#listing_formats
[filter:s3api]
use = egg:swift#s3api
s3_acl = false
min_segment_size = 1048576
location = us-east-1
[filter:tempauth]
use = egg:swift#tempauth
user_test_tester = testing .admin
[filter:slo]
use = egg:swift#slo
[filter:dlo]
use = egg:swift#dlo
"""
_BACK = """
[DEFAULT]
bind_ip = 127.0.0.1
bind_port = {port}
devices = {folder}/nodes
mount_check = false
swift_dir = {folder}
workers = 0
user = {user}
fallocate_reserve = 0
[pipeline:main]
pipeline = {kind}-server
[app:{kind}-server]
use = egg:swift#{kind}
"""


class Swift:
    """A running server. `vanish` and `start` may be called again: the data stay."""

    def __init__(self, folder: Path) -> None:
        import getpass

        self.folder = folder
        self._bin = Path(sys.executable).parent
        self._ports = {kind: _free_port() for kind in (*KINDS, "nothing")}
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        (folder / "nodes" / "d1").mkdir(parents=True)
        (folder / "swift.conf").write_text(
            "[swift-hash]\nswift_hash_path_suffix = tests\n[storage-policy:0]\nname = one\ndefault = yes\n"
        )
        values = {"folder": folder, "user": getpass.getuser()}
        for kind in ("account", "container", "object"):
            port = self._ports[kind]
            (folder / f"{kind}.conf").write_text(_BACK.format(kind=kind, port=port, **values))
            self._ring(kind, "create", "4", "1", "0")
            self._ring(kind, "add", f"r1z1-127.0.0.1:{port}/d1", "1")
            self._ring(kind, "rebalance")
        proxy = _PROXY.format(port=self._ports["proxy"], nothing=self._ports["nothing"], **values)
        (folder / "proxy.conf").write_text(proxy)

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self._ports['proxy']}"

    def start(self) -> None:
        """All that is not running, until it listens."""
        for kind in KINDS:
            if kind not in self._processes:
                program = [str(self._bin / f"swift-{kind}-server"), str(self.folder / f"{kind}.conf")]
                with (self.folder / f"{kind}.log").open("ab") as log:
                    self._processes[kind] = subprocess.Popen(program, stdout=log, stderr=log, cwd=self.folder)
        deadline = time.monotonic() + 60
        for kind in KINDS:
            while not _listens(self._ports[kind]):
                if (
                    any(process.poll() is not None for process in self._processes.values())
                    or time.monotonic() > deadline
                ):
                    self.stop()
                    raise RuntimeError((self.folder / f"{kind}.log").read_text()[-2000:])
                time.sleep(0.05)

    def vanish(self) -> None:
        """Nobody answers any more, in the middle of whatever it was; `start` brings it back."""
        self._end("proxy")

    def stop(self) -> None:
        for kind in list(self._processes):
            self._end(kind)

    def _end(self, kind: str) -> None:
        if process := self._processes.pop(kind, None):
            process.kill()
            process.wait(10)

    def _ring(self, kind: str, *arguments: str) -> None:
        program = [str(self._bin / "swift-ring-builder"), f"{kind}.builder", *arguments]
        subprocess.run(program, cwd=self.folder, check=True, capture_output=True, timeout=60)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0
