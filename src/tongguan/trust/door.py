"""Sign-in for the console: passwords as Argon2id hashes, sessions kept on the server, waiting times after failures."""

from __future__ import annotations

import os
import secrets
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from tongguan.errors import BadInput, Broken, CannotWrite

if TYPE_CHECKING:
    from argon2 import PasswordHasher

__all__ = ["Door"]

ADMIN = "admin"
ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"  # no letters that are taken for one another
GROUPS, GROUP = 4, 4  # 16 characters of 31: 79 bits

SHORTEST, LONGEST = 10, 1024  # characters of a password
FREE_FAILURES = 5
FIRST_WAIT_S, LONGEST_WAIT_S = 1.0, 900.0
FORGET_S = 86_400.0  # failures are forgotten after a day without one
NAMES_KEPT = 1000  # names with failures: a stranger must not fill the disk

IDLE_S = 2 * 3600.0
ABSOLUTE_S = 12 * 3600.0
TOUCH_S = 60.0  # a session's last use is written at most once a minute

_TABLES = """
create table if not exists users (name text primary key, hash text not null, changed real not null) strict;
create table if not exists sessions
    (token blob primary key, user text not null, opened real not null, used real not null) strict;
create table if not exists failures (name text primary key, count integer not null, last real not null) strict;
"""


class Door:
    """Who may come in. State lies in `door.db` in the workspace's home (mode 0600). Threads may share one.

    `clock` gives seconds since the epoch. Raises CannotWrite, Broken.
    """

    def __init__(self, home: Path, clock: Callable[[], float] = time.time) -> None:
        self.path = home / "door.db"
        self._clock = clock
        self._lock = threading.RLock()
        self._hashing = threading.Lock()  # one hash at a time: each takes 64 MiB
        with self._errors():
            os.close(os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600))
            self._database = sqlite3.connect(self.path, timeout=30, isolation_level=None, check_same_thread=False)
            # What a loss of power may cost here is a session or a count of failures.
            self._database.executescript(f"pragma journal_mode = wal; pragma synchronous = normal; {_TABLES}")

    def close(self) -> None:
        self._database.close()

    # ---- passwords

    def first_password(self) -> str | None:
        """At the very first start: make the user `admin` and return a random password, this once. Later: None."""
        if self._value("select count(*) from users"):
            return None
        password = "-".join("".join(secrets.choice(ALPHABET) for _ in range(GROUP)) for _ in range(GROUPS))
        hashed = self._hash(password)
        with self._errors():  # of two processes that start at once, one finds no row to add
            added = self._database.execute(
                "insert into users select ?, ?, ? where not exists (select 1 from users)",
                (ADMIN, hashed, self._clock()),
            ).rowcount
        return password if added else None

    def check(self, user: str, password: str) -> bool:
        """Whether the password is the user's. False also while `wait(user)` is above 0.

        An unknown user costs as much time as a wrong password, so that names cannot be tried out.
        """
        if self.wait(user) > 0 or len(password) > LONGEST:
            return False
        known = self._value("select hash from users where name = ?", user)
        matches = self._matches(str(known or self._decoy), password) and known is not None
        self._note(user, matches)
        return matches

    def wait(self, user: str) -> float:
        """Seconds until the user may try again: doubling with each failure after the fifth, up to 15 minutes."""
        with self._errors():
            row = self._database.execute("select count, last from failures where name = ?", (_bare(user),)).fetchone()
        if row is None or row[0] < FREE_FAILURES:
            return 0.0
        waits = min(FIRST_WAIT_S * 2.0 ** min(row[0] - FREE_FAILURES, 60), LONGEST_WAIT_S)
        return float(max(0.0, row[1] + waits - self._clock()))

    def set_password(self, user: str, password: str) -> None:
        """Add a user or change a password; every session of that user ends. Raises BadInput on its length."""
        if not SHORTEST <= len(password) <= LONGEST:
            raise BadInput(f"a password has {SHORTEST} to {LONGEST} characters, not {len(password)}")
        hashed = self._hash(password)
        with self._errors():
            self._database.execute(
                "insert into users values (?, ?, ?) on conflict (name) do update set hash = excluded.hash, "
                "changed = excluded.changed",
                (user, hashed, self._clock()),
            )
        self.close_sessions(user)

    # ---- sessions

    def open_session(self, user: str) -> str:
        """A new session's token, 256 random bits in base64url. Only its hash is kept."""
        token, now = secrets.token_urlsafe(32), self._clock()
        with self._errors():
            self._database.execute(
                "delete from sessions where used < ? or opened < ?", (now - IDLE_S, now - ABSOLUTE_S)
            )
            self._database.execute("insert into sessions values (?, ?, ?, ?)", (_digest(token), user, now, now))
        return token

    def session(self, token: str) -> str | None:
        """The user of a live session, None for any other token. Counts as use."""
        now, digest = self._clock(), _digest(token)
        with self._errors():
            row = self._database.execute(
                "select user, opened, used from sessions where token = ?", (digest,)
            ).fetchone()
            if row is None:
                return None
            user, opened, used = str(row[0]), float(row[1]), float(row[2])
            if now - used > IDLE_S or now - opened > ABSOLUTE_S:
                self._database.execute("delete from sessions where token = ?", (digest,))
                return None
            if now - used > TOUCH_S:
                self._database.execute("update sessions set used = ? where token = ?", (now, digest))
            return user

    def close_session(self, token: str) -> None:
        """Sign out."""
        with self._errors():
            self._database.execute("delete from sessions where token = ?", (_digest(token),))

    def close_sessions(self, user: str) -> None:
        """Sign a user out everywhere."""
        with self._errors():
            self._database.execute("delete from sessions where user = ?", (user,))

    # ---- within

    @cached_property
    def _hasher(self) -> PasswordHasher:
        from argon2 import PasswordHasher

        return PasswordHasher()  # Argon2id with the parameters of RFC 9106, low memory: 64 MiB, 3 passes

    @cached_property
    def _decoy(self) -> str:
        return self._hash(secrets.token_hex(16))

    def _hash(self, password: str) -> str:
        with self._hashing:
            return self._hasher.hash(password)

    def _matches(self, hashed: str, password: str) -> bool:
        from argon2.exceptions import InvalidHashError, VerificationError

        with self._hashing, suppress(VerificationError, InvalidHashError):
            return self._hasher.verify(hashed, password)
        return False

    def _note(self, user: str, succeeded: bool) -> None:
        now = self._clock()
        with self._errors():
            if succeeded:
                self._database.execute("delete from failures where name = ?", (_bare(user),))
                return
            self._database.execute("delete from failures where last < ?", (now - FORGET_S,))
            self._database.execute(
                "insert into failures values (?, 1, ?) on conflict (name) do update set count = count + 1, last = ?",
                (_bare(user), now, now),
            )
            self._database.execute(
                "delete from failures where name in "
                f"(select name from failures order by last desc limit -1 offset {NAMES_KEPT})"
            )

    def _value(self, query: str, *values: object) -> object:
        with self._errors():
            row = self._database.execute(query, values).fetchone()
        return row[0] if row else None

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            with self._lock:
                yield
        except sqlite3.OperationalError as error:
            raise CannotWrite(f"cannot use {self.path}: {error}") from error
        except sqlite3.DatabaseError as error:
            raise Broken(f"{self.path} is damaged: {error}; remove it to begin with a new password") from error
        except OSError as error:
            raise CannotWrite(f"cannot write {self.path}: {error.strerror}") from error


def _digest(token: str) -> bytes:
    return sha256(token.encode("utf-8", "replace")).digest()


def _bare(user: str) -> str:
    """A name as failures are counted: hashed, for what is typed there is sometimes a password."""
    return sha256(user.encode("utf-8", "replace")).hexdigest()
