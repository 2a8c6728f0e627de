"""The edition and the days of every pack, and the citations that its rules make: a second copy, made by hand."""

from __future__ import annotations

from typing import Any

import pytest

from tongguan.law.citing import documents

PACKS = {  # edition, days, and what its rules cite, with the day from which on
    "TJ-2024": ("2024", "2024-05-09..", []),
    "BJ-2024": ("2024", "2024-08-30..2026-05-10", []),
    "BJ-2025": ("2025", "2026-05-11..", []),
    "SH-2024": ("2024", "2025-02-08..2026-04-23", []),
    "SH-2025": ("2025", "2026-04-24..", []),
    "HN-2024": ("2024", "2025-02-20..", []),
    "ZJ-2024": ("2024", "2025-04-10..", []),
    "GX-2025": ("2025", "2025-08-08..", []),
    "JS-2025": ("2025", "2025-08-13..", []),
    "CQ-2025": ("2025", "2025-09-05..", []),
    "FJ-2025": ("2025", "2025-12-25..", []),
    "GD-2025": ("2025", "2026-05-15..", []),
    "LG-2024": ("2024", "2024-05-17..2025-05-15", []),
    "LG-MEASURES-2024": ("2024-measures", "2024-02-08..2025-02-07", []),
    "HN-IDC": ("2024-idc", "2024-12-01..", []),
    "GBA-HK": ("2023", "2023-12-13..", ["2026-01-30 QA-2026-01 第二问"]),
    "GBA-MO": ("2024", "2024-09-10..", ["2026-01-30 QA-2026-01 第二问"]),
    "ZONE-RULES": ("2024", "2024-03-22..", [" PROMO-2024 第六条", "2025-04-09 QA-2025-04 第二问"]),
}
HELD: dict[str, dict[str, Any]] = {
    content["id"]: content for name, content in documents().items() if name.startswith("zones/")
}


def test_there_are_no_others() -> None:
    assert set(HELD) == set(PACKS)


@pytest.mark.parametrize("key", PACKS)
def test_edition_days_and_citations(key: str) -> None:
    pack = HELD[key]
    rules = [
        f"{rule.get('from', '')} {rule['instrument']} {rule['article']}"
        for rule in pack.get("rules", ())
        if "instrument" in rule
    ]
    assert (pack["edition"], f"{pack['from']}..{pack.get('to', '')}", rules) == PACKS[key]
