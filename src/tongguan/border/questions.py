"""From what was seen and declared to the facts that the law asks for."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any, Literal

from tongguan.border.org import Org
from tongguan.border.summary import RecipientTotal, Summary
from tongguan.model import Activity, Count

__all__ = ["facts_for"]

Bound = Literal["count", "low", "high"]


def facts_for(
    org: Org,
    summary: Summary,
    recipient: str | None,
    as_of: date,
    bound: Bound = "count",
    activity: str | None = None,
) -> dict[str, Any]:
    """Facts for `law.decide` on one recipient, or on all exports together (None).

    Numbers of persons are the exporter's in all, whichever recipient is asked about: thresholds are not met recipient
    by recipient. `bound` takes them at the estimate, or at one of its bounds. `activity` asks about one of the
    recipient's activities, else its main one answers for it. What is not known is None. Raises KeyError for a recipient
    that the summary does not name.
    """
    total = summary.recipient(recipient) if recipient is not None else None
    personal = _personal(total) if total else _any_personal(summary)
    counted = summary.counted
    unseen = _nothing_seen([total] if total else summary.recipients)

    def persons(count: Count) -> int | None:
        number: int = getattr(count, bound)
        return None if unseen else 0 if personal is False else number

    return {
        "date": as_of,
        "exporter": {
            "ciio": org.exporter.ciio,
            "processes_persons": org.exporter.processes_persons,
            "city": org.exporter.city,
            "zone": org.exporter.zone,
        },
        "recipient": _recipient(org, summary, total),
        "data": {
            "state_secret": org.exporter.state_secrets,
            "core": org.exporter.core_data,
            "important": org.exporter.important_data,
            "personal": personal,
            "persons": persons(counted.persons),
            "sensitive_persons": persons(counted.sensitive_persons),
        },
        "activity": _activity(total, org.activities.get(activity or "")) if total else _all_together(summary),
    }


def _recipient(org: Org, summary: Summary, total: RecipientTotal | None) -> dict[str, Any]:
    total = total or _foremost(summary)
    if total is None:
        return {"country": None, "city": None, "restricted": None}
    registered = org.recipients.get(total.id)
    return {
        "country": total.party.country,
        "city": registered.city if registered else None,
        "restricted": registered.restricted if registered else None,
    }


def _foremost(summary: Summary) -> RecipientTotal | None:
    """Whose country stands for all: the greatest outside Hong Kong and Macao, whose contract of their own is no answer
    for the rest."""
    exports = [total for total in summary.recipients if total.direction == "export"]
    elsewhere = [total for total in exports if total.party.country not in ("HK", "MO")]
    return next(iter(elsewhere or exports), None)


def _personal(total: RecipientTotal) -> bool | None:
    """Whether personal data went there; unknown where some of it could not be read."""
    if total.types:
        return True
    return None if total.unread else False


def _nothing_seen(totals: Iterable[RecipientTotal]) -> bool:
    """Whether something left whose content could not be read, and no personal data was seen beside it: a count of
    nobody would then be a count of what was not looked at. What is exempt whoever it concerns does not matter."""
    counted = [total for total in totals if not total.exempt]
    return any(total.unread for total in counted) and not any(total.types for total in counted)


def _any_personal(summary: Summary) -> bool | None:
    found = [_personal(total) for total in summary.recipients]
    if True in found or summary.counted.persons.high or summary.counted.sensitive_persons.high:
        return True
    return None if None in found else False


def _activity(total: RecipientTotal, one: Activity | None) -> dict[str, Any]:
    main = one or (total.main.activity if total.main and not total.undeclared else None)
    facts: dict[str, Any] = {"act": "remote_access" if total.acts == ("remote_access",) else "transmission"}
    if main is not None:
        facts |= {
            "ground": main.ground,
            "conditions": dict(main.conditions),
            "on_zone_list": main.on_zone_list,
            "zone_list_part": main.zone_list_part,
            "zone_scenario": main.scenario,
            "foreign_authority_request": False,  # a declared purpose is another one
        }
    return facts


def _all_together(summary: Summary) -> dict[str, Any]:
    """Whether anything left at all: unknown where all that may have is of an undetermined place."""
    acts = {act for total in summary.recipients if total.direction == "export" for act in total.acts}
    if not acts:
        return {"act": None if summary.coverage.directions.get("undetermined") else "none"}
    return {"act": "remote_access" if acts == {"remote_access"} else "transmission"}
