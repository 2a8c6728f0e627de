"""What changed of a unit between two scans."""

from __future__ import annotations

from dataclasses import dataclass

from tongguan.casework.assets.judged import LEVELS

__all__ = ["WHAT", "Was", "changes_between"]

WHAT = ("new", "back", "gone", "schema", "grade_up", "grade_down", "types_more", "types_less", "lapsed")


@dataclass(frozen=True, slots=True)
class Was:
    """What was known of a unit."""

    read: bool = False
    schema: str = ""
    level: str | None = None
    types: tuple[str, ...] = ()


def changes_between(was: Was, now: Was) -> list[tuple[str, str, str]]:
    """Each as (what, before, after), in the order of WHAT; empty where only the data changed."""
    found: list[tuple[str, str, str]] = []
    if was.schema != now.schema:
        before, after = set(was.schema.split("\n")), set(now.schema.split("\n"))
        found.append(("schema", _names(before - after), _names(after - before)))
    if (moved := _rank(now.level) - _rank(was.level)) != 0:
        found.append(("grade_up" if moved > 0 else "grade_down", was.level or "", now.level or ""))
    if more := sorted(set(now.types) - set(was.types)):
        found.append(("types_more", "", ",".join(more)))
    if less := sorted(set(was.types) - set(now.types)):
        found.append(("types_less", ",".join(less), ""))
    return found


def _rank(level: str | None) -> int:
    return LEVELS.index(level) if level in LEVELS else -1


def _names(lines: set[str]) -> str:
    return ", ".join(sorted(line.partition("\t")[0] for line in lines if line))[:1000]
