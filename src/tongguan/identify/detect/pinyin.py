"""Chinese names in Latin letters: a family name of one syllable (or a double one) and a given name of one or two."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

import numpy as np
from numpy.typing import NDArray

from tongguan.identify.detect.characters import Units
from tongguan.identify.detect.view import Candidate, View

__all__ = ["find", "is_written_name"]

_DETECTOR: Final = "pinyin"

_SYLLABLE: Final = (
    "(?:[bpmf](?:iao|ian|ing|ang|eng|ai|ei|ao|ou|an|en|ie|in|a|o|i|u)"
    "|[dtnl](?:uan|iao|ian|ing|iang|ang|eng|ong|uo|ui|un|ue|ai|ei|ao|ou|an|en|ie|iu|in|a|e|i|u|v)"
    "|[gkh](?:uang|uai|uan|ang|eng|ong|ua|uo|ui|un|ai|ei|ao|ou|an|en|a|e|u)"
    "|[jqx](?:iang|iong|iao|ian|ing|uan|ia|ie|iu|in|ue|un|i|u)"
    "|(?:zh|ch|sh|r|z|c|s)(?:uang|uai|uan|ang|eng|ong|ua|uo|ui|un|ai|ei|ao|ou|an|en|a|e|i|u)"
    "|y(?:uan|ang|ing|ong|ao|ou|an|in|ue|un|a|e|i|o|u)|w(?:ang|eng|ai|ei|an|en|a|o|u)|er|ai|ao|an|ang|en|ou)"
)
_SURNAMES: Final = (
    "Wang|Li|Zhang|Liu|Chen|Yang|Huang|Zhao|Wu|Zhou|Xu|Sun|Ma|Zhu|Hu|Guo|He|Gao|Lin|Luo|Zheng|Liang|Xie|Song|Tang|Han|Deng"
    "|Feng|Cao|Peng|Zeng|Xiao|Tian|Dong|Pan|Yuan|Cai|Jiang|Yu|Du|Ye|Cheng|Wei|Su|Lv|Lyu|Lu|Ding|Ren|Yao|Shen|Zhong|Cui|Tan|Fan"
    "|Liao|Shi|Jin|Jia|Xia|Fu|Fang|Zou|Xiong|Bai|Meng|Qin|Qiu|Hou|Yin|Xue|Yan|Lei|Duan|Long|Tao|Mao|Hao|Gu|Gong|Shao|Wan|Qian"
    "|Dai|Mo|Kong|Xiang|Chang|Kang|Wen|Niu|Ge|Xing|An|Qi|Yi|Qiao|Pang|Ni|Zhuang|Nie|Lan|Jiao|Zuo|Gan|Bao|Ning|Shu|Ruan|Ji|Mei"
    "|Tong|Bi|Ling|Shan|Miao|Tu|Qu|Weng|Ran|Luo|Jin|Ou|Guan|Chai|Hua|Teng|Rao|Mu|Ai|Rong|Sha|Shang|Zhan|Leng|Pei|Ke|Rui"
    "|Kuang|Gai|Zha|Lian|Cong|Gui|Hui|Huo|Jian|Ju|Kan|Lai|Ping|Que|Sui|Suo|Tie|Xuan|Xun|Zong|Zu|Xi|Xin|Geng|Zhuo|Cen|Min|Sheng|Zang|Che|Nong|Bian|Lou|Dou|Zhai|Chu|Gou|Pu|Jing|Chi|Ling|Tai|Mou|Zhen|Chong|Hong"
    "|Ouyang|Situ|Sima|Shangguan|Zhuge|Huangfu|Murong|Linghu|Xiahou|Ximen|Dongfang|Duanmu|Gongsun|Yuwen"
)
_NO_GIVEN: Final = (
    "Change|Changed?|Range|Hence|Dance|Lance|Sense|Panda|China|Manage|Danger|Mango|Banner|Singer|Hanger|Mini|Anime|Menu|Nana|Lima"
    "|Guide|Machine|Suite|Unite|Pure|Cure|Sure|Shanghai|Beijing|Nanjing|Tianjin|Wuhan|Taipei|Taiwan|Hainan|Hunan|Henan|Yunnan"
    "|Sichuan|Shandong|Shanxi|Jinan|Dalian|Xiamen|Suzhou|Hangzhou|Fuzhou|Guizhou|Lanzhou|Zhengzhou|Guangzhou|Shenzhen|Chengdu"
    "|Share|Shake|Shade|Macao|Macau|Tibet|Lunch|Bench|Launch|Shame|Phone|Since|Fence|Pence|Tense|Dense|Rinse|Manual|Tango|Bingo|Dingo|Lingo|Panic|Mania"
)
_FAMILY: Final = f"(?:{_SURNAMES})"
_UPPER: Final = f"(?:{_SURNAMES.upper()})"
_GIVEN: Final = rf"(?!(?:{_NO_GIVEN})(?![a-z]))(?=[A-Z][a-z]{{3,11}}(?![A-Za-z]))(?i:{_SYLLABLE}-?{_SYLLABLE})"
_GIVEN_UPPER: Final = rf"(?!(?:{_NO_GIVEN.upper()})(?![A-Z]))(?=[A-Z]{{4,12}}(?![A-Za-z]))(?i:{_SYLLABLE}{_SYLLABLE})"
_GIVEN_SHORT: Final = (
    r"(?!(?:Ban|Bin|Can|Den|Dan|Die|Fan|Fen|Fun|Gun|Hen|Long|Man|Me|Men|Nan|Pan|Pen|Pin|Pie|Pang|Ran|Run|Sang|Song|Sun|Tan|Ten|Wan|Wu|Gang"
    r"|Hang|Bang|Dong|She|He|Chin|China)(?![a-z]))(?=[A-Z][a-z]{1,5}(?![A-Za-z]))"
    rf"(?i:{_SYLLABLE})"
)
"""One syllable, where the family name before it is in capitals and a comma stands between: HU, Juan."""

_FULL_NAME: Final = re.compile(
    rf"(?:{_FAMILY}[ ,]{{1,2}}{_GIVEN}|{_GIVEN} {_FAMILY}|{_UPPER}(?:/|,? ){_GIVEN_UPPER}|{_UPPER}, {_GIVEN_SHORT})"
    r"(?![A-Za-z0-9_@/-])"
)
"""Wang Xiaoming, Xiaoming Wang, WANG/XIAOMING, WANG, XIAOMING: the given name of two syllables, and no English word;
HU, Juan."""
_LONGEST: Final = 13  # letters of a word
_KNOWN: Final = frozenset(_SURNAMES.upper().split("|"))
_WORDS: Final = re.compile(r"([A-Za-z]+)[ ,/]{1,2}([A-Za-z]+)")


def is_written_name(value: str) -> bool:
    """Whether a value is such a name and nothing else."""
    return _FULL_NAME.fullmatch(value) is not None


def find(view: View) -> Iterator[Candidate]:
    """Names anywhere: two capitalised words, one of them a family name, the other two syllables."""
    text = view.text
    done = 0
    for start in _pairs(view.units).tolist():
        if start < done or (words := _WORDS.match(text, start, start + 30)) is None:
            continue
        if words[1].upper() not in _KNOWN and words[2].upper() not in _KNOWN:
            continue
        if found := _FULL_NAME.match(text, start, start + 40):
            done = found.end()
            value = " ".join(found.group().upper().replace(",", " ").replace("/", " ").split())
            yield Candidate(start, done, "person_name", 0.65, "dictionary", _DETECTOR, value)


def _pairs(units: Units) -> NDArray[np.int64]:
    """Where a capitalised word begins that a second one follows behind a space or a slash."""
    if len(units) < 6:
        return np.zeros(0, np.int64)
    gaps = np.flatnonzero((units - 65) < 26) - 1  # unsigned: before capitals, of which there are few
    gaps = gaps[(gaps > 1) & (gaps < len(units) - 2)]
    gaps = gaps[(units[gaps] == 32) | (units[gaps] == 47)]
    gaps = gaps[_LETTER[units[gaps + 2]]]
    gaps -= units[gaps - 1] == 44  # before the comma
    gaps = gaps[_LETTER[units[gaps - 1]]]
    starts = np.full(len(gaps), -1, np.int64)
    left = np.arange(len(gaps))
    for size in range(1, _LONGEST):  # letters before the gap
        at = gaps[left] - size
        ended = (at == 0) | ~_LETTER[units[np.maximum(at - 1, 0)]]
        starts[left[ended & (at >= 0)]] = at[ended & (at >= 0)]
        left = left[~ended & (at > 0)]
    starts = starts[starts >= 0]
    starts = starts[(units[starts] - 65) < 26]
    before, further = units[np.maximum(starts - 1, 0)], units[np.maximum(starts - 2, 0)]
    numbered = (before == 46) & ((further - 48) < 10)  # 1.WANG/XIAOMING
    chosen: NDArray[np.int64] = starts[(starts == 0) | ~_JOINED[before] | numbered]
    return chosen


def _table(characters: str) -> NDArray[np.bool_]:
    table = np.zeros(65536, np.bool_)
    table[[ord(c) for c in characters]] = True
    return table


_LETTER: Final = _table("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")
_JOINED: Final = _table("0123456789_./@-")
