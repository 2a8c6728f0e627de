"""The nouns of the walk: frozen, typed, without I/O.

capture → restore → identify → locate → count → judge → reconcile → act

Times are seconds since the epoch in UTC (float). Sizes are bytes. Countries are ISO 3166-1 alpha-2; HK, MO and TW are
outside the mainland. Persons are natural persons, each counted once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

from tongguan.plain_file import blocks

__all__ = [
    "Activity",
    "Alert",
    "Approval",
    "BlindKind",
    "BlindSpot",
    "Citation",
    "Content",
    "Count",
    "Crossing",
    "Decision",
    "Direction",
    "Endpoint",
    "Exchange",
    "Finding",
    "Obligation",
    "Party",
    "Pathway",
    "Reason",
    "Role",
    "Subject",
]


class BlindKind(StrEnum):
    """Why something could not be seen."""

    GAP = "gap"  # bytes that the capture never held
    TRUNCATED = "truncated"  # cut by a snap length, an early end, or a size limit
    ENCRYPTED = "encrypted"
    UNREADABLE = "unreadable"  # damaged or malformed
    UNSUPPORTED = "unsupported"  # a format or protocol that we do not know
    SAMPLED = "sampled"
    DETECTOR_DISABLED = "detector_disabled"
    LOCATION_UNKNOWN = "location_unknown"
    OUT_OF_WINDOW = "out_of_window"  # seen, but on a day that the law of the asked day does not count
    UNDECIDED = "undecided"  # a rule of a policy whose answer something hides
    OVERLAP = "overlap"  # the same stream bytes sent twice with different values


@dataclass(frozen=True, slots=True)
class BlindSpot:
    """What a stage could not see. Never dropped: every report shows them beside its results."""

    kind: BlindKind
    where: str  # an exchange's uid, a member path, a file name; no personal values
    detail: str = ""
    count: int = 1
    size: int = 0  # bytes not seen, 0 where unknown


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One end of a connection."""

    ip: str
    port: int | None = None


@dataclass(frozen=True, slots=True)
class Content:
    """Bytes with a name and a media type, read lazily."""

    name: str | None
    media_type: str  # as declared by the protocol, lower case, without parameters; "" where none was
    size: int
    source: bytes | memoryview | Path | Callable[[], bytes]  # a path: a file, which need not be held whole
    charset: str | None = None  # as declared by the protocol

    def read(self) -> bytes:
        """All the bytes. May raise OSError where they lie on disk."""
        if isinstance(self.source, Path):
            return b"".join(blocks(self.source))
        return self.source() if callable(self.source) else bytes(self.source)


class Role(StrEnum):
    """Who moved the data: the side that opened the connection, or the side that answered it."""

    REQUEST = "request"
    RESPONSE = "response"


@dataclass(frozen=True, slots=True)
class Exchange:
    """One restored movement of data in one direction: from `source` to `destination`."""

    uid: str  # connection uid, ordinal, direction: stable between runs over the same input
    conn: str  # connection uid
    ts: float
    source: Endpoint
    destination: Endpoint
    protocol: str  # http, smtp, ftp, mysql, tls, dns, file, tcp, udp
    role: Role
    operation: str  # "POST /v2/batch", "SELECT", "STOR members.csv"; no personal values
    size: int
    application: str | None = None  # host name, database, mail domain
    account: str | None = None
    server_names: tuple[str, ...] = ()  # host header, SNI, certificate names: of the end that answered the connection
    contents: tuple[Content, ...] = ()
    blind_spots: tuple[BlindSpot, ...] = ()
    capture: str = ""  # the file or source that it came from

    @property
    def server(self) -> Endpoint:
        return self.destination if self.role is Role.REQUEST else self.source

    @property
    def client(self) -> Endpoint:
        return self.source if self.role is Role.REQUEST else self.destination


@dataclass(frozen=True, slots=True)
class Finding:
    """One recognised item. Its value stands nowhere but as a keyed hash and a masked sample."""

    type: str  # a data type id
    start: int  # character offset in the decoded text of its piece
    end: int  # exclusive
    score: float  # 0..1
    validator: str  # "checksum", "luhn", "calendar", "context", "none", …
    detector: str
    digest: bytes  # keyed hash of the normalised value, 16 bytes
    masked: str
    category: str  # class of GB/T 35273 annex A
    level: str  # grade of GB/T 43697: general-1 … general-4, important, core
    sensitive: bool  # sensitive personal information (PIPL art. 28, GB/T 45574)
    record: int  # ordinal of the record in its piece: row, object, message
    member: str | None = None  # path inside an archive or document
    piece: int = 0  # ordinal of the piece in its content


@dataclass(frozen=True, slots=True)
class Subject:
    """The identifiers that one record ties to one natural person."""

    exchange: str
    record: str  # "content/piece/record"
    identifiers: tuple[tuple[str, bytes], ...]  # (data type, digest)
    types: frozenset[str]
    sensitive: bool


class Direction(StrEnum):
    """Where an exchange's data went."""

    EXPORT = "export"  # from inside the mainland to outside it
    IMPORT = "import"
    INSIDE = "inside"
    OUTSIDE = "outside"  # between two ends outside
    UNDETERMINED = "undetermined"


@dataclass(frozen=True, slots=True)
class Party:
    """A legal entity at one end of an exchange, how we know it, and how sure we are."""

    name: str
    country: str | None
    basis: str  # network, register, certificate, sni, domain, geoip, none
    confidence: float
    id: str | None = None  # id in the organisation's register
    site: str | None = None  # the organisation's own network, by name


@dataclass(frozen=True, slots=True)
class Crossing:
    """An exchange, located: a row of the ledger."""

    exchange: Exchange
    direction: Direction
    act: str  # transmission, remote_access
    exporter: Party
    recipient: Party


@dataclass(frozen=True, slots=True)
class Approval:
    """What covers a declared activity: an assessment passed, a contract filed, a certificate, an exemption."""

    path: str  # a pathway id: security_assessment, standard_contract, certification, exempt, …
    number: str | None = None
    granted: str | None = None  # ISO date
    expires: str | None = None
    persons: int | None = None  # scale filed, distinct persons
    sensitive_persons: int | None = None


@dataclass(frozen=True, slots=True)
class Activity:
    """A declared export."""

    id: str
    name: str
    purpose: str
    recipient: str  # id in the register
    types: tuple[str, ...]  # data type ids filed
    systems: tuple[str, ...] = ()  # sites or applications it leaves from; empty: any
    ground: str | None = None  # contract, hr, emergency, trade, reexport
    conditions: Mapping[str, bool | None] = field(default_factory=dict)
    scenario: str | None = None
    on_zone_list: bool | None = None
    zone_list_part: str | None = None  # assessment or contract: the part of the list in which the data stands
    starts: str | None = None
    ends: str | None = None
    approval: Approval | None = None


class Pathway(StrEnum):
    """The path that the law of a day asks."""

    NOT_EXPORT = "not_export"
    PROHIBITED = "prohibited"
    APPROVAL_REQUIRED = "approval_required"
    SECURITY_ASSESSMENT = "security_assessment"
    CONTRACT_OR_CERTIFICATION = "standard_contract_or_certification"
    STANDARD_CONTRACT = "standard_contract"
    CERTIFICATION = "certification"
    EXEMPT = "exempt"
    ZONE_REGISTRATION = "zone_registration"
    NO_ROUTE = "no_route"
    UNDETERMINED = "undetermined"


@dataclass(frozen=True, slots=True)
class Citation:
    """An article of an instrument: 个人信息出境标准合同办法, 第八条."""

    instrument: str  # Chinese title without 《》
    article: str

    def __str__(self) -> str:
        return f"《{self.instrument}》{self.article}"


@dataclass(frozen=True, slots=True)
class Reason:
    """One rule that applied, and the facts it used."""

    instrument: str
    article: str
    rule: str  # id of the rule, explained in both languages by the law room
    facts: Mapping[str, Any]
    text: Mapping[str, str] = field(default_factory=dict)  # {"zh": …, "en": …}


@dataclass(frozen=True, slots=True)
class Obligation:
    """A duty that goes with a pathway, and by when."""

    what: str
    instrument: str
    article: str
    due: str | None = None
    text: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Decision:
    """What the law of a day asks of an export, and why."""

    date: str
    regime: str
    pathway: Pathway
    options: tuple[str, ...] = ()
    reasons: tuple[Reason, ...] = ()
    missing: tuple[str, ...] = ()
    obligations: tuple[Obligation, ...] = ()
    warnings: tuple[Mapping[str, Any], ...] = ()
    would_change: tuple[Mapping[str, Any], ...] = ()


@dataclass(frozen=True, slots=True)
class Count:
    """A number of distinct natural persons, with what it is at least and at most."""

    count: int = 0
    low: int = 0
    high: int = 0


@dataclass(frozen=True, slots=True)
class Alert:
    """A difference between what was seen and what was filed."""

    rule: str
    severity: str  # high, mid, low
    title: Mapping[str, str]  # {"zh": …, "en": …}
    recipient: str | None
    activity: str | None
    evidence: tuple[Mapping[str, Any], ...]
    citations: tuple[Citation, ...]
    detail: Mapping[str, Any] = field(default_factory=dict)
