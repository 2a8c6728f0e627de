"""One entry of the book in full: both languages, days, source, confidence, what it cites and what cites it. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from difflib import get_close_matches
from typing import Any

from tongguan import china_time
from tongguan.errors import NotFound
from tongguan.law.book import Instrument, book
from tongguan.law.citing import Quoted, citations, cite_as_of, documents
from tongguan.law.index import Entry, entries
from tongguan.law.instruments import status, text_of, texts
from tongguan.law.packs.listing import zone_list
from tongguan.law.packs.telling import zone_list_json, zone_list_text
from tongguan.wording import Language, wording

__all__ = ["show", "shown"]

LONGEST_NAME, LONGEST_VALUE = 200, 300  # characters asked by, and shown of a value; the JSON has all of it
APART = frozenset({"id", "zh", "en", "from", "to", "confidence", "cites", "at", "instrument", "article"})


def show(name: str, as_of: date | None = None) -> dict[str, Any]:
    """An instrument (by id or title), rule, duty, zone, number, matter or any other entry (by id), ready for JSON.

    `rule/contract` names the kind too, where several have an id; without it, `also` names the others. With a day,
    `status` and `in_force` say how it stands then. An instrument: `{kind, id, names, as_of, status, form, issuer,
    number, published, effective, until, replaced_by, articles, source, confidence, title_as_printed, note, other_texts,
    matters, cited_by}`. Anything else: `{kind, id, names, as_of, also, versions, cited_by}`, a version being
    `{from, to, in_force, names, confidence, values, cites}`. A zone's list, or the instrument of one, has
    `zone_lists` besides: what it says, as `packs.telling` gives it. Raises NotFound, naming what is near.
    """
    name = name.strip()[:LONGEST_NAME]
    found = _entries(name)
    if not found and (one := text_of(name, as_of)):
        return _instrument(one, as_of)
    if not found:
        raise NotFound(_not_found(name))
    if found[0].kind == "instrument":
        return _instrument(book().instruments[found[0].id], as_of)
    kind = found[0].kind
    lists = {"zone_lists": _lists(found[0].id, as_of, "id")} if kind == "zone_list" else {}
    versions = [entry for entry in found if entry.kind == kind]
    today = [entry for entry in versions if as_of is None or entry.holds(as_of)]
    return {
        "kind": kind,
        "id": found[0].id,
        "names": dict((today or versions)[0].names),
        "as_of": _plain(as_of),
        "also": sorted({f"{entry.kind}/{entry.id}" for entry in found if entry.kind != kind}),
        "versions": [_version(entry, as_of) for entry in versions],
        "cited_by": list(_used_by(versions[0])),
        **lists,
    }


def _entries(name: str) -> list[Entry]:
    kind, _, rest = name.partition("/")
    exact = [entry for entry in entries() if entry.id == name]
    named = [entry for entry in entries() if entry.kind == kind and entry.id == rest]
    last = [entry for entry in entries() if entry.kind == kind and entry.id.endswith(f".{rest}")]
    called = [entry for entry in entries() if entry.kind != "instrument" and name in entry.names.values()]
    return exact or named or last or called


def _not_found(name: str) -> str:
    ids = list(dict.fromkeys(entry.id for entry in entries()))
    by_case = {key.casefold(): key for key in ids}
    near = [by_case[key] for key in get_close_matches(name.casefold(), list(by_case), n=3, cutoff=0.5)]
    hint = f"; near it: {', '.join(near)}" if near else ""
    return f"the book has no {name[:80]!r}{hint}; `tongguan law search` finds ids by words"


# ---- An instrument -----------------------------------------------------------------------------------------------


def _instrument(one: Instrument, as_of: date | None) -> dict[str, Any]:
    return {
        "kind": "instrument",
        "id": one.id,
        "names": {"zh": one.title, "en": one.en},
        "as_of": _plain(as_of),
        "status": None if as_of is None else status(one, as_of).value,
        "form": one.kind,
        "issuer": dict(one.issuer),
        "number": one.number,
        "published": _plain(one.published),
        "effective": _plain(one.effective),
        "until": None if one.until == date.max else one.until.isoformat(),
        "replaced_by": one.replaced_by,
        "articles": one.articles,
        "source": one.source,
        "confidence": one.confidence,
        "title_as_printed": not one.described,
        "note": dict(one.note) if one.note else None,
        "other_texts": [other.id for other in texts(one.title) if other.id != one.id],
        "matters": list(_matters(one)),
        "cited_by": [
            _citing(cite) for cite in citations() if cite.instrument == one.id and cite.document != "articles"
        ],
        **({"zone_lists": lists} if (lists := _lists(one.id, as_of, "instrument")) else {}),
    }


def _lists(key: str, as_of: date | None, by: str) -> list[dict[str, Any]]:
    """The lists of an id, or those whose instrument it is, on a day; today where none is asked."""
    return [
        zone_list_json(one, as_of or china_time.today())
        for one in book().zone_lists.values()
        if (one.id if by == "id" else one.instrument) == key
    ]


def _matters(one: Instrument) -> Iterator[dict[str, Any]]:
    for key, entry in documents()["articles"]["subjects"].items():
        for at in entry["at"]:
            if at["instrument"] == one.id:
                yield {
                    "id": key,
                    "names": {"zh": entry["zh"], "en": entry["en"]},
                    "article": at["article"],
                    "from": _plain(at["from"]),
                    "to": _plain(at.get("to")),
                    "confidence": at["confidence"],
                }


def _citing(cite: Quoted) -> dict[str, Any]:
    return {
        "document": cite.document,
        "id": cite.entry,
        "article": cite.article,
        "from": _plain(cite.first),
        "to": _plain(cite.last),
    }


# ---- Anything else -----------------------------------------------------------------------------------------------


def _version(entry: Entry, as_of: date | None) -> dict[str, Any]:
    return {
        "from": _plain(entry.first),
        "to": _plain(entry.last),
        "in_force": None if as_of is None else entry.holds(as_of),
        "names": dict(entry.names),
        "confidence": entry.confidence,
        "values": {key: _plain(value) for key, value in entry.node.items() if key not in APART},
        "cites": [_cited(cite, as_of) for cite in entry.cites],
    }


def _cited(cite: Quoted, as_of: date | None) -> dict[str, Any]:
    one = book().instruments.get(cite.instrument)
    return {
        "instrument": cite.instrument,
        "title": one.title if one else None,
        "article": cite.article,
        "from": _plain(cite.first),
        "to": _plain(cite.last),
        "source": one.source if one else None,
        "confidence": one.confidence if one else None,
        "standing": None if as_of is None else cite_as_of(cite.instrument, cite.article or "", as_of).why,
    }


def _used_by(entry: Entry) -> Iterator[dict[str, Any]]:
    """Rules and duties whose texts name a number; scenarios of a zone."""
    for other in entries():
        texts_ = " ".join(str(other.node.get(language, "")) for language in ("zh", "en"))
        numbered = entry.kind == "number" and other.kind in ("rule", "duty") and f"{{{entry.id}" in texts_
        if numbered or (entry.kind == "zone" and other.kind == "scenario" and other.node.get("zone") == entry.id):
            first, last = _plain(other.first), _plain(other.last)
            yield {"document": other.document, "id": other.id, "article": None, "from": first, "to": last}


def _plain(value: Any) -> Any:
    """A value as JSON has it."""
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {str(key): _plain(child) for key, child in value.items()}
    return [_plain(child) for child in value] if isinstance(value, list) else value


# ---- As text -----------------------------------------------------------------------------------------------------


def shown(entry: Mapping[str, Any], language: Language) -> str:
    """What `show` gives, as text for people."""
    names = entry["names"]
    other: Language = "en" if language == "zh" else "zh"
    lines = [f"{names[language]}  [{entry['id']}]", f"  {names[other]}"]
    lines += _instrument_lines(entry, language) if entry["kind"] == "instrument" else _version_lines(entry, language)
    if entry["cited_by"]:
        lines += ["", _word("heading.cited_by", language)]
        lines += [f"  - {_citing_line(cite, language)}" for cite in entry["cited_by"]]
    if entry.get("also"):
        lines += ["", f"{_word('heading.also', language)}: {' · '.join(entry['also'])}"]
    for one in entry.get("zone_lists", ()):
        lines += ["", zone_list_text(zone_list(one["id"]), date.fromisoformat(one["as_of"]), language)]
    checked = book().parameters["known"]["checked"]
    if entry["as_of"] and date.fromisoformat(entry["as_of"]) > checked:
        lines += ["", wording("tongguan.law").text("warning.law_after_check", language, checked=checked)]
    return "\n".join(lines)


def _instrument_lines(entry: Mapping[str, Any], language: Language) -> Iterator[str]:
    facts = {
        "form": _word(f"kind.{entry['form']}", language),
        "issuer": entry["issuer"][language],
        "number": entry["number"],
        "published": entry["published"],
        "effective": entry["effective"],
        "until": entry["until"],
        "replaced_by": entry["replaced_by"],
        "articles": entry["articles"] or _word("value.not_known", language),
        "status": entry["status"] and f"{_word('status.' + entry['status'], language)} ({entry['as_of']})",
        "source": entry["source"],
        "confidence": _word(f"confidence.{entry['confidence']}", language),
        "note": entry["note"] and entry["note"][language],
        "other_texts": " · ".join(entry["other_texts"]),
    }
    yield from (f"  {_word('heading.' + key, language)}: {value}" for key, value in facts.items() if value)
    if not entry["title_as_printed"]:
        yield f"  {_word('value.described', language)}"
    if entry["matters"]:
        yield from ("", _word("heading.matters", language))
        for matter in entry["matters"]:
            days = _days(matter, language)
            yield f"  - {matter['article']}  {matter['names'][language]}{days}"


def _version_lines(entry: Mapping[str, Any], language: Language) -> Iterator[str]:
    for version in entry["versions"]:
        days = _days(version, language) or f" ({_word('value.always', language)})"
        stands = {
            True: f" · {_word('status.in_force', language)}",
            None: "",
            False: f" · {_word('value.not_then', language)}",
        }
        yield from ("", f"{days.strip()}{stands[version['in_force']]}")
        if version["names"] != entry["names"]:
            yield f"  {version['names'][language]}"
        for key, value in version["values"].items():
            told = _short(value, language)
            yield f"  {key}: {told[:LONGEST_VALUE]}{'…' * (len(told) > LONGEST_VALUE)}"
        if version["confidence"]:
            yield f"  {_word('heading.confidence', language)}: {_word('confidence.' + version['confidence'], language)}"
        for cite in version["cites"]:
            link = f"  {cite['source']}" if cite["source"] else ""
            yield f"  - 《{cite['title'] or cite['instrument']}》{cite['article'] or ''}{_days(cite, language)}{link}"


def _citing_line(cite: Mapping[str, Any], language: Language) -> str:
    article = f"  {cite['article']}" if cite["article"] else ""
    return f"{cite['document']}/{cite['id']}{article}{_days(cite, language)}"


def _days(node: Mapping[str, Any], language: Language) -> str:
    first, last = node["from"], node["to"]
    if first is None and last is None:
        return ""
    return f" ({_word('value.days', language, first=first or '…', last=last or '…')})"


def _short(value: Any, language: Language) -> str:
    if isinstance(value, Mapping) and set(value) == {"zh", "en"}:
        return str(value[language])
    if isinstance(value, Mapping):
        return "; ".join(f"{key} = {_short(child, language)}" for key, child in value.items())
    if isinstance(value, Sequence) and not isinstance(value, str):
        return ", ".join(_short(child, language) for child in value)
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)


def _word(key: str, language: Language, **values: object) -> str:
    return wording("tongguan.law", "faces.yaml").text(key, language, **values)
