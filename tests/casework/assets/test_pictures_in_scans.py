"""Pictures in what is scanned: looked into or not, as asked, and told."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from PIL import Image

from tongguan.capture.stores import parse_address
from tongguan.casework import assets
from tongguan.identify.extract import pictures

KEY = bytes(range(32))


@pytest.mark.skipif(not pictures.installed(), reason="the extra `ocr` is not installed")
def test_pictures_that_are_not_looked_into_are_told_and_read_once_they_are_asked_for(tmp_path: Path) -> None:
    place = tmp_path / "data"
    place.mkdir()
    buffer = io.BytesIO()
    Image.new("RGB", (300, 100), "white").save(buffer, "PNG")
    (place / "a.png").write_bytes(buffer.getvalue())

    def scanned(ocr: bool) -> tuple[int, list[str]]:
        (outcome,) = assets.scan(
            [parse_address(str(place))], tmp_path / "catalogue", KEY, names=False, workers=1, ocr=ocr
        )
        with assets.Catalogue(tmp_path / "catalogue") as catalogue:
            spots = assets.rows(catalogue, "blind_spots", assets.Filter(), limit=10)
        return outcome.counts["read"], [spot["detail"] for spot in spots if spot["reason"] == "content"]

    read, told = scanned(ocr=False)
    assert read == 1 and len(told) == 1 and "switched off" in told[0]
    assert scanned(ocr=True) == (1, [])
