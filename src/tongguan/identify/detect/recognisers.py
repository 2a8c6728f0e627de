"""The recognisers of text: ours, and those of other packages, whose proposals are checked."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from itertools import islice
from operator import index
from typing import Final, Protocol, runtime_checkable

from tongguan.identify.detect import (
    accounts,
    details,
    fhir,
    foreign,
    hl7_names,
    illnesses,
    illnesses_english,
    labelled,
    misprints,
    mixed_numerals,
    name_columns,
    names,
    neighbours,
    network,
    numbers,
    organisations,
    particulars,
    places,
    rosters,
    said,
    secrets,
    secrets_given,
    telephones,
    terms,
    tracks,
    trailers,
    wide_mail,
)
from tongguan.identify.detect.view import Candidate, View
from tongguan.model import BlindKind, BlindSpot
from tongguan.registry import FAULTS, Kind, Part
from tongguan.registry import foreign as of_others

__all__ = ["RECOGNISERS", "Guests", "Recogniser"]

_ID: Final = re.compile(r"[a-z][a-z0-9_]{1,47}")


@runtime_checkable
class Recogniser(Protocol):
    """Proposes candidates in one text, in any order. Does no I/O and keeps nothing: a text is whatever comes next."""

    def __call__(self, view: View, /) -> Iterable[Candidate]: ...


RECOGNISERS: Final = Kind[Recogniser](
    "recognisers",
    Recogniser,
    {
        "numbers": numbers.find, "foreign": foreign.find, "telephones": telephones.find, "network": network.find,
        "wide_mail": wide_mail.find, "labelled": labelled.find, "misprints": misprints.find,
        "mixed_numerals": mixed_numerals.find, "names": names.find, "name_columns": name_columns.find,
        "neighbours": neighbours.find, "places": places.find, "organisations": organisations.find,
        "particulars": particulars.find, "rosters": rosters.find, "illnesses": illnesses.find,
        "illnesses_english": illnesses_english.find, "secrets": secrets.find, "secrets_given": secrets_given.find,
        "terms": terms.find, "tracks": tracks.find, "details": details.find, "said": said.find,
        "accounts": accounts.find, "fhir": fhir.find, "hl7_names": hl7_names.find,
        "trailers": trailers.find,
    },
)  # fmt: skip


class Guests:
    """The recognisers of other packages: what they propose is checked, and one that fails costs a blind spot.

    `types`: the data types that there are. Raises BadPlugin where one cannot be used.
    """

    def __init__(self, types: Collection[str]) -> None:
        self._parts = of_others(RECOGNISERS)
        self._types = types
        self._failed: Counter[str] = Counter()

    def __bool__(self) -> bool:
        return bool(self._parts)

    def find(self, view: View) -> list[Candidate]:
        """What they propose of a text, as far as it can be used."""
        found: list[Candidate] = []
        for part in self._parts:
            try:
                found += self._checked(part, view)
            except FAULTS as error:  # it costs its findings in this text, not the run
                self._failed[f"the plug-in {part.plugin} failed: {type(error).__name__}"] += 1
        return found

    def take(self) -> list[BlindSpot]:
        """What went wrong since the last call."""
        failed, self._failed = self._failed, Counter()
        return [BlindSpot(BlindKind.UNREADABLE, "", detail, count) for detail, count in failed.items()]

    def _checked(self, part: Part[Recogniser], view: View) -> Iterator[Candidate]:
        """Its proposals up to one for each character, each found by `package:name`."""
        size, by = len(view.text), f"{part.plugin.package if part.plugin else ''}:{part.name}"
        proposed = iter(part.value(view))
        for start, end, type, score, validator, _, value in islice(proposed, size):
            start, end, score = index(start), index(end), float(score)
            if type not in self._types:
                self._failed[f"the plug-in {part.plugin} proposes a data type that there is not: {_shown(type)}"] += 1
            elif not (0 <= start < end <= size and 0 < score <= 1 and value and "\0" not in view.text[start:end]):
                self._failed[f"the plug-in {part.plugin} proposes what cannot be placed or weighed"] += 1
            else:
                yield Candidate(start, end, type, score, str(validator), by, str(value))
        if next(proposed, None) is not None:
            self._failed[f"the plug-in {part.plugin} proposes more than a text has characters"] += 1


def _shown(type: object) -> str:
    """An id as it is; anything else might be a value."""
    return type if isinstance(type, str) and _ID.fullmatch(type) else "?"
