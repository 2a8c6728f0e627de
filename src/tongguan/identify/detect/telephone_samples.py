"""Telephone numbers that programs, their tests and manuals hold as samples: told, with the reason, and not counted.

Developers do paste numbers of real people, so a number counts wherever somebody is told beside it, where a word for a
part of a person's record stands there, in data of any kind, and where it is one of the mainland (unless its digits run,
or it stands beside the pattern that it is to match). A lone foreign number in an assertion, between the fences of a
manual or among lines that explain how numbers are written is nobody's. Never by the name or place of a file.

Numbers kept for fiction: ATIS-0300115 (North America, 555-0100 to 0199; 555-1212 answers in every area), Ofcom's
"Telephone numbers for use in TV and radio drama", ACMA's numbers for use in creative works, ARCEP decision 2018-0881,
BNetzA Mitteilung 148/2021, PTS's numbers for books and films.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from tongguan.identify.detect.surroundings import DOUBTFUL, REACH, Surroundings, is_beside
from tongguan.identify.detect.view import Candidate, View

__all__ = ["TYPES", "weigh"]

TYPES: Final = frozenset({"phone", "landline"})
_MOST: Final = 12  # findings to either side that are looked at
_SOMEBODYS: Final = frozenset({
    "person_name", "id_card", "passport", "bank_card", "address", "birth_date", "minor", "email", "wechat", "qq",
    "health", "hkid", "taiwan_id", "us_ssn", "plate",
})  # fmt: skip
_RECORD: Final = re.compile(
    r"(?:first|last|full|family|given|real|contact|holder)[ _-]?name|surname|birth|street|postal|zip_?code"
    r"|customer|employee|patient|姓名|地址|联系人|客户|员工|患者",
    re.IGNORECASE,
)
"""Words for the parts of a person's record, and for whom it is of."""
_BESIDE: Final = 160  # characters to either side in which such words are looked for
_RUNS: Final = re.compile(
    r"(\d)\1{5}|0123456|123456|234567|345678|456789|987654|876543|765432|654321|(\d\d\d)\2\2|13800138000"
)
_RESERVED: Final = re.compile(
    r"(?:\+?1)?[2-9]\d\d555(?:01\d\d|1212)\Z"
    r"|(?:\+44|0044|0)(?:1(?:1[3-8]|21|31|41|51|61)4960\d{3}|1914980\d{3}|2079460\d{3}|2896496\d{3}|2920180\d{3}|1632960\d{3}"
    r"|7700900\d{3}|8081570\d{3}|9098790\d{3}|3069990\d{3})\Z"
    r"|(?:\+61|0061|0)(?:[2378](?:5550|7010)\d{4}|491570\d{4}|491570\d{3})\Z"
    r"|(?:\+33|0033|0)(?:19900|26191|35301|46571|53649|63998)\d{4}\Z"
    r"|(?:\+49|0049|0)(?:3023125|6990009|4066969|2214710|8999998)\d{3}\Z"
    r"|(?:\+46|0046|0)(?:313906\d\d|406280[4-9]\d\d|8465004\d\d|7017406\d\d)\Z"
)
_CLASS: Final = re.compile(r"\\d[{+*?)\\\[]|\[0-9\][{+*?]|\[\d-9\]|\(\?:|\[[A-Z]-[A-Z]")
"""Parts of regular expressions over digits and letters."""
_SAMPLE_OF: Final = re.compile(
    r"\\d(?:\{\d+(?:,\d+)?\})?[)|\]]{0,3}[\"'][,\s]{1,8}(?:example_?\w*[=:] ?)?[\"']\Z", re.IGNORECASE
)
"""A regular expression in quotes and the quote of what follows it, as in tables of numbering plans."""
_BEFORE: Final = re.compile(r"\d[ \t]+-?\d+[ \t]\Z")
_BEHIND: Final = re.compile(r"[ \t]-?\d")
_AMOUNT: Final = re.compile(
    r"(?i:space|memory|bytes|size|capacity|disk|offset|length|duration|heap|swap)[\"']?[ \t]?[:=][ \t]?\Z"
)
"""The name of an amount and the sign behind it; a number in quotes is none."""
_ADJACENT: Final = 48  # characters
_PATTERN_REACH: Final = 200  # characters before
_SAYS_SO: Final = re.compile(
    r"(?:(?<![\w.@-])examples?|@example|(?<![A-Za-z])e\.g\.|such as|(?<!\w)Ex|示例|例如|样例|举例|Beispiel"
    r"|exemple)\W{1,6}\Z",
    re.IGNORECASE,
)
_SAID: Final = 24  # characters
_MAINLAND: Final = 11  # digits
_NEAR: Final = 2048  # characters within which a row of numbers is looked for
_IN_A_ROW: Final = 4  # neighbours that differ in their last digits only
_LAST: Final = 2  # digits


def weigh(view: View, candidates: list[Candidate], places: Sequence[int], around: Surroundings) -> list[Candidate]:
    """Candidates in order of start, those of them doubtful that are rather samples; `places` are those of telephone
    numbers in them."""
    weighed = candidates
    until, hopeful = 0, False  # of the block of the last one
    for place in places:
        one = candidates[place]
        if one.start >= until:
            until, hopeful = around.block_end(one.start), around.may_hold_samples(one.start)
        if not hopeful and one.validator != "context" and one.end - one.start <= _MAINLAND:
            continue
        if not (reason := _reason(view.text, candidates, place, around, hopeful)):
            continue
        if weighed is candidates:
            weighed = list(candidates)
        weighed[place] = candidates[place]._replace(score=DOUBTFUL, validator=reason)
    return weighed


def _reason(text: str, candidates: list[Candidate], place: int, around: Surroundings, hopeful: bool) -> str:
    """Why a number is rather a sample, or nothing. `hopeful`: whether its block may hold samples at all."""
    one = candidates[place]
    if _is_figure(text, one):
        return "" if _is_somebodys(candidates, place) else "figures"
    if not hopeful:
        return _row(candidates, place)
    if _is_mainland(text, one):
        return _of_mainland(text, candidates, place, around)
    if reason := _row(candidates, place):
        return reason
    if not around.is_written(one.start) or _is_somebodys(candidates, place):
        return ""
    if _RUNS.search(one.value):
        return "runs"
    if _RESERVED.match(one.value):
        return "reserved"
    if _is_beside_pattern(text, one):
        return "pattern"
    if around.speaks_of_numbering(one.start):
        return "numbering"
    if _SAYS_SO.search(text, max(0, one.start - _SAID), one.start):
        return "program"
    if _RECORD.search(text, max(0, one.start - _BESIDE), one.end + _BESIDE):
        return ""
    if around.is_test(one.start):
        return "test"
    return "program" if around.is_fenced(one.start) or around.is_schema(one.start) else ""


def _is_figure(text: str, one: Candidate) -> bool:
    """Whether it is one of a row of figures, or an amount by the name of its field."""
    if one.validator != "prefix":
        return False
    if " " in text[one.start : one.end]:
        return _BEFORE.search(text, max(0, one.start - 12), one.start) is not None and (
            _BEHIND.match(text, one.end, one.end + 4) is not None
        )
    sign = text[max(0, one.start - 2) : one.start]
    return (":" in sign or "=" in sign) and _AMOUNT.search(text, max(0, one.start - 48), one.start) is not None


def _of_mainland(text: str, candidates: Sequence[Candidate], place: int, around: Surroundings) -> str:
    """The same of a number of the mainland, for which more must speak."""
    one = candidates[place]
    if _SAMPLE_OF.search(text, max(0, one.start - _ADJACENT), one.start):
        return "" if _is_somebodys(candidates, place) else "pattern"
    if not (runs := _RUNS.search(one.value)) and not _CLASS.search(text, max(0, one.start - REACH), one.start):
        if not (around.is_test(one.start) and around.speaks_of_numbering(one.start)):
            return ""
        return "" if _is_somebodys(candidates, place) else "numbering"
    shown = around.is_written(one.start) or "example" in text[max(0, one.start - REACH) : one.start]
    if not shown or _is_somebodys(candidates, place):
        return ""
    return "runs" if runs else "pattern" if _is_beside_pattern(text, one) else ""


def _is_mainland(text: str, one: Candidate) -> bool:
    """Whether it is a number of the mainland by its form, and not written with the code of another country."""
    if one.validator != "prefix" or (text[one.start] == "+" and not text.startswith("86", one.start + 1)):
        return False
    return one.type == "landline" or (len(one.value) == _MAINLAND and one.value[0] == "1")


def _is_somebodys(candidates: Sequence[Candidate], place: int) -> bool:
    """Whether somebody is told beside it."""
    return is_beside(candidates, place, _SOMEBODYS, _MOST, DOUBTFUL)


def _is_beside_pattern(text: str, one: Candidate) -> bool:
    """Whether a regular expression stands shortly before it."""
    return _CLASS.search(text, max(0, one.start - _PATTERN_REACH), one.start) is not None


def _row(candidates: list[Candidate], place: int) -> str:
    """ "series" where it is one of several that nothing but a label makes numbers, and that differ in their last digits
    only: a list of the beginnings that a plan gives out."""
    one = candidates[place]
    begins = one.value[:-_LAST]
    if one.validator != "context" or not any(
        other.value.startswith(begins)
        for other in candidates[max(0, place - 2) : place] + candidates[place + 1 : place + 3]
    ):
        return ""
    same = set()
    for other in candidates[max(0, place - _MOST) : place + _MOST + 1]:
        if other.type == one.type and abs(other.start - one.start) <= _NEAR:
            if other.value[:-_LAST] == begins and len(other.value) == len(one.value):
                same.add(other.value)
        elif other.type in _SOMEBODYS:
            return ""
    return "series" if len(same) > _IN_A_ROW else ""
