"""Made-up exchanges, findings and ledgers for the border's tests."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from hashlib import blake2b
from itertools import count
from pathlib import Path

from tongguan.border import Ledger, LedgerBatch, Locator, Org, coverer, load_org, subjects
from tongguan.identify.types import TYPES
from tongguan.model import BlindSpot, Endpoint, Exchange, Finding, Role

RETAILER = """
exporter: {name: 晨星零售, city: 成都, ciio: false, important_data: false, core_data: false, state_secrets: false}
networks:
  - {cidr: 10.21.4.0/24, site: 会员中心}
  - {cidr: 10.21.0.0/16, site: 办公网}
  - {cidr: 198.51.100.0/24, site: 新加坡办公室, country: SG, recipient: parent}
  - {cidr: 192.0.2.0/24, site: 东京办公室, country: JP}
recipients:
  - {id: parent, name: 晨星国际, country: SG, restricted: false, cidrs: [203.0.113.0/26], domains: [parent.example]}
  - {id: lumora, name: Lumora, country: US, restricted: false, domains: [lumora.example], sni: [lumora-edge.example]}
  - {id: pagewell, name: Pagewell, country: IE, restricted: false, domains: [pagewell.example]}
  - {id: harbour, name: 港线, country: HK, restricted: false, domains: [harbour.example]}
activities:
  - id: MEMBERS
    name: 会员通
    purpose: 会员通用
    recipient: parent
    types: [person_name, phone, email]
    systems: [会员中心]
    starts: 2026-01-01
    ends: 2026-12-31
    approval: {path: standard_contract, persons: 10, sensitive_persons: 0, granted: 2026-02-01, expires: 2026-10-31}
  - id: MARKETING
    name: 营销
    purpose: 分析
    recipient: lumora
    types: [phone, email]
    approval: {path: standard_contract, persons: 1000}
  - id: STAFF
    name: 员工
    purpose: 人事
    recipient: pagewell
    types: [person_name, phone, bank_card]
    ground: hr
    conditions: {labour_rules: true, collective_contract: true, necessary: true}
"""

OUTSIDE, MEMBERS, OFFICE = "9.1.1.1", "10.21.4.10", "10.21.9.9"
_numbers = count(1)


def org_of(text: str, folder: Path) -> Org:
    """The organisation that a text of YAML describes."""
    path = folder / "org.yaml"
    path.write_text(text, encoding="utf-8")
    return load_org(path)


def at(text: str) -> float:
    """Seconds since the epoch of a time in UTC, written 2026-09-01T12:00."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()


def exchange(
    source: str,
    destination: str,
    *,
    role: Role = Role.REQUEST,
    names: tuple[str, ...] = (),
    protocol: str = "http",
    application: str | None = None,
    ts: float = at("2026-09-01T12:00"),
    capture: str = "a.pcap",
    blind_spots: tuple[BlindSpot, ...] = (),
    size: int = 100,
) -> Exchange:
    number = next(_numbers)
    return Exchange(
        uid=f"C{number}",
        conn=f"C{number}",
        ts=ts,
        source=Endpoint(source, 50000),
        destination=Endpoint(destination, 443),
        protocol=protocol,
        role=role,
        operation="POST /batch",
        size=size,
        application=application,
        server_names=names,
        capture=capture,
        blind_spots=blind_spots,
    )


def finding(type: str, value: str, start: int = 0, record: int = 0) -> Finding:
    kind = TYPES[type]
    digest = blake2b(f"{type}:{value}".encode(), digest_size=16).digest()
    return Finding(
        type, start, start + 5, 1.0, "none", "test", digest, "*" * 3, kind.category, kind.level, kind.sensitive, record
    )


Row = Mapping[str, str]


def findings_of(rows: Sequence[Row]) -> list[Finding]:
    """One record a row: data type → value; several values of one type stand apart by a bar."""
    found: list[Finding] = []
    for record, row in enumerate(rows):
        start = record * 1000
        for type, values in row.items():
            for value in values.split("|"):
                found.append(finding(type, value, start, record))
                start += 10
    return found


class Scene:
    """A ledger that is filled exchange by exchange."""

    def __init__(self, folder: Path, org: Org) -> None:
        self.org, self.locator, self.ledger = org, Locator(org), Ledger(folder / "ledger")
        self.batch = LedgerBatch(coverer(org))

    def sent(self, moved: Exchange, rows: Sequence[Row] = ()) -> Scene:
        found = findings_of(rows)
        self.batch.add(self.locator.locate(moved), found, subjects(moved, [found]), len(rows))
        return self

    def committed(self, ordinal: int = 0) -> Ledger:
        self.ledger.commit("scene", ordinal, self.batch)
        self.batch = LedgerBatch(coverer(self.org))
        return self.ledger


def people(first: int, last: int, *types: str) -> list[Row]:
    """Rows of made-up persons first … last-1 with these types."""
    return [{type: f"{type}{number}" for type in types} for number in range(first, last)]
