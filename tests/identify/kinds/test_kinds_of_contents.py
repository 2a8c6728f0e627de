"""One kind for a document, however many parts it has; one for each document of an archive."""

from __future__ import annotations

from pathlib import Path

import pytest

from tongguan.identify import Piece
from tongguan.identify.kinds import kinds_of, shipped

LOG = "".join(f"2026-11-0{d} 12:00:0{d} INFO service started in {d} ms\n" for d in range(1, 9))
CODE = "import os\n\ndef main() -> int:\n    print(os.environ)\n    return 0\n\n" * 6


def places(name: str | None, *members: str | None) -> list[str | None]:
    return [place for place, _ in kinds_of(shipped(), [Piece(LOG, member) for member in members], name)]


@pytest.mark.parametrize(
    ("name", "members", "expected"),
    [
        ("a.txt", [None], [None]),
        ("a.docx", ["word/document.xml", "word/footer1.xml", "docProps/core.xml"], [None]),
        (None, ["word/document.xml", "docProps/core.xml"], [None]),
        ("a.xlsx", ["Sheet1", "工资"], [None]),
        ("a.zip", ["x.log", "b/y.py"], ["x.log", "b/y.py"]),
        (
            "a.zip",
            ["b/c.docx/word/document.xml", "b/c.docx/word/footnotes.xml", "d.xlsx/Sheet1"],
            ["b/c.docx", "d.xlsx"],
        ),
        ("a.zip", ["word/list.txt"], [None]),
        ("report.PDF", [None, "image1"], [None]),
    ],
)
def test_documents_of_a_content(name: str | None, members: list[str | None], expected: list[str | None]) -> None:
    assert places(name, *members) == expected


def test_each_document_has_its_own_kind() -> None:
    found = dict(kinds_of(shipped(), [Piece(LOG, "a.log"), Piece(CODE, "b.py")], "x.zip"))
    assert {place: verdict.kind for place, verdict in found.items()} == {"a.log": "log", "b.py": "source_code"}
    assert kinds_of(shipped(), [], "x.zip") == []


def test_a_long_document_costs_no_more_than_a_sample(tmp_path: Path) -> None:
    one = kinds_of(shipped(), [Piece(LOG * 40_000)], "big.log")[0][1]
    assert one.kind == "log" and one.length <= (1 << 20) + 1
