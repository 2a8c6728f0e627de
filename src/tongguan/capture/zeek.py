"""Rows of the Zeek-style logs: the same names and fields as Zeek's own, as JSON lines."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TextIO

from tongguan.capture.protocols import Ends
from tongguan.capture.traffic import ConnectionStats

__all__ = ["Logs", "conn_fields", "without_secrets"]

_SECRET = re.compile(r"(?i)(?<=[?&;])([^=&;]*(?:passw(?:or)?d|pwd|passphrase)[^=&;]*)=[^&;#\s]*")
_USERINFO = re.compile(r"(?<=://)([^/@:\s]*):[^/@\s]*@")


class Logs:
    """A folder of JSON lines, one file a log, made when its first row comes."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._files: dict[str, TextIO] = {}

    def write(self, log: str, row: Mapping[str, Any]) -> None:
        """Add a row."""
        file = self._files.get(log)
        if file is None:
            path = self.folder / f"{log}.jsonl"  # odd bytes of a file's name are escaped, as JSON may
            file = self._files[log] = path.open("w", encoding="utf-8", errors="backslashreplace")
        json.dump(row, file, ensure_ascii=False, separators=(",", ":"), default=str)
        file.write("\n")

    def row(self, log: str, ts: float, ends: Ends, fields: Mapping[str, Any]) -> None:
        """Add a row about a connection."""
        self.write(log, {**connection_fields(ts, ends), **fields})

    def close(self) -> None:
        """Finish all files."""
        for file in self._files.values():
            file.close()


def connection_fields(ts: float, ends: Ends) -> dict[str, Any]:
    """The columns that every log about a connection begins with."""
    return {
        "ts": round(ts, 6),
        "uid": ends.uid,
        "id.orig_h": ends.client.ip,
        "id.orig_p": ends.client.port,
        "id.resp_h": ends.server.ip,
        "id.resp_p": ends.server.port,
    }


def conn_fields(stats: ConnectionStats, service: str) -> dict[str, Any]:
    """A row of conn.jsonl."""
    info = stats.info
    duration = max(stats.last - info.ts, 0.0)
    return {
        "ts": round(info.ts, 6),
        "uid": info.uid,
        "id.orig_h": info.client_ip,
        "id.orig_p": info.client_port,
        "id.resp_h": info.server_ip,
        "id.resp_p": info.server_port,
        "proto": info.transport,
        **({"service": service} if service else {}),
        "duration": round(duration, 6),
        "orig_bytes": stats.bytes[0] + stats.gaps[0],
        "resp_bytes": stats.bytes[1] + stats.gaps[1],
        "conn_state": stats.state,
        "missed_bytes": sum(stats.gaps),
        "history": stats.history,
        "orig_pkts": stats.packets[0],
        "resp_pkts": stats.packets[1],
    }


def without_secrets(uri: str) -> str:
    """A URI with its passwords blanked."""
    return _SECRET.sub(r"\1=<hidden>", _USERINFO.sub(r"\1:<hidden>@", uri))
