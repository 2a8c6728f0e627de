"""What a look at the log from outside came to: an export verified, anchors held against a chain."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from tongguan.trust.audit.verdict import Problem
from tongguan.wording import wording

__all__ = ["Report"]

PROBLEMS_LIMIT = 200


@dataclass
class Report:
    """What a verification found. `root` is recomputed from the entries; `remarks` are not problems."""

    origin: str = ""
    size: int = 0  # entries that the checkpoint speaks of
    root: bytes = b""
    entries: int = 0  # entries read and hashed
    authenticated: bool = False  # whether the reader named the log's key
    heads: int = 0  # other signed heads that agree
    cosigned: int = 0  # the largest size that the asked number of witnesses cosigned
    receipts: int = 0  # anchor receipts that agree
    anchored: int = 0  # the largest size that agrees with the chain itself; 0 where the chain was not asked
    problems: list[Problem] = field(default_factory=list)
    remarks: list[Mapping[str, str]] = field(default_factory=list)
    unlisted: int = 0

    @property
    def ok(self) -> bool:
        return not self.problems

    def problem(self, kind: str, first: int = -1, last: int = -1, detail: str = "") -> None:
        """Add a problem; one that goes on from the problem before it makes that one longer."""
        if self.problems and kind in ("altered", "missing"):
            before = self.problems[-1]
            if (before.kind, before.last + 1) == (kind, first):
                self.problems.pop()
                first = before.first
        if len(self.problems) >= PROBLEMS_LIMIT:
            self.unlisted += 1
            return
        self.problems.append(Problem(kind, first, last, _text(kind, first, last, detail)))

    def remark(self, kind: str, first: int = -1, last: int = -1, detail: str = "") -> None:
        self.remarks.append(_text(kind, first, last, detail))

    def end(self) -> None:
        if self.unlisted:
            self.problems.append(Problem("more", -1, self.unlisted, _text("more", -1, self.unlisted, "")))


def _text(kind: str, first: int, last: int, detail: str) -> dict[str, str]:
    shown = "".join(
        c if c.isprintable() else ascii(c)[1:-1] for c in detail
    )  # some of it is by whoever made the export
    return wording("tongguan.trust.audit", "outside.yaml").both(kind, first=first, last=last, detail=shown)
