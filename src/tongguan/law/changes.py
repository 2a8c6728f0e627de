"""What would change the answer: the nearest value of each fact, taken alone, that leads to another pathway."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

from tongguan.law.naming import fact_name, pathway_name, value_name
from tongguan.law.verdict import Verdict, compatible, judge
from tongguan.law.view import Range
from tongguan.model import Pathway
from tongguan.wording import LANGUAGES, wording

__all__ = ["changes", "with_difference"]

# Facts worth turning round. The gates (secrets, core data, restricted recipients) go without saying.
TURNABLE = (
    "exporter.ciio",
    "data.important",
    "activity.on_zone_list",
    "activity.conditions.party",
    "activity.conditions.necessary",
    "activity.conditions.labour_rules",
    "activity.conditions.collective_contract",
    "activity.conditions.protects_life_health_property",
    "activity.conditions.collected_abroad",
    "activity.conditions.domestic_added",
    "activity.conditions.applicants",
    "activity.conditions.treaty_applies",
)
ADDED_UP = ("data.persons", "data.sensitive_persons")
HOW_FAR = "\0"
COUNTED = ("data.persons", "data.sensitive_persons", "exporter.processes_persons")


class Turned(Mapping[str, Any]):
    """Facts of which one is another."""

    __slots__ = ("given", "path", "value")

    def __init__(self, given: Mapping[str, Any], path: str, value: Any) -> None:
        self.given, self.path, self.value = given, path, value

    def __getitem__(self, path: str) -> Any:
        return self.value if path == self.path else self.given[path]

    def get(self, path: str, default: Any = None) -> Any:
        return self.value if path == self.path else self.given.get(path, default)

    def __contains__(self, path: object) -> bool:
        return path == self.path or path in self.given

    def __iter__(self) -> Iterator[str]:
        return iter(self.given)

    def __len__(self) -> int:
        return len(self.given)


def changes(verdict: Verdict) -> Iterator[Mapping[str, Any]]:
    """Entries `{fact, value, pathway, difference, text}`; where undetermined, what each missing fact would settle."""
    if len(verdict.pathways) > 1:
        yield from _settling(verdict)
        return
    for path in COUNTED:
        if path in verdict.looked_at:
            yield from _counted(verdict, path)
    for path in TURNABLE:
        if path in verdict.looked_at:
            value = verdict.given[path]
            pathway = _otherwise(verdict, path, not value)
            if pathway:
                yield _entry(path, not value, pathway)


def _counted(verdict: Verdict, path: str) -> Iterator[Mapping[str, Any]]:
    """The nearest line above, and the nearest below, beyond which the pathway differs."""
    now: int = verdict.given[path]
    lines = sorted(_lines(verdict, path))
    for value in (line for line in lines if line > now):
        pathway = _otherwise(verdict, path, value)
        if pathway:
            yield _entry(path, value, pathway, value - now)
            break
    for value in (line - 1 for line in reversed(lines) if line <= now):
        pathway = _otherwise(verdict, path, value)
        if pathway:
            yield _entry(path, value, pathway, value - now)
            break


def _lines(verdict: Verdict, path: str) -> set[int]:
    name = path.rpartition(".")[2].replace("processes", "processed")
    numbers = [verdict.page.numbers]
    scenario = verdict.page.scenarios.get(verdict.given.get("activity.zone_scenario", ""))
    if scenario:
        numbers.append(scenario.numbers)
    keys = (f"{name}_for_contract", f"{name}_for_assessment")
    lines = {source[key] for source in numbers for key in keys if key in source}
    return lines | {line for line in _moved(verdict, path, lines) if line > 0}


def _moved(verdict: Verdict, path: str, lines: set[int]) -> Iterator[int]:
    """Where a line lies for one number, under readings by which numbers are added up or taken from each other."""
    given, page, readings = verdict.given, verdict.page, verdict.readings
    both = given.get("data.persons_with_both")
    if page.of_2024 and readings["persons_of_both_kinds"] == "left_out" and path == "data.persons":
        most = given.get("data.sensitive_persons", 0) if both is None else both  # no more can be of both kinds
        yield from (line + most for line in lines)
    if page.regime == "2022" and readings["persons_of_2022"] == "together" and path in ADDED_UP:
        others = (given.get(other) for other in ADDED_UP if other != path)
        yield from (page.numbers["persons_for_assessment"] - (other or 0) + (both or 0) for other in others)


def _otherwise(verdict: Verdict, path: str, value: Any) -> Pathway | None:
    """The pathway with one fact changed, where it is definite and another one."""
    other = judge(verdict.page, Turned(verdict.given, path, value), verdict.readings)
    return other.pathway if len(other.pathways) == 1 and other.pathway != verdict.pathway else None


def _settling(verdict: Verdict) -> Iterator[Mapping[str, Any]]:
    for path in verdict.missing():
        found = dict.fromkeys(leaf.assumed[path] for leaf in verdict.leaves if path in leaf.assumed)
        for assumed in found:
            left = {leaf.pathway for leaf in verdict.leaves if compatible(leaf.assumed.get(path, assumed), assumed)}
            value = assumed.low if isinstance(assumed, Range) else assumed
            if len(left) == 1 and value != "abroad" and Pathway.UNDETERMINED not in left:
                yield _entry(path, value, Pathway(left.pop()), span=assumed if isinstance(assumed, Range) else None)


def _entry(
    path: str, value: Any, pathway: Pathway, difference: int | None = None, span: Range | None = None
) -> Mapping[str, Any]:
    entry = {"fact": path, "value": value, "pathway": pathway.value, "difference": None}
    if difference is not None:
        return with_difference(entry, difference)
    return {**entry, "text": dict(_texts("change.value", path, span or value, pathway.value))}


def with_difference(entry: Mapping[str, Any], difference: int) -> Mapping[str, Any]:
    """An entry of a counted fact that is so far from the value that changes the answer."""
    path, value, pathway = entry["fact"], entry["value"], entry["pathway"]
    far = f"{abs(difference):,}"
    text = {
        language: text.replace(HOW_FAR, far)
        for language, text in _texts("change.up" if difference > 0 else "change.down", path, value, pathway).items()
    }
    return {"fact": path, "value": value, "pathway": pathway, "difference": difference, "text": text}


@lru_cache(4096)
def _texts(key: str, path: str, value: Any, pathway: str) -> dict[str, str]:
    """What an entry says, with a sign in the place of how far it is."""
    return {
        language: wording("tongguan.law").text(
            key,
            language,
            fact=fact_name(path, language),
            value=_span(value) if isinstance(value, Range) else value_name(path, value, language),
            pathway=pathway_name(pathway, language),
            difference=HOW_FAR,
        )
        for language in LANGUAGES
    }


def _span(span: Range) -> str:
    return f"≥ {span.low:,}" if span.high is None else f"{span.low:,}–{span.high:,}"
