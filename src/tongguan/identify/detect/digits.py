"""Compiled rules for numbers: which runs of digits and letters have the form of an identifier, and pass its check.

A number may be written in groups (`138-0013-8000`, `110101 1990 0307 451X`): tokens that one sign, up to three spaces
or one line break join are a chain, and every window of a chain is tried. What fits is a candidate; what it is worth
without a label in front of it is decided in `numbers`.

Sources: GB 11643-1999 (identity card), GB 32100-2015 (unified social credit code), GB 16735-2019 (VIN),
ISO/IEC 7812 (Luhn), 3GPP TS 23.003 (IMEI, IMSI), ITU-T E.164, MIIT numbering plan of 2017.
"""

from __future__ import annotations

import numpy as np
from numba import njit, types
from numpy.typing import NDArray

from tongguan.identify.detect.characters import DOT, HYPHEN, IGNORABLE, KIND, MARK, NEWLINE, PROVINCE, SPACE
from tongguan.identify.detect.kernels import (
    DIGITS,
    HAN_DIGITS,
    I32,
    MIXED,
    ROWS32,
    SINGLE_LETTER,
    U8,
    U16,
    Tokens,
    read_tokens,
)

__all__ = ["CODES", "GLUED", "JOINED", "WRAPPED", "compile_kernels", "find_numbers"]

(
    ID_CARD, ID_CARD_15, PHONE, PHONE_ABROAD, LANDLINE, CARD_UNIONPAY, CARD_OTHER, CARD_UNCHECKED, USCC,
    VIN, VIN_UNCHECKED, FOREIGN_PERMIT, DOCUMENT, IPV4, IMEI, IMSI, PLATE, DECIMAL, PHONE_UNUSUAL, LANDLINE_UNUSUAL,
) = range(20)  # fmt: skip
CODES = 20

GLUED = 1  # letters stand directly before it
JOINED = 2  # written in groups
WRAPPED = 4  # a line break inside
PLUS = 8  # begins with +

_NO_LINK = 255
_ROOM_A_TOKEN = 96  # more than one token can give
_WINDOW = 19  # digits of the longest number

_ID_WEIGHTS = np.array([7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2], np.int64)
_ID_CHECKS = np.frombuffer(b"10X98765432", np.uint8)
_USCC_WEIGHTS = np.array([1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28], np.int64)
_VIN_WEIGHTS = np.array([8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2], np.int64)


def _values(alphabet: str) -> NDArray[np.int64]:
    table = np.full(128, -1, np.int64)
    for value, character in enumerate(alphabet):
        table[ord(character)] = value
    return table


_USCC_VALUES = _values("0123456789ABCDEFGHJKLMNPQRTUWXY")
_VIN_VALUES = _values("0123456789")
for _run, _first in (("ABCDEFGH", 1), ("JKLMN", 1), ("P", 7), ("R", 9), ("STUVWXYZ", 2)):
    for _step, _letter in enumerate(_run):
        _VIN_VALUES[ord(_letter)] = _first + _step
_USCC_FIRST = _values("123456789AEGNY") >= 0
_USCC_SECOND = _values("12345679A") >= 0
_REGIONS = np.zeros(100, np.bool_)  # first two digits of GB/T 2260
_REGIONS[[11, 12, 13, 14, 15, 21, 22, 23, 31, 32, 33, 34, 35, 36, 37, 41, 42, 43, 44, 45, 46]] = True
_REGIONS[[50, 51, 52, 53, 54, 61, 62, 63, 64, 65, 71, 81, 82, 83]] = True
_NOT_ASSIGNED = np.zeros(200, np.bool_)  # 1xx that are no mobile prefix
_NOT_ASSIGNED[[142, 143, 154, 160, 161, 163, 164, 168, 169, 179, 194]] = True


@njit(types.int64(U8, types.int64, types.int64), cache=True)
def _number(text, at, size):  # type: ignore[no-untyped-def]
    value = 0
    for i in range(at, at + size):
        value = value * 10 + text[i] - 48
    return value


@njit(types.boolean(types.int64, types.int64, types.int64), cache=True)
def _is_day(year, month, day):  # type: ignore[no-untyped-def]
    if month < 1 or month > 12 or day < 1:
        return False
    if month == 2:
        return day <= (29 if year % 4 == 0 and (year % 100 != 0 or year % 400 == 0) else 28)
    return day <= (30 if month in (4, 6, 9, 11) else 31)


@njit(types.boolean(U8, types.int64, types.int64), cache=True)
def _luhn(text, at, size):  # type: ignore[no-untyped-def]
    total = 0
    for i in range(size):
        digit = text[at + size - 1 - i] - 48
        if i & 1:
            digit = digit * 2 - 9 if digit > 4 else digit * 2
        total += digit
    return total % 10 == 0


@njit(types.boolean(U8, types.int64, types.int64), cache=True)
def _is_id_card(text, at, latest):  # type: ignore[no-untyped-def]
    """18 characters: region, a day of birth not after `latest` (yyyymmdd), check digit modulo 11."""
    if not _REGIONS[_number(text, at, 2)] or (_number(text, at + 2, 4) == 0 and text[at] != 56):
        return False
    born = _number(text, at + 6, 8)
    if born < 19000101 or born > latest or not _is_day(born // 10000, born // 100 % 100, born % 100):
        return False
    total = 0
    for i in range(17):
        total += (text[at + i] - 48) * _ID_WEIGHTS[i]
    return _ID_CHECKS[total % 11] == text[at + 17]


@njit(types.boolean(U8, types.int64), cache=True)
def _is_uscc(text, at):  # type: ignore[no-untyped-def]
    """18 characters: registering authority, kind, six digits of region, body, check character modulo 31."""
    if not (_USCC_FIRST[text[at]] and _USCC_SECOND[text[at + 1]]):
        return False
    total = 0
    for i in range(18):
        value = _USCC_VALUES[text[at + i]]
        if value < 0 or (1 < i < 8 and value > 9):
            return False
        if i < 17:
            total += value * _USCC_WEIGHTS[i]
    return (31 - total % 31) % 31 == _USCC_VALUES[text[at + 17]]


@njit(types.int64(U8, types.int64), cache=True)
def _vin(text, at):  # type: ignore[no-untyped-def]
    """17 characters: 2 with a right check digit, 1 with the form of a VIN, 0 else."""
    total, digits = 0, 0
    for i in range(17):
        value = _VIN_VALUES[text[at + i]]
        if value < 0:
            return 0
        digits += text[at + i] < 58
        total += value * _VIN_WEIGHTS[i]
    if digits < 4 or digits > 15 or text[at + 13] > 57 or text[at + 15] > 57 or text[at + 16] > 57:
        return 0
    check = total % 11
    return 2 if text[at + 8] == (88 if check == 10 else 48 + check) else 1


@njit(types.int64(U8, types.int64, types.int64), cache=True)
def _card(text, at, size):  # type: ignore[no-untyped-def]
    """Code of a bank card by issuer range, length and Luhn; -1 where it is none."""
    two, four = _number(text, at, 2), _number(text, at, 4)
    if two == 62 and 16 <= size <= 19:
        return CARD_UNIONPAY if _luhn(text, at, size) else CARD_UNCHECKED
    scheme = (
        (size in (13, 16, 19) and text[at] == 52)
        or (size == 16 and (51 <= two <= 55 or 2221 <= four <= 2720))
        or (size == 15 and two in (34, 37))
        or (size == 14 and two in (36, 38, 39))
        or (size == 16 and (3528 <= four <= 3589 or four == 6011 or two == 65))
        or (16 <= size <= 19 and (two in (60, 68, 69, 81, 90, 91, 94, 95, 96, 98, 99)))  # cards from before UnionPay
    )
    if not scheme:
        return -1
    if _luhn(text, at, size):
        return CARD_OTHER
    return CARD_UNCHECKED if size == 16 or size == 19 else -1


@njit(types.int64(U8, types.int64), cache=True)
def _mobile(text, at):  # type: ignore[no-untyped-def]
    """Code of eleven digits that a mobile number can be, -1 for none."""
    prefix = _number(text, at, 3)
    if not 130 <= prefix <= 199:
        return -1
    return PHONE_UNUSUAL if _NOT_ASSIGNED[prefix] else PHONE


@njit(types.int64(U8, types.int64, types.int64), cache=True)
def _area_size(text, at, size):  # type: ignore[no-untyped-def]
    """Digits of the area code of a Chinese landline number of `size` digits; 0 where it is none."""
    if size < 10 or text[at] != 48 or text[at + 1] == 48:
        return 0
    area = 3 if text[at + 1] == 49 or text[at + 1] == 50 else 4
    if text[at + 1] == 49 and text[at + 2] != 48:
        return 0
    return area if size - area == 8 or (size - area == 7 and area == 4) else 0


@njit(types.int64(U16, U8, types.int64, types.int64), cache=True)
def _link(units, kind, at, stop):  # type: ignore[no-untyped-def]
    """What joins two tokens with units[at:stop] between them: a kind of sign, or `_NO_LINK`."""
    if stop - at > 4 or stop == at:
        return _NO_LINK
    sign, spaces = 0, 0
    for i in range(at, stop):
        k = kind[units[i]]
        if k == SPACE:
            spaces += 1
        elif k == NEWLINE:
            if sign != 0 and not (sign == NEWLINE and units[i] == 10 and units[i - 1] == 13):
                return _NO_LINK
            sign = NEWLINE
        elif k in (HYPHEN, DOT, MARK):
            if sign != 0:
                return _NO_LINK
            sign = k
        elif k != IGNORABLE:
            return _NO_LINK
    if sign == 0:
        return SPACE
    return _NO_LINK if sign == DOT and spaces else sign


@njit(types.int64(ROWS32, types.int64, types.int64, types.int64, types.int64, types.int64, types.int64, types.int64), cache=True)  # fmt: skip  # noqa: E501
def _emit(out, count, code, start, end, offset, size, flags):  # type: ignore[no-untyped-def]
    out[count, 0], out[count, 1], out[count, 2] = code, start, end
    out[count, 3], out[count, 4], out[count, 5] = offset, size, flags
    return count + 1


@njit(types.int64(ROWS32, types.int64, U8, types.int64, types.int64, types.int64, types.int64, types.int64, types.int64), cache=True)  # fmt: skip  # noqa: E501
def _long_number(out, count, text, at, size, start, end, flags, latest):  # type: ignore[no-untyped-def]
    """Candidates among `size` digits: identity card, permit, bank card, IMEI, IMSI, credit code."""
    if size == 18:
        if _is_id_card(text, at, latest):
            return _emit(out, count, ID_CARD, start, end, at, size, flags)
        if text[at] == 57 and _REGIONS[_number(text, at + 1, 2)]:
            born = _number(text, at + 6, 8)
            if 19000101 <= born <= latest and _is_day(born // 10000, born // 100 % 100, born % 100):
                total = 0
                for i in range(17):
                    total += (text[at + i] - 48) * _ID_WEIGHTS[i]
                if _ID_CHECKS[total % 11] == text[at + 17]:
                    count = _emit(out, count, FOREIGN_PERMIT, start, end, at, size, flags)
        if _is_uscc(text, at):
            count = _emit(out, count, USCC, start, end, at, size, flags)
    if size == 15:
        year, month, day = _number(text, at + 6, 2), _number(text, at + 8, 2), _number(text, at + 10, 2)
        if _REGIONS[_number(text, at, 2)] and _is_day(1900 + year, month, day):
            count = _emit(out, count, ID_CARD_15, start, end, at, size, flags)
        if _luhn(text, at, size):
            count = _emit(out, count, IMEI, start, end, at, size, flags)
        if _number(text, at, 3) == 460 and _number(text, at + 3, 2) <= 20:
            count = _emit(out, count, IMSI, start, end, at, size, flags)
    if 13 <= size <= 19:
        card = _card(text, at, size)
        if card >= 0:
            count = _emit(out, count, card, start, end, at, size, flags)
    return count


@njit(types.boolean(I32, types.int64, types.int64, types.int64), cache=True)
def _is_phone_shape(sizes, i, j, first):  # type: ignore[no-untyped-def]
    """Groups in which people write eleven digits; `first` is the size of the first without 86."""
    if i == j or (first == 3 and j - i <= 4):
        return True
    if j - i == 1:
        return first >= 3
    if j - i == 2 and first == 4:
        return sizes[i + 1] == 4 or sizes[j] == 4
    return j - i == 10


@njit(types.boolean(U8, types.int64, types.int64), cache=True)
def _only_digits(text, at, size):  # type: ignore[no-untyped-def]
    for i in range(at, at + size):  # noqa: SIM110 (no generators in kernels)
        if text[i] > 57:
            return False
    return True


@njit(types.boolean(U8, types.int64, types.int64), cache=True)
def _is_china_code(text, at, size):  # type: ignore[no-untyped-def]
    return (size == 2 or size == 4) and _only_digits(text, at, size) and _number(text, at, size) == 86


@njit(types.int64(ROWS32, types.int64, U8, I32, I32, I32, U8, types.uint8[::1], I32, types.int64), cache=True)
def _read_plus(out, count, text, starts, ends, offsets, flavours, links, sizes, i):  # type: ignore[no-untyped-def]
    """An international number after `+`: 10 to 14 digits (E.164), in any groups."""
    total = 0
    best = -1
    for j in range(i, min(len(starts), i + 8)):
        if (j > i and (links[j] == _NO_LINK or links[j] == NEWLINE)) or flavours[j] != DIGITS:
            break
        total += sizes[j]
        if total > 14:
            break
        if total >= 10:
            best = j
    if best < 0 or text[offsets[i]] == 48:
        return count
    at, size = offsets[i], offsets[best + 1] - offsets[i]
    code = PHONE_ABROAD
    if text[at] == 56 and text[at + 1] == 54:  # +86
        if size == 13 and _mobile(text, at + 2) >= 0:
            return count
        code = LANDLINE
    return _emit(out, count, code, starts[i] - 1, ends[best], at, size, PLUS)


@njit(types.int64(ROWS32, types.int64, U8, I32, I32, I32, U8, types.uint8[::1], I32, types.int64), cache=True)
def _read_dotted(out, count, text, starts, ends, offsets, flavours, links, sizes, i):  # type: ignore[no-untyped-def]
    """IPv4 addresses, and decimal fractions fine enough to be coordinates."""
    n = len(starts)
    if i + 1 >= n or links[i + 1] != DOT or links[i] == DOT or flavours[i + 1] != DIGITS or sizes[i] > 3:
        return count
    more = i + 2 < n and links[i + 2] == DOT
    if not more:
        if 4 <= sizes[i + 1] <= 15:
            return _emit(out, count, DECIMAL, starts[i], ends[i + 1], offsets[i], sizes[i], 0)
        return count
    if i + 3 >= n or links[i + 3] != DOT or (i + 4 < n and links[i + 4] == DOT):
        return count
    for j in range(i, i + 4):
        if flavours[j] != DIGITS or sizes[j] > 3 or _number(text, offsets[j], sizes[j]) > 255:
            return count
        if sizes[j] > 1 and text[offsets[j]] == 48:
            return count
    return _emit(out, count, IPV4, starts[i], ends[i + 3], offsets[i], offsets[i + 4] - offsets[i], 0)


@njit(types.int64(ROWS32, types.int64, U16, U8, U8, types.int64, types.int64, types.int64, I32, I32, I32, types.uint8[::1], types.int64), cache=True)  # fmt: skip  # noqa: E501
def _read_mixed(out, count, units, kind, text, at, size, i, starts, ends, sizes, links, latest):  # type: ignore[no-untyped-def]
    """Candidates that hold letters: plates, documents, credit codes, VIN, and numbers with a label glued to them."""
    start, end = starts[i], ends[i]
    before = units[start - 1] if start else 0
    if kind[before] == PROVINCE and text[at] > 57:
        body = size - 1
        last = end
        if (
            size == 1
            and i + 1 < len(starts)
            and (links[i + 1] == MARK or links[i + 1] == SPACE or links[i + 1] == HYPHEN)
        ):
            body, last = sizes[i + 1], ends[i + 1]
        if body == 4 and last < len(units) and units[last] in (0x6302, 0x5B66, 0x8B66, 0x6E2F, 0x6FB3, 0x9886, 0x4F7F):
            body, last = 5, last + 1
        if body == 5 or body == 6:
            count = _emit(out, count, PLATE, start - 1, last, at, size, 0)
    letters = 0
    while letters < size and text[at + letters] > 57:
        letters += 1
    digits = size - letters
    flags = 0
    if size == 18:
        if letters == 0 and text[at + 17] == 88 and _only_digits(text, at, 17) and _is_id_card(text, at, latest):
            return _emit(out, count, ID_CARD, start, end, at, 18, flags)
        if _is_uscc(text, at):
            return _emit(out, count, USCC, start, end, at, size, flags)
    if size == 17:
        vin = _vin(text, at)
        if vin:
            count = _emit(out, count, VIN if vin == 2 else VIN_UNCHECKED, start, end, at, size, flags)
    if letters == 0 or letters > 10:
        return count
    tail = at + letters
    if letters <= 3 and 6 <= digits <= 12 and _only_digits(text, tail, digits):
        count = _emit(out, count, DOCUMENT, start, end, at, size, flags)
    if digits >= 11 and end - start == size:
        x = text[at + size - 1] == 88
        if _only_digits(text, tail, digits - x):
            if digits == 18 and _is_id_card(text, tail, latest):
                count = _emit(out, count, ID_CARD, start + letters, end, tail, 18, GLUED)
            elif not x and digits == 11 and _mobile(text, tail) == PHONE:
                count = _emit(out, count, PHONE, start + letters, end, tail, 11, GLUED)
            elif not x and digits <= 19:
                count = _long_number(out, count, text, tail, digits, start + letters, end, GLUED, latest)
    return count


@njit(types.int64(U16, U8, I32, I32, I32, U8, U8, types.int64, ROWS32), cache=True)
def _find_numbers(units, kind, starts, ends, offsets, flavours, text, latest, out):  # type: ignore[no-untyped-def]
    """Fill rows of code, start, end, offset and size of the digits, flags. Gives their number, or -1: more room."""
    n = len(starts)
    count = 0
    links = np.full(n + 1, _NO_LINK, np.uint8)  # links[i]: what joins token i to the one before it
    sizes = np.empty(n, np.int32)
    for i in range(n):
        sizes[i] = offsets[i + 1] - offsets[i]
        if i and starts[i] - ends[i - 1] <= 4:
            links[i] = _link(units, kind, ends[i - 1], starts[i])
    reach = np.empty(n + 1, np.int32)  # digits from token i to the end of its chain
    reach[n] = 0
    for i in range(n - 1, -1, -1):
        reach[i] = sizes[i] + (reach[i + 1] if links[i + 1] != _NO_LINK else 0)
    for i in range(n):
        if count + _ROOM_A_TOKEN > len(out):
            return -1
        at = offsets[i]
        if flavours[i] == HAN_DIGITS:
            if sizes[i] == 11 and _mobile(text, at) == PHONE:
                count = _emit(out, count, PHONE, starts[i], ends[i], at, 11, JOINED)
            elif sizes[i] == 18 and _is_id_card(text, at, latest):
                count = _emit(out, count, ID_CARD, starts[i], ends[i], at, 18, JOINED)
            continue
        before = units[starts[i] - 1] if starts[i] else 0
        if flavours[i] != DIGITS:
            if (sizes[i] < 8 and kind[before] != PROVINCE) or sizes[i] > 29:
                continue
            count = _read_mixed(out, count, units, kind, text, at, sizes[i], i, starts, ends, sizes, links, latest)
            continue
        plus = before == 43 or before == 0xFF0B
        if plus:
            count = _read_plus(out, count, text, starts, ends, offsets, flavours, links, sizes, i)
        elif reach[i] < 10:
            if links[i + 1] == DOT:
                count = _read_dotted(out, count, text, starts, ends, offsets, flavours, links, sizes, i)
            continue
        total, joins, uniform = 0, 0, True
        for j in range(i, min(n, i + _WINDOW)):
            if j > i:
                if links[j] == _NO_LINK or flavours[j] == HAN_DIGITS or flavours[j] == SINGLE_LETTER:
                    break
                joins += links[j] == NEWLINE
                uniform &= links[j] == links[i + 1]
                if joins > 1:
                    break
            total += sizes[j]
            if total > _WINDOW:
                break
            flags = (JOINED if j > i else 0) | (WRAPPED if joins else 0) | (PLUS if plus else 0)
            start, end = starts[i], ends[j]
            if flavours[j] == MIXED:  # a last group such as 451X
                if total == 18 and text[at + 17] == 88 and _only_digits(text, at, 17) and _is_id_card(text, at, latest):
                    count = _emit(out, count, ID_CARD, start, end, at, 18, flags)
                break
            if total < 10:
                continue
            whole = uniform and links[i] == _NO_LINK and (j + 1 >= n or links[j + 1] == _NO_LINK)
            fraction = links[i] == DOT or (j + 1 < n and links[j + 1] == DOT)
            if fraction:
                continue
            skip = 0
            if total == 13 and text[at] == 56 and text[at + 1] == 54:
                skip = 2
            elif total == 15 and _number(text, at, 4) == 86:
                skip = 4
            first = sizes[i] - skip
            mobile = _mobile(text, at + skip) if total - skip == 11 and first > 0 else -1
            if mobile >= 0:
                canonical = i == j or (j - i == 2 and first == 3 and sizes[j] == 4)
                whole &= j - i != 1 or links[j] != DOT  # 146.68862757 is a fraction
                if (canonical or whole) and _is_phone_shape(sizes, i, j, first):
                    if i and skip == 0 and links[i] != _NO_LINK and _is_china_code(text, offsets[i - 1], sizes[i - 1]):
                        start = starts[i - 1]
                        flags |= PLUS
                    if start and (units[start - 1] == 43 or units[start - 1] == 0xFF0B):
                        start -= 1
                    count = _emit(out, count, mobile, start, end, at + skip, 11, flags)
            area = _area_size(text, at, total)
            if area and total <= 12 and (i == j or (sizes[i] == area and j - i <= 2)):
                code = LANDLINE if 50 <= text[at + area] <= 56 else LANDLINE_UNUSUAL
                count = _emit(out, count, code, start, end, at, total, flags)
            if total >= 13 and (i == j or total == 18 or whole or (sizes[i] == 4 and sizes[i + 1] == 4)):
                count = _long_number(out, count, text, at, total, starts[i], end, flags, latest)
        count = _read_dotted(out, count, text, starts, ends, offsets, flavours, links, sizes, i)
    return count


def find_numbers(units: NDArray[np.uint16], tokens: Tokens, latest: int) -> NDArray[np.int32]:
    """Candidates of a text: (n, 6) code, start, end, offset in `tokens.folded`, size there, flags.

    `latest` is the last day of birth that can be, as yyyymmdd.
    """
    room = len(tokens.start) // 4 + 4 * _ROOM_A_TOKEN
    while True:
        out = np.empty((room, 6), np.int32)
        count = _find_numbers(
            units, KIND, tokens.start, tokens.end, tokens.offset, tokens.flavour, tokens.folded, latest, out
        )
        if count >= 0:
            return out[:count]
        room *= 4


def compile_kernels() -> None:
    """Compile every kernel of the room for this machine, or load what was compiled before; then run them once.

    Importing already compiles them: their signatures are explicit.
    """
    units = np.frombuffer(b"13800138000", np.uint8).astype(np.uint16)
    find_numbers(units, read_tokens(units), 20260101)
