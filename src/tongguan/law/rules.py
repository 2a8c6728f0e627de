"""Conditions of the rules in data/rules.yaml, by id: pure questions to a view. Texts and articles stand there."""

from __future__ import annotations

from collections.abc import Callable

from tongguan.law.book import Scenario
from tongguan.law.facts import GROUNDS
from tongguan.law.view import View

__all__ = ["CONDITIONS", "ZONE_RULES", "scenario_in_use"]

Condition = Callable[[View], bool]
PERSONS, SENSITIVE, PROCESSED = "data.persons", "data.sensitive_persons", "exporter.processes_persons"


def all_met(view: View, *names: str) -> bool:
    """Whether all these conditions of a ground hold."""
    return all(view(f"activity.conditions.{name}") for name in names)


def ground(name: str) -> Condition:
    """A ground of exemption that is claimed and whose conditions are met."""
    conditions = GROUNDS[name]
    assert all(conditions.values()), "all_met asks for conditions that must be true"

    def holds(view: View) -> bool:
        return view("activity.ground") == name and _open_to_exporter(view) and all_met(view, *conditions)

    return holds


def _open_to_exporter(view: View) -> bool:
    """Art. 5(1)(i)-(iii) does not exclude a CIIO, and art. 7(2) lets arts. 3-6 prevail; the other reading: a switch."""
    return view.readings["ground_for_ciio"] == "open" or not view("exporter.ciio")


def hr(view: View) -> bool:
    if view("activity.ground") != "hr" or not _open_to_exporter(view) or not all_met(view, "necessary"):
        return False
    if view.readings["hr_documents"] == "both":
        return all_met(view, "labour_rules", "collective_contract")
    return bool(view("activity.conditions.labour_rules") or view("activity.conditions.collective_contract"))


def reexport(view: View) -> bool:
    return (
        view("activity.ground") == "reexport"
        and all_met(view, "collected_abroad")
        and not view("activity.conditions.domestic_added")
    )


def small_volume(view: View) -> bool:
    return (
        view("data.personal")
        and not view("exporter.ciio")
        and not view.at_least(PERSONS, view.number("persons_for_contract"))
        and not view.at_least(SENSITIVE, view.number("sensitive_persons_for_contract"))
    )


def scenario_in_use(view: View) -> Scenario | None:
    """The scenario claimed, where it is in force that day and the exporter is in its zone."""
    scenario = view.page.scenarios.get(view("activity.zone_scenario") or "")
    if scenario is None or view("exporter.zone", (scenario.zone, "elsewhere")) != scenario.zone:
        return None
    return scenario


def _open_to_zone(view: View) -> bool:
    return view.readings["zone_for_ciio"] == "open" or not view("exporter.ciio")


def zone_list(kind: str) -> Condition:
    """Whether a scenario's own limits for `assessment` or `contract` are reached."""

    def holds(view: View) -> bool:
        scenario = scenario_in_use(view)
        if scenario is None or not _open_to_zone(view):
            return False
        numbers = scenario.numbers
        return view.at_least(PERSONS, numbers[f"persons_for_{kind}"]) or view.at_least(
            SENSITIVE, numbers[f"sensitive_persons_for_{kind}"]
        )

    return holds


def zone_list_below(view: View) -> bool:
    if scenario_in_use(view) is None or not _open_to_zone(view):
        return False
    return not zone_list("contract")(view)


def off_zone_list(view: View) -> bool:
    if scenario_in_use(view) is not None or view("exporter.zone") not in view.page.lists:
        return False
    return _open_to_zone(view) and not view("activity.on_zone_list")


def below_2022(view: View) -> bool:
    """Asked after every assessment rule of 2022 failed; it looks at the facts once more so that they are cited."""
    return not (
        view("exporter.ciio")
        or view.at_least(PROCESSED, view.number("processed_persons_for_assessment"))
        or view.at_least(PERSONS, view.number("persons_for_assessment"))
        or view.at_least(SENSITIVE, view.number("sensitive_persons_for_assessment"))
    )


def ciio(view: View) -> bool:
    return bool(view("data.personal") and view("exporter.ciio"))


def reaches(path: str, number: str) -> Condition:
    """Whether personal information of so many persons is concerned."""
    return lambda view: bool(view("data.personal")) and view.at_least(path, view.number(number))


def band(path: str, low: str, high: str) -> Condition:
    """Whether so many persons lie between two lines."""
    return lambda view: view.at_least(path, view.number(low)) and not view.at_least(path, view.number(high))


ZONE_RULES = frozenset({"zone_list_assessment", "zone_list_contract", "zone_list_below", "off_zone_list"})
CONDITIONS: dict[str, Condition] = {
    "state_secret": lambda view: view("data.state_secret"),
    "core_data": lambda view: view("data.core"),
    "restricted_recipient": lambda view: bool(view("recipient.restricted")) and view("data.personal"),
    "foreign_request_for_data": lambda view: bool(view("activity.foreign_authority_request")),
    "foreign_request_for_personal_information": lambda view: (
        bool(view("activity.foreign_authority_request")) and view("data.personal")
    ),
    "no_export_act": lambda view: view("activity.act") == "none",
    "domestic_recipient": lambda view: view("recipient.country") == "CN",
    "nothing_regulated": lambda view: not view("data.personal") and not view("data.important"),
    "ciio_before_measures": lambda view: view("exporter.ciio"),
    "important_before_measures": lambda view: view("data.important"),
    "personal_before_measures": lambda view: view("data.personal"),
    "no_duty_before_measures": lambda view: not view("exporter.ciio"),
    "important_data": lambda view: view("data.important"),
    "important_data_of_ciio": lambda view: view("data.important") and view("exporter.ciio"),
    "important_data_of_others": lambda view: view("data.important") and not view("exporter.ciio"),
    "ciio_2022": ciio,
    "large_handler_2022": reaches(PROCESSED, "processed_persons_for_assessment"),
    "persons_2022": reaches(PERSONS, "persons_for_assessment"),
    "sensitive_persons_2022": reaches(SENSITIVE, "sensitive_persons_for_assessment"),
    "below_2022_no_instrument": below_2022,
    "below_2022_certification": below_2022,
    "below_2022": below_2022,
    "reexport": reexport,
    "contract": ground("contract"),
    "hr": hr,
    "emergency": ground("emergency"),
    "small_volume": small_volume,
    "zone_list_assessment": zone_list("assessment"),
    "zone_list_contract": zone_list("contract"),
    "zone_list_below": zone_list_below,
    "off_zone_list": off_zone_list,
    "ciio_2024": ciio,
    "persons_2024": reaches(PERSONS, "persons_for_assessment"),
    "sensitive_persons_2024": reaches(SENSITIVE, "sensitive_persons_for_assessment"),
    "persons_band_2024": band(PERSONS, "persons_for_contract", "persons_for_assessment"),
    "sensitive_persons_band_2024": band(
        SENSITIVE, "sensitive_persons_for_contract", "sensitive_persons_for_assessment"
    ),
}
