"""Challenges of Web Authentication, kept until they are answered, and in whose name they are asked."""

from __future__ import annotations

import base64
import hmac
import ipaddress
import json
import secrets
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Literal
from urllib.parse import urlsplit

import sqlalchemy as sa

from tongguan.errors import BadSettings
from tongguan.trust.database import METADATA
from tongguan.trust.identity.context import Context

__all__ = ["CHALLENGE_S", "Answer", "Challenges", "RelyingParty", "relying_party", "unbase64"]

Purpose = Literal["register", "second_factor", "sign_in"]

CHALLENGE_SIZE = 32  # bytes; the standard asks for at least 16
CHALLENGE_S = 300.0
STRANGERS = 1000  # challenges of people who are not signed in: the oldest make room
ANSWER_LIMIT = 32 * 1024  # characters; an answer without attestation has about 1,500

_challenges = sa.Table(
    "security_key_challenges",
    METADATA,
    sa.Column("challenge", sa.LargeBinary(CHALLENGE_SIZE), primary_key=True),
    sa.Column("purpose", sa.String(16), nullable=False),
    sa.Column("user_id", sa.Text, sa.ForeignKey("users.id")),  # None: whoever the passkey belongs to
    sa.Column("attempt", sa.String(64), nullable=False),  # SHA-256 of what stands for one browser's attempt
    sa.Column("party", sa.String(253), nullable=False),
    sa.Column("origin", sa.String(300), nullable=False),
    sa.Column("expires", sa.Float, nullable=False, index=True),
)


@dataclass(frozen=True, slots=True)
class RelyingParty:
    """Who asks for the key. `id`: a domain; `origin`: the one address of pages that may ask, scheme://host[:port]."""

    id: str
    origin: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What a browser answered, beside what it was asked."""

    document: dict[str, Any]
    challenge: bytes
    party: RelyingParty


def relying_party(public_url: str | None, asked: str) -> RelyingParty | None:
    """The relying party of this installation, None where browsers offer no keys.

    `public_url`: settings.service.public_url. `asked`: the address that the browser used, which counts only where there
    is no public one and only as http://localhost:PORT. Browsers know no keys for IP addresses, nor without TLS anywhere
    but on localhost. Raises BadSettings on a public URL that is none.
    """
    if public_url is None:
        origin = _origin(asked)
        return RelyingParty("localhost", asked.rstrip("/")) if origin == ("http", "localhost") else None
    scheme, host = _origin(public_url) or ("", "")
    if scheme not in ("http", "https") or not host:
        raise BadSettings("settings: service.public_url is no address; expected https://host or https://host:port")
    if _is_address(host) or (scheme == "http" and host != "localhost"):
        return None
    port = urlsplit(public_url).port
    usual = port in (None, 443 if scheme == "https" else 80)
    return RelyingParty(host, f"{scheme}://{host}" + ("" if usual else f":{port}"))


class Challenges:
    """Each stands for one account (or any), one purpose, one attempt and some minutes. The first answer that names it
    spends it, right or wrong."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def begin(self, purpose: Purpose, user_id: str | None, party: RelyingParty, attempt: str) -> bytes:
        """A new challenge. The same person's earlier ones for the same purpose are void."""
        now, challenge = self._context.clock(), secrets.token_bytes(CHALLENGE_SIZE)
        stale = _challenges.c.expires < now
        if user_id is not None:
            stale = stale | ((_challenges.c.user_id == user_id) & (_challenges.c.purpose == purpose))
        with self._context.database.write() as connection:
            connection.execute(_challenges.delete().where(stale))
            if user_id is None:
                oldest = (
                    sa.select(_challenges.c.challenge)
                    .where(_challenges.c.user_id.is_(None))
                    .order_by(_challenges.c.expires.desc())
                    .offset(STRANGERS - 1)
                )
                full = [row.challenge for row in connection.execute(oldest)]
                connection.execute(_challenges.delete().where(_challenges.c.challenge.in_(full)))
            connection.execute(
                _challenges.insert().values(
                    challenge=challenge,
                    purpose=purpose,
                    user_id=user_id,
                    attempt=_digest(attempt),
                    party=party.id,
                    origin=party.origin,
                    expires=now + CHALLENGE_S,
                )
            )
        return challenge

    def spend(self, answer: object, purpose: Purpose, user_id: str | None, attempt: str) -> Answer | None:
        """The answer, and the challenge and relying party that it must be held against. Spends the challenge."""
        try:
            if isinstance(answer, str):  # as forms have it; the API has it read already
                answer = json.loads(answer) if len(answer) <= ANSWER_LIMIT else None
            if not isinstance(answer, dict):
                return None
            document = answer
            client = json.loads(unbase64(document["response"]["clientDataJSON"]))
            challenge = unbase64(client["challenge"])
            if client.get("crossOrigin") or len(challenge) != CHALLENGE_SIZE:
                return None
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
            return None
        whose = _challenges.c.user_id.is_(None) if user_id is None else _challenges.c.user_id == user_id
        with self._context.database.write() as connection:
            row = connection.execute(
                _challenges.delete()
                .where(_challenges.c.challenge == challenge, _challenges.c.purpose == purpose, whose)
                .returning(_challenges)
            ).one_or_none()
        if row is None or row.expires < self._context.clock() or not hmac.compare_digest(row.attempt, _digest(attempt)):
            return None
        return Answer(document, challenge, RelyingParty(row.party, row.origin))

    def forget(self, connection: sa.Connection, user_id: str) -> None:
        connection.execute(_challenges.delete().where(_challenges.c.user_id == user_id))


def unbase64(text: str) -> bytes:
    """base64url without padding (RFC 4648 §5)."""
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)


def _digest(attempt: str) -> str:
    return sha256(attempt.encode("utf-8", "replace")).hexdigest()


def _origin(url: str) -> tuple[str, str] | None:
    """Scheme and host of an address without a path, query or name in it."""
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return None
    if parts.path not in ("", "/") or parts.query or parts.fragment or "@" in parts.netloc:
        return None
    return parts.scheme, (parts.hostname or "")


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
