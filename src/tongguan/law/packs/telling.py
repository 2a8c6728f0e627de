"""A list on a day, as JSON and as text. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any

from tongguan.law.book import book
from tongguan.law.packs.listing import Disagreement, cite_of
from tongguan.law.packs.shape import LIMITS
from tongguan.law.packs.zone_list import ListScenario, Sections, Sector, Statement, ZoneList
from tongguan.wording import Language, wording

__all__ = [
    "disagreement_json",
    "disagreements_text",
    "told",
    "zone_list_json",
    "zone_list_text",
]

Texts = Mapping[str, str]


def zone_list_json(one: ZoneList, as_of: date, readings: Mapping[str, str] | None = None) -> dict[str, Any]:
    """A list as JSON: texts as {zh, en}, days as YYYY-MM-DD, null for what is not known.

    `in_force` says how it stands on that day; `by_reading` that only a chosen reading keeps it in force, and
    `expected_end.passed` that the month about which it ends lies behind. A scenario's `limits.decide` says whether all
    four limits are known, so that decisions rest on them.
    """
    end = one.expected_end
    return {
        "id": one.id,
        "kind": one.kind,
        "zones": list(one.zones),
        "edition": one.edition,
        "names": dict(one.names),
        "instrument": _instrument(one.instrument),
        "measures": _instrument(one.measures),
        "from": one.first.isoformat(),
        "to": _day(one.last),
        "as_of": as_of.isoformat(),
        "in_force": one.in_force(as_of, readings),
        "by_reading": one.held_by_reading(as_of, readings),
        "expected_end": end and {"month": end[0], "passed": f"{as_of:%Y-%m}" > end[0], **_statement(one, end[1])},
        "reading": one.reading
        and {
            "id": one.reading.id,
            "text": dict(one.reading.text),
            "default": one.reading.default,
            "in_force_where": one.reading.in_force_where,
        },
        "confidence": one.confidence,
        "note": _texts(one.note),
        "area": one.area,
        "ciio": one.ciio,
        "covers": {key: [_statement(one, said) for said in all_] for key, all_ in one.covers.items()},
        "counts": dict(one.counts),
        "counts_confidence": one.counts_confidence,
        "counts_note": _texts(one.counts_note),
        "sections": _sections(one, one.sections),
        "sectors": [_sector(one, sector) for sector in one.sectors],
        "unverified": [dict(text) for text in one.unverified],
        "replaces": one.replaces,
        "succeeds": one.succeeds,
        "own": one.origin is None,
    }


def disagreement_json(found: Disagreement) -> dict[str, Any]:
    """A disagreement as JSON: `{topic, names, positions: [{list, where, section, statement, cite}]}`."""
    return {
        "topic": found.topic,
        "names": dict(found.names),
        "positions": [
            {
                "list": position.list.id,
                "names": dict(position.list.names),
                "where": position.where,
                "section": position.section,
                "statement": _statement(position.list, position.statement),
                "cite": {**(_instrument(position.cite.instrument.id) or {}), "article": position.cite.article},
            }
            for position in found.positions
        ],
    }


def _sector(one: ZoneList, sector: Sector) -> dict[str, Any]:
    return {
        "id": sector.id,
        "names": dict(sector.names),
        "confidence": sector.confidence,
        "note": _texts(sector.note),
        "counts": dict(sector.counts),
        "sections": _sections(one, sector.sections),
        "scenarios": [_scenario(one, scenario) for scenario in sector.scenarios],
    }


def _scenario(one: ZoneList, scenario: ListScenario) -> dict[str, Any]:
    limits = {
        "numbers": {name: scenario.limits.get(name) for name in LIMITS},
        "confidence": scenario.limits_confidence,
        "note": _texts(scenario.limits_note),
        "decide": one.kind == "negative_list" and len(scenario.limits) == len(LIMITS),
    }
    return {
        "id": scenario.id,
        "names": dict(scenario.names),
        "confidence": scenario.confidence,
        "note": _texts(scenario.note),
        "purpose": _texts(scenario.purpose),
        "limits": limits if scenario.limits else None,
        "sections": _sections(one, scenario.sections),
    }


def _sections(one: ZoneList, sections: Sections) -> dict[str, list[dict[str, Any]]]:
    return {name: [_statement(one, said) for said in all_] for name, all_ in sections.items()}


def _statement(one: ZoneList, said: Statement) -> dict[str, Any]:
    cite = cite_of(one, said)
    own = {"instrument": cite.instrument.id, "article": cite.article} if said.cite else None
    days = {"from": _day(said.first), "to": _day(said.last)} if said.first or said.last else {}
    values = {key: dict(value) if isinstance(value, Mapping) else value for key, value in said.values.items()}
    return {
        "text": dict(said.text),
        "confidence": said.confidence,
        "note": _texts(said.note),
        "about": said.about,
        "treatment": said.treatment,
        "cite": own,
        **days,
        **values,
    }


def _instrument(key: str | None) -> dict[str, Any] | None:
    one = book().instruments.get(key or "")
    if one is None:
        return None
    return {"id": one.id, "title": one.title, "number": one.number, "source": one.source, "confidence": one.confidence}


def _texts(texts: Texts | None) -> dict[str, str] | None:
    return dict(texts) if texts else None


def _day(day: date | None) -> str | None:
    return None if day is None or day == date.max else day.isoformat()


# ---- As text -----------------------------------------------------------------------------------------------------


def zone_list_text(one: ZoneList, as_of: date, language: Language, readings: Mapping[str, str] | None = None) -> str:
    """A list on a day as text for people."""
    lines = [f"{one.names[language]}  [{one.id}]", *_head(one, as_of, language, readings)]
    lines += _section_lines(one.sections, language, "")
    for sector in one.sectors:
        lines += ["", f"## {sector.names[language]}{_known(sector.confidence, language)}", *_counts(sector, language)]
        lines += _noted(sector.note, language, "  ")
        lines += _section_lines(sector.sections, language, "  ")
        for scenario in sector.scenarios:
            lines += _scenario_lines(scenario, language)
    if one.unverified:
        lines += ["", told("unverified", language), *(f"- {text[language]}" for text in one.unverified)]
    return "\n".join(lines)


def disagreements_text(found: Sequence[Disagreement], language: Language) -> str:
    """Disagreements as text for people; a line says so where there are none."""
    if not found:
        return told("agree", language)
    lines = []
    for one in found:
        lines.append(one.names[language])
        for position in one.positions:
            cite = f"《{position.cite.instrument.title}》{position.cite.article}"
            said = _statement_line(position.statement, language)
            lines.append(f"- {position.list.names[language]} [{position.where}]: {said}  {cite}")
    return "\n".join(lines)


def told(key: str, language: Language, **values: object) -> str:
    """A text of this package in one language."""
    return wording("tongguan.law.packs").text(key, language, **values)


def _head(one: ZoneList, as_of: date, language: Language, readings: Mapping[str, str] | None) -> Iterator[str]:
    zones = " · ".join(str(book().zones[zone][language]) for zone in one.zones)
    yield "  " + " · ".join(part for part in (told(f"kind.{one.kind}", language), zones, one.edition) if part)
    stands = "by_reading" if one.held_by_reading(as_of, readings) else "ended"
    if as_of < one.first:
        stands = "not_yet"
    elif as_of <= one.last:
        stands = "in_force"
    last = _day(one.last) or "…"
    yield f"  {told('days', language, first=one.first, last=last)} · {told(f'state.{stands}', language, day=as_of)}"
    if one.reading:
        reading = one.reading
        other = {"id": reading.id, "other": reading.in_force_where}
        yield f"  {told('reading', language, text=reading.text[language], **other)}"
    if one.expected_end:
        month, said = one.expected_end
        key = "expected_end.passed" if f"{as_of:%Y-%m}" > month else "expected_end"
        yield f"  {told(key, language, month=month)}{_statement_line(said, language)}"
    for key in filter(None, (one.instrument, one.measures)):
        instrument = book().instruments.get(key)
        title = f"《{instrument.title}》{instrument.number or ''}" if instrument else key
        source = f"  {instrument.source}" if instrument and instrument.source else ""
        yield f"  {title}{source}"
    yield f"  {told('known', language)}: {told(f'confidence.{one.confidence}', language)}"
    yield from _noted(one.note, language, "  ")
    yield f"  {told(f'area.{one.area}', language)} · {told(f'ciio.{one.ciio}', language)}"
    for all_ in one.covers.values():
        yield from (f"  - {_statement_line(said, language)}" for said in all_)
    yield from _counts(one, language)
    yield from _noted(one.counts_note, language, "  ")


def _scenario_lines(scenario: ListScenario, language: Language) -> Iterator[str]:
    yield f"  * {scenario.names[language]}  [{scenario.id}]{_known(scenario.confidence, language)}"
    if scenario.purpose:
        yield f"    {told('purpose', language)}: {scenario.purpose[language]}"
    yield from _noted(scenario.note, language, "    ")
    for name, number in scenario.limits.items():
        yield f"    {told(f'limit.{name}', language, number=number)}{_known(scenario.limits_confidence, language)}"
    if 0 < len(scenario.limits) < len(LIMITS):
        yield f"    {told('limits_in_part', language)}"
    yield from _noted(scenario.limits_note, language, "    ")
    yield from _section_lines(scenario.sections, language, "    ")


def _section_lines(sections: Sections, language: Language, indent: str) -> Iterator[str]:
    for name, all_ in sections.items():
        yield f"{indent}{told(f'section.{name}', language)}"
        for said in all_:
            yield f"{indent}- {_statement_line(said, language)}"


def _statement_line(said: Statement, language: Language) -> str:
    values = said.values
    parts = [said.text[language]]
    if "only" in values:
        parts.append(told("only", language, use=values["only"][language]))
    if "places" in values:
        parts.append("、".join(values["places"]) if language == "zh" else ", ".join(values["places"]))
    if "n" in values:
        unit = told(f"unit.{values['unit']}", language)
        after = values.get("after", {}).get(language, "…")
        parts.append(told("within", language, n=values["n"], unit=unit, after=after))
    if "whom" in values:
        parts.append(told("whom", language, whom=values["whom"][language]))
    if said.first or said.last:
        parts.append(told("days", language, first=_day(said.first) or "…", last=_day(said.last) or "…"))
    if said.cite:
        instrument = book().instruments.get(said.cite[0])
        parts.append(f"《{instrument.title if instrument else said.cite[0]}》{said.cite[1]}")
    note = f" ({said.note[language]})" if said.note else ""
    return ("；" if language == "zh" else "; ").join(parts) + note + _known(said.confidence, language)


def _counts(one: ZoneList | Sector, language: Language) -> Iterator[str]:
    if one.counts:
        said = ", ".join(told(f"count.{name}", language, number=number) for name, number in one.counts.items())
        yield f"  {told('published', language)}: {said}"


def _noted(note: Texts | None, language: Language, indent: str) -> Iterator[str]:
    if note:
        yield f"{indent}{told('note', language)}: {note[language]}"


def _known(confidence: str | None, language: Language) -> str:
    return f" [{told(f'confidence.{confidence}', language)}]" if confidence else ""
