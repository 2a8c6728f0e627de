"""Processes that scan for the service: begun, told to end, and seen by the locks that they hold."""

from __future__ import annotations

import fcntl
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tongguan.casework.assets.background import process_age

__all__ = ["begin", "free", "reap", "taken", "tell_to_end"]

_DROPPED = ("AWS_", "BOTO", "PG", "MYSQL", "TONGGUAN_")  # of the service's own environment
_PROXIES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")
_SHUT = {"AWS_EC2_METADATA_DISABLED": "true", "AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
         "PGPASSFILE": os.devnull, "PGSERVICEFILE": os.devnull, "PYTHONDONTWRITEBYTECODE": "1"}  # fmt: skip

_CHILDREN: list[subprocess.Popen[bytes]] = []


def reap() -> None:
    """Let ended processes go."""
    _CHILDREN[:] = [child for child in _CHILDREN if child.poll() is None]


def begin(lock: int | None) -> subprocess.Popen[bytes]:
    """A scan that holds a lock, or a test that is waited for: in a session of its own, so that it outlives ours, and
    with no secret of ours in its environment."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(_DROPPED) and name.lower() not in _PROXIES
    }
    command = [sys.executable, "-P", "-m", "tongguan.casework.assets.background"]
    child = subprocess.Popen(
        command + ([str(lock)] if lock is not None else []),
        stdin=subprocess.PIPE, stdout=subprocess.DEVNULL if lock is not None else subprocess.PIPE,
        stderr=subprocess.DEVNULL, cwd="/", env=kept | _SHUT, start_new_session=True,
        pass_fds=() if lock is None else (lock,),
    )  # fmt: skip
    if lock is not None:
        _CHILDREN.append(child)
    return child


def free(lock: Path) -> bool:
    """Whether no process holds a job's lock. It is taken for a moment, shared: nobody takes a job's lock but before its
    process begins, and then waits for such a moment to pass."""
    try:
        handle = os.open(lock, os.O_RDWR | os.O_CLOEXEC)
    except OSError:
        return True
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
        return True
    except BlockingIOError:
        return False
    finally:
        os.close(handle)


def taken(lock: Path) -> bool:
    """Whether a process holds the catalogue's lock, also one at a terminal. Read off the system's table: to try it
    would stop a scan that begins at that moment."""
    try:
        inode, table = lock.stat().st_ino, Path("/proc/locks").read_text(encoding="ascii")
    except OSError:
        return False
    return any("FLOCK" in line and line.split()[5].endswith(f":{inode}") for line in table.splitlines())


def tell_to_end(note: Mapping[str, Any], *, hard: bool) -> None:
    """Signal the process that wrote a note, and no other one that was given its number."""
    pid, age = note.get("pid"), note.get("age")
    if not isinstance(pid, int) or age is None:
        return
    try:
        handle = os.pidfd_open(pid)
    except OSError:
        return
    try:
        if process_age(pid) == age:
            signal.pidfd_send_signal(handle, signal.SIGKILL if hard else signal.SIGTERM)
    except OSError:
        pass
    finally:
        os.close(handle)
