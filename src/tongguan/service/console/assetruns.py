"""Sources and their scans as pages and calls show them: the register, what the catalogue knows, what is under way."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from functools import partial
from pathlib import Path

import sqlalchemy as sa

from tongguan.casework.assets import Catalogue, apply_rules
from tongguan.casework.assets.catalogue import FILE
from tongguan.casework.assets.jobs import OPEN, Job, Jobs
from tongguan.casework.assets.processes import taken
from tongguan.casework.assets.reach import Reach
from tongguan.casework.assets.sources import Source, Sources
from tongguan.casework.assets.tables import sources as scanned_sources
from tongguan.errors import Conflict, TongguanError
from tongguan.identify.templates import Rulebook
from tongguan.service.console.assetindex import index_of
from tongguan.service.console.workspace import Row
from tongguan.trust import workspace_key
from tongguan.trust.opening import HouseKey, Trust

__all__ = ["Rooms", "days_since", "job_row", "keep_turning", "lay_rules", "merged", "source_row"]

KEY = "asset-sources"
TURN_S = 5.0
STATES = {"given_up": "incomplete"}  # the catalogue's own words for the same


class Rooms:
    """The register and the scans of a home."""

    def __init__(self, trust: Trust) -> None:
        allowed = trust.settings.assets
        self.reach = Reach(allowed.roots, allowed.networks, trust.home)
        key = HouseKey(trust, KEY)
        scanned = partial(_scanned, trust.home / "assets")
        self.sources = Sources(trust.database, key, trust.record, trust.policy, self.reach, scanned=scanned)
        places = (allowed.roots, allowed.networks)
        self.jobs = Jobs(trust.database, self.sources, trust.record, trust.home, places, workspace_key(trust.home))


def _scanned(folder: Path, address: str) -> bool:
    """Whether the catalogue of a folder knows a source."""
    if not (folder / FILE).is_file():
        return False
    with Catalogue(folder, only=frozenset((address,))) as catalogue, catalogue.read() as connection:
        return connection.execute(sa.select(scanned_sources.c.id)).first() is not None


def keep_turning(trust: Trust, ended: threading.Event) -> None:
    """Let scans begin and end until the service does."""
    rooms = Rooms(trust)
    laid = _written(trust.home)
    while not ended.is_set():
        try:
            rooms.jobs.tick()
            _warm(trust.home)
            if (mark := _written(trust.home)) != laid and lay_rules(trust.home):
                laid = mark
        except TongguanError as error:  # a disk that is full, a database that is away: the next turn may be better
            logging.getLogger("tongguan").warning("scans: %s", error)
        ended.wait(TURN_S)


def lay_rules(home: Path) -> bool:
    """Hold the catalogue against the rules and corrections as they are now; False where a scan writes in it.

    Raises CannotWrite, Broken, BadPack.
    """
    place = home / "assets"
    if taken(place / f"{FILE}.lock"):
        return False
    if (place / FILE).is_file():
        try:
            with Catalogue(place, write=True) as catalogue:
                apply_rules(catalogue, Rulebook(place).rules())
        except Conflict:
            return False
    return True


def _warm(home: Path) -> None:
    """The index of the catalogue, made before anybody asks for it: of a million units it takes a while."""
    if (home / "assets" / FILE).is_file():
        with Catalogue(home / "assets") as catalogue:
            index_of(catalogue)


def _written(home: Path) -> list[int]:
    """When each of the files of the rules was written."""
    place = home / "assets"
    files = (place / "policy.yaml", place / "exceptions.yaml", *sorted((place / "templates").glob("*.yaml")))
    return [path.stat().st_mtime_ns for path in files if path.is_file()]


def source_row(source: Source) -> Row:
    """A registered source, without any secret."""
    return asdict(source)


def job_row(job: Job) -> Row:
    """A scan, with how far it is while it runs. Why it failed is `text`, in both languages; `error` is the English."""
    row = asdict(job)
    row["text"] = job.error
    row["error"] = job.error["en"] if job.error else None
    note = row.pop("note") or {}
    far = {
        name: note.get(name) for name in ("units", "bytes", "total", "current", "rate", "units_rate", "left_s", "at")
    }
    far["rows"] = None  # the catalogue knows: see `rows_read`
    row["progress"] = far if job.state == "running" and note else None
    row["reached"] = {"units": note.get("units"), "bytes": note.get("bytes")} if note else None
    return row


def merged(sources: list[Source], jobs: Mapping[str, Job], known: list[Row]) -> list[Row]:
    """Registered sources with their newest scan and with what the catalogue knows of them, then what was scanned at the
    terminal and never registered."""
    in_catalogue = {row["source"]: row for row in known}
    rows = [_merged(source, jobs.get(source.id), in_catalogue.pop(source.address, None)) for source in sources]
    return rows + [_merged(None, None, row) for row in in_catalogue.values()]


def _merged(source: Source | None, job: Job | None, known: Row | None) -> Row:
    last = job_row(job) if job else None
    state = job.state if job else None
    if known and (job is None or (job.state not in OPEN and _later(known["started"], job.ended))):
        state = STATES.get(known["state"], known["state"])  # a scan at the terminal came after it
    return {
        "id": source.id if source else None,
        "name": source.name if source else known["source"] if known else "",
        "address": source.address if source else known["source"] if known else "",
        "kind": source.kind if source else known["kind"] if known else "",
        "source": source_row(source) if source else None,
        "known": known,
        "job": last,
        "state": state,
        "resumable": state in ("interrupted", "stopped", "incomplete"),
    }


def _later(started: str | None, ended: float | None) -> bool:
    if started is None:
        return False
    return ended is None or datetime.fromisoformat(started).timestamp() > ended + 1


def days_since(at: str | None) -> int | None:
    """Whole days since a moment; None where there is none."""
    if at is None:
        return None
    return int((time.time() - datetime.fromisoformat(at).timestamp()) // 86_400)
