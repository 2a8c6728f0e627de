"""How numbers, sizes, days and moments are written: short on screen, exact on hover."""

from __future__ import annotations

from datetime import UTC, date, datetime

from tongguan import china_time
from tongguan.wording import Language

__all__ = ["clock", "day", "exact", "moment", "percent", "short", "size", "span", "split"]

STEPS = ((10**12, "TB"), (10**9, "GB"), (10**6, "MB"), (10**3, "kB"))


def exact(number: int) -> str:
    """842,316"""
    return f"{number:,}"


def split(number: int, language: Language) -> tuple[str, str]:
    """The short form as a number and its unit: ("84.2", "万"), ("842.3", "K"), ("6,284", "")."""
    if language == "zh":
        if number >= 10**8:
            return _rounded(number, 10**8), "亿"
        return (_rounded(number, 10**4), "万") if number >= 10**4 else (exact(number), "")
    if number >= 10**6:
        return _rounded(number, 10**6), "M"
    return (_rounded(number, 10**3), "K") if number >= 10**4 else (exact(number), "")


def _rounded(number: int, step: int) -> str:
    """One decimal, none where the number is a whole multiple of the step."""
    return f"{number // step}" if number % step == 0 else f"{number / step:.1f}"


def short(number: int, language: Language) -> str:
    """84.2 万 in Chinese, 842.3K in English; below ten thousand the number itself."""
    figure, unit = split(number, language)
    return f"{figure} {unit}" if unit == "万" or unit == "亿" else figure + unit


def size(octets: int) -> str:
    """318.2 GB, with decimal steps."""
    for step, unit in STEPS:
        if octets >= step:
            return f"{octets / step:.1f} {unit}"
    return f"{octets} B"


def percent(part: float, whole: float) -> str:
    """92.3, without the sign; 100 only where nothing is missing, 0 only where nothing is there."""
    if not whole:
        return "0"
    share = 100 * part / whole
    if part != whole and share > 99.9:
        return "99.9"
    if part and share < 0.1:
        return "0.1"
    return f"{share:.1f}".removesuffix(".0")


def moment(at: float | str | datetime | None) -> str:
    """2026-11-21 14:03 in Beijing, from seconds since the epoch or ISO 8601; a dash where there is none."""
    found = _local(at)
    return found.strftime("%Y-%m-%d %H:%M") if found else "–"


def span(start: float | str | None, end: float | str | None) -> str:
    """2026-11-20 00:00–17:00 within a day, else two whole moments."""
    first, last = moment(start), moment(end)
    return f"{first}–{last[11:]}" if first[:10] == last[:10] and len(last) > 11 else f"{first} – {last}"


def clock(at: float | str | datetime | None) -> str:
    """2026-11-21 14:03:08 in Beijing."""
    found = _local(at)
    return found.strftime("%Y-%m-%d %H:%M:%S") if found else "–"


def day(text: str | None) -> date | None:
    """A calendar day, or None where the text is none."""
    try:
        return date.fromisoformat(text or "")
    except ValueError:
        return None


def _local(at: float | str | datetime | None) -> datetime | None:
    if at is None or at == "":
        return None
    try:
        if isinstance(at, str):
            at = datetime.fromisoformat(at)
        if isinstance(at, datetime):
            return (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(china_time.ZONE)
        return datetime.fromtimestamp(at, china_time.ZONE)
    except (ValueError, OverflowError, OSError):
        return None
