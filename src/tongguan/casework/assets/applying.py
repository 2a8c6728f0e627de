"""Rules laid anew over all that the catalogue knows, without reading it again."""

from __future__ import annotations

from tongguan.casework.assets.catalogue import Catalogue
from tongguan.casework.assets.ruling import digest_of, ruled
from tongguan.identify.templates import Rules

__all__ = ["apply_rules"]


def apply_rules(catalogue: Catalogue, rules: Rules) -> int:
    """Hold every unit against the rules, where they are not those that the units were held against last. How many units
    came out otherwise. Raises CannotWrite, Broken."""
    digest = digest_of(rules)
    if catalogue.rules == digest:
        return 0
    changed = 0
    for some in catalogue.judged_units():
        after = [(id, before, ruled(before, name, comment, rules)) for id, name, comment, before in some]
        others = [(id, judged) for id, before, judged in after if judged != before]
        catalogue.rule(others)
        changed += len(others)
    catalogue.rules = digest
    return changed
