"""`tongguan fingerprint`: fingerprints of tables and documents made, and found again in files.

Exit codes: 0 done · 1 something was found, with --fail-on match · 2 bad input, or not allowed.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tongguan.cli.terminal import Actions, say
from tongguan.cli.who import allowed
from tongguan.errors import BadInput
from tongguan.wording import Language, readable, wording

if TYPE_CHECKING:
    from tongguan.identify import Piece

__all__ = ["arguments"]

TEXTS = "fingerprint.yaml"


def arguments(parser: argparse.ArgumentParser, language: Language = "zh") -> None:
    """The sub-commands of `fingerprint`; `language` is that of the terminal."""
    actions = Actions(parser, language)
    make = actions.add("make", _make, "of a table (CSV, Parquet, Arrow, SQLite) or of documents")
    make.add_argument("kind", choices=("table", "documents"))
    make.add_argument("sources", nargs="+", type=Path, metavar="SOURCE", help="one table; or files and folders")
    make.add_argument("--out", type=Path, required=True, metavar="FILE")
    make.add_argument("--column", action="append", dest="columns", metavar="NAME", help="only these; may be repeated")
    make.add_argument("--table", metavar="NAME", help="of a database with several")
    make.add_argument("--boilerplate", action="append", type=Path, default=[], metavar="PATH",
                      help="texts that do not count as copied; may be repeated")  # fmt: skip

    match = actions.add("match", _match, "what of the fingerprints stands in files and folders")
    match.add_argument("fingerprints", type=Path, metavar="FILE")
    match.add_argument("paths", nargs="+", type=Path, metavar="PATH")
    match.add_argument(
        "--rows", type=int, metavar="COLUMNS", help="rows of which so many columns stand near each other"
    )
    match.add_argument("--within", type=int, default=300, metavar="CHARACTERS", help="how near: 300 where not given")
    match.add_argument("--json", action="store_true", help="one JSON line for each")
    match.add_argument("--fail-on", choices=("match",), help="exit with 1 where there is one")


def _make(given: argparse.Namespace) -> int:
    from tongguan import trust
    from tongguan.identify import fingerprints

    allowed("files.identify")
    key = trust.workspace_key(trust.home())
    if given.kind == "documents":
        if given.columns or given.table:
            raise BadInput("--column and --table are for tables")
        boilerplate = [e.pieces for _, e in fingerprints.texts_of(given.boilerplate)]
        count = fingerprints.build_documents(_documents(given), given.out, key, boilerplate=boilerplate)
        say(TEXTS, "made.documents", given.lang, count=count, path=readable(str(given.out)))
        return 0
    if len(given.sources) != 1 or given.boilerplate:
        raise BadInput("expected one table, and no --boilerplate, which is for documents")
    batches = fingerprints.read_table(given.sources[0], given.table)
    built = fingerprints.build_table(batches, given.out, key, columns=given.columns)
    say(TEXTS, "made.table", given.lang, rows=f"{built.rows:,}", columns=len(built.columns), cells=f"{built.cells:,}",
        empty=f"{sum(built.empty):,}", short=f"{sum(built.short):,}", path=readable(str(given.out)))  # fmt: skip
    return 0


def _documents(given: argparse.Namespace) -> Iterator[tuple[str, list[Piece]]]:
    """Each document under its path; what cannot be seen of it is said."""
    from tongguan.identify import fingerprints

    for path, extraction in fingerprints.texts_of(given.sources):
        for spot in extraction.blind_spots:
            why = readable(f"{spot.kind} {spot.where} {spot.detail}".strip())
            say(TEXTS, "unseen", given.lang, to=sys.stderr, path=readable(path), why=why)
        if any(piece.text.strip() for piece in extraction.pieces):
            yield readable(path), extraction.pieces


def _match(given: argparse.Namespace) -> int:
    from tongguan import trust
    from tongguan.identify import fingerprints

    allowed("files.identify")
    known = fingerprints.open_fingerprints(given.fingerprints, trust.workspace_key(trust.home()))
    if given.rows is not None and isinstance(known, fingerprints.DocumentStore):
        raise BadInput(f"{given.fingerprints}: fingerprints of documents; --rows is for those of a table")
    near = None if given.rows is None else fingerprints.Near(given.rows, characters=given.within)
    found = False
    for line in fingerprints.match_lines(known, given.paths, near):
        found |= "found" in line
        print(json.dumps(line, ensure_ascii=False) if given.json else _for_people(line, given.lang))
    return 1 if found and given.fail_on else 0


def _for_people(line: dict[str, Any], language: Language) -> str:
    where = "!".join(readable(str(part)) for part in (line["path"], line.get("member")) if part)
    texts = wording("tongguan.cli", TEXTS)
    if "blind_spot" in line:
        return texts.text("unseen", language, path=where, why=f"{line['blind_spot']} {line['detail']}".strip())
    if line["found"] == "document":
        return texts.text(
            "document", language, where=where, document=line["document"], share=f"{line['share_of_document']:.0%}",
            own=f"{line['share_of_text']:.0%}",
        )  # fmt: skip
    where = f"{where}:{line['start']}-{line['end']}"
    if line["found"] == "row":
        return texts.text("row", language, where=where, row=line["row"] + 1, columns="、".join(line["columns"]))
    return texts.text("cell", language, where=where, column=line["column"], holders=line["holders"])
