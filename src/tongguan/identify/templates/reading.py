"""YAML of a template or policy as plain values, each with its line. Made for text that nobody trusts."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, Final

import yaml

from tongguan.errors import BadPack
from tongguan.shipped_yaml import LOADER
from tongguan.wording import system_error, wording

__all__ = ["LARGEST", "Document", "read_bytes", "read_path"]

_say: Final = wording("tongguan.identify.templates", "faults.yaml").both
LARGEST: Final = 1 << 20  # bytes
_DEEPEST: Final = 10
_MOST: Final = 100_000  # pieces of YAML

Way = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Document:
    """A file's values, and the line (from 1) of each by its way from the top."""

    name: str
    values: Any
    lines: dict[Way, int] = field(default_factory=dict)

    def fault(self, way: Way, problem: str, **values: object) -> BadPack:
        """The one message: file, line, field, and what was expected, a key of faults.yaml with its values."""
        near = way
        while near and near not in self.lines:
            near = near[:-1]
        spelled = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in way).removeprefix(".")
        where = f": {spelled}" if spelled else ""
        line = self.lines.get(near, 1)
        return BadPack(_say("fault", file=self.name, line=line, where=where, problem=_say(problem, **values)))


def read_path(path: Path, largest: int = LARGEST) -> Document:
    """Raises BadPack where the file cannot be read, is larger than so many bytes, or is no plain YAML."""
    try:
        with path.open("rb") as file:
            raw = file.read(largest + 1)
    except OSError as error:
        raise BadPack(_say("closed", path=path, why=system_error(error))) from None
    return read_bytes(raw, path.name, largest)


def read_bytes(raw: bytes, name: str, largest: int = LARGEST) -> Document:
    """Raises BadPack, naming the line, for all but one document of keys, lists and scalars, each key once."""
    if len(raw) > largest:
        raise BadPack(_say("large", file=name, most=f"{largest:,}"))
    try:
        text = raw.decode("utf-8-sig")
        _refuse_extras(text, name, _MOST * (largest // LARGEST))
        node = yaml.compose(text, Loader=LOADER)
    except UnicodeDecodeError as error:
        raise BadPack(_say("not_utf8", file=name, byte=error.start)) from None
    except yaml.YAMLError as error:
        mark: Any = getattr(error, "problem_mark", None)
        problem = getattr(error, "problem", None) or _say("unreadable.signs")
        if mark is None:
            raise BadPack(_say("unreadable", file=name, problem=problem)) from None
        raise BadPack(_say("unreadable.line", file=name, line=mark.line + 1, problem=problem)) from None
    document = Document(name, None)
    values = _plain(node, (), document) if node is not None else None
    if not isinstance(values, dict):
        raise BadPack(_say("no_keys", file=name, found=_kind(values)))
    return Document(name, values, document.lines)


def _refuse_extras(text: str, name: str, most: int) -> None:
    depth, documents = 0, 0
    for count, event in enumerate(yaml.parse(text, Loader=LOADER)):
        line = event.start_mark.line + 1 if event.start_mark else 1
        documents += isinstance(event, yaml.DocumentStartEvent)
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        anchored = getattr(event, "anchor", None) is not None
        if isinstance(event, yaml.AliasEvent) or anchored:
            raise BadPack(_say("alias", file=name, line=line))
        if getattr(event, "tag", None) is not None:
            raise BadPack(_say("tag", file=name, line=line))
        if depth > _DEEPEST or count > most or documents > 1:
            raise BadPack(_say("deep", file=name, line=line))


def _plain(node: Any, way: Way, document: Document) -> Any:
    document.lines.setdefault(way, node.start_mark.line + 1)
    if isinstance(node, yaml.SequenceNode):
        return [_plain(item, (*way, i), document) for i, item in enumerate(node.value)]
    if isinstance(node, yaml.MappingNode):
        values: dict[str, Any] = {}
        for key_node, value_node in node.value:
            if not isinstance(key_node, yaml.ScalarNode):
                raise document.fault(way, "key.odd")
            key = str(key_node.value)
            document.lines[(*way, key)] = key_node.start_mark.line + 1
            if key in values:
                raise document.fault((*way, key), "key.twice")
            values[key] = _plain(value_node, (*way, key), document)
        return values
    return _scalar(node)


def _scalar(node: Any) -> Any:
    """Days, whole and other numbers, true, false and nothing where they are written so without quotes; else a text."""
    value = str(node.value)
    if node.style in ("'", '"', "|", ">"):
        return value
    if value in ("true", "false"):
        return value == "true"
    if value in ("null", "~", ""):
        return None
    if len(value) == 10 and value[4] == value[7] == "-":
        try:
            return date.fromisoformat(value)
        except ValueError:
            return value
    if value.isascii() and value.isdigit() and len(value) <= 15 and (value == "0" or value[0] != "0"):
        return int(value)
    try:
        return float(value) if value.isascii() and value.count(".") == 1 and value.replace(".", "").isdigit() else value
    except ValueError:
        return value


def _kind(value: Any) -> dict[str, str]:
    return _say("is.nothing") if value is None else _say("is.list") if isinstance(value, list) else _say("is.single")
