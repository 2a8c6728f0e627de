"""Reassembly alone: packets to streams in memory, nothing written. `python bench/reassemble.py CAPTURE`."""

from __future__ import annotations

import sys
from pathlib import Path

from tongguan.capture.traffic import open_capture


def main() -> None:
    packets = connections = payload = 0
    with open_capture(Path(sys.argv[1])) as capture:
        for chunk in capture.chunks():
            packets += chunk.packets
            connections += len(chunk.closed)
            payload += int(chunk.runs.length.sum())
    print(f"{packets:,} packets, {connections:,} connections, {payload:,} bytes of payload")


if __name__ == "__main__":
    main()
