"""Writing the audit log out as tiles (see tiles.py): only what is new, so that it can be stopped and gone on with.

The same log at the same head gives the same bytes. Each file appears whole or not at all; the head comes last, so that
whoever reads the folder meanwhile finds an older head with all that belongs to it. Partial tiles of earlier heads stay
until the full tile is there, as the specification asks.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice, pairwise
from pathlib import Path

from tongguan.errors import BadInput, Broken, CannotWrite
from tongguan.trust.audit import tiles
from tongguan.trust.audit.checkpoint import Checkpoint, Verifier, parse
from tongguan.trust.audit.log import AuditLog
from tongguan.trust.audit.merkle import tree_hash
from tongguan.trust.audit.tiles import WIDTH, Rows, bundle, index_path, split_tile, subtree, tile_path

__all__ = ["Export", "export"]

SYNC_EVERY = 4096  # bundles between two marks from which an interrupted export goes on
DONE = "tongguan/done"  # bundles of an unfinished export that are on disk for sure

Progress = Callable[[int, int], None]  # entries done, entries in all


@dataclass(frozen=True, slots=True)
class Export:
    """What an export came to."""

    size: int  # entries under the head
    root: bytes
    entries: int  # of them, written by this run


def export(
    log: AuditLog,
    folder: Path,
    *,
    heads: Sequence[str] = (),
    receipts: bytes = b"",
    progress: Progress | None = None,
) -> Export:
    """Bring a folder to the log's newest checkpoint. Memory: one bundle of entries and the tree's right edge.

    `heads`: cosigned notes, `receipts`: lines of anchor receipts, both kept in the folder. Raises BadInput where the
    folder holds something else, Broken where log, checkpoint and folder contradict each other, CannotWrite.
    """
    note, head = _newest(log)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with _alone(folder):
            done = _continued(log, folder, head)
            _describe(log, folder, head)
            run = _Run(log, folder, head, progress)
            run.rows_of(done // WIDTH)
            run.write(done // WIDTH)
            if run.root != head.root:
                raise Broken(
                    f"the log's entries and the tiles in {folder} do not add up to the signed checkpoint of "
                    f"{head.size} entries; run `tongguan audit verify`, then export to an empty folder"
                )
            for one in heads:
                if (known := parse(one)) and known.origin == head.origin:
                    _put(folder / tiles.HEADS / f"{known.size}", one.encode())
            if receipts:
                _put(folder / tiles.RECEIPTS, receipts)
            os.sync()
            _put(folder / tiles.CHECKPOINT, note.encode())
            (folder / DONE).unlink(missing_ok=True)
            return Export(head.size, head.root, head.size - done // WIDTH * WIDTH)
    except OSError as error:
        raise CannotWrite(f"cannot write {error.filename or folder}: {error.strerror}") from error


def _newest(log: AuditLog) -> tuple[str, Checkpoint]:
    note = log.checkpoint()
    head = parse(note or "")
    if note is None or head is None:
        raise BadInput("the audit log holds no signed checkpoint yet; there is nothing to export")
    if not Verifier(log.verifier).signed(note):
        raise Broken("the newest checkpoint does not carry the log's own signature; run `tongguan audit verify`")
    if head.size > log.size:
        raise Broken(f"the audit log holds {log.size} entries, but {head.size} were signed for: it was set back or cut")
    return note, head


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Keep other exports out of the folder."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _continued(log: AuditLog, folder: Path, head: Checkpoint) -> int:
    """How many entries lie in the folder for sure. Raises unless it is empty or an export of this very log."""
    described = _known(folder / tiles.LOG)
    if described is None:
        if any(folder.iterdir()):
            raise BadInput(f"{folder} holds something else than an export of an audit log; name an empty folder")
        return 0
    if described.get("verifier") != log.verifier:
        raise BadInput(f"{folder} holds an export of another log ({described.get('origin')}); name another folder")
    try:
        exported = parse((folder / tiles.CHECKPOINT).read_text(encoding="utf-8"))
    except (FileNotFoundError, UnicodeDecodeError):
        exported = None
    sure = (_known(folder / DONE) or {}).get("bundles")
    sure = sure * WIDTH if isinstance(sure, int) and sure > 0 else 0
    if exported is None:
        return min(sure, head.size)
    if exported.size > head.size or (exported.size and log.root(exported.size) != exported.root):
        raise Broken(
            f"{folder} holds an export of {exported.size} entries that this log does not begin with: the log was set "
            "back or rewritten since. Keep the folder as evidence; run `tongguan audit verify`"
        )
    return min(max(exported.size, sure), head.size)


def _known(path: Path) -> dict[str, object] | None:
    """A small JSON file of ours; {} where it is damaged, None where there is none."""
    try:
        found = json.loads(path.read_bytes())
    except FileNotFoundError:
        return None
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _describe(log: AuditLog, folder: Path, head: Checkpoint) -> None:
    about: Mapping[str, object] = {
        "format": tiles.FORMAT,
        "hash": head.hash,
        "origin": head.origin,
        "verifier": log.verifier,
    }
    _put(folder / tiles.LOG, (json.dumps(about, indent=1, sort_keys=True) + "\n").encode())


class _Run:
    """One export under way."""

    def __init__(self, log: AuditLog, folder: Path, head: Checkpoint, progress: Progress | None) -> None:
        self.log = log
        self.folder = folder
        self.size = head.size
        self.progress = progress
        self.tree = tree_hash(head.hash)
        self.rows = Rows(self.tree, self._tile)
        self.root = b""

    def rows_of(self, bundles: int) -> None:
        """Take up the tree's right edge where `bundles` full tiles of level 0 lie in the folder."""
        counts = [bundles]
        while counts[-1]:
            counts.append(counts[-1] // WIDTH)
        for level, (below, full) in enumerate(pairwise(counts), 1):
            row = [self._root_of(level - 1, index) for index in range(full * WIDTH, below)]
            self.rows.rows.append(row)
            self.rows.full.append(full)

    def _root_of(self, level: int, index: int) -> bytes:
        path = self.folder / tile_path(level, index)
        try:
            return subtree(split_tile(path.read_bytes(), WIDTH), self.tree)
        except (FileNotFoundError, ValueError):
            raise Broken(f"{path} is missing or damaged; export to an empty folder") from None

    def write(self, bundles: int) -> None:
        """Write every tile from the given bundle on."""
        leaves: list[bytes] = []
        texts = self.log.texts(bundles * WIDTH, self.size)
        for number in range(bundles, -(-self.size // WIDTH)):
            first = number * WIDTH
            width = min(WIDTH, self.size - first)
            entries = [text.encode() for text in islice(texts, width)]
            leaves = [self.tree.leaf(entry) for entry in entries]
            for place, entry in enumerate(entries, first):
                if len(entry) > tiles.BUNDLED_LIMIT:
                    _put(self.folder / tiles.LARGE / index_path(place), entry)
            self._put(tile_path(tiles.ENTRIES, number, width), bundle(entries))
            self._put(tile_path(0, number, width), b"".join(leaves))
            if width == WIDTH:
                self.rows.add(subtree(leaves, self.tree))
                leaves = []
                if (number + 1) % SYNC_EVERY == 0:
                    os.sync()
                    _put(self.folder / DONE, json.dumps({"bundles": number + 1}).encode())
            if self.progress:
                self.progress(first + width, self.size)
        for level, index, row in self.rows.partial():
            self._put(tile_path(level, index, len(row)), b"".join(row))
        self.root = self.rows.root(leaves)

    def _tile(self, level: int, index: int, row: list[bytes]) -> None:
        self._put(tile_path(level, index), b"".join(row))

    def _put(self, path: os.PathLike[str], data: bytes) -> None:
        """Write a tile; a full one takes the place of its partial ones."""
        target = self.folder / path
        _put(target, data)
        partial = target.with_name(f"{target.name}.p")
        if partial.is_dir():
            shutil.rmtree(partial)


def _put(path: Path, data: bytes) -> None:
    """Write a file whole or not at all."""
    draft = path.with_name(f"{path.name}.new")
    try:
        file = draft.open("wb")
    except FileNotFoundError:
        path.parent.mkdir(parents=True, exist_ok=True)
        file = draft.open("wb")
    with file:
        file.write(data)
    draft.replace(path)
