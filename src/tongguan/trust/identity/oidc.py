"""Sign-in with an OpenID Connect provider: authorization code flow with PKCE (RFC 7636), state and nonce.

What a sign-in needs to be finished is kept here, once, for ten minutes, under the hash of its state; the browser that
began it holds a second secret in a cookie, so that nobody can finish in another's browser. Tokens are not kept.
"""

from __future__ import annotations

import base64
import hmac
import os
import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Literal, NoReturn
from urllib.parse import urlencode, urlsplit

import sqlalchemy as sa

from tongguan.errors import BadSettings, Denied, Unavailable
from tongguan.trust.audit import Record
from tongguan.trust.database import METADATA, Database
from tongguan.trust.identity.oidc_provider import RemoteProvider, fetch, is_safe
from tongguan.trust.identity.oidc_token import BadToken, read_id_token
from tongguan.trust.identity.sign_in import UNKNOWN
from tongguan.trust.identity.tables import external_links
from tongguan.trust.settings import Provider
from tongguan.wording import wording

__all__ = ["Arrival", "Begun", "Providers", "Refused"]

Purpose = Literal["sign_in", "link"]

REQUEST_S = 600.0
MOST_REQUESTS = 5000  # of all browsers; the oldest make room
LIMIT = 4096  # characters of one parameter of an answer
CLAIM_LIMIT = 255
KEPT_CLAIMS = ("name", "preferred_username", "email", "email_verified")

_requests = sa.Table(
    "oidc_requests",
    METADATA,
    sa.Column("state", sa.String(64), primary_key=True),  # SHA-256, as all that the browser holds
    sa.Column("browser", sa.String(64), nullable=False),
    sa.Column("provider", sa.String(64), nullable=False),
    sa.Column("nonce", sa.String(64), nullable=False),
    sa.Column("verifier", sa.String(64), nullable=False),
    sa.Column("redirect_uri", sa.Text, nullable=False),
    sa.Column("purpose", sa.String(16), nullable=False),
    sa.Column("user_id", sa.String(64)),
    sa.Column("target", sa.Text, nullable=False),
    sa.Column("expires", sa.Float, nullable=False, index=True),
)


class Refused(Denied):
    """A sign-in with a provider that cannot be accepted. `why`: one word for it; `text`: what to do, both languages."""

    def __init__(self, why: str, **values: object) -> None:
        super().__init__(wording("tongguan.trust.identity", "oidc.yaml").both(f"refused.{why}", **values))
        self.why = why


@dataclass(frozen=True, slots=True)
class Begun:
    """Where to send the browser, and what to leave in its cookie until it comes back."""

    address: str
    browser: str


@dataclass(frozen=True, slots=True)
class Arrival:
    """Who came back. (`provider.issuer`, `subject`) is the one name by which a person may be known here.

    `claims`: name, preferred_username, email, email_verified and the provider's `user_claim`, where it gave them.
    `target`: the page that was asked for at the beginning. `user`: who began to link an account, for purpose "link".
    """

    provider: Provider
    subject: str
    claims: Mapping[str, Any]
    purpose: Purpose
    user: str | None
    target: str


class Providers:
    """The providers of an installation. `record`: writes an audit entry. Threads and processes may share the database.

    Raises BadSettings where two providers have one id, or an issuer has no https address.
    """

    def __init__(
        self, database: Database, record: Record, providers: Sequence[Provider], clock: Callable[[], float] = time.time
    ) -> None:
        self._database = database
        self._record = record
        self._clock = clock
        self._known = {provider.id: provider for provider in providers}
        self._remote = {provider.id: RemoteProvider(provider.issuer) for provider in providers}
        if len(self._known) < len(providers):
            raise BadSettings("settings: identity.providers: two providers have the same id")
        for provider in providers:
            if not provider.id.isascii() or not provider.id.replace("-", "").replace("_", "").isalnum():
                raise BadSettings("settings: identity.providers: an id holds letters, digits, - and _ only")
            if "openid" not in provider.scopes:
                raise BadSettings(f"settings: identity.providers: {provider.id}: scopes must hold openid")
            if not _is_issuer(provider.issuer):
                raise BadSettings(f"settings: identity.providers: {provider.id}: issuer must be an https address")

    @property
    def offered(self) -> list[Provider]:
        """As the settings list them."""
        return list(self._known.values())

    def linked(self, user_id: str) -> set[str]:
        """The ids of the providers whose accounts this account is linked with."""
        with self._database.read() as connection:
            issuers = set(
                connection.scalars(sa.select(external_links.c.issuer).where(external_links.c.user_id == user_id))
            )
        return {provider.id for provider in self.offered if provider.issuer in issuers}

    def begin(
        self,
        provider: str,
        redirect_uri: str,
        *,
        purpose: Purpose = "sign_in",
        user: str | None = None,
        target: str = "/",
    ) -> Begun:
        """Send somebody to a provider. `redirect_uri`: where it sends them back; a different one for each provider.

        Raises Refused for a provider that is none, Unavailable where it does not answer.
        """
        chosen = self._provider(provider)
        metadata = self._remote[provider].metadata()
        state, browser, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(4))
        now = self._clock()
        with self._database.write() as connection:
            crowd = sa.select(_requests.c.state).order_by(_requests.c.expires.desc()).offset(MOST_REQUESTS - 1)
            full = list(connection.scalars(crowd))
            connection.execute(
                _requests.delete().where((_requests.c.expires < now) | _requests.c.state.in_(full)),
            )
            connection.execute(
                _requests.insert().values(
                    state=_digest(state),
                    browser=_digest(browser),
                    provider=provider,
                    nonce=nonce,
                    verifier=verifier,
                    redirect_uri=redirect_uri,
                    purpose=purpose,
                    user_id=user,
                    target=target,
                    expires=now + REQUEST_S,
                )
            )
        asked = {
            "response_type": "code",
            "client_id": chosen.client_id,
            "redirect_uri": redirect_uri,
            "scope": " ".join(chosen.scopes),
            "state": state,
            "nonce": nonce,
            "code_challenge": _unpadded(sha256(verifier.encode()).digest()),
            "code_challenge_method": "S256",
        }
        return Begun(_with(metadata.authorization, asked), browser)

    def finish(self, provider: str, answer: Mapping[str, str], browser: str) -> Arrival:
        """Who came back to the redirect address of `provider` with these parameters, in the browser of that cookie.

        Raises Refused, after an entry, and Unavailable where the provider does not answer.
        """
        chosen = self._provider(provider)
        if any(len(value) > LIMIT for value in (*answer.values(), browser)):
            self._refuse(provider, "answer")
        row = self._take(answer.get("state", ""))
        if row is None or row.expires < self._clock():
            self._refuse(provider, "stale")
        if row.provider != provider or not hmac.compare_digest(row.browser, _digest(browser)):
            self._refuse(provider, "browser")
        remote = self._remote[provider]
        metadata = remote.metadata()
        # RFC 9207: an answer says which provider it is from, lest one provider's answer be brought to another.
        said = answer.get("iss")
        if (said is None and metadata.says_issuer) or said not in (None, chosen.issuer):
            self._refuse(provider, "issuer")
        if "error" in answer:
            self._refuse(provider, "declined" if answer["error"] == "access_denied" else "provider")
        if not answer.get("code"):
            self._refuse(provider, "answer")
        tokens = self._exchange(chosen, answer["code"], row)
        access = tokens.get("access_token")
        access = access if isinstance(access, str) and access.isascii() and access.isprintable() else None
        try:
            claims = read_id_token(
                tokens.get("id_token"),
                remote,
                client=chosen.client_id,
                nonce=row.nonce,
                access_token=access,
                now=self._clock(),
            )
        except BadToken as error:
            self._refuse(provider, "token", rule=str(error))
        kept = self._claims(chosen, claims, metadata.userinfo, access)
        return Arrival(chosen, claims["sub"], kept, row.purpose, row.user_id, row.target)

    def sign_out_address(self, provider: str, back: str) -> str | None:
        """Where one signs out at the provider too (RP-Initiated Logout 1.0); None where it has no such page or does
        not answer."""
        chosen = self._known.get(provider)
        if chosen is None:
            return None
        try:
            address = self._remote[provider].metadata().end_session
        except Unavailable:
            return None
        return address and _with(address, {"client_id": chosen.client_id, "post_logout_redirect_uri": back})

    # ---- within

    def _provider(self, provider: str) -> Provider:
        if provider not in self._known:
            raise Refused("unknown")
        return self._known[provider]

    def _refuse(self, provider: str, why: str, **detail: str) -> NoReturn:
        self._record("sign_in_failed", UNKNOWN, {"method": f"oidc:{provider}", "why": why, **detail})
        raise Refused(why, provider=self._known[provider].name)

    def _take(self, state: str) -> Any:
        """The request of this state, which nobody can take a second time."""
        with self._database.write() as connection:
            return connection.execute(
                _requests.delete().where(_requests.c.state == _digest(state)).returning(*_requests.c)
            ).one_or_none()

    def _exchange(self, provider: Provider, code: str, row: Any) -> Mapping[str, Any]:
        """The tokens for a code (RFC 6749 §4.1.3)."""
        metadata = self._remote[provider.id].metadata()
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": row.redirect_uri,
            "code_verifier": row.verifier,
        }
        secret = _secret(provider)
        basic = None
        if secret is None or metadata.secret_in_form:
            form |= {"client_id": provider.client_id} | ({"client_secret": secret} if secret else {})
        else:
            basic = _form_encoded(provider.client_id), _form_encoded(secret)
        found = fetch(metadata.token, form=form, basic=basic)
        if found.status >= 500:
            raise Unavailable(
                f"the sign-in provider {provider.name} has a fault of its own ({found.status}); try again"
            )
        if found.status != 200:
            error = found.document.get("error")
            # Our own account at the provider is not in order, which only an administrator can mend.
            self._refuse(provider.id, "client" if error in ("invalid_client", "unauthorized_client") else "code")
        return found.document

    def _claims(
        self, provider: Provider, claims: Mapping[str, Any], userinfo: str | None, access: str | None
    ) -> dict[str, Any]:
        """What the provider says of the person; userinfo is asked where the ID token does not name them."""
        said = dict(claims)
        if provider.user_claim not in said and userinfo and access:
            found = fetch(userinfo, bearer=access)
            # §5.3.2: another person's claims must not be taken for this one's.
            if found.status == 200 and found.document.get("sub") == claims["sub"]:
                said = {**found.document, **said}
        kept = {name: said[name] for name in (*KEPT_CLAIMS, provider.user_claim) if name in said}
        return {n: v for n, v in kept.items() if isinstance(v, bool) or (isinstance(v, str) and len(v) <= CLAIM_LIMIT)}


def _secret(provider: Provider) -> str | None:
    """The client secret; None for a public client, which PKCE alone protects."""
    if provider.client_secret_env is None:
        return None
    secret = os.environ.get(provider.client_secret_env)
    if not secret:
        raise BadSettings(f"the variable {provider.client_secret_env} with the secret of {provider.id} is not set")
    return secret


def _is_issuer(url: str) -> bool:
    return is_safe(url, url) and not urlsplit(url).query and not urlsplit(url).fragment


def _digest(text: str) -> str:
    return sha256(text.encode("utf-8", "replace")).hexdigest()


def _unpadded(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _form_encoded(text: str) -> str:
    """RFC 6749 §2.3.1: name and secret are form-encoded before they become a Basic header."""
    return urlencode({"": text})[1:]


def _with(address: str, params: Mapping[str, str]) -> str:
    return f"{address}{'&' if urlsplit(address).query else '?'}{urlencode(params)}"
