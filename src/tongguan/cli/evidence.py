"""`tongguan evidence`: what is kept sealed: listed, checked, held, and given out for a reason.

Exit codes: 0 done, and all is right · 1 the check found something wrong · 2 bad input, or not allowed.
"""

from __future__ import annotations

import argparse
import json
import mimetypes
import sys
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tongguan import whole_file
from tongguan.cli.terminal import Actions, counted, day, moment, room, say, table
from tongguan.cli.who import allowed
from tongguan.errors import BadInput, Conflict
from tongguan.wording import Language, readable

if TYPE_CHECKING:
    from tongguan.trust.evidence import Manifest

__all__ = ["arguments"]

TEXTS = "evidence.yaml"
PAGE = 500
KINDS = ("packet_slice", "message", "file", "rows", "report", "other")


def arguments(parser: argparse.ArgumentParser, language: Language = "zh") -> None:
    """The sub-commands of `evidence`; `language` is that of the terminal."""
    actions = Actions(parser, language)
    listing = actions.add("list", _list, "what is kept, the newest first")
    listing.add_argument("--kind", choices=KINDS)
    listing.add_argument("--entity")
    listing.add_argument("--exchange", help="of this exchange")
    listing.add_argument("--held", action="store_const", const=True, help="under legal hold only")
    listing.add_argument("--json", action="store_true")
    actions.add("show", _show, "manifest, masked view and history, as JSON").add_argument("id")

    reveal = actions.add("reveal", _reveal, "the original into a file, for a reason that is logged first")
    reveal.add_argument("id")
    reveal.add_argument("--reason", required=True)
    reveal.add_argument("--out", type=Path, required=True, metavar="FILE", help="a file that is not there yet")
    for name, help in (("hold", "put under legal hold"), ("release", "lift a hold; takes an approval")):
        made = actions.add(name, _hold, help)
        made.add_argument("id")
        made.add_argument("--reason", required=True)
        made.set_defaults(change=name)

    add = actions.add("add", _add, "keep a file")
    add.add_argument("file", type=Path)
    add.add_argument("--kind", choices=KINDS, default="file")
    add.add_argument("--name", help="the file's name where absent")
    add.add_argument("--media-type", help="by the file's name where absent")
    add.add_argument("--entity")
    add.add_argument("--masked", type=Path, metavar="FILE", help="its view without personal values")

    sweep = actions.add("sweep", _sweep, "check every manifest, blob and file; goes on where one was interrupted")
    sweep.set_defaults(goes_on=True)
    expire = actions.add("expire", _expire, "remove what is past its retention and not held")
    expire.add_argument("--as-of", type=day, metavar="DATE", help="as of this day, UTC; not after today")
    actions.add("rewrap", _rewrap, "data keys under the newest versions of their keys")


def _list(given: argparse.Namespace) -> int:
    by = allowed("evidence.read", entity=given.entity)
    rows: list[dict[str, Any]] = []
    origin = {"exchange": given.exchange} if given.exchange else None
    with room() as trust:
        while True:
            found = trust.evidence.list(
                by, entity=given.entity, kind=given.kind, origin=origin, held=given.held, offset=len(rows), limit=PAGE
            )
            rows += [_row(manifest) for manifest in found]
            if len(found) < PAGE:
                break
    table(rows, ["id", "kind", "size", "name", "entity", "added", "until", "held"], given.json)
    return 0


def _row(manifest: Manifest) -> dict[str, Any]:
    times = {name: moment(getattr(manifest, name)) or None for name in ("added", "until", "expired")}
    return {**asdict(manifest), "origin": dict(manifest.origin), **times}


def _show(given: argparse.Namespace) -> int:
    by = allowed("evidence.read")
    with room() as trust:
        shown = {
            **_row(trust.evidence.manifest(given.id, by)),
            "masked": trust.evidence.masked(given.id, by),
            "history": [{**asdict(e), "at": moment(e.at)} for e in trust.evidence.history(given.id, by)],
        }
    print(json.dumps(shown, ensure_ascii=False, indent=1))
    return 0


def _reveal(given: argparse.Namespace) -> int:
    by = allowed("evidence.reveal")
    if given.out.exists():
        raise Conflict(f"{readable(str(given.out))} is there already; name a file that is not")
    with room() as trust:
        size = _write(given.out, trust.evidence.reveal(given.id, given.reason, by))
    _say("revealed", given, file=readable(str(given.out)), size=size)
    return 0


def _write(path: Path, pieces: Iterable[bytes]) -> int:
    """The pieces as a file of mode 0600: whole or not at all."""
    with whole_file.replacing(path, new=True) as file:
        return sum(file.write(piece) for piece in pieces)


def _hold(given: argparse.Namespace) -> int:
    by = allowed(f"evidence.{given.change}")
    with room() as trust:
        manifest = getattr(trust.evidence, given.change)(given.id, given.reason, by)
    _say("held", given, id=manifest.id, held=manifest.held)
    return 0


def _add(given: argparse.Namespace) -> int:
    by = allowed("evidence.add", entity=given.entity)
    masked = given.masked.read_text(encoding="utf-8", errors="replace") if given.masked else None
    media_type = given.media_type or mimetypes.guess_type(given.file.name)[0] or "application/octet-stream"
    if not given.file.is_file():
        raise BadInput(f"{readable(str(given.file))} is no file")
    with room() as trust, given.file.open("rb") as file:
        manifest = trust.evidence.add(
            file, kind=given.kind, name=given.name or readable(given.file.name), media_type=media_type,
            entity=given.entity, masked=masked, by=by,
        )  # fmt: skip
    print(manifest.id)
    return 0


def _sweep(given: argparse.Namespace) -> int:
    by = allowed("evidence.sweep")
    with room() as trust, counted("evidence") as show:
        found = trust.evidence.sweep(by, show)
    for problem in found.problems:
        print(f"{problem.subject}  {problem.problem}  {problem.detail}", file=sys.stderr)
    counts = {"manifests": found.manifests, "blobs": found.blobs, "bytes": found.bytes, "cleared": found.cleared}
    _say("intact" if found.ok else "wrong", given, problems=found.problem_count, **counts)
    return 0 if found.ok else 1


def _expire(given: argparse.Namespace) -> int:
    by = allowed("evidence.expire")
    with room() as trust:
        found = trust.evidence.expire(by, given.as_of)
    for problem in found.problems:
        print(problem, file=sys.stderr)
    _say("expired", given, expired=found.expired, bytes=found.bytes, held=found.held)
    return 1 if found.problems else 0


def _rewrap(given: argparse.Namespace) -> int:
    by = allowed("keys.manage")
    with room() as trust, counted("evidence") as show:
        count = trust.evidence.rewrap(by, show)
    _say("rewrapped", given, count=count)
    return 0


def _say(key: str, given: argparse.Namespace, **values: object) -> None:
    say(TEXTS, key, given.lang, **values)
