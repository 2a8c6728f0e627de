"""Regression cases of corrections: the column as it was judged then, and what the result must be since."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tongguan.identify.tables import TableVerdict
from tongguan.identify.templates.classifying import classify
from tongguan.identify.templates.corrections import Exception_, judged_then
from tongguan.identify.templates.pack import Template
from tongguan.identify.templates.policy import Policy

__all__ = ["Case", "Outcome", "cases"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """Whether a case comes out as it was corrected."""

    ok: bool
    expected: Mapping[str, Any]
    got: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Case:
    """A regression case: what the judge saw then, and what the result must be since."""

    exception: str
    verdict: TableVerdict  # the table as it was judged, with nothing but the column in question
    expected: Mapping[str, Any]  # type, level, sensitive

    def check(
        self, templates: tuple[Template, ...], *, policy: Policy | None = None, exceptions: Sequence[Exception_] = ()
    ) -> Outcome:
        """Judge the case again under the given templates and exceptions."""
        (column,) = classify(self.verdict, templates, policy=policy, exceptions=exceptions).columns
        got = {"type": column.type, "level": column.level, "sensitive": column.sensitive}
        got = {key: got[key] for key in self.expected}
        return Outcome(got == dict(self.expected), self.expected, got)


def cases(exceptions: Sequence[Exception_]) -> tuple[Case, ...]:
    """One case for each correction."""
    return tuple(Case(e.id, judged_then(e), e.case["expected"]) for e in exceptions)
