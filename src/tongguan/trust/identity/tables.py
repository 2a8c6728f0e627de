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
    "missing_columns",
    "password_history",
    "pending_sign_ins",
    "recovery_codes",
    "sessions",
    "team_members",
    "teams",
    "totp_secrets",
    "users",
]


class _Text(sa.TypeDecorator[str]):
    """Text as a caller gave it, in a form that both databases take: PostgreSQL knows no NUL, UTF-8 no lone surrogates.

    What is stored was checked before; this makes a look-up by nonsense find nothing.
    """

    impl = sa.Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: sa.Dialect) -> str | None:
        if value is None or (value.isascii() and "\0" not in value):
            return value
        return value.replace("\0", "\ufffd").encode("utf-8", "surrogatepass").decode("utf-8", "replace")


def _owner(*, primary_key: bool = False) -> sa.Column[str]:
    """A row that goes with its user."""
    return sa.Column("user_id", _Text, sa.ForeignKey("users.id"), nullable=False, primary_key=primary_key)


users = sa.Table(
    "users",
    METADATA,
    sa.Column("id", _Text, primary_key=True),
    sa.Column("name", _Text, nullable=False, unique=True),  # as names.account_name() leaves it
    sa.Column("display", _Text, nullable=False, default=""),
    sa.Column("email", _Text, nullable=False, default=""),
    sa.Column("kind", _Text, nullable=False),  # user | service
    sa.Column("state", _Text, nullable=False),  # active | disabled | deleted
    sa.Column("entity", _Text),
    sa.Column("created", sa.Double, nullable=False),
    sa.Column("last_sign_in", sa.Double),
    sa.Column("password", _Text),  # Argon2id in PHC form; None: no sign-in by password
    sa.Column("password_changed", sa.Double),
    sa.Column("must_change", sa.Boolean, nullable=False, default=False),
)

password_history = sa.Table(
    "password_history",
    METADATA,
    sa.Column("id", sa.Integer, primary_key=True),
    _owner(),
    sa.Column("password", _Text, nullable=False),
    sa.Index("password_history_user", "user_id"),
)

teams = sa.Table(
    "teams",
    METADATA,
    sa.Column("id", _Text, primary_key=True),
    sa.Column("name", _Text, nullable=False, unique=True),
    sa.Column("entity", _Text),
    sa.Column("created", sa.Double, nullable=False),
)

team_members = sa.Table(
    "team_members",
    METADATA,
    sa.Column("team_id", _Text, sa.ForeignKey("teams.id"), primary_key=True),
    _owner(primary_key=True),
    sa.Index("team_members_user", "user_id"),
)

grants = sa.Table(
    "grants",
    METADATA,
    _owner(primary_key=True),
    sa.Column("role", _Text, primary_key=True),
    sa.Column("entities", sa.JSON(none_as_null=True)),  # list of text; null: all
    sa.Column("teams", sa.JSON(none_as_null=True)),  # list of team ids; null: all
    sa.Column("granted", sa.Double, nullable=False),
    sa.Column("granted_by", _Text, nullable=False),
)

failures = sa.Table(
    "failures",
    METADATA,
    sa.Column("key", _Text, primary_key=True),  # keyed hash of what failed: what is typed as a name may be a password
    sa.Column("count", sa.Integer, nullable=False),
    sa.Column("last", sa.Double, nullable=False),
    sa.Column("refused", sa.Integer, nullable=False, default=0),  # attempts turned away since `last`
    sa.Index("failures_last", "last"),
)

familiar_addresses = sa.Table(
    "familiar_addresses",
    METADATA,
    _owner(primary_key=True),
    sa.Column("address", _Text, primary_key=True),  # keyed hash
    sa.Column("last", sa.Double, nullable=False),
)

sessions = sa.Table(
    "sessions",
    METADATA,
    sa.Column("id", _Text, primary_key=True),  # what lists and audit entries call it; opens nothing
    sa.Column("digest", _Text, nullable=False, unique=True),
    _owner(),
    sa.Column("opened", sa.Double, nullable=False),
    sa.Column("used", sa.Double, nullable=False),
    sa.Column("address", _Text, nullable=False),
    sa.Column("agent", _Text, nullable=False),
    sa.Column("method", _Text, nullable=False),  # password | password+totp | passkey | oidc …
    sa.Column("strong", sa.Boolean, nullable=False),  # two factors were shown
    sa.Column("proved", sa.Double),  # when the owner was last asked for a proof; None: at the sign-in only
    sa.Index("sessions_user", "user_id"),
)

pending_sign_ins = sa.Table(
    "pending_sign_ins",
    METADATA,
    sa.Column("digest", _Text, primary_key=True),
    _owner(),
    sa.Column("method", _Text, nullable=False),  # the first factor
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
    sa.Column("digest", _Text, primary_key=True),
    _owner(),
    sa.Index("recovery_codes_user", "user_id"),
)

api_tokens = sa.Table(
    "api_tokens",
    METADATA,
    sa.Column("id", _Text, primary_key=True),
    sa.Column("digest", _Text, nullable=False),
    _owner(),
    sa.Column("name", _Text, nullable=False),
    sa.Column("scopes", sa.JSON, nullable=False),  # list of operation ids
    sa.Column("created", sa.Double, nullable=False),
    sa.Column("expires", sa.Double, nullable=False),
    sa.Column("last_used", sa.Double),
    sa.Column("last_refused", sa.Double),
    sa.Column("revoked", sa.Double),
    sa.Column("issued_by", _Text, nullable=False),
    sa.Index("api_tokens_user", "user_id"),
)

external_links = sa.Table(
    "external_links",
    METADATA,
    sa.Column("issuer", _Text, primary_key=True),
    sa.Column("subject", _Text, primary_key=True),
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

LATER = (sessions.c.proved,)
"""Columns that came after the first release of their tables; all may be null."""


def missing_columns(connection: sa.Connection) -> None:
    """Add them to records that were made before. The caller keeps others from doing so at the same time."""
    known = sa.inspect(connection)
    for column in LATER:
        table = column.table
        if column.name not in {one["name"] for one in known.get_columns(table.name)}:
            kind = column.type.compile(connection.dialect)
            connection.execute(sa.text(f'alter table "{table.name}" add column "{column.name}" {kind}'))
