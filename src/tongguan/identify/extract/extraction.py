"""What extraction gives back, and how far it may go."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from tongguan.identify.pieces import Piece
from tongguan.model import BlindSpot

__all__ = ["Extraction", "Limits"]

MEGABYTE = 1 << 20


@dataclass(frozen=True, slots=True)
class Limits:
    """How far one content may be unfolded. What lies beyond a limit becomes a `truncated` blind spot."""

    depth: int = 5  # containers inside containers
    content_bytes: int = 64 * 1024 * MEGABYTE  # bytes of the content itself
    whole_bytes: int = 128 * MEGABYTE  # bytes of what a parser must have whole: an old document, an archive in another
    total_bytes: int = 4096 * MEGABYTE  # bytes taken out of containers, all levels together
    ratio: int = 200  # bytes taken out to bytes of the content, once `ratio_floor` is passed
    ratio_floor: int = 10 * MEGABYTE
    members: int = 100_000  # members of containers, all levels together
    seconds: float = 60.0  # in all, without what the caller does between stretches; a parser that hangs is ended then
    bytes_a_second: int = 4 * MEGABYTE  # of the content, for which it may take longer
    images: int = 100  # pictures and scanned pages looked into, where text recognition is installed; 0 for none
    image_seconds: float = 120.0  # of text recognition in one content, which do not count as `seconds`
    worker_memory: int = 768 * MEGABYTE  # address space of the process in which native parsers run
    image_memory: int = 1536 * MEGABYTE  # the same for text recognition, which maps its models into it

    @classmethod
    def of_pictures(cls, read: bool = True, seconds: float | None = None) -> Limits:
        """The usual ones, with pictures read or not, and for so many seconds of each content."""
        usual = cls()
        return replace(
            usual, images=usual.images if read else 0, image_seconds=usual.image_seconds if seconds is None else seconds
        )


@dataclass(frozen=True, slots=True)
class Extraction:
    """The text of one content, or a stretch of it. `encoding`: of the content itself, None where it is no text.

    `names`: what lies inside it is called so, each name the path of its member, in pieces of their own kind. The name
    of the content itself is not among them: whoever opened it knows more of it (`named`).
    """

    pieces: list[Piece] = field(default_factory=list)
    blind_spots: list[BlindSpot] = field(default_factory=list)
    encoding: str | None = None
    images: int = 0  # pictures and scanned pages looked into
    names: list[Piece] = field(default_factory=list)
