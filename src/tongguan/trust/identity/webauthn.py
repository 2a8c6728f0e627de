"""Security keys and passkeys: W3C Web Authentication Level 3, on py_webauthn.

A ceremony begins with a challenge that this server makes and keeps, and that stands for one user, one purpose and some
minutes. It is spent by the first answer that names it, right or wrong.
"""

from __future__ import annotations

import base64
import hmac
import ipaddress
import json
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Literal
from urllib.parse import urlsplit

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from tongguan.errors import BadInput, BadSettings
from tongguan.trust.database import METADATA, Database

__all__ = ["RelyingParty", "SecurityKey", "SecurityKeys", "relying_party"]

Record = Callable[[str, str, Mapping[str, Any]], int]
Purpose = Literal["register", "second_factor", "sign_in"]

CHALLENGE_SIZE = 32  # bytes; the standard asks for at least 16
CHALLENGE_S = 300.0
STRANGERS = 1000  # challenges of people who are not signed in: the oldest make room
PER_USER = 20  # keys
ANSWER_LIMIT = 32 * 1024  # characters; an answer without attestation has about 1,500
NAME_LIMIT = 60
EDDSA, ES256, RS256 = -8, -7, -257  # COSE algorithm identifiers, RFC 9053 and RFC 8812

_keys = sa.Table(
    "security_keys",
    METADATA,
    sa.Column("credential", sa.LargeBinary(1023), primary_key=True),
    sa.Column("id", sa.String(32), nullable=False, unique=True),
    sa.Column("user_id", sa.String(64), nullable=False, index=True),
    sa.Column("name", sa.String(NAME_LIMIT), nullable=False),
    sa.Column("public_key", sa.LargeBinary, nullable=False),
    sa.Column("sign_count", sa.BigInteger, nullable=False),
    sa.Column("synced", sa.Boolean, nullable=False),
    sa.Column("created", sa.Float, nullable=False),
    sa.Column("last_used", sa.Float),
    sa.Column("suspect", sa.Float),
)
_challenges = sa.Table(
    "security_key_challenges",
    METADATA,
    sa.Column("challenge", sa.LargeBinary(CHALLENGE_SIZE), primary_key=True),
    sa.Column("purpose", sa.String(16), nullable=False),
    sa.Column("user_id", sa.String(64)),  # None: whoever the passkey belongs to
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
class SecurityKey:
    """One registered key. Moments in seconds since the epoch.

    `synced`: its maker keeps copies of it. `suspect`: when its counter last went back, as a copied key's would.
    """

    id: str
    user_id: str
    name: str
    created: float
    last_used: float | None
    synced: bool
    suspect: float | None


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


class SecurityKeys:
    """The keys of all users, and the second factor that they are (`Identity.methods`).

    `record`: writes an audit entry. `attempt` in the methods below: any text that one browser's attempt has from
    beginning to end and others do not know (a session, a pending sign-in, a form): nobody finishes another's ceremony.
    Threads and processes may share the database.
    """

    guessable = False

    def __init__(self, database: Database, record: Record, clock: Callable[[], float] = time.time) -> None:
        self._database = database
        self._record = record
        self._clock = clock

    # ---- ceremonies

    def begin_registration(
        self, user_id: str, name: str, display: str, party: RelyingParty, *, attempt: str
    ) -> dict[str, Any]:
        """What the browser's navigator.credentials.create() is asked, as JSON. Raises BadInput at the limit of keys."""
        import webauthn
        from webauthn.helpers import structs
        from webauthn.helpers.cose import COSEAlgorithmIdentifier as Algorithm

        held = self._credentials(user_id)
        if len(held) >= PER_USER:
            raise BadInput(f"there are {PER_USER} security keys already; remove one first")
        options = webauthn.generate_registration_options(
            rp_id=party.id,
            rp_name="通关 Tongguan",
            user_id=user_id.encode(),
            user_name=name,
            user_display_name=display or name,
            challenge=self._begin("register", user_id, party, attempt),
            timeout=int(CHALLENGE_S * 1000),
            attestation=structs.AttestationConveyancePreference.NONE,
            authenticator_selection=structs.AuthenticatorSelectionCriteria(
                resident_key=structs.ResidentKeyRequirement.PREFERRED,
                user_verification=structs.UserVerificationRequirement.PREFERRED,
            ),
            exclude_credentials=[structs.PublicKeyCredentialDescriptor(id=credential) for credential in held],
            supported_pub_key_algs=[Algorithm(EDDSA), Algorithm(ES256), Algorithm(RS256)],
        )
        return _document(options)

    def register(self, user_id: str, answer: str, *, name: str, attempt: str, actor: str) -> SecurityKey:
        """Keep the key that answered. `name`: what its owner calls it. Raises BadInput."""
        import webauthn
        from webauthn.helpers.cose import COSEAlgorithmIdentifier as Algorithm

        name = name.strip()
        if not name or len(name) > NAME_LIMIT or not name.isprintable():
            raise BadInput(f"the name of a security key has 1 to {NAME_LIMIT} printable characters")
        found = self._answer(answer, "register", user_id, attempt)
        if found is None:
            raise BadInput("the security key's answer does not belong to this request, or came too late; begin again")
        document, challenge, party = found
        try:
            verified = webauthn.verify_registration_response(
                credential=document,
                expected_challenge=challenge,
                expected_rp_id=party.id,
                expected_origin=party.origin,
                supported_pub_key_algs=[Algorithm(EDDSA), Algorithm(ES256), Algorithm(RS256)],
            )
            if verified.credential_id != _unbase64(document["rawId"]):
                raise ValueError
        except _malformed():
            raise BadInput("the security key's answer is not valid; begin again, or try another key") from None
        row = {
            "credential": verified.credential_id,
            "id": sha256(verified.credential_id).hexdigest()[:32],
            "user_id": user_id,
            "name": name,
            "public_key": verified.credential_public_key,
            "sign_count": verified.sign_count,
            "synced": verified.credential_backed_up,
            "created": self._clock(),
        }
        try:
            with self._database.write() as connection:
                count = connection.scalar(sa.select(sa.func.count()).where(_keys.c.user_id == user_id))
                if count is not None and count >= PER_USER:
                    raise BadInput(f"there are {PER_USER} security keys already; remove one first")
                connection.execute(_keys.insert().values(row))
                self._record("security_key_add", actor, {"user": user_id, "key": row["id"]})
        except IntegrityError:
            raise BadInput("this security key is registered already") from None
        return next(key for key in self.keys(user_id) if key.id == row["id"])

    def begin_second_factor(self, user_id: str, party: RelyingParty, *, attempt: str) -> dict[str, Any]:
        """What navigator.credentials.get() is asked after a password. Raises BadInput where the user has no key."""
        held = self._credentials(user_id)
        if not held:
            raise BadInput("no security key is registered for this account")
        return self._request(self._begin("second_factor", user_id, party, attempt), party, held, verified=False)

    def begin_sign_in(self, party: RelyingParty, *, attempt: str) -> dict[str, Any]:
        """What navigator.credentials.get() is asked for a sign-in without name and password."""
        return self._request(self._begin("sign_in", None, party, attempt), party, [], verified=True)

    def verify(self, user_id: str, answer: Any, *, attempt: str) -> bool:
        """Whether this is the user's key and it answers the challenge that was made for the user."""
        found = self._answer(answer, "second_factor", user_id, attempt)
        return found is not None and self._verify(*found, user_id=user_id, verified=False) == user_id

    def sign_in(self, answer: str, *, attempt: str) -> str | None:
        """The id of the user whose passkey this is, None where it is none of ours.

        The key has seen its owner (user verification by PIN or finger), so that it counts as two factors.
        """
        found = self._answer(answer, "sign_in", None, attempt)
        return None if found is None else self._verify(*found, user_id=None, verified=True)

    # ---- the keys

    def enrolled(self, connection: sa.Connection, user_id: str) -> bool:
        """Whether the user has a key."""
        return connection.scalar(sa.select(_keys.c.id).where(_keys.c.user_id == user_id).limit(1)) is not None

    def keys(self, user_id: str) -> list[SecurityKey]:
        """The user's keys, oldest first."""
        columns = [_keys.c[name] for name in SecurityKey.__dataclass_fields__]
        with self._database.read() as connection:
            rows = connection.execute(
                sa.select(*columns).where(_keys.c.user_id == user_id).order_by(_keys.c.created, _keys.c.id)
            ).all()
        return [SecurityKey(**row._mapping) for row in rows]

    def remove(self, user_id: str, key: str, *, actor: str) -> None:
        """Forget one of the user's keys. Raises BadInput where the user has no such key."""
        with self._database.write() as connection:
            removed = connection.execute(_keys.delete().where(_keys.c.user_id == user_id, _keys.c.id == key)).rowcount
            if not removed:
                raise BadInput("there is no such security key; it may have been removed already")
            self._record("security_key_remove", actor, {"user": user_id, "key": key})

    # ---- within

    def _begin(self, purpose: Purpose, user_id: str | None, party: RelyingParty, attempt: str) -> bytes:
        """A new challenge. The same person's earlier ones for the same purpose are void."""
        now, challenge = self._clock(), secrets.token_bytes(CHALLENGE_SIZE)
        stale = _challenges.c.expires < now
        if user_id is not None:
            stale = stale | ((_challenges.c.user_id == user_id) & (_challenges.c.purpose == purpose))
        with self._database.write() as connection:
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

    def _answer(
        self, answer: object, purpose: Purpose, user_id: str | None, attempt: str
    ) -> tuple[dict[str, Any], bytes, RelyingParty] | None:
        """The answer, and the challenge and relying party that it must be held against. Spends the challenge."""
        try:
            if not isinstance(answer, str) or len(answer) > ANSWER_LIMIT:
                return None
            document = json.loads(answer)
            client = json.loads(_unbase64(document["response"]["clientDataJSON"]))
            challenge = _unbase64(client["challenge"])
            if client.get("crossOrigin") or len(challenge) != CHALLENGE_SIZE:
                return None
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
            return None
        whose = _challenges.c.user_id.is_(None) if user_id is None else _challenges.c.user_id == user_id
        with self._database.write() as connection:
            row = connection.execute(
                _challenges.delete()
                .where(_challenges.c.challenge == challenge, _challenges.c.purpose == purpose, whose)
                .returning(_challenges)
            ).one_or_none()
        if row is None or row.expires < self._clock() or not hmac.compare_digest(row.attempt, _digest(attempt)):
            return None
        return document, challenge, RelyingParty(row.party, row.origin)

    def _verify(
        self, document: dict[str, Any], challenge: bytes, party: RelyingParty, *, user_id: str | None, verified: bool
    ) -> str | None:
        """The owner of the key that answered rightly, else None."""
        import webauthn

        try:
            credential = _unbase64(document["rawId"])
            handle = document["response"].get("userHandle")
            named = _unbase64(handle).decode() if handle else None
        except (ValueError, TypeError, KeyError, AttributeError):
            return None
        with self._database.read() as connection:
            row = connection.execute(sa.select(_keys).where(_keys.c.credential == credential)).one_or_none()
        # A passkey says whose it is (§7.2 step 6); what it says must be what we registered.
        if row is None or (user_id or named) != row.user_id or named not in (None, row.user_id):
            return None
        try:
            answer = webauthn.verify_authentication_response(
                credential=document,
                expected_challenge=challenge,
                expected_rp_id=party.id,
                expected_origin=party.origin,
                credential_public_key=row.public_key,
                credential_current_sign_count=0,  # held against ours below, once the signature is known to be good
                require_user_verification=verified,
            )
        except _malformed():
            return None
        return str(row.user_id) if self._count(row, answer.new_sign_count) else None

    def _count(self, row: Any, count: int) -> bool:
        """Whether the key's counter went on (§7.2 step 22). One that did not is perhaps one of two copies."""
        now = self._clock()
        same = _keys.c.credential == row.credential
        went_on = (_keys.c.sign_count < count) | ((_keys.c.sign_count == 0) & sa.literal(count == 0))
        with self._database.write() as connection:
            moved = connection.execute(_keys.update().where(same, went_on).values(sign_count=count, last_used=now))
            if moved.rowcount:
                return True
            connection.execute(_keys.update().where(same).values(suspect=now))
            body = {"user": row.user_id, "key": row.id, "why": "counter", "said": count, "known": row.sign_count}
            self._record("security_key_refused", "anonymous", body)
        return False

    def _credentials(self, user_id: str) -> list[bytes]:
        with self._database.read() as connection:
            return list(connection.scalars(sa.select(_keys.c.credential).where(_keys.c.user_id == user_id)))

    def _request(
        self, challenge: bytes, party: RelyingParty, allowed: list[bytes], *, verified: bool
    ) -> dict[str, Any]:
        import webauthn
        from webauthn.helpers import structs

        need = structs.UserVerificationRequirement
        options = webauthn.generate_authentication_options(
            rp_id=party.id,
            challenge=challenge,
            timeout=int(CHALLENGE_S * 1000),
            allow_credentials=[structs.PublicKeyCredentialDescriptor(id=one) for one in allowed],
            user_verification=need.REQUIRED if verified else need.DISCOURAGED,
        )
        return _document(options)


def _digest(attempt: str) -> str:
    return sha256(attempt.encode("utf-8", "replace")).hexdigest()


def _document(options: Any) -> dict[str, Any]:
    import webauthn

    found: dict[str, Any] = json.loads(webauthn.options_to_json(options))
    return found


def _malformed() -> tuple[type[Exception], ...]:
    """What py_webauthn raises on answers that are wrong or are no answers."""
    from webauthn.helpers.exceptions import WebAuthnException

    return (WebAuthnException, ValueError, TypeError, LookupError, AttributeError, OverflowError, RecursionError)


def _unbase64(text: str) -> bytes:
    """base64url without padding (RFC 4648 §5)."""
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)


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
