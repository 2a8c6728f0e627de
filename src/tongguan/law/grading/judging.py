"""Facts to a grade: rules and triggers asked on the day, the levels that are left, filing, duties and cautions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any

from tongguan.law.answers import Sheet
from tongguan.law.book import Cite, book
from tongguan.law.calendar import add_months
from tongguan.law.checklist import Truth, both, readings_taken
from tongguan.law.grading.answer import Basis, Filing, Grade, Obligation, Open, Trigger
from tongguan.law.grading.cautions import cautions
from tongguan.law.grading.conditions import CONDITIONS, DEGREES, any_of, no_public_harm, told, trigger
from tongguan.law.grading.reading import claims, data, factors, grading_fields, read
from tongguan.wording import LANGUAGES

__all__ = ["grade"]

LEVELS = ("general", "important", "core")  # from the lowest


def grade(facts: Mapping[str, Any], *, readings: Mapping[str, str] | None = None) -> Grade:
    """The grade of data on a day, and apart from it whether it counts as important for filing.

    `facts`: nested as the dotted paths under `fields` in data/grading.yaml; `date` is required, what is absent or null
    is unknown, save the claims (determined as core, a zone), which then count as not made. `readings` switches
    interpretations by name. Raises BadFacts naming the field, what was expected and an example.
    """
    values = read(facts)
    asked = _Asked(values, readings_taken(data()["readings"], readings or {}))
    return Grade(
        date=asked.day,
        level=asked.possible[0] if len(asked.possible) == 1 else "undetermined",
        possible=asked.possible,
        findings=asked.findings,
        triggers=asked.triggers,
        for_filing=asked.filing,
        obligations=tuple(asked.obligations()),
        sector_rules=tuple(asked.sector_rules()),
        data_class=asked.data_class(),
        sub_level=asked.sub_level(),
        factors={path.partition(".")[2]: values.get(path) for path in grading_fields() if path.startswith("factors.")},
        cautions=tuple(cautions(values, asked.readings, asked.possible, asked.filing.answer, asked.named())),
        missing=tuple(asked.missing()),
        readings=asked.readings,
        not_claimed=tuple(path for path in grading_fields() if path in claims() - values.keys()),
    )


@dataclass
class _Asked:
    """One question: known facts by dotted path, and the readings taken."""

    values: Mapping[str, Any]
    readings: Mapping[str, str]

    @property
    def day(self) -> date:
        day: date = self.values["date"]
        return day

    def sheet(self) -> Sheet:
        return Sheet(self.values, self.readings, claims())

    def current(self, entries: Iterable[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
        """Entries in force on the day, under the readings taken."""
        for entry in entries:
            chosen = entry.get("reading", {})
            if _in_force(entry, self.day) and all(self.readings[name] == value for name, value in chosen.items()):
                yield entry

    def cites(self, entry: Mapping[str, Any]) -> tuple[Cite, ...]:
        return tuple(
            Cite(book().instruments[cite["instrument"]], cite["article"])
            for cite in entry["cites"]
            if _in_force(cite, self.day)
        )

    # ---- The level -----------------------------------------------------------------------------------------------

    @cached_property
    def findings(self) -> tuple[Basis, ...]:
        """Every rule of the day, from the highest level down; last, why nothing above the lowest level is left."""
        asked = [self.basis(entry) for entry in self.current(data()["rules"])]
        if self.possible == (LEVELS[0],):
            asked += [self.basis_met(entry) for entry in self.current(data()["general"])]
        return tuple(asked)

    def basis(self, entry: Mapping[str, Any]) -> Basis:
        sheet = self.sheet()
        truth = CONDITIONS[entry["id"]](sheet, entry)
        named = data()["annex_g"]
        return Basis(
            id=entry["id"],
            level=entry["level"],
            outcome=_outcome(truth),
            text=_texts(entry),
            confidence=entry["confidence"],
            cites=self.cites(entry),
            facts=dict(sheet.reads),
            missing=_ordered(truth.missing),
            detail=tuple(_texts(named[factor]) for factor in truth.detail) if truth.value else (),
        )

    def basis_met(self, entry: Mapping[str, Any]) -> Basis:
        known = entry["confidence"]
        return Basis(entry["id"], LEVELS[0], "met", _texts(entry), known, self.cites(entry), {}, (), ())

    @cached_property
    def rules(self) -> tuple[tuple[str, Truth], ...]:
        """What each rule and trigger of the day makes of the data, and whether it holds."""
        found = [(e["level"], CONDITIONS[e["id"]](self.sheet(), e)) for e in self.current(data()["rules"])]
        return (*found, *(("important", truth) for _, truth in self.by_number))

    @cached_property
    def by_number(self) -> tuple[tuple[Mapping[str, Any], Truth], ...]:
        """The triggers of the day that make data important."""
        entries = [entry for entry in self.current(data()["triggers"]) if entry["effect"] == "level"]
        return tuple((entry, both(*trigger(self.sheet(), entry))) for entry in entries if "count" in entry)

    @cached_property
    def possible(self) -> tuple[str, ...]:
        """The levels that are left, from the lowest. Where nothing grades on the day, none can be left out."""
        least = max((LEVELS.index(level) for level, truth in self.rules if truth.value), default=0)
        if least == 0 and not any(self.current(data()["general"])):
            return LEVELS
        higher = {level for level, truth in self.rules if truth.value is None}
        return (LEVELS[least], *(level for level in LEVELS[least + 1 :] if level in higher))

    @cached_property
    def important(self) -> Truth:
        """Whether the level is important or higher."""
        if self.possible[0] != LEVELS[0]:
            return Truth(True)
        return Truth(False) if len(self.possible) == 1 else Truth(None, frozenset(self.level_missing()))

    def level_missing(self) -> frozenset[str]:
        least = LEVELS.index(self.possible[0])
        parts = (truth.missing for level, truth in self.rules if LEVELS.index(level) > least and truth.value is None)
        return frozenset[str]().union(*parts)

    # ---- Numbers -------------------------------------------------------------------------------------------------

    @cached_property
    def triggers(self) -> tuple[Trigger, ...]:
        return tuple(self.trigger(entry) for entry in self.current(data()["triggers"]))

    def trigger(self, entry: Mapping[str, Any]) -> Trigger:
        sheet = self.sheet()
        applies, reached = trigger(sheet, entry)
        holds = both(applies, reached)
        comparison = next((name for name in ("at_least", "more_than") if name in entry), None)
        limit = entry[comparison] if comparison else None
        outcome = "not_applicable" if applies.value is False else _outcome(holds)
        if comparison is None and applies.value is not False:
            outcome = "unverified"
        text = {name: said.format(limit=limit) for name, said in _texts(entry).items()}
        missing = _ordered(holds.missing) if outcome == "unknown" else ()
        known, cites, facts = entry["confidence"], self.cites(entry), dict(sheet.reads)
        return Trigger(entry["id"], entry["effect"], outcome, comparison, limit, text, known, cites, facts, missing)

    # ---- Filing --------------------------------------------------------------------------------------------------

    @cached_property
    def counted(self) -> Truth:
        """Whether the data is important in the sense of the rules on filing of the day."""
        notified = told(self.sheet(), {})
        if self.filing_rule == "by_definition":
            return any_of(notified, self.important)
        if self.filing_rule == "by_notice" and self.readings["published_rule"] == "is_publication":
            listed = CONDITIONS["important_by_list"](self.sheet(), {})
            return any_of(notified, listed, *(truth for _, truth in self.by_number))
        return notified

    def named(self) -> bool:
        """A published list or rule names the data as important, and nobody has told the handler."""
        listed = CONDITIONS["important_by_list"](self.sheet(), {})
        named = any(truth.value for truth in (listed, *(truth for _, truth in self.by_number)))
        return named and self.filing_rule == "by_notice" and not told(self.sheet(), {}).value

    @property
    def filing_rule(self) -> str:
        return next(str(entry["id"]) for entry in self.current(data()["filing"]))

    @cached_property
    def filing(self) -> Filing:
        core = self.sheet()("status.core") is True
        entries = {entry["id"]: entry for entry in self.current(data()["filing"])}
        rule = "core" if core and "core" in entries else self.filing_rule
        answer = {True: "yes", False: "no", None: "undetermined"}[self.counted.value]
        answer = {"core": "other_rules", "no_procedure": "no_procedure"}.get(rule, answer)
        missing = _ordered(self.counted.missing) if answer == "undetermined" else ()
        entry = entries[rule]
        return Filing(answer, rule, _texts(entry), entry["confidence"], self.cites(entry), missing)

    # ---- What follows --------------------------------------------------------------------------------------------

    def obligations(self) -> Iterator[Obligation]:
        for entry in self.current(data()["obligations"]):
            truth = self.follows(entry["when"])
            if truth.value is not False:
                months = entry.get("months")
                text = {name: said.format(months=months) for name, said in _texts(entry).items()}
                due = self.due(entry) if truth.value else None
                yield Obligation(entry["id"], bool(truth.value), due, text, entry["confidence"], self.cites(entry))

    def follows(self, when: str) -> Truth:
        """Whether what an obligation hangs on is so."""
        core = self.sheet()("status.core") is True
        counted = any_of(self.counted, Truth(core))
        if when == "counted":
            return counted
        if when == "filed":
            return both(self.counted, Truth(not core))
        if when == "declared_next":
            return both(self.important, ~counted)
        if when == "core":
            return Truth(True) if self.possible[0] == "core" else Truth(None if "core" in self.possible else False)
        if when == "handler_of_many":
            entry = next(entry for entry in self.current(data()["triggers"]) if entry["id"] == "handler_of_many")
            return both(*trigger(self.sheet(), entry))
        if when == "important_vehicle":
            sector = self.sheet()("handler.sector")
            automotive = Truth(None, frozenset({"handler.sector"})) if sector is None else Truth(sector == "automotive")
            return both(automotive, self.important)
        return Truth(True)

    def due(self, entry: Mapping[str, Any]) -> date | None:
        """The last day of a period that runs from the notice or publication, where that day is known."""
        since: date | None = self.values.get("status.since")
        if since is None or "months" not in entry or since < entry["from"]:
            return None
        return add_months(since, entry["months"])

    def sector_rules(self) -> Iterator[dict[str, Any]]:
        """Published rules of the sector, or of all sectors where it is not known."""
        sector = self.values.get("handler.sector")
        for entry in self.current(data()["sector_rules"]):
            if sector in (None, entry["sector"]):
                named = {"sector": entry["sector"], "confidence": entry["confidence"]}
                yield {**named, "text": _texts(entry), "cites": self.cites(entry)}

    def data_class(self) -> dict[str, Any] | None:
        """The class by what the data describes."""
        entry = data()["classes"].get(self.values.get("data.describes"))
        if entry is None or not _in_force(entry, self.day):
            return None
        id, known = self.values["data.describes"], entry["confidence"]
        return {"id": id, "text": _texts(entry), "confidence": known, "cites": self.cites(entry)}

    def sub_level(self) -> dict[str, Any] | None:
        """The level within general data, by the worst harm to an organisation or individual."""
        own = [self.values.get(f"harm.{what}") for what in data()["harm"]["own"]]
        if self.possible != (LEVELS[0],) or None in own or not no_public_harm(self.sheet(), {}).value:
            return None
        worst = max(own, key=lambda degree: DEGREES.index(str(degree)))
        entry = next((entry for entry in self.current(data()["sub_levels"]) if entry["degree"] == worst), None)
        if entry is None:
            return None
        text, known = _texts(entry), entry["confidence"]
        return {"level": entry["level"], "text": text, "confidence": known, "cites": self.cites(entry)}

    # ---- What is missing -----------------------------------------------------------------------------------------

    def missing(self) -> Iterator[Open]:
        level = self.level_missing() if len(self.possible) > 1 else frozenset()
        running = any(
            "months" in one and self.follows(one["when"]).value for one in self.current(data()["obligations"])
        )
        undated = running and bool(told(self.sheet(), {}).value) and "status.since" not in self.values
        parts = {
            "level": level,
            "filing": frozenset(self.filing.missing),
            "deadline": frozenset({"status.since"} if undated else ()),
        }
        for path in _ordered(frozenset[str]().union(*parts.values())):
            changes = tuple(name for name, paths in parts.items() if path in paths)
            tell = data()["tell"].get("annex_g.none" if path in factors() else path)
            yield Open(path, changes, _texts(grading_fields()[path]), dict(tell) if tell else None)


def _outcome(truth: Truth) -> str:
    return {True: "met", False: "unmet", None: "unknown"}[truth.value]


def _ordered(paths: Iterable[str]) -> tuple[str, ...]:
    held = frozenset(paths)
    return tuple(path for path in grading_fields() if path in held)


def _texts(entry: Mapping[str, Any]) -> dict[str, str]:
    return {language: entry[language] for language in LANGUAGES}


def _in_force(entry: Mapping[str, Any], day: date) -> bool:
    return bool(entry.get("from", date.min) <= day <= entry.get("to", date.max))
