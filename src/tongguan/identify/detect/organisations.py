"""Names of organisations, by what they end in: 有限公司, 大学, 支行."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from tongguan.identify.detect.characters import HAN, KIND, LETTER, PROVINCE, fold_text
from tongguan.identify.detect.view import Candidate, View

__all__ = ["find"]

_DETECTOR: Final = "organisations"
_LONGEST: Final = 30
_WEAK: Final = 12  # characters before an ending that is no company's
_COMPANY: Final = ("有限公司", "有限责任公司", "股份有限公司", "股份公司", "分公司", "科技公司")
_RUN: Final = re.compile(r"[\u3400-\u9fffA-Za-z0-9（）()·&]{2,30}$")
_LEAD: Final = re.compile(
    ".*(?:就职|任职|供职|受雇|入职|加入|来自|毕业|就读|考入|单位|公司名称|名称|雇主|[在于与向是的了至从给被让到叫称把将去进该我你他她们某各其，]|[一这那]家)"
)


def find(view: View) -> Iterator[Candidate]:
    """Organisations; companies are surer than schools, hospitals, banks and offices."""
    text, words = view.text, view.words
    chosen = words.of("marks/organisation")
    chosen = chosen[words.start[chosen] > 0]
    before = KIND[view.units[words.start[chosen] - 1]]
    chosen = chosen[(before == HAN) | (before == LETTER) | (before == PROVINCE)]
    for first, end in zip(words.start[chosen].tolist(), words.end[chosen].tolist(), strict=True):
        run = _RUN.search(text, max(0, first - _LONGEST), first)
        if run is None:
            continue
        start = run.start()
        lead = _LEAD.match(text, start, first)
        if lead:
            start = lead.end()
        while start < first and text[start] in "（）()·&为是":
            start += 1
        company = text[first:end] in _COMPANY
        if first - start < 2 or (not company and first - start > _WEAK):
            continue
        yield Candidate(
            start, end, "organisation", 0.8 if company else 0.6, "structure", _DETECTOR, fold_text(text[start:end])
        )
