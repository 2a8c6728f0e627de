"""References of XML are read by one kernel, whatever they stand in: documents, workbooks, pages."""

from __future__ import annotations

import string
from xml.etree import ElementTree

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from numpy.typing import NDArray

from tongguan.identify import extract
from tongguan.identify.extract.kernels.references import named, numbered, put
from tongguan.identify.extract.workbook import Workbook
from tongguan.model import Content

NAMES = {"lt": "<", "gt": ">", "amp": "&", "quot": '"', "apos": "'"}


def bytes_of(text: str) -> NDArray[np.uint8]:
    return np.frombuffer(text.encode(), np.uint8)


@given(st.text("ltgamquopsx", max_size=6))
@example("lt")
@example("apos")
@example("ampx")
def test_five_names_are_known_and_no_other(name: str) -> None:
    data = bytes_of(f"&{name};")
    assert named(data, 1, 1 + len(name)) == (ord(NAMES[name]) if name in NAMES else -1)


@given(st.text(string.hexdigits + "xg-", max_size=9))
def test_numbers_are_decimal_or_hexadecimal(written: str) -> None:
    data = bytes_of(f"&#{written};")
    digits, base = (written[1:], 16) if written[:1] == "x" else (written, 10)
    known = string.hexdigits if base == 16 else string.digits
    wanted = int(digits, base) if digits and all(c in known for c in digits) else -1
    assert numbered(data, 2, 2 + len(written)) == (wanted if wanted <= 0x10FFFF else -1)


@given(st.characters(exclude_categories=["Cs"]))
def test_characters_are_written_in_utf_8(character: str) -> None:
    out = np.zeros(4, np.uint8)
    assert out[: put(ord(character), out, 0)].tobytes().decode() == character


@pytest.mark.parametrize(
    "written", ["&lt;王&gt;", "a&amp;b", "&quot;x&apos;", "&#29579;&#x5C0F;", "&#128512;", "&amp;lt;"]
)
def test_all_read_what_the_standard_library_reads(written: str) -> None:
    wanted = ElementTree.fromstring(f"<a>{written}</a>").text
    book = Workbook({"dates": [], "first": 693_594, "strings": 1000})
    assert book.strings(f"<si><t>{written}</t></si>".encode())
    sheet = book.sheet()
    assert not list(sheet.add(b'<row><c r="A1" t="s"><v>0</v></c></row>'))  # neither damaged nor many
    assert sheet.rest().text == f"{wanted}\n"
    page = f"<!DOCTYPE html><html><body><p>{written}</p></body></html>".encode()
    (piece, *_) = extract(Content("a.html", "text/html", len(page), page)).pieces
    assert wanted in piece.text
