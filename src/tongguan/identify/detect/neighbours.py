"""Names of persons by what stands directly beside them: a number of theirs, 男 or 女, the date of a message, 的手机."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np

from tongguan.identify.detect import name_rows, salutations
from tongguan.identify.detect.names import (
    HAN_CLASS,
    LIKELY_NAME,
    STOPS,
    SURE_NAME,
    begin_beside,
    begins_name,
    candidate_of,
    is_no_name,
)
from tongguan.identify.detect.overlaps import offsets
from tongguan.identify.detect.view import Candidate, View
from tongguan.identify.detect.words import label_id

__all__ = ["beside", "find"]

_ALONE: Final = rf"(?<![{HAN_CLASS}])"
_OWN: Final = np.zeros(512, np.bool_)  # by label; the last is that of -1
_OWN[[
    label_id(type) for type in (
        "phone", "id_card", "bank_card", "address", "email", "birth_date", "income", "health", "wechat", "qq",
        "passport", "landline", "plate", "medical_record", "social_security", "provident_fund", "biometric", "gender",
    )
]] = True  # fmt: skip
"""What a person has."""

_SEX: Final = re.compile(rf"{_ALONE}({SURE_NAME})[,，、\s（(]{{1,2}}$")
_OWNER: Final = re.compile(rf"(?:{_ALONE}|(?<=[{STOPS}]))({LIKELY_NAME})[的（(]$")
_DATE: Final = r"(?:\d{4}[-/年]\d{1,2}[-/月]\d{1,2}日?[ T]?)"
_STAMPED: Final = re.compile(rf"(?:[{HAN_CLASS}]{{2,5}}-)?({LIKELY_NAME})[ \t\r]*(?:\n|$)")
_STAMPS: Final = (len("2026-01-01 12:00 "), len("2026-01-01 12:00:00 "))
_CONTACT: Final = (
    r"(?:分机|手机|电话|联系电话|邮箱|[Tt]el|[TM][:：]|[Mm]obile|[Ee]-?mail|性别|求职|应聘|[男女][ ,，|/]|\d{2}岁)"
)
_HEAD: Final = re.compile(
    rf"({LIKELY_NAME})(?:[ \t]{_DATE}?(?:\d{{1,2}}:\d{{2}}(?::\d{{2}})?|(?<=\d))[ \t\r]*(?:\n|$)"
    rf"|(?:您好|你好|好)[：:，,！!]|[ ]?[|｜/][ ]?(?:[男女]|\d{{2}}岁)"
    rf"|[ \t\u3000]+\d{{1,2}}周?岁|[ \t\r]*\n[{HAN_CLASS}]{{2,8}}[部处室科](?:[ \t\r]*(?:\n|$))"
    rf"|[ ]?[(（](?P<latin>[A-Z][a-z]+ [A-Z][a-z]+)[)）]|[ \t\r]*\n[ \t]*{_CONTACT})"
)
_FAREWELL: Final = re.compile(r"(?:此致|敬礼|谢谢|祝好|商祺|顺颂|敬上|[Rr]egards)[!！。,，]?[ \t]*\r?\n\s{0,4}$")
_LINE: Final = re.compile(rf"({LIKELY_NAME})[ \t]*(?=[\r\n(（]|$)")
_ADDRESSED: Final = re.compile(rf"({LIKELY_NAME})(?=[，,]?[您你])")
_PAUSES: Final = np.zeros(65536, np.bool_)
_PAUSES[[ord(c) for c in ",，、 \t（()）。；;\n\u3000"]] = True


def find(view: View) -> Iterator[Candidate]:
    """Names before 男 or 女, before what is theirs, and at the heads of lines, messages and signatures."""
    if len(view.units) < 4 or view.units.dtype == np.uint8:  # no Han in it
        return
    yield from _before_sexes(view)
    yield from _owners(view)
    yield from _heads(view)
    yield from name_rows.find(view)


def _before_sexes(view: View) -> Iterator[Candidate]:
    units, last = view.units, len(view.units) - 1
    places = np.flatnonzero((units == ord("男")) | (units == ord("女")))
    places = places[_PAUSES[units[np.maximum(places - 1, 0)]] & _PAUSES[units[np.minimum(places + 1, last)]]]
    for at in places.tolist():
        if found := _SEX.search(view.text, max(0, at - 8), at):
            yield from _named(found, 0.75)


def _owners(view: View) -> Iterator[Candidate]:
    own = view.labelled.start[_OWN[view.labelled.label]]
    kin = view.words.start[view.words.of("openings")]  # 张三（母亲
    before, behind = view.units[np.maximum(own - 1, 0)], view.units[np.maximum(kin - 1, 0)]
    chosen = [
        own[before == ord("的")],
        *(own[before == ord(s)] for s in "（("),
        *(kin[behind == ord(s)] for s in "（("),
    ]
    for at in np.concatenate(chosen).tolist():
        if found := _OWNER.search(view.text, max(0, at - 7), at):
            yield from _named(found, 0.7)


def _heads(view: View) -> Iterator[Candidate]:
    """At the first character of a line, or behind the 【sender】 of a message."""
    text, units = view.text, view.units
    places = np.append(0, np.flatnonzero((units == ord("\n")) | (units == ord("】"))) + 1)
    dated = places[places < len(units) - _STAMPS[0]]
    dated = dated[(units[dated] == ord("2")) & (units[dated + _STAMPS[0] - 7] == 32)]
    for stamp in _STAMPS:  # the writer of a message, behind its time
        stamped = dated[dated < len(units) - stamp - 3] + stamp
        stamped = stamped[(units[stamped] > 0x3400) & (units[stamped - 1] == 32)]
        stamped = stamped[begins_name(units, stamped) | (units[stamped + 3] == 45)]
        for at in stamped.tolist():
            if found := _STAMPED.match(text, at, at + 14):
                yield from _named(found, 0.65)
    for at in places[begins_name(units, places)].tolist():
        if at and text[at - 1] == "】":
            found = _ADDRESSED.match(text, at, at + 8)
        elif (found := _HEAD.match(text, at, at + 48)) is None and _FAREWELL.search(text, max(0, at - 16), at):
            found = _LINE.match(text, at, at + 8)
        if found:
            yield from _named(found, 0.7)
            if found.re is _HEAD and (latin := found["latin"]):
                yield candidate_of(*found.span("latin"), latin, 0.65)


def _named(found: re.Match[str], score: float) -> Iterator[Candidate]:
    value = found[1]
    if not is_no_name(value) and not is_no_name(value[:2]):
        yield candidate_of(found.start(1), found.end(1), value, score)


_WINDOW: Final = 20  # characters before a number in which its holder may be named
_NEAR: Final = frozenset({"phone", "id_card", "bank_card", "email", "passport", "landline"})
_LEFT: Final = re.compile(
    rf"(?:^|{_ALONE})({LIKELY_NAME})(?:[\s,，:：;；|/、\"'(（-]{{1,4}}(?:[{HAN_CLASS}A-Za-z]{{1,8}}[\s:：是为号\"']{{0,4}})?)?$"
)
_RIGHT: Final = re.compile(rf"[\s,，;；|/、(（-]{{1,3}}({LIKELY_NAME})(?![{HAN_CLASS}])")


def beside(view: View, candidates: Sequence[Candidate]) -> Iterator[Candidate]:
    """Names directly before or behind a number or address of a person, where no name is known there yet."""
    chosen = [candidate for candidate in candidates if candidate.type in _NEAR]
    if not chosen:
        return
    starts, ends = offsets(chosen)
    names = np.sort(offsets([c for c in candidates if c.type == "person_name"])[1])
    nearest = np.append(names, -_WINDOW)[np.searchsorted(names, starts, side="right") - 1]
    nameless = np.flatnonzero(starts - nearest >= _WINDOW)
    for near in map(chosen.__getitem__, nameless.tolist()):
        if near.type == "email":
            yield from salutations.beside_address(view.text, near.start)
    begins = begin_beside(view.units, starts[nameless], ends[nameless], _WINDOW)
    hopeful = begins >= 0
    for i, at in zip(nameless[hopeful].tolist(), begins[hopeful].tolist(), strict=True):
        start, end = chosen[i][:2]
        found = _LEFT.search(view.text, at, start) if at < start else None
        if found := found or _RIGHT.match(view.text, end, end + 10):
            yield from _named(found, 0.65)
