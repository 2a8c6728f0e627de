"""The lines of `tongguan identify`: one for each finding, one for each thing that could not be seen."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from tongguan.errors import BadInput
from tongguan.identify.detect import COUNTED, Detector
from tongguan.identify.explaining import explain
from tongguan.identify.extract import UNREAD, Extraction, Limits, Once, extract_file, extract_stream, is_unread, named
from tongguan.identify.names import names_in_prose
from tongguan.identify.pieces import Piece
from tongguan.model import BlindKind, BlindSpot, Content, Finding
from tongguan.plain_file import files_below

if TYPE_CHECKING:
    from tongguan.identify.kinds import Model, Verdict

__all__ = ["finding_line", "identify_lines", "kind_line"]

_STANDARD_INPUT: Final = "-"
_IN_MEMORY: Final = 8 << 20  # bytes of standard input
_READ_WHOLE: Final = 40_000  # characters of a text that models read whole where they are asked for by name


@dataclass(frozen=True, slots=True)
class _Told:
    """What the lines are to say."""

    detector: Detector
    reveal: bool
    explain: bool
    model: Model | None  # of kinds of documents
    limits: Limits


def identify_lines(
    paths: Sequence[str | Path],
    key: bytes,
    reveal: bool = False,
    *,
    names: bool = False,
    explain: bool = False,
    kinds: bool = False,
    limits: Limits = Limits(),  # noqa: B008 (frozen)
) -> Iterator[dict[str, Any]]:
    """Findings in files, folders (walked in order of name) and standard input (`-`), file by file, within `limits` for
    each of them.

    A finding: `path, member, type, start, end, text, score, validator, category, level, sensitive, record, piece,
    encoding`; `start` and `end` are characters of the text as decoded by `encoding` (of the file itself; None where it
    is no plain text), `text` is masked unless `reveal`. One that stands in a name has `"place": "name"`: its offsets
    are those of `member`, or where that is None of `path`, and it has neither record nor piece. With `explain` also
    `why`: a list of {"zh", "en"}; `counted` is there, and false, where the score is below what scans and inspections
    count. A
    blind spot: `path, member, blind_spot, detail, count, size`. With `kinds`, behind those of
    its file: `path, member, kind` (None where unknown), `name, probability, reason, likely`. With `names` models read
    names and what is said of persons in running prose; a blind spot says whose extra is not installed. Raises BadInput,
    before anything is read, where a path is absent or none is given.
    """
    if not paths:
        raise BadInput("no path given; expected files, folders, or - for standard input")
    for path in paths:
        if str(path) != _STANDARD_INPUT and not os.path.lexists(path):
            raise BadInput(f"{path}: no such file or folder")
    model = _model() if kinds else None
    return _read_by(names, key, paths, lambda detector: _Told(detector, reveal, explain, model, limits))


def _read_by(
    names: bool, key: bytes, paths: Sequence[str | Path], told: Callable[[Detector], _Told]
) -> Iterator[dict[str, Any]]:
    """The lines, with the models that are installed where they are wanted."""
    with names_in_prose(least=_READ_WHOLE) if names else nullcontext() as prose:
        yield from _lines(paths, told(Detector(key, prose=prose, doubtful=True)))


def _model() -> Model:
    from tongguan.identify.kinds import shipped

    return shipped()


def _lines(paths: Sequence[str | Path], told: _Told) -> Iterator[dict[str, Any]]:
    for path in paths:
        names = _Names(told, Path(path))
        if str(path) == _STANDARD_INPUT:
            yield from _content(_STANDARD_INPUT, _standard_input(told.limits), told)
            continue
        for file in _files(Path(path)):
            if isinstance(file, BlindSpot):
                yield _blind_line(file.where, file)
                continue
            yield from names.of(file)
            if not file.is_file():
                yield _blind_line(str(file), BlindSpot(BlindKind.UNSUPPORTED, str(file), "not a plain file"))
            else:
                yield from _file(file, told)


class _Names:
    """What the names of files say, from that of the path given on; of a folder, what its own name says, once."""

    def __init__(self, told: _Told, given: Path) -> None:
        self._told = told
        self._before = len(str(given)) - len(given.name) if given != Path() else 0
        self._once = Once()

    def of(self, file: Path) -> Iterator[dict[str, Any]]:
        path, before = str(file), self._before
        piece = named(path[before:])
        if is_unread(piece.text) or is_unread(path[before:]):
            yield _blind_line(path, BlindSpot(BlindKind.UNREADABLE, path, UNREAD))
        for finding in self._once.new(piece, self._told.detector.scan([piece])[0]):
            yield _name_line(path, piece, finding, before, self._told)


def _name_line(path: str, piece: Piece, finding: Finding, before: int, told: _Told) -> dict[str, Any]:
    line = {"path": path, **finding_line(finding, piece, told.reveal), "record": None, "piece": None, "encoding": None}
    line["start"] += before
    line["end"] += before
    if finding.score < COUNTED:
        line["counted"] = False
    return line | {"why": explain(piece, finding)} if told.explain else line


def _standard_input(limits: Limits) -> Iterator[Extraction]:
    """What comes in; more than a little of it goes through a file without a name."""
    if not sys.stdin:  # closed
        return
    first = sys.stdin.buffer.read(_IN_MEMORY)
    if len(first) < _IN_MEMORY:
        yield from extract_stream(Content(None, "", len(first), first), limits)
        return
    with tempfile.TemporaryFile() as spool:
        spool.write(first)
        shutil.copyfileobj(sys.stdin.buffer, spool)
        spool.flush()
        yield from extract_stream(Content(None, "", spool.tell(), Path(f"/proc/self/fd/{spool.fileno()}")), limits)


def _files(path: Path) -> Iterator[Path | BlindSpot]:
    """The path itself, or all that lies below a folder; folders that cannot be listed are blind spots."""
    if not path.is_dir():
        yield path
        return
    for file, why_not in files_below(path):
        yield BlindSpot(BlindKind.UNREADABLE, str(file), why_not) if why_not else file


def _file(path: Path, told: _Told) -> Iterator[dict[str, Any]]:
    try:
        yield from _content(str(path), extract_file(path, told.limits), told)
    except OSError as error:
        yield _blind_line(str(path), BlindSpot(BlindKind.UNREADABLE, str(path), error.strerror or "cannot be read"))


def _content(path: str, stretches: Iterable[Extraction], told: _Told) -> Iterator[dict[str, Any]]:
    """The lines of one content: of a long text there are several stretches, whose pieces are numbered on. Its kind is
    that of the first."""
    before, kinds, once = 0, list[dict[str, Any]](), Once()
    for number, stretch in enumerate(stretches):
        if told.model and number == 0:
            kinds = _kinds(path, stretch.pieces, told.model)
        pieces = [*stretch.pieces, *stretch.names]
        for piece, findings in zip(pieces, told.detector.scan(pieces), strict=True):
            offset = piece.start
            for finding in once.new(piece, findings):
                if piece.kind == "name":
                    yield _name_line(path, piece, finding, 0, told)
                    continue
                line = {"path": path, **finding_line(finding, piece, told.reveal)}
                line["start"] += offset
                line["end"] += offset
                line["piece"] += before
                line["encoding"] = stretch.encoding
                if finding.score < COUNTED:
                    line["counted"] = False
                yield line | {"why": explain(piece, finding)} if told.explain else line
        before += len(stretch.pieces)
        yield from (_blind_line(path, spot) for spot in stretch.blind_spots)
    yield from (_blind_line(path, spot) for spot in told.detector.blind_spots())
    yield from kinds


def _kinds(path: str, pieces: Sequence[Piece], model: Model) -> list[dict[str, Any]]:
    from tongguan.identify.kinds import kinds_of

    return [
        {"path": path, "member": member, **kind_line(model, verdict)}
        for member, verdict in kinds_of(model, pieces, path)
    ]


def kind_line(model: Model, verdict: Verdict) -> dict[str, Any]:
    """A verdict on the kind of a document, as it is told."""
    return {
        "kind": verdict.kind,
        "name": model.name(verdict.kind) if verdict.kind else None,
        "probability": round(verdict.probability, 4),
        "reason": verdict.reason,
        "likely": [[kind, round(chance, 4)] for kind, chance in verdict.likely],
    }


def finding_line(finding: Finding, piece: Piece, reveal: bool) -> dict[str, Any]:
    """A finding as it is told; its value only where `reveal`. In a name it has a `place`."""
    place = {"place": "name"} if piece.kind == "name" else {}
    return {
        "member": finding.member,
        "type": finding.type,
        "start": finding.start,
        "end": finding.end,
        "text": piece.text[finding.start : finding.end] if reveal else finding.masked,
        "score": finding.score,
        "validator": finding.validator,
        "category": finding.category,
        "level": finding.level,
        "sensitive": finding.sensitive,
        "record": finding.record,
        "piece": finding.piece,
        **place,
    }


def _blind_line(path: str, spot: BlindSpot) -> dict[str, Any]:
    return {
        "path": path,
        "member": spot.where if spot.where not in ("", path) else None,
        "blind_spot": str(spot.kind),
        "detail": spot.detail,
        "count": spot.count,
        "size": spot.size,
    }
