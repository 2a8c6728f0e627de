"""YAML of a pack as plain values, each with its line. Made for text that nobody trusts.

A pack is one document of keys, lists and scalars. Anchors, aliases, tags and keys given twice are refused; a scalar is
a day, a whole number, true, false or nothing where it is written exactly so without quotes, and a text otherwise.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import yaml

from tongguan.errors import BadPack
from tongguan.shipped_yaml import LOADER

__all__ = ["LARGEST", "Document", "Path", "read", "spelled"]

LARGEST, DEEPEST, MOST_EVENTS = 1 << 20, 12, 200_000  # bytes of a file, levels of nesting, pieces of YAML
DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
NUMBER = re.compile(r"0|[1-9][0-9]{0,14}")
WORDS: dict[str, bool | None] = {"true": True, "false": False, "null": None, "~": None, "": None}

Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Document:
    """A file's values, and the line (from 1) on which each of them stands, by its way from the top."""

    name: str
    values: Any
    lines: dict[Path, int]

    def where(self, path: Path) -> str:
        """`list.yaml, line 12`: the line of what stands there, or of the nearest thing above it."""
        while path and path not in self.lines:
            path = path[:-1]
        return f"{self.name}, line {self.lines.get(path, 1)}"


def spelled(path: Path) -> str:
    """`sectors[0].scenarios[2].zh`."""
    text = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)
    return text.removeprefix(".") or "the pack"


def read(raw: bytes, name: str) -> Document:
    """The values of a pack. Raises BadPack, naming the line, for anything that is not plain YAML in UTF-8."""
    if len(raw) > LARGEST:
        raise BadPack(f"{name}: more than {LARGEST:,} bytes; a pack is one list, as text")
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadPack(f"{name}: byte {error.start} is not UTF-8; save the file as UTF-8") from None
    try:
        return _document(text, name)
    except yaml.YAMLError as error:
        mark: Any = getattr(error, "problem_mark", None)
        problem = getattr(error, "problem", None) or "characters that YAML does not allow"
        line = f", line {mark.line + 1}" if mark else ""
        raise BadPack(f"{name}{line}: not readable as YAML ({problem}); expected keys such as `id: BJ-2024`") from None


@dataclass(slots=True)
class _Open:
    """A mapping or list that is being read; `key` is the key whose value comes next."""

    into: dict[str, Any] | list[Any]
    path: Path
    key: str | None = None
    seen: set[str] = field(default_factory=set)


def _document(text: str, name: str) -> Document:
    """Without recursion, so that depth costs nothing before it is refused."""
    lines: dict[Path, int] = {}
    top: list[Any] = []
    stack = [_Open(top, ())]
    for event in _events(text, name):
        line: int = event.start_mark.line + 1
        if isinstance(event, yaml.CollectionEndEvent):
            stack.pop()
            continue
        _refuse_extras(event, name, line)
        place = stack[-1]
        if isinstance(place.into, dict) and place.key is None:
            place.key = _key(event, place, name, line)
            lines[(*place.path, place.key)] = line
            continue
        path = _path_of_next(place)
        lines.setdefault(path, line)
        value: Any = {} if isinstance(event, yaml.MappingStartEvent) else []
        if isinstance(event, yaml.ScalarEvent):
            value = _scalar(event)
        _put(place, value)
        if isinstance(event, yaml.CollectionStartEvent):
            if len(stack) > DEEPEST:
                raise BadPack(f"{name}, line {line}: nested more than {DEEPEST} levels deep")
            stack.append(_Open(value, path))
    return Document(name, top[0] if top else None, lines)


def _events(text: str, name: str) -> Iterator[Any]:
    """The events of the one document; of collections the ends too."""
    documents = 0
    events = yaml.parse(text, Loader=LOADER)
    for count, event in enumerate(events):
        line = event.start_mark.line + 1 if event.start_mark else 1
        if count > MOST_EVENTS:
            raise BadPack(f"{name}, line {line}: more than {MOST_EVENTS:,} entries; a pack is one list")
        documents += isinstance(event, yaml.DocumentStartEvent)
        if documents > 1:
            raise BadPack(f"{name}, line {line}: a second document; expected one list a file")
        if isinstance(event, yaml.NodeEvent | yaml.CollectionEndEvent):
            yield event


def _refuse_extras(event: yaml.NodeEvent, name: str, line: int) -> None:
    if isinstance(event, yaml.AliasEvent) or event.anchor is not None:
        raise BadPack(f"{name}, line {line}: anchors and aliases (& and *) are not used in packs; write it out")
    if getattr(event, "tag", None) is not None:
        raise BadPack(f"{name}, line {line}: tags (!) are not used in packs; write the plain value")


def _key(event: yaml.NodeEvent, place: _Open, name: str, line: int) -> str:
    where = f"{name}, line {line}: {spelled(place.path)}"
    if not isinstance(event, yaml.ScalarEvent):
        raise BadPack(f"{where}: expected a key with a value, such as `id: BJ-2024`, found a list or keys as a key")
    key = str(event.value)
    if key in place.seen:
        raise BadPack(f"{where}: the key {key[:60]!r} is given twice; keep one of them")
    place.seen.add(key)
    return key


def _path_of_next(place: _Open) -> Path:
    if isinstance(place.into, dict):
        assert place.key is not None
        return (*place.path, place.key)
    return (*place.path, len(place.into)) if place.path else ()


def _put(place: _Open, value: Any) -> None:
    if isinstance(place.into, dict):
        assert place.key is not None
        place.into[place.key] = value
        place.key = None
    else:
        place.into.append(value)


def _scalar(event: yaml.ScalarEvent) -> Any:
    text = str(event.value)
    if event.style:
        return text
    if text.lower() in WORDS:
        return WORDS[text.lower()]
    if NUMBER.fullmatch(text):
        return int(text)
    if DAY.fullmatch(text):
        try:
            return date.fromisoformat(text)
        except ValueError:
            return text
    return text
