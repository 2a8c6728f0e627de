"""The loop of the worker process: requests on standard input, answers on standard output.

A frame is the length of a JSON header (4 bytes, little-endian), the header, then as many bytes as its `sizes` add up
to. The kernel ends the process where it outlives a request's time or asks for more memory than it may have.
"""

from __future__ import annotations

import json
import resource
import signal
import sys
from collections.abc import Sequence
from typing import Any, BinaryIO

__all__ = ["serve"]


def serve() -> None:
    """Answer requests until standard input ends. `sys.argv[1]` is the address space allowed, in bytes."""
    source, sink = sys.stdin.buffer, sys.stdout.buffer
    memory = int(sys.argv[1])
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent is interrupted too, and ends us by closing the pipe
    while True:
        prefix = source.read(4)
        if len(prefix) < 4:
            return
        request = json.loads(source.read(int.from_bytes(prefix, "little")))
        data = source.read(sum(request["sizes"]))
        signal.alarm(max(1, int(request["seconds"]) + 3))
        try:
            report, blobs = _answer(request, data)
        except (MemoryError, OSError):  # no parser touches a file: a library of its own could not be loaded
            report, blobs = {"end": "memory"}, []
        except Exception as error:  # a fault of ours, to be seen and to cost one content only
            report, blobs = {"end": "fault", "why": type(error).__name__}, []
        signal.alarm(0)
        _send(sink, report, blobs)


def _answer(request: dict[str, Any], data: bytes) -> tuple[dict[str, Any], list[bytes]]:
    """Each parser is loaded when the first content asks for it."""
    bounds = request["max_bytes"], request["max_members"]
    match request["what"]:
        case "archive":
            from . import archives

            return archives.read(data, request["kind"], *bounds, request["skip"], request["images"])
        case "sheet":
            from . import sheets

            return sheets.read(data, request["kind"], bounds[0])
        case "pdf":
            from . import pdf

            return pdf.read(data, *bounds)
        case "rtf":
            from . import rtf

            return rtf.read(data, *bounds)
        case "compound":
            from . import compound

            return compound.read(data, *bounds, request["cells"])
        case "ocr":
            from . import ocr

            return ocr.read(data, request["blank"], request["most"], request["budget"])
        case _:
            from . import mailbox

            return mailbox.read(data, *bounds)


def _send(sink: BinaryIO, report: dict[str, Any], blobs: Sequence[bytes]) -> None:
    header = json.dumps({**report, "sizes": [len(blob) for blob in blobs]}).encode()
    sink.write(len(header).to_bytes(4, "little"))
    sink.write(header)
    for blob in blobs:
        sink.write(blob)
    sink.flush()
