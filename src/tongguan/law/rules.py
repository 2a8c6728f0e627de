"""Conditions of the rules in data/rules.yaml, by id: pure questions to a view. Texts and articles stand there."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from tongguan.law.book import Scenario
from tongguan.law.facts import GROUNDS, PARTS
from tongguan.law.view import View

__all__ = ["CONDITIONS", "ZONE_RULES", "scenario_in_use"]

Condition = Callable[[View], bool]
PERSONS, SENSITIVE, PROCESSED = "data.persons", "data.sensitive_persons", "exporter.processes_persons"
BOTH_KINDS = "data.persons_with_both"


def counted(view: View, path: str, line: int) -> bool:
    """Whether so many persons are concerned. A volume that was split to stay below a line counts whole."""
    if path != PROCESSED and view(f"{path}_before_split") is not None:
        return view.at_least(f"{path}_before_split", line)
    if path == PERSONS and view.page.of_2024 and view.readings["persons_of_both_kinds"] == "left_out":
        return _without_sensitive(view, line)
    return view.at_least(path, line)


def _without_sensitive(view: View, line: int) -> bool:
    """Whether so many leave nothing sensitive. While persons are unknown, their number stands for that of these."""
    if view.known(BOTH_KINDS):
        return view.at_least(PERSONS, line + view(BOTH_KINDS))
    if not view.known(PERSONS):
        return view.at_least(PERSONS, line)
    if view.known(SENSITIVE) and view(PERSONS) - view(SENSITIVE) >= line:  # no more can be of both kinds
        return True
    return view.at_least(PERSONS, line) and not view.at_least(BOTH_KINDS, view(PERSONS) - line + 1)


def all_met(view: View, conditions: Mapping[str, bool]) -> bool:
    """Whether all these conditions of a ground are as they must be. One that is a claim and not made is not so."""
    return all(bool(view(f"activity.conditions.{name}")) is must for name, must in conditions.items())


def ground(name: str) -> Condition:
    """A ground that is claimed and whose conditions are met."""
    return lambda view: view("activity.ground") == name and all_met(view, GROUNDS[name])


def exemption(name: str) -> Condition:
    """A ground of art. 5(1)(i)-(iii) that is claimed, open to the exporter, and whose conditions are met."""
    met = ground(name)
    return lambda view: view("activity.ground") == name and _open_to_exporter(view) and met(view)


def _open_to_exporter(view: View) -> bool:
    """Art. 5(1)(i)-(iii) does not exclude a CIIO, and art. 7(2) lets arts. 3-6 prevail; the other reading: a switch."""
    return view.readings["ground_for_ciio"] == "open" or not view("exporter.ciio")


def hr(view: View) -> bool:
    """Employees only: who applies for a post is none yet."""
    if view("activity.ground") != "hr" or not _open_to_exporter(view):
        return False
    documents = {name: GROUNDS["hr"][name] for name in ("labour_rules", "collective_contract")}
    if not all_met(view, {name: must for name, must in GROUNDS["hr"].items() if name not in documents}):
        return False
    if view.readings["hr_documents"] == "both":
        return all_met(view, documents)
    return any(all_met(view, {name: must}) for name, must in documents.items())


def reexport(view: View) -> bool:
    return view("activity.ground") == "reexport" and all_met(view, GROUNDS["reexport"])


def under_reading(name: str, taken: str, condition: Condition) -> Condition:
    """A condition that is asked only where a text is read in one of its ways."""
    return lambda view: view.readings[name] == taken and condition(view)


def treaty(view: View) -> bool:
    return ground("treaty")(view) and view("data.personal") and not view("data.important")


def small_volume(view: View) -> bool:
    return (
        view("data.personal")
        and not view("exporter.ciio")
        and not counted(view, PERSONS, view.number("persons_for_contract"))
        and not counted(view, SENSITIVE, view.number("sensitive_persons_for_contract"))
    )


def list_in_use(view: View) -> str | None:
    """The list that the exporter goes by: its own zone's, or another zone's where it claims that one."""
    own: str | None = view.page.lists.get(view("exporter.zone") or "")
    claimed = view("activity.zone_list")
    if claimed is None or claimed == own:
        return own
    abroad = view.page.list_ids.get(claimed)
    if abroad is None or view("exporter.zone") is None or view.readings["list_of_another_zone"] == "closed":
        return None
    return str(claimed) if abroad == view("exporter.zone") or view.page.lists_shared else None


def scenario_in_use(view: View) -> Scenario | None:
    """The scenario claimed, where it is in force that day and its list is the exporter's."""
    scenario = view.page.scenarios.get(view("activity.zone_scenario") or "")
    if scenario is None:
        return None
    if view("activity.zone_list") is not None:
        return scenario if list_in_use(view) == scenario.list else None
    zone = view("exporter.zone", (scenario.zone, "elsewhere"))
    return scenario if view.page.lists.get(zone) == scenario.list else None


def _open_to_zone(view: View) -> bool:
    return view.readings["zone_for_ciio"] == "open" or not view("exporter.ciio")


def zone_part(part: str) -> Condition:
    """Whether the data stands in that part of the list that the exporter goes by.

    What stands on a list stands in one of its parts: which one decides, unless the list's own numbers do.
    """

    def holds(view: View) -> bool:
        scenario_in_use(view)  # a scenario that is claimed without a zone asks for the zone, and so for its list
        if list_in_use(view) is None or not _open_to_zone(view):
            return False
        claimed = view("activity.zone_list_part")
        if claimed is None and not _limits(view) and view("activity.on_zone_list"):
            claimed = view("activity.zone_list_part", PARTS)
        return bool(claimed == part)

    return holds


def _limits(view: View) -> Mapping[str, int]:
    """The limits of persons of the scenario in use; none where it has none that are known."""
    scenario = scenario_in_use(view)
    return scenario.numbers if scenario is not None and scenario.numbers and _open_to_zone(view) else {}


def zone_list(kind: str) -> Condition:
    """Whether a scenario's own limits for `assessment` or `contract` are reached."""

    def holds(view: View) -> bool:
        limits = _limits(view)
        return any(
            counted(view, path, limits[number])
            for path in (PERSONS, SENSITIVE)
            if (number := f"{path.removeprefix('data.')}_for_{kind}") in limits
        )

    return holds


def zone_list_below(view: View) -> bool:
    return bool(_limits(view)) and not zone_list("contract")(view)


def off_zone_list(view: View) -> bool:
    if _limits(view) or list_in_use(view) is None:
        return False
    return _open_to_zone(view) and not view("activity.on_zone_list")


def persons_of_2022(view: View) -> bool:
    """Whether the line of 2022 is reached, where read so by sensitive and other persons together."""
    line = view.number("persons_for_assessment")
    if view.readings["persons_of_2022"] == "apart" or counted(view, PERSONS, line):
        return counted(view, PERSONS, line)
    both = view(BOTH_KINDS) if view.known(BOTH_KINDS) else 0
    sensitive, persons = _number(view, SENSITIVE), _number(view, PERSONS)
    if sensitive is not None:
        return counted(view, PERSONS, max(line - sensitive + both, 0))
    if persons is not None:
        return counted(view, SENSITIVE, max(line - persons + both, 0))
    return False


def _number(view: View, path: str) -> int | None:
    """A number given, before it was split; None where it is unknown."""
    whole: int | None = view(f"{path}_before_split")
    return view(path) if whole is None and view.known(path) else whole


def below_2022(view: View) -> bool:
    """Asked after every assessment rule of 2022 failed; it looks at the facts once more so that they are cited."""
    return not (
        view("exporter.ciio")
        or view.at_least(PROCESSED, view.number("processed_persons_for_assessment"))
        or persons_of_2022(view)
        or counted(view, SENSITIVE, view.number("sensitive_persons_for_assessment"))
    )


def ciio(view: View) -> bool:
    return bool(view("data.personal") and view("exporter.ciio"))


def reaches(path: str, number: str) -> Condition:
    """Whether personal information of so many persons is concerned."""
    return lambda view: bool(view("data.personal")) and counted(view, path, view.number(number))


def band(path: str, low: str, high: str) -> Condition:
    """Whether so many persons lie between two lines."""
    return lambda view: counted(view, path, view.number(low)) and not counted(view, path, view.number(high))


ZONE_RULES = frozenset(
    {
        "zone_part_assessment",
        "zone_part_contract",
        "zone_list_assessment",
        "zone_list_contract",
        "zone_list_below",
        "off_zone_list",
    }
)
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
    "unnecessary": lambda view: bool(view("activity.unnecessary")) and view("data.personal"),
    "ordered_to_stop": lambda view: bool(view("activity.ordered_to_stop")),
    "nothing_regulated": lambda view: (
        not view("data.personal") and not view("data.important") and not zone_part("assessment")(view)
    ),
    "ciio_before_measures": lambda view: view("exporter.ciio"),
    "ciio_personal_before_measures": ciio,
    "important_before_measures": lambda view: view("data.important"),
    "important_data_of_cars_before_measures": lambda view: bool(view("exporter.automotive")) and view("data.important"),
    "important_data_of_cars": lambda view: bool(view("exporter.automotive")) and view("data.important"),
    "treaty": under_reading("treaty", "exemption", treaty),
    "personal_before_measures": lambda view: view("data.personal"),
    "no_duty_before_measures": lambda view: not view("exporter.ciio"),
    "important_data": lambda view: view("data.important"),
    "important_data_of_ciio": lambda view: view("data.important") and view("exporter.ciio"),
    "important_data_of_others": lambda view: view("data.important") and not view("exporter.ciio"),
    "ciio_2022": ciio,
    "large_handler_2022": reaches(PROCESSED, "processed_persons_for_assessment"),
    "persons_2022": lambda view: bool(view("data.personal")) and persons_of_2022(view),
    "sensitive_persons_2022": reaches(SENSITIVE, "sensitive_persons_for_assessment"),
    "below_2022_no_instrument": below_2022,
    "below_2022_certification": below_2022,
    "below_2022": below_2022,
    "reexport": reexport,
    "contract": exemption("contract"),
    "hr": hr,
    "emergency": exemption("emergency"),
    "statutory_duty": under_reading("statutory_duty", "exemption", ground("statutory_duty")),
    "small_volume": small_volume,
    "zone_part_assessment": zone_part("assessment"),
    "zone_part_contract": zone_part("contract"),
    "zone_list_assessment": zone_list("assessment"),
    "zone_list_contract": zone_list("contract"),
    "zone_list_below": zone_list_below,
    "off_zone_list": off_zone_list,
    "large_handler_2024": under_reading(
        "large_handler", "kept", reaches(PROCESSED, "processed_persons_for_assessment")
    ),
    "ciio_2024": ciio,
    "persons_2024": reaches(PERSONS, "persons_for_assessment"),
    "sensitive_persons_2024": reaches(SENSITIVE, "sensitive_persons_for_assessment"),
    "persons_band_2024": band(PERSONS, "persons_for_contract", "persons_for_assessment"),
    "sensitive_persons_band_2024": band(
        SENSITIVE, "sensitive_persons_for_contract", "sensitive_persons_for_assessment"
    ),
}
