"""What columns say of each other: identifiers beside a column, days and sexes that an identity card repeats, pairs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from tongguan.identify.tables import kernel
from tongguan.identify.tables.looks import Looks
from tongguan.identify.tables.naming import read_comment, read_name, read_table
from tongguan.identify.tables.rules import ATTRIBUTES, PERSON_COLUMNS, RULES
from tongguan.identify.tables.verdict import Column, Table
from tongguan.identify.tables.weighing import PRIOR, Candidate, percent, said
from tongguan.identify.types import TYPES

__all__ = ["listen"]

_SURE: Final = 0.7
_AGREE: Final = 0.8  # share of rows that must say the same
_ROWS: Final = 3
_VARIOUS, _DAYS = 0.3, 3000  # share, and number, of days that differ among days of birth
_LIFETIME: Final = 20  # years over which days of birth are spread at least
_GROWN: Final = 15  # years that half of them lie back at least
_SEXES: Final = (("1", "男", "m", "male", "男性"), ("2", "0", "女", "f", "female", "女性"))


def listen(table: Table, looks: Sequence[Looks], candidates: Sequence[list[Candidate]], today: int) -> None:
    """Add to every candidate what its neighbours say, and candidates that only they speak for. `today`: yyyymmdd."""
    sure = {i: found[0].type for i, found in enumerate(candidates) if found and found[0].score >= _SURE}
    persons = [i for i, type in sure.items() if type in PERSON_COLUMNS | ATTRIBUTES]
    about = read_table(table.name) or read_table(table.comment or "")
    cards = [i for i, type in sure.items() if type == "id_card"]
    for i, found in enumerate(candidates):
        beside = [j for j in persons if j != i]
        _by_cards(i, looks, found, cards)
        _by_spread(looks[i], found, bool(beside), today, table.columns[i])
        for candidate in found:
            _by_context(candidate, [table.columns[j].name for j in beside], about)
        found.sort(key=lambda c: -c.points)
    _pairs(table, looks, candidates)


def _by_context(candidate: Candidate, beside: Sequence[str], about: int) -> None:
    """Persons known in the table make what is said of persons likelier, a table of things less so."""
    if TYPES[candidate.type].category == "non_personal":
        return
    if beside and candidate.type != "ip":
        columns = ", ".join(beside[:3])
        points = 1.0 if len(beside) == 1 else 1.5
        candidate.extra.append(said("neighbours", points, "persons_beside", columns=columns))
    elif about > 0:
        candidate.extra.append(said("neighbours", 1.0, "table_persons"))
    elif about == 0 and RULES[candidate.type].attribute:
        candidate.extra.append(said("neighbours", -1.0, "nobody_beside"))
    elif about < 0 and not beside:
        points = -6.0 if RULES[candidate.type].attribute else -1.0
        candidate.extra.append(said("neighbours", points, "table_things"))


def _by_spread(looks: Looks, found: list[Candidate], beside: bool, today: int, column: Column) -> None:
    """Days without times that run over a lifetime and mostly lie far back, beside columns of persons."""
    if not beside or any(c.type == "birth_date" for c in found):
        return
    fits = looks.has(kernel.DATE) & (looks.days >= 19000101) & (looks.days <= today)
    various = min(_VARIOUS * looks.cells.filled, _DAYS)  # terms and editions begin on the same days again and again
    if looks.share(fits) < 0.95 or looks.distinct < max(_ROWS * 4, various):
        return
    years = np.sort(np.repeat(looks.days[fits] // 10000, np.minimum(looks.cells.counts[fits], 1000)))
    first, middle, last = (int(years[int(q * (len(years) - 1))]) for q in (0.05, 0.5, 0.95))
    if last - first < _LIFETIME or today // 10000 - middle < _GROWN:
        return
    candidate = Candidate("birth_date", [said("values", PRIOR, "rare", type="birth_date")], fits, False)
    candidate.parts.append(said("values", 3.5, "spread", first=first, last=last))
    readings = (read_name(column.name), read_comment(column.comment or ""))
    if word := next((w for r in readings for w in (r.number, r.turned) if w), None):
        candidate.parts.append(said("name", -2.5, "number", word=word))
    found.append(candidate)


def _by_cards(i: int, looks: Sequence[Looks], found: list[Candidate], cards: Sequence[int]) -> None:
    """Row by row: whether the day or sex of a column is the one in the identity card."""
    for card in cards:
        if card == i or len(looks[card].cells.codes) != len(looks[i].cells.codes):
            continue
        dated = looks[i].has(kernel.DATE | kernel.DATETIME)
        if dated.any():
            days = np.where(dated, looks[i].days, 0)
            _add(found, "birth_date", _agreement(looks[i], days, looks[card], looks[card].days), "born_by_card", dated)
        if 0 < looks[i].distinct <= len(_SEXES) * 5 and looks[i].size.max(initial=0) <= 6:
            sexes = _sexes(looks[i])
            if (sexes > 0).any():
                male = np.where(looks[card].days > 0, np.where(looks[card].male, 1, 2), 0).astype(np.int32)
                share = _agreement(looks[i], sexes, looks[card], male)
                _add(found, "gender", share if len(np.unique(sexes[sexes > 0])) > 1 else 0.0, "sex_by_card", sexes > 0)


def _sexes(looks: Looks) -> NDArray[np.int32]:
    sexes = np.zeros(looks.distinct, np.int32)
    for place, text in enumerate(looks.cells.texts.to_pylist()):
        sexes[place] = next((k for k, words in enumerate(_SEXES, start=1) if text.lower() in words), 0)
    return sexes


def _agreement(one: Looks, its: NDArray[np.int32], other: Looks, others: NDArray[np.int32]) -> float:
    """The share of the rows that have both in which both say the same; 0 where they are few."""
    left, right = np.append(its, 0)[one.cells.codes], np.append(others, 0)[other.cells.codes]
    both = (left > 0) & (right > 0)
    return float((left == right)[both].mean()) if int(both.sum()) >= _ROWS else 0.0


def _add(found: list[Candidate], type: str, share: float, key: str, fits: NDArray[np.bool_]) -> None:
    if share < _AGREE:
        return
    part = said("neighbours", 6.0, key, share=percent(share))
    for candidate in found:
        if candidate.type == type:
            candidate.extra.append(part)
            return
    found.append(Candidate(type, [said("values", PRIOR, "rare", type=type)], fits, False, extra=[part]))


def _pairs(table: Table, looks: Sequence[Looks], candidates: Sequence[list[Candidate]]) -> None:
    """Neighbouring columns of fractions of which one is a latitude of China and the other a longitude."""
    fractions = [_are_fractions(look) for look in looks]
    for i in range(len(candidates) - 1):
        both = fractions[i] and fractions[i + 1]
        if not both or any(candidates[j] and candidates[j][0].score >= 0.5 for j in (i, i + 1)):
            continue
        one, other = _degrees(looks[i]), _degrees(looks[i + 1])
        if len(one) < _ROWS or len(other) < _ROWS:
            continue
        if one.mean() > other.mean():
            one, other = other, one
        if (
            one.min() >= 3
            and one.max() <= 54
            and other.min() >= 73
            and other.max() <= 136
            and _fine(one)
            and _fine(other)
        ):
            for j, beside in ((i, i + 1), (i + 1, i)):
                fits = looks[j].has(kernel.DECIMAL)
                pair = said("neighbours", 4.5, "pair", column=table.columns[beside].name)
                rare = said("values", PRIOR, "rare", type="location")
                candidates[j].insert(0, Candidate("location", [rare], fits, False, extra=[pair]))


def _are_fractions(looks: Looks) -> bool:
    if looks.cells.numbers is not None:
        return True
    return looks.distinct > 0 and looks.share(looks.has(kernel.DECIMAL)) >= 0.95


def _degrees(looks: Looks) -> NDArray[np.float64]:
    if looks.cells.numbers is not None:
        return looks.cells.numbers
    texts = looks.cells.texts.filter(looks.has(kernel.DECIMAL))
    degrees: NDArray[np.float64] = texts.cast("float64").to_numpy(zero_copy_only=False)
    return degrees


def _fine(numbers: NDArray[np.float64]) -> bool:
    """Whether most are given to a ten-thousandth at least: some eleven metres."""
    scaled = numbers * 1000
    return bool((np.abs(scaled - np.round(scaled)) > 1e-6).mean() > 0.7)
