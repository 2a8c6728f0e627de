"""One way to open bytes in these tests: every piece that comes out is held against what the architecture promises."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Iterable
from itertools import pairwise

import numpy as np
import pytest

from tongguan.identify.extract import Extraction, Limits, extract, pictures
from tongguan.identify.extract.unfolding import FAULT
from tongguan.identify.pieces import Piece
from tongguan.model import BlindKind, Content

Opened = Callable[..., Extraction]


def check(piece: Piece) -> None:
    """Offsets lie within the text and in order."""
    records = piece.records
    assert records.dtype == np.int64
    assert records[0] == 0
    assert (np.diff(records) > 0).all()
    assert records[-1] <= len(piece.text)
    piece.text.encode("utf-8")  # no lone surrogates
    assert (piece.cells is not None) == (piece.kind == "table")
    if piece.cells is not None:
        assert piece.cells.dtype == np.int64
        assert piece.cells.shape[1:] == (3,)
        if len(piece.cells):
            start, end, column = piece.cells.T
            assert (start < end).all()
            assert (start[1:] >= end[:-1]).all()
            assert start[0] >= 0
            assert end[-1] <= len(piece.text)
            assert column.min() >= 0


def open_bytes(
    data: bytes,
    name: str | None = None,
    media_type: str = "",
    charset: str | None = None,
    limits: Limits = Limits(),  # noqa: B008 (frozen)
) -> Extraction:
    found = extract(Content(name, media_type, len(data), data, charset), limits)
    for piece in found.pieces:
        check(piece)
    for spot in found.blind_spots:
        assert isinstance(spot.kind, BlindKind)
        assert FAULT not in spot.detail, spot
    return found


def zip_of(members: Iterable[tuple[str, bytes | str]], stored: bool = False) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED if stored else zipfile.ZIP_DEFLATED) as archive:
        for name, data in members:
            archive.writestr(name, data)
    return buffer.getvalue()


@pytest.fixture
def without_ocr(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if text recognition were not installed."""
    monkeypatch.setattr(pictures, "installed", lambda: False)


@pytest.fixture
def opened() -> Opened:
    return open_bytes


@pytest.fixture
def zipped() -> Callable[..., bytes]:
    return zip_of


@pytest.fixture
def rows() -> Callable[[Piece], list[str]]:
    """The text of each record."""

    def cut(piece: Piece) -> list[str]:
        edges = [*piece.records.tolist(), len(piece.text)]
        return [piece.text[a:b] for a, b in pairwise(edges)]

    return cut


@pytest.fixture
def cells() -> Callable[[Piece], list[tuple[str, int]]]:
    """The text and column of each cell."""

    def cut(piece: Piece) -> list[tuple[str, int]]:
        assert piece.cells is not None
        return [(piece.text[a:b], c) for a, b, c in piece.cells.tolist()]

    return cut
