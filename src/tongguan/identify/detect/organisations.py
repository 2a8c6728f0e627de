"""Names of organisations, by what they end in: 有限公司, 大学, 支行."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np
from numba import njit, types
from numpy.typing import NDArray

from tongguan.identify.detect.characters import HAN, KIND, LETTER, PROVINCE, fold_text
from tongguan.identify.detect.kernels import I32, OUT32, U8, U16
from tongguan.identify.detect.view import Candidate, View

__all__ = ["find"]

_DETECTOR: Final = "organisations"
_LONGEST: Final = 30
_SHORTEST: Final = 2
_WEAK: Final = 12  # characters before an ending that is no company's
_COMPANY: Final = ("有限公司", "有限责任公司", "股份有限公司", "股份公司", "分公司", "科技公司")
_LEADS: Final = (
    "就职", "任职", "供职", "受雇", "入职", "加入", "来自", "毕业", "就读", "考入", "单位", "公司名称", "名称", "雇主",
    "一家", "这家", "那家", "比如", "例如", "对私", "对公", "付款", "查询", "搜索", "根据", "获取", "详见", "刚上",
    "过程",
)  # fmt: skip
"""Words behind which a name begins; none begins with a character that is one by itself."""
_LEARNT: Final = frozenset("习到会得")  # 在实践中学习, 过程中学到
_IN_NAME, _LEAD, _LEAD_WORD, _SIGN = 1, 2, 4, 8


def _classes() -> NDArray[np.uint8]:
    table = np.zeros(65536, np.uint8)
    table[0x3400:0xA000] = _IN_NAME
    for flag, characters in (
        (_IN_NAME, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789（）()·&"),
        (_LEAD, "在于与向是的了至从给被让到叫称把将去进该我你他她们某各其"),
        (_LEAD_WORD, {word[0] for word in _LEADS}),
        (_SIGN, "（）()·&为是"),
    ):
        table[[ord(character) for character in characters]] |= flag
    return table


_CLASSES: Final = _classes()
_WORDS: Final = np.array([[ord(c) for c in word.ljust(4, "\x00")] for word in _LEADS], np.uint16)


@njit([types.void(units, U8, types.Array(types.uint16, 2, "C", readonly=True), I32, OUT32) for units in (U8, U16)], cache=True)  # fmt: skip  # noqa: E501
def _begin(units, classes, leads, ends, starts):  # type: ignore[no-untyped-def]
    """Where the names begin that stop at `ends`: behind the last word that leads to one; -1 where there is none."""
    for i in range(len(ends)):
        end = ends[i]
        low = end
        while low > 0 and end - low < _LONGEST and classes[units[low - 1]] & _IN_NAME:
            low -= 1
        start = low
        for at in range(end - 1, low - 1, -1):
            of = classes[units[at]]
            if of & _LEAD:
                start = at + 1
                break
            if of & _LEAD_WORD:
                size = 0
                for word in range(len(leads)):
                    n = 0
                    while n < 4 and leads[word, n] and at + n < end and units[at + n] == leads[word, n]:
                        n += 1
                    if n == 4 or leads[word, n] == 0:
                        size = n
                        break
                if size:
                    start = at + size
                    break
        while start < end and classes[units[start]] & _SIGN:
            start += 1
        starts[i] = start if end - start >= _SHORTEST else -1


def find(view: View) -> Iterator[Candidate]:
    """Organisations; companies are surer than schools, hospitals, banks and offices."""
    text, words = view.text, view.words
    chosen = words.of("marks/organisation")
    chosen = chosen[words.start[chosen] > 0]
    before = KIND[view.units[words.start[chosen] - 1]]
    chosen = chosen[(before == HAN) | (before == LETTER) | (before == PROVINCE)]
    if not len(chosen):
        return
    endings = words.start[chosen]
    starts = np.empty(len(chosen), np.int32)
    _begin(view.units, _CLASSES, _WORDS, endings, starts)
    kept = starts >= 0
    folded: dict[str, str] = {}  # the same names come again and again
    rows = zip(starts[kept].tolist(), endings[kept].tolist(), words.end[chosen[kept]].tolist(), strict=True)
    for start, first, end in rows:
        if text[first:end] == "中学" and text[end : end + 1] in _LEARNT:
            continue
        company = text[first:end] in _COMPANY
        if company or first - start <= _WEAK:
            name, score = text[start:end], 0.8 if company else 0.6
            value = folded.get(name) or folded.setdefault(name, fold_text(name))
            yield Candidate(start, end, "organisation", score, "structure", _DETECTOR, value)
