"""`tongguan fingerprint`: fingerprints of tables and documents made, and found again in files.

Exit codes: 0 done · 1 something was found, with --fail-on match · 2 bad input, or not allowed.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from tongguan import trust
from tongguan.cli.terminal import Actions, moment, say, table
from tongguan.cli.who import allowed
from tongguan.errors import BadInput, Broken
from tongguan.trust import access
from tongguan.unseen import why_in
from tongguan.wording import Language, on_one_line, readable, wording

if TYPE_CHECKING:
    from tongguan.identify import Piece
    from tongguan.identify.fingerprints import Known
    from tongguan.identify.fingerprints.stores import Store, Stores

__all__ = ["arguments"]

TEXTS = "fingerprint.yaml"


def arguments(parser: argparse.ArgumentParser, language: Language = "zh") -> None:
    """The sub-commands of `fingerprint`; `language` is that of the terminal."""
    actions = Actions(parser, language)
    make = actions.add("make", _make, "of a table (CSV, Parquet, Arrow, SQLite) or of documents")
    make.add_argument("kind", choices=("table", "documents"))
    make.add_argument("sources", nargs="+", type=Path, metavar="SOURCE", help="one table; or files and folders")
    place = make.add_mutually_exclusive_group(required=True)
    place.add_argument("--name", help="register them in the workspace under this name")
    place.add_argument("--out", type=Path, metavar="FILE", help="write them to a file of your own")
    make.add_argument("--column", action="append", dest="columns", metavar="NAME", help="only these; may be repeated")
    make.add_argument("--entity", help="whose data they are, with --name; everybody's where not given")

    extend = actions.add("extend", _extend, "more rows or documents into a registered store")
    extend.add_argument("name", metavar="NAME")
    extend.add_argument("sources", nargs="+", type=Path, metavar="SOURCE", help="one table; or files and folders")
    for action in (make, extend):
        action.add_argument("--table", metavar="NAME", help="of a database with several")
        action.add_argument("--boilerplate", action="append", type=Path, default=[], metavar="PATH",
                            help="texts that do not count as copied; may be repeated")  # fmt: skip

    listing = actions.add("list", _list, "the stores of this workspace")
    listing.add_argument("--json", action="store_true")
    for verb, command, about in (
        ("merge", _merge, "all that was added to a store made one file"),
        ("remove", _remove, "remove a store"),
    ):
        actions.add(verb, command, about).add_argument("name", metavar="NAME")

    match = actions.add("match", _match, "what of the fingerprints stands in files and folders")
    match.add_argument("fingerprints", metavar="NAME|FILE")
    match.add_argument("paths", nargs="+", type=Path, metavar="PATH")
    match.add_argument(
        "--rows", type=int, metavar="COLUMNS", help="rows of which so many columns stand near each other"
    )
    match.add_argument("--within", type=int, default=300, metavar="CHARACTERS", help="how near: 300 where not given")
    match.add_argument("--json", action="store_true", help="one JSON line for each")
    match.add_argument("--fail-on", choices=("match",), help="exit with 1 where there is one")


def _make(given: argparse.Namespace) -> int:
    who = allowed("fingerprints.manage", entity=given.entity)
    _fits(given, given.kind)
    if given.kind == "documents" and (given.columns or given.table):
        raise BadInput("--column and --table are for tables")
    if given.out is not None:
        if given.entity is not None:
            raise BadInput("--entity is for stores of the workspace; expected --name, not --out")
        return _make_file(given)
    stores, source = _stores(), _source(given.sources)
    if given.kind == "documents":
        store = stores.make_documents(
            given.name, _documents(given), by=who.name, source=source, boilerplate=_boilerplate(given),
            entity=given.entity,
        )  # fmt: skip
    else:
        batches = _fingerprints().read_table(given.sources[0], given.table)
        store = stores.make_table(
            given.name, batches, by=who.name, source=source, columns=given.columns, entity=given.entity
        )
    return _changed("made", store, who.name, given.lang)


def _make_file(given: argparse.Namespace) -> int:
    key = _key()
    fingerprints = _fingerprints()
    if given.kind == "documents":
        count = fingerprints.build_documents(_documents(given), given.out, key, boilerplate=_boilerplate(given))
        say(TEXTS, "made.documents", given.lang, count=count, path=readable(str(given.out)))
        return 0
    batches = fingerprints.read_table(given.sources[0], given.table)
    built = fingerprints.build_table(batches, given.out, key, columns=given.columns)
    say(TEXTS, "made.table", given.lang, rows=f"{built.rows:,}", columns=len(built.columns), cells=f"{built.cells:,}",
        empty=f"{sum(built.empty):,}", short=f"{sum(built.short):,}", path=readable(str(given.out)))  # fmt: skip
    return 0


def _extend(given: argparse.Namespace) -> int:
    stores = _stores()
    store = stores.get(given.name)
    who = allowed("fingerprints.manage", entity=store.entity)
    _fits(given, store.kind)
    source = _source(given.sources)
    if store.kind == "documents":
        if given.table:
            raise BadInput("--table is for tables")
        boilerplate = _boilerplate(given)
        store = stores.extend_documents(
            given.name, _documents(given), by=who.name, source=source, boilerplate=boilerplate
        )
    else:
        batches = _fingerprints().read_table(given.sources[0], given.table)
        store = stores.extend_table(given.name, batches, by=who.name, source=source)
    return _changed("extended", store, who.name, given.lang)


def _fits(given: argparse.Namespace, kind: str) -> None:
    if kind == "table" and (len(given.sources) != 1 or given.boilerplate):
        raise BadInput("expected one table, and no --boilerplate, which is for documents")


def _merge(given: argparse.Namespace) -> int:
    stores = _stores()
    who = allowed("fingerprints.manage", entity=stores.get(given.name).entity)
    return _changed("merged", stores.merge(given.name, who.name), who.name, given.lang)


def _remove(given: argparse.Namespace) -> int:
    stores = _stores()
    try:
        entity = stores.get(given.name).entity
    except Broken:
        entity = None  # what is damaged can be removed by whoever may remove any
    who = allowed("fingerprints.manage", entity=entity)
    store = stores.remove(given.name)
    _record("fingerprints_removed", who.name, {"name": store.name, "entity": store.entity})
    say(TEXTS, "removed", given.lang, name=store.name)
    return 0


def _changed(what: str, store: Store, who: str, language: Language) -> int:
    body = {
        "name": store.name, "kind": store.kind, "entity": store.entity, "rows": store.rows, "cells": store.cells,
        "documents": store.documents, "files": len(store.segments),
    }  # fmt: skip
    _record(f"fingerprints_{what}", who, body)
    key = "store.table" if store.kind == "table" else "store.documents"
    say(TEXTS, key, language, name=store.name, rows=f"{store.rows:,}", cells=f"{store.cells:,}",
        documents=f"{store.documents:,}", files=len(store.segments))  # fmt: skip
    return 0


def _list(given: argparse.Namespace) -> int:
    who = allowed("fingerprints.read")
    policy, stores = access.load_policy(trust.home()), _stores()
    shown = [store for store in stores.all() if access.may(policy, who, "fingerprints.read", entity=store.entity)]
    rows = [store.to_dict() | {"files": len(store.segments), "changed": moment(store.changed)} for store in shown]
    table(rows, ("name", "kind", "rows", "cells", "documents", "files", "changed", "entity", "columns"), given.json)
    return 0


def _documents(given: argparse.Namespace) -> Iterator[tuple[str, list[Piece]]]:
    """Each document under its path; what cannot be seen of it is said."""
    for path, extraction in _fingerprints().texts_of(given.sources):
        for spot in extraction.blind_spots:
            why = readable(f"{spot.where} {why_in(given.lang, spot.kind, spot.detail)}".strip())
            say(TEXTS, "unseen", given.lang, to=sys.stderr, path=readable(path), why=why)
        if any(piece.text.strip() for piece in extraction.pieces):
            yield readable(path), extraction.pieces


def _boilerplate(given: argparse.Namespace) -> list[list[Piece]]:
    return [extraction.pieces for _, extraction in _fingerprints().texts_of(given.boilerplate)]


def _match(given: argparse.Namespace) -> int:
    known, name, who = _opened(given.fingerprints)
    fingerprints = _fingerprints()
    if given.rows is not None and isinstance(known, fingerprints.DocumentStore | fingerprints.DocumentSegments):
        raise BadInput(f"{given.fingerprints}: fingerprints of documents; --rows is for those of a table")
    near = None if given.rows is None else fingerprints.Near(given.rows, characters=given.within)
    found = unseen = 0
    for line in fingerprints.match_lines(known, given.paths, near):
        found += "found" in line
        unseen += "blind_spot" in line
        print(json.dumps(line, ensure_ascii=False) if given.json else _for_people(line, given.lang))
    if name is not None:
        _record("fingerprints_matched", who, {"name": name, "found": found, "unseen": unseen, "by": "terminal"})
    return 1 if found and given.fail_on else 0


def _opened(which: str) -> tuple[Known, str | None, str]:
    """A file, or the store of a name; with the name, and who asks."""
    if Path(which).exists():
        return _fingerprints().open_fingerprints(Path(which), _key()), None, allowed("fingerprints.match").name
    stores = _stores()
    store = stores.get(which)
    who = allowed("fingerprints.match", entity=store.entity)
    return stores.open(store.name), store.name, who.name


# ---- parts that are loaded when they are needed


def _fingerprints() -> ModuleType:
    from tongguan.identify import fingerprints

    return fingerprints


def _key() -> bytes:
    return trust.workspace_key(trust.home())


def _stores() -> Stores:
    from tongguan.identify.fingerprints.stores import Stores

    return Stores(trust.home() / "fingerprints", _key())


def _source(paths: Sequence[Path]) -> str:
    """What a store was made from, for people: names, not places."""
    names = [readable(path.name) for path in paths]
    return ", ".join(names[:3]) + (f" +{len(names) - 3}" if len(names) > 3 else "")


def _record(kind: str, who: str, body: Mapping[str, Any]) -> None:
    with trust.audit_log() as log:
        log.append(kind, who, body)


# ---- for people


def _for_people(line: dict[str, Any], language: Language) -> str:
    where = "!".join(on_one_line(str(part)) for part in (line["path"], line.get("member")) if part)
    texts = wording("tongguan.cli", TEXTS)
    if "blind_spot" in line:
        return texts.text("unseen", language, path=where, why=why_in(language, line["blind_spot"], line["detail"]))
    if line["found"] == "document":
        return texts.text(
            "document", language, where=where, document=line["document"], share=f"{line['share_of_document']:.0%}",
            own=f"{line['share_of_text']:.0%}",
        )  # fmt: skip
    where = f"{where}:{line['start']}-{line['end']}"
    if line["found"] == "row":
        return texts.text("row", language, where=where, row=line["row"] + 1, columns="、".join(line["columns"]))
    return texts.text("cell", language, where=where, column=line["column"], holders=line["holders"])
