"""A scan, or the test of a connection, in a process of its own: `python -m tongguan.casework.assets.background FD`.

It is told what to do by its standard input, so that no secret stands in arguments or in the environment, holds the lock
that it was handed as FD for as long as it lives, and says how far it is in a file. It has neither keys nor the audit
log; it connects to nothing but what settings allow. Told to end (SIGTERM), it ends within the unit that it reads: what
was kept stays, and the next scan under the same options goes on from there.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from collections import deque
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from types import FrameType
from typing import Any

from tongguan import whole_file
from tongguan.capture.stores import Address, open_store
from tongguan.casework.assets.failures import why
from tongguan.casework.assets.given import Secret, address_of, server_of
from tongguan.casework.assets.reach import Reach
from tongguan.errors import CannotWrite, Conflict, TongguanError
from tongguan.wording import wording

__all__ = ["main", "process_age", "put"]

_texts = wording("tongguan.casework.assets")
STEP_S = 0.5  # between two notes of progress
RATE_S = 30.0  # over which the rate is taken
NICE = 5  # the console comes first


class _Stopped(BaseException):
    """Told to end."""


class _Note:
    """The file that says how far the scan is."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._before = 0.0
        self._lately: deque[tuple[float, int, int]] = deque()  # when, bytes and units that this run read
        self._passed = 0, 0  # bytes and units that are done and that an earlier run read
        self.stopping = False
        self.told: dict[str, Any] = {
            "pid": os.getpid(), "age": process_age(os.getpid()), "began": time.time(), "units": 0, "bytes": 0,
            "total": 0, "current": "", "rate": 0.0, "left_s": None,
        }  # fmt: skip
        self.write()

    def counted(self, units: int, before: int) -> None:
        """Called when a unit is done: how many are, and how many bytes of them an earlier run had read."""
        if before != self._passed[0]:
            self._passed = before, self._passed[1] + 1
        self.told["units"] = units

    def progress(self, done: int, total: int, what: str) -> None:
        """Called before each unit and behind it, and while one is read that takes long."""
        if self.stopping:
            raise _Stopped
        now, told = time.time(), self.told
        told.update(bytes=done, total=total, current=what[:500])
        if now - self._before >= STEP_S:
            self._before = now
            self._pace(now, done - self._passed[0], total - self._passed[0])
            self.write()

    def _pace(self, now: float, done: int, total: int) -> None:
        lately = self._lately
        units = self.told["units"] - self._passed[1]
        lately.append((now, done, units))
        while now - lately[0][0] > RATE_S:
            lately.popleft()
        span = now - lately[0][0]
        if span > 0:
            rate = (done - lately[0][1]) / span
            self.told["rate"] = round(rate, 1)
            self.told["units_rate"] = round((units - lately[0][2]) / span, 2)
            self.told["left_s"] = round((total - done) / rate) if rate > 0 and total else None

    def write(self) -> None:
        self.told["at"] = time.time()
        put(self._path, self.told)


def put(path: Path, told: Mapping[str, Any]) -> None:
    """A small file whole or not at all; a full disk costs no more than the note."""
    with suppress(CannotWrite):
        whole_file.replace(path, json.dumps(told).encode())


def process_age(pid: int) -> str | None:
    """When a process began, in the system's ticks: with it a number that was given anew is not taken for the old one.
    None where there is no such process, or it has ended and only waits to be seen."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
    except OSError:
        return None
    return fields[19] if fields[0] not in "ZX" else None


def main(handle: int | None) -> int:
    """Do what standard input says; 0 where it was done. `handle`: the lock to hold."""
    if handle is not None:
        os.set_inheritable(handle, False)  # ours alone
    given = json.loads(sys.stdin.buffer.read())
    os.nice(NICE)
    reach = Reach(given["roots"], given["networks"], Path(given["home"]))
    try:
        address = _ready(given, reach)
        if given["do"] == "test":
            with open_store(address):
                return _say({"ok": True})
        return _scan(given, address, reach)
    except TongguanError as error:
        if given["do"] == "test":
            return _say({"ok": False, "error": why(error)})
        _end(given, "failed", error=why(error))
        return 1


def _say(told: Mapping[str, Any]) -> int:
    print(json.dumps(told), flush=True)
    return 0


def _ready(given: Mapping[str, Any], reach: Reach) -> Address:
    """The address, once it was held against what may be reached; and the process shut to everything else."""
    kind, place = given["kind"], given["place"]
    address = address_of(kind, place, reach)
    host = server_of(kind, place)
    secret = Secret(**given["secret"])
    if host and kind == "postgresql":
        os.environ["PGHOSTADDR"] = reach.addresses(host)[0]  # libpq connects in C, where the guard does not see it
    elif host:
        reach.addresses(host)
    # The environment of this process alone, which its readers are told by: it was empty of secrets when it began.
    known = {"TONGGUAN_SOURCE_PASSWORD": secret.password, "TONGGUAN_S3_ACCESS_KEY": secret.access_key,
             "TONGGUAN_S3_SECRET_KEY": secret.secret_key}  # fmt: skip
    os.environ.update({name: value for name, value in known.items() if value})
    reach.guard()
    return address


def _scan(given: Mapping[str, Any], address: Address, reach: Reach) -> int:
    from tongguan.casework import assets

    options = given["options"]
    note = _Note(Path(given["note"]))

    def stop(_: int, __: FrameType | None) -> None:
        if not note.stopping:
            note.stopping = True
            raise _Stopped

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        (outcome,) = assets.scan(
            [address],
            Path(given["folder"]),
            bytes.fromhex(given["key"]),
            prepare=reach.guard,  # the processes that read are as shut as this one
            progress=note.progress,
            counted=note.counted,
            **{name: value for name, value in options.items() if value is not None},
        )
        _end(given, "complete" if outcome.complete else "incomplete", note, outcome=outcome.to_dict())
        return 0
    except _Stopped:
        _end(given, "stopped", note)
        return 0
    except Conflict:  # a scan at the terminal holds the catalogue: this one waits for its turn
        _end(given, "busy", note)
        return 1
    except TongguanError as error:
        _end(given, "failed", note, error=why(error))
        return 1
    except BaseException as error:
        _end(given, "failed", note, error=_texts.both("scan.fault", kind=type(error).__name__))
        return 1


def _end(given: Mapping[str, Any], state: str, note: _Note | None = None, **more: Any) -> None:
    told = note.told if note else {}
    put(Path(given["note"]), {**told, "at": time.time(), "end": {"state": state, "at": time.time(), **more}})


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else None))
