"""What an OpenID provider says of itself, fetched with bounds: OpenID Connect Discovery 1.0 and its key set."""

from __future__ import annotations

import ipaddress
import json
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar
from urllib.parse import urlsplit

from tongguan.errors import Unavailable

if TYPE_CHECKING:
    from joserfc.jwk import Key

__all__ = ["ALGORITHMS", "Fetched", "Metadata", "RemoteProvider", "fetch", "is_safe"]

# Signatures by a private key only: neither "none" nor an HMAC, which anyone with the public key or secret could forge.
ALGORITHMS = frozenset({"RS256", "PS256", "ES256", "EdDSA", "Ed25519"})
KEY_TYPES = frozenset({"RSA", "EC", "OKP"})
RSA_BITS = 2048
WELL_KNOWN = "/.well-known/openid-configuration"

DEADLINE_S = 15.0  # the whole of one request, from name to last byte
SIZE_LIMIT = 1 << 20  # bytes of one answer
KEY_LIMIT = 64
KEEP_S = 3600.0
AGAIN_S = 30.0  # between two fetches of a key set because of a key that is not in it
REST_S = 5.0  # after a failure


@dataclass(frozen=True, slots=True)
class Metadata:
    """The part of a provider's metadata that a sign-in uses."""

    issuer: str
    authorization: str
    token: str
    keys: str
    userinfo: str | None
    end_session: str | None
    algorithms: frozenset[str]
    secret_in_form: bool  # client_secret_post is offered and client_secret_basic is not
    says_issuer: bool  # RFC 9207: answers always carry `iss`


@dataclass(frozen=True, slots=True)
class Fetched:
    """An answer: the HTTP status and the JSON object in it, {} where there is none."""

    status: int
    document: Mapping[str, Any]


def fetch(
    url: str,
    *,
    form: Mapping[str, str] | None = None,
    basic: tuple[str, str] | None = None,
    bearer: str | None = None,
) -> Fetched:
    """Ask a provider, by POST where there is a form. Not to be called on an event loop's own thread.

    Redirects are not followed. Raises Unavailable where nothing usable comes in time.
    """
    import asyncio

    place = urlsplit(url).netloc
    try:
        return asyncio.run(_fetch(url, form, basic, bearer))
    except TimeoutError:
        raise Unavailable(f"the sign-in provider {place} did not answer within {DEADLINE_S:.0f} s; try again") from None
    except _Unusable as error:
        raise Unavailable(f"the sign-in provider {place} gave no usable answer: {error}") from None


class _Unusable(Exception):
    pass


async def _fetch(
    url: str, form: Mapping[str, str] | None, basic: tuple[str, str] | None, bearer: str | None
) -> Fetched:
    import asyncio

    import httpx

    # Uncompressed, so that a small answer cannot become a large one.
    headers = {"Accept": "application/json", "Accept-Encoding": "identity"} | (
        {"Authorization": f"Bearer {bearer}"} if bearer else {}
    )
    method = "GET" if form is None else "POST"
    try:
        async with (
            asyncio.timeout(DEADLINE_S),
            httpx.AsyncClient(timeout=DEADLINE_S, auth=basic, headers=headers) as client,
            client.stream(method, url, data=form) as answer,
        ):
            if answer.headers.get("content-encoding", "identity") != "identity":
                raise _Unusable("compressed, though not asked to be")
            body = bytearray()
            async for piece in answer.aiter_raw():
                body += piece
                if len(body) > SIZE_LIMIT:
                    raise _Unusable(f"more than {SIZE_LIMIT} bytes")
    except (httpx.HTTPError, httpx.InvalidURL, ValueError, OSError) as error:
        if isinstance(error, TimeoutError):
            raise
        raise _Unusable(type(error).__name__) from None
    try:
        document = json.loads(bytes(body))
    except (ValueError, RecursionError):
        document = {}
    return Fetched(answer.status_code, document if isinstance(document, dict) else {})


T = TypeVar("T")


class _Kept(Generic[T]):
    """Something fetched, kept for an hour. Where it cannot be had, whoever else waits is told so at once."""

    def __init__(self, bring: Callable[[], T], clock: Callable[[], float]) -> None:
        self._bring = bring
        self._clock = clock
        self._lock = threading.Lock()
        self._value: tuple[float, T] | None = None
        self._failure: tuple[float, str] | None = None

    def get(self, younger: float = KEEP_S) -> T:
        """What is not older than this, seconds. Raises Unavailable."""
        with self._lock:
            if self._value is not None and self._clock() - self._value[0] <= younger:
                return self._value[1]
            if self._failure is not None and self._clock() - self._failure[0] < REST_S:
                raise Unavailable(self._failure[1])
            try:
                value = self._bring()
            except Unavailable as error:
                self._failure = (self._clock(), str(error))
                raise
            self._value = (self._clock(), value)
            return value


class RemoteProvider:
    """One provider's metadata and keys. Threads may share one. `clock`: a monotonic one, seconds."""

    def __init__(self, issuer: str, clock: Callable[[], float] = time.monotonic) -> None:
        self.issuer = issuer
        self._metadata = _Kept(self._discover, clock)
        self._keys = _Kept(lambda: _key_set(self.metadata().keys), clock)

    def metadata(self) -> Metadata:
        """Raises Unavailable where the provider does not answer, or says what it must not."""
        return self._metadata.get()

    def candidates(self, kid: str | None, algorithm: str) -> list[Key]:
        """The keys that may have signed. One that is not known is looked for anew, at most twice a minute."""
        for age in (KEEP_S, AGAIN_S):
            fitting = [key for key in self._keys.get(age) if _fits(key, kid, algorithm)]
            if fitting:
                return fitting
        return []

    def _discover(self) -> Metadata:
        if not is_safe(self.issuer, self.issuer):
            raise Unavailable(f"the sign-in provider {self.issuer} must have an https address")
        answer = fetch(self.issuer.rstrip("/") + WELL_KNOWN)
        found = answer.document
        if answer.status != 200 or found.get("issuer") != self.issuer:
            raise Unavailable(
                f"{self.issuer} does not describe itself as this OpenID provider; is settings.identity.providers right?"
            )
        methods = found.get("token_endpoint_auth_methods_supported") or ["client_secret_basic"]
        supported = found.get("id_token_signing_alg_values_supported") or ["RS256"]
        return Metadata(
            issuer=self.issuer,
            authorization=self._address(found, "authorization_endpoint"),
            token=self._address(found, "token_endpoint"),
            keys=self._address(found, "jwks_uri"),
            userinfo=self._address(found, "userinfo_endpoint") if "userinfo_endpoint" in found else None,
            end_session=self._address(found, "end_session_endpoint") if "end_session_endpoint" in found else None,
            algorithms=ALGORITHMS & {one for one in supported if isinstance(one, str)},
            secret_in_form="client_secret_post" in methods and "client_secret_basic" not in methods,
            says_issuer=found.get("authorization_response_iss_parameter_supported") is True,
        )

    def _address(self, found: Mapping[str, Any], name: str) -> str:
        address = found.get(name)
        if not isinstance(address, str) or not is_safe(address, self.issuer):
            raise Unavailable(f"{self.issuer} gives no https address as its {name}")
        return address


def is_safe(url: str, issuer: str) -> bool:
    """Whether an address is https; or http on this machine, where the issuer is on this machine as well."""
    try:
        parts, home = urlsplit(url), urlsplit(issuer)
        hosts = parts.hostname or "", home.hostname or ""
    except ValueError:
        return False
    if not hosts[0] or "@" in parts.netloc or not url.isprintable():
        return False
    return parts.scheme == "https" or (parts.scheme == "http" and all(map(_is_loopback, hosts)))


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _key_set(address: str) -> list[Key]:
    from joserfc.errors import JoseError
    from joserfc.jwk import import_key

    answer = fetch(address)
    listed = answer.document.get("keys")
    if answer.status != 200 or not isinstance(listed, list):
        raise Unavailable(f"{address} gives no set of keys")
    keys: list[Key] = []
    for one in listed[:KEY_LIMIT]:
        if not isinstance(one, dict) or one.get("kty") not in KEY_TYPES or one.get("use") not in (None, "sig"):
            continue
        try:
            key = import_key(one)
        except (JoseError, ValueError, TypeError, KeyError):
            continue  # of a kind that we do not know; a token signed by it is refused
        keys.append(key)
    return keys


def _fits(key: Key, kid: str | None, algorithm: str) -> bool:
    """Whether a key may be used with this algorithm, and is the one that was named."""
    if kid is not None and key.kid != kid:
        return False
    if key.get("alg") not in (None, algorithm):
        return False
    kind = {"RS256": "RSA", "PS256": "RSA", "ES256": "EC"}.get(algorithm, "OKP")
    if key.key_type != kind:
        return False
    if kind == "RSA":
        return int(getattr(key.public_key, "key_size", 0)) >= RSA_BITS
    return key.get("crv") == ("P-256" if kind == "EC" else "Ed25519")
