"""One content being unfolded: what was found so far, what may still be taken out of it, and the process that parses."""

from __future__ import annotations

import re
import time
from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from tongguan.identify.extract import worker
from tongguan.identify.extract.extraction import Extraction, Limits
from tongguan.identify.extract.given import Data
from tongguan.identify.extract.naming import UNREAD, is_unread, named
from tongguan.identify.pieces import Piece
from tongguan.model import BlindKind, BlindSpot

__all__ = ["FAULT", "TOO_LARGE", "TOO_MUCH", "Unfolding", "joined"]

FAULT = "fault of the reader"
TOO_LARGE = "larger than what is held whole"
TOO_MUCH = "unfolds to more than allowed"
_CONTROL = re.compile(r"[\x00-\x1f\x7f\u202a-\u202e\u2066-\u2069]")
_PATIENCE = 10.0  # seconds that a parser may take for any content …
_BYTES_A_SECOND = 200_000  # … and for more the larger it is
_CROWD = 5  # blind spots of one reason that are told one by one
_NAME_LIMIT = 255
_PATH_LIMIT = 1000
_HELD = 4 << 20  # characters of pieces that are held before they are handed on
_HELD_PIECES = 10_000


@dataclass(slots=True)
class Unfolding(ABC):
    """State and limits of one extraction.

    What walks a content is a generator without values: at each `yield` what was found so far may be taken.
    """

    limits: Limits
    name: str
    pieces: list[Piece] = field(default_factory=list)
    names: list[Piece] = field(default_factory=list)  # what members are called
    blind_spots: list[BlindSpot] = field(default_factory=list)
    crowd: dict[tuple[BlindKind, str], tuple[int, int]] = field(default_factory=dict)  # count and bytes
    reasons: dict[tuple[BlindKind, str], int] = field(default_factory=dict)  # how many of each were told by themselves
    seen: set[bytes] = field(default_factory=set)  # digests of pictures that were read
    encoding: str | None = None
    bytes_left: int = 0
    members_left: int = 0
    images_left: int = 0
    image_seconds: float = 0.0  # left for text recognition
    deadline: float = 0.0
    _held: int = 0
    _told: int = 0
    _looked: int = 0  # pictures looked into by the last time

    @abstractmethod
    def open(
        self, data: Data, member: str | None, media_type: str, name: str | None, charset: str | None, depth: int
    ) -> Iterator[None]:
        """Add the pieces of one content or member. `depth` counts the containers around it."""

    def allow(self, size: int) -> None:
        """Set what may be taken out of a content of `size` bytes."""
        limits = self.limits
        self.bytes_left = min(limits.total_bytes, max(limits.ratio_floor, limits.ratio * size))
        self.members_left = limits.members
        self.images_left, self.image_seconds = limits.images, limits.image_seconds
        self.deadline = time.monotonic() + limits.seconds + size / limits.bytes_a_second

    def add(self, *pieces: Piece) -> None:
        """Add pieces in reading order."""
        self.pieces += pieces
        self._held += sum(len(piece.text) for piece in pieces)

    def called(self, member: str | None) -> None:
        """Add the name of a member, whether it is opened or not."""
        if member:
            self.names.append(named(member, member))
            if is_unread(member):
                self.blind(BlindKind.UNREADABLE, member, UNREAD)

    def breath(self) -> Iterator[None]:
        """Hand on what was found, where that is much."""
        if self._held >= _HELD or len(self.pieces) + len(self.names) >= _HELD_PIECES:
            yield

    def take(self) -> Extraction:
        """What was found since the last time."""
        pieces, self.pieces, self._held = self.pieces, [], 0
        names, self.names = self.names, []
        told, self._told = self.blind_spots[self._told :], len(self.blind_spots)
        looked, self._looked = (
            self.limits.images - self.images_left - self._looked,
            self.limits.images - self.images_left,
        )
        return Extraction(pieces, told, self.encoding, looked, names)

    def last(self) -> Extraction:
        """What is left at the end, with the blind spots that were only counted."""
        self.blind_spots += [BlindSpot(kind, self.name, detail, *sums) for (kind, detail), sums in self.crowd.items()]
        self.crowd.clear()
        return self.take()

    def blind(self, kind: BlindKind, member: str | None, detail: str, size: int = 0, count: int = 1) -> None:
        """Note a blind spot; after some of one reason, those are counted together."""
        spot = BlindSpot(kind, member or self.name, detail, count, size)
        if spot in self.blind_spots[-3:]:
            return  # two parsers say the same of one content
        told = self.reasons.get((kind, detail), 0)
        if told < _CROWD:
            self.reasons[kind, detail] = told + 1
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

    def whole(self, data: Data, member: str | None) -> bytes:
        """All bytes of a content that must be held whole; what is beyond the limit is told."""
        most = self.limits.whole_bytes
        if isinstance(data, bytes):
            return data
        if len(data) > most:
            self.blind(BlindKind.TRUNCATED, member, TOO_LARGE, len(data) - most)
        return data.part(0, most)

    def ask(
        self, what: str, data: Data, member: str | None, memory: int = 0, **more: Any
    ) -> tuple[dict[str, Any], list[bytearray]]:
        """The whole answer of a parser that gives it at once: its report and its blobs."""
        answers = list(self.answers(what, data, member, memory, **more))
        return answers[-1]

    def answers(
        self, what: str, data: Data, member: str | None, memory: int = 0, **more: Any
    ) -> Iterator[tuple[dict[str, Any], list[bytearray]]]:
        """The answers of a parser, one after another; the last report has an `end`.

        Where the parser fails that is `failed`; blind spots are noted.
        """
        request = {"what": what, "max_bytes": self.bytes_left, "max_members": self.members_left, **more}
        conversation = worker.shared(memory or self.limits.worker_memory).conversation(request, data)
        try:
            while True:
                patience = _PATIENCE + len(data) / _BYTES_A_SECOND + more.get("budget", 0)
                left = self.deadline - time.monotonic()
                report, blobs = conversation.next(max(0.1, min(left, patience)))
                if "end" in report:
                    self._ended(report, what, member, len(data))
                    yield report, blobs
                    return
                yield report, blobs
        except worker.Failed as failure:
            if failure.why == "time":
                self.blind(BlindKind.TRUNCATED, member, "took longer than the time limit", len(data))
            else:
                detail = "the parser ended: damaged, or made to exhaust memory"
                self.blind(BlindKind.UNREADABLE, member, detail, len(data))
            yield {"end": "failed"}, []
        finally:
            conversation.close()

    def _ended(self, report: dict[str, Any], what: str, member: str | None, size: int) -> None:
        match report["end"]:
            case "memory":
                self.blind(BlindKind.UNREADABLE, member, "needs more memory than a parser may have", size)
            case "fault":
                self.blind(BlindKind.UNREADABLE, member, f"{FAULT}: {report['why']}", size)
            case "encrypted":
                self.blind(BlindKind.ENCRYPTED, member, "protected by a password", size)
            case "damaged":
                self.blind(BlindKind.UNREADABLE, member, "damaged or cut short", size)
            case "bytes" if what != "archive":  # an archive's members say it themselves
                self.blind(BlindKind.TRUNCATED, member, TOO_MUCH)
            case "members":
                self.blind(BlindKind.TRUNCATED, member, "has more members than allowed")


def joined(parent: str | None, name: str | None) -> str | None:
    """A member path: names only, whatever they say; control characters out, length bounded."""
    if not name:
        return parent
    clean = _CONTROL.sub("\ufffd", name)[-_NAME_LIMIT:]
    return clean if parent is None else f"{parent}/{clean}"[-_PATH_LIMIT:]
