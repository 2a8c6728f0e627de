"""Passwords: what they must be like, and how they are kept (Argon2id, RFC 9106)."""

from __future__ import annotations

import re
import secrets
import threading
import unicodedata
from contextlib import suppress
from dataclasses import dataclass
from functools import cache, cached_property
from importlib.resources import files
from itertools import pairwise
from typing import TYPE_CHECKING

import sqlalchemy as sa

from tongguan.errors import BadInput, Conflict, Denied, NotFound
from tongguan.trust.access import Policy, Principal
from tongguan.trust.identity.context import Context
from tongguan.trust.identity.lockout import Lockout
from tongguan.trust.identity.names import folded
from tongguan.trust.identity.sessions import Sessions
from tongguan.trust.identity.tables import grants, password_history, users

if TYPE_CHECKING:
    from argon2 import PasswordHasher

__all__ = ["Hashing", "Passwords", "random_password"]

LONGEST = 1024  # characters
FEWEST_DIFFERENT = 5
ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"  # no letters that are taken for one another
GROUPS, GROUP = 4, 4  # 16 characters of 31: 79 bits


@dataclass(frozen=True, slots=True)
class Hashing:
    """Argon2id's cost. The defaults are RFC 9106's second recommended choice; only tests want less.

    A change reaches each password when its owner next signs in.
    """

    passes: int = 3
    memory_kib: int = 65_536
    lanes: int = 4


class Passwords:
    """Hashes, checks and changes passwords. Threads may share one: one hash at a time, for memory's sake."""

    def __init__(self, context: Context, sessions: Sessions, lockout: Lockout, hashing: Hashing) -> None:
        self._context = context
        self._sessions = sessions
        self._lockout = lockout
        self._hashing = hashing
        self._one = threading.Lock()

    # ---- hashes

    @cached_property
    def _hasher(self) -> PasswordHasher:
        from argon2 import PasswordHasher

        return PasswordHasher(self._hashing.passes, self._hashing.memory_kib, self._hashing.lanes)

    @cached_property
    def _decoy(self) -> str:
        return self.hash(secrets.token_hex(16))

    def hash(self, password: str) -> str:
        with self._one:
            return self._hasher.hash(_prepared(password))

    def matches(self, hashed: str | None, password: str) -> bool:
        """Whether the password has this hash. Without a hash it takes as long and is False."""
        from argon2.exceptions import InvalidHashError, VerificationError

        decoy = self._decoy  # before the lock, which making it takes too
        try:
            prepared = _prepared(password)
        except BadInput:
            prepared, hashed = b"", None
        with self._one, suppress(VerificationError, InvalidHashError):
            return self._hasher.verify(hashed or decoy, prepared) and hashed is not None
        return False

    def outdated(self, hashed: str) -> bool:
        """Whether it was made at another cost than today's."""
        return self._hasher.check_needs_rehash(hashed)

    def renew(self, user_id: str, hashed: str, password: str) -> None:
        """Hash a password, just seen to be right, at today's cost."""
        fresh = self.hash(password)
        with self._context.database.write() as connection:
            connection.execute(
                users.update().where(users.c.id == user_id, users.c.password == hashed).values(password=fresh)
            )

    # ---- changes

    def set_password(self, user_id: str, new: str, by: Principal, *, must_change: bool = True) -> None:
        """Give somebody a new password; all of that account's sessions end. Raises Denied, BadInput.

        Whoever sets a password can sign in with it until it is changed. So a password of a security administrator or
        an auditor is set by the same duty only, or at the machine's terminal: a system administrator must not become
        one of them for a while. One's own password is changed, not set.
        """
        self._context.allow(by, _operation_to_set(by), user_id)
        with self._context.database.read() as connection:
            user = _account(connection, user_id)
            roles = set(connection.execute(sa.select(grants.c.role).where(grants.c.user_id == user_id)).scalars())
        if by.id == user_id:
            self._context.refuse(by, "people.manage", user_id, "own_password")
        if not _may_set(self._context.policy, by, roles):
            self._context.refuse(by, "people.manage", user_id, "other_duty")
        must_change = must_change or by.kind == "user"  # its owner is to see that somebody else knew it
        self._replace(user, new, by.name, "password_set", must_change)
        self._lockout.forgive_name(user.name)

    def first_password(self, user_id: str, by: Principal) -> str:
        """Set a random password that must be changed at the next sign-in, and return it, this once."""
        password = random_password(self._context.rules.password_min)
        self.set_password(user_id, password, by)
        return password

    def change_password(self, user_id: str, old: str, new: str, *, session: str | None = None) -> str | None:
        """Change one's own password. All sessions of the account end; the one with the token `session` goes on under
        the new token that is returned. Raises Denied where `old` is wrong (counted as a failed sign-in), BadInput.
        """
        with self._context.database.read() as connection:
            user = _account(connection, user_id)
        if self._lockout.begin_factor(user_id) > 0:
            raise Denied(self._context.text("wait"))
        if not self.matches(user.password, old):
            self._context.record("denied", user.name, {"operation": "password.change", "resource": user_id})
            raise Denied(self._context.text("wrong_password"))
        self._lockout.forgive_factor(user_id)
        return self._replace(user, new, user.name, "password_changed", False, session)

    def _replace(
        self,
        user: sa.Row[tuple[object, ...]],
        new: str,
        actor: str,
        kind: str,
        must_change: bool,
        session: str | None = None,
    ) -> str | None:
        self.require(new, user.name, user.display, user.email)
        self._refuse_used(user.id, user.password, new)
        hashed = self.hash(new)
        with self._context.database.write() as connection:
            changed = connection.execute(
                users.update()
                .where(users.c.id == user.id, users.c.password.is_not_distinct_from(user.password))
                .values(password=hashed, password_changed=self._context.clock(), must_change=must_change)
            ).rowcount
            if not changed:
                raise Conflict("the password was changed by somebody else at the same time; try again")
            self._remember(connection, user.id, hashed)
            token = self._sessions.keep_only(connection, user.id, session)
            self._context.record(kind, actor, {"user": user.name, "must_change": must_change})
        return token

    def _remember(self, connection: sa.Connection, user_id: str, hashed: str) -> None:
        connection.execute(password_history.insert().values(user_id=user_id, password=hashed))
        kept = (
            sa.select(password_history.c.id)
            .where(password_history.c.user_id == user_id)
            .order_by(password_history.c.id.desc())
            .limit(max(1, self._context.rules.password_history))
        )
        connection.execute(
            password_history.delete().where(
                password_history.c.user_id == user_id, password_history.c.id.not_in(kept.scalar_subquery())
            )
        )

    def _refuse_used(self, user_id: str, current: str | None, new: str) -> None:
        with self._context.database.read() as connection:
            rows = connection.execute(
                sa.select(password_history.c.password).where(password_history.c.user_id == user_id)
            ).scalars()
            used = [*rows, *([current] if current else [])] if self._context.rules.password_history else []
        if any(self.matches(hashed, new) for hashed in dict.fromkeys(used)):
            raise BadInput(
                "this password was used before; choose one that is none of the last "
                f"{self._context.rules.password_history}"
            )

    # ---- policy

    def require(self, password: str, *about: str) -> None:
        """Raises BadInput where the password is too easy; `about`: texts that it must not be made of (the name …).

        Length, and not being guessed first, is what counts; no rule asks for kinds of characters (NIST SP 800-63B,
        5.1.1.2).
        """
        shortest = self._context.rules.password_min
        if not shortest <= len(password) <= LONGEST:
            raise BadInput(f"a password has {shortest} to {LONGEST} characters, not {len(password)}")
        _prepared(password)
        if any(unicodedata.category(c) == "Cc" for c in password):
            raise BadInput("a password holds no control characters; choose another")
        plain = folded(password[:LONGEST])
        if len(set(plain)) < min(FEWEST_DIFFERENT, shortest) or _is_run(plain):
            raise BadInput("this password is one character or one sequence over and over; choose another")
        if plain in _most_used() or _core(plain) in _most_used():
            raise BadInput("this password is among those that are tried first; choose another")
        both_ways = f"{plain} {plain[::-1]}"
        for text in about:
            whole = folded(text)
            for part in {whole, *re.split(r"[\s@._\-]+", whole)}:
                if part and (_core(plain) in (part, part[::-1]) or (len(part) >= 4 and part in both_ways)):
                    raise BadInput("this password is made of the account's own name or address; choose another")


def random_password(shortest: int = 0) -> str:
    """At least 79 random bits, in letters that can be read out."""
    groups = max(GROUPS, -(-(shortest + 1) // (GROUP + 1)))
    return "-".join("".join(secrets.choice(ALPHABET) for _ in range(GROUP)) for _ in range(groups))


def _prepared(password: str) -> bytes:
    """What is hashed: NFKC, so that a full-width keyboard types the same password. Raises BadInput."""
    if len(password) > LONGEST:
        raise BadInput(f"a password has at most {LONGEST} characters")
    try:
        return unicodedata.normalize("NFKC", password).encode()
    except UnicodeEncodeError:
        raise BadInput("a password holds characters that are no text; choose another") from None


def _account(connection: sa.Connection, user_id: str) -> sa.Row[tuple[object, ...]]:
    row = connection.execute(sa.select(users).where(users.c.id == user_id)).one_or_none()
    if row is None or row.state == "deleted":
        raise NotFound("there is no such user")
    if row.kind != "user":
        raise BadInput("a service account has no password; issue an API token for it")
    return row


def _operation_to_set(by: Principal) -> str:
    """A security administrator, who manages no accounts, may still help another one."""
    return "people.manage" if "security_administrator" not in by.roles else "roles.assign"


def _may_set(policy: Policy, by: Principal, roles: set[str]) -> bool:
    if by.kind in ("local", "system"):
        return True
    theirs = {policy.roles[role].duty for role in roles if role in policy.roles}
    own = {policy.roles[role].duty for role in by.roles if role in policy.roles}
    guarded = theirs & {"security", "audit"}
    return guarded <= own if guarded else "system" in own


@cache
def _most_used() -> frozenset[str]:
    text = files("tongguan.trust.identity").joinpath("common_passwords.txt").read_text(encoding="utf-8")
    return frozenset(line for line in text.splitlines() if line and not line.startswith("#"))


def _core(plain: str) -> str:
    """The password without the digits and signs that people put around a word."""
    return plain.strip("0123456789 !@#$%^&*()_+-=.,;:?/\\|~`'\"<>[]{}")


def _is_run(plain: str) -> bool:
    """All characters one apart in one direction (abcdefghij), or one piece of up to four repeated (abcabcabc)."""
    steps = {ord(b) - ord(a) for a, b in pairwise(plain)}
    if len(steps) == 1 and steps <= {-1, 0, 1}:
        return True
    return any(plain == (plain[:n] * len(plain))[: len(plain)] for n in range(1, min(4, len(plain) // 2) + 1))
