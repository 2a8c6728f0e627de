"""Addresses of mail beyond ASCII, and quoted ones: 张三@例子.公司, pelé@example.com, "li na"@example.com.

Sources: RFC 6531 (mail in UTF-8), RFC 5890 (names of hosts in other scripts), RFC 5321 section 4.1.2 (quoted local
parts), IANA's root zone for the names in Chinese and Japanese under which hosts stand: without blanks between words
nothing else tells where such a name ends. A handle (@张三) has no local part or no domain, and is none.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from typing import Final

import numpy as np
from numpy.typing import NDArray

from tongguan.identify.detect.characters import Units, fold_text
from tongguan.identify.detect.kernels import SPAN_AT
from tongguan.identify.detect.view import Candidate, View

__all__ = ["find"]

_DETECTOR: Final = "wide_mail"
_AT, _WIDE_AT, _QUOTE = ord("@"), ord("＠"), ord('"')
_ACCENTED, _BEYOND_ALPHABETS = 0xC0, 0x530  # Latin, Greek and Cyrillic letters stand between them
_LONGEST: Final = 64  # characters of a local part, RFC 5321
_REACH: Final = 255  # characters of a domain, RFC 1035
_ROOTS: Final = (
    "世界|中信|中国|中國|中文网|企业|佛山|信息|健康|八卦|公司|公益|台湾|台灣|商城|商店|商标|在线|大拿|娱乐|家電|广东|慈善|我爱你|手机|招聘"
    "|政务|政府|新加坡|新闻|时尚|書籍|机构|游戏|澳门|澳門|点看|移动|组织机构|网址|网店|网站|网络|联通|购物|通販|集团|食品|餐厅|香港"
    "|みんな|クラウド|コム|ストア|セール|ファッション|ポイント"
)
_DOMAIN: Final = re.compile(
    rf"(?:[^\W_](?:[\w-]{{0,61}}[^\W_])?[.．])+(?:({_ROOTS})|xn--[a-z0-9-]{{2,59}}|[A-Za-z]{{2,24}}(?![A-Za-z0-9])"
    r"|[\u00c0-\u024f\u0370-\u0e7f\u1e00-\u1fff\uac00-\ud7a3]{2,24}(?!\w))",
    re.IGNORECASE,
)
_GOES_ON: Final = re.compile(r"[\u3400-\u9fff]")
_PARTICLES: Final = frozenset("的和与或及")
_QUOTED: Final = re.compile(r'(?<![\w"=])"(?=[^"]*[ ,:;@<>()])(?!%)[^"\\\x00-\x1f]{1,62}"\Z')
"""Only what has to be quoted: a plain word in quotes is rather one of a program."""
_LOCAL: Final = re.compile(r"[\w!#$%&*+?^{}~-]+(?:\.[\w!#$%&*+?^{}~-]+)*\Z")
_ALPHABETS: Final = re.compile(r"[A-Za-z0-9\u00c0-\u024f\u0370-\u052f_.+-]+\Z")
_NO_ALPHABET: Final = re.compile(r"[\u0e00-\uffff]")
_IDEOGRAPHS: Final = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3]+\Z")
_LEADS: Final = re.compile(r".*[给到是至箱件系址发致找问送请用的]")
"""Ends of the words that stand before an address where no blank does: 发给张三@…"""
_NAME, _OFFICE = 4, 8  # characters of a name that other words may touch, and of one that stands by itself
_FILES: Final = (".png", ".jpg", ".jpeg", ".gif", ".doc", ".docx", ".xls", ".xlsx", ".pdf", ".txt", ".zip", ".html")


def find(view: View) -> Iterator[Candidate]:
    """Addresses that hold a character beyond ASCII, or whose local part is quoted."""
    for at in _places(view).tolist():
        domain = _DOMAIN.match(view.text, at + 1, at + 1 + _REACH)
        start = _start(view.text, at) if domain else None
        if domain is None or start is None:
            continue
        local, host = view.text[start:at], domain.group()
        if (local.isascii() and host.isascii() and local[0] != '"') or host.lower().endswith(_FILES):
            continue
        goes_on = view.text[domain.end() : domain.end() + 1]
        if not local.isascii() and domain[1] and _GOES_ON.match(goes_on) and goes_on not in _PARTICLES:
            continue
        yield Candidate(start, domain.end(), "email", _score(local), "form", _DETECTOR, _value(local, host))


def _places(view: View) -> NDArray[np.int64]:
    """Where an @ stands beside what no plain address has there: most of them are passed over."""
    units, last = view.units, len(view.units) - 1
    if units.dtype == np.uint8:
        return _quoted(units)
    places = np.flatnonzero((units == _AT) | (units == _WIDE_AT))
    before, behind = units[np.maximum(places - 1, 0)], units[np.minimum(places + 1, last)]
    odd = (before == _QUOTE) | (before >= _ACCENTED) | (behind >= _ACCENTED)
    spans = view.tokens.spans[view.tokens.spans[:, 0] == SPAN_AT]  # what is plain around an @
    if not len(spans):
        alone: NDArray[np.int64] = places[odd]
        return alone
    left, right = units[np.maximum(spans[:, 1] - 1, 0)], units[np.minimum(spans[:, 2], last)]
    goes_on = (left >= _ACCENTED) & (left < _BEYOND_ALPHABETS) & (spans[:, 1] > 0)
    goes_on |= (right >= _ACCENTED) & ((right < _BEYOND_ALPHABETS) | (units[spans[:, 2] - 1] == ord(".")))
    within = np.searchsorted(spans[:, 1], places, side="right") - 1
    odd |= goes_on[np.maximum(within, 0)] & (within >= 0) & (places < spans[np.maximum(within, 0), 2])
    chosen: NDArray[np.int64] = places[odd]
    return chosen


def _quoted(units: Units) -> NDArray[np.int64]:
    places = np.flatnonzero(units == _AT)
    quoted: NDArray[np.int64] = places[units[np.maximum(places - 1, 0)] == _QUOTE]
    return quoted


def _score(local: str) -> float:
    return 0.8 if _NO_ALPHABET.search(local) else 0.95


def _start(text: str, at: int) -> int | None:
    """Where the local part before an @ begins, None where there is none."""
    first = max(0, at - _LONGEST)
    if quoted := _QUOTED.search(text, max(0, first - 1), at):
        return quoted.start()
    found = _LOCAL.search(text, first, at)
    if found is None:
        return None
    run = found.group()
    if run.isascii():
        return found.start()
    name = _IDEOGRAPHS.search(run)
    if name is None:  # 邮箱lina@例子.公司
        plain = _ALPHABETS.search(run)
        return found.start() + plain.start() if plain else None
    start, size = found.start() + name.start(), len(name.group())
    if lead := _LEADS.match(name.group()):
        start, size = start + lead.end(), size - lead.end()
    elif size > _OFFICE or (size > _NAME and name.start()):
        start, size = at - _NAME, _NAME
    return start if size else None


def _value(local: str, host: str) -> str:
    """Equal for every writing: the name of the host as it travels (RFC 3490)."""
    host = fold_text(host).replace("．", ".").lower()
    with suppress(UnicodeError):  # a label too long or of no script stays as written
        host = host.encode("idna").decode("ascii")
    return f"{fold_text(local).lower()}@{host}"
