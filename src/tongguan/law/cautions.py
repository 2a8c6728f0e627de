"""Warnings beside an answer: what was taken for granted, what did not help, which reading was taken, what to check."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

from tongguan.law.book import book
from tongguan.law.caution import Caution, caution, named, reading, used
from tongguan.law.facts import GROUNDS
from tongguan.law.verdict import Verdict
from tongguan.law.zone_cautions import zone_cautions
from tongguan.model import Pathway

__all__ = ["cautions"]

COUNTED = ("data.persons", "data.sensitive_persons")
EXPORTS = {  # pathways under which something does leave
    Pathway.SECURITY_ASSESSMENT,
    Pathway.CONTRACT_OR_CERTIFICATION,
    Pathway.CERTIFICATION,
    Pathway.EXEMPT,
    Pathway.ZONE_REGISTRATION,
    Pathway.NO_ROUTE,
    Pathway.UNDETERMINED,
}


def cautions(verdict: Verdict, options: tuple[str, ...], day: date | None) -> Iterator[Caution]:
    """Warnings `{id, text, …}` in the order in which one should read them; `day` is the day asked for."""
    checked = book().parameters["known"]["checked"]
    if day is not None and day > checked:
        yield caution("law_after_check", checked=checked)
    if len(verdict.pathways) > 1:
        yield named("possible_pathways", pathways=[way for way in verdict.pathways if way != Pathway.UNDETERMINED])
    elif verdict.page.regime == "none" and verdict.pathway == Pathway.UNDETERMINED:
        yield caution("before_the_rules")
    if verdict.pathway not in EXPORTS:
        return
    yield from _claims(verdict)
    yield from _ground(verdict)
    yield from zone_cautions(verdict, day)
    yield from _readings(verdict)
    yield from _counting(verdict)
    yield from _cars(verdict)
    yield from _other_law(verdict)
    yield from _filed(verdict)
    yield from _ways(verdict, options)


def _claims(verdict: Verdict) -> Iterator[Caution]:
    claims = ["recipient.restricted", "activity.foreign_authority_request"]
    if verdict.page.of_2024:
        claims += ["activity.ground", "exporter.zone"]
    absent = [path for path in claims if path not in verdict.given]
    if absent:
        yield named("assumed_not_claimed", facts=absent)


def _ground(verdict: Verdict) -> Iterator[Caution]:
    given, ground = verdict.given, verdict.given.get("activity.ground")
    if given.get("activity.conditions.necessary") is False:
        yield caution("not_necessary")
    if ground == "hr" and given.get("activity.conditions.applicants"):
        yield caution("applicants")
    if ground == "treaty" and used(verdict, "treaty"):
        yield caution("treaty_unread")
        yield reading(verdict, "treaty")
    if ground in (None, "treaty"):
        return
    if not verdict.page.of_2024:
        yield caution("ground_not_yet")
    elif ground == "statutory_duty":
        yield reading(verdict, "statutory_duty")
        if verdict.readings["statutory_duty"] == "no_exemption":
            yield caution("statutory_duty_no_exemption")
    elif given.get("data.important"):
        yield caution("ground_not_for_important_data")
    elif ground == "trade":
        if given.get("data.personal"):
            yield caution("ground_not_for_personal_information")
    else:
        unmet = [
            f"activity.conditions.{name}"
            for name, wanted in GROUNDS[ground].items()
            if given.get(f"activity.conditions.{name}") is (not wanted)
        ]
        if unmet and not used(verdict, ground):
            yield named("ground_not_met", facts=unmet)


def _readings(verdict: Verdict) -> Iterator[Caution]:
    """Readings on which this answer rests."""
    ciio = verdict.given.get("exporter.ciio")
    if ciio is not False and used(verdict, "contract", "hr", "emergency"):
        yield reading(verdict, "ground_for_ciio")
    documents = [verdict.given.get(f"activity.conditions.{name}") for name in ("labour_rules", "collective_contract")]
    if (
        verdict.given.get("activity.ground") == "hr"
        and verdict.page.of_2024
        and sorted(map(str, documents)) == ["False", "True"]
    ):
        yield reading(verdict, "hr_documents")
    if ciio and verdict.given.get("exporter.zone") in verdict.page.lists:
        yield reading(verdict, "zone_for_ciio")


def _counting(verdict: Verdict) -> Iterator[Caution]:
    given, numbers = verdict.given, verdict.page.numbers
    persons, sensitive = given.get("data.persons"), given.get("data.sensitive_persons")
    if any(given.get(f"{path}_before_split", 0) > given.get(path, 0) for path in COUNTED):
        yield caution("split_counted_together")
    if given.get("data.persons_with_both") and verdict.page.of_2024:
        yield reading(verdict, "persons_of_both_kinds")
    if given.get("data.personal") and persons == 0 and sensitive == 0:
        yield caution("nobody_counted")
    if verdict.page.regime == "2022":
        line = numbers["persons_for_assessment"]
        if (
            persons
            and sensitive
            and persons < line <= persons + sensitive
            and verdict.pathway != Pathway.SECURITY_ASSESSMENT
        ):
            yield caution("overlapping_counts", limit=line)
            yield reading(verdict, "persons_of_2022")
        if given.get("activity.act") == "overseas_processing":
            yield caution("overseas_processing_2022")
    processed = given.get("exporter.processes_persons")
    if verdict.page.of_2024 and processed is not None:
        if processed >= numbers["processed_persons_for_assessment"] and (
            verdict.pathway != Pathway.SECURITY_ASSESSMENT or verdict.readings["large_handler"] == "kept"
        ):
            yield reading(verdict, "large_handler")
        if processed < numbers.get("small_handler", 0) and verdict.pathway == Pathway.CONTRACT_OR_CERTIFICATION:
            yield caution("small_handler_clause_unread")


def _cars(verdict: Verdict) -> Iterator[Caution]:
    """The automotive provisions call personal information of more than so many persons important data by itself."""
    line, given = verdict.page.numbers.get("persons_of_important_automotive_data"), verdict.given
    handler = given.get("exporter.automotive") and not given.get("data.important")
    if line and handler and any(given.get(path, 0) > line for path in COUNTED):
        yield caution("automotive_persons", line=line)


def _other_law(verdict: Verdict) -> Iterator[Caution]:
    """Laws beside the export rules that this data falls under."""
    for kind in ("genetic", "surveying", "export_controlled"):
        if verdict.given.get(f"data.{kind}"):
            yield caution(kind)


def _filed(verdict: Verdict) -> Iterator[Caution]:
    """What was filed before, held against what is asked now: the transition of 2024-03-22, and moves between paths."""
    given, way = verdict.given, verdict.pathway
    path, state, day = (given.get(f"filed.{name}") for name in ("path", "state", "day"))
    if path is None or not verdict.page.of_2024 or way == Pathway.UNDETERMINED:
        return
    assessed = path == Pathway.SECURITY_ASSESSMENT
    lighter = way != Pathway.SECURITY_ASSESSMENT
    if day is not None and day < book().instruments["PROMO-2024"].effective:
        if assessed and state == "passed":
            yield caution("transition_passed")
        elif assessed and state == "failed" and lighter:
            yield caution("transition_failed")
        elif state == "pending" and (lighter if assessed else way == Pathway.EXEMPT):
            yield caution("transition_pending")
    elif assessed and state == "passed" and lighter:
        yield caution("voluntary_binds")
    if way == Pathway.CONTRACT_OR_CERTIFICATION and path == Pathway.STANDARD_CONTRACT and state == "in_force":
        yield caution("filed_once")


def _ways(verdict: Verdict, options: tuple[str, ...]) -> Iterator[Caution]:
    if verdict.page.regime == "2017" and verdict.pathway == Pathway.EXEMPT:
        yield caution("no_path_asked_before_measures")
    if verdict.pathway in (Pathway.CONTRACT_OR_CERTIFICATION, Pathway.CERTIFICATION):
        yield caution("no_splitting")
        yield caution("voluntary_assessment")
    if verdict.page.of_2024 and verdict.pathway == Pathway.CONTRACT_OR_CERTIFICATION:
        yield from _mixed(verdict)
    if (
        verdict.page.of_2024
        and verdict.pathway == Pathway.CONTRACT_OR_CERTIFICATION
        and verdict.given.get("activity.act") == "overseas_processing"
    ):
        yield caution("overseas_processing")
    if "gba_standard_contract" in options:
        yield caution("gba_inside_only")
    elif (
        verdict.pathway in (Pathway.CONTRACT_OR_CERTIFICATION, Pathway.SECURITY_ASSESSMENT)
        and verdict.given.get("recipient.country") in verdict.page.gba_recipients
        and "exporter.city" not in verdict.given
        and verdict.given.get("data.important") is False
        and verdict.given.get("exporter.ciio") is False
    ):
        yield named("more_ways", facts=["exporter.city"])


def _mixed(verdict: Verdict) -> Iterator[Caution]:
    """A sensitive part that needs the contract, beside another part that alone would need nothing."""
    persons, sensitive = verdict.given.get("data.persons"), verdict.given.get("data.sensitive_persons")
    numbers = verdict.page.numbers
    if sensitive and persons and persons < numbers["persons_for_contract"]:
        says: Any = book().readings["contract_covers"]["says"]
        taken = {"reading": says[verdict.readings["contract_covers"]]}
        yield caution("mixed_contract", taken, line=numbers["sensitive_persons_for_assessment"])
