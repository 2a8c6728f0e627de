"""Writes docs/law.md from the data of the law room: what is covered, how each parameter is known, what is missing.

python scripts/law_doc.py            write docs/law.md
python scripts/law_doc.py --check    exit 1 where it is out of date
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any

from tongguan.law.book import Instrument, book
from tongguan.law.citing import FIXED_ARTICLES, article_number, citations, documents
from tongguan.wording import wording

TARGET = Path(__file__).parent.parent / "docs" / "law.md"
LEVELS = ("official", "secondary", "seed", "memory", "interpretation", "unverified")  # from the surest
HEADS = {"seed": "2024 guide"}
TOPICS = (  # section, its name, and what holds it: a document, or a document and its first key
    ("1", "Instruments, and the articles on each matter", ("instruments", "articles")),
    ("2", "Paths: rules, thresholds, windows, open readings", ("rules", "parameters")),
    ("3", "Exemptions: their rules", ("rules:exempt",)),
    ("4", "Zones, regional lists, Greater Bay Area", ("zones", "rules:zone", "parameters:greater_bay_area")),
    ("5", "Procedures, clocks and duties", ("procedures", "duties", "holidays")),
    ("6", "Document templates", ("templates",)),
    ("7", "Classes and grades; necessity, notice and consent", ("grades", "grading", "classes", "checklists")),
    ("8", "Foreign regimes", ("destinations",)),
)
NAMELESS = ("countries",)  # data without a legal content


def document() -> str:
    """The whole text."""
    parts = [HEADER, *_topics(), *_instruments(), *_matters(), *_missing()]
    return "\n".join(parts).rstrip() + "\n"


HEADER = """# What the law room covers

Made from the data by `scripts/law_doc.py`; a test compares. Correct the data, not this text.

A *parameter* is an entry of the data that says how it is known. An entry that cites and does not say so (rule, duty,
point of a checklist) is one too: it is known as well as the weakest of the articles that it cites, where an article of
a law that is not among the matters below counts as from memory.

*Official*: an official text, or a mirror of it, was read. *Secondary*: from a law firm, the press or an archive. *2024
guide*: from the guide only. *Memory*: recalled, not checked. *Interpretation*: our inference, mostly behind a switch.
*Unverified*: not found; an answer that rests on it says so."""


# ---- Topics ------------------------------------------------------------------------------------------------------


def _topics() -> Iterator[str]:
    yield "\n## Coverage by topic\n"
    yield _row(["§", "topic", "parameters", *(HEADS.get(level, level) for level in LEVELS)])
    yield _row(["---"] * (3 + len(LEVELS)))
    total: Counter[str] = Counter()
    counts = _counted()
    for section, name, sources in TOPICS:
        count = sum((counts.pop(source, Counter()) for source in sources), Counter())
        total += count
        yield _row([section, name, str(count.total()), *(str(count[level]) for level in LEVELS)])
    for source in sorted(counts):
        total += counts[source]
        yield _row(["", source, str(counts[source].total()), *(str(counts[source][level]) for level in LEVELS)])
    yield _row(["", "**all**", f"**{total.total()}**", *(f"**{total[level]}**" for level in LEVELS)])
    if not any(name.startswith("templates") for name in documents()):
        yield "\n§6 is no part of this room: document templates belong to the casework that fills them."


def _counted() -> dict[str, Counter[str]]:
    counts: dict[str, Counter[str]] = {}
    for source, level in _parameters():
        counts.setdefault(source, Counter())[level] += 1
    return counts


def _parameters() -> Iterator[tuple[str, str]]:
    """Every parameter: where it belongs, and how it is known."""
    for name, content in documents().items():
        if name in NAMELESS:
            continue
        stem = name.partition("/")[0]
        parts = content.items() if isinstance(content, dict) else (("", entry) for entry in content)
        for key, node in parts:
            source = _source(stem, key, node)
            yield from ((source, level) for level in _levels(node, key))


def _source(stem: str, key: str, node: Any) -> str:
    if (stem, key) == ("parameters", "greater_bay_area"):
        return "parameters:greater_bay_area"
    if stem == "rules":
        return "rules:zone" if "zone" in node["id"] else "rules:exempt" if node["pathway"] == "exempt" else stem
    return stem


def _levels(node: Any, key: str) -> Iterator[str]:
    """How the entries at and below a node are known. A reading is an interpretation by nature."""
    if isinstance(node, dict):
        if isinstance(node.get("confidence"), str):
            yield node["confidence"]
        elif key == "readings" and "default" in node:
            yield "interpretation"
        elif "zh" in node and ("instrument" in node or "cites" in node):
            yield _weakest(node)
        for below, child in node.items():
            yield from _levels(child, key if key == "readings" else str(below))
    elif isinstance(node, list):
        for child in node:
            yield from _levels(child, key)


def _weakest(entry: Mapping[str, Any]) -> str:
    """How the least sure of an entry's articles is known."""
    known = _articles()
    levels = []
    for cite in citations(entry):
        one = book().instruments[cite.instrument]
        unlisted = "memory" if one.kind == "law" and cite.article else one.confidence
        levels.append(known.get((one.id, article_number(cite.article or "")), unlisted))
    return max(levels, key=LEVELS.index)


def _articles() -> dict[tuple[str, int | None], str]:
    """How the number of an article is known, where data/articles.yaml says so: the surest entry counts."""
    found: dict[tuple[str, int | None], str] = {}
    for entry in documents()["articles"]["subjects"].values():
        for at in entry["at"]:
            key = (at["instrument"], article_number(at["article"]))
            found[key] = min(found.get(key, LEVELS[-1]), at["confidence"], key=LEVELS.index)
    return found


# ---- Instruments -------------------------------------------------------------------------------------------------


def _instruments() -> Iterator[str]:
    cited = Counter(cite.instrument for cite in citations() if cite.document != "articles")
    matters = Counter(at["instrument"] for entry in documents()["articles"]["subjects"].values() for at in entry["at"])
    words = wording("tongguan.law", "faces.yaml")
    for kind in dict.fromkeys(one.kind for one in book().instruments.values()):
        yield f"\n## Instruments: {words.text(f'kind.{kind}', 'en')}\n"
        yield _row(["id", "title", "number", "published", "in force", "articles", "known", "matters", "cited"])
        yield _row(["---"] * 9)
        for one in book().instruments.values():
            if one.kind == kind:
                yield _row([*_instrument(one), str(matters[one.id]), str(cited[one.id])])


def _instrument(one: Instrument) -> Iterator[str]:
    title = f"《{one.title}》" if not one.described else one.title
    yield f"[{one.id}]({one.source})" if one.source else one.id
    yield f"{title}<br>{one.en}"
    yield one.number or ""
    yield str(one.published or "?")
    until = "" if one.until == date.max else str(one.until)
    yield "draft" if one.draft else f"{one.effective or '?'} – {until}".strip()
    yield str(one.articles or "?")
    yield HEADS.get(one.confidence, one.confidence)


# ---- Matters -----------------------------------------------------------------------------------------------------


def _matters() -> Iterator[str]:
    yield "\n## Articles by matter\n"
    yield _row(["matter", "articles, with the days on which they regulate it"])
    yield _row(["---"] * 2)
    for key, entry in documents()["articles"]["subjects"].items():
        places = "<br>".join(
            f"{at['instrument']} {at['article']} ({at['from']} – {at.get('to', '')})".replace("– )", "–)")
            for at in entry["at"]
        )
        yield _row([f"`{key}`<br>{entry['zh']}<br>{entry['en']}", places])
    yield "\nRenumbered: " + "; ".join(
        f"{move['before']} {old} → {move['after']} {new}"
        for move in documents()["articles"]["renumbered"]
        for old, new in move["articles"].items()
    )


# ---- What is missing ---------------------------------------------------------------------------------------------


def _missing() -> Iterator[str]:
    every = list(book().instruments.values())
    yield "\n## What is not covered\n"
    countless = _ids(every, lambda one: one.articles is None and one.kind in FIXED_ARTICLES)
    yield f"- Highest article not known (a citation is allowed, and marked): {countless}"
    yield f"- Day of effect not known: {_ids(every, lambda one: one.effective is None and not one.draft)}"
    yield f"- Drafts, never cited as law: {_ids(every, lambda one: one.draft)}"
    yield f"- Titles not checked against the print: {_ids(every, lambda one: one.described)}"
    yield from _zone_lists()
    yield "\n### Said of an instrument\n"
    yield from (f"- {one.id}: {one.note['en']}" for one in every if one.note)
    yield "\n### Unverified\n"
    unverified = sorted({f"- {where}: {name}" for where, name in _unverified()})
    yield from unverified or ["- nothing"]
    notes = sorted({f"- {where}: {text}" for where, text in _said_unknown()})
    if notes:
        yield "\n### Said of an entry\n"
        yield from notes


def _zone_lists() -> Iterator[str]:
    lists = book().zone_lists.values()
    scenarios = [scenario for one in lists for _, scenario in one.scenarios()]
    limited = {one.zones[0] for one in lists for _, scenario in one.scenarios() if scenario.limits}
    bare = ", ".join(zone for zone in book().zones if zone not in limited)
    limits = f"{sum(bool(one.limits) for one in scenarios)} of {len(scenarios)} scenarios with limits of their own"
    yield f"- Zones and regions: {len(book().zones)} zones, {len(lists)} lists and rules, {limits}"
    yield f"- Zones of whose lists no limits are held: {bare}"


def _unverified() -> Iterator[tuple[str, str]]:
    for name, content in documents().items():
        for key, node in _nodes(content, ""):
            if node.get("confidence") == "unverified":
                yield name, f"`{node.get('id', key)}` {node.get('en', '')}".strip()
            for text in node["unverified"] if isinstance(node.get("unverified"), list) else ():
                yield name, text["en"]


def _said_unknown() -> Iterator[tuple[str, str]]:
    for name, content in documents().items():
        for key, node in _nodes(content, ""):
            said = node.get("unknown")
            if isinstance(said, dict) and "confidence" in node:
                yield f"{name} `{node.get('id', key)}`", said["en"]


def _nodes(node: Any, key: str) -> Iterator[tuple[str, dict[str, Any]]]:
    if isinstance(node, dict):
        yield key, node
        for below, child in node.items():
            yield from _nodes(child, str(below))
    elif isinstance(node, list):
        for child in node:
            yield from _nodes(child, key)


def _ids(every: list[Instrument], wanted: Any) -> str:
    return ", ".join(one.id for one in every if wanted(one)) or "none"


def _row(cells: list[str]) -> str:
    return f"| {' | '.join(cell.replace('|', '/') for cell in cells)} |"


if __name__ == "__main__":
    if "--check" in sys.argv[1:]:
        sys.exit(TARGET.read_text(encoding="utf-8") != document())
    TARGET.write_text(document(), encoding="utf-8")
