"""Sign-in vouched for by an external provider: which of its subjects is which account here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from tongguan.errors import BadInput, Conflict
from tongguan.trust.access import Principal
from tongguan.trust.identity.accounts import Accounts
from tongguan.trust.identity.context import Context
from tongguan.trust.identity.names import account_name, email_address, label
from tongguan.trust.identity.sign_in import UNKNOWN, Entrance, SignIn
from tongguan.trust.identity.tables import external_links, users
from tongguan.trust.settings import Provider

__all__ = ["External"]

LONGEST = 255  # characters of a subject: OpenID Connect Core 1.0 §2


class External:
    """Links (issuer, subject) to accounts, which is the only pair that a provider never gives to another person."""

    def __init__(self, context: Context, accounts: Accounts, entrance: Entrance) -> None:
        self._context = context
        self._accounts = accounts
        self._entrance = entrance

    def sign_in_external(
        self, provider: Provider, subject: str, claims: Mapping[str, Any], *, address: str, agent: str = ""
    ) -> SignIn:
        """For the subject of an id token that was verified. Asks for a second factor as after a password, unless the
        provider's sign-in counts as two.

        A subject seen for the first time becomes the account that its `user_claim` names only where that account waits
        for this: without a password, without a link to any provider, and never signed in to. An account that somebody
        signs in to already is never taken over by a name at a provider; its owner links it (`link_external`). Where
        there is no account of that name, a new one without roles is made if the settings say so.
        """
        user_id = self._linked(provider.issuer, subject) or self._first_time(provider, subject, claims)
        if user_id is None:
            mark = self._context.address_mark(address)
            self._context.record("sign_in_failed", UNKNOWN, {"method": f"oidc:{provider.id}", "address": mark})
            return SignIn("no")
        return self._entrance.admit(
            user_id, method=f"oidc:{provider.id}", address=address, agent=agent, strong=provider.second_factor
        )

    def link_external(self, user_id: str, provider: Provider, subject: str, by: Principal) -> None:
        """Tie one's own account to a subject that one has just signed in as there. Raises Denied, Conflict where the
        subject is linked already."""
        self._context.own(by, user_id)
        _subject(subject)
        with self._context.database.write() as connection:
            self._context.lock(connection)
            self._link(connection, user_id, provider.issuer, subject)
            name = self._context.name_of(connection, user_id)
            self._context.record("link_added", by.name, {"user": name, "provider": provider.id})

    def unlink_external(self, user_id: str, provider: Provider, by: Principal) -> int:
        """Undo it; how many links there were."""
        self._context.own_or(by, user_id, "factors.reset")
        with self._context.database.write() as connection:
            table = external_links.c
            gone = connection.execute(
                external_links.delete().where(table.user_id == user_id, table.issuer == provider.issuer)
            ).rowcount
            if gone:
                name = self._context.name_of(connection, user_id)
                self._context.record("link_removed", by.name, {"user": name, "provider": provider.id})
        return gone

    # ---- within

    def _linked(self, issuer: str, subject: str) -> str | None:
        _subject(subject)
        with self._context.database.read() as connection:
            return connection.execute(
                sa.select(external_links.c.user_id).where(
                    external_links.c.issuer == issuer, external_links.c.subject == subject
                )
            ).scalar()

    def _first_time(self, provider: Provider, subject: str, claims: Mapping[str, Any]) -> str | None:
        if provider.user_claim == "email" and claims.get("email_verified") is not True:
            return None  # an address that anybody may have typed there names nobody (OpenID Connect Core 1.0 §5.7)
        try:
            name = account_name(str(claims.get(provider.user_claim, "")))
        except BadInput:
            return None
        with self._context.database.write() as connection:
            self._context.lock(connection)
            row = connection.execute(sa.select(users).where(users.c.name == name)).one_or_none()
            if row is None and not provider.create_users:
                return None
            if row is not None and not self._free(connection, row):
                return None
            user_id = row.id if row is not None else self._create(connection, name, claims, provider)
            self._link(connection, user_id, provider.issuer, subject)
            self._context.record("link_added", f"oidc:{provider.id}", {"user": name, "provider": provider.id})
        return user_id

    def _free(self, connection: sa.Connection, row: Any) -> bool:
        """Whether the account waits for its owner: nobody ever came in by it, in whatever way."""
        if row.state != "active" or row.kind != "user" or row.password is not None or row.last_sign_in is not None:
            return False
        linked = connection.execute(sa.select(external_links.c.user_id).where(external_links.c.user_id == row.id))
        return linked.first() is None

    def _create(self, connection: sa.Connection, name: str, claims: Mapping[str, Any], provider: Provider) -> str:
        display, email = _readable(claims.get("name"), label_of), _readable(claims.get("email"), email_address)
        user_id = self._accounts.add(connection, name, display, email, None, "user")
        self._context.record("user_created", f"oidc:{provider.id}", {"user": name, "id": user_id, "kind": "user"})
        return user_id

    def _link(self, connection: sa.Connection, user_id: str, issuer: str, subject: str) -> None:
        try:
            with connection.begin_nested():
                connection.execute(
                    external_links.insert().values(
                        issuer=issuer, subject=subject, user_id=user_id, made=self._context.clock()
                    )
                )
        except IntegrityError:
            raise Conflict("this external account is linked already") from None


def label_of(text: str) -> str:
    return label(text, "a display name", empty=True)


def _readable(value: object, check: Any) -> str:
    """A claim that we would also take from a person, else nothing."""
    try:
        return str(check(value)) if isinstance(value, str) else ""
    except BadInput:
        return ""


def _subject(subject: str) -> None:
    if not isinstance(subject, str) or not 1 <= len(subject) <= LONGEST or not subject.isprintable():
        raise BadInput(f"the provider's subject has 1 to {LONGEST} printable characters")
