"""API tokens: `tgk_<id>_<secret><check>`, 12, 43 and 6 characters of digits and letters.

Prefix and check make a token that leaked into a repository or a log easy to find for sure (`is_token`). The secret has
256 random bits, so its SHA-256 is kept.
"""

from __future__ import annotations

import hmac
import re
import secrets
import string
import zlib
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from tongguan.errors import BadInput, Conflict, NotFound
from tongguan.trust.access import Principal, may, within
from tongguan.trust.identity.context import Context, token_digest
from tongguan.trust.identity.names import label
from tongguan.trust.identity.principals import Principals
from tongguan.trust.identity.tables import api_tokens, users

__all__ = ["ApiToken", "Tokens", "is_token"]

LONGEST_DAYS = 366
DAY_S = 86_400.0
TOKENS_PER_USER = 50  # live ones
TOUCH_S = 60.0  # last use and refusals are noted at most once a minute
OWN = "profile.own"
BASE62 = string.digits + string.ascii_letters
BASE36 = string.digits + string.ascii_lowercase
TOKEN = re.compile(r"tgk_([0-9a-z]{12})_([0-9A-Za-z]{43})([0-9A-Za-z]{6})")


@dataclass(frozen=True, slots=True)
class ApiToken:
    """What is known of a token; the token itself was shown once."""

    id: str
    user: str  # id of the account that it speaks for
    name: str
    scopes: frozenset[str]
    created: float
    expires: float
    last_used: float | None  # to the minute
    revoked: float | None
    issued_by: str


def is_token(text: str) -> bool:
    """Whether this is a token by its form and check, known or not."""
    found = TOKEN.fullmatch(text) if len(text) < 100 else None
    return found is not None and hmac.compare_digest(_check(text[:-6]), found[3])


class Tokens:
    """Issues, recognises and revokes. A token may do what its scopes and, at that moment, its owner's roles allow."""

    def __init__(self, context: Context, principals: Principals) -> None:
        self._context = context
        self._principals = principals

    def issue_token(
        self, user_id: str, *, name: str, scopes: Collection[str], days: int, by: Principal
    ) -> tuple[str, str]:
        """A token for oneself, or for a service account: its id, and the token, this once.

        `scopes`: operations, each of which the account may do. Never profile.own: a token does not manage what its
        owner signs in with. A service account's token does no more than its issuer may: security administrators issue
        those of keys, compliance officers those of results. `days`: 1 to 366. Raises Denied, BadInput.
        """
        self._context.own_or(by, user_id, "tokens.issue")
        name, wanted = label(name, "a token's name"), self._scopes(scopes)
        if isinstance(days, bool) or not isinstance(days, int) or not 1 <= days <= LONGEST_DAYS:
            raise BadInput(f"a token expires after 1 to {LONGEST_DAYS} days")
        with self._context.database.write() as connection:
            row = connection.execute(sa.select(users).where(users.c.id == user_id).with_for_update()).one_or_none()
            if row is None or row.state != "active":
                raise NotFound("there is no such account, or it is disabled")
            if by.id != user_id and row.kind != "service":
                self._context.refuse(by, "tokens.issue", user_id, "token_for_person")
            owner = self._principals.of(connection, row, strong=True)
            if beyond := [scope for scope in wanted if not may(self._context.policy, owner, scope)]:
                raise BadInput(f"{row.name} may not do {beyond[0]} and so no token of it; have a role granted first")
            # Whoever issues a token sees it, so nobody issues one that does more than they may themselves.
            if by.id != user_id and (
                more := [scope for scope in wanted if not within(self._context.policy, owner, by, scope)]
            ):
                self._context.refuse(by, "tokens.issue", user_id, "token_beyond_issuer", scope=more[0])
            self._bound(connection, user_id)
            token_id, token = _new()
            now = self._context.clock()
            connection.execute(
                api_tokens.insert().values(
                    id=token_id,
                    digest=token_digest(token),
                    user_id=user_id,
                    name=name,
                    scopes=wanted,
                    created=now,
                    expires=now + days * DAY_S,
                    issued_by=by.name,
                )
            )
            body = {"token": token_id, "user": row.name, "scopes": wanted, "days": days}
            self._context.record("token_issued", by.name, body)
        return token_id, token

    def token(self, token: str, *, address: str) -> Principal | None:
        """Who a live token speaks for, None for any other text. Refusals of tokens that once were are entries."""
        if not is_token(token):
            return None
        token_id, now = token[4:16], self._context.clock()
        with self._context.database.read() as connection:
            row = connection.execute(_LOOKUP, {"token": token_id}).one_or_none()
            if row is None:
                return None
            why = self._refusal(row, token, now)
            principal = None if why else self._principals.of(connection, row, only=frozenset(row.scopes))
        if why:
            self._refused(row, why, address, now)
        elif row.last_used is None or now - row.last_used > TOUCH_S:
            self._note(token_id, last_used=now)
        return principal

    def tokens(self, user_id: str, by: Principal) -> list[ApiToken]:
        """The tokens of an account, the newest first, dead ones too. Raises Denied."""
        self._context.own_or(by, user_id, "tokens.read")
        with self._context.database.read() as connection:
            rows = connection.execute(
                sa.select(api_tokens).where(api_tokens.c.user_id == user_id).order_by(api_tokens.c.created.desc())
            ).all()
        return [_shown(row) for row in rows]

    def revoke_token(self, token_id: str, by: Principal) -> None:
        """End a token at once. Raises Denied, NotFound."""
        with self._context.database.read() as connection:
            row = connection.execute(
                sa.select(api_tokens.c.user_id, api_tokens.c.revoked).where(api_tokens.c.id == token_id)
            ).one_or_none()
        self._context.own_or(by, row.user_id if row else "", "tokens.revoke")
        if row is None:
            raise NotFound("there is no such token")
        with self._context.database.write() as connection:
            ended = connection.execute(
                api_tokens.update()
                .where(api_tokens.c.id == token_id, api_tokens.c.revoked.is_(None))
                .values(revoked=self._context.clock())
            )
            if ended.rowcount:
                name = self._context.name_of(connection, row.user_id)
                self._context.record("token_revoked", by.name, {"token": token_id, "user": name})

    def answers_for(self, service: Principal) -> frozenset[str]:
        """The ids of the persons behind a service account: who ever issued a token for it. Also where that is revoked
        since: else one would ask by a token, revoke it, and approve what one asked."""
        issuers = sa.select(api_tokens.c.issued_by).where(api_tokens.c.user_id == service.id)
        with self._context.database.read() as connection:
            return frozenset(connection.execute(sa.select(users.c.id).where(users.c.name.in_(issuers))).scalars())

    # ---- within

    def _scopes(self, scopes: Collection[str]) -> list[str]:
        if isinstance(scopes, str) or not scopes:
            raise BadInput("scopes of a token are a list of at least one operation")
        wanted = sorted(set(scopes))
        if unknown := [scope for scope in wanted if scope not in self._context.policy.operations]:
            raise BadInput(f"{unknown[0][:60]!r} is no operation; see the list of operations")
        if OWN in wanted:
            raise BadInput(f"{OWN} is not for tokens: they do not manage what their owner signs in with")
        return wanted

    def _bound(self, connection: sa.Connection, user_id: str) -> None:
        live = connection.execute(
            sa.select(sa.func.count())
            .select_from(api_tokens)
            .where(
                api_tokens.c.user_id == user_id,
                api_tokens.c.revoked.is_(None),
                api_tokens.c.expires > self._context.clock(),
            )
        ).scalar_one()
        if live >= TOKENS_PER_USER:
            raise Conflict(f"this account has {live} tokens already; revoke those that are not in use")

    def _refusal(self, row: Any, token: str, now: float) -> str | None:
        if not hmac.compare_digest(row.digest, token_digest(token)):
            return "wrong"
        if row.revoked is not None:
            return "revoked"
        if now >= row.expires:
            return "expired"
        return None if row.state == "active" else "disabled"

    def _refused(self, row: Any, why: str, address: str, now: float) -> None:
        if row.last_refused is not None and 0 <= now - row.last_refused < TOUCH_S:
            return  # a forgotten job would fill the log
        self._note(row.token_id, last_refused=now)
        body = {"token": row.token_id, "why": why, "address": self._context.address_mark(address)}
        self._context.record("token_refused", row.name, body)

    def _note(self, token_id: str, **values: float) -> None:
        with self._context.database.write() as connection:
            connection.execute(api_tokens.update().where(api_tokens.c.id == token_id).values(**values))


_LOOKUP = (
    sa.select(
        users,
        api_tokens.c.id.label("token_id"),
        api_tokens.c.digest,
        api_tokens.c.scopes,
        api_tokens.c.expires,
        api_tokens.c.revoked,
        api_tokens.c.last_used,
        api_tokens.c.last_refused,
    )
    .join(users, users.c.id == api_tokens.c.user_id)
    .where(api_tokens.c.id == sa.bindparam("token"))
)


def _new() -> tuple[str, str]:
    token_id = "".join(secrets.choice(BASE36) for _ in range(12))
    body = f"tgk_{token_id}_" + "".join(secrets.choice(BASE62) for _ in range(43))
    return token_id, body + _check(body)


def _check(body: str) -> str:
    """CRC-32 in six digits of base 62."""
    value, digits = zlib.crc32(body.encode()), ""
    for _ in range(6):
        value, digit = divmod(value, 62)
        digits = BASE62[digit] + digits
    return digits


def _shown(row: Any) -> ApiToken:
    return ApiToken(
        row.id,
        row.user_id,
        row.name,
        frozenset(row.scopes),
        row.created,
        row.expires,
        row.last_used,
        row.revoked,
        row.issued_by,
    )
