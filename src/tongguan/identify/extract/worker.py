"""The process in which native parsers run: it may die, hang or eat memory, and the run goes on."""

from __future__ import annotations

import atexit
import contextlib
import fcntl
import itertools
import json
import os
import select
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

from tongguan.identify.extract.given import Data, digest

__all__ = ["Answer", "Conversation", "Failed", "Worker", "shared"]

Answer = tuple[dict[str, Any], list[bytearray]]  # a report, and the blobs that it speaks of

_START = """import json, sys; sys.path[:] = json.loads(sys.argv.pop(1)); from isolated.serve import serve; serve()"""
_PIPE_BYTES = 1 << 20
_HEADER_BYTES = 64 << 20
_REMEMBERED = 10_000  # contents
_CHANCES = 2
_FAIR_SECONDS = 5.0  # a process that was given less proves nothing
_FORGET_SECONDS = 5.0
_MOST_ROOMS = 512  # blobs that are read into at once; the kernel takes 1,024
_F_SETPIPE_SZ = 1031
# What is large goes back to the system at once, and no thread has a heap of its own: text recognition peaks at two
# thirds of the memory that it would take otherwise. What is small stays: pages of a PDF ask for it again and again.
_FRUGAL = {"MALLOC_ARENA_MAX": "1", "MALLOC_MMAP_THRESHOLD_": str(16 << 20), "MALLOC_TRIM_THRESHOLD_": str(16 << 20),
           "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}  # fmt: skip


class Failed(Exception):
    """The worker gave no answer; `why` says what became of it (`time`, `died`, `lethal`)."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


class Worker:
    """One process, started at its first request and again after it was lost. Safe to call from several threads.

    A content that cost two processes their lives is not given to the same parser again.
    """

    def __init__(self, memory: int) -> None:
        self._memory = memory
        self._process: subprocess.Popen[bytes] | None = None
        self._descriptors: socket.socket | None = None  # over which open files are handed to the process
        self._lock = threading.Lock()
        self._lethal: dict[bytes, int] = {}  # contents that cost processes already, and how many
        self._numbers = itertools.count()
        self.talks = 0  # conversations that a process is in the midst of
        self.starts = 0

    def conversation(self, request: dict[str, Any], data: Data) -> Conversation:
        """Ask a parser about a content; its answers are taken one by one."""
        return Conversation(self, {**request, "id": next(self._numbers)}, data)

    def exchange(self, request: dict[str, Any], data: Data, name: bytes, seconds: float) -> Answer:
        """Send a request with its bytes, or with an open file, and wait for one answer. Raises `Failed`.

        `name`: what tells the content from others.
        """
        with self._lock:
            if self._lethal.get(name, 0) >= _CHANCES:
                raise Failed("lethal")
            process = self._ready()
            file = not isinstance(data, bytes)
            about = {**request, "sizes": [0 if file else len(data)], "file": file, "seconds": seconds}
            header = json.dumps(about).encode()
            message = [len(header).to_bytes(4, "little") + header]
            try:
                if isinstance(data, bytes):
                    message.append(data)
                elif self._descriptors:
                    socket.send_fds(self._descriptors, [b"f"], [data.fileno()])
                return _converse(process, message, time.monotonic() + seconds)
            except (Failed, OSError, ValueError, OverflowError, MemoryError) as error:  # sizes that cannot be, too
                self._end(kill=True)
                failure = error if isinstance(error, Failed) else Failed("died")
                fair = failure.why != "time" or seconds >= _FAIR_SECONDS
                if fair and len(self._lethal) < _REMEMBERED:
                    self._lethal[name] = self._lethal.get(name, 0) + 1
                raise failure from error

    def forget(self, number: int) -> None:
        """End a conversation before its end."""
        with contextlib.suppress(Failed):
            if self._process is not None:
                self.exchange({"what": "forget", "id": number}, b"", b"", _FORGET_SECONDS)

    def rest(self) -> None:
        """End the process where it is not in the midst of anything: the next request starts another."""
        if not self.talks:
            self.close()

    def close(self) -> None:
        """End the process."""
        with self._lock:
            self._end(kill=False)

    def _ready(self) -> subprocess.Popen[bytes]:
        if self._process is None or self._process.poll() is not None:
            self._end(kill=True)
            self._process = self._started()
            self.starts += 1
        return self._process

    def _started(self) -> subprocess.Popen[bytes]:
        path = [entry for entry in sys.path if entry] + [str(Path(__file__).parent)]
        self._descriptors, theirs = socket.socketpair()
        process = subprocess.Popen(
            [sys.executable, "-I", "-B", "-c", _START, json.dumps(path), str(self._memory), str(theirs.fileno())],
            pass_fds=[theirs.fileno()],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd="/",
            env={
                "PATH": os.environ.get("PATH", ""),
                "LC_ALL": "C.UTF-8",
                "LD_LIBRARY_PATH": os.environ.get("LD_LIBRARY_PATH", ""),
                **_FRUGAL,
            },
        )
        theirs.close()
        for pipe in (process.stdin, process.stdout):
            assert pipe is not None
            os.set_blocking(pipe.fileno(), False)
            with contextlib.suppress(OSError):
                fcntl.fcntl(pipe.fileno(), _F_SETPIPE_SZ, _PIPE_BYTES)
        return process

    def _end(self, *, kill: bool) -> None:
        process, self._process = self._process, None
        if self._descriptors is not None:
            self._descriptors.close()
            self._descriptors = None
        if process is None:
            return
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()
        if kill:
            process.kill()
        try:
            process.wait(2)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


class Conversation:
    """The answers of a parser about one content, one after another; the last one's report has an `end`.

    Other requests may be made between two answers. Where that cost the process its life, a new one reads the content
    again up to where this one was.
    """

    def __init__(self, worker: Worker, request: dict[str, Any], data: Data) -> None:
        self._worker = worker
        self._request = request
        self._data = data
        self._name = digest(data, request["what"])
        self._answers = 0
        self._open = False  # whether a process is in the midst of it

    def next(self, seconds: float) -> Answer:
        """The next answer. Raises `Failed`."""
        answer: Answer | None = None
        if self._open:
            answer = self._worker.exchange({"what": "next", "id": self._request["id"]}, b"", self._name, seconds)
        if answer is None or answer[0].get("end") == "gone":
            answer = self._worker.exchange({**self._request, "after": self._answers}, self._data, self._name, seconds)
        self._midst("end" not in answer[0])
        self._answers += 1
        return answer

    def close(self) -> None:
        """Let the process forget what it still holds for this conversation."""
        if self._open:
            self._midst(False)
            self._worker.forget(self._request["id"])

    def _midst(self, open: bool) -> None:
        self._worker.talks += open - self._open
        self._open = open


def _converse(process: subprocess.Popen[bytes], message: list[bytes], deadline: float) -> Answer:
    """Write the message and read the answer, neither of them blocking for longer than the deadline allows."""
    assert process.stdin is not None and process.stdout is not None
    sink, source = process.stdin.fileno(), process.stdout.fileno()
    pending = [memoryview(part) for part in message if part]
    header = bytearray()
    report: dict[str, Any] | None = None
    blobs: list[bytearray] = []
    rooms: list[memoryview] = []  # of the blobs, where nothing was read into yet
    missing = 1  # bytes of the header that are still to come, at least
    while missing or rooms:
        left = deadline - time.monotonic()
        readable, writable, _ = select.select([source], [sink] if pending else [], [], max(0.0, left))
        if not readable and not writable:
            raise Failed("time")
        if writable:
            sent = os.write(sink, pending[0][:_PIPE_BYTES])
            pending[0] = pending[0][sent:]
            if not pending[0]:
                pending.pop(0)
        if readable and rooms:
            _fill(rooms, source)
        elif readable:
            chunk = os.read(source, missing)  # nothing of what follows is read along
            if not chunk:
                raise Failed("died")
            header += chunk
            missing = _size(header) - len(header)
            if missing == 0 and len(header) > 4:
                report = json.loads(bytes(header[4:]))
                blobs = [bytearray(int(size)) for size in report["sizes"]]
                rooms = [memoryview(blob) for blob in blobs if blob]
    assert report is not None
    return report, blobs


def _fill(rooms: list[memoryview], source: int) -> None:
    """Read as much as there is where it belongs, into many at once; rooms that are full are taken away."""
    taken, done = os.readv(source, rooms[:_MOST_ROOMS]), 0
    if not taken:
        raise Failed("died")
    while done < len(rooms) and taken >= len(rooms[done]):
        taken -= len(rooms[done])
        done += 1
    del rooms[:done]
    if taken:
        rooms[0] = rooms[0][taken:]


def _size(header: bytearray) -> int:
    """Bytes of the header with the four that tell its length, as far as that is known."""
    if len(header) < 4:
        return 4
    size = 4 + int.from_bytes(header[:4], "little")
    if size > _HEADER_BYTES:
        raise Failed("died")
    return size


_workers: dict[int, Worker] = {}


def shared(memory: int) -> Worker:
    """The worker of this process for an allowance of memory. After a fork the child gets one of its own."""
    return _workers.setdefault(memory, Worker(memory))


def _close_all() -> None:
    for worker in _workers.values():
        worker.close()


atexit.register(_close_all)
os.register_at_fork(after_in_child=_workers.clear)
