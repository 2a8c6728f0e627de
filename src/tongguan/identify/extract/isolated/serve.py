"""The loop of the worker process: requests on standard input, answers on standard output.

A frame is the length of a JSON header (4 bytes, little-endian), the header, then as many bytes as its `sizes` add up
to. A content comes as bytes or as an open file, over a socket. A parser may give several answers: the last report has
an `end`, and each further answer is asked for by `next`, other requests between them. The kernel ends the process
where it outlives a request's time or asks for more memory than it may have.
"""

from __future__ import annotations

import json
import os
import resource
import signal
import socket
import sys
from collections.abc import Iterator, Sequence
from typing import Any, BinaryIO

from .source import Source

__all__ = ["serve"]

Answer = tuple[dict[str, Any], list[bytes]]
_MOST_OPEN = 24  # conversations; the eldest is forgotten


def serve() -> None:
    """Answer requests until standard input ends. Arguments: the address space allowed, in bytes, and the socket."""
    source, sink = sys.stdin.buffer, sys.stdout.buffer
    memory, descriptors = int(sys.argv[1]), socket.socket(fileno=int(sys.argv[2]))
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent is interrupted too, and ends us by closing the pipe
    talks: dict[int, Iterator[Answer]] = {}
    while True:
        prefix = source.read(4)
        if len(prefix) < 4:
            return
        request = json.loads(source.read(int.from_bytes(prefix, "little")))
        signal.alarm(max(1, int(request["seconds"]) + 3))
        try:
            report, blobs = _next(request, source, descriptors, talks)
        except (MemoryError, OSError):  # no parser touches a file of its own: a library could not be loaded
            report, blobs = {"end": "memory"}, []
        except Exception as error:  # a fault of ours, to be seen and to cost one content only
            report, blobs = {"end": "fault", "why": type(error).__name__}, []
        if "end" in report:
            talks.pop(request["id"], None)
        signal.alarm(0)
        _send(sink, report, blobs)


def _next(
    request: dict[str, Any], source: BinaryIO, descriptors: socket.socket, talks: dict[int, Iterator[Answer]]
) -> Answer:
    """The next answer of a conversation that is under way, or the first of a new one."""
    number = request["id"]
    if request["what"] == "forget":
        return {"end": "ok"}, []
    if request["what"] == "next":
        return next(talks[number]) if number in talks else ({"end": "gone"}, [])
    answers = _answers(request, _given(request, source, descriptors))
    talks[number] = answers
    while len(talks) > _MOST_OPEN:
        talks.pop(next(iter(talks)))
    for _ in range(request["after"]):  # heard already, from a process that was lost
        next(answers)
    return next(answers)


def _given(request: dict[str, Any], source: BinaryIO, descriptors: socket.socket) -> Source:
    if not request["file"]:
        return Source(source.read(sum(request["sizes"])))
    _, [descriptor], *_ = socket.recv_fds(descriptors, 1, 1)
    try:
        return Source(open(f"/proc/self/fd/{descriptor}", "rb"))  # noqa: PTH123 - with a place of its own
    finally:
        os.close(descriptor)


def _answers(request: dict[str, Any], data: Source) -> Iterator[Answer]:
    """Each parser is loaded when the first content asks for it."""
    bounds = request["max_bytes"], request["max_members"]
    match request["what"]:
        case "archive":
            from . import archives

            yield from archives.read(data, request["kind"], *bounds, request["skip"], request["images"])
        case "sheet":
            from . import sheets

            yield from sheets.read(data, request["kind"], bounds[0])
        case "table":
            from . import databases

            yield from databases.read(data, request["kind"], *bounds)
        case "pdf":
            from . import pdf

            yield from pdf.read(data, *bounds)
        case "ofd":
            from . import ofd

            yield from ofd.read(data, *bounds)
        case "rtf":
            from . import rtf

            yield rtf.read(data.whole(), *bounds)
        case "compound":
            from . import compound

            yield compound.read(data.whole(), *bounds, request["cells"])
        case "ocr":
            from . import ocr

            yield ocr.read(data, request["blank"], request["most"], request["budget"])
        case _:
            from . import mailbox

            yield mailbox.read(data.whole(), *bounds)


def _send(sink: BinaryIO, report: dict[str, Any], blobs: Sequence[bytes]) -> None:
    header = json.dumps({**report, "sizes": [len(blob) for blob in blobs]}).encode()
    sink.write(len(header).to_bytes(4, "little"))
    sink.write(header)
    for blob in blobs:
        sink.write(blob)
    sink.flush()
