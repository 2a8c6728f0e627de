"""Scans with recognisers of other packages: what they find counts, what fails is told of the right unit."""

from __future__ import annotations

from pathlib import Path

import pytest
from asset_sources import by_path, scanned, settle, view

from tongguan import registry
from tongguan.errors import BadPlugin

POINT = "[tongguan.recognisers]\n{0} = {0}:find\n"
FINDS = """
    import re

    from tongguan.identify import Candidate


    def find(view):
        if "FAIL" in view.text:
            raise ValueError("13800138000")
        for found in re.finditer("ACME-[0-9]{4}", view.text):
            yield Candidate(*found.span(), "financial_account", 0.9, "form", "", found[0])
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    place = tmp_path / "files"
    place.mkdir()
    (place / "fails.txt").write_text("FAIL: nothing else in here\n" * 3)
    (place / "note.txt").write_text("the account is ACME-1234\n")
    (place / "plain.txt").write_text("nothing of note\n" * 20)
    rows = "".join(f"{n},1380013{n:04d},ACME-{n:04d}\n" for n in range(2_000))
    (place / "table.csv").write_text("id,phone,ref\n" + rows)
    settle(place)
    return place


@pytest.mark.parametrize("workers", [1, 2])
def test_what_they_find_and_where_they_fail(install, folder: Path, tmp_path: Path, workers: int) -> None:
    install("acme", FINDS, POINT.format("acme"))
    (outcome,) = scanned(tmp_path / "out", folder, workers=workers)
    assert outcome.complete and outcome.counts["read"] == 4
    found = by_path(tmp_path / "out")
    assert "financial_account" in found["note.txt"]["types"] and not found["plain.txt"]["types"]
    assert {"phone", "financial_account"} <= set(found["table.csv"]["types"])
    [blind] = [row for row in view(tmp_path / "out", "blind_spots") if "plug-in" in row["detail"]]
    assert (blind["unit"], blind["detail"]) == ("fails.txt", "the plug-in acme (acme 0.1) failed: ValueError")


def test_what_was_read_without_them_is_read_again(
    install, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out"
    scanned(out, folder)
    assert scanned(out, folder)[0].counts["unchanged"] == 4
    install("acme", FINDS, POINT.format("acme"))
    assert scanned(out, folder)[0].counts["read"] == 4
    assert scanned(out, folder)[0].counts["unchanged"] == 4
    assert "financial_account" in by_path(out)["note.txt"]["types"]
    monkeypatch.setenv(registry.VARIABLE, "acme")
    registry.plugins.cache_clear()
    registry.parts.cache_clear()
    assert scanned(out, folder)[0].counts["read"] == 4
    assert not by_path(out)["note.txt"]["types"]


def test_one_that_cannot_be_used_is_told_before_anything_is_read(install, folder: Path, tmp_path: Path) -> None:
    install("acme", "find = 5", POINT.format("acme"))
    with pytest.raises(BadPlugin, match="acme"):
        scanned(tmp_path / "out", folder, workers=2)
