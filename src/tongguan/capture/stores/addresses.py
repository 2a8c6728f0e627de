"""Where a store is: what the user types, what is kept of it, and where its password comes from."""

from __future__ import annotations

import os
import re
import stat
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, quote, unquote, urlsplit

from tongguan.capture.stores.refusals import TEXTS
from tongguan.errors import BadInput
from tongguan.wording import readable, system_error

__all__ = ["Address", "parse_address", "password_of", "scheme_of"]

PASSWORD_VARIABLE = "TONGGUAN_SOURCE_PASSWORD"
CREDENTIALS_MAX = 1 << 20

_SCHEME = re.compile(r"^([A-Za-z][A-Za-z0-9+.\-]*):/(?=/)")
_POSTGRESQL = ("postgresql", "postgres")  # whatever driver is named: ours is one of its own
_MYSQL = ("mysql", "mariadb")
_PORTS = {"postgresql": 5432, "mysql": 3306}
_SECRET = re.compile(r"pass|pwd|secret|token|credential|access_?key", re.IGNORECASE)
_SIGNS = re.compile(r"[%?#&/\\\s]|^\.+$")  # of a database's name, which would say another thing in an address
_S3_QUERY = ("endpoint", "region")


@dataclass(frozen=True, slots=True)
class Address:
    """One source. `name` never holds a secret, nor who asks: the same store has the same name for everybody."""

    kind: str  # postgresql, mysql, sqlite, duckdb, database, folder, file, s3
    name: str
    path: Path | None = None  # folder, file, sqlite, duckdb
    url: Any = field(default=None, repr=False)  # a sqlalchemy.URL without a password
    bucket: str = ""
    prefix: str = ""
    endpoint: str | None = None
    region: str | None = None


def parse_address(text: str) -> Address:
    """A folder, a file, `sqlite:///…`, `duckdb:///…`, `postgresql://…`, `mysql://…`, `mariadb://…`, `s3://bucket/prefix`,
    or a URL of another dialect of SQLAlchemy.

    Raises BadInput; its message never repeats a URL, since that may hold a password.
    """
    scheme = scheme_of(text)
    if not scheme:
        return _path(text)
    if scheme == "s3":
        return _s3(text)
    return _database(text, scheme)


def scheme_of(text: str) -> str:
    """The scheme of a URL in small letters, "" of a path."""
    matched = _SCHEME.match(text)
    return matched.group(1).lower() if matched else ""


def _path(text: str) -> Address:
    path = Path(text)
    try:
        mode = path.stat().st_mode
        whole = path.resolve()
    except (OSError, ValueError, RuntimeError) as error:
        why = system_error(error) if isinstance(error, OSError) else TEXTS.both("path.none")
        raise BadInput(TEXTS.both("path.closed", path=readable(text), why=why)) from None
    if not (stat.S_ISDIR(mode) or stat.S_ISREG(mode)):
        raise BadInput(TEXTS.both("path.special", path=readable(text)))
    return Address("folder" if stat.S_ISDIR(mode) else "file", readable(str(whole)), whole)


def _s3(text: str) -> Address:
    try:
        parts = urlsplit(text)
        query = dict(parse_qsl(parts.query, strict_parsing=bool(parts.query)))
    except ValueError:
        raise BadInput("this s3:// address cannot be read; expected s3://bucket/prefix") from None
    if "@" in parts.netloc or "@" in query.get("endpoint", ""):
        raise BadInput("an s3:// address must not hold keys; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY")
    if unknown := sorted(set(query) - set(_S3_QUERY)):
        raise BadInput(f"an s3:// address knows {', '.join(_S3_QUERY)}; not {_shown(unknown[0])}")
    if not parts.netloc:
        raise BadInput("this s3:// address names no bucket; expected s3://bucket/prefix")
    prefix = unquote(parts.path.lstrip("/"))
    at = f"?endpoint={query['endpoint']}" if query.get("endpoint") else ""
    return Address(
        "s3", readable(f"s3://{parts.netloc}/{prefix}{at}"), bucket=parts.netloc, prefix=prefix,
        endpoint=query.get("endpoint"), region=query.get("region"),
    )  # fmt: skip


def _database(text: str, scheme: str) -> Address:
    import sqlalchemy as sa

    try:
        url = sa.make_url(text)
    except (sa.exc.ArgumentError, ValueError):
        raise BadInput(f"this {_shown(scheme)}:// address cannot be read; expected {_example(scheme)}") from None
    if url.password is not None or any(_SECRET.search(key) for key in url.query):
        raise BadInput(
            f"the address must not hold a password: others can see command lines; set {PASSWORD_VARIABLE}, "
            "or name a file by --credentials"
        )
    scheme = scheme.partition("+")[0]
    if scheme in ("sqlite", "duckdb"):
        return _database_file(url, scheme)
    if scheme in _POSTGRESQL:
        kind, url = "postgresql", url.set(drivername="postgresql+psycopg")
    elif scheme in _MYSQL:
        kind, url = "mysql", url.set(drivername="mysql+pymysql")
    else:
        kind = "database"
    if kind != "database" and not url.host and not url.query:
        raise BadInput(f"this {scheme}:// address names no server; expected {_example(scheme)}")
    if kind == "postgresql" and not url.database:
        raise BadInput(f"this {scheme}:// address names no database; expected {_example(scheme)}")
    port = url.port or _PORTS.get(kind)
    host = url.host or url.query.get("host") or url.query.get("unix_socket") or "localhost"
    where = f"{host}:{port}" if port else str(host)
    name = url.database or ""
    if kind != "database":  # of other dialects it may be a path
        name = _SIGNS.sub(lambda found: quote(found[0], safe="").replace(".", "%2E"), name)
    return Address(kind, readable(f"{scheme}://{where}/{name}"), url=url)


def _database_file(url: Any, kind: str) -> Address:
    if not url.database or url.database == ":memory:" or url.query:
        raise BadInput(
            f"this {kind}:// address names no file; expected {kind}:///path, or {kind}:////path from the root"
        )
    found = _path(url.database)
    if found.kind != "file" or found.path is None:
        raise BadInput(f"{readable(url.database)}: is a folder; expected a database's file")
    return Address(kind, f"{kind}:///{found.name}", found.path)


def _example(scheme: str) -> str:
    if scheme in _POSTGRESQL or scheme in _MYSQL:
        return f"{scheme}://user@host/database"
    return "sqlite:///path, duckdb:///path, postgresql://…, mysql://…, mariadb://… or s3://…"


def _shown(text: str) -> str:
    return readable(text[:40])


def password_of(address: Address, credentials: Path | None) -> str | None:
    """The password for a database: from the file, else from the environment; None where the driver knows a way of its
    own (libpq: PGPASSWORD, ~/.pgpass) or none is needed.

    The file is YAML, `address: password`, an address written as scans show it or `host[:port]` alone, and readable for
    its owner only. Raises BadInput.
    """
    if credentials is not None and address.url is not None:
        known = _credentials(credentials)
        places = (address.name, f"{address.url.host}:{address.url.port or _PORTS.get(address.kind)}", address.url.host)
        for place in places:
            if place in known:
                return known[place]
    if value := os.environ.get(PASSWORD_VARIABLE):
        return value
    return os.environ.get("MYSQL_PWD") if address.kind == "mysql" else None


def _credentials(path: Path) -> dict[str, str]:
    import yaml

    shown = readable(str(path))
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode) or status.st_size > CREDENTIALS_MAX:
            raise BadInput(f"{shown}: no file of credentials")
        if status.st_mode & 0o077:
            raise BadInput(f"{shown}: others may read it; `chmod 600` it")
        found = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"{shown}: cannot be read: {getattr(error, 'strerror', None) or 'not UTF-8'}") from None
    except yaml.YAMLError:
        raise BadInput(f"{shown}: not YAML; expected lines of `address: password`") from None
    if not isinstance(found, dict) or not all(isinstance(part, str) for pair in found.items() for part in pair):
        raise BadInput(f"{shown}: expected lines of `address: password`; put numbers in quotes")
    return found
