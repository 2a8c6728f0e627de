"""The organisation: who exports, its own networks, whom it sends data to, and what it declared. Read from `org.yaml`.

The shape is told in `docs/org.md`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import TypeVar

from tongguan import law
from tongguan.border.nodes import Network, Value, optional, read_document, required, several
from tongguan.errors import BadFacts
from tongguan.identify.types import TYPES
from tongguan.model import Activity, Approval

__all__ = ["Before", "DeclaredFile", "Exporter", "Org", "OwnNetwork", "Recipient", "load_org"]

T = TypeVar("T")
Named = TypeVar("Named", "Recipient", Activity)

PATHS = (
    "security_assessment", "standard_contract", "certification", "gba_standard_contract", "zone_registration", "exempt",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Exporter:
    """The organisation itself. None: it did not say."""

    name: str
    city: str | None = None
    zone: str | None = None
    ciio: bool | None = None
    processes_persons: int | None = None  # natural persons whose data it processes
    important_data: bool | None = None  # whether any of what it exports was notified or published as important data
    core_data: bool | None = None
    state_secrets: bool | None = None


@dataclass(frozen=True, slots=True)
class OwnNetwork:
    """A network of the organisation's own: a site inside the mainland, or an office abroad."""

    cidr: Network
    site: str
    country: str = "CN"
    recipient: str | None = None  # the registered legal entity that an office abroad belongs to


@dataclass(frozen=True, slots=True)
class Recipient:
    """A legal entity in the register. None: the register does not say."""

    id: str
    name: str
    country: str
    city: str | None = None
    domains: tuple[str, ...] = ()
    sni: tuple[str, ...] = ()
    cidrs: tuple[Network, ...] = ()
    asns: tuple[int, ...] = ()
    relation: str | None = None
    restricted: bool | None = None  # on the list of PIPL article 42


@dataclass(frozen=True, slots=True)
class DeclaredFile:
    """Files that are known to be handed to a recipient; they have no connection that would tell it."""

    path: str  # a glob, held against the path's end
    recipient: str
    system: str | None = None


@dataclass(frozen=True, slots=True)
class Before:
    """Exports that the ledger never saw. They cannot be de-duplicated against what it saw."""

    start: date
    end: date
    persons: int
    sensitive_persons: int


@dataclass(frozen=True)
class Org:
    """What an organisation says of itself."""

    exporter: Exporter
    networks: tuple[OwnNetwork, ...] = ()
    recipients: Mapping[str, Recipient] = field(default_factory=dict)
    activities: Mapping[str, Activity] = field(default_factory=dict)
    exported_before: tuple[Before, ...] = ()
    files: tuple[DeclaredFile, ...] = ()

    @cached_property
    def digest(self) -> str:
        """Changes with anything that the file says: rows located by another organisation file are not comparable."""
        return sha256(repr(self).encode()).hexdigest()[:16]


def load_org(path: Path) -> Org:
    """The organisation in a YAML file. Raises BadOrg, which names the line and what was expected."""
    root = read_document(Path(path))
    sections = root.fields(("exporter", "networks", "recipients", "activities", "exported_before", "files"))
    exporter = required(root, sections, "exporter", _exporter, "the organisation's name and facts")
    owners: dict[str, str] = {}
    recipients = _by_id(sections.get("recipients"), lambda value: _recipient(value, owners))
    return Org(
        exporter=exporter,
        networks=_networks(sections.get("networks"), recipients),
        recipients=recipients,
        activities=_by_id(sections.get("activities"), lambda value: _activity(value, recipients)),
        exported_before=_list(sections.get("exported_before"), _before),
        files=_list(sections.get("files"), lambda value: _file(value, recipients)),
    )


def _exporter(value: Value) -> Exporter:
    keys = (
        "name", "city", "zone", "ciio", "processes_persons", "important_data", "core_data", "state_secrets",
    )  # fmt: skip
    members = value.fields(keys)
    return Exporter(
        name=required(value, members, "name", Value.text, "the legal entity's name"),
        city=optional(members, "city", Value.text),
        zone=optional(members, "zone", lambda zone: zone.choice(law.zone_names("en"))),
        ciio=optional(members, "ciio", Value.truth),
        processes_persons=optional(members, "processes_persons", Value.number),
        important_data=optional(members, "important_data", Value.truth),
        core_data=optional(members, "core_data", Value.truth),
        state_secrets=optional(members, "state_secrets", Value.truth),
    )


def _networks(value: Value | None, recipients: Mapping[str, Recipient]) -> tuple[OwnNetwork, ...]:
    networks: list[OwnNetwork] = []
    seen: dict[Network, int] = {}
    for item in value.items() if value else ():
        members = item.fields(("cidr", "site", "country", "recipient"))
        cidrs = members.get("cidr") or item.refuse("`cidr` is missing; expected a network such as 10.21.0.0/16")
        site = required(item, members, "site", Value.text, "what you call this network, such as 数据中心")
        country = optional(members, "country", _country) or "CN"
        recipient = optional(members, "recipient", lambda named: _known(named, recipients))
        if recipient and country == "CN":
            members["recipient"].refuse("a network inside the mainland has no recipient; give it a `country` abroad")
        for cidr in several({"cidr": cidrs}, "cidr", Value.network):
            if cidr in seen:
                cidrs.refuse(f"`{cidr}` stands twice, first on line {seen[cidr]}")
            seen[cidr] = cidrs.line
            networks.append(OwnNetwork(cidr, site, country, recipient))
    return tuple(networks)


def _recipient(value: Value, owners: dict[str, str]) -> Recipient:
    """One legal entity. `owners` remembers whose each name and network is: it can be one recipient's only."""
    members = value.fields(
        ("id", "name", "country", "city", "domains", "sni", "cidrs", "asns", "relation", "restricted")
    )
    id = required(value, members, "id", Value.text, "a short name of your own, such as lumora")
    for key, read in (("domains", Value.domain), ("sni", Value.domain), ("cidrs", Value.network)):
        for mark in several(members, key, lambda item: item):
            name = str(read(mark))
            if owners.setdefault(name, id) != id:
                mark.refuse(f"`{name}` already belongs to the recipient `{owners[name]}`")
    return Recipient(
        id=id,
        name=required(value, members, "name", Value.text, "the legal entity's name"),
        country=required(value, members, "country", _country, "its country, such as US or HK"),
        city=optional(members, "city", Value.text),
        domains=several(members, "domains", Value.domain),
        sni=several(members, "sni", Value.domain),
        cidrs=several(members, "cidrs", Value.network),
        asns=several(members, "asns", _asn),
        relation=optional(members, "relation", Value.text),
        restricted=optional(members, "restricted", Value.truth),
    )


def _country(value: Value) -> str:
    if value.text() not in law.country_codes():
        value.refuse(
            f"expected a country's two capital letters (ISO 3166-1), such as US or HK, found `{value.short()}`"
        )
    return value.text()


def _scenario(value: Value) -> str:
    """A scenario of a zone's list, by the id that the law room knows it by."""
    try:
        law.Facts.of({"activity": {"zone_scenario": value.text()}})
    except BadFacts as error:
        value.refuse(str(error).rpartition("zone_scenario: ")[2])
    return value.text()


def _asn(value: Value) -> int:
    digits = value.text().upper().removeprefix("AS")
    if not (digits.isascii() and digits.isdigit() and 0 < int(digits[:12]) < 2**32):
        value.refuse("expected the number of an autonomous system, such as 64510 or AS64510")
    return int(digits)


def _activity(value: Value, recipients: Mapping[str, Recipient]) -> Activity:
    keys = (
        "id", "name", "purpose", "recipient", "types", "systems", "ground", "conditions", "scenario", "on_zone_list",
        "zone_list_part", "starts", "ends", "approval",
    )  # fmt: skip
    members = value.fields(keys)
    ground = optional(members, "ground", lambda named: named.choice(law.GROUNDS))
    starts, ends = optional(members, "starts", Value.date), optional(members, "ends", Value.date)
    if starts and ends and ends < starts:
        members["ends"].refuse(f"ends before it starts ({starts})")
    on_list = optional(members, "on_zone_list", Value.truth)
    part = optional(members, "zone_list_part", lambda named: named.choice(law.choices("activity.zone_list_part")))
    if part and on_list is False:
        members["zone_list_part"].refuse("on_zone_list is false, so the data stands in no part of the list")
    activity = Activity(
        id=required(value, members, "id", Value.text, "a number of your own, such as ACT-2026-001"),
        name=required(value, members, "name", Value.text, "what you call it"),
        purpose=required(value, members, "purpose", Value.text, "why the data goes abroad"),
        recipient=required(value, members, "recipient", lambda v: _known(v, recipients), "the id of a recipient"),
        types=several(members, "types", lambda kind: kind.choice(TYPES)),
        systems=several(members, "systems", Value.text),
        ground=ground,
        conditions=_conditions(members.get("conditions"), ground),
        scenario=optional(members, "scenario", _scenario),
        on_zone_list=on_list,
        zone_list_part=part,
        starts=_iso(starts),
        ends=_iso(ends),
        approval=optional(members, "approval", _approval),
    )
    if not activity.types:
        value.refuse("`types` is missing; expected the data types that were declared, such as [phone, email]")
    return activity


def _conditions(value: Value | None, ground: str | None) -> dict[str, bool | None]:
    """What is known of the ground's conditions; one that is absent is unknown."""
    if value is None or value.null:
        return {}
    if ground is None:
        return {} if not value.fields(None) else value.refuse("conditions need a `ground`")
    return {name: None if member.null else member.truth() for name, member in value.fields(law.GROUNDS[ground]).items()}


def _approval(value: Value) -> Approval:
    members = value.fields(("path", "number", "granted", "expires", "persons", "sensitive_persons"))
    granted, expires = optional(members, "granted", Value.date), optional(members, "expires", Value.date)
    if granted and expires and expires < granted:
        members["expires"].refuse(f"expires before it was granted ({granted})")
    return Approval(
        path=required(value, members, "path", lambda path: path.choice(PATHS), f"one of: {', '.join(PATHS)}"),
        number=optional(members, "number", Value.text),
        granted=_iso(granted),
        expires=_iso(expires),
        persons=optional(members, "persons", Value.number),
        sensitive_persons=optional(members, "sensitive_persons", Value.number),
    )


def _before(value: Value) -> Before:
    members = value.fields(("from", "to", "persons", "sensitive_persons"))
    start = required(value, members, "from", Value.date, "the first day, written 2026-01-01")
    end = required(value, members, "to", Value.date, "the last day, written 2026-06-30")
    if end < start:
        members["to"].refuse(f"ends before it starts ({start})")
    return Before(
        start,
        end,
        required(value, members, "persons", Value.number, "a number of distinct natural persons"),
        optional(members, "sensitive_persons", Value.number) or 0,
    )


def _file(value: Value, recipients: Mapping[str, Recipient]) -> DeclaredFile:
    members = value.fields(("path", "recipient", "system"))
    return DeclaredFile(
        path=required(value, members, "path", Value.text, "a path or a glob, such as exports/*.csv"),
        recipient=required(value, members, "recipient", lambda v: _known(v, recipients), "the id of a recipient"),
        system=optional(members, "system", Value.text),
    )


def _known(value: Value, recipients: Mapping[str, Recipient]) -> str:
    """The id of a recipient in the register."""
    if not recipients:
        value.refuse(f"names the recipient `{value.text()}`, but `recipients` is empty")
    return value.choice(recipients)


def _by_id(value: Value | None, read: Callable[[Value], Named]) -> dict[str, Named]:
    """The members of a list by their `id`, each of which may stand once."""
    found: dict[str, Named] = {}
    lines: dict[str, int] = {}
    for item in value.items() if value else ():
        member = read(item)
        if member.id in found:
            item.refuse(f"the id `{member.id}` stands twice, first on line {lines[member.id]}")
        found[member.id], lines[member.id] = member, item.line
    return found


def _list(value: Value | None, read: Callable[[Value], T]) -> tuple[T, ...]:
    """A list of mappings; one mapping stands for a list of one."""
    if value is None or value.null:
        return ()
    return tuple(read(item) for item in ([value] if value.is_mapping else value.items()))


def _iso(day: date | None) -> str | None:
    return day.isoformat() if day else None
