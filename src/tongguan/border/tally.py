"""What was found in one exchange, by type: in bounded memory however much it is."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from tongguan.identify.counting import Distinct
from tongguan.model import Finding

__all__ = ["SAMPLES", "OfType", "Tally"]

SAMPLES = 5
"""Masked samples kept of one type in one exchange."""


@dataclass(slots=True)
class OfType:
    """The findings of one type. `samples`: the first values, masked, by their digests."""

    level: str
    category: str
    count: int = 0
    sensitive: bool = False
    samples: dict[bytes, str] = field(default_factory=dict)
    distinct: Distinct = field(default_factory=Distinct)

    def add(self, findings: list[Finding]) -> None:
        self.count += len(findings)
        self.sensitive = self.sensitive or any(finding.sensitive for finding in findings)
        self.distinct.add(finding.digest for finding in findings)
        for finding in findings:
            if len(self.samples) >= SAMPLES:
                break
            self.samples.setdefault(finding.digest, finding.masked)


class Tally:
    """The findings of one exchange as they come, a piece at a time."""

    def __init__(self, findings: Iterable[Finding] = ()) -> None:
        self.types: dict[str, OfType] = {}
        self.add(findings)

    def add(self, findings: Iterable[Finding]) -> None:
        """Findings of a further piece."""
        grouped: dict[str, list[Finding]] = {}
        for finding in findings:
            grouped.setdefault(finding.type, []).append(finding)
        for type, group in grouped.items():
            if type not in self.types:
                self.types[type] = OfType(group[0].level, group[0].category)
            self.types[type].add(group)

    def __len__(self) -> int:
        return sum(one.count for one in self.types.values())

    @property
    def sensitive(self) -> list[str]:
        """The types of which a finding is sensitive, in order."""
        return sorted(type for type, one in self.types.items() if one.sensitive)
