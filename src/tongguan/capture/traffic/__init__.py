"""Packets to streams: pcap and pcapng in, TCP payload in order and UDP datagrams out, chunk by chunk."""

from tongguan.capture.traffic.capture import Capture, compile_kernels, open_capture
from tongguan.capture.traffic.streams import Chunk, ConnectionInfo, ConnectionStats, Datagrams, Runs

__all__ = [
    "Capture",
    "Chunk",
    "ConnectionInfo",
    "ConnectionStats",
    "Datagrams",
    "Runs",
    "compile_kernels",
    "open_capture",
]
