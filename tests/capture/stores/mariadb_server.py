"""A MariaDB server of the tests' own: a fresh folder, on loopback, without durability."""

from __future__ import annotations

import os
import secrets
import shutil
import socket
import subprocess
import tempfile
import time
from pathlib import Path

import pymysql

START_S = 60
PASSWORD = "对:口令/@ 1"


class MariaServer:
    """A running server. `database()` makes an empty one; `root()` is a connection that may do anything."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="tg-maria-", dir="/tmp"))
        as_root = os.geteuid() == 0
        if as_root:
            shutil.chown(self.folder, "mysql")
        user = ["--user=mysql"] if as_root else []
        with (self.folder / "log").open("ab") as log:
            made = ["mariadb-install-db", "--no-defaults", f"--datadir={self.folder}/data", "--skip-test-db"]
            made += ["--auth-root-authentication-method=normal", *user]
            subprocess.run(made, check=True, timeout=START_S, stdout=log, stderr=log)
            with socket.socket() as probe:
                probe.bind(("127.0.0.1", 0))
                self.port = probe.getsockname()[1]
            daemon = shutil.which("mariadbd") or "/usr/sbin/mariadbd"
            self._process = subprocess.Popen(
                [daemon, "--no-defaults", *user, f"--datadir={self.folder}/data", f"--socket={self.folder}/socket",
                 "--bind-address=127.0.0.1", f"--port={self.port}", f"--pid-file={self.folder}/pid",
                 "--innodb-flush-log-at-trx-commit=0", "--innodb-buffer-pool-size=32M", "--skip-name-resolve"],
                stdout=log, stderr=log,
            )  # fmt: skip
        deadline = time.monotonic() + START_S
        while True:
            try:
                self.root().close()
                return
            except pymysql.err.OperationalError:
                if self._process.poll() is not None or time.monotonic() > deadline:
                    self.stop()
                    raise RuntimeError((self.folder / "log").read_text(errors="replace")[-2000:]) from None
                time.sleep(0.1)

    def root(self, database: str | None = None) -> pymysql.Connection:
        return pymysql.connect(
            unix_socket=f"{self.folder}/socket", user="root", database=database, charset="utf8mb4", autocommit=True
        )

    def run(self, *statements: str, database: str | None = None) -> None:
        with self.root(database) as connection, connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)

    def database(self) -> str:
        name = f"t{secrets.token_hex(6)}"
        self.run(f"create database {name} character set utf8mb4")
        return name

    def reader(self, *grants: str) -> str:
        """A user with a password, who may do this and nothing else."""
        name = f"u{secrets.token_hex(6)}"
        self.run(f"create user {name}@'127.0.0.1' identified by '{PASSWORD}'")
        for grant in grants:
            self.run(f"grant {grant} to {name}@'127.0.0.1'")
        return name

    def url(self, user: str, database: str = "") -> str:
        return f"mysql://{user}@127.0.0.1:{self.port}/{database}"

    def stop(self) -> None:
        self._process.kill()
        self._process.wait(10)
        shutil.rmtree(self.folder, ignore_errors=True)
