"""Processes that judge: begun through a server process that has loaded everything already, and why one cannot be."""

from __future__ import annotations

import json
import multiprocessing
import subprocess
import sys
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Any, Final

from tongguan.errors import Unavailable
from tongguan.wording import readable, system_error, wording

__all__ = ["READY", "begin", "not_begun", "said_by", "why_not"]

READY: Final = "ready"  # what a process says first: it has all that it needs
LOADED: Final = "tongguan.casework.assets.workers"
_texts: Final = wording("tongguan.casework.assets")
_LOAD: Final = "import json, sys; sys.path[:] = json.loads(sys.argv[1]); __import__(sys.argv[2])"
_LOAD_S: Final = 60.0
LONGEST: Final = 300  # characters of another's words


def begin(target: Callable[..., None], *given: Any) -> tuple[Any, Connection]:
    """A process that runs `target` with its end of a pipe and what is `given`, and our end. Raises EOFError, OSError
    where there is none: the server process has ended, or could make no more."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([LOADED])
    ours, theirs = context.Pipe()
    process = context.Process(target=target, args=(theirs, *given), daemon=True)
    try:
        process.start()
    except BaseException:
        ours.close()
        raise
    finally:
        theirs.close()
    return process, ours


def not_begun(why: str | dict[str, str]) -> Unavailable:
    """Processes do not begin. `why`: as it is told, in one language or in both."""
    return Unavailable(_texts.both("worker.not_begun", why=why))


def why_not(process: Any | None, error: Exception | None = None) -> str | dict[str, str]:
    """Why one did not begin. `process`: it ended before it was ready; None where there was none at all, and `error` is
    what was raised. What it loads is loaded once more to see what that says: it had nobody to tell."""
    if said := _loading():
        return said
    if process is not None and process.exitcode:
        return f"signal {-process.exitcode}" if process.exitcode < 0 else f"exit code {process.exitcode}"
    return system_error(error) if isinstance(error, OSError) else said_by(error or EOFError())


def said_by(error: Exception) -> str:
    """What an error of a library says, as much as is told on."""
    return readable(f"{type(error).__name__}: {error}"[:LONGEST].rstrip(": "))


def _loading() -> str | dict[str, str] | None:
    """What goes wrong where a new process loads what judging needs; None where nothing does."""
    try:
        done = subprocess.run(
            [sys.executable, "-c", _LOAD, json.dumps(sys.path), LOADED],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, timeout=_LOAD_S, check=False,
        )  # fmt: skip
    except OSError as error:
        return system_error(error)
    except subprocess.TimeoutExpired:
        return None
    if not done.returncode:
        return None
    lines = done.stderr.decode("utf-8", "replace").strip().splitlines()
    return readable(lines[-1][:LONGEST]) if lines else f"exit code {done.returncode}"
