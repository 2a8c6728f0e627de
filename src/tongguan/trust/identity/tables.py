"""Where identities lie. Times are seconds since the epoch; secrets only as hashes, sealed, or not at all."""

from __future__ import annotations

import sqlalchemy as sa

from tongguan.trust.database import METADATA

__all__ = [
    "api_tokens",
    "external_links",
    "failures",
    "familiar_addresses",
    "grants",
    "hash_key",
    "password_history",
    "pending_sign_ins",
    "recovery_codes",
    "sessions",
    "team_members",
    "teams",
    "totp_secrets",
    "users",
]


def _owner(*, primary_key: bool = False) -> sa.Column[str]:
    """A row that goes with its user."""
    return sa.Column("user_id", sa.Text, sa.ForeignKey("users.id"), nullable=False, primary_key=primary_key)


users = sa.Table(
    "users",
    METADATA,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("name", sa.Text, nullable=False, unique=True),  # as names.account_name() leaves it
    sa.Column("display", sa.Text, nullable=False, default=""),
    sa.Column("email", sa.Text, nullable=False, default=""),
    sa.Column("kind", sa.Text, nullable=False),  # user | service
    sa.Column("state", sa.Text, nullable=False),  # active | disabled | deleted
    sa.Column("entity", sa.Text),
    sa.Column("created", sa.Double, nullable=False),
    sa.Column("last_sign_in", sa.Double),
    sa.Column("password", sa.Text),  # Argon2id in PHC form; None: no sign-in by password
    sa.Column("password_changed", sa.Double),
    sa.Column("must_change", sa.Boolean, nullable=False, default=False),
)

password_history = sa.Table(
    "password_history",
    METADATA,
    sa.Column("id", sa.Integer, primary_key=True),
    _owner(),
    sa.Column("password", sa.Text, nullable=False),
    sa.Index("password_history_user", "user_id"),
)

teams = sa.Table(
    "teams",
    METADATA,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("name", sa.Text, nullable=False, unique=True),
    sa.Column("entity", sa.Text),
    sa.Column("created", sa.Double, nullable=False),
)

team_members = sa.Table(
    "team_members",
    METADATA,
    sa.Column("team_id", sa.Text, sa.ForeignKey("teams.id"), primary_key=True),
    _owner(primary_key=True),
    sa.Index("team_members_user", "user_id"),
)

grants = sa.Table(
    "grants",
    METADATA,
    _owner(primary_key=True),
    sa.Column("role", sa.Text, primary_key=True),
    sa.Column("entities", sa.JSON(none_as_null=True)),  # list of text; null: all
    sa.Column("teams", sa.JSON(none_as_null=True)),  # list of team ids; null: all
    sa.Column("granted", sa.Double, nullable=False),
    sa.Column("granted_by", sa.Text, nullable=False),
)

failures = sa.Table(
    "failures",
    METADATA,
    sa.Column("key", sa.Text, primary_key=True),  # keyed hash of what failed: what is typed as a name may be a password
    sa.Column("count", sa.Integer, nullable=False),
    sa.Column("last", sa.Double, nullable=False),
    sa.Column("refused", sa.Integer, nullable=False, default=0),  # attempts turned away since `last`
    sa.Index("failures_last", "last"),
)

familiar_addresses = sa.Table(
    "familiar_addresses",
    METADATA,
    _owner(primary_key=True),
    sa.Column("address", sa.Text, primary_key=True),  # keyed hash
    sa.Column("last", sa.Double, nullable=False),
)

sessions = sa.Table(
    "sessions",
    METADATA,
    sa.Column("id", sa.Text, primary_key=True),  # what lists and audit entries call it; opens nothing
    sa.Column("digest", sa.Text, nullable=False, unique=True),
    _owner(),
    sa.Column("opened", sa.Double, nullable=False),
    sa.Column("used", sa.Double, nullable=False),
    sa.Column("address", sa.Text, nullable=False),
    sa.Column("agent", sa.Text, nullable=False),
    sa.Column("method", sa.Text, nullable=False),  # password | password+totp | passkey | oidc …
    sa.Column("strong", sa.Boolean, nullable=False),  # two factors were shown
    sa.Index("sessions_user", "user_id"),
)

pending_sign_ins = sa.Table(
    "pending_sign_ins",
    METADATA,
    sa.Column("digest", sa.Text, primary_key=True),
    _owner(),
    sa.Column("method", sa.Text, nullable=False),  # the first factor
    sa.Column("made", sa.Double, nullable=False),
    sa.Column("tries", sa.Integer, nullable=False, default=0),
    sa.Index("pending_sign_ins_user", "user_id"),
)

totp_secrets = sa.Table(
    "totp_secrets",
    METADATA,
    _owner(primary_key=True),
    sa.Column("sealed", sa.LargeBinary, nullable=False),
    sa.Column("confirmed", sa.Boolean, nullable=False),
    sa.Column("last_step", sa.BigInteger, nullable=False),  # of the last code taken; no earlier one is taken again
    sa.Column("made", sa.Double, nullable=False),
)

recovery_codes = sa.Table(
    "recovery_codes",
    METADATA,
    sa.Column("digest", sa.Text, primary_key=True),
    _owner(),
    sa.Index("recovery_codes_user", "user_id"),
)

api_tokens = sa.Table(
    "api_tokens",
    METADATA,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("digest", sa.Text, nullable=False),
    _owner(),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("scopes", sa.JSON, nullable=False),  # list of operation ids
    sa.Column("created", sa.Double, nullable=False),
    sa.Column("expires", sa.Double, nullable=False),
    sa.Column("last_used", sa.Double),
    sa.Column("last_refused", sa.Double),
    sa.Column("revoked", sa.Double),
    sa.Column("issued_by", sa.Text, nullable=False),
    sa.Index("api_tokens_user", "user_id"),
)

external_links = sa.Table(
    "external_links",
    METADATA,
    sa.Column("issuer", sa.Text, primary_key=True),
    sa.Column("subject", sa.Text, primary_key=True),
    _owner(),
    sa.Column("made", sa.Double, nullable=False),
    sa.Index("external_links_user", "user_id"),
)

hash_key = sa.Table(
    "identity_hash_key",
    METADATA,
    sa.Column("one", sa.Integer, sa.CheckConstraint("one = 1"), primary_key=True),
    sa.Column("key", sa.LargeBinary, nullable=False),
)
