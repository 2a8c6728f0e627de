"""Texts with their findings marked in place: `手机⟦phone|13800138000⟧` is a text of 13 with a phone from 2 to 13."""

from __future__ import annotations

import re
from dataclasses import dataclass

MARK = re.compile(r"⟦(\w+)\|(.*?)⟧", re.DOTALL)


@dataclass(frozen=True)
class Marked:
    text: str
    spans: tuple[tuple[str, int, int], ...]  # type, start, end


def marked(source: str) -> Marked:
    text, spans, done = "", [], 0
    for mark in MARK.finditer(source):
        text += source[done : mark.start()]
        spans.append((mark[1], len(text), len(text) + len(mark[2])))
        text += mark[2]
        done = mark.end()
    return Marked(text + source[done:], tuple(spans))
