"""`tongguan assets`: the catalogue that scans keep, listed, looked into, exported, held against rules anew.

Exit codes: 0 done · 1 a row was there, with --fail-on found · 2 bad input, or not allowed.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tongguan.cli.terminal import Actions, say, table
from tongguan.cli.who import allowed
from tongguan.errors import BadInput, NotFound
from tongguan.wording import Language

if TYPE_CHECKING:
    from tongguan.casework.assets import Catalogue, Filter

__all__ = ["arguments"]

TEXTS = "assets.yaml"
SHOWN = 100
COLUMNS = {
    "units": ("source", "path", "kind", "level", "sensitive", "persons_low", "persons_high", "document", "types"),
    "columns": ("path", "name", "declared", "type", "inside", "level", "score", "rule", "correction"),
    "blind_spots": ("source", "where", "reason", "detail", "count"),
    "changes": ("at", "path", "what", "before", "after"),
    "sources": ("source", "kind", "units", "started", "complete"),
}


def arguments(parser: argparse.ArgumentParser, language: Language = "zh") -> None:
    """The sub-commands of `assets`; `language` is that of the terminal."""
    actions = Actions(parser, language)
    listing = actions.add("list", _list, "units, columns, changes, blind spots or sources")
    _filters(listing)
    listing.add_argument("--limit", type=int, default=SHOWN, metavar="N", help="rows at most; 0 for all")
    listing.add_argument("--json", action="store_true", help="everything there is, as JSON")
    listing.add_argument("--fail-on", choices=("found",), help="exit with 1 where there is a row")
    show = actions.add("show", _show, "one table or file with its columns and the evidence, as JSON")
    show.add_argument("path", metavar="PATH", help="as it is listed")
    show.add_argument("--source", metavar="NAME", help="where several sources have that path")
    _place(show)
    save = actions.add("export", _export, "rows as .csv, .json, .parquet or .xlsx")
    save.add_argument("file", type=Path, metavar="FILE")
    _filters(save)
    anew = actions.add("apply", _apply, "rules and corrections laid over the catalogue anew, without reading anything")
    anew.add_argument("--sector", metavar="SECTOR", help="whose templates are used beside those for every sector")
    _place(anew)


def _place(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--out", type=Path, metavar="DIR", help="where the catalogue lies; in the workspace where absent"
    )


def _filters(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--view", choices=tuple(COLUMNS), default="units")
    for name, help in (
        ("source", "of this source, by its name"), ("kind", "table or file; of blind spots their kind"),
        ("state", "read, unread, gone"), ("level", "at least this"), ("type", "that holds this data type"),
        ("change", "same, new, changed, gone; of changes what changed"), ("text", "in the path, name or comment"),
        ("reason", "of blind spots"), ("document", "the kind of document that a file is"),
    ):  # fmt: skip
        parser.add_argument(f"--{name}", metavar=name.upper(), help=help)
    for name, help in (
        ("sensitive", "with sensitive personal information"), ("known", "in which registered data was found"),
        ("lapsed", "with a correction that holds no more"),
    ):  # fmt: skip
        parser.add_argument(f"--{name}", action=argparse.BooleanOptionalAction, default=None, help=help)
    _place(parser)


def _chosen(given: argparse.Namespace) -> Filter:
    from tongguan.casework.assets import Filter

    return Filter(**{name: getattr(given, name) for name in Filter.__dataclass_fields__})


@contextmanager
def _opened(given: argparse.Namespace, operation: str, *, write: bool = False) -> Iterator[tuple[str, Catalogue]]:
    from tongguan import trust
    from tongguan.casework.assets import Catalogue

    by = allowed(operation)
    with Catalogue(given.out or trust.home() / "assets", write=write) as catalogue:
        yield by.name, catalogue


def _list(given: argparse.Namespace) -> int:
    from tongguan.casework import assets

    if given.limit < 0:
        raise BadInput("--limit: expected a number of rows, 0 for all")
    with _opened(given, "assets.read") as (_, catalogue):
        found = list(assets.rows(catalogue, given.view, _chosen(given), limit=given.limit or None))
    table(found, COLUMNS[given.view], given.json)
    if given.limit and len(found) == given.limit and not given.json:
        say(TEXTS, "more", given.lang, limit=given.limit)
    return 1 if found and given.fail_on else 0


def _show(given: argparse.Namespace) -> int:
    from tongguan.casework import assets

    with _opened(given, "assets.read") as (_, catalogue):
        units = [
            row for row in assets.rows(catalogue, "units", assets.Filter(source=given.source, text=given.path))
            if row["path"] == given.path
        ]  # fmt: skip
        if not units:
            raise NotFound(f"the catalogue has no {given.path!r}; `tongguan assets list --text …` finds paths")
        if len(units) > 1:
            raise BadInput(f"several sources have it; name one by --source: {', '.join(u['source'] for u in units)}")
        unit = units[0]
        shown: dict[str, Any] = dict(unit)
        for view in ("columns", "blind_spots", "changes"):
            of_source = assets.rows(catalogue, view, assets.Filter(source=unit["source"], text=given.path))
            name = "unit" if view == "blind_spots" else "path"
            shown[view] = [row for row in of_source if row[name] == given.path]
    print(json.dumps(shown, ensure_ascii=False, indent=1))
    return 0


def _export(given: argparse.Namespace) -> int:
    from tongguan import trust
    from tongguan.casework import assets

    assets.format_of(given.file)
    with _opened(given, "assets.export") as (by, catalogue), trust.audit_log() as log:
        count = assets.export(catalogue, given.file, given.view, _chosen(given))
        log.append("export", by, {"what": f"assets/{given.view}", "format": given.file.suffix[1:], "rows": count})
    say(TEXTS, "exported", given.lang, count=f"{count:,}", path=str(given.file))
    return 0


def _apply(given: argparse.Namespace) -> int:
    from tongguan.casework import assets
    from tongguan.identify.templates import Rulebook

    with _opened(given, "inspections.run", write=True) as (_, catalogue):
        changed = assets.apply_rules(catalogue, Rulebook(catalogue.path.parent).rules(given.sector))
    say(TEXTS, "applied", given.lang, count=f"{changed:,}")
    return 0
