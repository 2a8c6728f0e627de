"""Security keys and passkeys: W3C Web Authentication Level 3, on py_webauthn.

A ceremony begins with a challenge that this server makes and keeps, and that stands for one user, one purpose and some
minutes. It is spent by the first answer that names it, right or wrong.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from tongguan.errors import BadInput, Conflict, NotFound
from tongguan.trust.access import Principal
from tongguan.trust.database import METADATA
from tongguan.trust.identity.context import Context
from tongguan.trust.identity.names import label
from tongguan.trust.identity.sessions import Sessions
from tongguan.trust.identity.sign_in import UNKNOWN, Entrance, SignIn
from tongguan.trust.identity.tables import users
from tongguan.trust.identity.webauthn_challenges import (
    CHALLENGE_S,
    Answer,
    Challenges,
    RelyingParty,
    relying_party,
    unbase64,
)

__all__ = ["METHOD", "RelyingParty", "SecurityKey", "SecurityKeys", "relying_party"]

PER_USER = 20  # keys
FULL = f"there are {PER_USER} security keys already; remove one first"
METHOD = "webauthn"  # its name among Identity.methods
PASSKEY = "passkey"  # a sign-in by nothing else
NAME_LIMIT = 60
EDDSA, ES256, RS256 = -8, -7, -257  # COSE algorithm identifiers, RFC 9053 and RFC 8812

_keys = sa.Table(
    "security_keys",
    METADATA,
    sa.Column("credential", sa.LargeBinary(1023), primary_key=True),
    sa.Column("id", sa.String(32), nullable=False, unique=True),
    sa.Column("user_id", sa.Text, sa.ForeignKey("users.id"), nullable=False, index=True),
    sa.Column("name", sa.String(NAME_LIMIT), nullable=False),
    sa.Column("public_key", sa.LargeBinary, nullable=False),
    sa.Column("sign_count", sa.BigInteger, nullable=False),
    sa.Column("synced", sa.Boolean, nullable=False),
    sa.Column("created", sa.Float, nullable=False),
    sa.Column("last_used", sa.Float),
    sa.Column("suspect", sa.Float),
)


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


class SecurityKeys:
    """The keys of all accounts; a `Factor`. Threads may share one, processes the database.

    `attempt` in the methods below: any text that one browser's attempt has from beginning to end and others do not know
    (a session's token, a pending sign-in, a form): nobody finishes another's ceremony.
    """

    guessable = False

    def __init__(self, context: Context, sessions: Sessions, entrance: Entrance) -> None:
        self._context = context
        self._sessions = sessions
        self._entrance = entrance
        self._challenges = Challenges(context)

    # ---- for their owner

    def begin_registration(self, user_id: str, party: RelyingParty, by: Principal, *, attempt: str) -> dict[str, Any]:
        """What the browser's navigator.credentials.create() is asked, as JSON. Raises Denied, Conflict at the limit."""
        import webauthn
        from webauthn.helpers import structs

        self._context.own(by, user_id)
        with self._context.database.read() as connection:
            user = connection.execute(sa.select(users.c.name, users.c.display).where(users.c.id == user_id)).one()
        held = self._credentials(user_id)
        if len(held) >= PER_USER:
            raise Conflict(FULL)
        options = webauthn.generate_registration_options(
            rp_id=party.id,
            rp_name="通关 Tongguan",
            user_id=user_id.encode(),
            user_name=user.name,
            user_display_name=user.display or user.name,
            challenge=self._challenges.begin("register", user_id, party, attempt),
            timeout=int(CHALLENGE_S * 1000),
            attestation=structs.AttestationConveyancePreference.NONE,
            authenticator_selection=structs.AuthenticatorSelectionCriteria(
                resident_key=structs.ResidentKeyRequirement.PREFERRED,
                user_verification=structs.UserVerificationRequirement.PREFERRED,
            ),
            exclude_credentials=[structs.PublicKeyCredentialDescriptor(id=credential) for credential in held],
            supported_pub_key_algs=_algorithms(),
        )
        return _document(options)

    def register(
        self, user_id: str, answer: str, by: Principal, *, name: str, attempt: str, session: str | None = None
    ) -> tuple[SecurityKey, str | None]:
        """Keep the key that answered. `name`: what its owner calls it.

        The account's sessions end but the one with the token `session`, which goes on under the new token that is
        returned beside the key. Raises Denied, BadInput, Conflict.
        """
        import webauthn

        self._context.own(by, user_id)
        name = label(name, "the name of a security key")
        if len(name) > NAME_LIMIT:
            raise BadInput(f"the name of a security key has at most {NAME_LIMIT} characters")
        found = self._challenges.spend(answer, "register", user_id, attempt)
        if found is None:
            raise BadInput("the security key's answer does not belong to this request, or came too late; begin again")
        try:
            verified = webauthn.verify_registration_response(
                credential=found.document,
                expected_challenge=found.challenge,
                expected_rp_id=found.party.id,
                expected_origin=found.party.origin,
                supported_pub_key_algs=_algorithms(),
            )
            if verified.credential_id != unbase64(found.document["rawId"]):
                raise ValueError
        except _malformed():
            raise BadInput("the security key's answer is not valid; begin again, or try another key") from None
        key_id = sha256(verified.credential_id).hexdigest()[:32]
        row = {
            "credential": verified.credential_id,
            "id": key_id,
            "user_id": user_id,
            "name": name,
            "public_key": verified.credential_public_key,
            "sign_count": verified.sign_count,
            "synced": verified.credential_backed_up,
            "created": self._context.clock(),
        }
        try:
            with self._changing(user_id) as connection:
                if len(connection.execute(sa.select(_keys.c.id).where(_keys.c.user_id == user_id)).all()) >= PER_USER:
                    raise Conflict(FULL)
                connection.execute(_keys.insert().values(row))
                token = self._changed(connection, user_id, by, "second_factor_added", key_id, session)
        except IntegrityError:
            raise Conflict("this security key is registered already") from None
        return next(key for key in self.keys(user_id, by) if key.id == key_id), token

    def keys(self, user_id: str, by: Principal) -> list[SecurityKey]:
        """The account's keys, oldest first. Raises Denied."""
        self._context.own_or(by, user_id, "people.read")
        columns = [_keys.c[name] for name in SecurityKey.__dataclass_fields__]
        with self._context.database.read() as connection:
            rows = connection.execute(
                sa.select(*columns).where(_keys.c.user_id == user_id).order_by(_keys.c.created, _keys.c.id)
            ).all()
        return [SecurityKey(**row._mapping) for row in rows]

    def remove(self, user_id: str, key_id: str, by: Principal, *, session: str | None = None) -> str | None:
        """Forget a key: one's own, or somebody else's with factors.reset. Sessions as with `register`. Raises Denied,
        NotFound."""
        self._context.own_or(by, user_id, "factors.reset")
        with self._changing(user_id) as connection:
            gone = connection.execute(_keys.delete().where(_keys.c.user_id == user_id, _keys.c.id == key_id)).rowcount
            if not gone:
                raise NotFound("there is no such security key; it may have been removed already")
            mine = session if by.id == user_id else None
            return self._changed(connection, user_id, by, "second_factor_removed", key_id, mine)

    # ---- as a factor, and as the only one

    def enrolled(self, connection: sa.Connection, user_id: str) -> bool:
        return connection.scalar(sa.select(_keys.c.id).where(_keys.c.user_id == user_id).limit(1)) is not None

    def forget(self, connection: sa.Connection, user_id: str) -> int:
        self._challenges.forget(connection, user_id)
        return connection.execute(_keys.delete().where(_keys.c.user_id == user_id)).rowcount

    def begin_second_factor(self, user_id: str, party: RelyingParty, *, attempt: str) -> dict[str, Any]:
        """What navigator.credentials.get() is asked after a password. Raises NotFound where the account has no key."""
        held = self._credentials(user_id)
        if not held:
            raise NotFound("no security key is registered for this account")
        return self._request(
            self._challenges.begin("second_factor", user_id, party, attempt), party, held, verified=False
        )

    def verify(self, user_id: str, answer: Any, *, attempt: str) -> bool:
        """Whether a key of this account answers the challenge that was made for it in this attempt."""
        found = self._challenges.spend(answer, "second_factor", user_id, attempt)
        return found is not None and self._verify(found, user_id=user_id, verified=False) == user_id

    def begin_sign_in(self, party: RelyingParty, *, attempt: str) -> dict[str, Any]:
        """What navigator.credentials.get() is asked for a sign-in without name and password."""
        return self._request(self._challenges.begin("sign_in", None, party, attempt), party, [], verified=True)

    def sign_in(self, answer: object, *, attempt: str, address: str, agent: str = "") -> SignIn:
        """Sign in the owner of the passkey that answered, without name and password.

        The key has seen its owner (user verification by PIN or finger), so that it counts as two factors.
        """
        found = self._challenges.spend(answer, "sign_in", None, attempt)
        owner = self._verify(found, user_id=None, verified=True) if found else None
        if owner is None:
            body = {"method": PASSKEY, "address": self._context.address_mark(address)}
            self._context.record("sign_in_failed", UNKNOWN, body)
            return SignIn("no")
        return self._entrance.admit(owner, method=PASSKEY, address=address, agent=agent, strong=True)

    # ---- within

    @contextmanager
    def _changing(self, user_id: str) -> Iterator[sa.Connection]:
        """A transaction in which nobody else changes this account's keys."""
        with self._context.database.write() as connection:
            connection.execute(sa.select(users.c.id).where(users.c.id == user_id).with_for_update())
            yield connection

    def _changed(
        self, connection: sa.Connection, user_id: str, by: Principal, kind: str, key_id: str, session: str | None
    ) -> str | None:
        token = self._sessions.keep_only(connection, user_id, session)
        body = {"user": self._context.name_of(connection, user_id), "method": METHOD, "key": key_id}
        self._context.record(kind, by.name, body)
        return token

    def _verify(self, found: Answer, *, user_id: str | None, verified: bool) -> str | None:
        """The owner of the key that answered rightly, else None."""
        import webauthn

        try:
            credential = unbase64(found.document["rawId"])
            handle = found.document["response"].get("userHandle")
            named = unbase64(handle).decode() if handle else None
        except (ValueError, TypeError, KeyError, AttributeError):
            return None
        with self._context.database.read() as connection:
            row = connection.execute(sa.select(_keys).where(_keys.c.credential == credential)).one_or_none()
        # A passkey says whose it is (§7.2 step 6); what it says must be what we registered.
        if row is None or (user_id or named) != row.user_id or named not in (None, row.user_id):
            return None
        try:
            answer = webauthn.verify_authentication_response(
                credential=found.document,
                expected_challenge=found.challenge,
                expected_rp_id=found.party.id,
                expected_origin=found.party.origin,
                credential_public_key=row.public_key,
                credential_current_sign_count=0,  # held against ours below, once the signature is known to be good
                require_user_verification=verified,
            )
        except _malformed():
            return None
        return str(row.user_id) if self._count(row, answer.new_sign_count) else None

    def _count(self, row: Any, count: int) -> bool:
        """Whether the key's counter went on (§7.2 step 22). One that did not is perhaps one of two copies."""
        now = self._context.clock()
        same = _keys.c.credential == row.credential
        went_on = (_keys.c.sign_count < count) | ((_keys.c.sign_count == 0) & sa.literal(count == 0))
        with self._context.database.write() as connection:
            moved = connection.execute(_keys.update().where(same, went_on).values(sign_count=count, last_used=now))
            if moved.rowcount:
                return True
            connection.execute(_keys.update().where(same).values(suspect=now))
            name = self._context.name_of(connection, row.user_id)
            body = {"user": name, "key": row.id, "why": "counter", "said": count, "known": row.sign_count}
            self._context.record("security_key_refused", UNKNOWN, body)
        return False

    def _credentials(self, user_id: str) -> list[bytes]:
        with self._context.database.read() as connection:
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


def _algorithms() -> list[Any]:
    from webauthn.helpers.cose import COSEAlgorithmIdentifier

    return [COSEAlgorithmIdentifier(one) for one in (EDDSA, ES256, RS256)]


def _document(options: Any) -> dict[str, Any]:
    import webauthn

    found: dict[str, Any] = json.loads(webauthn.options_to_json(options))
    return found


def _malformed() -> tuple[type[Exception], ...]:
    """What py_webauthn raises on answers that are wrong or are no answers."""
    from webauthn.helpers.exceptions import WebAuthnException

    return (WebAuthnException, ValueError, TypeError, LookupError, AttributeError, OverflowError, RecursionError)
