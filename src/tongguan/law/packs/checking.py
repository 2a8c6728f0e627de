"""`tongguan law check`: what is wrong with packs, what they would add, and what deserves a look."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from tongguan.errors import BadPack
from tongguan.law.book import load
from tongguan.law.packs import reading
from tongguan.law.packs.reading import Document
from tongguan.law.packs.sense import all_faults, said
from tongguan.law.packs.shape import LIMITS
from tongguan.law.packs.shelf import VARIABLE, Shelf, fault_line, our_shelf, pack_files, read_file
from tongguan.law.packs.zone_list import ZoneList
from tongguan.wording import LANGUAGES, Language, readable, wording

__all__ = ["Checked", "check", "checked_json", "checked_text"]

Texts = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Checked:
    """One file. `faults` are lines that name file, line, field, what was expected and an example; with any of them it
    adds nothing. `adds` and `warnings` are in both languages."""

    file: str
    faults: tuple[str, ...]
    adds: tuple[Texts, ...] = ()
    warnings: tuple[Texts, ...] = ()


def check(paths: Sequence[Path]) -> tuple[Checked, ...]:
    """Check files and folders of packs, in this order and against each other, on top of the lists that there are.

    Those are ours, and the good ones of the folder of `TONGGUAN_LAW_PACKS` that are not among the files checked.
    Raises BadPack where a folder cannot be read or holds no pack.
    """
    files = [file for path in paths for file in _files(path)]
    shelf = our_shelf(load("zones")["zones"], load("instruments"))
    _add_others(shelf, {file.resolve() for file in files})
    return tuple(_check(file, shelf) for file in files)


def _files(path: Path) -> list[Path]:
    if not path.is_dir():
        return [path]
    found = pack_files(path, "PACK")
    if not found:
        raise BadPack(f"{readable(str(path))}: no packs in this folder; expected files such as beijing-2026.yaml")
    return found


def _add_others(shelf: Shelf, checked: set[Path]) -> None:
    folder = os.environ.get(VARIABLE)
    for path in pack_files(Path(folder), VARIABLE) if folder else ():
        if path.resolve() not in checked:
            try:
                document = read_file(path)
            except BadPack:
                continue
            if not all_faults(document.values, shelf.known()):
                shelf.add(document.values, path.name)


def _check(path: Path, shelf: Shelf) -> Checked:
    name = readable(str(path))
    try:
        document = read_file(path)
    except BadPack as error:
        return Checked(name, (str(error),))
    if faults := all_faults(document.values, shelf.known()):
        return Checked(name, tuple(fault_line(document, fault) for fault in faults))
    warnings = tuple(_warnings(document, shelf))
    brings_instrument = document.values["instrument"]
    adds = tuple(_adds(shelf.add(document.values, name), isinstance(brings_instrument, dict)))
    return Checked(name, (), adds, warnings)


# ---- What it would add -------------------------------------------------------------------------------------------


def _adds(one: ZoneList, brings_instrument: bool) -> Iterator[Texts]:
    last = "…" if one.last == date.max else one.last
    zones = " · ".join(one.zones) or "-"
    yield _both("check.list", name=one.names, id=one.id, kind=_kind(one), zones=zones, first=one.first, last=last)
    for key, other in (("check.replaces", one.replaces), ("check.succeeds", one.succeeds)):
        if other is not None:
            yield _both(key, id=other)
    if brings_instrument:
        yield _both("check.instrument", id=one.instrument)
    scenarios = [scenario for _, scenario in one.scenarios()]
    numbers = {
        "sectors": len(one.sectors),
        "scenarios": len(scenarios),
        "limited": sum(len(scenario.limits) == len(LIMITS) for scenario in scenarios),
        "statements": sum(1 for _ in one.statements()),
    }
    yield _both("check.numbers", **numbers)
    for scenario in scenarios:
        yield _both("check.scenario", name=scenario.names, id=scenario.id)


def _kind(one: ZoneList) -> Texts:
    return wording("tongguan.law.packs").both(f"kind.{one.kind}")


# ---- What deserves a look ----------------------------------------------------------------------------------------


def _warnings(document: Document, shelf: Shelf) -> Iterator[Texts]:
    """What does not keep a pack out, with the line."""
    values = document.values
    yield from _overlaps(document, shelf)
    instrument = values["instrument"]
    if isinstance(instrument, str) and instrument not in shelf.known().instruments:
        yield _at(document, ("instrument",), "warning.instrument", id=instrument)
    if isinstance(instrument, dict) and instrument.get("effective") not in (None, values["from"]):
        yield _at(document, ("instrument", "effective"), "warning.effective", day=values["from"])
    if values.get("zone_names") and values.get("zone") in shelf.zones:
        yield _at(document, ("zone_names",), "warning.zone_names", zone=values["zone"])
    yield from _without_confidence(document)
    yield from _limits(document)
    topics = load("zones")["topics"].keys() | {
        statement.about for one in shelf.lists.values() for _, _, statement in one.statements()
    }
    for path, statement in said(values):
        if statement.get("about") and statement["about"] not in topics:
            yield _at(document, (*path, "about"), "warning.topic", topic=statement["about"])
    yield from _counts(document)


def _overlaps(document: Document, shelf: Shelf) -> Iterator[Texts]:
    values = document.values
    gone = (values.get("replaces"), values.get("succeeds"))
    zones = {values.get("zone"), *(values.get("also") or ())}
    for one in shelf.lists.values():
        together = values["from"] <= one.last and one.first <= (values.get("to") or date.max)
        same = one.kind == values["kind"] == "negative_list" and zones & set(one.zones)
        if together and same and one.id not in gone:
            last = "…" if one.last == date.max else one.last
            yield _at(document, ("from",), "warning.overlap", id=one.id, first=one.first, last=last)


def _without_confidence(document: Document) -> Iterator[Texts]:
    values = document.values
    bare = [path for path, node in _valued(values, ()) if node.get("confidence") is None]
    if bare:
        yield _at(document, bare[0], "warning.confidence", count=len(bare), place=reading.spelled(bare[0]))


def _valued(values: Mapping[str, Any], path: reading.Path) -> Iterator[tuple[reading.Path, Mapping[str, Any]]]:
    """Everything in a pack that should say how it is known."""
    yield path, values
    instrument = values["instrument"]
    for key, node in (("instrument", instrument), *((key, values.get(key)) for key in ("covers", "counts"))):
        if isinstance(node, dict):
            yield (key,), node
    for at, sector in enumerate(values.get("sectors") or ()):
        yield ("sectors", at), sector
        for number, scenario in enumerate(sector.get("scenarios") or ()):
            place = ("sectors", at, "scenarios", number)
            yield place, scenario
            if scenario.get("limits"):
                yield (*place, "limits"), scenario["limits"]
    yield from said(values)


def _limits(document: Document) -> Iterator[Texts]:
    values = document.values
    for at, sector in enumerate(values.get("sectors") or ()):
        for number, scenario in enumerate(sector.get("scenarios") or ()):
            given = [name for name in LIMITS if (scenario.get("limits") or {}).get(name)]
            place = ("sectors", at, "scenarios", number, "limits")
            if given and values["kind"] != "negative_list":
                yield _at(document, place, "warning.limits_kind")
            elif 0 < len(given) < len(LIMITS):
                missing = ", ".join(name for name in LIMITS if name not in given)
                yield _at(document, place, "warning.limits_in_part", missing=missing)


def _counts(document: Document) -> Iterator[Texts]:
    values = document.values
    counts, sectors = values.get("counts") or {}, values.get("sectors") or ()
    held = {"sectors": len(sectors), "scenarios": sum(len(sector.get("scenarios") or ()) for sector in sectors)}
    for name, number in held.items():
        if counts.get(name) and number > counts[name]:
            yield _at(document, ("counts", name), f"warning.more_{name}", held=number, published=counts[name])


def _at(document: Document, path: reading.Path, key: str, **values: object) -> Texts:
    where = document.where(path)
    return {language: f"{where}: {text}" for language, text in _both(key, **values).items()}


def _both(key: str, **values: object) -> dict[str, str]:
    """A text in both languages; a value that is itself in both takes its own language."""
    told = wording("tongguan.law.packs")

    def own(language: Language) -> dict[str, object]:
        return {name: value[language] if isinstance(value, Mapping) else value for name, value in values.items()}

    return {language: told.text(key, language, **own(language)) for language in LANGUAGES}


# ---- Said --------------------------------------------------------------------------------------------------------


def checked_json(found: Sequence[Checked]) -> dict[str, Any]:
    """`{good, packs: [{file, good, faults: [text], adds: [{zh, en}], warnings: [{zh, en}]}]}`."""
    packs = [
        {
            "file": one.file,
            "good": not one.faults,
            "faults": list(one.faults),
            "adds": [dict(text) for text in one.adds],
            "warnings": [dict(text) for text in one.warnings],
        }
        for one in found
    ]
    return {"good": not any(one.faults for one in found), "packs": packs}


def checked_text(found: Sequence[Checked], language: Language) -> str:
    """What was found, as text for people."""
    told = wording("tongguan.law.packs").text
    lines: list[str] = []
    for one in found:
        if one.faults:
            lines += [told("check.bad", language, file=one.file, count=len(one.faults))]
            lines += [f"  {fault}" for fault in one.faults]
        else:
            lines += [told("check.good", language, file=one.file), *(f"  + {text[language]}" for text in one.adds)]
        lines += [f"  ! {text[language]}" for text in one.warnings]
    return "\n".join(lines)
