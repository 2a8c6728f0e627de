"""One content being unfolded: what was found so far, what may still be taken out of it, and the process that parses."""

from __future__ import annotations

import re
import time
from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import Any

from tongguan.identify.extract import worker
from tongguan.identify.extract.extraction import Extraction, Limits
from tongguan.identify.pieces import Piece
from tongguan.model import BlindKind, BlindSpot

__all__ = ["FAULT", "TOO_MUCH", "Unfolding", "joined"]

FAULT = "fault of the reader"
TOO_MUCH = "unfolds to more than allowed"
_CONTROL = re.compile(r"[\x00-\x1f\x7f\u202a-\u202e\u2066-\u2069]")
_PATIENCE = 10.0  # seconds that a parser may take for any content …
_BYTES_A_SECOND = 200_000  # … and for more the larger it is
_CROWD = 200  # blind spots told one by one
_NAME_LIMIT = 255
_PATH_LIMIT = 1000


@dataclass(slots=True)
class Unfolding(ABC):
    """State and limits of one extraction."""

    limits: Limits
    name: str
    pieces: list[Piece] = field(default_factory=list)
    blind_spots: list[BlindSpot] = field(default_factory=list)
    crowd: dict[tuple[BlindKind, str], tuple[int, int]] = field(default_factory=dict)  # count and bytes
    seen: set[bytes] = field(default_factory=set)  # digests of pictures that were read
    encoding: str | None = None
    bytes_left: int = 0
    members_left: int = 0
    images_left: int = 0
    deadline: float = 0.0

    @abstractmethod
    def open(
        self, data: bytes, member: str | None, media_type: str, name: str | None, charset: str | None, depth: int
    ) -> None:
        """Add the pieces of one content or member. `depth` counts the containers around it."""

    def allow(self, size: int) -> None:
        """Set what may be taken out of a content of `size` bytes."""
        limits = self.limits
        self.bytes_left = min(limits.total_bytes, max(limits.ratio_floor, limits.ratio * size))
        self.members_left = limits.members
        self.images_left = limits.images
        self.deadline = time.monotonic() + limits.seconds

    def result(self) -> Extraction:
        rest = [BlindSpot(kind, self.name, detail, *sums) for (kind, detail), sums in self.crowd.items()]
        return Extraction(self.pieces, self.blind_spots + rest, self.encoding)

    def blind(self, kind: BlindKind, member: str | None, detail: str, size: int = 0, count: int = 1) -> None:
        """Note a blind spot; after many, by kind and detail only."""
        spot = BlindSpot(kind, member or self.name, detail, count, size)
        if spot in self.blind_spots[-3:]:
            return  # two parsers say the same of one content
        if len(self.blind_spots) < _CROWD:
            self.blind_spots.append(spot)
        else:
            seen, bytes_ = self.crowd.get((kind, detail), (0, 0))
            self.crowd[kind, detail] = seen + count, bytes_ + size

    def spend(self, size: int, member: str | None) -> bool:
        """Count bytes taken out; False, with a blind spot, where none are left."""
        if self.bytes_left < size:
            self.blind(BlindKind.TRUNCATED, member, TOO_MUCH, size)
            return False
        self.bytes_left -= size
        return True

    def late(self) -> bool:
        return time.monotonic() >= self.deadline

    def ask(
        self, what: str, data: bytes, member: str | None, memory: int = 0, **more: Any
    ) -> tuple[dict[str, Any], list[bytearray]]:
        """Ask the process of the parsers. Where it fails the report's `end` is `failed`; blind spots are noted."""
        request = {"what": what, "max_bytes": self.bytes_left, "max_members": self.members_left, **more}
        patience = min(
            self.deadline - time.monotonic(), _PATIENCE + len(data) / _BYTES_A_SECOND + more.get("budget", 0)
        )
        try:
            report, blobs = worker.shared(memory or self.limits.worker_memory).ask(request, data, max(0.1, patience))
        except worker.Failed as failure:
            if failure.why == "time":
                self.blind(BlindKind.TRUNCATED, member, "took longer than the time limit", len(data))
            else:
                detail = "the parser ended: damaged, or made to exhaust memory"
                self.blind(BlindKind.UNREADABLE, member, detail, len(data))
            return {"end": "failed"}, []
        match report["end"]:
            case "memory":
                self.blind(BlindKind.UNREADABLE, member, "needs more memory than a parser may have", len(data))
            case "fault":
                self.blind(BlindKind.UNREADABLE, member, f"{FAULT}: {report['why']}", len(data))
            case "encrypted":
                self.blind(BlindKind.ENCRYPTED, member, "protected by a password", len(data))
            case "damaged":
                self.blind(BlindKind.UNREADABLE, member, "damaged or cut short", len(data))
            case "bytes" if what != "archive":  # an archive's members say it themselves
                self.blind(BlindKind.TRUNCATED, member, TOO_MUCH)
            case "members":
                self.blind(BlindKind.TRUNCATED, member, "has more members than allowed")
        return report, blobs


def joined(parent: str | None, name: str | None) -> str | None:
    """A member path: names only, whatever they say; control characters out, length bounded."""
    if not name:
        return parent
    clean = _CONTROL.sub("\ufffd", name)[-_NAME_LIMIT:]
    return clean if parent is None else f"{parent}/{clean}"[-_PATH_LIMIT:]
