"""The legal lines of a day as zones of a gauge."""

from __future__ import annotations

from datetime import date

from tongguan import law
from tongguan.casework.report.pictures import Zone
from tongguan.casework.report.words import Words

__all__ = ["zones"]


def zones(as_of: str, what: str, words: Words) -> list[Zone]:
    """Of `persons` or `sensitive_persons`; empty where the rules of that day set no line.

    With two lines, one needs nothing below the first, a contract or certification above it, an assessment above the
    second. With one (the 2022 rules) it is the line of the assessment.
    """
    try:
        lines = law.thresholds(date.fromisoformat(as_of))[what]
    except (ValueError, KeyError):
        return []
    paths = ("exempt", "standard_contract_or_certification", "security_assessment")[-1 - len(lines) :]
    labels = [words.pathway(path) for path in paths]
    if len(lines) == 1:
        paths, labels = ("not_export", paths[-1]), [words("lines.below"), labels[-1]]
    starts = (0, *lines)
    return (
        [Zone(start, words.line(start), label, path) for start, label, path in zip(starts, labels, paths, strict=False)]
        if lines
        else []
    )
