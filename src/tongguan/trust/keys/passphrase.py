"""Master keys sealed by a passphrase, in the file `master.json` in the home: the embedded default.

The passphrase comes from the environment, else a file that the settings name, else `master.passphrase` in the home,
which is made at first use with mode 0600. That last one keeps the records from whoever has a copy of the database
alone. It does not keep them from whoever can read the home folder, nor from root: for that, give the passphrase by the
environment or use an HSM. While the program runs, the master keys are in its memory.

argon2id (RFC 9106) makes a key of the passphrase; its cost and salt stand in the file. A change of the passphrase seals
the same master keys anew. The file is replaced in one step, and its writers wait for each other.
"""

from __future__ import annotations

import base64
import binascii
import fcntl
import json
import os
import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from tongguan import whole_file
from tongguan.errors import BadInput, Broken, CannotWrite
from tongguan.trust.ciphers import Suite, Tampered, derive, generate_key, seal, sealed_with, unseal
from tongguan.trust.settings import Master as MasterSettings
from tongguan.trust.settings import secret_of

__all__ = ["PassphraseMaster"]

KEY_SIZE = 32
PASSPHRASE_MIN = 12  # characters of a new one
PASSPHRASE_MAX = 1024
FILE_MAX = 1 << 20  # bytes
FORMAT = 1


@dataclass(frozen=True, slots=True)
class Cost:
    """Parameters of argon2id. The defaults are RFC 9106's second recommendation (64 MiB)."""

    time: int = 3
    memory_kib: int = 65_536
    lanes: int = 4

    def bearable(self) -> bool:
        return 1 <= self.time <= 64 and 1 <= self.lanes <= 64 and 8 * self.lanes <= self.memory_kib <= 1 << 21


@dataclass(frozen=True, slots=True)
class _Lock:
    """The key that seals the master keys, and what it was made with."""

    salt: bytes
    cost: Cost
    key: bytes


class PassphraseMaster:
    """See `Master`. Threads and processes may share one file."""

    kind = "passphrase"

    def __init__(self, settings: MasterSettings, home: Path, suite: Suite, **cost: int) -> None:
        self.path = home / "master.json"
        self.name = str(self.path)
        self._own_file = home / "master.passphrase"
        self._settings = settings
        self._suite = suite
        self._cost = Cost(**cost)
        self._keys: dict[str, bytes] = {}
        self._lock: _Lock | None = None
        self._seen: tuple[int, ...] = ()
        self._threads = threading.RLock()
        self.generations()

    def generations(self) -> tuple[str, ...]:
        """Those in the file, oldest first. Raises BadInput on a wrong passphrase, Broken."""
        with self._threads:
            if (now := self._stamp()) != self._seen:
                self._read()
                self._seen = now
            return tuple(self._keys)

    def generate(self) -> str:
        return self.adopt(secrets.token_bytes(KEY_SIZE))

    def wrap(self, generation: str, key: bytes, context: bytes) -> bytes:
        return _seal(self._suite, self._key(generation), key, context)

    def unwrap(self, generation: str, wrapped: bytes, context: bytes) -> bytes:
        return _unseal(self._key(generation), wrapped, context)

    def drop(self, generation: str) -> None:
        with self._changing():
            self._key(generation)
            if generation == next(reversed(self._keys)):
                raise BadInput(f"the master key {generation} is the newest one; it cannot be dropped")
            self._write({id: key for id, key in self._keys.items() if id != generation}, self._lock_or_new())

    def export(self, generation: str) -> bytes:
        return self._key(generation)

    def adopt(self, key: bytes) -> str:
        if len(key) != KEY_SIZE:
            raise BadInput(f"a master key has {KEY_SIZE} bytes, not {len(key)}")
        generation = self.generation_of(key)
        with self._changing():
            if generation not in self._keys:
                self._write({**self._keys, generation: key}, self._lock_or_new())
        return generation

    def generation_of(self, key: bytes) -> str:
        return derive("sha256", key, info=b"tongguan master generation", length=8).hex()

    @staticmethod
    def open_with(key: bytes, wrapped: bytes, context: bytes) -> bytes:
        """Unwrap with a master key that is not in the file. Raises Tampered."""
        return _unseal(key, wrapped, context)

    def close(self) -> None:
        with self._threads:
            self._keys, self._lock, self._seen = {}, None, ()

    def change_passphrase(self, old: str, new: str) -> None:
        """Seal the same master keys under another passphrase. Raises BadInput where `old` is wrong or `new` too weak.

        `master.passphrase` is removed: from now on the passphrase comes from where the settings say.
        """
        fresh = _usable(new)
        with self._changing():
            if self._lock is None:
                raise BadInput("there is no master key yet whose passphrase could be changed")
            if not secrets.compare_digest(_lock(old, self._lock.salt, self._lock.cost).key, self._lock.key):
                raise _wrong(self.path, "the old passphrase")
            self._write(self._keys, _lock(fresh, secrets.token_bytes(16), self._cost))
            with suppress(FileNotFoundError):
                self._own_file.unlink()

    # ---- within

    def _key(self, generation: str) -> bytes:
        with self._threads:
            if generation not in self._keys and generation not in self.generations():
                raise BadInput(f"{self.path} does not hold the master key {generation}: put its backup in its place")
            return self._keys[generation]

    @contextmanager
    def _changing(self) -> Iterator[None]:
        """Alone with the file, and knowing its newest content."""
        with self._threads:
            try:
                descriptor = os.open(self.path.with_name("master.lock"), os.O_RDWR | os.O_CREAT, 0o600)
            except OSError as error:
                raise CannotWrite(f"cannot write beside {self.path}: {error.strerror}") from None
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX)
                self.generations()
                yield
            finally:
                os.close(descriptor)

    def _stamp(self) -> tuple[int, ...]:
        try:
            found = self.path.stat()
        except FileNotFoundError:
            return ()
        except OSError as error:
            raise Broken(f"cannot read {self.path}: {error.strerror}") from None
        return found.st_ino, found.st_mtime_ns, found.st_size

    def _read(self) -> None:
        try:
            raw = self.path.read_bytes()
        except FileNotFoundError:
            self._keys, self._lock = {}, None
            return
        except OSError as error:
            raise Broken(f"cannot read {self.path}: {error.strerror}") from None
        salt, cost, sealed = _parsed(raw, self.path)
        lock = self._lock
        if lock is None or (lock.salt, lock.cost) != (salt, cost):
            passphrase, source = self._passphrase()
            lock = _lock(passphrase, salt, cost)
        else:
            source = "the passphrase"
        try:
            keys = {id: _unseal(lock.key, one, _context(id, salt, cost)) for id, one in sealed}
        except Tampered:
            raise _wrong(self.path, source) from None
        if any(self.generation_of(key) != id for id, key in keys.items()):
            raise Broken(f"{self.path} contradicts itself: put its backup in its place")
        self._keys, self._lock = keys, lock

    def _lock_or_new(self) -> _Lock:
        if self._lock is None:
            passphrase, _ = self._passphrase(make=True)
            return _lock(passphrase, secrets.token_bytes(16), self._cost)
        return self._lock

    def _write(self, keys: dict[str, bytes], lock: _Lock) -> None:
        document = {
            "format": FORMAT,
            "kdf": {"name": "argon2id", "salt": base64.b64encode(lock.salt).decode(), **asdict(lock.cost)},
            "keys": [
                {"id": id, "sealed": base64.b64encode(self._sealed(lock, id, key)).decode()} for id, key in keys.items()
            ],
        }
        whole_file.replace(self.path, json.dumps(document, indent=1).encode() + b"\n")
        self._keys, self._lock, self._seen = dict(keys), lock, self._stamp()

    def _sealed(self, lock: _Lock, id: str, key: bytes) -> bytes:
        return _seal(self._suite, lock.key, key, _context(id, lock.salt, lock.cost))

    def _passphrase(self, *, make: bool = False) -> tuple[str, str]:
        """The passphrase, and where it is from."""
        settings = self._settings
        if found := secret_of(settings.passphrase_env):
            return found, f"the passphrase in the variable {settings.passphrase_env}"
        if settings.passphrase_file:
            if found := secret_of(None, settings.passphrase_file):
                return found, f"the passphrase in {settings.passphrase_file}"
            raise BadInput(f"{settings.passphrase_file} is empty; expected the passphrase of the master key")
        if make and not self._own_file.exists():
            whole_file.create(self._own_file, secrets.token_urlsafe(32).encode() + b"\n")
        if self._own_file.exists():
            return secret_of(None, str(self._own_file)) or "", f"the passphrase in {self._own_file}"
        raise BadInput(
            f"the master key in {self.path} is sealed by a passphrase, and none was given: set the variable "
            f"{settings.passphrase_env}, or master.passphrase_file in the settings"
        )


def _lock(passphrase: str, salt: bytes, cost: Cost) -> _Lock:
    from argon2.exceptions import HashingError
    from argon2.low_level import Type, hash_secret_raw

    raw = passphrase.encode("utf-8", "surrogateescape")
    try:
        key = hash_secret_raw(raw, salt, cost.time, cost.memory_kib, cost.lanes, KEY_SIZE, Type.ID)
    except (HashingError, MemoryError):
        raise Broken(f"argon2id could not run with {cost.memory_kib} KiB; is there so much memory?") from None
    return _Lock(salt, cost, key)


def _usable(passphrase: str) -> str:
    passphrase = passphrase.strip()
    if not PASSPHRASE_MIN <= len(passphrase) <= PASSPHRASE_MAX or not passphrase.isprintable():
        raise BadInput(f"a new passphrase has {PASSPHRASE_MIN} to {PASSPHRASE_MAX} characters that can be shown")
    return passphrase


def _wrong(path: Path, source: str) -> BadInput:
    return BadInput(f"{source} does not open {path}: it is wrong, or the file was altered; nothing was changed")


def _context(id: str, salt: bytes, cost: Cost) -> bytes:
    return f"tongguan master key {id} {salt.hex()} {cost.time} {cost.memory_kib} {cost.lanes}".encode()


def _key_for(algorithm: Any, key: bytes) -> bytes:
    """The key for this cipher: each has its own, of its own length."""
    hash = "sm3" if algorithm == "sm4-gcm" else "sha256"
    info = b"tongguan master " + str(algorithm).encode()
    return derive(hash, key, info=info, length=len(generate_key(algorithm)))  # type: ignore[arg-type]


def _seal(suite: Suite, key: bytes, plaintext: bytes, context: bytes) -> bytes:
    return seal(suite.aead, _key_for(suite.aead, key), plaintext, context)


def _unseal(key: bytes, sealed: bytes, context: bytes) -> bytes:
    return unseal(_key_for(sealed_with(sealed), key), sealed, context)


def _parsed(raw: bytes, path: Path) -> tuple[bytes, Cost, list[tuple[str, bytes]]]:
    """Salt, cost and (generation, sealed key) of the file."""
    damaged = Broken(f"{path} is damaged or not ours: put its backup in its place")
    if len(raw) > FILE_MAX:
        raise damaged
    try:
        document = json.loads(raw)
        kdf = document["kdf"]
        cost = Cost(int(kdf["time"]), int(kdf["memory_kib"]), int(kdf["lanes"]))
        salt = base64.b64decode(kdf["salt"], validate=True)
        keys = [(str(one["id"]), base64.b64decode(one["sealed"], validate=True)) for one in document["keys"]]
        ours = document["format"] == FORMAT and kdf["name"] == "argon2id"
    except (ValueError, KeyError, TypeError, OverflowError, binascii.Error, RecursionError):
        raise damaged from None
    if not ours or not cost.bearable() or not 8 <= len(salt) <= 64 or not keys:
        raise damaged
    return salt, cost, keys
