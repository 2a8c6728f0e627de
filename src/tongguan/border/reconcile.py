"""Observed held against filed: each difference is an alert with its evidence, and one root cause raises one alert."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from hashlib import sha256
from typing import Any

from tongguan import law
from tongguan.border.citations import citations
from tongguan.border.evidence import SHOWN, Evidence, Shown, gather
from tongguan.border.ledger import Ledger
from tongguan.border.org import Org
from tongguan.border.policies import policy_alerts
from tongguan.border.questions import facts_for
from tongguan.border.summary import ActivityTotal, RecipientTotal, Summary, count_dict
from tongguan.identify.types import TYPES
from tongguan.model import Alert, Citation, Decision, Pathway
from tongguan.wording import LANGUAGES, wording

__all__ = ["alert_dict", "differences", "reconcile"]

_RANK = {"high": 0, "mid": 1, "low": 2}
_HEAVIEST = "security_assessment"  # may be applied for voluntarily
_NO_DUTY = (Pathway.EXEMPT, Pathway.NOT_EXPORT)
_NO_ANSWER = (Pathway.UNDETERMINED, Pathway.NO_ROUTE)


def reconcile(org: Org, summary: Summary, as_of: date, ledger: Ledger) -> list[Alert]:
    """Where what was seen and what was filed differ, the gravest first.

    Rules: recipient_unknown, type_not_filed, scale_above_filed, activity_expired, path_not_taken, and policy_matched,
    one for each rule of a policy. An export that nobody
    declared is only that: its path and its scale are asked about once it is declared.
    """
    shown = gather(ledger, summary.window, org.activities.values())
    alerts = [alert for total in summary.recipients for alert in _of_recipient(shown, total)]
    alerts += _paths(org, summary, as_of, shown)
    alerts += policy_alerts(ledger, summary.window)
    return sorted(
        alerts, key=lambda alert: (_RANK[alert.severity], alert.rule, alert.recipient or "", alert.activity or "")
    )


def _of_recipient(evidence: Shown, total: RecipientTotal) -> Iterator[Alert]:
    if total.undeclared:
        yield _unknown(evidence, total)
    for activity in total.activities:
        yield from _types(evidence, total, activity)
        yield from _scale(evidence, total, activity)
        yield from _period(evidence, total, activity)


def _unknown(evidence: Shown, total: RecipientTotal) -> Alert:
    """Personal data went to somebody who is not in the register, or under no declared activity."""
    cause = "undeclared" if total.registered else "unregistered"
    if total.direction == "undetermined":
        cause = "undetermined"
    types = [type for type in total.types if (total.id, None, False, type) in evidence]
    return Alert(
        rule="recipient_unknown",
        severity="mid" if cause == "undetermined" else "high",
        title=wording(__package__).both(f"recipient_unknown.{cause}", recipient=total.party.name),
        recipient=total.id,
        activity=None,
        evidence=_shown(evidence, total.id, None, types),
        citations=citations("recipient_unknown", None),
        detail={
            "cause": cause,
            "types": types,
            "persons": count_dict(total.seen.persons),
            "crossings": total.undeclared,
        },
    )


def _types(evidence: Shown, total: RecipientTotal, seen: ActivityTotal) -> Iterator[Alert]:
    """Personal data of types that the activity did not declare."""
    extra = tuple(type for type in seen.types if type not in seen.activity.types)
    if not extra:
        return
    grave = any(type in seen.sensitive_types or TYPES[type].strength == "document" for type in extra)
    names = {"zh": "、".join(TYPES[type].zh for type in extra), "en": ", ".join(TYPES[type].en for type in extra)}
    yield Alert(
        rule="type_not_filed",
        severity="high" if grave else "mid",
        title={
            language: wording(__package__).text(
                "type_not_filed", language, types=names[language], recipient=total.party.name
            )
            for language in LANGUAGES
        },
        recipient=total.id,
        activity=seen.activity.id,
        evidence=_shown(evidence, total.id, seen.activity.id, extra),
        citations=citations("type_not_filed", seen.activity.approval),
        detail={
            "types": list(extra),
            "filed": list(seen.activity.types),
            "type_persons": {type: total.type_persons.get(type, 0) for type in extra},
        },
    )


def _scale(evidence: Shown, total: RecipientTotal, seen: ActivityTotal) -> Iterator[Alert]:
    """More persons than were filed. The persons with sensitive data decide the title where both are more."""
    approval = seen.activity.approval
    if approval is None:
        return
    above = {
        name: (filed, count)
        for name, filed, count in (
            ("sensitive_persons", approval.sensitive_persons, seen.seen.sensitive_persons),
            ("persons", approval.persons, seen.seen.persons),
        )
        if filed is not None and count.count > filed
    }
    if not above:
        return
    name, (filed, count) = next(iter(above.items()))
    sensitive = name == "sensitive_persons"
    yield Alert(
        rule="scale_above_filed",
        severity="high" if sensitive else "mid",
        title=wording(__package__).both(
            "scale_above_filed.sensitive" if sensitive else "scale_above_filed",
            recipient=total.party.name,
            filed=f"{filed:,}",
            seen=f"{count.count:,}",
        ),
        recipient=total.id,
        activity=seen.activity.id,
        evidence=_shown(evidence, total.id, seen.activity.id, seen.sensitive_types if sensitive else seen.types),
        citations=citations("scale_above_filed", approval),
        detail={key: {"filed": filed, "seen": count_dict(count)} for key, (filed, count) in above.items()},
    )


def _period(evidence: Shown, total: RecipientTotal, seen: ActivityTotal) -> Iterator[Alert]:
    """Personal data that left before an activity or its approval began, or after it ended."""
    shown = _shown(evidence, total.id, seen.activity.id, seen.types, out_of_period=True)
    if not seen.out_of_period or not shown:
        return
    activity, approval = seen.activity, seen.activity.approval
    starts = [day for day in (activity.starts, approval.granted if approval else None) if day]
    ends = [day for day in (activity.ends, approval.expires if approval else None) if day]
    early = bool(starts) and min(row["ts"] for row in shown)[:10] < max(starts)
    yield Alert(
        rule="activity_expired",
        severity="high",
        title=wording(__package__).both(
            "activity_expired.early" if early else "activity_expired",
            activity=activity.name,
            recipient=total.party.name,
        ),
        recipient=total.id,
        activity=activity.id,
        evidence=shown,
        citations=citations("activity_expired", approval),
        detail={
            "crossings": seen.out_of_period,
            "starts": max(starts, default=None),
            "ends": min(ends, default=None),
        },
    )


def _paths(org: Org, summary: Summary, as_of: date, evidence: Shown) -> Iterator[Alert]:
    """Activities whose approval is not what the law of the day asks. One pathway that is asked is one cause."""
    lacking: dict[Pathway, list[tuple[RecipientTotal, ActivityTotal, Decision]]] = {}
    for total in summary.recipients:
        for seen in total.activities:
            if seen.types and seen.exemption != "exempt":
                decision = law.decide(facts_for(org, summary, total.id, as_of, activity=seen.activity.id))
                if not _taken(decision, seen):
                    lacking.setdefault(decision.pathway, []).append((total, seen, decision))
    for members in lacking.values():
        yield _path(evidence, members)


def _taken(decision: Decision, seen: ActivityTotal) -> bool:
    if decision.pathway in _NO_DUTY or decision.pathway in _NO_ANSWER:
        return True
    if decision.pathway in (Pathway.PROHIBITED, Pathway.APPROVAL_REQUIRED):
        return False
    path = seen.activity.approval.path if seen.activity.approval else None
    return path is not None and (path == _HEAVIEST or path == decision.pathway or path in decision.options)


def _path(evidence: Shown, members: Sequence[tuple[RecipientTotal, ActivityTotal, Decision]]) -> Alert:
    decision = members[0][2]
    names = {language: law.pathway_name(decision.pathway, language) for language in LANGUAGES}
    key = "path_not_taken" if len(members) == 1 else "path_not_taken.several"
    alone = members[0] if len(members) == 1 else None
    shown = [
        row for total, seen, _ in members for row in _shown(evidence, total.id, seen.activity.id, seen.types)[:SHOWN]
    ]
    return Alert(
        rule="path_not_taken",
        severity="high",
        title={
            language: wording(__package__).text(
                key, language, activity=members[0][1].activity.name, number=len(members), pathway=names[language]
            )
            for language in LANGUAGES
        },
        recipient=alone[0].id if alone else None,
        activity=alone[1].activity.id if alone else None,
        evidence=tuple(shown[:SHOWN]),
        citations=tuple(dict.fromkeys(Citation(reason.instrument, reason.article) for reason in decision.reasons)),
        detail={
            "pathway": decision.pathway.value,
            "options": list(decision.options),
            "activities": [
                {
                    "id": seen.activity.id,
                    "recipient": total.id,
                    "filed": seen.activity.approval.path if seen.activity.approval else None,
                }
                for total, seen, _ in members
            ],
        },
    )


def _shown(
    evidence: Shown, recipient: str, activity: str | None, types: Iterable[str], out_of_period: bool | None = None
) -> tuple[Evidence, ...]:
    """At most `SHOWN` exchanges that show any of these types."""
    rows: dict[str, Evidence] = {}
    for type in types:
        for late in (False, True) if out_of_period is None else (out_of_period,):
            for row in evidence.get((recipient, activity, late, type), ()):
                rows.setdefault(row["exchange"], row)
    return tuple(rows.values())[:SHOWN]


def alert_dict(alert: Alert) -> dict[str, Any]:
    """An alert as it stands in result.json. Its id stays the same from run to run."""
    held = [str(alert.detail[key]) for key in ("policy", "policy_rule") if key in alert.detail]
    name = "|".join((alert.rule, alert.recipient or "", alert.activity or "", *held))
    return {
        "id": f"ALT-{sha256(name.encode()).hexdigest()[:8]}",
        "rule": alert.rule,
        "severity": alert.severity,
        "title": alert.title["zh"],
        "title_en": alert.title["en"],
        "recipient": alert.recipient,
        "activity": alert.activity,
        "evidence": [dict(row) for row in alert.evidence],
        "citation": str(alert.citations[0]) if alert.citations else "",
        "citations": [{"instrument": one.instrument, "article": one.article} for one in alert.citations],
        "detail": dict(alert.detail),
    }


def differences(alerts: Iterable[Alert], recipient: str) -> list[dict[str, Any]]:
    """What differs between filed and seen for one recipient, short: kind and detail."""
    found = []
    for alert in alerts:
        concerned = {alert.recipient, *(one["recipient"] for one in alert.detail.get("activities", ()))}
        if recipient in concerned:
            found.append({"kind": alert.rule, "activity": alert.activity, **alert.detail})
    return found
