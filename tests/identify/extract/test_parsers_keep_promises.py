"""Each boundary at which bytes are parsed, given bytes that nobody writes: faults of ours show, and offsets hold.

`scripts/fuzz` does the same for longer, led by coverage; what it found stands here as it was mended.
"""

from __future__ import annotations

import pytest
from hypothesis import settings

from conftest import open_bytes

EXAMPLES = settings(max_examples=60)
HEAD = b"From: a@example.com\nTo: b@example.com\nSubject: x\n"


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (HEAD + b"Content-Type: multipart/mixed; boundary*=utf-8''%E5%BC%A0\n\nx\n", "a.eml"),
        (HEAD + b"Content-Type: multipart/mixed; boundary*=utf-8''%FF\n\nx\n", "a.eml"),
        (HEAD + b"Content-Type: multipart/mixed; boundary=\xe5\xbc\xa0\n\n--\xe5\xbc\xa0\n\nx\n", "a.eml"),
        (b"<table><tr><td>a<td>b<tr><table></table><tr><td>c<td>d</table>", "a.html"),
        (b"<table><tr><tr><tr><td>a<td>b<tr><td>c<td>d<tr></table>", "a.html"),
    ],
)
def test_what_fuzzing_found(data: bytes, name: str) -> None:
    assert open_bytes(data, name).pieces


def test_parts_between_boundaries_that_are_not_ascii() -> None:
    head = HEAD + b"Content-Type: multipart/mixed; boundary*=utf-8''%E5%BC%A0\n\n"
    found = open_bytes(head + "--张\n\n姓名：李四\n--张\n\n手机：13800138000\n--张--\n".encode(), "a.eml")
    assert [p.text.strip() for p in found.pieces if p.kind != "form"] == ["姓名：李四", "手机：13800138000"]
