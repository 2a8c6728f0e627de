"""`tongguan scan`: databases, folders and buckets into the catalogue of data assets.

Exit codes: 0 done · 1 a source went away before its end (the same command goes on), or what --fail-on names was found ·
2 bad input, or not allowed.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING

from tongguan.cli.names import names_argument, names_of
from tongguan.cli.ocr import ocr_argument
from tongguan.cli.terminal import say, table
from tongguan.cli.who import allowed
from tongguan.errors import BadInput
from tongguan.wording import LANGUAGES, Language, readable

if TYPE_CHECKING:
    from tongguan.casework.assets import Catalogue, Outcome

__all__ = ["arguments"]

TEXTS = "scan.yaml"
SHOWN = 20
FAILING = {"sensitive": "sensitive", "finding": "with_findings", "new": "new", "blind": "blind_spots"}


def arguments(parser: argparse.ArgumentParser, language: Language = "zh") -> None:
    """The arguments of `scan`; `language` is that of the terminal."""
    parser.add_argument(
        "sources", nargs="+", metavar="SOURCE",
        help="a folder, a file, sqlite:///…, duckdb:///…, postgresql://…, mysql://…, mariadb://…, s3://bucket/prefix",
    )  # fmt: skip
    parser.add_argument(
        "--out", type=Path, metavar="DIR", help="where the catalogue lies; in the workspace where absent"
    )
    parser.add_argument("--sample", type=int, metavar="N", help="rows of a table that are looked at")
    parser.add_argument(
        "--whole", action="store_true", help="read every row of a database's tables, however long, instead of samples"
    )
    parser.add_argument("--full", action="store_true", help="read also what did not change")
    parser.add_argument(
        "--credentials", type=Path, metavar="FILE", help="passwords by address, as YAML, readable for you alone"
    )
    names_argument(parser)
    ocr_argument(parser)
    parser.add_argument("--json", action="store_true", help="what was done, as JSON")
    parser.add_argument("--export", type=Path, metavar="FILE", help="the catalogue as .csv, .json, .parquet or .xlsx")
    parser.add_argument(
        "--workers", type=int, metavar="N", help="processes that read; as many as processors where absent"
    )
    parser.add_argument("--sector", metavar="SECTOR", help="whose templates are used beside those for every sector")
    parser.add_argument(
        "--fingerprints", action="append", type=Path, default=[], metavar="FILE",
        help="registered tables or documents that files are held against; may be repeated",
    )  # fmt: skip
    parser.add_argument(
        "--fail-on", choices=("sensitive", "finding", "new", "blind"),
        help="exit with 1 where the catalogue holds sensitive data, any findings, new units, or blind spots",
    )  # fmt: skip
    parser.add_argument("--lang", choices=LANGUAGES, default=language)
    parser.set_defaults(command=_scan, goes_on=True)


def _scan(given: argparse.Namespace) -> int:
    from tongguan import progress, trust
    from tongguan.capture.stores import parse_address
    from tongguan.casework import assets

    by = allowed("inspections.run")
    addresses = [parse_address(source) for source in given.sources]
    if given.workers is not None and given.workers < 1:
        raise BadInput("--workers: expected a number of processes, 1 or more")
    if given.export:
        assets.format_of(given.export)
    home = trust.home()
    folder = given.out or home / "assets"
    with trust.audit_log() as log, progress.shown() as show:
        begun = log.append("scan_started", by.name, {"sources": [address.name for address in addresses]})
        outcomes = assets.scan(
            addresses,
            folder,
            trust.workspace_key(home),
            rows=assets.ROWS if given.sample is None else given.sample,
            full=given.full,
            whole=given.whole,
            names=names_of(given),
            workers=given.workers,
            sector=given.sector,
            ocr=given.ocr,
            ocr_seconds=given.ocr_seconds,
            registered=given.fingerprints,
            credentials=given.credentials,
            progress=show,
            counted=show.counted if show else None,
        )
        with assets.Catalogue(folder) as catalogue:
            found = assets.totals(catalogue)
            log.append("scan", by.name, {"begun": begun, **assets.sealed(outcomes), "totals": found})
            if given.export:
                assets.export(catalogue, given.export)
            _tell(given, outcomes, found, catalogue, folder)
    complete = all(outcome.complete for outcome in outcomes)
    return 0 if complete and not (given.fail_on and found[FAILING[given.fail_on]]) else 1


def _tell(
    given: argparse.Namespace, outcomes: list[Outcome], found: dict[str, int], catalogue: Catalogue, folder: Path
) -> None:
    from tongguan.casework import assets

    if given.json:
        told = {
            "catalogue": str(folder),
            "sources": [outcome.to_dict() for outcome in outcomes],
            "totals": found,
        }
        print(json.dumps(told, ensure_ascii=False, indent=1))
        return
    for outcome in outcomes:
        counts = {name: outcome.counts[name] for name in ("read", "unchanged", "unread", "blind", "sampled")}
        key = "source" if outcome.complete else "interrupted"
        say(TEXTS, key, given.lang, source=outcome.source, seconds=f"{outcome.seconds:.1f}", **counts)
    say(TEXTS, "totals", given.lang, **found)
    highest = assets.rows(catalogue, "units", assets.Filter(sensitive=True), limit=SHOWN)
    shown = [{**row, "types": ",".join(row["types"][:6])} for row in highest]
    table(shown, ["source", "path", "level", "persons", "types"], as_json=False)
    say(TEXTS, "where", given.lang, place=readable(str(folder)))
