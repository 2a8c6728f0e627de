"""What `capture.traffic` gives: connections, their payload in order, their datagrams.

Addresses are text, ports are numbers, times are seconds since the epoch (float64), sizes are bytes.
Direction 0 is client → server, direction 1 is server → client.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from tongguan.model import BlindSpot

__all__ = ["Chunk", "ConnectionInfo", "ConnectionStats", "Datagrams", "Runs"]


@dataclass(frozen=True, slots=True)
class ConnectionInfo:
    """One conversation: a TCP connection, or UDP datagrams between the same two ports without a long pause."""

    conn: int  # its number in the capture, from 0 on in order of first packets: the key in the columns
    uid: str  # stable between runs over the same input
    transport: str  # tcp, udp
    client_ip: str
    client_port: int
    server_ip: str
    server_port: int
    ts: float  # first packet
    midstream: bool  # TCP whose SYN was not captured: the client is a guess from the ports, its beginning is missing


@dataclass(frozen=True, slots=True)
class ConnectionStats:
    """A connection that ended. Pairs are (client → server, server → client)."""

    info: ConnectionInfo
    last: float  # last packet
    ended: str  # fin, rst, reuse (new SYN on the same ports), idle, evicted (too many open), end (of the capture)
    state: str  # S0 S1 S2 S3 SF REJ RSTO RSTR RSTOS0 RSTRH SH SHR OTH, as in Zeek's conn.log
    history: str  # first occurrence of S H A D F R T G I, lower case where the server did it, as in Zeek's conn.log
    packets: tuple[int, int]
    bytes: tuple[int, int]  # payload delivered
    gaps: tuple[int, int]  # bytes that the capture never held
    truncated: tuple[int, int]  # bytes cut by the snap length
    overlaps: tuple[int, int]  # bytes sent again with other values; the first copy was delivered
    retransmissions: tuple[int, int]  # segments that held bytes seen before
    out_of_order: tuple[int, int]  # segments that came before an earlier one


@dataclass(frozen=True, slots=True)
class Runs:
    """TCP payload in order, one row for each stretch of one direction without a gap.

    Rows of one connection stand together, in the order in which their bytes became deliverable: a dialogue.
    Bytes of row i are `chunk.payload[offset[i] : offset[i] + length[i]]`.
    """

    conn: NDArray[np.int64]
    direction: NDArray[np.uint8]
    ts: NDArray[np.float64]  # packet that brought the first byte
    offset: NDArray[np.int64]
    length: NDArray[np.int64]  # 0 where a connection ended in a gap
    gap_before: NDArray[np.int64]  # bytes of this direction missing just before the run

    def __len__(self) -> int:
        return len(self.conn)


@dataclass(frozen=True, slots=True)
class Datagrams:
    """UDP payload, one row a datagram, in the order of the capture."""

    conn: NDArray[np.int64]
    direction: NDArray[np.uint8]
    ts: NDArray[np.float64]
    offset: NDArray[np.int64]
    length: NDArray[np.int64]
    missing: NDArray[np.int64]  # bytes cut off its end by the snap length

    def __len__(self) -> int:
        return len(self.conn)


@dataclass(frozen=True, slots=True)
class Chunk:
    """What one stretch of a capture brought. `payload` and the columns are reused: valid until the next chunk."""

    ordinal: int
    packets: int
    bytes: int  # of the capture, headers included
    payload: NDArray[np.uint8]
    runs: Runs
    datagrams: Datagrams
    opened: list[ConnectionInfo] = field(default_factory=list)
    closed: list[ConnectionStats] = field(default_factory=list)  # to be closed after the runs were read
    blind_spots: list[BlindSpot] = field(default_factory=list)
    last: bool = False
