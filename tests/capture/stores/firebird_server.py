"""A Firebird server of the tests' own: a fresh folder, on loopback, with a user and a password of its own."""

from __future__ import annotations

import os
import secrets
import shutil
import socket
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

START_S = 60
PASSWORD = "Hush-7781"  # of a length that the server keeps whole
_INSTALLED = next(iter(sorted(Path("/usr/lib").glob("*/firebird/*/plugins"))), Path("/nowhere/plugins")).parent


def is_installed() -> bool:
    return _INSTALLED.exists() and shutil.which("firebird", path="/usr/sbin:/usr/bin") is not None


class FirebirdServer:
    """A running server. `database()` makes an empty one, `run` statements in it, each committed at once."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="tg-firebird-", dir="/tmp"))
        root = self.folder / "root"
        root.mkdir()
        (self.folder / "lock").mkdir()
        for name in ("plugins", "intl", "plugins.conf", "firebird.msg"):
            (root / name).symlink_to(_INSTALLED / name)
        security = root / "security.fdb"
        (root / "databases.conf").write_text(f"security.db = {security}\n{{\nRemoteAccess = false\n}}\n")
        (root / "firebird.conf").write_text(
            f"SecurityDatabase = {security}\nRemoteBindAddress = localhost\nAuthServer = Srp\nUserManager = Srp\n"
        )
        self._environment = {**os.environ, "FIREBIRD": str(root), "FIREBIRD_LOCK": str(self.folder / "lock")}
        user = f"create user SYSDBA password '{PASSWORD}' using plugin Srp;\ncommit;\n"
        made = f"create database '{security}' user SYSDBA;\n{user}"
        subprocess.run(["isql-fb", "-q", "-b"], input=made, text=True, check=True, timeout=START_S,
                       env=self._environment, capture_output=True)  # fmt: skip
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        daemon = shutil.which("firebird", path="/usr/sbin:/usr/bin")
        assert daemon is not None
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen([daemon, "-p", str(self.port)], env=self._environment, stdout=log,
                                             stderr=log, preexec_fn=lambda: os.umask(0o077))  # fmt: skip
        deadline = time.monotonic() + START_S
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return
            except OSError:
                if self._process.poll() is not None or time.monotonic() > deadline:
                    self.stop()
                    raise RuntimeError("the Firebird server does not start") from None
                time.sleep(0.1)

    def database(self) -> str:
        from firebird.driver import create_database, driver_config

        driver_config.db_defaults.forced_writes.value = False  # the disk is not waited for
        name = f"{self.folder}/d{secrets.token_hex(6)}.fdb"
        create_database(f"127.0.0.1/{self.port}:{name}", user="SYSDBA", password=PASSWORD, charset="UTF8").close()
        return name

    def run(self, database: str, *statements: str | tuple[str, Any]) -> None:
        from firebird.driver import connect

        where = f"127.0.0.1/{self.port}:{database}"
        with connect(where, user="SYSDBA", password=PASSWORD, charset="UTF8") as connection:
            for statement in statements:
                text, given = (statement, None) if isinstance(statement, str) else statement
                with connection.cursor() as cursor:
                    cursor.execute(text, given)
                connection.commit()

    def url(self, database: str, user: str = "SYSDBA") -> str:
        return f"firebird://{user}@127.0.0.1:{self.port}/{database}?charset=UTF8"

    def stop(self) -> None:
        self._process.kill()
        self._process.wait(10)
        shutil.rmtree(self.folder, ignore_errors=True)
