"""Hand-written YAML, read with manners: every complaint names the line, what stands there and what was expected.

YAML is walked as a tree of marked nodes, so that nothing is guessed from a value's spelling: `no` is a name where a
name is expected, and a date is a date only where one is expected.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Collection, Iterator
from datetime import date
from difflib import get_close_matches
from pathlib import Path
from typing import NoReturn, TypeVar

import yaml

from tongguan.errors import BadOrg
from tongguan.shipped_yaml import LOADER

__all__ = ["Network", "Value", "optional", "read_document", "required", "several"]

T = TypeVar("T")
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

LARGEST = 16 * 2**20
DEEPEST = 32
LONGEST = 100
MOST = 10_000_000_000  # more than there are people
_TRUTH = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}


class Value:
    """One node of the document, with the line it stands on."""

    def __init__(self, node: yaml.Node, file: str, what: str) -> None:
        self.node, self.file, self.what = node, file, what

    @property
    def line(self) -> int:
        return int(self.node.start_mark.line) + 1

    def refuse(self, expected: str) -> NoReturn:
        raise BadOrg(": ".join(filter(None, (self.file, f"line {self.line}", self.what, expected))))

    @property
    def null(self) -> bool:
        return self.node.tag == "tag:yaml.org,2002:null"

    @property
    def is_mapping(self) -> bool:
        return isinstance(self.node, yaml.MappingNode)

    def fields(self, known: Collection[str] | None) -> dict[str, Value]:
        """The members of a mapping; keys outside `known` are refused, with the nearest that would have been right."""
        if self.null:
            return {}
        if not isinstance(self.node, yaml.MappingNode):
            self.refuse(f"expected `key: value` lines, found {self._found()}")
        members: dict[str, Value] = {}
        for key_node, value_node in self.node.value:
            key = Value(key_node, self.file, self.what)
            name = key.node.value if isinstance(key.node, yaml.ScalarNode) else key.refuse("expected a plain key")
            if name in members:
                key.refuse(f"the key `{name}` stands twice")
            if known is not None and name not in known:
                near = get_close_matches(name, known, 1, 0.5)
                hint = f"did you mean `{near[0]}`?" if near else f"expected one of: {', '.join(sorted(known))}"
                key.refuse(f"unknown key `{_short(name)}`; {hint}")
            members[name] = Value(value_node, self.file, f"{self.what}.{name}" if self.what else name)
        return members

    def items(self) -> Iterator[Value]:
        """The members of a list; nothing for null."""
        if self.null:
            return
        if not isinstance(self.node, yaml.SequenceNode):
            self.refuse(f"expected a list (`- …` lines or [a, b]), found {self._found()}")
        for i, node in enumerate(self.node.value):
            yield Value(node, self.file, f"{self.what}[{i + 1}]")

    def text(self) -> str:
        if self.null or not isinstance(self.node, yaml.ScalarNode):
            self.refuse(f"expected text, found {self._found()}")
        text = str(self.node.value).strip()
        if not 0 < len(text) <= LONGEST:
            self.refuse(f"expected text of 1 to {LONGEST} characters, found {len(text)}")
        return text

    def truth(self) -> bool:
        value = _TRUTH.get(self.text().lower())
        return self.refuse(f"expected true or false, found `{_short(self.text())}`") if value is None else value

    def number(self) -> int:
        text = self.text().replace("_", "").replace(",", "")
        if not (text.isascii() and text.isdigit() and len(text) <= 11 and int(text) <= MOST):
            self.refuse(f"expected a whole number from 0 to {MOST:,}, found `{_short(self.text())}`")
        return int(text)

    def date(self) -> date:
        text = self.text()
        try:
            return date.fromisoformat(text) if len(text) == 10 else self._not_a_date()
        except ValueError:
            self._not_a_date()

    def _not_a_date(self) -> NoReturn:
        self.refuse(f"expected a date written 2026-11-20, found `{_short(self.text())}`")

    def choice(self, allowed: Collection[str]) -> str:
        """One of the allowed words."""
        text = self.text()
        if text not in allowed:
            near = get_close_matches(text, allowed, 1, 0.5)
            hint = f"did you mean `{near[0]}`?" if near else f"expected one of: {', '.join(sorted(allowed))}"
            self.refuse(f"unknown value `{_short(text)}`; {hint}")
        return text

    def network(self) -> Network:
        """A CIDR block; a bare address is a block of one."""
        text = self.text()
        try:
            meant = ipaddress.ip_network(text, strict=False)
        except ValueError:
            self.refuse(f"expected a network such as 10.21.0.0/16 or 2001:db8::/32, found `{_short(text)}`")
        if meant.network_address != ipaddress.ip_address(text.partition("/")[0]):
            self.refuse(f"`{_short(text)}` has bits set after its prefix; did you mean `{meant}`?")
        return meant

    def short(self) -> str:
        """Enough of the value to find it again, on one line."""
        return _short(self.text())

    def domain(self) -> str:
        """A host or domain name in lower case, without a leading `*.` or dot."""
        name = self.text().lower().removeprefix("*.").strip(".")
        labels = name.split(".")
        if len(labels) < 2 or not all(
            label and len(label) <= 63 and not set(label) & set(" /:@*\t") for label in labels
        ):
            self.refuse(f"expected a domain name such as example.com, found `{_short(self.text())}`")
        return name

    def _found(self) -> str:
        if self.null:
            return "nothing"
        if self.is_mapping:
            return "`key: value` lines"
        return "a list" if isinstance(self.node, yaml.SequenceNode) else f"`{_short(str(self.node.value))}`"


def optional(members: dict[str, Value], key: str, read: Callable[[Value], T]) -> T | None:
    """The value of a key that may be absent or null."""
    value = members.get(key)
    return None if value is None or value.null else read(value)


def required(owner: Value, members: dict[str, Value], key: str, read: Callable[[Value], T], expected: str) -> T:
    value = members.get(key)
    if value is None:
        owner.refuse(f"`{key}` is missing; expected {expected}")
    if value.null:
        value.refuse(f"expected {expected}, found nothing")
    return read(value)


def several(members: dict[str, Value], key: str, read: Callable[[Value], T]) -> tuple[T, ...]:
    """The values of a list; one value stands for a list of one."""
    value = members.get(key)
    if value is None or value.null:
        return ()
    return (read(value),) if isinstance(value.node, yaml.ScalarNode) else tuple(read(item) for item in value.items())


def read_document(path: Path) -> Value:
    """The root of a YAML file. Raises BadOrg where it cannot be read, is no YAML, or is no mapping."""
    name = path.name
    try:
        size = path.stat().st_size
        raw = path.read_bytes() if size <= LARGEST else b""
    except OSError as error:
        raise BadOrg(f"{path}: cannot be read ({error.strerror}); expected an organisation file in YAML") from None
    if size > LARGEST:
        raise BadOrg(f"{name}: larger than {LARGEST >> 20} MB; an organisation file is written by hand")
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise BadOrg(f"{name}: line {line}: not UTF-8; save the file as UTF-8") from None
    try:
        _check_depth(text, name)
        node = yaml.compose(text, Loader=LOADER)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f"line {mark.line + 1}: " if mark else ""
        raise BadOrg(f"{name}: {where}not valid YAML: {error.problem or error.context}") from None
    except yaml.YAMLError as error:
        line = raw.count(b"\n", 0, getattr(error, "position", 0)) + 1
        reason = getattr(error, "reason", "unreadable characters")
        raise BadOrg(f"{name}: line {line}: not valid YAML: {reason}") from None
    if node is None or not isinstance(node, yaml.MappingNode):
        raise BadOrg(f"{name}: line 1: expected `exporter:`, `networks:`, `recipients:` and `activities:` sections")
    return Value(node, name, "")


def _check_depth(text: str, name: str) -> None:
    """The composer recurses in C without a limit of its own, so the depth is checked on the flat stream of events."""
    depth = 0
    for event in yaml.parse(text, Loader=LOADER):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > DEEPEST:
                line = event.start_mark.line + 1 if event.start_mark else 1
                raise BadOrg(f"{name}: line {line}: nested deeper than {DEEPEST} levels")
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1


def _short(text: str) -> str:
    """Enough of a value to find it again, on one line."""
    line = " ".join(text.split())
    return line if len(line) <= 40 else line[:39] + "…"
