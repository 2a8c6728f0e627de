"""`report.docx`: the same report as a formal document, to be filed, signed and kept."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from tongguan import whole_file
from tongguan.casework.report import contents, raster
from tongguan.casework.report.compare import filing, other_differences
from tongguan.casework.report.drawings import Drawings
from tongguan.casework.report.page import CARDS, EVIDENCE, PLACES, ROWS, languages
from tongguan.casework.report.particulars import particulars
from tongguan.casework.report.shape import complete
from tongguan.casework.report.words import Words
from tongguan.wording import Language

__all__ = ["write_docx"]

WIDTH = 640  # units of a picture across the page: its 12-unit texts become about 9 points


def write_docx(result: Mapping[str, Any], path: Path, language: Language | Literal["both"] = "both") -> None:
    """Write the report of a `result.json`; with `both`, Chinese and then English. Raises CannotWrite.

    Pictures need a font with Chinese characters; where the machine has none, the document says so and has tables only.
    """
    from tongguan.casework.report.writer import Writer

    whole = complete(result)
    parts = [Words(one) for one in languages(language)]
    first = parts[0]
    writer = Writer(f"{first('title')} · {whole['exporter']['name']}", first("brand"))
    header = first("footer", exporter=whole["exporter"]["name"], as_of=whole["as_of"])
    writer.frame(header, first("page", page="{page}", pages="{pages}"))
    for number, words in enumerate(parts):
        if number:
            writer.new_page()
        _Paper(writer, whole, words).write()
    whole_file.replace(path, writer.saved(), private=False)


class _Paper:
    """One language's pass through the report."""

    def __init__(self, writer: Any, result: dict[str, Any], words: Words) -> None:
        self.writer = writer
        self.result = result
        self.words = words
        self.draw = Drawings(result, words)
        self.font = raster.cjk_font()
        self.blind = contents.blind(result)
        self.recipients = contents.recipients(result)
        self.alerts = contents.alerts(result)
        self.chapter = 0

    def write(self) -> None:
        self.cover()
        self.answer()
        self.lines()
        self.flows()
        self.matrix()
        self.told_recipients()
        self.told_alerts()
        self.unseen()
        self.method()
        self.seal()

    # ---- chapters

    def cover(self) -> None:
        w, result = self.words, self.result
        self.writer.title(w("title"), result["exporter"]["name"] or w("unnamed"))
        coverage, totals = result["coverage"], result["totals"]
        rows = [(w("cover.as_of"), result["as_of"])]
        if len(result["run"]["window"]) == 2:
            first, last = result["run"]["window"]
            rows.append((w("cover.window"), w("range", first=first, last=last)))
        if coverage["from"]:
            rows.append((w("cover.seen"), w("range", first=w.time(coverage["from"]), last=w.time(coverage["to"]))))
        if result["exporter"]["city"]:
            rows.append((w("cover.city"), result["exporter"]["city"]))
        rows.append((w("cover.ciio"), w.yes(result["exporter"]["ciio"])))
        rows += [
            (w("chapter.answer"), w.pathway(result["decision"]["pathway"])),
            (w("figure.persons"), self.counted(totals["persons"], coverage["unread"])),
            (w("figure.sensitive"), self.counted(totals["sensitive_persons"], coverage["unread"])),
            (
                w("figure.crossings"),
                w.aside(w.exact(totals["crossings"]), w.bytes(totals["bytes"])),
            ),
            (w("figure.recipients"), w.exact(len(self.recipients))),
            (w("figure.alerts"), w.exact(len(self.alerts))),
            (w("chapter.blind"), self.strip()),
            (w("cover.generated"), w.time(result["generated"])),
        ]
        self.writer.pairs(rows)
        self.writer.paragraph(contents.sentence(result, w), bold=True)
        if self.font is None:
            self.writer.paragraph(w("no_font"), small=True)
        self.writer.paragraph(w("clock"), small=True)

    def answer(self) -> None:
        self.head("answer")
        self.decision(self.result["decision"], level=1)

    def lines(self) -> None:
        w, totals = self.words, self.result["totals"]
        self.head("lines")
        self.writer.paragraph(w("lines.lede"))
        if self.result["exporter"]["ciio"]:
            self.writer.paragraph(w("lines.ciio"), bold=True)
        for what in ("persons", "sensitive_persons"):
            name = w("lines.persons" if what == "persons" else "lines.sensitive")
            self.writer.heading(w.pair(f"{name} · {w('lines.counted')}", self.counted(totals["counted"][what])), 2)
            self.picture(self.draw.gauge(what, WIDTH), name)
            left = contents.next_line(w, self.draw.zones(what), totals["counted"][what]["count"])
            self.writer.paragraph(w.pair(w("lines.next"), left))
        parts = (("lines.counted", totals["counted"]), ("lines.exempt", totals["exempt"]), ("lines.all", totals))
        head = ("", w("lines.persons"), w("bounds"), w("lines.sensitive"), w("bounds"))
        rows = [
            [w(key), *(cell for what in ("persons", "sensitive_persons") for cell in self.number(count[what]))]
            for key, count in parts
        ]
        self.writer.table(head, rows, numbers=(1, 2, 3, 4))
        self.writer.paragraph(w("lines.overlap"), small=True)

    def flows(self) -> None:
        w, flows = self.words, self.result["flows"]
        self.head("flows")
        if not flows:
            self.writer.paragraph(w("flow.none"))
            return
        self.picture(self.draw.flows(WIDTH), w("picture.flows"))
        self.writer.paragraph(w("flow.note"), small=True)
        head = [w(key) for key in ("system", "recipient", "country", "persons", "crossings", "bytes", "pathway")]
        rows = [
            [
                flow["system"] or w("unnamed"),
                flow["recipient"] or w("unnamed"),
                w.country(flow["country"]),
                w.exact(flow["persons"]),
                w.exact(flow["crossings"]),
                w.bytes(flow["bytes"]),
                w.pathway(flow["pathway"] or "undetermined"),
            ]
            for flow in flows
        ]
        self.cut(head, rows, numbers=(3, 4, 5))

    def matrix(self) -> None:
        w, matrix = self.words, contents.matrix(self.result)
        self.head("matrix")
        if not matrix.types:
            self.writer.paragraph(w("matrix.none"))
            return
        # Types down and countries across: documents are narrow, and there are fewer countries.
        head = [w("types"), *(w.country(country) for country in matrix.countries)]
        rows = [
            [w.type(type), *(self.cell(matrix.cells.get((c, type))) for c in matrix.countries)] for type in matrix.types
        ]
        self.writer.table(head, rows, numbers=range(1, len(head)))
        self.writer.paragraph(w("matrix.note.plain"), small=True)

    def told_recipients(self) -> None:
        w = self.words
        self.head("recipients")
        if not self.recipients:
            self.writer.paragraph(w("recipients.none"))
            return
        self.writer.paragraph(w("recipients.lede"))
        self.picture(self.draw.bars(WIDTH), w("picture.recipients"))
        keys = ("recipient", "country", "persons", "bounds", "sensitive", "crossings", "pathway", "differences")
        rows = []
        for one in self.recipients:
            path = w.pathway(one["decision"]["pathway"])
            path = w.aside(path, w("exempt")) if one["exempt"] else path
            rows.append(
                [
                    one["name"] or w("unnamed"),
                    w.country(one["country"]),
                    *self.number(one["persons"]),
                    w.exact(one["sensitive_persons"]["count"]),
                    w.exact(one["crossings"]),
                    path,
                    w.exact(len(one["differences"])),
                ]
            )
        self.cut([w(key) for key in keys], rows, numbers=(2, 3, 4, 5, 7))
        for number, one in enumerate(self.recipients[:CARDS], 1):
            self.writer.heading(f"5.{number} {one['name'] or w('unnamed')} · {w.country(one['country'])}", 2)
            self.recipient(one)
        if len(self.recipients) > CARDS:
            self.writer.paragraph(w("recipients.more", count=len(self.recipients) - CARDS))

    def told_alerts(self) -> None:
        w = self.words
        self.head("alerts")
        if not self.alerts:
            self.writer.paragraph(w("alerts.none"))
        for number, alert in enumerate(self.alerts, 1):
            title = (alert["title_en"] or alert["title"]) if w.language == "en" else alert["title"]
            self.writer.heading(f"6.{number} [{w.known('severity', alert['severity'])}] {title}", 2)
            cited = w("list.join").join(w.cite(item) for item in alert["citations"]) or alert["citation"]
            self.writer.pairs([*particulars(alert, self.result, w), (w("basis"), cited)])
            self.evidence(alert["evidence"])

    def unseen(self) -> None:
        w, coverage = self.words, self.result["coverage"]
        self.head("blind")
        self.writer.paragraph(w("blind.lede") if self.blind else w("blind.none"))
        self.picture(self.draw.coverage(WIDTH), w("picture.coverage"))
        self.writer.paragraph(contents.exchanges_read(coverage, w))
        if coverage["detectors_off"]:
            self.writer.paragraph(w("blind.detectors", types=w.types(coverage["detectors_off"])))
        if not self.blind:
            return
        head = [w(key) for key in ("blind.kind", "blind.count", "blind.size", "blind.remedy")]
        rows = [
            [w.known("kind", g.kind), w.exact(g.count), self.size(g.size), w.optional(f"remedy.{g.kind}")]
            for g in self.blind
        ]
        self.writer.table(head, rows, numbers=(1, 2))
        for group in self.blind:
            self.writer.heading(w.known("kind", group.kind), 3)
            rows = [
                [spot["where"], w.unseen(spot["detail"]), w.exact(spot["count"]), self.size(spot["size"])]
                for spot in group.places[:PLACES]
            ]
            self.writer.table([w(f"blind.{key}") for key in ("where", "detail", "count", "size")], rows, numbers=(2, 3))
            if len(group.places) > PLACES:
                rest = sum(spot["count"] for spot in group.places[PLACES:])
                self.writer.paragraph(w("blind.more", count=rest), small=True)

    def method(self) -> None:
        self.head("method")
        self.writer.bullets(contents.method(self.result, self.words))

    def seal(self) -> None:
        w, run = self.words, self.result["run"]
        self.head("seal")
        if run["audit"]["root"]:
            self.writer.paragraph(w("seal.audit", index=run["audit"]["index"]))
            self.writer.paragraph(run["audit"]["root"])
            self.writer.paragraph(w("seal.how", index=run["audit"]["index"]), small=True)
        else:
            self.writer.paragraph(w("seal.none"))
        if run["id"]:
            self.writer.paragraph(f"{w('cover.run')} {run['id']}", small=True)
        if run["sources"]:
            head = [w(f"seal.{key}") for key in ("path", "kind", "size", "hash")]
            rows = [
                [s["path"], w.known("source", s["kind"]), w.bytes(s["size"]), s["sha256"] or "–"]
                for s in run["sources"]
            ]
            self.cut(head, rows, numbers=(2,))
        self.writer.pairs([(w("seal.signed"), ""), (w("seal.date"), "")])

    # ---- parts of chapters

    def decision(self, decision: dict[str, Any], level: int) -> None:
        """Facts → rules with citations → what is missing → what would change it → what is to be done."""
        w = self.words
        day = decision["date"] or self.result["as_of"]
        rules = w("why.on", date=day, regime=w.regime(decision["regime"]))
        self.writer.paragraph(w.aside(w.pathway(decision["pathway"]), rules), bold=True)
        facts = contents.facts_used(decision)
        if facts:
            self.writer.heading(w("why.facts"), level + 1)
            self.writer.pairs([(w.fact(fact), w.value(fact, value)) for fact, value in facts.items()])
        if decision["reasons"]:
            self.writer.heading(w("why.rule"), level + 1)
            texts = [
                w.said(same[0]) + " " + w("list.join").join(w.cite(reason) for reason in same)
                for same in contents.rules(decision)
            ]
            self.writer.bullets(texts)
        self.writer.heading(w("why.missing"), level + 1)
        if decision["missing"]:
            self.writer.bullets([w.fact(fact) for fact in decision["missing"]])
        else:
            self.writer.paragraph(w("why.nothing_missing"))
        self.writer.heading(w("why.change"), level + 1)
        if decision["would_change"]:
            self.writer.bullets([w.said(change) for change in decision["would_change"]])
        else:
            self.writer.paragraph(w("why.no_change"))
        self.duties(decision, level)

    def duties(self, decision: dict[str, Any], level: int) -> None:
        w, whole = self.words, self.result["decision"]
        if decision["options"]:
            self.writer.heading(w("why.options"), level + 1)
            self.writer.paragraph(w("list.join").join(w.pathway(option) for option in decision["options"]))
        if decision["obligations"] and decision is not whole and decision["obligations"] == whole["obligations"]:
            self.writer.paragraph(w("why.same_obligations"), small=True)
        elif decision["obligations"]:
            self.writer.heading(w("why.obligations"), level + 1)
            rows = [[w.said(item), w.cite(item), item["due"] or "–"] for item in decision["obligations"]]
            self.writer.table([w("why.obligations"), w("basis"), w("due")], rows)
        if decision["warnings"] and (decision is whole or decision["warnings"] != whole["warnings"]):
            self.writer.heading(w("why.warnings"), level + 1)
            self.writer.bullets([w.said(item) for item in decision["warnings"]])

    def recipient(self, one: dict[str, Any]) -> None:
        w = self.words
        types = [self.type(one, type) for type in one["types"]]
        rows = [
            (w("filed.persons"), self.counted(one["persons"], one["unread"])),
            (w("figure.sensitive"), self.counted(one["sensitive_persons"], one["unread"])),
            (w("figure.crossings"), w.aside(w.exact(one["crossings"]), w.bytes(one["bytes"]))),
            (w("figure.blind"), w.exact(one["unread"])),
            (w("types"), w("list.join").join(types) or w("none")),
        ]
        if one["first"]:
            rows.append((w("recipient.between"), w("range", first=w.time(one["first"]), last=w.time(one["last"]))))
        if one["activities"] or one["activity"]:
            rows.append((w("recipient.activity"), w("list.join").join(one["activities"] or [one["activity"]])))
        if kinds := one.get("kinds"):
            rows.append((w("kinds"), w("list.join").join(w.kind_of_document(kind, n) for kind, n in kinds.items())))
        self.writer.pairs(rows)
        compared = filing(one, self.result["as_of"], w)
        if compared:
            head = [w("item"), contents.filed_head(one, w), w("observed"), w("difference")]
            self.writer.table(head, [[row.item, row.filed, row.observed, row.difference] for row in compared])
        else:
            self.writer.paragraph(w("recipient.unfiled"))
        if others := other_differences(one):
            texts = [f"{w.known('difference', item['kind'])} {w.types(item['types'])}" for item in others]
            self.writer.bullets([text.rstrip() for text in texts])
        self.decision(one["decision"], level=2)

    def evidence(self, pieces: list[dict[str, Any]]) -> None:
        w = self.words
        if not pieces:
            return
        self.writer.paragraph(w("alerts.evidence", count=len(pieces)), small=True)
        rows = [
            [
                w.time(item["ts"]),
                item["operation"],
                item["application"],
                w.types(item["types"]),
                w("list.join").join(value if isinstance(value, str) else w.said(value) for value in item["masked"]),
            ]
            for item in pieces[:EVIDENCE]
        ]
        self.writer.table([w(key) for key in ("time", "operation", "application", "types", "masked")], rows)
        if len(pieces) > EVIDENCE:
            self.writer.paragraph(w("alerts.more", count=len(pieces) - EVIDENCE), small=True)

    # ---- small parts

    def head(self, id: str) -> None:
        self.chapter += 1
        self.writer.heading(f"{self.chapter} {self.words(f'chapter.{id}')}", 1)

    def picture(self, svg: str, label: str) -> None:
        if svg and self.font:
            self.writer.picture(raster.png(svg, self.font), label)

    def cut(self, head: list[str], rows: list[list[str]], numbers: tuple[int, ...]) -> None:
        self.writer.table(head, rows[:ROWS], numbers=numbers)
        if len(rows) > ROWS:
            self.writer.paragraph(self.words("table.more", count=len(rows) - ROWS), small=True)

    def counted(self, persons: dict[str, int], unread: int = 0) -> str:
        number = self.words("flow.persons", persons=self.words.exact(persons["count"]))
        return self.words.aside(number, self.words.bounds(persons, unread))

    def number(self, persons: dict[str, int]) -> list[str]:
        return [self.words.exact(persons["count"]), f"{persons['low']:,} – {persons['high']:,}"]

    def cell(self, cell: contents.Cell | None) -> str:
        w = self.words
        if cell is None:
            return "–"
        text = (("≤ " if cell.recipients > 1 else "") + w.exact(cell.persons)) if cell.counted else w("matrix.seen")
        marks = [w("matrix.unfiled")] * cell.unfiled + [w("matrix.sensitive")] * cell.sensitive
        return w.aside(text, w("list.join").join(marks)) if marks else text

    def type(self, one: dict[str, Any], type: str) -> str:
        """A data type with its persons, and whether it is sensitive."""
        name, persons = self.words.type(type), one["type_persons"].get(type)
        text = name if persons is None else f"{name} {self.words.exact(persons)}"
        return self.words.aside(text, self.words("sensitive")) if type in one["sensitive_types"] else text

    def size(self, size: int) -> str:
        return self.words.bytes(size) if size else self.words("blind.size_unknown")

    def strip(self) -> str:
        return contents.strip(self.blind, self.words)
