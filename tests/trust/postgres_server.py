"""A PostgreSQL server of the tests' own: a fresh cluster in a temporary folder, on loopback, without durability.

A test module or conftest takes the fixtures over by `from postgres_server import postgres, postgres_url  # noqa: F401`.
PostgreSQL refuses to run as root, so under root it runs as the user `postgres` that the Debian package makes.
"""

from __future__ import annotations

import contextlib
import os
import pwd
import secrets
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

__all__ = ["PostgresServer", "postgres", "postgres_url"]

START_S = 60
USER = "tongguan"


class PostgresServer:
    """A running server; `database()` makes an empty database in it. `stop()` and `start()` for tests of its absence."""

    def __init__(self) -> None:
        self._programs = max(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda p: int(p.parent.name), default=None)
        if self._programs is None:
            raise FileNotFoundError("PostgreSQL is not installed: apt-get install postgresql")
        self.folder = Path(tempfile.mkdtemp(prefix="tongguan-postgres-"))
        self._as = _unprivileged()
        if self._as:
            os.chown(self.folder, self._as.pw_uid, self._as.pw_gid)
        self.port = _free_port()
        self._run("initdb", "-D", f"{self.folder}/data", "-U", USER, "-A", "trust", "-E", "UTF8", "--locale=C", "-N")
        self.start()

    def start(self) -> None:
        options = f"-p {self.port} -c listen_addresses=127.0.0.1 -c fsync=off -c max_connections=60"
        self._run(
            "pg_ctl", "-D", f"{self.folder}/data", "-l", f"{self.folder}/log", "-w", "-t", str(START_S),
            "-o", f"{options} -c unix_socket_directories={self.folder}", "start",
        )  # fmt: skip

    def stop(self) -> None:
        """At once, as if the machine had gone."""
        self._run("pg_ctl", "-D", f"{self.folder}/data", "-w", "-m", "immediate", "stop")

    def database(self) -> str:
        """The URL of a new, empty database."""
        import psycopg

        name = f"t{secrets.token_hex(6)}"
        with psycopg.connect(host="127.0.0.1", port=self.port, user=USER, dbname="postgres", autocommit=True) as server:
            server.execute(f"create database {name}")
        return f"postgresql+psycopg://{USER}@127.0.0.1:{self.port}/{name}"

    def remove(self) -> None:
        with contextlib.suppress(subprocess.CalledProcessError):
            self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _run(self, program: str, *arguments: str) -> None:
        identity = {"user": self._as.pw_uid, "group": self._as.pw_gid, "extra_groups": []} if self._as else {}
        with (self.folder / "commands.log").open("ab") as log:  # the server inherits it: no pipe that stays open
            subprocess.run(
                [self._programs / program, *arguments],
                check=True, timeout=START_S + 10, cwd=self.folder, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                env={"PATH": os.environ["PATH"], "HOME": str(self.folder), "LC_ALL": "C"}, **identity,
            )  # fmt: skip


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """One server for the whole run of this worker."""
    server = PostgresServer()
    yield server
    server.remove()


@pytest.fixture
def postgres_url(postgres: PostgresServer) -> str:
    """The URL of a database of this test's own."""
    return postgres.database()


def _unprivileged() -> pwd.struct_passwd | None:
    return pwd.getpwnam("postgres") if os.geteuid() == 0 else None


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
