"""`tongguan restore`: a capture as Zeek-style logs and extracted files, written whole or not at all."""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from tongguan.capture.limits import Limits
from tongguan.capture.protocols import PROTOCOLS, Ends, LogRow, fuid
from tongguan.capture.protocols.forms import ASIDE
from tongguan.capture.protocols.magic import sniff
from tongguan.capture.reading import Batch, Progress, batches_of_capture
from tongguan.capture.sources import Source, find_sources
from tongguan.capture.traffic import open_capture
from tongguan.capture.zeek import Logs, conn_fields, connection_fields, without_secrets
from tongguan.errors import BadCapture, BadInput, CannotWrite
from tongguan.model import BlindKind, BlindSpot, Content, Exchange
from tongguan.registry import parts

__all__ = ["Summary", "restore"]

_FILE_PROTOCOLS = frozenset({"http", "smtp", "ftp"})


@dataclass(slots=True)
class Summary:
    """What was restored: summary.json."""

    packets: int = 0
    bytes: int = 0  # of capture
    flows: int = 0
    exchanges: int = 0
    files: int = 0
    blind_spots: int = 0
    seconds: float = 0.0


def restore(paths: Sequence[Path], out: Path, *, progress: Progress | None = None) -> Summary:
    """Write conn.jsonl, http.jsonl, …, files/, blind_spots.jsonl and summary.json into the new folder `out`.

    An `out` that holds an earlier restoration is replaced. Raises `BadCapture` where a path is not a capture,
    `CannotWrite` where `out` cannot be written; then nothing is left behind.
    """
    sources = _captures(paths)
    out = Path(out)
    _check_place(out)
    parts(PROTOCOLS)  # one of another package that cannot be used is told before anything is written
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        folder = Path(tempfile.mkdtemp(prefix=f".{out.name}-", dir=out.parent))
    except OSError as error:
        raise CannotWrite(f"{out}: cannot be written: {error.strerror}") from None
    try:
        folder.chmod(0o755)
        summary = _write(sources, folder, progress)
        _replace(folder, out)
    except OSError as error:
        raise CannotWrite(f"{out}: cannot be written: {error.strerror or error}") from None
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return summary


def _captures(paths: Sequence[Path]) -> list[Source]:
    """All captures under `paths`; every one that the user named can be opened."""
    found = []
    for source in find_sources([Path(path) for path in paths]):
        if source.explicit:
            if source.info.kind != "capture":
                raise BadCapture(f"{source.path}: not a capture; expected pcap or pcapng")
            open_capture(source.path).close()
        if source.info.kind == "capture" or source.blind_spot is not None:
            found.append(source)
    if not found:
        raise BadInput("no capture found; expected pcap or pcapng files, or folders of them")
    return found


def _check_place(out: Path) -> None:
    """Only an earlier restoration is ever replaced."""
    if out.is_symlink() or (out.exists() and not out.is_dir()):
        raise CannotWrite(f"{out}: is there already and is no folder; name a new folder")
    if out.is_dir() and any(out.iterdir()) and not (out / "summary.json").is_file():
        raise CannotWrite(f"{out}: holds other files; name a new or an empty folder")


def _replace(folder: Path, out: Path) -> None:
    """Put the finished folder in its place."""
    if out.exists():
        old = Path(tempfile.mkdtemp(prefix=f".{out.name}-old-", dir=out.parent))
        out.rename(old / "out")
        folder.rename(out)
        shutil.rmtree(old, ignore_errors=True)
    else:
        folder.rename(out)


def _write(sources: list[Source], folder: Path, progress: Progress | None) -> Summary:
    started = time.monotonic()
    writer = _Writer(folder)
    total = sum(source.info.size for source in sources)
    try:
        for source in sources:
            if source.blind_spot is not None:
                writer.blind_spot(source.blind_spot, source.info.path)
                continue
            for batch in batches_of_capture(source, Limits(), logs=True):
                writer.batch(batch)
                if progress is not None:
                    progress(min(writer.summary.bytes, total), total, source.info.path)
    finally:
        writer.logs.close()
    writer.summary.seconds = round(time.monotonic() - started, 3)
    text = json.dumps(asdict(writer.summary), indent=1)
    (folder / "summary.json").write_text(text + "\n", encoding="utf-8")
    return writer.summary


class _Writer:
    """Batches into a folder."""

    def __init__(self, folder: Path) -> None:
        self.files = folder / "files"
        self.files.mkdir()
        (folder / "blind_spots.jsonl").touch()
        (folder / "conn.jsonl").touch()
        self.logs = Logs(folder)
        self.summary = Summary()

    def batch(self, batch: Batch) -> None:
        """Write all that a batch brought."""
        for row in batch.rows:
            self._row(row)
        for exchange in batch.exchanges:
            self._exchange(exchange)
        for stats in batch.connections:
            self.logs.write("conn", conn_fields(stats, batch.services.get(stats.info.uid, "")))
        for spot in batch.blind_spots:
            self.blind_spot(spot, batch.source.path)
        self.summary.packets += batch.packets
        self.summary.bytes += batch.bytes
        self.summary.flows += len(batch.connections)
        self.summary.exchanges += len(batch.exchanges)

    def blind_spot(self, spot: BlindSpot, capture: str) -> None:
        """Write what could not be seen."""
        self.logs.write("blind_spots", asdict(spot) | {"capture": capture})
        self.summary.blind_spots += 1

    def _row(self, row: LogRow) -> None:
        fields = dict(row.fields)
        for name in ("uri", "referrer"):
            if fields.get(name):
                fields[name] = without_secrets(fields[name])
        self.logs.row(row.log, row.ts, row.ends, fields)

    def _exchange(self, exchange: Exchange) -> None:
        for spot in exchange.blind_spots:
            self.blind_spot(spot, exchange.capture)
        if exchange.protocol not in _FILE_PROTOCOLS:
            return
        for ordinal, content in enumerate(exchange.contents):
            if content.name not in ASIDE:
                self._file(exchange, ordinal, content)

    def _file(self, exchange: Exchange, ordinal: int, content: Content) -> None:
        try:
            data = content.read()
        except OSError as error:
            self.blind_spot(BlindSpot(BlindKind.UNREADABLE, exchange.uid, str(error)), exchange.capture)
            return
        digest = hashlib.sha256(data).hexdigest()
        path = self.files / digest
        if not path.exists():
            path.write_bytes(data)
            self.summary.files += 1
        ends = Ends(exchange.conn, exchange.client, exchange.server, exchange.capture)
        row = connection_fields(exchange.ts, ends) | {
            "fuid": fuid(exchange.uid, ordinal),
            "source": exchange.protocol.upper() if exchange.protocol != "ftp" else "FTP_DATA",
            "mime_type": sniff(data[:512]) or content.media_type or None,
            "filename": content.name,
            "is_orig": exchange.source == exchange.client,
            "seen_bytes": len(data),
            "sha256": digest,
            "extracted": f"files/{digest}",
        }
        self.logs.write("files", {name: value for name, value in row.items() if value is not None})
