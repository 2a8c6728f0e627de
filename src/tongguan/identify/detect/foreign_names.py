"""Names that are not of the Han: in sounds, of the peoples of China, of Japan and Korea, and in Latin letters."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

import numpy as np
from numpy.typing import NDArray

from tongguan.identify.detect.characters import Units

__all__ = [
    "FOREIGN", "HAN_CLASS", "LATIN", "NEIGHBOURS", "OF_PEOPLES", "SOUNDED", "SOUNDS", "STOPS",
    "foreign_span", "is_firm", "is_nobodys", "is_sound", "sounds", "table_of",
]  # fmt: skip

HAN_CLASS: Final = "\u3400-\u9fff\U00020000-\U0003134f"
STOPS: Final = "的于在和与是已称说系因为男女同出向等及到有被将就曾来对让给把从并也都又很了吗呢吧请您你我他她它们，。"

FOREIGN: Final = re.compile(rf"[{HAN_CLASS}]{{1,8}}(?:[·•・][{HAN_CLASS}]{{1,10}}){{1,4}}")
_CAPITAL, _REST = "[A-ZÀ-ÞŁŚŻŽŠČ]", "[A-Za-zÀ-ɏ'’-]"
LATIN: Final = re.compile(
    rf"{_CAPITAL}{_REST}{{1,20}}(?:[ ,]{{1,2}}(?:(?:bin|binti|van|von|der|de|da|dos|al|el) )?"
    rf"{_CAPITAL}(?:{_REST}{{0,20}}|\.)){{1,3}}(?![A-Za-zÀ-ɏ0-9])"
)
_FIRM: Final = re.compile(
    r"(?<![A-Za-z])(?:Ltd|Limited|Inc|Corp|Corporation|Company|Co|LLC|LLP|PLC|GmbH|AG|SA|BV|Pty|Bank|Group|Holdings?|Trading|Logistics"
    r"|Technolog(?:y|ies)|Systems?|Services?|Solutions?|Industries|Partners|Insurance|University|College|Institute|Hospital"
    r"|Ministry|Department|Centre|Center|Store|Shop|Hotel|Airlines?|Express|Team|Foundation|Association|Committee)(?![A-Za-z])"
)
_SPOKEN: Final = re.compile(
    r"(?:The|This|That|These|Your|Our|If|When)(?![a-z])|(?:.*[ ,])?(?:NOT|NULL|AND)(?![A-Za-z])"
)
_JAPANESE: Final = (
    "佐藤|鈴木|铃木|高橋|高桥|田中|伊藤|渡辺|渡边|山本|中村|小林|加藤|吉田|山田|佐々木|山口|松本|井上|木村|斎藤|斋藤|清水|山崎|池田|橋本|桥本"
    "|阿部|石川|前田|藤田|小川|岡田|冈田|後藤|后藤|長谷川|长谷川|村上|近藤|石井|坂本|遠藤|远藤|青木|藤井|西村|福田|太田|三浦|藤原|松田|中島|中岛"
)
_KOREAN: Final = "[김이박최정강조윤장임한오서신권황안송류전홍고문손배백허남심노하곽성차주우구민진나지엄채원천방공현]"
NEIGHBOURS: Final = re.compile(
    rf"(?:{_JAPANESE})[ \u3000]?[{HAN_CLASS}ぁ-ヶ]{{1,3}}(?![{HAN_CLASS}ぁ-ヶ])"
    rf"|{_KOREAN}[가-힣]{{1,2}}(?![가-힣])"
)
"""Japanese and Korean names in their own writing: 清水美穂, 박서연."""


def is_firm(value: str) -> bool:
    """Whether capitalised words hold one that companies and offices are called by."""
    return _FIRM.search(value) is not None


def is_nobodys(value: str) -> bool:
    """Whether capitalised words are no person's name: a firm's, the front of a sentence, words of SQL."""
    return is_firm(value) or _SPOKEN.match(value) is not None


def table_of(characters: Iterable[str]) -> NDArray[np.bool_]:
    """(65536,): which units some characters are."""
    table = np.zeros(65536, np.bool_)
    table[[ord(c) for c in characters if ord(c) < 65536]] = True
    return table


_SOUND: Final = (
    "阿埃艾安巴邦贝本比彼宾波博布查达戴丹道德蒂迪杜多厄恩尔法范菲费芬弗夫福富盖冈戈格古哈海汉赫亨霍基吉加贾杰金卡凯坎康科克肯库"
    "夸奎拉莱赖兰朗劳勒雷李里利列林卢鲁伦罗洛马迈曼梅门蒙米密明莫姆穆纳内尼涅努诺欧帕派潘佩皮普奇恰乔切琼若萨塞桑瑟沙舍舒斯苏索"
    "塔泰坦汤特提廷图托瓦万威韦维魏温文沃乌武西希夏肖谢欣雅亚延扬耶伊因英尤约泽扎詹兹祖佐历山奥丝妮娜莎娅玛"
)
SOUNDS: Final = table_of(_SOUND)
"""Characters that write the sounds of foreign names."""


def sounds(units: Units) -> NDArray[np.bool_]:
    """(n,): where three characters that write foreign sounds begin."""
    begins: NDArray[np.bool_] = SOUNDS[units]
    begins[:-2] &= begins[1:-1] & begins[2:]
    begins[-2:] = False
    return begins


def foreign_span(text: str, start: int, end: int) -> tuple[int, int]:
    """A foreign name that a model cut short, out to its · and its last sound."""
    if (left := _LEFT_PART.search(text, max(0, start - 12), start)) is not None:
        start = left.start()
    if (right := _RIGHT_PART.match(text, end, end + 12)) is not None:
        end = right.end()
    if "·" in text[start:end] or end - start > 4:
        while end < len(text) and end - start < 24 and ord(text[end]) < 65536 and SOUNDS[ord(text[end])]:
            end += 1
    return start, end


OF_PEOPLES: Final = re.compile(  # Tibetan, Uighur, Kazakh, Mongolian, as they are written with characters
    rf"[{_SOUND}扎西次仁卓玛旦增多吉平措央金格桑洛德尼达娃边拉姆青才让丹晋美嘎索顿珠贡却白曲珍旺堆罗布强措木东知叶列热提合依江买吐逊山丽"
    rf"古孜再力艾力帕提曼别克努尔赛乌云其其格巴特苏日高包毕图青朝鲁]{{3,12}}(?![{HAN_CLASS}])"
)
_LEFT_PART: Final = re.compile(rf"[{_SOUND}大]{{1,7}}[·•・]$")
_RIGHT_PART: Final = re.compile(rf"[·•・][{HAN_CLASS}]{{1,7}}?(?=[^{HAN_CLASS}]|[{STOPS}]|$)")
SOUNDED: Final = re.compile(rf"[{_SOUND}大]{{1,7}}(?:[·•・][{_SOUND}]{{1,8}}){{1,3}}")
"""A name in sounds with its parts set apart, wherever other words go on behind it: 玛尔塔·科瓦奇."""


def is_sound(character: str) -> bool:
    """Whether a character writes the sounds of foreign names."""
    return bool(character) and ord(character) < 65536 and bool(SOUNDS[ord(character)])
