"""A table judged whole, a stretch of rows at a time, and what the stretches say together.

Each stretch is judged as a table of its own. What columns are is what most of the rows say; what else any stretch
shows in them is found within them. Persons are counted by the keyed hashes of the column that ties rows to them. All of
it can be written down and gone on with: it holds no values, but those hashes and masked samples.
"""

from __future__ import annotations

import json
from base64 import b85decode, b85encode
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from itertools import chain
from typing import Any

from tongguan.capture.stores import Sample, Unseen
from tongguan.casework.assets.judged import Judged, JudgedColumn, Persons, highest
from tongguan.identify.counting import Distinct
from tongguan.model import BlindKind

__all__ = ["Stretch", "Together"]

SAMPLES = 3


@dataclass(frozen=True, slots=True)
class Stretch:
    """Some rows of a table as judged, before any rule. `subject`: the column that ties rows to persons and its type;
    `digests`: keyed hashes of its values, 16 bytes each, one after the other; `without`: rows that have none."""

    judged: Judged
    subject: tuple[int, str] | None = None
    digests: bytes = b""
    without: int = 0


@dataclass(slots=True)
class _Subject:
    known: Distinct = field(default_factory=Distinct)
    rows: int = 0


@dataclass(slots=True)
class _Column:
    """What the stretches say of one column."""

    about: dict[str | None, JudgedColumn] = field(default_factory=dict)  # of the first stretch that says so
    rows: Counter[str | None] = field(default_factory=Counter)  # by the type that the column is there
    inside: dict[str, None] = field(default_factory=dict)
    samples: dict[str, None] = field(default_factory=dict)
    found: int = 0
    levels: list[str | None] = field(default_factory=list)
    sensitive: bool = False

    def add(self, column: JudgedColumn) -> None:
        self.about.setdefault(column.found_type, column)
        self.rows[column.found_type] += column.found
        self.inside.update(dict.fromkeys(column.inside))
        self.found += column.found
        self.levels = [highest((*self.levels, column.found_level))]
        self.sensitive |= column.found_sensitive
        if len(self.samples) < SAMPLES:
            self.samples.update(dict.fromkeys(column.samples))

    def state(self) -> dict[str, Any]:
        types = list(self.about)
        return {
            "about": [[type, asdict(self.about[type]), self.rows[type]] for type in types], "inside": list(self.inside),
            "samples": list(self.samples), "found": self.found, "level": self.levels, "sensitive": self.sensitive,
        }  # fmt: skip

    @classmethod
    def of(cls, state: Mapping[str, Any]) -> _Column:
        about = {type: _judged_column(column) for type, column, _ in state["about"]}
        rows = Counter({type: count for type, _, count in state["about"]})
        inside, samples = dict.fromkeys(state["inside"]), dict.fromkeys(state["samples"])
        return cls(about, rows, inside, samples, state["found"], state["level"], state["sensitive"])

    def judged(self) -> JudgedColumn:
        type = max(self.rows, key=lambda one: (self.rows[one], one is not None))
        chosen = self.about[type]
        others = (one for one in self.rows if one is not None and one != type)
        level = highest(self.levels)
        return replace(
            chosen, inside=tuple(dict.fromkeys(chain(self.inside, others))), found=self.found, level=level,
            sensitive=self.sensitive, found_level=level, found_sensitive=self.sensitive,
            samples=chosen.samples or tuple(self.samples)[:SAMPLES],
        )  # fmt: skip


class Together:
    """The stretches of one table, in whatever order they were judged."""

    def __init__(self) -> None:
        self.rows = 0
        self._first: Judged | None = None
        self._stretches = 0
        self._columns: list[_Column] = []
        self._subjects: dict[tuple[int, str], _Subject] = {}
        self._without = 0
        self._persons = Persons()  # of stretches in which no column ties rows to persons by their hashes
        self._combinations: dict[tuple[object, ...], dict[str, object]] = {}
        self._levels: list[str | None] = []
        self._unseen: dict[tuple[str, str, str, BlindKind | None], Unseen] = {}

    @property
    def none(self) -> bool:
        """Whether nothing came yet; an empty table is one stretch."""
        return self._first is None

    def add(self, stretch: Stretch) -> bool:
        """False where its columns are others than those of the stretches before it: the table was changed."""
        judged = stretch.judged
        if self._first is None:
            self._first = judged
            self._columns = [_Column() for _ in judged.columns]
        elif judged.schema != self._first.schema:
            return False
        rows = judged.sample.rows if judged.sample else 0
        self.rows += rows
        self._stretches += 1
        for known, column in zip(self._columns, judged.columns, strict=True):
            known.add(column)
        if stretch.subject is not None:
            subject = self._subjects.setdefault(stretch.subject, _Subject())
            subject.known.add_packed(stretch.digests)
            subject.rows += rows - stretch.without
            self._without += stretch.without
        else:
            self._persons = _sum(self._persons, judged.persons)
        for one in judged.combinations:
            self._combinations.setdefault((one["rule"], *one["columns"]), dict(one))
        self._levels = [highest((*self._levels, judged.found_level))]
        for spot in judged.unseen:
            self._add_unseen(spot)
        return True

    def state(self) -> bytes:
        """All of it, to be gone on with by `of`. Nothing but numbers, types, masked samples and keyed hashes."""
        assert self._first is not None
        first = self._first
        told = {
            "rows": self.rows, "stretches": self._stretches, "without": self._without, "levels": self._levels,
            "first": {
                "columns": [asdict(column) for column in first.columns], "persons": asdict(first.persons),
                "combinations": first.combinations, "found_level": first.found_level,
                "unseen": [asdict(one) for one in first.unseen],
            },
            "columns": [column.state() for column in self._columns], "persons": asdict(self._persons),
            "subjects": [[*key, one.rows, b85encode(one.known.packed()).decode()]
                         for key, one in self._subjects.items()],
            "combinations": list(self._combinations.values()), "unseen": [asdict(one) for one in self._unseen.values()],
        }  # fmt: skip
        return json.dumps(told, ensure_ascii=False).encode()

    @classmethod
    def of(cls, state: bytes) -> Together:
        told, made = json.loads(state), cls()
        first = told["first"]
        made._first = Judged(
            tuple(map(_judged_column, first["columns"])), persons=Persons(**first["persons"]),
            combinations=tuple(first["combinations"]), found_level=first["found_level"],
            unseen=tuple(map(_unseen, first["unseen"])),
        )  # fmt: skip
        made.rows, made._stretches, made._without = told["rows"], told["stretches"], told["without"]
        made._levels, made._persons = told["levels"], Persons(**told["persons"])
        made._columns = [_Column.of(column) for column in told["columns"]]
        for place, type, rows, packed in told["subjects"]:
            made._subjects[place, type] = _Subject(Distinct.of_packed(b85decode(packed)), rows)
        for one in told["combinations"]:
            made._combinations[(one["rule"], *one["columns"])] = one
        for spot in map(_unseen, told["unseen"]):
            made._add_unseen(spot)
        return made

    def judged(self, unseen: Sequence[Unseen] = ()) -> Judged:
        """All that was read, before any rule. `unseen`: why the table was not read to its end, if it was not."""
        assert self._first is not None
        for spot in unseen:
            self._add_unseen(spot)
        sample = Sample("head", self.rows, None) if unseen else Sample("whole", self.rows, self.rows, True, self.rows)
        if self._stretches == 1 and not unseen:
            return replace(self._first, sample=sample, rows=sample.of)
        columns = tuple(column.judged() for column in self._columns)
        return replace(
            self._first, columns=columns, persons=self._counted(), sample=sample, rows=sample.of,
            unseen=tuple(self._unseen.values()), combinations=tuple(self._combinations.values()),
            found_level=highest((*self._levels, *(column.found_level for column in columns))),
        )  # fmt: skip

    def _counted(self) -> Persons:
        """By the column that ties most rows to persons; rows that only others tie to them may be of further ones."""
        if not self._subjects:
            return self._persons
        chosen = max(self._subjects.values(), key=lambda one: one.rows)
        others = sum(one.rows for one in self._subjects.values() if one is not chosen)
        count, low, high = chosen.known.bounds
        return Persons(count, low, high + others + self._without + self._persons.high)

    def _add_unseen(self, spot: Unseen) -> None:
        key = spot.reason, spot.where, spot.detail, spot.kind
        known = self._unseen.get(key)
        self._unseen[key] = (
            replace(spot, count=spot.count + known.count, size=spot.size + known.size) if known else spot
        )


def _judged_column(told: Mapping[str, Any]) -> JudgedColumn:
    values: dict[str, Any] = {name: tuple(one) if isinstance(one, list) else one for name, one in told.items()}
    return JudgedColumn(**values)


def _unseen(told: Mapping[str, Any]) -> Unseen:
    return Unseen(**{**told, "kind": BlindKind(told["kind"]) if told["kind"] else None})


def _sum(one: Persons, other: Persons) -> Persons:
    """Persons of two stretches may be the same ones."""
    return Persons(max(one.count, other.count), max(one.low, other.low), one.high + other.high)
