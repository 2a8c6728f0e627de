"""What waits for a person: read off the recipients, most pressing first."""

from __future__ import annotations

from datetime import timedelta

from tongguan.service.console import figures
from tongguan.service.console.workspace import Row

__all__ = ["REMIND_DAYS", "same_recipient", "tasks"]

REMIND_DAYS = 60  # how long before an approval ends it is called to mind
_ORDER = {"high": 0, "mid": 1, "low": 2}


def tasks(result: Row) -> list[Row]:
    """Each with its kind, severity, recipient, the alert that it comes from if any, and a day where there is one."""
    found: list[Row] = []
    for recipient in result["recipients"]:
        alerts = [a for a in result["alerts"] if same_recipient(a["recipient"], recipient)]
        for alert in alerts:
            found.append(_task("alert", alert["severity"], recipient, alert=alert))
        if recipient["decision"]["pathway"] == "undetermined" and recipient["decision"]["missing"]:
            found.append(_task("facts", "mid", recipient, missing=recipient["decision"]["missing"]))
        if task := _expiry(recipient, result["as_of"]):
            found.append(task)
    return sorted(found, key=lambda task: (_ORDER.get(task["severity"], 3), task["kind"]))


def same_recipient(named: str | None, recipient: Row) -> bool:
    """Whether an alert's recipient, an id or a name, is this one."""
    return bool(named) and named in (recipient["id"], recipient["name"])


def _task(kind: str, severity: str, recipient: Row, **more: object) -> Row:
    key = recipient["id"] or recipient["name"]
    plain: Row = {"kind": kind, "severity": severity, "recipient": recipient["name"], "key": key}
    return {**plain, "alert": None, "missing": [], "due": None, "days": None, **more}


def _expiry(recipient: Row, as_of: str) -> Row | None:
    today, ends = figures.day(as_of), figures.day((recipient.get("filed") or {}).get("expires"))
    if today is None or ends is None or ends - today > timedelta(days=REMIND_DAYS):
        return None
    left = (ends - today).days
    return _task("expires", "high" if left < 0 else "mid", recipient, due=ends.isoformat(), days=left)
