"""The particulars of an alert of a completed result: who, how many, since when, held against what."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from tongguan.casework.report.words import Words

__all__ = ["particulars", "recipient_name"]


def particulars(alert: dict[str, Any], result: dict[str, Any], words: Words) -> list[tuple[str, str]]:
    """Names and values, only those that the alert has."""
    found = []
    if alert["recipient"]:
        found.append((words("recipient"), recipient_name(result, alert["recipient"])))
    if alert["activity"]:
        found.append((words("recipient.activity"), alert["activity"]))
    return found + list(_detail(alert["detail"], result, words))


def recipient_name(result: dict[str, Any], id: str) -> str:
    """Alerts name a recipient by its id."""
    return next((one["name"] or id for one in result["recipients"] if one["id"] == id), id)


def _detail(detail: Mapping[str, Any], result: dict[str, Any], words: Words) -> Iterator[tuple[str, str]]:
    if policy := detail.get("policy"):
        yield words("particular.policy"), words.aside(detail["title"], f"{policy}/{detail['policy_rule']}")
        yield words("particular.found"), words.exact(detail["found"])
    if types := detail.get("types"):
        counts = detail.get("type_persons") or {}
        texts = [words.aside(words.type(t), words.exact(counts[t])) if t in counts else words.type(t) for t in types]
        yield words("types"), words("list.join").join(texts)
    for what in ("persons", "sensitive_persons"):
        if isinstance(found := detail.get(what), Mapping):
            yield words(f"filed.{what}"), _persons(found, words)
    if (crossings := detail.get("crossings")) is not None:
        yield words("crossings"), words.exact(crossings)
    if detail.get("starts") or detail.get("ends"):
        first, last = (detail.get(key) or "…" for key in ("starts", "ends"))
        yield words("particular.period"), words("range", first=first, last=last)
    if pathway := detail.get("pathway"):
        yield words("particular.asked"), words.pathway(pathway)
    if activities := detail.get("activities"):
        yield words("recipient.activity"), words("list.join").join(_activity(a, result, words) for a in activities)


def _persons(found: Mapping[str, Any], words: Words) -> str:
    """A count with its bounds; where a filing is known, held against it."""
    if "seen" not in found:
        return words.aside(words.exact(found["count"]), words.bounds(found))
    seen = words.aside(words.exact(found["seen"]["count"]), words.bounds(found["seen"]))
    return words("particular.filed", seen=seen, filed=words.exact(found["filed"]))


def _activity(activity: Mapping[str, Any], result: dict[str, Any], words: Words) -> str:
    filed = words.pathway(activity["filed"]) if activity.get("filed") else words("filed.missing")
    return words.aside(activity["id"], f"{recipient_name(result, activity['recipient'])} · {words('filed')} {filed}")
