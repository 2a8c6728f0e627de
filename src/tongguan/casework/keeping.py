"""What a run keeps sealed: the originals that its alerts rest on, and its reports."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tongguan.model import Content
from tongguan.wording import readable

if TYPE_CHECKING:
    from tongguan.border import Original
    from tongguan.trust.access import Principal
    from tongguan.trust.evidence import Evidence, Piece

__all__ = ["Safe"]

REPORTS = {
    "result.json": "application/json",
    "report.html": "text/html",
    "report.docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
}
AT_ONCE = 32 << 20  # bytes of originals in memory


class Safe:
    """Puts originals and reports of one run into the evidence store, for the exporter."""

    def __init__(self, evidence: Evidence, entity: str, run: str, by: Principal) -> None:
        self._evidence = evidence
        self._entity = entity
        self._run = run
        self._by = by

    def keep(self, originals: Iterable[Original]) -> None:
        """The contents of these exchanges, each with a view of what was found in it, masked."""
        pieces: list[Piece] = []
        size = 0
        for original in originals:
            for number, content in enumerate(original.crossing.exchange.contents):
                if isinstance(content.source, Path) and content.size > AT_ONCE:
                    self._keep_file(original, number, content.source)
                    continue
                pieces.append(self._piece(original, number, content))
                size += content.size
                if size >= AT_ONCE:
                    self._evidence.add_many(pieces, self._by)
                    pieces, size = [], 0
        self._evidence.add_many(pieces, self._by)

    def name_evidence(self, alerts: list[dict[str, Any]]) -> None:
        """Write beside each exchange that an alert rests on under which ids its originals are kept."""
        known: dict[str, list[str]] = {}
        for shown in (shown for alert in alerts for shown in alert["evidence"] if shown.get("exchange")):
            uid = shown["exchange"]
            if uid not in known:
                found = self._evidence.list(self._by, entity=self._entity, origin={"exchange": uid})
                known[uid] = sorted(manifest.id for manifest in found)
            shown["originals"] = known[uid]

    def keep_reports(self, out: Path) -> None:
        """What was concluded, as it was written."""
        for name, media_type in REPORTS.items():
            with (out / name).open("rb") as file:
                self._evidence.add(
                    file, kind="report", name=name, media_type=media_type, entity=self._entity,
                    origin={"run": self._run}, by=self._by,
                )  # fmt: skip

    def _piece(self, original: Original, number: int, content: Content) -> Piece:
        from tongguan.trust.evidence import Piece

        return Piece(content.read(), **self._about(original, number), masked=original.masked)

    def _keep_file(self, original: Original, number: int, path: Path) -> None:
        """A long file is sealed as it is read."""
        with path.open("rb") as file:
            self._evidence.add(file, **self._about(original, number), masked=original.masked, by=self._by)

    def _about(self, original: Original, number: int) -> dict[str, Any]:
        exchange = original.crossing.exchange
        content = exchange.contents[number]
        return {
            "kind": "file" if content.name else "message",
            "name": readable(content.name or exchange.operation)[:200],
            "media_type": content.media_type[:100] or "application/octet-stream",
            "entity": self._entity,
            "origin": {"exchange": exchange.uid, "content": number, "run": self._run},
        }
