"""A source as somebody describes it: its fields checked, and the address and the server that they make."""

from __future__ import annotations

import ipaddress
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

import sqlalchemy as sa

from tongguan.capture.stores import Address, parse_address
from tongguan.casework.assets.reach import Reach
from tongguan.errors import BadInput
from tongguan.wording import wording

__all__ = [
    "KINDS",
    "LINE",
    "NAME",
    "PORTS",
    "TLS",
    "Given",
    "Secret",
    "address_of",
    "check_secret",
    "check_server",
    "checked",
    "place_of",
    "server_of",
]

KINDS: Final = ("postgresql", "mysql", "mariadb", "sqlite", "duckdb", "s3", "folder")
DATABASES: Final = ("postgresql", "mysql", "mariadb")
HERE: Final = ("folder", "sqlite", "duckdb")  # on this machine, by their paths
PORTS: Final = {"postgresql": 5432, "mysql": 3306, "mariadb": 3306}
TLS: Final = ("prefer", "verify")  # as the driver does it; with a certificate that is checked, or not at all
NAME, LINE, NOTE, SECRET = 100, 300, 1000, 4096  # characters
_HOST = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,251}[A-Za-z0-9])?")
_BUCKET = re.compile(r"[a-z0-9A-Z][a-z0-9A-Z._-]{1,61}[a-z0-9A-Z]")
_ENDPOINT = re.compile(r"https?://([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::(\d{1,5}))?/?")

_texts: Final = wording("tongguan.casework.assets")


@dataclass(frozen=True, slots=True)
class Secret:
    """What a source asks for. It has no readable form: nobody prints it by mistake."""

    password: str = field(default="", repr=False)
    access_key: str = field(default="", repr=False)
    secret_key: str = field(default="", repr=False)

    def __bool__(self) -> bool:
        return bool(self.password or self.access_key or self.secret_key)


@dataclass(frozen=True, slots=True)
class Given:
    """A source as somebody describes it. Which fields of the place are used goes by the kind."""

    name: str
    kind: str
    owner: str
    entity: str | None = None
    note: str = ""
    host: str = ""
    port: int | None = None
    database: str = ""
    user: str = ""
    tls: str = "prefer"
    path: str = ""
    bucket: str = ""
    prefix: str = ""
    endpoint: str = ""
    region: str = ""


def checked(given: Given) -> Given:
    if given.kind not in KINDS:
        raise BadInput(_texts.both("kind.none", known=", ".join(KINDS)))
    name, owner = _line("name", given.name, NAME), _line("owner", given.owner, LINE)
    if not name or not owner:
        raise BadInput(_texts.both("name.none"))
    note = given.note.replace("\r\n", "\n").strip()
    if len(note) > NOTE or any(unicodedata.category(c) in ("Cc", "Cs") and c not in "\n\t" for c in note):
        raise BadInput(_texts.both("note.text", most=NOTE))
    return replace(given, name=name, owner=owner, note=note, entity=_line("entity", given.entity or "", LINE) or None)


def _line(what: str, text: str, most: int) -> str:
    text = unicodedata.normalize("NFC", text).strip()
    if len(text) > most or any(unicodedata.category(c) in ("Cc", "Cs", "Zl", "Zp", "Cf") for c in text):
        raise BadInput(_texts.both("line.text", what=what, most=most))
    return text


def place_of(given: Given) -> dict[str, Any]:
    """The fields of its kind, checked. Raises BadInput."""
    if given.kind in HERE:
        return {"path": given.path.strip()}
    if given.kind == "s3":
        bucket, prefix, region = given.bucket.strip(), given.prefix.strip(), given.region.strip()
        endpoint = given.endpoint.strip().rstrip("/")
        if not _BUCKET.fullmatch(bucket):
            raise BadInput(_texts.both("bucket.text"))
        if endpoint and not _ENDPOINT.fullmatch(endpoint):
            raise BadInput(_texts.both("endpoint.text"))
        if region and not re.fullmatch(r"[a-z0-9-]{1,40}", region):
            raise BadInput(_texts.both("region.text"))
        return {"bucket": bucket, "prefix": _line("prefix", prefix, LINE), "endpoint": endpoint, "region": region}
    host = given.host.strip().removeprefix("[").removesuffix("]")
    if not (_HOST.fullmatch(host) or _is_address(host)):
        raise BadInput(_texts.both("host.text"))
    port = given.port if given.port is not None else PORTS[given.kind]
    if not 1 <= port <= 65535:
        raise BadInput(_texts.both("port.range"))
    database, user = _line("database", given.database, LINE), _line("user", given.user, LINE)
    if not user or (given.kind == "postgresql" and not database):
        raise BadInput(_texts.both("database.user"))
    if given.tls not in TLS:
        raise BadInput(_texts.both("tls.text", known=", ".join(TLS)))
    return {"host": host.lower(), "port": port, "database": database, "user": user, "tls": given.tls}


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def check_secret(kind: str, secret: Secret, *, needed: bool) -> None:
    for text in (secret.password, secret.access_key, secret.secret_key):
        if len(text) > SECRET or "\0" in text or any("\ud800" <= c <= "\udfff" for c in text):
            raise BadInput(_texts.both("secret.text", most=SECRET))
    if needed and not (secret.access_key and secret.secret_key):
        raise BadInput(_texts.both("secret.bucket"))
    if kind in HERE and secret:
        raise BadInput(_texts.both("secret.file"))


def check_server(kind: str, place: Mapping[str, Any], reach: Reach) -> None:
    """What is refused wherever it is asked from is refused at once; a name is looked up when it is connected to."""
    if host := server_of(kind, place):
        reach.literal(host)


def address_of(kind: str, place: Mapping[str, Any], reach: Reach) -> Address:
    """As a scan takes it. Raises BadInput."""
    if kind in HERE:
        found = str(reach.place(place["path"], folder=kind == "folder"))
        return parse_address(found if kind == "folder" else f"{kind}:///{found}")
    if kind == "s3":
        from urllib.parse import quote, urlencode

        query = urlencode({k: place[k] for k in ("endpoint", "region") if place[k]})
        return parse_address(f"s3://{place['bucket']}/{quote(place['prefix'])}" + (f"?{query}" if query else ""))
    url = sa.URL.create(
        kind, place["user"], host=place["host"], port=place["port"], database=place["database"] or None,
        query=_TLS_QUERY[kind] if place["tls"] == "verify" else {},
    )  # fmt: skip
    return parse_address(url.render_as_string(hide_password=False))


_MYSQL_TLS = {"ssl_verify_cert": "true", "ssl_verify_identity": "true"}


_TLS_QUERY: Final[dict[str, dict[str, str]]] = {
    "postgresql": {"sslmode": "verify-full", "sslrootcert": "system"},
    "mysql": _MYSQL_TLS,
    "mariadb": _MYSQL_TLS,
}


def server_of(kind: str, place: Mapping[str, Any]) -> str:
    """The server that is connected to; "" where there is none, or it is the cloud's own."""
    if kind in DATABASES:
        return str(place["host"])
    matched = _ENDPOINT.fullmatch(place.get("endpoint") or "")
    return matched.group(1).strip("[]") if matched else ""
