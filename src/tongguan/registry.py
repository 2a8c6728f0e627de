"""Parts of which others may add their own: each kind has one seam, ours come from its table, those of other packages by
their entry points.

A package adds a part by an entry point in the group `tongguan.<kind>` (docs/extending.md). Ours come first, in the
order of their table; the others follow by package and name. They are looked for when a kind is first asked for, once.
Ours are no entry points: the program then runs from wherever it lies, with all its parts or not at all.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any, Final, Generic, Literal, TypeVar

from tongguan.errors import BadPlugin
from tongguan.wording import on_one_line, wording

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

__all__ = [
    "FAULTS",
    "KINDS",
    "VARIABLE",
    "Kind",
    "Part",
    "Plugin",
    "foreign",
    "has_on",
    "load",
    "mark",
    "not_there",
    "parts",
    "plugins",
]

T = TypeVar("T")
KindName = Literal["recognisers", "protocols", "stores"]

VARIABLE: Final = "TONGGUAN_PLUGINS_OFF"
KINDS: Final[tuple[KindName, ...]] = ("recognisers", "protocols", "stores")
_PREFIX: Final = "tongguan."
_NAME: Final = re.compile(r"[a-z][a-z0-9_.-]{0,47}")
_FILE, _GROUP = "entry_points.txt", f"[{_PREFIX}"
_ALL: Final = "*"
FAULTS: Final = (Exception, SystemExit)
"""Whatever others' code does that costs its part and not the run."""


@dataclass(frozen=True, eq=False)
class Kind(Generic[T]):
    """One kind of part. `protocol`: the `typing.Protocol` (checked at run time) that each of them keeps."""

    name: KindName
    protocol: type[Any]
    ours: Mapping[str, T]


@dataclass(frozen=True, slots=True)
class Plugin:
    """A part that another package says it has; not loaded yet."""

    kind: str  # one of KINDS, or what this version knows nothing of
    name: str
    package: str
    version: str
    off: bool  # by the setting
    entry: EntryPoint = field(repr=False, compare=False)

    def __str__(self) -> str:
        return on_one_line(f"{self.name} ({self.package} {self.version})")


@dataclass(frozen=True, slots=True)
class Part(Generic[T]):
    """A part in use. `plugin`: None for ours."""

    name: str
    value: T
    plugin: Plugin | None = None


@cache
def parts(kind: Kind[T]) -> tuple[Part[T], ...]:
    """All parts of a kind that are on: ours, then those of other packages.

    Raises BadPlugin where one of these cannot be used: nobody is to decide on half of what should be seen.
    """
    ours = tuple(Part(name, value) for name, value in kind.ours.items())
    for plugin in _on():
        if plugin.kind not in KINDS:
            load(None, plugin)
    return ours + tuple(load(kind, plugin) for plugin in _on() if plugin.kind == kind.name)


def foreign(kind: Kind[T]) -> tuple[Part[T], ...]:
    """The parts of other packages that are on. Raises BadPlugin."""
    return parts(kind)[len(kind.ours) :]


def load(kind: Kind[T] | None, plugin: Plugin) -> Part[T]:
    """Import a part of another package. `kind`: its own, None where there is no such kind.

    Raises BadPlugin where its kind or its name cannot be, where it fails, or does not keep its protocol.
    """
    if kind is None:
        raise _bad(plugin, "kind", kinds=", ".join(_PREFIX + name for name in KINDS))
    if not _NAME.fullmatch(plugin.name):
        raise _bad(plugin, "name")
    alike = (one for one in plugins() if (one.kind, one.name) == (plugin.kind, plugin.name) and not one.off)
    first = next(alike, plugin)
    if plugin.name in kind.ours or first != plugin:
        raise _bad(plugin, "taken", other="tongguan" if plugin.name in kind.ours else first.package)
    try:
        value = plugin.entry.load()
        kept = isinstance(value, kind.protocol)
    except FAULTS as error:
        raise _bad(plugin, "import", why=f"{type(error).__name__}: {error}"[:500]) from error
    if not kept:
        raise _bad(plugin, "protocol", target=plugin.entry.value, protocol=kind.protocol.__qualname__)
    return Part(plugin.name, value, plugin)


@cache
def plugins() -> tuple[Plugin, ...]:
    """What other packages say they have, on or off, by package and name. Raises BadPlugin where that cannot be read."""
    return tuple(sorted(_found(), key=lambda one: (_plain(one.package), one.kind, one.name)))


def has_on(kind: KindName, package: str) -> bool:
    """Whether a package has a part of a kind, and it is on."""
    return any(one.kind == kind and _plain(one.package) == _plain(package) for one in _on())


def _on() -> list[Plugin]:
    return [] if _ALL in _off() else [plugin for plugin in plugins() if not plugin.off]


def mark() -> str:
    """What others have on, as a text: what was found with other parts is not comparable. Empty for none."""
    return " ".join(f"{one.kind}/{one.name}/{one.package}/{one.version}" for one in _on())


def not_there() -> list[str]:
    """Packages that are switched off and have no parts for us: not installed, or written otherwise."""
    return sorted(_off() - {_ALL} - {_plain(plugin.package) for plugin in plugins()})


def _found() -> Iterator[Plugin]:
    from importlib import metadata  # takes its time: where no part is asked for, it is not loaded

    off, known = _off(), set[str]()
    for package in metadata.distributions():
        try:
            told = package.read_text(_FILE)
            if not told or _GROUP not in told or (name := _plain(package.name)) in known:
                continue
            known.add(name)
            if metadata.distribution(package.name).read_text(_FILE) != told:
                continue  # of two copies the first is the one that is imported
            for entry in package.entry_points:
                if entry.group.startswith(_PREFIX):
                    kind = entry.group.removeprefix(_PREFIX)
                    yield Plugin(kind, entry.name, package.name, package.version, bool(off & {_ALL, name}), entry)
        except Exception as error:  # whatever stands in the files of others
            where, why = str(package.locate_file("")), f"{type(error).__name__}: {error}"[:200]
            said = _say("unread", where=on_one_line(where), why=on_one_line(why), off=f"{VARIABLE}={_ALL}")
            raise BadPlugin(said) from error


def _say(key: str, **values: object) -> dict[str, str]:
    return wording("tongguan", "registry.yaml").both(key, **values)


def _off() -> set[str]:
    """The packages that are switched off."""
    return {_plain(name) for name in re.split(r"[,\s]+", os.environ.get(VARIABLE, "")) if name}


def _plain(package: str) -> str:
    """A package's name in the one form of all its writings."""
    return re.sub(r"[-_.]+", "-", package).lower()


def _bad(plugin: Plugin, key: str, **values: object) -> BadPlugin:
    what = _say(key, **{name: on_one_line(str(value)) for name, value in values.items()})
    off = f"{VARIABLE}={plugin.package}"
    return BadPlugin(_say("bad", plugin=str(plugin), group=_PREFIX + plugin.kind, what=what, off=off))
