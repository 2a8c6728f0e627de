"""Rows of the flow table as connections with names, addresses and a state in Zeek's letters."""

from __future__ import annotations

import hashlib
import socket
import struct
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tongguan.capture.traffic.layout import EVICTED, FIN, IDLE, REUSE, RST
from tongguan.capture.traffic.streams import ConnectionInfo, ConnectionStats

__all__ = ["connection_info", "connection_stats"]

_KEY = struct.Struct(">qqQQQQQ")
_MAPPED = 0xFFFF
_WORD = (1 << 64) - 1
_LETTERS = "-SHADFRTGI"
_S, _H, _A, _D, _F, _R = range(1, 7)
_ENDED = {FIN: "fin", RST: "rst", REUSE: "reuse", IDLE: "idle", EVICTED: "evicted"}


def connection_info(flows: NDArray[np.void]) -> list[ConnectionInfo]:
    """Rows of `layout.FLOW` as connections."""
    names = ("number", "first", "a0", "a1", "b0", "b1", "ports", "flip", "midstream")
    return [_info(*row) for row in zip(*(flows[name].tolist() for name in names), strict=True)]


def _info(
    number: int, first: int, a0: int, a1: int, b0: int, b1: int, ports: int, flip: int, midstream: int
) -> ConnectionInfo:
    key = _KEY.pack(number, first, a0 & _WORD, a1 & _WORD, b0 & _WORD, b1 & _WORD, ports & _WORD)
    low, high = (_address(a0, a1), ports >> 24), (_address(b0, b1), (ports >> 8) & 0xFFFF)
    client, server = (high, low) if flip else (low, high)
    return ConnectionInfo(
        conn=number,
        uid="C" + hashlib.blake2b(key, digest_size=8).hexdigest(),
        transport="tcp" if ports & 0xFF == 6 else "udp",
        client_ip=client[0],
        client_port=client[1],
        server_ip=server[0],
        server_port=server[1],
        ts=first * 1e-9,
        midstream=bool(midstream),
    )


@lru_cache(maxsize=65_536)
def _address(high: int, low: int) -> str:
    low &= _WORD
    if high == 0 and low >> 32 == _MAPPED:
        return socket.inet_ntoa((low & 0xFFFFFFFF).to_bytes(4, "big"))
    return socket.inet_ntop(socket.AF_INET6, ((high & _WORD) << 64 | low).to_bytes(16, "big"))


def connection_stats(
    flows: NDArray[np.void], clients: NDArray[np.void], servers: NDArray[np.void]
) -> list[ConnectionStats]:
    """Rows of `layout.FLOW` with the `layout.STREAM` rows of their two directions, as connections that ended."""
    names = ("packets", "bytes", "gaps", "truncated", "overlaps", "retransmissions", "disordered")
    pairs: list[list[tuple[int, int]]] = [
        list(zip(clients[name].tolist(), servers[name].tolist(), strict=True)) for name in names
    ]
    ends = ("last", "history", "seen", "fins", "resets", "ended", "ports")
    columns: list[list[Any]] = [flows[name].tolist() for name in ends]
    stats = []
    for k, (info, (last, history, seen, fins, resets, ended, ports)) in enumerate(
        zip(connection_info(flows), zip(*columns, strict=True), strict=True)
    ):
        tcp = ports & 0xFF == 6
        packets, size, gaps, truncated, overlaps, again, disordered = (pair[k] for pair in pairs)
        how = FIN if fins == 3 else (RST if resets else ended)
        stats.append(
            ConnectionStats(
                info=info,
                last=last * 1e-9,
                ended=_ENDED.get(how, "end"),
                state=_tcp_state(seen) if tcp else _udp_state(packets),
                history=_history(history),
                packets=packets,
                bytes=size,
                gaps=gaps,
                truncated=truncated,
                overlaps=overlaps,
                retransmissions=again,
                out_of_order=disordered,
            )
        )
    return stats


def _history(events: int) -> str:
    letters = []
    while events:
        letter = _LETTERS[events & 15]
        letters.append(letter.lower() if events & 16 else letter)
        events >>= 5
    return "".join(reversed(letters))


def _tcp_state(seen: int) -> str:
    """The connection's state, in the words of Zeek's conn.log."""

    def client(event: int) -> bool:
        return bool(seen >> event & 1)

    def server(event: int) -> bool:
        return bool(seen >> (event + 16) & 1)

    if client(_S) and not server(_H):
        if server(_R):
            return "REJ"
        if server(_A) or server(_D) or server(_F):
            return "OTH"
        return "RSTOS0" if client(_R) else ("SH" if client(_F) else "S0")
    if server(_H) and not client(_S):
        return "RSTRH" if server(_R) else ("SHR" if server(_F) and not client(_A) else "OTH")
    if not client(_S):
        return "OTH"
    if client(_F) and server(_F):
        return "SF"
    if client(_R):
        return "RSTO"
    if server(_R):
        return "RSTR"
    return "S2" if client(_F) else ("S3" if server(_F) else "S1")


def _udp_state(packets: tuple[int, int]) -> str:
    return "SF" if all(packets) else ("S0" if packets[0] else "SHR")
