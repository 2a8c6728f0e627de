"""Key management, in the manner of a KMS: keys never leave it; what is done with them is done here."""

from __future__ import annotations

import base64
from typing import Annotated, Literal

from fastapi import APIRouter
from pydantic import Field

from tongguan.service.api.calling import TrustRoom
from tongguan.service.api.shapes import Bytes, Ident, Limit, Line, Name, Offset, Shown, Strict, encode
from tongguan.service.permission import needs
from tongguan.trust.access import Principal
from tongguan.trust.keys import Key

__all__ = ["router"]

router = APIRouter(prefix="/keys", tags=["keys"])
Purpose = Literal["seal", "wrap", "sign", "mac", "derive", "decrypt"]
State = Literal["pre-active", "active", "suspended", "retired", "destroyed"]
Moment = Annotated[int, Field(ge=0, le=10**11)]
Entity = Annotated[Line, Field(min_length=1, max_length=200)]
Algorithm = Annotated[Line, Field(min_length=1, max_length=40)]
Reader = Annotated[Principal, needs("keys.read")]
User = Annotated[Principal, needs("keys.use")]
Keeper = Annotated[Principal, needs("keys.manage")]


class Rule(Strict):
    """Lets these principals and roles do these operations; null means all operations."""

    principals: Annotated[list[Name], Field(default_factory=list, max_length=200)]
    roles: Annotated[list[Name], Field(default_factory=list, max_length=200)]
    operations: Annotated[list[Name], Field(max_length=200)] | None = None


class PolicyOfKey(Strict):
    """Who may use the key, on top of keys.use. No rule: whoever has that."""

    allow: Annotated[list[Rule], Field(default_factory=list, max_length=200)]


class RuleShown(Shown):
    principals: list[str]
    roles: list[str]
    operations: list[str] | None


class PolicyShown(Shown):
    allow: list[RuleShown]


class KeyShown(Shown):
    """One key of the catalogue; nothing secret. Times in seconds since the epoch, `public` in base64."""

    id: str
    name: str
    purpose: Purpose
    algorithm: str
    owner: str
    entity: str | None
    state: State
    version: int
    foreign: bool
    not_before: int | None
    not_after: int | None
    policy: PolicyShown
    created: int
    changed: int
    public: str | None
    fingerprint: str | None


class NewKey(Strict):
    name: Name
    purpose: Purpose
    algorithm: Algorithm | None = None
    owner: Name
    entity: Entity | None = None
    not_before: Moment | None = None
    not_after: Moment | None = None
    activate: bool = True


class Foreign(Strict):
    """Another party's public key, in PEM."""

    name: Name
    public: Annotated[str, Field(min_length=1, max_length=20_000)]
    algorithm: Algorithm | None = None
    purpose: Literal["sign", "decrypt"] | None = None
    owner: Name
    entity: Entity | None = None
    not_before: Moment | None = None
    not_after: Moment | None = None


class Days(Strict):
    not_before: Moment | None = None
    not_after: Moment | None = None


class Value(Strict):
    """`context` is bound to the value: it must be the same when it is opened."""

    data: Bytes
    context: Bytes = ""


class Context(Strict):
    context: Bytes = ""


class Message(Strict):
    message: Bytes


class Signed(Strict):
    message: Bytes
    signature: Bytes


class Tagged(Strict):
    data: Bytes
    tag: Bytes


class Derived(Strict):
    context: Bytes
    length: Annotated[int, Field(ge=16, le=64)] = 32
    version: Annotated[int, Field(ge=1, le=10_000)] | None = None


class Result(Shown):
    """Bytes in base64."""

    data: str


class DataKey(Shown):
    """A new key, to use once and forget, and the same wrapped, to keep; base64."""

    plain: str
    wrapped: str


class Holds(Shown):
    """Whether the signature or the tag is the key's."""

    valid: bool


@router.post("", status_code=201)
def create(trust: TrustRoom, by: Annotated[Principal, needs("keys.create")], new: NewKey) -> KeyShown:
    """A new key; the algorithm is the suite's where none is named."""
    return _shown(trust.keys.create(**new.model_dump(), by=by))


@router.post("/registrations", status_code=201)
def register(trust: TrustRoom, by: Annotated[Principal, needs("keys.register")], new: Foreign) -> KeyShown:
    """Register another party's public key."""
    return _shown(trust.keys.register(**new.model_dump(), by=by))


@router.get("")
def keys(
    trust: TrustRoom,
    by: Reader,
    entity: Entity | None = None,
    purpose: Purpose | None = None,
    state: State | None = None,
    foreign: bool | None = None,
    offset: Annotated[Offset, Field(le=1 << 31)] = 0,
    limit: Limit = 100,
) -> list[KeyShown]:
    """The keys that the caller may see, by name."""
    found = trust.keys.list(
        entity=entity, purpose=purpose, state=state, foreign=foreign, offset=offset, limit=limit, by=by
    )
    return [_shown(key) for key in found]


@router.get("/{id}")
def key(trust: TrustRoom, by: Reader, id: Ident) -> KeyShown:
    """One key."""
    return _shown(trust.keys.get(id, by))


# ---- its life


@router.post("/{id}/rotate")
def rotate(trust: TrustRoom, by: Keeper, id: Ident) -> KeyShown:
    """A new version, which protects from now on; earlier ones still open."""
    return _shown(trust.keys.rotate(id, by))


@router.post("/{id}/activate")
def activate(trust: TrustRoom, by: Keeper, id: Ident) -> KeyShown:
    """From pre-active or suspended."""
    return _shown(trust.keys.activate(id, by))


@router.post("/{id}/suspend")
def suspend(trust: TrustRoom, by: Keeper, id: Ident) -> KeyShown:
    """It may do nothing until it is activated again."""
    return _shown(trust.keys.suspend(id, by))


@router.post("/{id}/retire")
def retire(trust: TrustRoom, by: Keeper, id: Ident) -> KeyShown:
    """For good: from now on it only opens and checks what it protected."""
    return _shown(trust.keys.retire(id, by))


@router.put("/{id}/policy")
def set_policy(trust: TrustRoom, by: Keeper, id: Ident, policy: PolicyOfKey) -> KeyShown:
    """Who may use it."""
    return _shown(trust.keys.set_policy(id, policy.model_dump(), by))


@router.put("/{id}/days")
def set_days(trust: TrustRoom, by: Keeper, id: Ident, days: Days) -> KeyShown:
    """From when on, and until when, it may be used."""
    return _shown(trust.keys.set_days(id, days.not_before, days.not_after, by))


@router.post("/{id}/destroy")
def destroy(trust: TrustRoom, by: Annotated[Principal, needs("keys.destroy")], id: Ident) -> KeyShown:
    """For good: what it protected can never be opened again. Takes an approval of keys.destroy for this id."""
    return _shown(trust.keys.destroy(id, by))


# ---- its use


@router.post("/{id}/seal")
def seal(trust: TrustRoom, by: User, id: Ident, value: Value) -> Result:
    """Encrypt and authenticate a value."""
    return _result(trust.keys.seal(id, _raw(value.data), _raw(value.context), by))


@router.post("/{id}/unseal")
def unseal(trust: TrustRoom, by: User, id: Ident, value: Value) -> Result:
    """Open what was sealed."""
    return _result(trust.keys.unseal(id, _raw(value.data), _raw(value.context), by))


@router.post("/{id}/wrap")
def wrap(trust: TrustRoom, by: User, id: Ident, value: Value) -> Result:
    """Wrap a key of the caller's."""
    return _result(trust.keys.wrap(id, _raw(value.data), _raw(value.context), by))


@router.post("/{id}/unwrap")
def unwrap(trust: TrustRoom, by: User, id: Ident, value: Value) -> Result:
    """Open what was wrapped."""
    return _result(trust.keys.unwrap(id, _raw(value.data), _raw(value.context), by))


@router.post("/{id}/data-key")
def data_key(trust: TrustRoom, by: User, id: Ident, given: Context) -> DataKey:
    """A new key for envelope encryption."""
    plain, wrapped = trust.keys.data_key(id, _raw(given.context), by)
    return DataKey(plain=encode(plain), wrapped=encode(wrapped))


@router.post("/{id}/open-data-key")
def open_data_key(trust: TrustRoom, by: User, id: Ident, value: Value) -> Result:
    """A wrapped data key in plain."""
    return _result(trust.keys.open_data_key(id, _raw(value.data), _raw(value.context), by))


@router.post("/{id}/rewrap")
def rewrap(trust: TrustRoom, by: User, id: Ident, value: Value) -> Result:
    """The same content under the key's newest version."""
    return _result(trust.keys.rewrap(id, _raw(value.data), _raw(value.context), by))


@router.post("/{id}/sign")
def sign(trust: TrustRoom, by: User, id: Ident, given: Message) -> Result:
    """A signature."""
    return _result(trust.keys.sign(id, _raw(given.message), by))


@router.post("/{id}/verify")
def verify(trust: TrustRoom, by: User, id: Ident, given: Signed) -> Holds:
    """Whether the key, ours or another party's, made the signature."""
    return Holds(valid=trust.keys.verify(id, _raw(given.message), _raw(given.signature), by))


@router.post("/{id}/mac")
def mac(trust: TrustRoom, by: User, id: Ident, given: Message) -> Result:
    """A tag by HMAC."""
    return _result(trust.keys.mac(id, _raw(given.message), by))


@router.post("/{id}/check-mac")
def check_mac(trust: TrustRoom, by: User, id: Ident, given: Tagged) -> Holds:
    """Whether the key made the tag."""
    return Holds(valid=trust.keys.check_mac(id, _raw(given.data), _raw(given.tag), by))


@router.post("/{id}/derive")
def derive(trust: TrustRoom, by: User, id: Ident, given: Derived) -> Result:
    """A secret for a context, the same each time."""
    return _result(trust.keys.derive(id, _raw(given.context), by, length=given.length, version=given.version))


@router.post("/{id}/encrypt-to")
def encrypt_to(trust: TrustRoom, by: User, id: Ident, given: Message) -> Result:
    """Encrypt short data to the key's public half."""
    return _result(trust.keys.encrypt_to(id, _raw(given.message), by))


@router.post("/{id}/decrypt")
def decrypt(trust: TrustRoom, by: User, id: Ident, given: Message) -> Result:
    """Open what was encrypted to it."""
    return _result(trust.keys.decrypt(id, _raw(given.message), by))


def _raw(text: str) -> bytes:
    return base64.b64decode(text)


def _result(data: bytes) -> Result:
    return Result(data=encode(data))


def _shown(key: Key) -> KeyShown:
    policy = PolicyShown.model_validate(key.policy.to_dict())
    public = None if key.public is None else encode(key.public)
    fields = {name: getattr(key, name) for name in KeyShown.model_fields if name not in ("policy", "public")}
    return KeyShown(**fields, policy=policy, public=public)
