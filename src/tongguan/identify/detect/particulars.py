"""What a row of particulars says of a person: 张三，男，汉族，1973年6月15日生; 患者女，71岁.

Sex is believed where an age, an ethnic group, or a day of birth follows; these where it stands before them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from tongguan.identify.detect.view import Candidate, View

__all__ = ["ETHNIC_GROUPS", "find"]

_DETECTOR: Final = "particulars"
ETHNIC_GROUPS: Final = (
    "汉|满|回|壮|苗|维吾尔|土家|彝|蒙古|藏|布依|侗|瑶|朝鲜|白|哈尼|哈萨克|黎|傣|畲|傈僳|仡佬|东乡|高山|拉祜|水|佤|纳西|羌|土|仫佬|锡伯"
    "|柯尔克孜|达斡尔|景颇|毛南|撒拉|布朗|塔吉克|阿昌|普米|鄂温克|怒|京|基诺|德昂|保安|俄罗斯|裕固|乌孜别克|门巴|鄂伦春|独龙|塔塔尔|赫哲|珞巴"
)
"""The 56 of GB/T 3304."""
_SEX: Final = re.compile(r"[，,、（(]\s?([男女])(?:性)?(?=[，,、]|\s?\d)")
_GROUP: Final = re.compile(rf"[，,、]\s?((?:{ETHNIC_GROUPS})族)(?=[，,、。;；)）\s])")
_AGE: Final = re.compile(r"[，,、]?\s?((?<!\d)(?:1[01]|[1-9])?\d\s?周?岁)(?![以之至到\-~])")
_BORN: Final = re.compile(
    r"[，,、]\s?(?:19|20)\d\d\s?(?:年|[-/.])\s?\d{1,2}\s?[月\-/.]|[，,、]\s?(?:出生|生于|\d\d年\d{1,2}月)"
)


def find(view: View) -> Iterator[Candidate]:
    """Sex, ethnic group and age of persons."""
    text, words = view.text, view.words
    for start in words.start[words.of("marks/sex")].tolist():
        sex = _SEX.match(text, start, start + 6)
        if sex is None:
            continue
        group = _GROUP.match(text, sex.end(), sex.end() + 12)
        at = group.end() if group else sex.end()
        age = _AGE.match(text, at, at + 10)
        if not (group or age or _BORN.match(text, at, at + 16)):
            continue
        yield Candidate(*sex.span(1), "gender", 0.8, "context", _DETECTOR, sex[1])
        if group:
            yield Candidate(*group.span(1), "ethnicity", 0.85, "context", _DETECTOR, group[1])
        if age:
            yield Candidate(*age.span(1), "age", 0.8, "context", _DETECTOR, age[1])
