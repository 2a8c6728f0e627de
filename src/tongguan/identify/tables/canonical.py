"""Values of cells in the one writing in which the detectors hash them: the same person, the same digest."""

from __future__ import annotations

from typing import Final

from tongguan.identify.detect.characters import fold_text

__all__ = ["canonical"]

_NUMBERS: Final = frozenset({
    "id_card", "foreign_permit", "bank_card", "uscc", "vin", "imei", "imsi", "plate", "passport", "hk_macao_permit",
    "taiwan_permit", "driving_licence", "social_security", "provident_fund", "medical_record", "financial_account",
})  # fmt: skip
_MOBILE: Final = 11  # digits


def canonical(type: str, text: str) -> str:
    """Equal to the value that `identify.Detector` hashes, for numbers, names and addresses of mail."""
    folded = fold_text(text)
    if type in _NUMBERS:
        return "".join(c for c in folded if c.isalnum()).upper()
    if type in ("phone", "landline"):
        digits = "".join(c for c in folded if c.isdigit())
        for prefix in ("0086", "86"):
            if digits.startswith(prefix) and len(digits) == len(prefix) + _MOBILE:
                return digits[len(prefix) :]
        return "+" + digits if folded.lstrip().startswith("+") and type == "phone" else digits
    if type == "person_name":
        return " ".join(folded.upper().split()) if folded.isascii() else "".join(folded.split())
    if type == "email":
        return folded.lower()
    if type == "device_id":
        return folded.upper()
    if type == "mac":
        return folded.upper().replace("-", ":")
    if type == "birth_date":
        digits = "".join(c for c in folded if c.isdigit())
        return f"{digits[:4]}-{digits[4:6]}-{digits[6:8]}" if len(digits) >= 8 else folded
    return folded
