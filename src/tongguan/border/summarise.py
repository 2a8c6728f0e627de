"""From the ledger's rows to its totals: who received what, of how many persons, within the counting window."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import duckdb

from tongguan import law
from tongguan.border.activities import exemption, in_period
from tongguan.border.counting import CERTAIN, ESTIMATED, POSSIBLE, Asked, count_persons
from tongguan.border.ledger import Ledger
from tongguan.border.org import Before, Org
from tongguan.border.summary import ActivityTotal, Coverage, Flow, Persons, RecipientTotal, Summary, Unlisted
from tongguan.identify.types import TYPES
from tongguan.model import Activity, BlindKind, Count, Direction, Party

__all__ = ["may_have_left", "summarise"]

UNREAD = tuple(
    kind.value
    for kind in (
        BlindKind.ENCRYPTED, BlindKind.UNREADABLE, BlindKind.UNSUPPORTED, BlindKind.TRUNCATED, BlindKind.GAP,
        BlindKind.SAMPLED,
    )
)  # fmt: skip
"""Kinds of blind spots that leave an exchange's content unseen, in whole or in part."""

LISTED = 200
"""Blind spots of one kind that are listed; the rest are one line."""

STRANGERS = 100
"""Recipients outside the register of whom no personal data was seen that are listed one by one."""

_PERSONAL = frozenset(id for id, type in TYPES.items() if type.category != "non_personal")
_NUMBER = "(hash(recipient_id, recipient, country, activity, system, direction) >> 1)::BIGINT"
_PART = "(hash(coalesce(recipient_id, recipient)) >> 1)::BIGINT"


@dataclass(frozen=True, slots=True)
class _Group:
    """Exchanges of one recipient, activity, system and direction."""

    number: int
    part: int
    recipient_id: str | None
    recipient: str
    country: str | None
    activity: str | None
    system: str | None
    direction: str
    basis: str
    confidence: float
    crossings: int
    with_data: int
    size: int
    unread: int
    first: float
    last: float
    acts: frozenset[str]
    types: frozenset[str]
    sensitive_types: frozenset[str]
    days: Mapping[date, int]

    @property
    def who(self) -> str:
        return self.recipient_id or self.recipient

    @property
    def tier(self) -> int:
        """An export of which it is undetermined whether it left is only possibly one."""
        return CERTAIN if self.direction == Direction.EXPORT else POSSIBLE


def summarise(ledger: Ledger, org: Org, as_of: date) -> Summary:
    """Totals of the ledger in the counting window of the rules of `as_of`.

    What may or may not have left the mainland is in the upper bounds only. `counted` holds the persons whose
    non-sensitive data left, those with sensitive data among them, with exempt activities left out; a ground of
    exemption with an unknown condition is counted, but not in the lower bound.
    """
    window = law.window(as_of)
    scope = may_have_left(window)
    status = {id: exemption(activity, org, as_of) for id, activity in org.activities.items()}
    with ledger.cursor() as cursor:
        groups = _groups(cursor, scope)
        asked = _asked(groups, status)
        chosen = f"SELECT uid, {_NUMBER} AS number, {_PART} AS part {scope} AND len(types) > 0"
        counts, by_type = count_persons(cursor, chosen, [one for _, one in asked])
        count = dict(zip((name for name, _ in asked), counts, strict=True))
        recipients, unlisted = _recipients(groups, org, status, count, by_type)
        exports = [group for group in groups if group.direction == Direction.EXPORT]
        return Summary(
            as_of=as_of,
            window=window,
            crossings=sum(group.crossings for group in exports),
            size=sum(group.size for group in exports),
            seen=_persons(count, "seen"),
            counted=_with_before(_persons(count, "counted"), org.exported_before, window),
            exempt=_persons(count, "exempt"),
            recipients=recipients,
            unlisted=unlisted,
            flows=_flows(groups, count, recipients),
            coverage=_coverage(cursor, window),
            blind_spots=(*_blind_spots(cursor), *_out_of_window(cursor, window)),
        )


def may_have_left(window: tuple[date, date]) -> str:
    """SQL: FROM exchanges, those of the window that left the mainland or may have."""
    return f"FROM exchanges WHERE {_within(window)} AND act <> 'none' AND direction IN ('export', 'undetermined')"


def _within(window: tuple[date, date]) -> str:
    return f"day BETWEEN DATE '{window[0]}' AND DATE '{window[1]}'"


def _groups(cursor: duckdb.DuckDBPyConnection, scope: str) -> list[_Group]:
    rows: list[tuple[Any, ...]] = cursor.execute(
        f"""
        WITH daily AS (
            SELECT {_NUMBER} AS number, {_PART} AS part, recipient_id, recipient, country, activity, system, direction,
                   day, arg_max(basis, confidence) AS basis, max(confidence) AS confidence, count(*) AS crossings,
                   count(*) FILTER (WHERE list_has_any(types, $personal)) AS with_data, sum(size)::BIGINT AS size,
                   count(*) FILTER (WHERE list_has_any(blind, $unread)) AS unread, min(ts) AS first, max(ts) AS last,
                   list(DISTINCT act) AS acts, list_distinct(flatten(list(DISTINCT types))) AS types,
                   list_distinct(flatten(list(DISTINCT sensitive_types))) AS sensitive_types
            {scope} GROUP BY ALL)
        SELECT number, part, recipient_id, recipient, country, activity, system, direction,
               arg_max(basis, confidence), max(confidence), sum(crossings)::BIGINT, sum(with_data)::BIGINT,
               sum(size)::BIGINT, sum(unread)::BIGINT, min(first), max(last), flatten(list(acts)),
               flatten(list(types)), flatten(list(sensitive_types)), list(day), list(crossings)
        FROM daily GROUP BY ALL
        """,
        {"unread": list(UNREAD), "personal": sorted(_PERSONAL)},
    ).fetchall()
    groups = []
    for *plain, acts, types, sensitive, days, crossings in rows:
        personal, its_sensitive = _PERSONAL & frozenset(types), _PERSONAL & frozenset(sensitive)
        by_day = dict(zip(days, crossings, strict=True))
        row: Any = (*plain, frozenset(acts), personal, its_sensitive, by_day)
        groups.append(_Group(*row))
    return sorted(groups, key=lambda group: group.number)


def _asked(groups: Sequence[_Group], status: Mapping[str, str]) -> list[tuple[Hashable, Asked]]:
    """The counts that a summary needs, by name."""
    everything = {group.number: group.tier for group in groups}
    exempt = {group.number: group.tier for group in groups if status.get(group.activity or "") == "exempt"}
    counted = {
        group.number: max(group.tier, ESTIMATED) if status.get(group.activity or "") == "unsure" else group.tier
        for group in groups
        if group.number not in exempt
    }
    asked: list[tuple[Hashable, Asked]] = [
        (("seen", "any"), Asked(everything)),
        (("seen", "sensitive"), Asked(everything, "sensitive")),
        (("counted", "any"), Asked(counted, "ordinary")),
        (("counted", "sensitive"), Asked(counted, "sensitive")),
        (("exempt", "any"), Asked(exempt)),
        (("exempt", "sensitive"), Asked(exempt, "sensitive")),
    ]
    # What one recipient, activity or flow received is known, whether or not it lies outside.
    for kind, key in (("recipient", _by_part), ("activity", _by_activity), ("flow", _by_flow)):
        for name, members in _gathered(groups, key).items():
            certain = {group.number: CERTAIN for group in members}
            asked.append((((kind, name), "any"), Asked(certain)))
            asked.append((((kind, name), "sensitive"), Asked(certain, "sensitive")))
    return asked


def _by_part(group: _Group) -> Hashable:
    return group.part


def _by_activity(group: _Group) -> Hashable:
    return group.part, group.activity


def _by_flow(group: _Group) -> Hashable:
    return group.system, group.part, group.country


def _gathered(groups: Iterable[_Group], key: Callable[[_Group], Hashable]) -> dict[Hashable, list[_Group]]:
    gathered: dict[Hashable, list[_Group]] = {}
    for group in groups:
        gathered.setdefault(key(group), []).append(group)
    return gathered


def _persons(count: Mapping[Hashable, Count], name: Hashable) -> Persons:
    return Persons(count[name, "any"], count[name, "sensitive"])


def _recipients(
    groups: Sequence[_Group],
    org: Org,
    status: Mapping[str, str],
    count: Mapping[Hashable, Count],
    by_type: Mapping[tuple[int, str], int],
) -> tuple[tuple[RecipientTotal, ...], Unlisted]:
    """By persons, most first. Strangers of whom no personal data was seen are listed up to `STRANGERS`, the largest."""
    totals: list[RecipientTotal] = []
    strangers: list[RecipientTotal] = []
    for members in _gathered(groups, _by_part).values():
        if _is_recipient(members):
            total = _recipient(members, org, status, count, by_type)
            (totals if total.registered or total.types else strangers).append(total)
    strangers.sort(key=lambda total: (-total.size, total.id))
    totals += strangers[:STRANGERS]
    totals.sort(key=lambda total: (-total.seen.persons.count, -total.crossings, total.id))
    rest = strangers[STRANGERS:]
    unlisted = Unlisted(
        recipients=len(rest),
        crossings=sum(total.crossings for total in rest),
        size=sum(total.size for total in rest),
        unread=sum(total.unread for total in rest),
    )
    return tuple(totals), unlisted


def _is_recipient(members: Sequence[_Group]) -> bool:
    """An address of unknown place that received no personal data is not yet anybody's recipient; a file has none."""
    received = any(group.direction == Direction.EXPORT or group.types for group in members)
    return received and bool(members[0].recipient)


def _recipient(
    members: Sequence[_Group],
    org: Org,
    status: Mapping[str, str],
    count: Mapping[Hashable, Count],
    by_type: Mapping[tuple[int, str], int],
) -> RecipientTotal:
    sure = max(members, key=lambda group: (group.confidence, group.crossings, group.number))
    part, types = sure.part, frozenset[str]().union(*(group.types for group in members))
    activities = [
        _activity(org.activities[id], members, status, count)
        for id in sorted({group.activity for group in members if group.activity is not None})
        if id in org.activities
    ]
    return RecipientTotal(
        id=sure.who,
        party=Party(sure.recipient, sure.country, sure.basis, sure.confidence, sure.recipient_id),
        direction=min((group.direction for group in members), key=lambda direction: direction != Direction.EXPORT),
        seen=_persons(count, ("recipient", part)),
        types=_in_order(types),
        sensitive_types=_in_order(frozenset[str]().union(*(group.sensitive_types for group in members))),
        countries=tuple(sorted({group.country for group in members if group.country})),
        type_persons={type: by_type[part, type] for type in _in_order(types) if (part, type) in by_type},
        crossings=sum(group.crossings for group in members),
        size=sum(group.size for group in members),
        unread=sum(group.unread for group in members),
        undeclared=sum(group.with_data for group in members if group.types and group.activity not in org.activities),
        first=min(group.first for group in members),
        last=max(group.last for group in members),
        acts=tuple(sorted(frozenset[str]().union(*(group.acts for group in members)))),
        activities=tuple(sorted(activities, key=lambda total: (-total.seen.persons.count, total.activity.id))),
    )


def _activity(
    activity: Activity, members: Sequence[_Group], status: Mapping[str, str], count: Mapping[Hashable, Count]
) -> ActivityTotal:
    mine = [group for group in members if group.activity == activity.id]
    days = [(day, times) for group in mine for day, times in group.days.items()]
    return ActivityTotal(
        activity=activity,
        seen=_persons(count, ("activity", (mine[0].part, activity.id))),
        types=_in_order(frozenset[str]().union(*(group.types for group in mine))),
        sensitive_types=_in_order(frozenset[str]().union(*(group.sensitive_types for group in mine))),
        exemption=status[activity.id],
        crossings=sum(group.crossings for group in mine),
        out_of_period=sum(times for day, times in days if not in_period(activity, day)),
    )


def _in_order(types: frozenset[str]) -> tuple[str, ...]:
    """Data types in the order of their table."""
    return tuple(type for type in TYPES if type in types)


def _flows(
    groups: Sequence[_Group], count: Mapping[Hashable, Count], recipients: Sequence[RecipientTotal]
) -> tuple[Flow, ...]:
    """From each system to each listed recipient, by country."""
    listed = {total.id for total in recipients}
    flows = [
        Flow(
            system=members[0].system or "",
            recipient=members[0].recipient,
            recipient_id=members[0].who,
            country=members[0].country,
            persons=count[("flow", name), "any"].count,
            size=sum(group.size for group in members),
            crossings=sum(group.crossings for group in members),
        )
        for name, members in _gathered(groups, _by_flow).items()
        if members[0].who in listed
    ]
    return tuple(sorted(flows, key=lambda flow: (-flow.persons, -flow.size, flow.recipient_id, flow.system)))


def _with_before(counted: Persons, before: Sequence[Before], window: tuple[date, date]) -> Persons:
    """Earlier exports added. The lower bound takes their persons for the same as those seen, as nothing tells them
    apart. Of a period that lies partly outside the window it is unknown how many belong into it.
    """
    low, estimate, high = [0, 0], [0, 0], [0, 0]
    for one in before:
        numbers = (one.persons, one.sensitive_persons)
        if one.end < window[0] or one.start > window[1]:
            continue
        inside = window[0] <= one.start and one.end <= window[1]
        for i, number in enumerate(numbers):
            high[i] += number
            estimate[i] += number if inside else 0
            low[i] = max(low[i], number if inside else 0)
    added = [
        Count(count.count + estimate[i], max(count.low, low[i]), count.high + high[i])
        for i, count in enumerate((counted.persons, counted.sensitive_persons))
    ]
    return Persons(*added)


def _coverage(cursor: duckdb.DuckDBPyConnection, window: tuple[date, date]) -> Coverage:
    rows = cursor.execute(
        f"""
        SELECT direction, count(*), count(*) FILTER (WHERE list_has_any(blind, $unread)) AS unread,
               coalesce(sum(size) FILTER (WHERE list_has_any(blind, $unread)), 0)::BIGINT, min(ts), max(ts)
        FROM exchanges WHERE {_within(window)} GROUP BY direction
        """,
        {"unread": list(UNREAD)},
    ).fetchall()
    directions = {direction.value: 0 for direction in Direction} | {row[0]: row[1] for row in rows}
    exchanges, unread = sum(directions.values()), sum(row[2] for row in rows)
    return Coverage(
        exchanges=exchanges,
        read=exchanges - unread,
        unread=unread,
        unread_size=sum(row[3] for row in rows),
        first=min((row[4] for row in rows), default=None),
        last=max((row[5] for row in rows), default=None),
        directions=directions,
    )


def _blind_spots(cursor: duckdb.DuckDBPyConnection) -> tuple[Mapping[str, Any], ...]:
    """By kind and place, at most `LISTED` of one kind; the rest of a kind are one line. A place that is an exchange is
    told by the host that it went to."""
    rows = cursor.execute(
        f"""
        WITH placed AS (
            SELECT b.kind, coalesce(e.application, nullif(e.recipient, ''), e.destination_ip, b."where") AS place,
                   b.detail, sum(b.count)::BIGINT AS count, sum(b.size)::BIGINT AS size
            FROM blind_spots b LEFT JOIN exchanges e ON e.uid = b."where" GROUP BY ALL),
        ranked AS (
            SELECT *, row_number() OVER (PARTITION BY kind ORDER BY size DESC, count DESC, place, detail) AS rank
            FROM placed)
        SELECT kind, if(rank <= {LISTED}, place, '') AS place, if(rank <= {LISTED}, detail, '…') AS detail,
               sum(count)::BIGINT AS count, sum(size)::BIGINT AS size
        FROM ranked GROUP BY ALL ORDER BY kind, size DESC, count DESC, place, detail
        """
    ).fetchall()
    return tuple(dict(zip(("kind", "where", "detail", "count", "size"), row, strict=True)) for row in rows)


def _out_of_window(cursor: duckdb.DuckDBPyConnection, window: tuple[date, date]) -> tuple[Mapping[str, Any], ...]:
    """What the ledger holds of other days: it is in no total, so it is told here."""
    found = cursor.execute(
        f"""SELECT count(*), coalesce(sum(size), 0)::BIGINT, min(day), max(day),
            count(*) FILTER (WHERE direction IN ('export', 'undetermined'))
        FROM exchanges WHERE NOT ({_within(window)})"""
    ).fetchone()
    if found is None or not found[0]:
        return ()
    count, size, first, last, left = found
    where = str(first) if first == last else f"{first} – {last}"
    detail = f"exchanges on days outside {window[0]} – {window[1]}; {left} of them left the mainland or may have"
    kind = BlindKind.OUT_OF_WINDOW.value
    return ({"kind": kind, "where": where, "detail": detail, "count": count, "size": size},)
