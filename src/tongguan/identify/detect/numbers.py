"""Numbers that carry their own form: identity cards, phones, bank cards, documents, vehicles, devices, addresses of IP.

`digits` says what a number could be; here the label beside it, or the lack of one, says what that is worth.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from tongguan.identify.detect import checks, digits
from tongguan.identify.detect.chance import by_chance
from tongguan.identify.detect.characters import DIGIT, KIND, fold_text
from tongguan.identify.detect.network import whole_ip
from tongguan.identify.detect.placeholders import is_for_documents
from tongguan.identify.detect.view import Candidate, View
from tongguan.identify.detect.words import label_id

__all__ = ["find"]

_DETECTOR: Final = "numbers"
_REACH: Final = 24  # characters from a label to its number


@dataclass(frozen=True, slots=True)
class _Rule:
    """Worth of a candidate: alone, written in groups, and with a label of its own before it. 0 drops it."""

    type: str
    validator: str
    bare: float
    joined: float
    labelled: float
    labels: tuple[str, ...]
    survives: bool = False  # even behind a label such as 订单号


_ALIASES: Final = ("driving_licence", "social_security")  # numbers that are those of the identity card
_PHONES: Final = ("phone", "landline", "wechat")
_RULES: Final = {
    checks.ID_CARD: _Rule("id_card", "checksum", 0.95, 0.93, 0.99, ("id_card", *_ALIASES), True),
    checks.ID_CARD_15: _Rule("id_card", "calendar", 0, 0, 0.9, ("id_card",)),
    checks.PHONE: _Rule("phone", "prefix", 0.85, 0.8, 0.97, _PHONES),
    checks.PHONE_UNUSUAL: _Rule("phone", "unassigned", 0, 0, 0.75, _PHONES),
    checks.LANDLINE_UNUSUAL: _Rule("landline", "unassigned", 0, 0, 0.7, _PHONES),
    checks.PHONE_ABROAD: _Rule("phone", "form", 0.7, 0.7, 0.9, _PHONES),
    checks.LANDLINE: _Rule("landline", "prefix", 0, 0.75, 0.92, _PHONES),
    checks.CARD_UNIONPAY: _Rule("bank_card", "luhn", 0.8, 0.85, 0.97, ("bank_card",)),
    checks.CARD_OTHER: _Rule("bank_card", "luhn", 0, 0.7, 0.93, ("bank_card",)),
    checks.CARD_UNCHECKED: _Rule("bank_card", "wrong_check", 0, 0, 0.6, ("bank_card",)),
    checks.USCC: _Rule("uscc", "checksum", 0.9, 0, 0.99, ("uscc",), True),
    checks.VIN: _Rule("vin", "checksum", 0.7, 0.7, 0.97, ("vin",)),
    checks.VIN_UNCHECKED: _Rule("vin", "context", 0, 0, 0.75, ("vin",)),
    checks.FOREIGN_PERMIT: _Rule("foreign_permit", "checksum", 0.9, 0.8, 0.98, ("foreign_permit", "id_card"), True),
    checks.IPV4: _Rule("ip", "range", 0.7, 0.7, 0.95, ("ip",)),
    checks.IMEI: _Rule("imei", "luhn", 0, 0, 0.93, ("imei", "device_id")),
    checks.IMSI: _Rule("imsi", "prefix", 0.6, 0, 0.95, ("imsi",)),
    checks.PLATE: _Rule("plate", "form", 0.85, 0.85, 0.95, ("plate",)),
}  # fmt: skip

_DOCUMENTS: Final = (
    # type, form where its own label stands before it, form where only 证件号 does, form without a label
    ("passport", r"[A-Z]{1,3}\d{6,9}", r"[EGDSP]\d{8}|[EDSP][A-HJ-NP-Z]\d{7}", r"[EG]\d{8}|E[A-HJ-NP-Z]\d{7}"),
    ("hk_macao_permit", r"[HMCW]\d{8}(?:\d\d)?|C[A-Z]\d{7}", r"[HMCW]\d{8}(?:\d\d)?|C[A-HJ-NP-Z]\d{7}", r"[HM]\d{10}"),
    ("taiwan_permit", r"[TL][A-Z]?\d{7,8}|\d{8}(?:\d\d)?", r"[TL]\d{8}", r"(?!)"),
    ("foreign_permit", r"[A-Z]{3}\d{12}", r"[A-Z]{3}\d{12}", r"(?!)"),
    ("driving_licence", r"[A-Z]{0,3}\d{6,12}", r"(?!)", r"(?!)"),
    ("social_security", r"[A-Z]{1,2}\d{6,9}", r"(?!)", r"(?!)"),
    ("medical_record", r"[A-Z]{1,3}\d{5,12}", r"(?!)", r"(?!)"),
)  # fmt: skip
_FORMS: Final = [
    (type, label_id(type), re.compile(own), re.compile(shared), re.compile(bare))
    for type, own, shared, bare in _DOCUMENTS
]


def _tables() -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Scores by code: alone, joined, labelled; and which labels are a code's own: (codes, labels)."""
    scores = np.zeros((checks.CODES, 3), np.float64)
    for code, rule in _RULES.items():
        scores[code] = rule.bare, rule.joined, rule.labelled
    own = np.zeros((checks.CODES, 256), np.bool_)
    for code, rule in _RULES.items():
        own[code, [label_id(label) for label in rule.labels]] = True
    return scores, own


def find(view: View) -> Iterator[Candidate]:
    """Candidates with a score above 0."""
    yield from _tracks(view)
    rows = view.numbers
    if not len(rows):
        return
    code, start, flags = rows[:, 0], rows[:, 1], rows[:, 5]
    label, direct = view.label_before(start, _REACH)
    scores, own = _TABLES
    is_own = own[code, label] & (label >= 0)
    score = scores[code, (flags & (digits.JOINED | digits.PLUS) > 0).astype(np.int64)]
    alone = _alone(view, start, rows[:, 2])
    score = np.where(alone, np.maximum(score, _WORTH_ALONE[code]), score)
    score = np.where(is_own, scores[code, 2], score)
    needs_label = (flags & (digits.GLUED | digits.WRAPPED) > 0) & ~_SURVIVES[code]
    score[needs_label & ~is_own] = 0
    score[(flags & digits.GLUED > 0) & ~direct] = 0
    other = (label == _NUMBER) & direct & ~_SURVIVES[code]
    score[other] = 0
    score[_pass_by_chance(view, rows) & ~is_own] = 0
    for i in np.flatnonzero((score == 0) & np.isin(code, _CHECKED_CARDS) & (label != _NUMBER)).tolist():
        if _EXPIRY.match(view.text, int(rows[i, 2]), int(rows[i, 2]) + 12):  # CC6222021234567890128/0928
            score[i] = _WITH_EXPIRY
    document = code == checks.DOCUMENT
    score[document] = 1
    score[document & ~_may_be_document(view, rows, label)] = 0
    folded = view.tokens.folded.tobytes().decode("ascii")
    kept = score > 0
    plain = _is_plain(view, rows[kept], label[kept], direct[kept], score[kept] >= scores[code[kept], 2])
    chosen = zip(
        rows[kept].tolist(),
        score[kept].tolist(),
        label[kept].tolist(),
        direct[kept].tolist(),
        plain.tolist(),
        strict=True,
    )
    for (what, first, end, offset, size, _), worth, before, near, sure in chosen:
        value = folded[offset : offset + size]
        if sure:
            if value in _POWERS:
                continue
            rule = _RULES[what]
            yield Candidate(first, end, rule.type, worth, rule.validator, _DETECTOR, value)
            continue
        if what == checks.DOCUMENT:
            if before < 0 and "*" in (view.text[first - 1 : first], view.text[end : end + 1]):
                continue  # a part of something longer: FR*A23*E45456789*P1
            yield from _documents(first, end, value, before, near)
            continue
        rule = _RULES[what]
        if what == checks.PLATE:
            value = "".join(c for c in view.text[first:end].upper() if c.isalnum())
            if not any(c.isdigit() for c in value):
                continue
        elif what == checks.IPV4:
            address = whole_ip(view.text, first, end, fold_text(view.text[first:end]), worth > rule.bare)
            if address is None:
                continue
            worth = 0.96 if address[0] < first else worth  # more than what else was seen in it
            first, value = address
            if is_for_documents(value):
                yield Candidate(first, end, "ip", min(worth, _FOR_DOCUMENTS), "documentation", _DETECTOR, value)
                continue
        elif what == checks.PHONE_ABROAD:
            if _FREE_OF_CHARGE.fullmatch(value) or (
                worth < rule.labelled
                and (
                    _is_sum(view.text[first:end], value)
                    or _PATTERN.match(view.text, end)
                    or _ADDED.search(view.text, max(0, first - 1), first)
                )
            ):
                continue
            value = "+" + value
            if _FIXED_ABROAD.fullmatch(value) or before == _LANDLINE:
                rule = _RULES[checks.LANDLINE]
        elif (
            (
                what in _MOBILES
                and worth < rule.labelled
                and (_is_quantity(view.text, first, end) or _ODD_GROUPS.fullmatch(view.text, first, end))
            )
            or (what in _CARDS and _has_points(view.text[first:end], worth >= rule.labelled))
            or (what in _CARDS and worth < rule.labelled and "/" in view.text[first:end])  # ports
            or (what in _CARDS and worth < rule.labelled and _SMALL_GROUP.search(view.text, first, end))
            or (what in _GROUPED and worth < rule.labelled and _in_a_grid(view.text, first, end))
            or (what == checks.VIN and worth < rule.labelled and view.text[first:end].islower())
            or (what == checks.VIN and worth < rule.labelled and sum(map(str.isalpha, value)) < _LETTERS)
            or (what == checks.USCC and before != _USCC and value.isdigit() and not _is_old_uscc(value, before))
        ):
            continue
        if what == checks.LANDLINE and (extension := _EXTENSION.match(view.text, end, end + 14)):
            end = extension.end()
        yield Candidate(first, end, rule.type, worth, rule.validator, _DETECTOR, value)
        if (
            what == checks.ID_CARD
            and near
            and before in _ALIAS_OF
            and not _ANY_LICENCE.search(view.text, max(0, first - 24), first)
        ):
            yield Candidate(first, end, _ALIAS_OF[before], worth, rule.validator, _DETECTOR, value)


def _is_plain(
    view: View, rows: NDArray[np.int32], label: NDArray[np.int32], direct: NDArray[np.bool_], own: NDArray[np.bool_]
) -> NDArray[np.bool_]:
    """Identity cards and mobile numbers about which nothing else need be asked: most of all numbers."""
    code, start, end, last = rows[:, 0], rows[:, 1], rows[:, 2], len(view.units) - 1
    sign = _MAY_BE_MONEY[view.units[np.maximum(start - 1, 0)]] | _MAY_BE_UNIT[view.units[np.minimum(end, last)]]
    grouped = (end - start != _MOBILE) & (KIND[view.units[np.minimum(start + 3, last)]] == DIGIT)  # see `_ODD_GROUPS`
    mobile = (code == checks.PHONE) & (own | ~(sign | grouped))
    plain: NDArray[np.bool_] = mobile | ((code == checks.ID_CARD) & ~(direct & _IS_ALIAS[label]))
    return plain


def _pass_by_chance(view: View, rows: NDArray[np.int32]) -> NDArray[np.bool_]:
    """Telephone numbers and cards among many numbers of their shape that are neither."""
    chance = np.zeros(len(rows), np.bool_)
    for codes in _MANY_PASS:
        chosen = np.flatnonzero(np.isin(rows[:, 0], codes) & (rows[:, 5] & digits.PLUS == 0))
        chosen = chosen[np.argsort(rows[chosen, 1], kind="stable")]
        chance[chosen] = by_chance(view, rows[chosen, 1], rows[chosen, 2])
    return chance


def _alone(view: View, start: NDArray[np.int32], end: NDArray[np.int32]) -> NDArray[np.bool_]:
    """Whether a number is all that a text holds: a field, a message."""
    alone = view.in_short_texts(start, _SHORT)
    for i in np.flatnonzero(alone).tolist():
        near = view.text[max(0, int(start[i]) - _SHORT) : start[i]] + "|" + view.text[end[i] : end[i] + _SHORT]
        before, _, behind = near.partition("|")
        alone[i] = not before.rpartition("\x00")[2].strip() and not behind.partition("\x00")[0].strip()
    return alone


_BODIES: Final = ("11", "12", "13", "51", "52", "53", "54", "91", "92", "93")


def _is_old_uscc(value: str, label: int) -> bool:
    """A credit code of digits only: of a known authority and kind, its organisation code right too (GB 11714)."""
    if label == _NUMBER or not value.startswith(_BODIES):
        return False
    total = sum(int(d) * w for d, w in zip(value[8:16], (3, 7, 9, 10, 5, 8, 4, 2), strict=True))
    return checks.REGIONS[int(value[2:4])] and (11 - total % 11) % 11 == int(value[16])


def _tracks(view: View) -> Iterator[Candidate]:
    """What a bank card's magnetic stripe holds: the number, a separator, and the day until which it is good."""
    tokens = view.tokens
    sizes = np.diff(tokens.offset)
    sign = view.units[np.minimum(tokens.end, len(view.units) - 1)]
    chosen = np.flatnonzero((sizes >= 13) & (sizes <= 20) & ((sign == ord("=")) | (sign == ord("^"))))
    for start, end in zip(tokens.start[chosen].tolist(), tokens.end[chosen].tolist(), strict=True):
        found = _STRIPE.match(view.text, end - 19 if end - start == 20 else start, end + 60)
        if found and 1 <= int(found[2]) <= 12 and _luhn(found[1]):
            value = found[1]
            yield Candidate(*found.span(), "card_track", 0.97, "luhn", _DETECTOR, value)


def _in_a_grid(text: str, start: int, end: int) -> bool:
    """Whether groups of the same size go on before or behind: a table of codes, a UUID, no number of its own."""
    return _GRID_BEFORE.search(text, max(0, start - 12), start) is not None or (
        _GRID_BEHIND.match(text, end, end + 12) is not None
    )


_SMALL_GROUP: Final = re.compile(r"(?<![0-9])[0-9]{1,2}(?![0-9])")  # in which no card is written: the points of a curve
_PATTERN: Final = re.compile(r"[ -]?(?:##|%)")  # behind the beginning of a number: +44 909 879 0###
_POWERS: Final = frozenset(str(2**34 + n) for n in range(-2, 3)) | {"18446744072", "18446744073", "18446744074"}
"""Limits of numbers in machines that have the form of a mobile number: 2**34, and 2**64 in billions."""
_GRID_BEFORE: Final = re.compile(r"(?:[A-Z]{2}\d\d |[ \n\t][0-9A-Fa-f]{2,4} {1,3}|[0-9A-Fa-f]{4,8}-)\Z")
_GRID_BEHIND: Final = re.compile(r" {1,3}[0-9A-Fa-f]{2,4}[ \n\t]|-[0-9A-Fa-f]{4,12}(?![0-9A-Fa-f])")
_UNIT: Final = re.compile(
    r"(?:\.\d+)?\s?(?:[十百千万亿]{0,2}(?:[美欧日港澳韩台]?元(?![旦宵月])|英镑|人民币|韩币|日币)|[万亿]"
    r"|(?:USD|RMB|CNY|EUR|HKD|bytes?|ms|ns|us)(?![A-Za-z0-9]))"
)
_ODD_GROUPS: Final = re.compile(r"[0-9\uff10-\uff19]{4,10}[^0-9\uff10-\uff19+]{1,3}[0-9\uff10-\uff19]{1,7}")
"""Two groups in which nobody writes a mobile number: 1380013-8000."""
_CONSTANT: Final = re.compile(r"(?:[¥￥$€£]\s?|(?<![A-Za-z0-9_])[A-Z][A-Z0-9_]{2,40}\s*=\s*)\Z")


def _is_quantity(text: str, start: int, end: int) -> bool:
    """Whether a unit stands behind a number, or a sign of money or the name of a constant before it."""
    return _UNIT.match(text, end, end + 12) is not None or (
        _CONSTANT.search(text, max(0, start - 48), start) is not None
    )


def _is_sum(written: str, value: str) -> bool:
    """Whether what stands behind + is added to something: a fraction, or a number of no country."""
    return (written.count(".") == 1 and "-" not in written and " " not in written) or not _COUNTRY.match(value)


def _has_points(written: str, labelled: bool) -> bool:
    """Whether a card's number is an amount, or without its label a chapter or an object identifier."""
    points = written.count(".")
    return points == 1 or (points > 1 and not labelled)


_LETTERS: Final = 4  # of a vehicle's number: those of its maker, and of its kind


def _luhn(value: str) -> bool:
    digits = [int(d) * (1 + i % 2) for i, d in enumerate(reversed(value))]
    return sum(d // 10 + d % 10 for d in digits) % 10 == 0


_STRIPE: Final = re.compile(r"(\d{13,19})(?:=|\^[^^\n]{2,26}\^)\d\d(\d\d)\d{3}[0-9=?]{0,24}")


def _may_be_document(view: View, rows: NDArray[np.int32], label: NDArray[np.int32]) -> NDArray[np.bool_]:
    """Codes that a label speaks for, or that look like the few documents known without one: most codes are neither."""
    first, size = view.tokens.folded[rows[:, 3]], rows[:, 4]
    bare = ((size == 9) & _BARE_PASSPORT[first]) | ((size == 11) & _BARE_PERMIT[first])
    possible: NDArray[np.bool_] = bare | _DOCUMENT_LABELS[label]
    return possible


def _documents(start: int, end: int, value: str, label: int, direct: bool) -> Iterator[Candidate]:
    if label == _NUMBER and direct:
        return
    for type, its_label, own, shared, bare in _FORMS:
        if label == its_label:
            if own.fullmatch(value):
                yield Candidate(start, end, type, 0.92, "context", _DETECTOR, value)
                return
        elif label == _ID_LABEL or (label == _USCC and type == "foreign_permit"):
            if shared.fullmatch(value):
                yield Candidate(start, end, type, 0.8, "context", _DETECTOR, value)
                return
        elif bare.fullmatch(value):
            yield Candidate(start, end, type, 0.5, "form", _DETECTOR, value)
            return


def _flags(size: int, chosen: Iterable[int]) -> NDArray[np.bool_]:
    flags = np.zeros(size, np.bool_)
    flags[list(chosen)] = True
    return flags


_SHORT: Final = 40  # characters of a text that holds but one number
_BLANKS: Final = [code for code in range(65536) if chr(code).isspace()]
_WORTH_ALONE: Final = np.zeros(checks.CODES, np.float64)
_WORTH_ALONE[checks.CARD_OTHER] = 0.6
_WORTH_ALONE[checks.PHONE_UNUSUAL] = 0.5
_WORTH_ALONE[[checks.LANDLINE, checks.LANDLINE_UNUSUAL]] = 0.45  # less than an identifier whose check is right
_TABLES: Final = _tables()
_SURVIVES: Final = _flags(checks.CODES, [code for code, rule in _RULES.items() if rule.survives])
_NUMBER: Final = label_id("number")
_USCC: Final = label_id("uscc")
_CHECKED_CARDS: Final = (checks.CARD_UNIONPAY, checks.CARD_OTHER)
_EXPIRY: Final = re.compile(r"[ ,]{0,2}(?:/|[Ee]xp\w{0,6}[ :.]{0,3})(?:0[1-9]|1[0-2])/?\d\d(?!\d)")
"""The month until which a card is good, right behind its number."""
_WITH_EXPIRY: Final = 0.85
_EXTENSION: Final = re.compile(r"\s?(?:转|轉|ext\.?|-)\s?\d{1,5}(?![\d-])", re.IGNORECASE)
_LANDLINE: Final = label_id("landline")
_FOR_DOCUMENTS: Final = 0.6  # of an address that no host has
_COUNTRY: Final = re.compile(
    r"1|7|2(?:[07]|1[12368]|[2-6]|9[01789])|3(?:[0-4]|[69]|[578])|4(?:[013-9]|2[013])|5|6|8(?:[1246]|5|8|70|78)"
    r"|9(?:[0-58]|6|7|9[2-68])"
)
"""Country codes that are given out (ITU-T, list of E.164 assigned country codes)."""
_ADDED: Final = re.compile(r"[A-Za-z0-9)\]]")  # before +: something to which a number is added
_FREE_OF_CHARGE: Final = re.compile(r"18(?:00|33|44|55|66|77|88)[2-9]\d{6}")
"""Of North America, paid by who is called: a company's (NANP), as 400 and 800 are on the mainland."""
_FIXED_ABROAD: Final = re.compile(r"\+(?:852[23]\d{7}|85328\d{6}|8860?[2-8]\d{7,8})")
"""Fixed lines of Hong Kong, Macao and Taiwan, by their numbering plans."""
_CARDS: Final = (checks.CARD_UNIONPAY, checks.CARD_OTHER, checks.CARD_UNCHECKED)
_MANY_PASS: Final = ((checks.PHONE,), _CARDS, (checks.LANDLINE,), (checks.IMSI,))
_MOBILES: Final = (checks.PHONE, checks.PHONE_ABROAD)
_GROUPED: Final = (*_CARDS, checks.LANDLINE)
_ID_LABEL: Final = label_id("id_card")
_DOCUMENT_LABELS: Final = _flags(256, [_ID_LABEL, _USCC, *(label for _, label, *_ in _FORMS)])  # the last is that of -1
_BARE_PASSPORT: Final = _flags(256, b"EG")  # first letters in the forms without a label
_BARE_PERMIT: Final = _flags(256, b"HM")
_ALIAS_OF: Final = {label_id(type): type for type in _ALIASES}
_ANY_LICENCE: Final = re.compile(r"(?:^|[^A-Za-z])licen[cs]e[_ -]?no\W{1,5}\Z", re.IGNORECASE)
"""A licence of no kind that is told, which the number of an identity card does not make one to drive."""
_IS_ALIAS: Final = _flags(256, _ALIAS_OF)
_MOBILE: Final = 11  # digits
_MAY_BE_MONEY: Final = _flags(65536, [*map(ord, "¥￥$€£="), *_BLANKS])  # before a number: see `_CONSTANT`
_MAY_BE_UNIT: Final = _flags(
    65536, [*map(ord, ".十百千万亿美欧日港澳韩台元英人URCEHbmnu"), *_BLANKS]
)  # behind: `_UNIT`
