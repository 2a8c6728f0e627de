"""ID tokens: made by this provider, for us, for this sign-in, now? OpenID Connect Core 1.0, §3.1.3.7."""

from __future__ import annotations

import base64
import hmac
import json
import math
from collections.abc import Mapping
from hashlib import sha256, sha512
from typing import TYPE_CHECKING, Any

from tongguan.trust.identity.oidc_provider import RemoteProvider

if TYPE_CHECKING:
    from joserfc.jwk import Key

__all__ = ["BadToken", "read_id_token"]

LEEWAY_S = 60.0  # between two clocks
OLDEST_S = 600.0  # since a token was made: it comes straight from the provider
LIMIT = 64 * 1024  # characters
SUBJECT_LIMIT = 255  # §2


class BadToken(Exception):
    """Which rule a token breaks, in one word; never what stands in it."""


def read_id_token(
    token: object, provider: RemoteProvider, *, client: str, nonce: str, access_token: str | None, now: float
) -> dict[str, Any]:
    """The claims of a token that breaks no rule. Raises BadToken, and Unavailable where keys cannot be fetched."""
    if not isinstance(token, str) or len(token) > LIMIT or token.count(".") != 2:
        raise BadToken("form")
    header = _json(token.partition(".")[0])
    algorithm, kid = header.get("alg"), header.get("kid")
    if not isinstance(algorithm, str) or algorithm not in provider.metadata().algorithms:
        raise BadToken("algorithm")
    if kid is not None and not isinstance(kid, str):
        raise BadToken("form")
    if "crit" in header or "b64" in header:
        raise BadToken("form")
    if not any(_is_signed(token, key, algorithm) for key in provider.candidates(kid, algorithm)):
        raise BadToken("signature")
    claims = _json(token.split(".")[1])
    _check(claims, provider.issuer, client, nonce, now)
    _check_hash(claims, algorithm, access_token)
    return claims


def _is_signed(token: str, key: Key, algorithm: str) -> bool:
    from joserfc.errors import JoseError
    from joserfc.jws import JWSRegistry

    signed, _, signature = token.rpartition(".")
    # Both are names of one algorithm for keys on this curve (RFC 9864), of which joserfc warns of the older.
    method = JWSRegistry.algorithms["Ed25519" if algorithm == "EdDSA" else algorithm]
    try:
        method.check_key(key)
        return method.verify(signed.encode("ascii"), _unbase64(signature), key)
    except (JoseError, ValueError, TypeError):
        return False


def _check(claims: Mapping[str, Any], issuer: str, client: str, nonce: str, now: float) -> None:
    if claims.get("iss") != issuer:
        raise BadToken("issuer")
    audience = claims.get("aud")
    audiences = audience if isinstance(audience, list) else [audience]
    if client not in audiences:
        raise BadToken("audience")
    if (len(audiences) > 1 or "azp" in claims) and claims.get("azp") != client:
        raise BadToken("audience")
    expires, made, after = (_moment(claims, name) for name in ("exp", "iat", "nbf"))
    if expires is None or now > expires + LEEWAY_S:
        raise BadToken("expired")
    if made is None or made > now + LEEWAY_S or made < now - OLDEST_S:
        raise BadToken("age")
    if after is not None and after > now + LEEWAY_S:
        raise BadToken("age")
    said = claims.get("nonce")
    if not isinstance(said, str) or not hmac.compare_digest(said.encode(), nonce.encode()):
        raise BadToken("nonce")
    subject = claims.get("sub")
    if not isinstance(subject, str) or not 0 < len(subject) <= SUBJECT_LIMIT or not subject.isprintable():
        raise BadToken("subject")


def _check_hash(claims: Mapping[str, Any], algorithm: str, access_token: str | None) -> None:
    """`at_hash`, where it is there, binds the access token to this ID token (§3.1.3.8)."""
    said = claims.get("at_hash")
    if said is None or access_token is None:
        return
    hashed = (sha512 if algorithm in ("EdDSA", "Ed25519") else sha256)(access_token.encode()).digest()
    expected = base64.urlsafe_b64encode(hashed[: len(hashed) // 2]).rstrip(b"=")
    if not isinstance(said, str) or not hmac.compare_digest(said.encode(), expected):
        raise BadToken("access_token")


def _moment(claims: Mapping[str, Any], name: str) -> float | None:
    value = claims.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise BadToken("form")
    try:
        moment = float(value)
    except OverflowError:
        raise BadToken("form") from None
    if not math.isfinite(moment):  # Python's JSON reads NaN, which is neither before nor after anything
        raise BadToken("form")
    return moment


def _json(part: str) -> dict[str, Any]:
    try:
        found = json.loads(_unbase64(part))
    except (ValueError, RecursionError):
        raise BadToken("form") from None
    if not isinstance(found, dict):
        raise BadToken("form")
    return found


def _unbase64(text: str) -> bytes:
    """base64url without padding (RFC 7515 §2)."""
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
