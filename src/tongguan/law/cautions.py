"""Warnings beside an answer: what was taken for granted, what did not help, which reading was taken, what to check."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from typing import Any

from tongguan.law.book import book
from tongguan.law.facts import GROUNDS
from tongguan.law.naming import fact_name, pathway_name
from tongguan.law.rules import list_in_use
from tongguan.law.verdict import Verdict
from tongguan.model import Pathway
from tongguan.wording import LANGUAGES, wording

__all__ = ["cautions"]

Caution = Mapping[str, Any]
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
        yield _caution("law_after_check", checked=checked)
    if len(verdict.pathways) > 1:
        yield _named("possible_pathways", pathways=[way for way in verdict.pathways if way != Pathway.UNDETERMINED])
    elif verdict.page.regime == "none" and verdict.pathway == Pathway.UNDETERMINED:
        yield _caution("before_the_rules")
    if verdict.pathway not in EXPORTS:
        return
    yield from _claims(verdict)
    yield from _ground(verdict)
    yield from _zone(verdict)
    yield from _readings(verdict)
    yield from _counting(verdict)
    yield from _other_law(verdict)
    yield from _filed(verdict)
    yield from _ways(verdict, options)


def _claims(verdict: Verdict) -> Iterator[Caution]:
    claims = ["recipient.restricted", "activity.foreign_authority_request"]
    if verdict.of_2024:
        claims += ["activity.ground", "exporter.zone"]
    absent = [path for path in claims if path not in verdict.given]
    if absent:
        yield _named("assumed_not_claimed", facts=absent)


def _ground(verdict: Verdict) -> Iterator[Caution]:
    given, ground = verdict.given, verdict.given.get("activity.ground")
    if given.get("activity.conditions.necessary") is False:
        yield _caution("not_necessary")
    if ground == "hr" and given.get("activity.conditions.applicants"):
        yield _caution("applicants")
    if ground == "treaty" and _used(verdict, "treaty"):
        yield _caution("treaty_unread")
        yield _reading(verdict, "treaty")
    if ground in (None, "treaty"):
        return
    if not verdict.of_2024:
        yield _caution("ground_not_yet")
    elif ground == "statutory_duty":
        yield _reading(verdict, "statutory_duty")
        if verdict.readings["statutory_duty"] == "no_exemption":
            yield _caution("statutory_duty_no_exemption")
    elif given.get("data.important"):
        yield _caution("ground_not_for_important_data")
    elif ground == "trade":
        if given.get("data.personal"):
            yield _caution("ground_not_for_personal_information")
    else:
        unmet = [
            f"activity.conditions.{name}"
            for name, wanted in GROUNDS[ground].items()
            if given.get(f"activity.conditions.{name}") is (not wanted)
        ]
        if unmet and not _used(verdict, ground):
            yield _named("ground_not_met", facts=unmet)


def _zone(verdict: Verdict) -> Iterator[Caution]:
    given, page = verdict.given, verdict.page
    zone, scenario = given.get("exporter.zone"), given.get("activity.zone_scenario")
    if not verdict.of_2024 or (zone is None and scenario is None):
        return
    yield from _borrowed(verdict)
    listed = page.scenarios.get(scenario or "")
    if scenario and (listed is None or zone not in (None, listed.zone)):
        yield _caution("scenario_not_applicable")
    if given.get("exporter.ciio") and verdict.readings["zone_for_ciio"] == "closed":
        yield _caution("zone_not_for_ciio")
    elif listed and _used(verdict, "zone_list_assessment", "zone_list_contract", "zone_list_below"):
        if listed.confidence != "official":
            yield _caution("secondary", {"subject": listed.names})
    elif zone and zone not in page.lists:
        yield _caution("zone_without_list", {"zone": book().zones[zone]})
    elif (
        zone and given.get("activity.on_zone_list") and not _used(verdict, "zone_part_assessment", "zone_part_contract")
    ):
        yield _caution("on_list")
    if _used(verdict, "off_zone_list", "zone_list_below"):
        edition = given.get("activity.zone_list") or page.lists.get(zone or "", "")
        yield _caution("list_must_cover", {"list": {"zh": edition, "en": edition}})


def _borrowed(verdict: Verdict) -> Iterator[Caution]:
    """A list was claimed that is not the one of the exporter's own zone."""
    claimed, zone = verdict.given.get("activity.zone_list"), verdict.given.get("exporter.zone")
    if claimed is None or claimed == verdict.page.lists.get(zone or ""):
        return
    names = {"list": {"zh": claimed, "en": claimed}}
    if list_in_use(verdict.view(verdict.leaves[0])) == claimed:
        yield _caution("borrowed_list", names)
        yield _reading(verdict, "list_of_another_zone")
    else:
        yield _caution("list_not_open", names)


def _readings(verdict: Verdict) -> Iterator[Caution]:
    """Readings on which this answer rests."""
    ciio = verdict.given.get("exporter.ciio")
    if ciio is not False and _used(verdict, "contract", "hr", "emergency"):
        yield _reading(verdict, "ground_for_ciio")
    documents = [verdict.given.get(f"activity.conditions.{name}") for name in ("labour_rules", "collective_contract")]
    if (
        verdict.given.get("activity.ground") == "hr"
        and verdict.of_2024
        and sorted(map(str, documents)) == ["False", "True"]
    ):
        yield _reading(verdict, "hr_documents")
    if ciio and verdict.given.get("exporter.zone") in verdict.page.lists:
        yield _reading(verdict, "zone_for_ciio")


def _counting(verdict: Verdict) -> Iterator[Caution]:
    given, numbers = verdict.given, verdict.page.numbers
    persons, sensitive = given.get("data.persons"), given.get("data.sensitive_persons")
    if any(given.get(f"{path}_before_split", 0) > given.get(path, 0) for path in COUNTED):
        yield _caution("split_counted_together")
    if given.get("data.persons_with_both") and verdict.of_2024:
        yield _reading(verdict, "persons_of_both_kinds")
    if given.get("data.personal") and persons == 0 and sensitive == 0:
        yield _caution("nobody_counted")
    if verdict.page.regime == "2022":
        line = numbers["persons_for_assessment"]
        if (
            persons
            and sensitive
            and persons < line <= persons + sensitive
            and verdict.pathway != Pathway.SECURITY_ASSESSMENT
        ):
            yield _caution("overlapping_counts", limit=line)
            yield _reading(verdict, "persons_of_2022")
        if given.get("activity.act") == "overseas_processing":
            yield _caution("overseas_processing_2022")
    processed = given.get("exporter.processes_persons")
    if verdict.of_2024 and processed is not None:
        if processed >= numbers["processed_persons_for_assessment"] and (
            verdict.pathway != Pathway.SECURITY_ASSESSMENT or verdict.readings["large_handler"] == "kept"
        ):
            yield _reading(verdict, "large_handler")
        if processed < numbers.get("small_handler", 0) and verdict.pathway == Pathway.CONTRACT_OR_CERTIFICATION:
            yield _caution("small_handler_clause_unread")


def _other_law(verdict: Verdict) -> Iterator[Caution]:
    """Laws beside the export rules that this data falls under."""
    for kind in ("genetic", "surveying", "export_controlled"):
        if verdict.given.get(f"data.{kind}"):
            yield _caution(kind)


def _filed(verdict: Verdict) -> Iterator[Caution]:
    """What was filed before, held against what is asked now: the transition of 2024-03-22, and moves between paths."""
    given, way = verdict.given, verdict.pathway
    path, state, day = (given.get(f"filed.{name}") for name in ("path", "state", "day"))
    if path is None or not verdict.of_2024 or way == Pathway.UNDETERMINED:
        return
    assessed = path == Pathway.SECURITY_ASSESSMENT
    lighter = way != Pathway.SECURITY_ASSESSMENT
    if day is not None and day < book().instruments["PROMO-2024"].effective:
        if assessed and state == "passed":
            yield _caution("transition_passed")
        elif assessed and state == "failed" and lighter:
            yield _caution("transition_failed")
        elif state == "pending" and (lighter if assessed else way == Pathway.EXEMPT):
            yield _caution("transition_pending")
    elif assessed and state == "passed" and lighter:
        yield _caution("voluntary_binds")
    if way == Pathway.CONTRACT_OR_CERTIFICATION and path == Pathway.STANDARD_CONTRACT and state == "in_force":
        yield _caution("filed_once")


def _ways(verdict: Verdict, options: tuple[str, ...]) -> Iterator[Caution]:
    if verdict.page.regime == "2017" and verdict.pathway == Pathway.EXEMPT:
        yield _caution("no_path_asked_before_measures")
    if verdict.pathway in (Pathway.CONTRACT_OR_CERTIFICATION, Pathway.CERTIFICATION):
        yield _caution("no_splitting")
        yield _caution("voluntary_assessment")
    if verdict.of_2024 and verdict.pathway == Pathway.CONTRACT_OR_CERTIFICATION:
        yield from _mixed(verdict)
    if (
        verdict.of_2024
        and verdict.pathway == Pathway.CONTRACT_OR_CERTIFICATION
        and verdict.given.get("activity.act") == "overseas_processing"
    ):
        yield _caution("overseas_processing")
    if "gba_standard_contract" in options:
        yield _caution("gba_inside_only")
    elif (
        verdict.pathway in (Pathway.CONTRACT_OR_CERTIFICATION, Pathway.SECURITY_ASSESSMENT)
        and verdict.given.get("recipient.country") in verdict.page.gba_recipients
        and "exporter.city" not in verdict.given
        and verdict.given.get("data.important") is False
        and verdict.given.get("exporter.ciio") is False
    ):
        yield _named("more_ways", facts=["exporter.city"])


def _mixed(verdict: Verdict) -> Iterator[Caution]:
    """A sensitive part that needs the contract, beside another part that alone would need nothing."""
    persons, sensitive = verdict.given.get("data.persons"), verdict.given.get("data.sensitive_persons")
    numbers = verdict.page.numbers
    if sensitive and persons and persons < numbers["persons_for_contract"]:
        says: Any = book().readings["contract_covers"]["says"]
        taken = {"reading": says[verdict.readings["contract_covers"]]}
        yield _caution("mixed_contract", taken, line=numbers["sensitive_persons_for_assessment"])


def _used(verdict: Verdict, *rules: str) -> bool:
    return any(leaf.rule is not None and leaf.rule.id in rules for leaf in verdict.leaves)


def _caution(id: str, names: Mapping[str, Mapping[Any, str]] | None = None, **values: object) -> Caution:
    text = {
        language: wording("tongguan.law").text(
            f"warning.{id}", language, **values, **{key: name[language] for key, name in (names or {}).items()}
        )
        for language in LANGUAGES
    }
    return {"id": id, "text": text}


def _named(id: str, *, facts: Iterable[str] = (), pathways: Iterable[str] = ()) -> Caution:
    """A caution about facts or pathways, which it also lists by id."""
    listed = list(facts or pathways)
    name = fact_name if facts else pathway_name
    between = {"zh": "、", "en": ", "}
    names = {language: between[language].join(name(item, language) for item in listed) for language in LANGUAGES}
    key = "facts" if facts else "pathways"
    return {**_caution(id, {key: names}), key: listed}


def _reading(verdict: Verdict, name: str) -> Caution:
    entry: Any = book().readings[name]
    taken = verdict.readings[name]
    names = {"question": {"zh": entry["zh"], "en": entry["en"]}, "reading": entry["says"][taken]}
    return {**_caution("reading", names), "reading": name, "taken": taken}
