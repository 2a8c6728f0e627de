"""What an installation chooses: `settings.yaml` in the workspace's home, or the file that $TONGGUAN_SETTINGS names.

Every key may be absent. Secrets never stand in it: a key that ends in `_env` names an environment variable, one that
ends in `_file` a file.
"""

from __future__ import annotations

import os
import types
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from pathlib import Path
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

from tongguan.errors import BadSettings

__all__ = [
    "Anchor",
    "AssetSources",
    "EvidenceStore",
    "Identity",
    "Master",
    "Provider",
    "Service",
    "Settings",
    "Witness",
    "load_settings",
    "secret_of",
]

T = TypeVar("T")

SuiteName = Literal["international", "guomi"]


@dataclass(frozen=True, slots=True)
class Master:
    """Where the master key is: sealed by a passphrase in a file beside the records, or in an HSM by PKCS#11.

    passphrase: read from the variable, else the file, else `master.passphrase` in the home, made at first use.
    pkcs11: `module` is the library, `token` the token's label, `key` the label of an AES key that never leaves it.
    """

    kind: Literal["passphrase", "pkcs11"] = "passphrase"
    passphrase_env: str = "TONGGUAN_PASSPHRASE"
    passphrase_file: str | None = None
    module: str | None = None
    token: str = "tongguan"
    pin_env: str = "TONGGUAN_PIN"
    pin_file: str | None = None
    key: str = "tongguan-master"


@dataclass(frozen=True, slots=True)
class EvidenceStore:
    """Where sealed evidence lies, and for how long at least."""

    kind: Literal["local", "s3"] = "local"
    path: str | None = None  # local: a folder; evidence/ in the home where absent
    endpoint: str | None = None
    bucket: str | None = None
    prefix: str = ""
    region: str = "us-east-1"
    access_key_env: str = "TONGGUAN_S3_ACCESS_KEY"
    secret_key_env: str = "TONGGUAN_S3_SECRET_KEY"
    retention_days: int = 1096  # three years with a leap day: PIPL art. 56, NDSR art. 12 ask for at least three years


@dataclass(frozen=True, slots=True)
class Anchor:
    """A contract on an EVM chain that checkpoints are written to."""

    rpc: str
    contract: str | None = None  # address; `tongguan audit anchor --deploy` makes one
    chain_id: int | None = None  # refuse a chain that answers with another
    key_env: str = "TONGGUAN_ANCHOR_KEY"  # private key of the sending account, hex
    key_file: str | None = None
    gas_price: int | None = None  # wei; None asks the chain; 0 for chains without fees
    confirmations: int = 1
    timeout_s: float = 60.0


@dataclass(frozen=True, slots=True)
class Witness:
    """Somebody else who signs our checkpoints after seeing that the log only grew."""

    name: str
    verifier: str  # verifier key of a signed note
    url: str | None = None


@dataclass(frozen=True, slots=True)
class Provider:
    """An OpenID Connect provider that people may sign in with."""

    id: str
    name: str
    issuer: str
    client_id: str
    client_secret_env: str | None = None
    scopes: tuple[str, ...] = ("openid", "profile", "email")
    user_claim: str = "preferred_username"
    create_users: bool = False  # at first sign-in, without roles
    second_factor: bool = False  # whether a sign-in there counts as two factors


@dataclass(frozen=True, slots=True)
class Identity:
    """Passwords, sessions and second factors."""

    password_min: int = 10
    password_history: int = 5
    password_max_age_days: int | None = None
    lock_after: int = 5
    session_idle_minutes: int = 120
    session_hours: int = 12
    sessions_per_user: int = 10
    second_factor: Literal["optional", "administrators", "everyone"] = "optional"
    providers: tuple[Provider, ...] = ()


@dataclass(frozen=True, slots=True)
class Service:
    """How the console and the API are served."""

    public_url: str | None = None  # https://host[:port]: the name by which browsers know it
    tls_certificate: str | None = None  # PEM files
    tls_key: str | None = None
    hosts: tuple[str, ...] = ()  # further names by which it may be called
    requests_per_minute: int = 600  # one caller, all of the service
    sign_ins_per_minute: int = 10  # one address
    body_limit: int = 1 << 20  # bytes of an ordinary request
    upload_limit: int = 1 << 30  # bytes of one piece of evidence


@dataclass(frozen=True, slots=True)
class AssetSources:
    """What a source of data assets that is registered in the service may be. Whoever types at the machine's terminal is
    bound by none of it."""

    roots: tuple[str, ...] = ()  # folders of this machine beneath which folders and SQLite files may be scanned
    networks: tuple[str, ...] = ()  # such as 127.0.0.0/8: addresses that are refused where they are not named here


@dataclass(frozen=True, slots=True)
class Settings:
    """All of it."""

    suite: SuiteName = "international"
    database: str | None = None  # SQLAlchemy URL of a PostgreSQL server; SQLite files in the home where absent
    names: bool | None = None  # read names in running prose by a model; where its extra is installed if absent
    master: Master = field(default_factory=Master)
    evidence: EvidenceStore = field(default_factory=EvidenceStore)
    anchor: Anchor | None = None
    witnesses: tuple[Witness, ...] = ()
    identity: Identity = field(default_factory=Identity)
    service: Service = field(default_factory=Service)
    assets: AssetSources = field(default_factory=AssetSources)


def load_settings(home: Path) -> Settings:
    """The settings of this home; defaults where there is no file. Raises BadSettings."""
    chosen = os.environ.get("TONGGUAN_SETTINGS")
    path = Path(chosen) if chosen else home / "settings.yaml"
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        if chosen:
            raise BadSettings(f"{path}: no such file; it is named by TONGGUAN_SETTINGS") from None
        return Settings()
    except (OSError, UnicodeDecodeError) as error:
        raise BadSettings(f"{path}: cannot be read as UTF-8 text: {type(error).__name__}") from None
    import yaml

    try:
        document = yaml.safe_load(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        raise BadSettings(f"{path}{f':{mark.line + 1}' if mark else ''}: not YAML") from None
    return _read(Settings, {} if document is None else document, str(path))


def secret_of(variable: str | None, file: str | None = None) -> str | None:
    """A secret by the names that settings give for it: the variable first, then the file. None where neither has it."""
    if variable and (value := os.environ.get(variable)):
        return value
    if file:
        try:
            return Path(file).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise BadSettings(f"{file}: the secret in it cannot be read: {type(error).__name__}") from None
    return None


def _read(kind: type[T], value: object, place: str) -> T:
    """A dataclass from a mapping, strictly: unknown keys and other types are refused by name."""
    if not isinstance(value, Mapping):
        raise BadSettings(f"{place}: expected keys and values")
    hints = get_type_hints(kind)
    names = [f.name for f in fields(kind)]  # type: ignore[arg-type]
    for key in value:
        if key not in names:
            raise BadSettings(f"{place}: {key} is not known here; expected one of {', '.join(names)}")
    read = {name: _value(hints[name], value[name], f"{place}: {name}") for name in names if name in value}
    try:
        return kind(**read)
    except TypeError as error:  # a key without a default is missing
        raise BadSettings(f"{place}: {str(error).partition('()')[2].strip() or error}") from None


def _value(kind: Any, value: object, place: str) -> Any:
    origin = get_origin(kind)
    if origin in (Union, types.UnionType):
        inner = next(part for part in get_args(kind) if part is not type(None))
        return None if value is None else _value(inner, value, place)
    if origin is Literal:
        if value not in get_args(kind):
            raise BadSettings(f"{place} is none of {', '.join(map(str, get_args(kind)))}")
        return value
    if origin is tuple:
        if not isinstance(value, list):
            raise BadSettings(f"{place}: expected a list")
        return tuple(_value(get_args(kind)[0], one, f"{place}[{n}]") for n, one in enumerate(value))
    if is_dataclass(kind):
        return _read(kind, value, place)  # type: ignore[arg-type]
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
        raise BadSettings(f"{place}: expected {_NAMES[kind]}")
    if isinstance(value, (int, float)) and not isinstance(value, bool) and value < 0:
        raise BadSettings(f"{place} must not be below 0")
    return value


_NAMES = {str: "text", int: "a whole number", float: "a number", bool: "true or false"}
