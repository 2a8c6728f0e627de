"""Check digits written a second time, slowly and from the standards, to hold the kernels against."""

from __future__ import annotations

USCC = "0123456789ABCDEFGHJKLMNPQRTUWXY"


def id_check(body: str) -> str:
    """GB 11643: the sum of digit × 2^(position from the right) is 1 modulo 11."""
    total = sum(int(digit) * pow(2, 17 - i, 11) for i, digit in enumerate(body))
    value = (12 - total % 11) % 11
    return "X" if value == 10 else str(value)


def luhn_check(body: str) -> str:
    """ISO/IEC 7812-1 annex B."""
    doubled = [int(d) * (2 if i % 2 == 0 else 1) for i, d in enumerate(reversed(body))]
    return str(-sum(d // 10 + d % 10 for d in doubled) % 10)


def uscc_check(body: str) -> str:
    """GB 32100: weights are powers of 3 modulo 31."""
    return USCC[-sum(USCC.index(c) * pow(3, i, 31) for i, c in enumerate(body)) % 31]


def vin_check(vin: str) -> str:
    """GB 16735: position 9 of 17, which itself weighs nothing."""
    values = dict(zip("ABCDEFGHJKLMNPRSTUVWXYZ", "12345678123457923456789", strict=True))
    weights = (8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2)
    total = sum(int(values.get(c, c)) * w for c, w in zip(vin, weights, strict=True)) % 11
    return "X" if total == 10 else str(total)
