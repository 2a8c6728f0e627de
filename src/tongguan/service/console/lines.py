"""The legal lines that counts of persons are held against, as the law of a day has them."""

from __future__ import annotations

from datetime import date

from tongguan import law
from tongguan.model import Pathway
from tongguan.service.console.workspace import Row

__all__ = ["legal_lines", "zones"]

FROM_ONE = 1  # a line of one person is no place on a scale: the first zone says it instead


def legal_lines(day: str) -> Row:
    """Persons whose data is not sensitive, and persons whose data is, each ascending; empty where there are none."""
    lines = law.thresholds(date.fromisoformat(day))
    return {name: [line for line in lines[name] if line > FROM_ONE] for name in ("persons", "sensitive_persons")}


def zones(lines: list[int], name: str) -> list[str]:
    """The pathway between each two lines: from nothing up to the assessment."""
    whole = [Pathway.EXEMPT, Pathway.CONTRACT_OR_CERTIFICATION, Pathway.SECURITY_ASSESSMENT]
    return [str(pathway) for pathway in whole[len(whole) - len(lines) - 1 :]]
