"""What a parser found in a document: texts, and contents that lie inside it and are opened in their turn."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

__all__ = ["Found", "Role"]

Role = Literal["prose", "form", "xml", "open"]  # text, lines of `name: value`, office XML, bytes to be opened


@dataclass(slots=True)
class Found:
    """Parts of one document in reading order, up to `left` bytes and `members` parts. `end` says how reading ended."""

    left: int
    members: int = 10_000
    end: str = "ok"  # ok, bytes, members, damaged, encrypted
    parts: list[dict[str, Any]] = field(default_factory=list)
    blobs: list[bytes] = field(default_factory=list)
    unseen: dict[tuple[str, str], int] = field(default_factory=dict)  # (kind of blind spot, detail) to a count

    def text(self, name: str | None, text: str, role: Role = "prose") -> None:
        """Add text; None names the document itself."""
        if text.strip():
            self._add(name, role, text.encode("utf-8", "replace"))

    def inside(self, name: str | None, data: bytes) -> None:
        """Add a content that lies inside the document."""
        if data:
            self._add(name, "open", data)

    def markup(self, name: str, data: bytes) -> None:
        """Add XML of an office document."""
        self._add(name, "xml", data)

    def blind(self, kind: str, detail: str, count: int = 1) -> None:
        """Note what could not be read. `kind` is a value of `BlindKind`."""
        self.unseen[kind, detail] = self.unseen.get((kind, detail), 0) + count

    def damaged(self) -> None:
        """Something was lost; what was found stands."""
        if self.end == "ok":
            self.end = "damaged"

    def answer(self) -> tuple[dict[str, Any], list[bytes]]:
        """What was found so far, to be handed on before the end."""
        report = self.report()
        del report["end"]
        blobs, self.parts, self.blobs, self.unseen = self.blobs, [], [], {}
        return report, blobs

    def report(self) -> dict[str, Any]:
        unseen = [[kind, detail, count] for (kind, detail), count in self.unseen.items()]
        return {"end": self.end, "parts": self.parts, "unseen": unseen}

    def _add(self, name: str | None, role: Role, data: bytes) -> None:
        if len(self.parts) >= self.members:
            self.end = "members"
            return
        if len(data) > self.left:
            self.end = "bytes"
            data = data[: max(0, self.left)] if role in ("prose", "form") else b""
        self.left -= len(data)
        if data:
            self.parts.append({"name": name, "role": role})
            self.blobs.append(data)
