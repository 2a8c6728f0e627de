"""The packs on the shelf: those that come with Tongguan, and those of the folder that `TONGGUAN_LAW_PACKS` names."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from importlib.resources import files
from pathlib import Path
from typing import Any

from tongguan.errors import BadPack
from tongguan.law.packs.reading import LARGEST, Document, read, spelled
from tongguan.law.packs.sense import Known, all_faults
from tongguan.law.packs.shape import Fault
from tongguan.law.packs.zone_list import ZoneList, as_zone_list
from tongguan.shipped_yaml import shipped_yaml
from tongguan.wording import readable

__all__ = ["VARIABLE", "Shelf", "fault_line", "open_shelf", "our_shelf", "pack_files", "read_file"]

VARIABLE = "TONGGUAN_LAW_PACKS"  # the environment variable that names a folder of packs
SUFFIXES = (".yaml", ".yml")
MOST_PACKS = 1000  # in a folder


@dataclass(slots=True)
class Shelf:
    """Lists by id, the instruments that packs bring along or name without our having them, and the zones' names."""

    zones: dict[str, Mapping[str, str]]
    instrument_ids: frozenset[str]
    lists: dict[str, ZoneList] = field(default_factory=dict)
    instruments: dict[str, Mapping[str, Any]] = field(default_factory=dict)

    def known(self) -> Known:
        """What a further pack may refer to."""
        scenarios = {one.id: listed.id for listed in self.lists.values() for _, one in listed.scenarios()}
        instruments = self.instrument_ids | self.instruments.keys()
        lists = {key: listed.first for key, listed in self.lists.items()}
        return Known(instruments, frozenset(self.zones), lists, scenarios)

    def add(self, values: Mapping[str, Any], origin: str | None) -> ZoneList:
        """Add a pack without faults; a list that it replaces goes, one that it succeeds ends."""
        listed = as_zone_list(values, origin)
        if listed.replaces is not None:
            self.lists.pop(listed.replaces, None)
        if listed.succeeds is not None:
            before = self.lists[listed.succeeds]
            self.lists[before.id] = replace(before, last=min(before.last, listed.first - timedelta(days=1)))
        self.lists[listed.id] = listed
        if listed.zones and values.get("zone_names"):
            self.zones.setdefault(listed.zones[0], values["zone_names"])
        if listed.instrument not in self.instrument_ids | self.instruments.keys():
            given = values["instrument"]
            self.instruments[listed.instrument] = given if isinstance(given, dict) else {}
        return listed


def open_shelf(zones: Mapping[str, Mapping[str, str]], instruments: Iterable[str]) -> Shelf:
    """All packs. Raises BadPack for the first of the user's that cannot be used, naming file, line and field."""
    shelf = our_shelf(zones, instruments)
    folder = os.environ.get(VARIABLE)
    for path in pack_files(Path(folder), VARIABLE) if folder else ():
        document = read_file(path)
        faults = all_faults(document.values, shelf.known())
        if faults:
            more = f" ({len(faults) - 1} more: tongguan law check {readable(str(path))})" if len(faults) > 1 else ""
            raise BadPack(fault_line(document, faults[0]) + more)
        shelf.add(document.values, readable(str(path)))
    return shelf


def our_shelf(zones: Mapping[str, Mapping[str, str]], instruments: Iterable[str]) -> Shelf:
    """The packs that come with Tongguan, which name zones and instruments of these ids."""
    shelf = Shelf({key: {"zh": names["zh"], "en": names["en"]} for key, names in zones.items()}, frozenset(instruments))
    for values in _ours():
        shelf.add(values, None)
    return shelf


def fault_line(document: Document, fault: Fault) -> str:
    """`list.yaml, line 12: to: expected …`."""
    return f"{document.where(fault.path)}: {spelled(fault.path)}: {fault.message}"


def pack_files(folder: Path, called: str) -> list[Path]:
    """The packs in a folder, by name; hidden files are none. `called` says in a message what named the folder."""
    try:
        found = sorted(path for path in folder.iterdir() if path.suffix in SUFFIXES and path.name[0] != ".")
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise BadPack(
            f"{called}: the folder {readable(str(folder))} cannot be read: {reason}; expected a folder with *.yaml"
        ) from None
    if len(found) > MOST_PACKS:
        raise BadPack(f"{called}: {len(found)} packs in {readable(str(folder))}; at most {MOST_PACKS} are read")
    return found


def read_file(path: Path) -> Document:
    """A file's values with their lines. Raises BadPack."""
    name = readable(str(path))
    if path.exists() and not path.is_file():
        raise BadPack(f"{name}: expected a file with one list")
    try:
        with path.open("rb") as file:  # bounded, so that a device does not run on
            raw = file.read(LARGEST + 1)
    except (OSError, ValueError) as error:
        raise BadPack(f"{name}: cannot be read: {getattr(error, 'strerror', None) or error}") from None
    return read(raw, name)


def _ours() -> Iterator[Mapping[str, Any]]:
    """Ours are held by tests, so they are read by the fast loader."""
    folder = files("tongguan.law").joinpath("data/zones")
    for name in sorted(child.name for child in folder.iterdir() if child.name.endswith(".yaml")):
        yield shipped_yaml("tongguan.law", f"data/zones/{name}")
