"""Compiled rules for numbers: which runs of digits and letters have the form of an identifier, and pass its check.

A number may be written in groups (`138-0013-8000`, `110101 1990 0307 451X`): tokens that one sign, up to three spaces
or one line break join are a chain, and every window of a chain is tried. What fits is a candidate; what it is worth
without a label in front of it is decided in `numbers`.

Sources: 3GPP TS 23.003 (IMEI, IMSI), ITU-T E.164 (international numbers); for the rest see `checks`.

Checks compiled into these kernels: revision 2. Who changes `checks` raises it, so that kept kernels are compiled anew.
"""

from __future__ import annotations

import numpy as np
from numba import njit, types
from numpy.typing import NDArray

from tongguan.identify.detect.characters import DOT, HYPHEN, IGNORABLE, KIND, MARK, NEWLINE, PROVINCE, SPACE, Units
from tongguan.identify.detect.checks import (
    CARD_OTHER,
    CARD_UNIONPAY,
    DECIMAL,
    DOCUMENT,
    FOREIGN_PERMIT,
    ID_CARD,
    ID_CARD_15,
    ID_CHECKS,
    ID_WEIGHTS,
    IMEI,
    IMSI,
    IPV4,
    LANDLINE,
    LANDLINE_UNUSUAL,
    PHONE,
    PHONE_ABROAD,
    PLATE,
    REGIONS,
    USCC,
    VIN,
    VIN_UNCHECKED,
    area_size,
    card_code,
    is_day,
    is_id_card,
    is_uscc,
    luhn,
    mobile_code,
    number,
    vin_grade,
)
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

__all__ = ["GLUED", "JOINED", "WRAPPED", "compile_kernels", "find_numbers"]


GLUED = 1  # letters stand directly before it
JOINED = 2  # written in groups
WRAPPED = 4  # a line break inside
PLUS = 8  # begins with +

_NO_LINK = 255
_ROOM_A_TOKEN = 96  # more than one token can give
_WINDOW = 19  # digits of the longest number


@njit
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


@njit
def _emit(out, count, code, start, end, offset, size, flags):  # type: ignore[no-untyped-def]
    out[count, 0], out[count, 1], out[count, 2] = code, start, end
    out[count, 3], out[count, 4], out[count, 5] = offset, size, flags
    return count + 1


@njit
def _long_number(out, count, text, at, size, start, end, flags, latest):  # type: ignore[no-untyped-def]
    """Candidates among `size` digits: identity card, permit, bank card, IMEI, IMSI, credit code."""
    if size == 18:
        if is_id_card(text, at, latest):
            return _emit(out, count, ID_CARD, start, end, at, size, flags)
        if text[at] == 57 and REGIONS[number(text, at + 1, 2)]:
            born = number(text, at + 6, 8)
            if 19000101 <= born <= latest and is_day(born // 10000, born // 100 % 100, born % 100):
                total = 0
                for i in range(17):
                    total += (text[at + i] - 48) * ID_WEIGHTS[i]
                if ID_CHECKS[total % 11] == text[at + 17]:
                    count = _emit(out, count, FOREIGN_PERMIT, start, end, at, size, flags)
        if is_uscc(text, at):
            count = _emit(out, count, USCC, start, end, at, size, flags)
    if size == 15:
        year, month, day = number(text, at + 6, 2), number(text, at + 8, 2), number(text, at + 10, 2)
        if REGIONS[number(text, at, 2)] and is_day(1900 + year, month, day):
            count = _emit(out, count, ID_CARD_15, start, end, at, size, flags)
        if luhn(text, at, size):
            count = _emit(out, count, IMEI, start, end, at, size, flags)
        if number(text, at, 3) == 460 and number(text, at + 3, 2) <= 20:
            count = _emit(out, count, IMSI, start, end, at, size, flags)
    if 13 <= size <= 19:
        card = card_code(text, at, size)
        if card >= 0:
            count = _emit(out, count, card, start, end, at, size, flags)
    return count


@njit
def _is_phone_shape(sizes, i, j, first):  # type: ignore[no-untyped-def]
    """Groups in which people write eleven digits; `first` is the size of the first without 86."""
    if i == j or (first == 3 and j - i <= 4):
        return True
    if j - i == 1:
        return first >= 3
    if j - i == 2 and first == 4:
        return sizes[i + 1] == 4 or sizes[j] == 4
    return j - i == 10


@njit
def _only_digits(text, at, size):  # type: ignore[no-untyped-def]
    for i in range(at, at + size):  # noqa: SIM110 (no generators in kernels)
        if text[i] > 57:
            return False
    return True


@njit
def _is_china_code(text, at, size):  # type: ignore[no-untyped-def]
    return (size == 2 or size == 4) and _only_digits(text, at, size) and number(text, at, size) == 86


@njit
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
        if size == 13 and mobile_code(text, at + 2) >= 0:
            return count
        code = LANDLINE
    return _emit(out, count, code, starts[i] - 1, ends[best], at, size, PLUS)


@njit
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
        if flavours[j] != DIGITS or sizes[j] > 3 or number(text, offsets[j], sizes[j]) > 255:
            return count
        if sizes[j] > 1 and text[offsets[j]] == 48:
            return count
    return _emit(out, count, IPV4, starts[i], ends[i + 3], offsets[i], offsets[i + 4] - offsets[i], 0)


@njit
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
        if letters == 0 and text[at + 17] == 88 and _only_digits(text, at, 17) and is_id_card(text, at, latest):
            return _emit(out, count, ID_CARD, start, end, at, 18, flags)
        if is_uscc(text, at):
            return _emit(out, count, USCC, start, end, at, size, flags)
    if size == 17:
        vin = vin_grade(text, at)
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
            if digits == 18 and is_id_card(text, tail, latest):
                count = _emit(out, count, ID_CARD, start + letters, end, tail, 18, GLUED)
            elif not x and digits == 11 and mobile_code(text, tail) == PHONE:
                count = _emit(out, count, PHONE, start + letters, end, tail, 11, GLUED)
            elif not x and digits <= 19:
                count = _long_number(out, count, text, tail, digits, start + letters, end, GLUED, latest)
    return count


@njit([types.int64(units, U8, I32, I32, I32, U8, U8, types.int64, ROWS32) for units in (U8, U16)], cache=True)
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
            if sizes[i] == 11 and mobile_code(text, at) == PHONE:
                count = _emit(out, count, PHONE, starts[i], ends[i], at, 11, JOINED)
            elif sizes[i] == 18 and is_id_card(text, at, latest):
                count = _emit(out, count, ID_CARD, starts[i], ends[i], at, 18, JOINED)
            elif sizes[i] >= 16 and _only_digits(text, at, sizes[i]):
                card = card_code(text, at, sizes[i])
                if card in (CARD_UNIONPAY, CARD_OTHER):
                    count = _emit(out, count, card, starts[i], ends[i], at, sizes[i], JOINED)
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
        total, joins, uniform, mixed = 0, 0, True, False
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
            mixed |= flavours[j] == MIXED
            if mixed:  # a last group such as 451X, or groups of a credit code
                if total == 18 and text[at + 17] == 88 and _only_digits(text, at, 17):
                    if is_id_card(text, at, latest):
                        count = _emit(out, count, ID_CARD, start, end, at, 18, flags)
                elif total == 18 and is_uscc(text, at):
                    count = _emit(out, count, USCC, start, end, at, 18, flags)
                if total >= 18:
                    break
                continue
            if total < 10:
                continue
            whole = uniform and links[i] == _NO_LINK and (j + 1 >= n or links[j + 1] == _NO_LINK)
            fraction = links[i] == DOT or (j + 1 < n and links[j + 1] == DOT)
            if fraction:
                continue
            skip = 0
            if total == 13 and text[at] == 56 and text[at + 1] == 54:
                skip = 2
            elif total == 15 and number(text, at, 4) == 86:
                skip = 4
            first = sizes[i] - skip
            mobile = mobile_code(text, at + skip) if total - skip == 11 and first > 0 else -1
            if mobile >= 0:
                canonical = i == j or (j - i == 2 and first == 3 and sizes[j] == 4)
                whole &= i == j or links[j] != DOT  # 146.68862757 is a fraction, 198.51.100.199 an address
                if (canonical or whole) and _is_phone_shape(sizes, i, j, first):
                    if i and skip == 0 and links[i] != _NO_LINK and _is_china_code(text, offsets[i - 1], sizes[i - 1]):
                        start = starts[i - 1]
                        flags |= PLUS
                    if start and (units[start - 1] == 43 or units[start - 1] == 0xFF0B):
                        start -= 1
                    count = _emit(out, count, mobile, start, end, at + skip, 11, flags)
            area = area_size(text, at, total)
            if area and total <= 12 and (i == j or (sizes[i] == area and j - i <= 2)):
                code = LANDLINE if 50 <= text[at + area] <= 56 else LANDLINE_UNUSUAL
                count = _emit(out, count, code, start, end, at, total, flags)
            if total >= 13 and (i == j or total == 18 or whole or (sizes[i] == 4 and sizes[i + 1] == 4)):
                count = _long_number(out, count, text, at, total, starts[i], end, flags, latest)
        count = _read_dotted(out, count, text, starts, ends, offsets, flavours, links, sizes, i)
    return count


def find_numbers(units: Units, tokens: Tokens, latest: int) -> NDArray[np.int32]:
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
    narrow = np.frombuffer(b"13800138000", np.uint8)
    for units in (narrow, narrow.astype(np.uint16)):
        find_numbers(units, read_tokens(units), 20260101)
