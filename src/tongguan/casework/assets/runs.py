"""What runs of the service's scans: a process each, its lock and its note, in one folder."""

from __future__ import annotations

import fcntl
import json
import os
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from tongguan.casework.assets.background import process_age, put
from tongguan.casework.assets.failures import Why, why
from tongguan.casework.assets.processes import begin, free, tell_to_end
from tongguan.casework.assets.sources import Source, Sources
from tongguan.errors import BadInput, Conflict, Unavailable
from tongguan.wording import wording

__all__ = ["Runs"]

_texts: Final = wording("tongguan.casework.assets")
TEST_S: Final = 40.0
KEPT: Final = 200  # notes of jobs that have ended
FOLDER: Final = "jobs"


class Runs:
    """The processes of a home, by the numbers of their jobs."""

    def __init__(
        self, sources: Sources, home: Path, assets: Path, settings: tuple[Sequence[str], Sequence[str]], key: bytes
    ) -> None:
        self._sources, self._home, self._assets = sources, home, assets
        self._settings, self._key = settings, key
        self._folder = assets / FOLDER

    def spawn(
        self, ident: int, source: Source, options: Mapping[str, Any], now: float, told: Callable[[], None]
    ) -> None:
        """A scan begins. Its lock is held before anybody is `told` that it runs."""
        self._sweep(ident)
        lock = os.open(self._lock(ident), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            told()
            given = self._given("scan", source) | {
                "folder": str(self._assets), "note": str(self._place(ident)), "key": self._key.hex(),
                "options": options,
            }  # fmt: skip
            child = begin(lock)
            put(self._place(ident), {"pid": child.pid, "age": process_age(child.pid), "at": now})
            assert child.stdin is not None
            with suppress(BrokenPipeError), child.stdin:
                child.stdin.write(json.dumps(given).encode())
        finally:
            os.close(lock)

    def tried(self, source: Source) -> Why | None:
        """Connect as a scan would; None where that went well, else why not."""
        try:
            self._sources.reachable(source)
            child = begin(None)
            try:
                out, _ = child.communicate(json.dumps(self._given("test", source)).encode(), TEST_S)
            except subprocess.TimeoutExpired:
                child.kill()
                child.communicate()
                return _texts.both("test.silent", seconds=f"{TEST_S:.0f}")
            told = json.loads(out)
            return None if told["ok"] else dict(told["error"])
        except (BadInput, Unavailable) as error:
            return why(error)
        except ValueError:
            return _texts.both("test.ended")

    def running(self, ident: int) -> bool:
        return not free(self._lock(ident))

    def note(self, ident: int) -> dict[str, Any] | None:
        """What its process last said."""
        try:
            found = json.loads(self._place(ident).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None
        return found if isinstance(found, dict) else None

    def end(self, ident: int, *, hard: bool) -> None:
        tell_to_end(self.note(ident) or {}, hard=hard)

    @contextmanager
    def alone(self, what: str, *, wait: bool) -> Iterator[None]:
        """One at a time, in all processes. Raises Conflict where another is at it and is not waited for."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle = os.open(self._folder / f"{what}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
            yield
        except BlockingIOError:
            raise Conflict(_texts.both("test.under_way")) from None
        finally:
            os.close(handle)

    def _given(self, what: str, source: Source) -> dict[str, Any]:
        roots, networks = self._settings
        return {
            "do": what, "kind": source.kind, "place": dict(source.place), "home": str(self._home),
            "roots": list(roots), "networks": list(networks), "secret": asdict(self._sources.secret(source)),
        }  # fmt: skip

    def _sweep(self, ident: int) -> None:
        """Away with the notes of jobs that ended long ago."""
        for end in (".json", ".lock"):
            with suppress(OSError):
                (self._folder / f"{ident - KEPT}{end}").unlink(missing_ok=True)

    def _place(self, ident: int) -> Path:
        return self._folder / f"{ident}.json"

    def _lock(self, ident: int) -> Path:
        return self._folder / f"{ident}.lock"
