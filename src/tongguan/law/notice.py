"""Notice and separate consent before personal information leaves: what is there, what is missing, what to add.

Personal Information Protection Law art. 13-19, 23, 28-31 and 39; Network Data Security Regulations art. 21 and 22;
Provisions on the Online Protection of Children's Personal Information art. 8-10.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tongguan.errors import BadFacts
from tongguan.law.answers import Sheet
from tongguan.law.checklist import Derived, Findings, Truth, both, is_, judge_list

__all__ = ["notice"]


def notice(facts: Mapping[str, Any], *, readings: Mapping[str, str] | None = None) -> Findings:
    """Judge the notice and the consent point by point.

    `facts`: nested as the dotted paths under `notice.answers` in data/checklists.yaml; `date` is required, what is
    absent or null is unknown, save the claims (exemptions, a change, written form), which then count as not made.
    `readings` switches interpretations by name. Raises BadFacts naming the field, what was expected and an example.
    """
    found = judge_list("notice", facts, DERIVED, readings)
    data = facts.get("data") or {}
    if data.get("under_14") and data.get("sensitive") is False:
        raise BadFacts("notice: data.under_14 is true, yet data.sensitive is false; all of a child's data is sensitive")
    return found


def consent_needed(sheet: Sheet) -> Truth:
    """Consent is the ground, or the other ground that was claimed does not hold (art. 13)."""
    basis, holds = sheet("basis.ground"), sheet("basis.holds")
    if basis == "consent" or holds is False:
        return Truth(True)
    if basis is None:
        return Truth(None, frozenset({"basis.ground"} if holds else {"basis.ground", "basis.holds"}))
    return Truth(None, frozenset({"basis.holds"})) if holds is None else Truth(False)


def sensitive(sheet: Sheet) -> Truth:
    """Sensitive personal information; all of a child under fourteen is (art. 28)."""
    return _either(is_(sheet, "data.sensitive", True), is_(sheet, "data.under_14", True))


def guardian_needed(sheet: Sheet) -> Truth:
    """A guardian's consent: always for a child, or only where consent is the ground (a reading)."""
    child = is_(sheet, "data.under_14", True)
    if sheet.readings["guardian_consent"] == "always":
        return child
    return both(child, consent_needed(sheet))


def general_notice_excused(sheet: Sheet) -> Truth:
    """The general notice may stay away: a law asks for secrecy, or an emergency goes on (art. 18)."""
    emergency = both(is_(sheet, "exemption.emergency", True), is_(sheet, "exemption.emergency_over", False))
    return _either(is_(sheet, "exemption.secrecy", True), emergency)


def export_notice_excused(sheet: Sheet) -> Truth:
    """The same for the notice of the export, where secrecy is read to cover it."""
    if sheet.readings["secrecy"] == "covers_export":
        return general_notice_excused(sheet)
    return both(is_(sheet, "exemption.emergency", True), is_(sheet, "exemption.emergency_over", False))


def _either(*parts: Truth) -> Truth:
    return ~both(*(~part for part in parts))


DERIVED: Derived = {
    "consent_needed": consent_needed,
    "sensitive": sensitive,
    "guardian_needed": guardian_needed,
    "general_notice_excused": general_notice_excused,
    "export_notice_excused": export_notice_excused,
}
