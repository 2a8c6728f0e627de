"""Facts as a rule sees them: a known fact has a value, an unknown one stops the rule and says what it could be."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from tongguan.law.book import Page, book

__all__ = ["Assumption", "Range", "Unknown", "View"]


class Range(NamedTuple):
    """Whole numbers from `low` to `high`, both inclusive; no `high` means any number from `low` on."""

    low: int
    high: int | None

    def overlaps(self, other: Range) -> bool:
        return (self.high is None or other.low <= self.high) and (other.high is None or self.low <= other.high)


Assumption = bool | str | Range
ANY_NUMBER = Range(0, None)
# One value stands for all that no rule tells apart: every act but "none", every country but the mainland.
POSSIBLE: dict[str, tuple[str, ...]] = {
    "activity.act": ("transmission", "none"),
    "recipient.country": ("abroad", "CN"),
}
YES_OR_NO: tuple[bool, ...] = (True, False)


class Unknown(Exception):
    """A rule needs a fact that nobody gave. `alternatives` cover, without overlap, all that it could be."""

    def __init__(self, path: str, alternatives: tuple[Assumption, ...]) -> None:
        super().__init__(path)
        self.path = path
        self.alternatives = alternatives


class View:
    """The facts given and those assumed, on one page of the book. `reads` collects the given facts looked at."""

    __slots__ = ("assumed", "given", "page", "readings", "reads")

    def __init__(
        self, page: Page, given: Mapping[str, Any], readings: Mapping[str, str], assumed: Mapping[str, Assumption]
    ) -> None:
        self.page = page
        self.given = given
        self.readings = readings
        self.assumed = assumed
        self.reads: dict[str, Any] = {}

    def __call__(self, path: str, possible: tuple[Assumption, ...] = ()) -> Any:
        """A fact's value. An absent claim is not made (None); any other absent fact raises Unknown."""
        value = self.given.get(path)
        if value is not None:
            self.reads[path] = value
            return value
        if path in self.assumed:
            return self.assumed[path]
        if possible:
            raise Unknown(path, possible)
        if path in book().claims:
            return None
        if path == "data.personal" and self._somebody_counted():
            return True
        raise Unknown(path, POSSIBLE.get(path, YES_OR_NO))

    def at_least(self, path: str, threshold: int) -> bool:
        """Whether a number reaches a threshold. An unknown one is cut there into two ranges."""
        value = self.given.get(path)
        if value is not None:
            self.reads[path] = value
            return bool(value >= threshold)
        so_far = self.assumed.get(path, ANY_NUMBER)
        assert isinstance(so_far, Range)
        if so_far.low >= threshold:
            return True
        if so_far.high is not None and so_far.high < threshold:
            return False
        raise Unknown(path, (Range(so_far.low, threshold - 1), Range(threshold, so_far.high)))

    def known(self, path: str) -> bool:
        """Whether the fact was given."""
        return path in self.given

    def number(self, name: str) -> int:
        """A number of the law on that day."""
        return self.page.numbers[name]

    def _somebody_counted(self) -> bool:
        for path in ("data.persons", "data.sensitive_persons"):
            if self.given.get(path):
                self.reads[path] = self.given[path]
                return True
        return False
