"""Identifiers from outside the mainland: Hong Kong, Macao, Taiwan, and the common ones of other countries.

Behind a label of its own (or in a column of that name) a number need only pass its issuer's check. Without one only
forms are believed that little else has: letters and digits in a set order, groups with set signs, strong checks.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from tongguan.identify.detect import foreign_checks as checks
from tongguan.identify.detect.characters import fold_text
from tongguan.identify.detect.shapes import series_in, shape_of, shape_table, tokens_of_shape
from tongguan.identify.detect.view import Candidate, View
from tongguan.identify.detect.words import label_id

__all__ = ["find"]

_DETECTOR: Final = "foreign"
_LABELLED: Final = 0.95


@dataclass(frozen=True, slots=True)
class _Kind:
    """A form of an identifier: letters (L) and digits (D) in order, its check, and its worth without a label."""

    type: str
    shape: str
    check: checks.Check | None = None
    bare: float = 0.0  # 0: only behind a label
    groups: str = ""  # pattern of the groups that are believed without a label; "" for one token


def _without_century(rows: checks.Rows) -> NDArray[np.bool_]:
    """A Finnish code whose sign of the century is a letter."""
    return checks.fi_hetu(np.delete(rows, 6, axis=1)) & np.isin(rows[:, 6], np.frombuffer(b"ABCDEFUVWXY", np.uint8))


_D: Final = "D"
_KINDS: Final = (
    _Kind("hkid", "LDDDDDDD", checks.hkid, 0.85, r"[A-Z]\d{6} ?[(（]\d[)）]"),
    _Kind("hkid", "LDDDDDDL", checks.hkid, 0.85, r"[A-Z]\d{6} ?[(（]A[)）]"),
    _Kind("hkid", "LLDDDDDDD", checks.hkid, 0.85, r"[A-Z]{2}\d{6} ?[(（]\d[)）]"),
    _Kind("hkid", "LLDDDDDDL", checks.hkid, 0.85, r"[A-Z]{2}\d{6} ?[(（]A[)）]"),
    _Kind("macao_id", _D * 8, lambda rows: np.isin(rows[:, 0], (49, 53, 55))),
    _Kind("taiwan_id", "L" + _D * 9, lambda rows: checks.taiwan_id(rows) & (rows[:, 1] < 51) & (rows[:, 1] > 48), 0.55),
    _Kind("taiwan_arc", "L" + _D * 9, lambda rows: checks.taiwan_id(rows) & (rows[:, 1] > 55), 0.55),
    _Kind("taiwan_arc", "LL" + _D * 8, lambda rows: checks.taiwan_id(rows) & (rows[:, 1] < 69), 0.5),
    _Kind("sg_nric", "LDDDDDDDL", checks.sg_nric, 0.75),
    _Kind("us_ssn", _D * 9, checks.us_ssn, 0.6, r"\d{3}-\d\d-\d{4}|\d{3}\.\d\d\.\d{4}"),
    _Kind("us_itin", _D * 9, checks.us_itin, 0.6, r"\d{3}-\d\d-\d{4}"),
    _Kind("uk_nino", "LLDDDDDDL", checks.uk_nino, 0.7, r"[A-Z]{2}(?: ?\d\d){3} ?[A-D]"),
    _Kind("uk_nhs", _D * 10, checks.uk_nhs),
    _Kind("de_tax_id", _D * 11, checks.de_tax_id),
    _Kind("es_nif", "DDDDDDDDL", checks.es_nif, 0.5, r"(?!(?:19|20)\d\d(?:0\d|1[0-2]))\d{8}-?[A-Z]"),
    _Kind("es_nif", "LDDDDDDDL", lambda rows: checks.es_nif(rows) & (rows[:, 0] >= 88), 0.6, r"[XYZ]-?\d{7}-?[A-Z]"),
    _Kind("fr_nir", _D * 15, checks.fr_nir, 0.6, r"[1-478] ?\d\d ?\d\d ?\d\d ?\d{3} ?\d{3} ?\d\d"),
    _Kind("fr_nir", "DDDDDDLDDDDDDDD", checks.fr_nir, 0.7),
    _Kind("nl_bsn", _D * 9, checks.nl_bsn),
    _Kind("be_nrn", _D * 11, checks.be_nrn, 0.7, r"\d\d\.\d\d\.\d\d-\d{3}[. ]\d\d"),
    _Kind("pl_pesel", _D * 11, checks.pl_pesel),
    _Kind("se_personnummer", _D * 10, checks.se_personnummer),
    _Kind("se_personnummer", _D * 12, checks.se_personnummer),
    _Kind("fi_hetu", "DDDDDDDDDL", checks.fi_hetu, 0.75, r"\d{6}[-+A-FU-Y]\d{3}[A-Y]"),
    _Kind("fi_hetu", "DDDDDDDDDD", checks.fi_hetu),
    _Kind("fi_hetu", "DDDDDDLDDDL", _without_century),
    _Kind("fi_hetu", "DDDDDDLDDDD", _without_century),
    _Kind("kr_rrn", _D * 13, checks.kr_rrn, 0.8, r"\d{6}-\d{7}"),
    _Kind("jp_my_number", _D * 12, checks.jp_my_number),
    _Kind("in_aadhaar", _D * 12, checks.in_aadhaar),
    _Kind("in_pan", "LLLLLDDDDL", checks.in_pan, 0.6),
    _Kind("br_cpf", _D * 11, checks.br_cpf, 0.8, r"\d{3}\.\d{3}\.\d{3}-\d\d"),
    _Kind("ca_sin", _D * 9, checks.ca_sin),
    _Kind("au_tfn", _D * 9, checks.au_tfn),
    _Kind("tr_tckn", _D * 11, checks.tr_tckn),
    _Kind("th_national_id", _D * 13, checks.th_national_id, 0.8, r"\d-\d{4}-\d{5}-\d\d-\d"),
    _Kind("my_nric", _D * 12, checks.my_nric, 0.55, r"\d{6}-\d\d-\d{4}"),
)  # fmt: skip
_WITHOUT_CHECK: Final = {"kr_rrn": checks.kr_rrn_day}  # behind a label; its own check gives a better score
_ITALY: Final = ("it_fiscal_code", 16, checks.it_fiscal_code)
_LABELS: Final = {label_id(type): type for type in [*{kind.type: 0 for kind in _KINDS}, "it_fiscal_code", "iban"]}
_IS_LABEL: Final = np.zeros(256, np.bool_)
_IS_LABEL[list(_LABELS)] = True
_NUMBER: Final = label_id("number")
_REACH: Final = 24
_LONGEST: Final = 48

_FORMS: Final[dict[str, list[tuple[re.Pattern[str], _Kind]]]] = defaultdict(list)
for _kind in _KINDS:
    _pattern = "".join("[A-Z]" if c == "L" else r"\d" for c in _kind.shape)
    _FORMS[_kind.type].append((re.compile(_pattern), _kind))
_LEAD: Final = re.compile(
    r"(?:[\s:：=#.是为は는은'\"(（]|\b(?:number|card|code|no|nr|num|id|is|was|of)\b|番号|号码|號碼|证|證|字号|字號){0,8}",
    re.IGNORECASE,
)
_RUN: Final = re.compile(
    r"(?=[^0-9０-９]{0,9}[0-9０-９])"
    r"[A-Za-z0-9０-９Ａ-Ｚａ-ｚ](?:[ \-./:()（）_－／\u00a0\u200b]{0,2}[A-Za-z0-9０-９Ａ-Ｚａ-ｚ]){5,40}"
)


def find(view: View) -> Iterator[Candidate]:
    """Identifiers behind labels, in columns, and by their forms."""
    yield from _labelled(view)
    yield from _by_form(view)
    yield from _ibans(view)
    yield from _zones(view)


# ---- behind labels ----

Place = tuple[str, int, int, str]  # kind of identifier, start, end, folded value


def _labelled(view: View) -> Iterator[Candidate]:
    words = view.labelled
    chosen = _IS_LABEL[words.label]
    places: list[tuple[str, int, int]] = []
    for label, end in zip(words.label[chosen].tolist(), words.end[chosen].tolist(), strict=True):
        lead = _LEAD.match(view.text, end, end + _REACH)
        places.append((_LABELS[label], lead.end() if lead else end, min(len(view.text), end + _REACH + _LONGEST)))
    for start, end, label in view.cells[_IS_LABEL[view.cells[:, 2]]].tolist():
        while start < end and view.text[start] in " \"'\t":
            start += 1
        places.append((_LABELS[label], start, end))
    rows: dict[tuple[str, str], list[tuple[int, int, str]]] = defaultdict(list)
    for type, start, end in places:
        run = _RUN.match(view.text, start, end)
        for size, stop, value in _prefixes(view.text, run) if run else ():
            if type == "iban":
                if checks.is_iban(value):
                    yield Candidate(start, stop, type, 0.97, "checksum", _DETECTOR, value)
            elif type == "it_fiscal_code":
                if size == 16:
                    rows[type, ""].append((start, stop, value))
            else:
                for form, kind in _FORMS[type]:
                    if form.fullmatch(value):
                        rows[type, kind.shape].append((start, stop, value))
    for (type, shape), found in rows.items():
        check = _ITALY[2] if not shape else next(k.check for _, k in _FORMS[type] if k.shape == shape)
        right = _right([value for _, _, value in found], check)
        loose = _right([value for _, _, value in found], _WITHOUT_CHECK[type]) if type in _WITHOUT_CHECK else right
        for (start, stop, value), sure, form_only in zip(found, right.tolist(), loose.tolist(), strict=True):
            if sure:
                yield Candidate(start, stop, type, _LABELLED, "checksum", _DETECTOR, value)
            elif form_only:
                yield Candidate(start, stop, type, 0.8, "context", _DETECTOR, value)


def _prefixes(text: str, run: re.Match[str]) -> Iterator[tuple[int, int, str]]:
    """Values that begin where the run does: their size, their end, and their folded characters."""
    value, start = "", run.start()
    for at in range(start, run.end()):
        c = text[at]
        if not c.isalnum():
            continue
        value += fold_text(c).upper()
        after = text[at + 1 : at + 2]
        if len(value) >= 8 and not (after.isalnum() and (after.isascii() or "０" <= after <= "ｚ")):
            end = at + 1
            if after in (")", "）") and text[at - 1] in "(（":
                end += 1
            yield len(value), end, value


def _right(values: Sequence[str], check: checks.Check | None) -> NDArray[np.bool_]:
    """Which values, all of one length, pass the check: none that holds a sign beyond ASCII."""
    plain = np.fromiter((value.isascii() for value in values), np.bool_, len(values))
    rows = np.frombuffer("".join(values).encode("ascii", "replace"), np.uint8).reshape(len(values), -1)
    return check(rows) & plain if check else plain


# ---- by form ----

_TOKEN_KINDS: Final[dict[int, list[_Kind]]] = {}
for _kind in _KINDS:
    if _kind.bare and "L" in _kind.shape and (not _kind.groups or _kind.type in ("uk_nino", "es_nif")):
        _TOKEN_KINDS.setdefault(shape_of(_kind.shape), []).append(_kind)
_ITALIAN: Final = "LLLLLLDDLDDLDDDL"
_SHAPES: Final = shape_table(
    [kind.shape for kinds in _TOKEN_KINDS.values() for kind in kinds] + [_ITALIAN, "LDDDDDD", "LLDDDDDD"]
)
_HONG_KONG: Final = (shape_of("LDDDDDD"), shape_of("LLDDDDDD"))
_BEHIND: Final = re.compile(r" ?[(（]([0-9A０-９])[)）]")
_GLUE: Final = frozenset("-_/\\.%+#@=&$")


def _by_form(view: View) -> Iterator[Candidate]:
    tokens, shapes = tokens_of_shape(view.tokens, _SHAPES)
    if len(tokens):
        for shape in np.unique(shapes).tolist():
            yield from _tokens(view, tokens[shapes == shape], shape)
    yield from _grouped(view)


def _tokens(view: View, tokens: NDArray[np.int32], shape: int) -> Iterator[Candidate]:
    offsets = view.tokens.offset[tokens].astype(np.int64)
    size = shape.bit_length() - 1
    rows = view.tokens.folded[offsets[:, None] + np.arange(size)]
    if shape in _HONG_KONG:
        yield from _hong_kong(view, tokens, rows)
        return
    kinds = _TOKEN_KINDS.get(shape, [])
    found = [(kind.type, kind.bare, kind.groups, kind.check(rows)) for kind in kinds if kind.check]
    if shape == shape_of(_ITALIAN):
        found.append((_ITALY[0], 0.85, "", _ITALY[2](rows)))
    for type, score, pattern, right in found:
        for i in np.flatnonzero(right).tolist():
            start, end = int(view.tokens.start[tokens[i]]), int(view.tokens.end[tokens[i]])
            value = rows[i].tobytes().decode("ascii")
            if _stands_alone(view, start, end) and (not pattern or re.fullmatch(pattern, value)):
                yield Candidate(start, end, type, score, "checksum", _DETECTOR, value)


def _hong_kong(view: View, tokens: NDArray[np.int32], rows: checks.Rows) -> Iterator[Candidate]:
    """A letter, six digits, and a check digit in parentheses behind them."""
    for token, row in zip(tokens.tolist(), rows, strict=True):
        start, end = int(view.tokens.start[token]), int(view.tokens.end[token])
        if not (behind := _BEHIND.match(view.text, end, end + 4)):
            continue
        value = row.tobytes().decode("ascii") + fold_text(behind[1])
        if _right([value], checks.hkid)[0] and _stands_alone(view, start, behind.end()):
            yield Candidate(start, behind.end(), "hkid", 0.85, "checksum", _DETECTOR, value)


def _stands_alone(view: View, start: int, end: int) -> bool:
    """In capitals, no part of a longer name, and not behind a label such as 订单号."""
    written = view.text[start:end]
    if (
        written != written.upper()
        or (start and view.text[start - 1] in _GLUE)
        or view.text[end : end + 1] in _GLUE_AFTER
    ):
        return False
    label, direct = view.label_before(np.array([start], np.int32), _REACH)
    return not (direct[0] and label[0] == _NUMBER)


_GLUE_AFTER: Final = frozenset("-_/\\@=&$")


def _compiled(kinds: Sequence[_Kind]) -> list[tuple[re.Pattern[str], _Kind]]:
    return [(re.compile(rf"(?:{kind.groups})(?![A-Za-z0-9])"), kind) for kind in kinds]


_SERIES: Final = (
    # sizes of the groups, signs behind the first, whose identifiers are written so
    ((3, 2, 4), "-.", ("us_ssn", "us_itin")),
    ((6, 7), "--", ("kr_rrn",)),
    ((3, 3, 3, 2), "..", ("br_cpf",)),
    ((6, 2, 4), "--", ("my_nric",)),
    ((1, 4, 5, 2, 1), "--", ("th_national_id",)),
    ((6, 4), "-+", ("fi_hetu",)),
    ((2, 2, 2, 3, 2), "..", ("be_nrn",)),
    ((1, 2, 2, 2, 3, 3, 2), "  ", ("fr_nir",)),
    ((2, 2, 2), "  ", ("uk_nino",)),
)
_SERIES_SIZES: Final = np.array([[*sizes, *[0] * (7 - len(sizes))] for sizes, _, _ in _SERIES], np.uint8)
_SERIES_SIGNS: Final = np.array([[ord(sign) for sign in signs] for _, signs, _ in _SERIES], np.uint8)
_SERIES_FORMS: Final = [_compiled([k for k in _KINDS if k.type in types and k.groups]) for _, _, types in _SERIES]


def _grouped(view: View) -> Iterator[Candidate]:
    """Identifiers in the groups that their issuers write, by the sizes of their groups."""
    tokens, which = series_in(view.units, view.tokens, _SERIES_SIZES, _SERIES_SIGNS)
    for token, series in zip(tokens.tolist(), which.tolist(), strict=True):
        start = int(view.tokens.start[token])
        if _SERIES[series][2] == ("uk_nino",):  # two letters stand before the digits
            start -= 3
            if start < 0 or view.text[start + 2] != " " or (view.text[max(0, start - 1)].isalnum() and start):
                continue
        for form, kind in _SERIES_FORMS[series]:
            found = form.match(view.text, start, start + 40)
            if found and (value := _value(found.group(), kind)) and _stands_alone(view, start, found.end()):
                yield Candidate(start, found.end(), kind.type, kind.bare, "checksum", _DETECTOR, value)
                break


def _value(written: str, kind: _Kind) -> str | None:
    value = "".join(fold_text(c).upper() for c in written if c.isalnum())
    if kind.type == "fi_hetu" and len(value) == 11:  # the sign of the century is a letter
        value = value[:6] + value[7:]
    return value if kind.check and len(value) == len(kind.shape) and _right([value], kind.check)[0] else None


# ---- bank accounts and travel documents ----

_SIZES: Final = checks.iban_sizes()
_COUNTRY: Final = np.zeros(65536, np.bool_)
_COUNTRY[[ord(country[0]) * 256 + ord(country[1]) for country in _SIZES]] = True
_WRITTEN_IBAN: Final = re.compile(r"[A-Z]{2}\d\d(?:[ \u00a0-]?[A-Z0-9]){11,30}")


def _ibans(view: View) -> Iterator[Candidate]:
    """Tokens that begin with a country of the registry and two digits: whole, or in groups of four."""
    tokens = view.tokens
    sizes = np.diff(tokens.offset)
    chosen = np.flatnonzero((sizes == 4) | ((sizes >= 15) & (sizes <= 33)))
    if not len(chosen):
        return
    head = tokens.folded[tokens.offset[chosen].astype(np.int64)[:, None] + np.arange(4)].astype(np.int64)
    fits = _COUNTRY[head[:, 0] * 256 + head[:, 1]] & (head[:, 2] < 58) & (head[:, 3] < 58)
    for start in tokens.start[chosen[fits]].tolist():
        found = _WRITTEN_IBAN.match(view.text, start, start + 50)
        if not found:
            continue
        size = _SIZES[found.group()[:2]]
        value, end = "", start
        while end < found.end() and len(value) < size:
            value += view.text[end] if view.text[end].isalnum() else ""
            end += 1
        after = view.text[end : end + 1]
        if checks.is_iban(value) and not (after.isascii() and after.isalnum()):
            yield Candidate(start, end, "iban", 0.92, "checksum", _DETECTOR, value)


_ZONE: Final = re.compile(
    r"P[A-Z<][A-Z<]{3}[A-Z<]{39}\s{1,2}([A-Z0-9<]{9})([0-9<])[A-Z<]{3}(\d{6})(\d)[MFX<](\d{6})(\d)[A-Z0-9<]{14}[0-9<]\d"
)


def _zones(view: View) -> Iterator[Candidate]:
    """The two lines at the foot of a passport, and the number in them."""
    for start in view.words.start[view.words.of("marks/zone")].tolist():
        if not (found := _ZONE.match(view.text, start, start + 92)):
            continue
        number, check, born, born_check, until, until_check = found.groups()
        fields = ((number, check), (born, born_check), (until, until_check))
        if all(checks.is_mrz_field(field, digit) for field, digit in fields):
            yield Candidate(*found.span(), "passport_mrz", 0.97, "checksum", _DETECTOR, found.group())
            value = number.rstrip("<")
            first = found.start(1)
            yield Candidate(first, first + len(value), "passport", 0.97, "checksum", _DETECTOR, value)
