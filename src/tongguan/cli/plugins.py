"""`tongguan plugins`: what other packages add to this program, whether it is on, and whether it can be used."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from tongguan.cli.terminal import say, table
from tongguan.errors import BadPlugin
from tongguan.wording import LANGUAGES, Language, wording

if TYPE_CHECKING:
    from tongguan.registry import Kind, Plugin

__all__ = ["arguments"]

TEXTS = "plugins.yaml"


def arguments(parser: argparse.ArgumentParser, language: Language = "zh") -> None:
    """`language` is that of the terminal."""
    parser.add_argument("--all", action="store_true", help="our own parts too")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--lang", choices=LANGUAGES, default=language)
    parser.set_defaults(command=_list)


def _list(given: argparse.Namespace) -> int:
    """0 where every part that is on can be used, else 2."""
    from tongguan.registry import not_there, plugins

    rows = [*(_ours() if given.all else ()), *map(_row, plugins())]
    states = wording("tongguan.cli", TEXTS)
    shown = rows if given.json else [row | {"state": states.text(f"state.{row['state']}", given.lang)} for row in rows]
    table(shown, ("kind", "name", "package", "version", "state"), given.json)
    if given.json:
        return 2 if any(row["fault"] for row in rows) else 0
    if not rows:
        say(TEXTS, "none", given.lang)
    for package in not_there():
        say(TEXTS, "not_there", given.lang, package=package)
    for row in rows:
        if row["fault"]:
            print(row["fault"][given.lang])
    return 2 if any(row["fault"] for row in rows) else 0


def _kinds() -> dict[str, Kind[Any]]:
    from tongguan.capture.protocols import PROTOCOLS
    from tongguan.capture.stores import STORES
    from tongguan.identify import RECOGNISERS

    kinds: tuple[Kind[Any], ...] = (RECOGNISERS, PROTOCOLS, STORES)
    return {kind.name: kind for kind in kinds}


def _ours() -> Iterator[dict[str, Any]]:
    from tongguan import __version__

    for kind in _kinds().values():
        for name in kind.ours:
            yield {
                "kind": kind.name, "name": name, "package": "tongguan", "version": __version__, "state": "on",
                "fault": None,
            }  # fmt: skip


def _row(plugin: Plugin) -> dict[str, Any]:
    fault = None if plugin.off else _fault(plugin)
    return {
        "kind": plugin.kind, "name": plugin.name, "package": plugin.package, "version": plugin.version,
        "state": "off" if plugin.off else "bad" if fault else "on", "fault": fault,
    }  # fmt: skip


def _fault(plugin: Plugin) -> dict[str, str] | None:
    """Why a part cannot be used, in both languages."""
    from tongguan.registry import load

    try:
        load(_kinds().get(plugin.kind), plugin)
    except BadPlugin as error:
        return error.text
    return None
