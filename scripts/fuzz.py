"""Fuzz the boundaries at which bytes from outside are parsed, by atheris (libFuzzer).

The parsers of the worker are guided by coverage; what lies beside compiled kernels is mutated without.

    python scripts/fuzz.py [--seconds 60] [--crashes DIR] [TARGET …]

Each target runs in a process of its own for that long, from seeds that the tests write. Its rule: bad bytes end in
blind spots or BadInput, pieces keep their promises, nothing takes longer than ten seconds. An input that breaks it is
saved in DIR and the command ends with 1. Needs the extra `fuzz`.
"""

from __future__ import annotations

import argparse
import contextlib
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SOURCE = ROOT / "src/tongguan/identify/extract"
LONGEST = 1 << 16  # bytes of an input
SLOWEST = 10  # seconds of one input
Target = Callable[[bytes], None]


def seeds() -> dict[str, bytes]:
    """Small files of many formats, by what the tests call them."""
    sys.path[:0] = [str(ROOT / "tests/identify/extract")]
    import sqlite3

    import test_documents_read as made
    from test_html_pages import PAGE

    store = sqlite3.connect(":memory:")
    store.execute("CREATE TABLE a (b TEXT, c BLOB)")
    store.execute("INSERT INTO a VALUES ('张三', ?)", (bytes(100),))
    store.commit()
    page = PAGE if isinstance(PAGE, bytes) else str(PAGE).encode()
    return {
        "docx": made.document(), "xlsx": made.workbook(), "pdf": made.pdf(), "eml": made.message().as_bytes(),
        "rtf": rb"{\rtf1\ansi\ansicpg936{\info{\author a}}\'d5\'c5\u24352?{\*\objdata 0105}{\field{\fldinst x}}b\par}",
        "html": page, "csv": "姓名,手机\n张三,13800138000\n".encode(), "json": b'[{"a": "\\u5f20", "b": [1, {}]}]',
        "xml": b"<r><a>&#24352;</a><a b='c'>d</a></r>", "sql": b"INSERT INTO a VALUES ('b', 1), ('c', 2);",
        "form": b"a=%E5%BC%A0&b=c", "sqlite": store.serialize(),
        "yaml": b"name: a\nrules:\n  - when: {type: phone}\n    then: block\n",
    }  # fmt: skip


def _extracted(data: bytes) -> None:
    """Text, mail, HTML, tables, JSON: what is read in the process itself."""
    import numpy as np

    from tongguan.identify.extract import extract
    from tongguan.identify.extract.unfolding import FAULT
    from tongguan.model import Content

    found = extract(Content(None, "", len(data), data))
    for spot in found.blind_spots:
        if FAULT in spot.detail:
            raise AssertionError(spot.detail)
    for piece in found.pieces:
        ordered = piece.records[0] == 0 and (np.diff(piece.records) > 0).all()
        if not ordered or piece.records[-1] > len(piece.text):
            raise AssertionError("records")
        if piece.cells is not None and len(piece.cells):
            start, end, _ = piece.cells.T
            if not (start < end).all() or not (start[1:] >= end[:-1]).all() or end[-1] > len(piece.text):
                raise AssertionError("cells")
        piece.text.encode()


def _detected(data: bytes) -> None:
    """Any text through all recognisers."""
    from tongguan.identify import Detector, Piece

    text = data.decode("utf-8", "replace")
    [found] = Detector(b"fuzz").scan([Piece(text)])
    for finding in found:
        if not 0 <= finding.start < finding.end <= len(text):
            raise AssertionError("a finding beyond the text")


def _parser(name: str) -> Target:
    """A parser of the worker, called as the worker calls it: any exception but these is a fault."""
    requests = {
        "archive": {"kind": "compressed", "skip": "", "images": False},
        "zip": {"kind": "zip", "skip": "", "images": True},
        "tar": {"kind": "tar", "skip": "", "images": False}, "sheet": {"kind": "xlsx"}, "table": {"kind": "sqlite"},
        "compound": {"cells": False}, "pdf": {}, "rtf": {},
    }  # fmt: skip
    what = "archive" if name in ("zip", "tar") else name

    def parse(data: bytes) -> None:
        from isolated import serve, source

        bounds = {"max_bytes": 1 << 22, "max_members": 100}
        for report, blobs in serve._answers({"what": what, **bounds, **requests[name]}, source.Source(data)):
            if sum(map(len, blobs)) > 1 << 26 or not isinstance(report, dict):
                raise AssertionError("more than allowed")

    return parse


def _file(load: Callable[[Path], object]) -> Target:
    """What reads a file of ours: it may refuse with a message, and nothing else."""
    from tongguan.errors import TongguanError

    def read(data: bytes) -> None:
        with tempfile.NamedTemporaryFile() as file:
            Path(file.name).write_bytes(data)
            with contextlib.suppress(TongguanError):
                load(Path(file.name))

    return read


def _kinds(path: Path) -> object:
    from tongguan.identify import kinds

    return kinds.load(path)


def _policy(path: Path) -> object:
    from tongguan.identify.fingerprints import policy

    return policy.load_policy(path)


def _fingerprints(path: Path) -> object:
    from tongguan.identify.fingerprints.files import open_fingerprints

    return open_fingerprints(path, bytes(32))


PARSERS = ("archive", "zip", "tar", "sheet", "table", "compound", "rtf")
TARGETS: dict[str, Callable[[], Target]] = {
    "extract": lambda: _extracted,
    "detect": lambda: _detected,
    **{name: lambda name=name: _parser(name) for name in PARSERS},
    "kinds": lambda: _file(_kinds),
    "policy": lambda: _file(_policy),
    "fingerprints": lambda: _file(_fingerprints),
}  # fmt: skip


def run(name: str, arguments: list[str]) -> None:
    """One target, in this process, until libFuzzer ends it."""
    import atheris

    sys.path[:0] = [str(ROOT / "src"), str(SOURCE)]
    with atheris.instrument_imports(include=["isolated"]):  # not what Numba compiles: it cannot
        target = TARGETS[name]()
        target(b" ")
    atheris.Setup([sys.argv[0], *arguments], lambda data: target(data) if data else None)
    atheris.Fuzz()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("targets", nargs="*", metavar="TARGET", help=", ".join(TARGETS))
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--crashes", type=Path, default=Path("crashes"))
    parser.add_argument("--run", help=argparse.SUPPRESS)
    given, rest = parser.parse_known_args()
    if given.run:
        run(given.run, rest)
    if find_spec("atheris") is None:
        sys.exit("fuzzing needs atheris: pip install 'tongguan[fuzz]'")
    failed: list[str] = []
    with tempfile.TemporaryDirectory() as place:
        for name, data in seeds().items():
            Path(place, name).write_bytes(data)
        given.crashes.mkdir(parents=True, exist_ok=True)
        for name in given.targets or TARGETS:
            limits = [
                f"-max_total_time={given.seconds}",
                f"-max_len={LONGEST}",
                f"-timeout={SLOWEST}",
                "-rss_limit_mb=2048",
            ]
            command = [
                sys.executable,
                __file__,
                "--run",
                name,
                *limits,
                f"-artifact_prefix={given.crashes}/{name}-",
                place,
            ]
            done = subprocess.run(command, capture_output=True, text=True, errors="replace")
            units = re.findall(r"#(\d+)\s", done.stderr)
            print(
                f"{name}: {units[-1] if units else 0} inputs, {'ok' if done.returncode == 0 else 'FAILED'}", flush=True
            )
            if done.returncode:
                failed.append(name)
                print(done.stderr[-3000:])
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
