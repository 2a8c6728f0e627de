"""The report's pictures: what each shows, for a page or a document."""

from __future__ import annotations

from typing import Any

from tongguan.casework.report import contents, flows, lines, pictures
from tongguan.casework.report.words import Words

__all__ = ["Drawings"]

BARS = 20


class Drawings:
    """The pictures of one completed result in one language, as SVG. Empty text where there is nothing to draw."""

    def __init__(self, result: dict[str, Any], words: Words) -> None:
        self.result = result
        self.words = words

    def flows(self, width: int) -> str:
        if not self.result["flows"]:
            return ""
        words = self.words
        heads = [words(f"flow.heads.{head}") for head in ("system", "recipient", "country")]
        return pictures.sankey(
            flows.columns(self.result, words), flows.links(self.result), heads, words("picture.flows"), width
        )

    def zones(self, what: str) -> list[pictures.Zone]:
        return lines.zones(self.result["as_of"], what, self.words)

    def gauge(self, what: str, width: int) -> str:
        """`what`: persons or sensitive_persons, as counted towards the lines."""
        found = self.zones(what)
        if not found:
            return ""
        persons = self.result["totals"]["counted"][what]
        label = self.words(
            "picture.gauge",
            what=self.words("lines.persons" if what == "persons" else "lines.sensitive"),
            value=self.words.exact(persons["count"]),
            lines=self.words("list.join").join(zone.line for zone in found[1:]),
        )
        return pictures.gauge(persons["count"], persons["low"], persons["high"], found, label, width)

    def bars(self, width: int) -> str:
        rows = [
            pictures.Bar(
                label=recipient["name"] or self.words("unnamed"),
                note=self._persons(recipient),
                value=recipient["persons"]["count"],
                low=recipient["persons"]["low"],
                high=recipient["persons"]["high"],
                pathway=recipient["decision"]["pathway"],
                outlined=bool(recipient["exempt"]),
            )
            for recipient in contents.recipients(self.result)[:BARS]
        ]
        return pictures.bars(rows, self.words("picture.recipients"), width) if rows else ""

    def _persons(self, recipient: dict[str, Any]) -> str:
        persons = self.words("flow.persons", persons=self.words.short(recipient["persons"]["count"]))
        unread = recipient["unread"]
        return self.words("bar.unread", persons=persons, count=self.words.short(unread)) if unread else persons

    def coverage(self, width: int) -> str:
        coverage = self.result["coverage"]
        parts = [("seen", coverage["read"]), ("unseen", coverage["unread"])]
        return pictures.share(parts, self.words("picture.coverage"), width) if any(size for _, size in parts) else ""
