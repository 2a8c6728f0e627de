"""Where the two ends of an exchange lie, who stands there, and so which way its data crossed the border.

Asked in turn: the organisation's own networks and its register of recipients (by address), the names that the answering
end goes by (held against the register), and last a country table, which tells a country and never a recipient.
"""

from __future__ import annotations

from fnmatch import fnmatchcase
from pathlib import Path

import maxminddb

from tongguan.border.addresses import Prefixes, anycast, parse, private, reserved
from tongguan.border.org import Org, OwnNetwork, Recipient
from tongguan.errors import BadInput
from tongguan.model import Crossing, Direction, Exchange, Party, Role

__all__ = ["COUNTRY_TABLE", "Locator"]

COUNTRY_TABLE = Path(__file__).parent / "geo" / "country.mmdb"
"""Where `make setup` puts the table."""

MAINLAND = "CN"
"""Hong Kong, Macao and Taiwan have codes of their own (HK, MO, TW): they are outside."""

# How sure each basis makes us. Names are what the peers say of themselves, so they weigh less than addresses.
REGISTERED, CERTIFIED, NAMED, MAILED, AT_ODDS, TABLE, ASSUMED = 1.0, 0.95, 0.9, 0.8, 0.6, 0.7, 0.5
_CACHE = 1 << 16

_Place = tuple[Party, bool | None]  # who, and whether inside the mainland


class Locator:
    """Locates exchanges for one organisation. `country_table`: a MaxMind DB file; where it is absent, addresses outside
    the register have no country. Raises BadInput where the file is no such table."""

    def __init__(self, org: Org, country_table: Path | None = COUNTRY_TABLE) -> None:
        self.org = org
        self._networks: Prefixes[OwnNetwork] = Prefixes((network.cidr, network) for network in org.networks)
        self._register: Prefixes[Recipient] = Prefixes(
            (cidr, recipient) for recipient in org.recipients.values() for cidr in recipient.cidrs
        )
        self._domains = {name: one for one in org.recipients.values() for name in one.domains}
        self._sni = self._domains | {name: one for one in org.recipients.values() for name in one.sni}
        self._asns = {asn: one for one in org.recipients.values() for asn in one.asns}
        self._table = _open(country_table)
        self._seen: dict[tuple[object, ...], tuple[Direction, str, Party, Party]] = {}

    @property
    def has_table(self) -> bool:
        return self._table is not None

    def locate(self, exchange: Exchange) -> Crossing:
        """The exchange with its direction and its two parties. `act` is "none" where the data cannot have left."""
        request = exchange.role is Role.REQUEST
        mail = exchange.application if request and exchange.protocol == "smtp" else None
        # A file's own path tells where it went; all else is told by addresses and names.
        path = exchange.capture if exchange.protocol == "file" else None
        key = (
            exchange.source.ip,
            exchange.destination.ip,
            request,
            exchange.server_names,
            exchange.protocol,
            mail,
            path,
        )
        seen = self._seen.get(key)
        if seen is None:
            if len(self._seen) >= _CACHE:
                self._seen.clear()
            seen = self._seen[key] = self._file(exchange) if path is not None else self._judge(exchange, mail)
        return Crossing(exchange, *seen)

    def _judge(self, exchange: Exchange, mail: str | None) -> tuple[Direction, str, Party, Party]:
        names = tuple(filter(None, (_host(name) for name in exchange.server_names)))
        request = exchange.role is Role.REQUEST
        server, server_inside = self._place(exchange.server.ip, names, exchange.protocol)
        client, client_inside = self._place(exchange.client.ip, (), exchange.protocol)
        addressee = self._named(_host(mail), self._domains) if mail else None
        if addressee is not None and server.id is None:
            # Mail is handed on: whoever its domain belongs to receives it, whichever relay it goes through.
            server, server_inside = _known(addressee, "domain", MAILED), addressee.country == MAINLAND
        if request:
            return _direct(client, client_inside, server, server_inside, "transmission")
        return _direct(server, server_inside, client, client_inside, "remote_access")

    def _place(self, ip: str, names: tuple[str, ...], protocol: str) -> _Place:
        address = parse(ip)
        own = self._networks.find(address) if address else None
        if own is not None:
            return self._own(own)
        registered = self._register.find(address) if address else None
        if registered is not None:
            return _known(registered, "register", REGISTERED), registered.country == MAINLAND
        country, asn = self._look_up(str(address)) if address and not reserved(address) else (None, 0)
        for i, name in enumerate(names):
            recipient = self._named(name, self._sni if protocol == "tls" else self._domains)
            if recipient is not None:
                basis, sure = (
                    ("domain", NAMED) if protocol != "tls" else ("certificate", CERTIFIED) if i else ("sni", NAMED)
                )
                # A name of an entity abroad that answers from inside the mainland: the entity still receives the data.
                at_odds = (country == MAINLAND) != (recipient.country == MAINLAND) and country is not None
                return _known(recipient, basis, AT_ODDS if at_odds else sure), recipient.country == MAINLAND
        if asn in self._asns:
            return _known(self._asns[asn], "register", NAMED), self._asns[asn].country == MAINLAND
        name = names[0] if names else ip
        if address is not None and private(address):
            return Party(name, MAINLAND, "private", ASSUMED), True
        if address is not None and anycast(address):
            return Party(name, None, "anycast", 0.0), None
        if country is None:
            return Party(name, None, "none", 0.0), None
        return Party(name, country, "geoip", TABLE), country == MAINLAND

    def _own(self, network: OwnNetwork) -> _Place:
        inside = network.country == MAINLAND
        legal = self.org.recipients.get(network.recipient or "")
        if legal is not None:
            return Party(legal.name, network.country, "network", REGISTERED, legal.id, network.site), inside
        name = self.org.exporter.name if inside else network.site
        return Party(name, network.country, "network", REGISTERED, None, network.site), inside

    def _named(self, name: str, register: dict[str, Recipient]) -> Recipient | None:
        """The recipient whose name ends this one, at a label's border; the longest such name wins."""
        while name:
            found = register.get(name)
            if found is not None:
                return found
            _, _, name = name.partition(".")
        return None

    def _look_up(self, ip: str) -> tuple[str | None, int]:
        """The table's country of an address and its autonomous system, 0 where it does not say."""
        try:
            record = self._table.get(ip) if self._table is not None else None
        except (ValueError, maxminddb.InvalidDatabaseError):  # a table of IPv4 only; a damaged entry
            record = None
        if not isinstance(record, dict):
            return None, 0
        country = record.get("country_code")
        if country is None and isinstance(record.get("country"), dict):
            country = record["country"].get("iso_code")
        asn = record.get("autonomous_system_number", 0)
        return (country if isinstance(country, str) and len(country) == 2 else None), asn if isinstance(asn, int) else 0

    def _file(self, exchange: Exchange) -> tuple[Direction, str, Party, Party]:
        """A file has no connection; only a declaration tells where it went."""
        for declared in self.org.files:
            if fnmatchcase(exchange.capture, declared.path) or fnmatchcase(exchange.capture, f"*/{declared.path}"):
                recipient = self.org.recipients[declared.recipient]
                source = Party(self.org.exporter.name, MAINLAND, "file", REGISTERED, None, declared.system)
                outside = recipient.country != MAINLAND
                direction = Direction.EXPORT if outside else Direction.INSIDE
                act = "transmission" if outside else "none"
                return direction, act, source, _known(recipient, "file", REGISTERED)
        nobody = Party("", None, "none", 0.0)
        return Direction.UNDETERMINED, "transmission", nobody, nobody


def _direct(
    source: Party, from_inside: bool | None, destination: Party, to_inside: bool | None, act: str
) -> tuple[Direction, str, Party, Party]:
    may_leave = from_inside is not False and to_inside is not True
    if from_inside is None or to_inside is None:
        direction = Direction.UNDETERMINED
    elif from_inside:
        direction = Direction.INSIDE if to_inside else Direction.EXPORT
    else:
        direction = Direction.IMPORT if to_inside else Direction.OUTSIDE
    return direction, act if may_leave else "none", source, destination


def _known(recipient: Recipient, basis: str, confidence: float) -> Party:
    return Party(recipient.name, recipient.country, basis, confidence, recipient.id)


def _host(name: str | None) -> str:
    """A name without its port, wildcard and final dot, in lower case."""
    host = (name or "").strip().lower()
    if host.startswith("["):
        return host[1:].partition("]")[0]
    if host.count(":") == 1:
        host = host.partition(":")[0]
    return host.removeprefix("*.").strip(".")


def _open(path: Path | None) -> maxminddb.Reader | None:
    if path is None or not path.exists():
        return None
    try:
        return maxminddb.open_database(str(path), maxminddb.MODE_AUTO)
    except (maxminddb.InvalidDatabaseError, OSError, ValueError) as error:
        raise BadInput(f"{path}: not a country table ({error}); expected a MaxMind DB file") from None
