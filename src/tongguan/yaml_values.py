"""YAML that people write, as values with their lines, so that each fault is told where it stands."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final, NoReturn

import yaml

from tongguan.errors import BadInput
from tongguan.shipped_yaml import LOADER
from tongguan.wording import wording

__all__ = ["Value", "read_yaml"]

_say: Final = wording("tongguan", "yaml_values.yaml").both
_LONGEST: Final = 1 << 20  # characters of a file
_DEEPEST: Final = 24


@dataclass(frozen=True, slots=True)
class Value:
    """A value of a YAML file: None, bool, int, float, str, a list of values, or a dict of them by name."""

    file: str
    line: int
    path: str
    value: Any

    def refuse(self, expected: str | dict[str, str]) -> NoReturn:
        """Raise BadInput with file, line and place. `expected`: in both languages, or in English where none but those
        at the terminal read it."""
        place = self.path or _say("file")
        raise BadInput(_say("fault", file=self.file, line=self.line, place=place, expected=expected))

    def table(self, *, required: tuple[str, ...] = (), optional: tuple[str, ...] = ()) -> dict[str, Value]:
        """The values of a mapping that has these names and no others."""
        if not isinstance(self.value, dict):
            self.refuse(_say("names", names=", ".join((*required, *optional))))
        known: dict[str, Value] = self.value
        for name in known:
            if name not in required and name not in optional:
                known[name].refuse(_say("unknown", names=", ".join((*required, *optional))))
        for name in required:
            if name not in known:
                self.refuse(_say("lacks", name=repr(name)))
        return known

    def items(self) -> list[Value]:
        """The values of a list; a single value is a list of one."""
        found: list[Value] = self.value if isinstance(self.value, list) else [self]
        if not found or self.value is None:
            self.refuse(_say("none"))
        return found

    def text(self, most: int = 1000) -> str:
        if not isinstance(self.value, str) or not self.value.strip() or len(self.value) > most:
            self.refuse(_say("text", most=most))
        found: str = self.value
        return found

    def texts(self) -> tuple[str, ...]:
        """Texts of a list, each once."""
        return tuple(dict.fromkeys(item.text() for item in self.items()))

    def choice(self, choices: tuple[str, ...]) -> str:
        if self.value not in choices:
            self.refuse(_say("choice", choices=", ".join(choices)))
        found: str = self.value
        return found

    def whole(self, least: int, most: int = 1 << 53) -> int:
        if not isinstance(self.value, int) or isinstance(self.value, bool) or not least <= self.value <= most:
            self.refuse(_say("whole", least=least, most=most))
        found: int = self.value
        return found

    def share(self) -> float:
        """A number from 0 (exclusive) to 1, or a text such as 30 %."""
        value: Any = self.value
        if isinstance(value, str) and value.rstrip().endswith("%"):
            try:
                value = float(value.rstrip()[:-1]) / 100
            except ValueError:
                value = None
        if not isinstance(value, (int, float)) or isinstance(value, bool) or not 0 < value <= 1:
            self.refuse(_say("share"))
        return float(value)

    def flag(self) -> bool:
        if not isinstance(self.value, bool):
            self.refuse(_say("flag"))
        found: bool = self.value
        return found


def read_yaml(text: str, file: str) -> Value:
    """The one document of a YAML text. Raises BadInput where it is no such text, or refers to itself."""
    if len(text) > _LONGEST:
        raise BadInput(_say("long", file=file, length=len(text), most=_LONGEST))
    try:
        depth = 0
        for event in _events(text):
            if isinstance(event, yaml.AliasEvent):
                line = event.start_mark.line + 1 if event.start_mark else 1
                raise BadInput(_say("alias", file=file, line=line))
            depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
            if depth > _DEEPEST:
                raise BadInput(_say("deep", file=file, most=_DEEPEST))
        node = yaml.compose(text, Loader=LOADER)
        return _value(node, file, "") if node else Value(file, 1, "", None)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        said = error.problem or error.context
        raise BadInput(_say("no_yaml.line", file=file, line=line, said=said)) from None
    except (yaml.YAMLError, ValueError) as error:
        raise BadInput(_say("no_yaml", file=file, said=str(error).splitlines()[0][:200])) from None


def _events(text: str) -> Iterator[Any]:
    yield from yaml.parse(text, Loader=LOADER)


def _value(node: Any, file: str, path: str) -> Value:
    line = node.start_mark.line + 1
    if isinstance(node, yaml.SequenceNode):
        items = [_value(each, file, f"{path}[{i}]") for i, each in enumerate(node.value, 1)]
        return Value(file, line, path, items)
    if isinstance(node, yaml.MappingNode):
        table: dict[str, Value] = {}
        for key, each in node.value:
            name = key.value if isinstance(key, yaml.ScalarNode) else ""
            place = Value(file, key.start_mark.line + 1, f"{path}.{name}".lstrip("."), None)
            if not name or name in table:
                place.refuse(_say("twice") if name else _say("name"))
            table[name] = _value(each, file, place.path)
        return Value(file, line, path, table)
    return Value(file, line, path, _scalar(node))


def _scalar(node: Any) -> Any:
    """As YAML's core schema reads it; dates and other kinds stay text."""
    if node.tag.endswith((":int", ":float", ":bool", ":null")):
        loader = yaml.SafeLoader("")
        try:
            return loader.construct_object(node)
        except (ValueError, yaml.YAMLError, OverflowError):
            return node.value
        finally:
            loader.dispose()
    return node.value
