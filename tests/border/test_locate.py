from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

import pytest
from border_scenes import MEMBERS, OFFICE, OUTSIDE, RETAILER, exchange, org_of

from tongguan.border import COUNTRY_TABLE, Locator, Org
from tongguan.errors import BadInput
from tongguan.model import Crossing, Direction, Role

FILES = "files: [{path: 'out/*.csv', recipient: lumora, system: 会员中心}]"


class Table:
    """A country table of a few addresses."""

    countries: ClassVar[dict[str, str]] = {
        OUTSIDE: "US", "7.7.7.7": "HK", "7.7.7.8": "MO", "7.7.7.9": "TW", "114.114.114.114": "CN", "1.1.1.1": "AU",
        "104.16.0.1": "US", "2400:3200::1": "CN", "2001:200::1": "JP",
        "203.0.113.99": "AU",  # a documentation address: belongs to nobody, whatever a table says
    }  # fmt: skip

    def get(self, ip: str) -> dict[str, Any] | None:
        return {"country_code": self.countries[ip]} if ip in self.countries else None


@pytest.fixture
def org(tmp_path: Path) -> Org:
    return org_of(RETAILER + FILES, tmp_path)


@pytest.fixture
def locator(org: Org, monkeypatch: pytest.MonkeyPatch) -> Locator:
    monkeypatch.setattr("tongguan.border.locate._open", lambda path: Table())
    return Locator(org)


REQUEST, RESPONSE = Role.REQUEST, Role.RESPONSE

# source, destination, role, names → direction, act
DIRECTIONS = [
    (MEMBERS, OUTSIDE, REQUEST, (), "export", "transmission"),
    (MEMBERS, OUTSIDE, RESPONSE, (), "export", "remote_access"),
    (OUTSIDE, MEMBERS, REQUEST, (), "import", "none"),
    (OUTSIDE, MEMBERS, RESPONSE, (), "import", "none"),
    (MEMBERS, OFFICE, REQUEST, (), "inside", "none"),
    (MEMBERS, "114.114.114.114", REQUEST, (), "inside", "none"),
    (OUTSIDE, "7.7.7.7", REQUEST, (), "outside", "none"),
    (MEMBERS, "7.7.7.7", REQUEST, (), "export", "transmission"),
    (MEMBERS, "7.7.7.8", REQUEST, (), "export", "transmission"),
    (MEMBERS, "7.7.7.9", REQUEST, (), "export", "transmission"),
    ("7.7.7.7", "114.114.114.114", REQUEST, (), "import", "none"),
    (MEMBERS, "198.51.100.7", REQUEST, (), "export", "transmission"),  # the organisation's own office abroad
    ("198.51.100.7", OUTSIDE, REQUEST, (), "outside", "none"),
    (MEMBERS, "203.0.113.9", REQUEST, (), "export", "transmission"),
    (MEMBERS, "203.0.113.99", REQUEST, (), "undetermined", "transmission"),  # in no table
    (MEMBERS, "203.0.113.99", RESPONSE, (), "undetermined", "remote_access"),
    (OUTSIDE, "203.0.113.99", REQUEST, (), "undetermined", "none"),  # cannot have left the mainland
    ("203.0.113.99", MEMBERS, REQUEST, (), "undetermined", "none"),
    (MEMBERS, "1.1.1.1", REQUEST, (), "undetermined", "transmission"),  # anycast
    (MEMBERS, "104.16.0.1", REQUEST, (), "undetermined", "transmission"),
    (MEMBERS, "104.16.0.1", REQUEST, ("a.lumora.example",), "export", "transmission"),
    (MEMBERS, "172.16.5.5", REQUEST, (), "inside", "none"),
    ("192.168.1.1", OUTSIDE, REQUEST, (), "export", "transmission"),
    ("127.0.0.1", "127.0.0.1", REQUEST, (), "inside", "none"),
    (MEMBERS, "172.16.5.5", REQUEST, ("vpn.parent.example",), "export", "transmission"),
    ("::ffff:10.21.4.10", "::ffff:9.1.1.1", REQUEST, (), "export", "transmission"),
    ("2400:3200::1", "2001:200::1", REQUEST, (), "export", "transmission"),
    ("fe80::1", "ff02::fb", REQUEST, (), "inside", "none"),
    ("no address", MEMBERS, REQUEST, (), "undetermined", "none"),
    ("0.0.0.0", OUTSIDE, REQUEST, (), "undetermined", "transmission"),
]


@pytest.mark.parametrize(("source", "destination", "role", "names", "direction", "act"), DIRECTIONS)
def test_direction(
    locator: Locator, source: str, destination: str, role: Role, names: tuple[str, ...], direction: str, act: str
) -> None:
    crossing = locator.locate(exchange(source, destination, role=role, names=names))
    assert (crossing.direction.value, crossing.act) == (direction, act)


def seen(locator: Locator, destination: str, names: tuple[str, ...], protocol: str = "http") -> tuple[Any, ...]:
    party = locator.locate(exchange(MEMBERS, destination, names=names, protocol=protocol)).recipient
    return party.id, party.country, party.basis, party.confidence


# destination, names, protocol → recipient, country, basis, confidence
PARTIES = [
    ("203.0.113.9", (), "http", "parent", "SG", "register", 1.0),
    ("203.0.113.9", ("a.lumora.example",), "http", "parent", "SG", "register", 1.0),  # the address decides
    (OUTSIDE, ("lumora.example",), "http", "lumora", "US", "domain", 0.9),
    (OUTSIDE, ("EU.Lumora.Example:8443",), "http", "lumora", "US", "domain", 0.9),
    (OUTSIDE, ("notlumora.example",), "http", None, "US", "geoip", 0.7),
    (OUTSIDE, ("lumora.example.evil.example",), "http", None, "US", "geoip", 0.7),
    (OUTSIDE, ("x.lumora-edge.example",), "tls", "lumora", "US", "sni", 0.9),
    (OUTSIDE, ("x.lumora-edge.example",), "http", None, "US", "geoip", 0.7),  # known in TLS only
    (OUTSIDE, ("cdn.example", "*.lumora.example"), "tls", "lumora", "US", "certificate", 0.95),
    ("114.114.114.114", ("a.lumora.example",), "http", "lumora", "US", "domain", 0.6),  # name and table disagree
    ("203.0.113.99", ("a.lumora.example",), "http", "lumora", "US", "domain", 0.9),
    (OUTSIDE, (), "http", None, "US", "geoip", 0.7),
    ("1.1.1.1", (), "http", None, None, "anycast", 0.0),
    ("203.0.113.99", (), "http", None, None, "none", 0.0),
    ("198.51.100.3", ("a.lumora.example",), "http", "parent", "SG", "network", 1.0),
    ("192.0.2.3", (), "http", None, "JP", "network", 1.0),
    ("172.16.5.5", (), "http", None, "CN", "private", 0.5),
]


@pytest.mark.parametrize(("destination", "names", "protocol", "id", "country", "basis", "confidence"), PARTIES)
def test_who_received(
    locator: Locator,
    destination: str,
    names: tuple[str, ...],
    protocol: str,
    id: str | None,
    country: str | None,
    basis: str,
    confidence: float,
) -> None:
    assert seen(locator, destination, names, protocol) == (id, country, basis, confidence)


def test_a_stranger_goes_by_the_name_it_answers_by(locator: Locator) -> None:
    assert locator.locate(exchange(MEMBERS, OUTSIDE, names=("mx.other.example",))).recipient.name == "mx.other.example"
    assert locator.locate(exchange(MEMBERS, OUTSIDE)).recipient.name == OUTSIDE


def test_names_are_those_of_the_answering_end_only(locator: Locator) -> None:
    """A client abroad that queries a server of ours under any name stays a stranger."""
    crossing = locator.locate(exchange(MEMBERS, OUTSIDE, role=RESPONSE, names=("members.lumora.example",)))
    assert crossing.recipient.id is None
    assert crossing.recipient.name == OUTSIDE
    assert crossing.exporter.site == "会员中心"


def test_the_most_specific_network_names_the_site(locator: Locator) -> None:
    assert locator.locate(exchange(MEMBERS, OUTSIDE)).exporter.site == "会员中心"
    assert locator.locate(exchange(OFFICE, OUTSIDE)).exporter.site == "办公网"


def test_mail_belongs_to_whom_it_is_addressed(locator: Locator) -> None:
    def sent(destination: str, application: str, role: Role = REQUEST) -> Crossing:
        return locator.locate(
            exchange(OFFICE, destination, protocol="smtp", application=application, names=("mx.x.example",), role=role)
        )

    through_a_relay = sent("10.21.9.25", "lumora.example")
    assert through_a_relay.direction is Direction.EXPORT
    assert (through_a_relay.recipient.id, through_a_relay.recipient.basis) == ("lumora", "domain")
    assert sent(OUTSIDE, "mail.lumora.example").recipient.id == "lumora"
    assert sent("10.21.9.25", "ours.example").direction is Direction.INSIDE
    assert sent(OUTSIDE, "lumora.example", RESPONSE).recipient.id is None


def test_a_file_went_where_it_is_declared_to_go(locator: Locator) -> None:
    def file(path: str) -> Crossing:
        return locator.locate(exchange("0.0.0.0", "0.0.0.0", protocol="file", capture=path))

    declared = file("/data/out/members.csv")
    assert declared.direction is Direction.EXPORT
    assert (declared.recipient.id, declared.exporter.site) == ("lumora", "会员中心")
    assert file("out/members.csv").recipient.id == "lumora"
    other = file("/data/timeout/members.csv")
    assert (other.direction, other.act, other.recipient.name) == (Direction.UNDETERMINED, "transmission", "")


def test_both_directions_of_a_connection_are_judged_apart(locator: Locator) -> None:
    up = locator.locate(exchange(MEMBERS, OUTSIDE, role=REQUEST))
    down = locator.locate(exchange(OUTSIDE, MEMBERS, role=RESPONSE))
    assert (up.direction, down.direction) == (Direction.EXPORT, Direction.IMPORT)


def test_answers_do_not_depend_on_what_was_asked_before(org: Org, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tongguan.border.locate._open", lambda path: Table())
    asked = [exchange(s, d, role=r, names=n) for s, d, r, n, _, _ in DIRECTIONS]
    forth, back = Locator(org), Locator(org)
    first = {one.uid: forth.locate(one) for one in asked}
    assert {one.uid: back.locate(one) for one in reversed(asked)} == first


def test_without_a_table_strangers_have_no_country(org: Org, tmp_path: Path) -> None:
    locator = Locator(org, tmp_path / "absent.mmdb")
    assert not locator.has_table
    assert seen(locator, OUTSIDE, ()) == (None, None, "none", 0.0)
    assert seen(locator, OUTSIDE, ("lumora.example",))[0] == "lumora"


def test_a_damaged_table_is_refused(org: Org, tmp_path: Path) -> None:
    table = tmp_path / "country.mmdb"
    table.write_bytes(b"not a table" * 100)
    with pytest.raises(BadInput, match="not a country table"):
        Locator(org, table)


def test_autonomous_systems_where_the_table_has_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Systems(Table):
        def get(self, ip: str) -> dict[str, Any] | None:
            return {"country_code": "US", "autonomous_system_number": 64510}

    monkeypatch.setattr("tongguan.border.locate._open", lambda path: Systems())
    org = org_of("exporter: {name: x}\nrecipients: [{id: as, name: As, country: US, asns: [AS64510]}]", tmp_path)
    assert seen(Locator(org), OUTSIDE, ())[:3] == ("as", "US", "register")


@pytest.mark.skipif(not COUNTRY_TABLE.exists(), reason="`make setup` without Node brings no country table")
@pytest.mark.parametrize(
    ("ip", "country"), [("202.14.67.4", "HK"), ("202.175.3.8", "MO"), ("168.95.1.1", "TW"), ("12.131.44.18", "US")]
)
def test_the_table_that_set_up_brings(org: Org, ip: str, country: str) -> None:
    crossing = Locator(org).locate(exchange(MEMBERS, ip))
    assert (crossing.recipient.country, crossing.direction) == (country, Direction.EXPORT)
