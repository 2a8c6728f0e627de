"""The face of identity: its parts, each in a module of its own, wired to one database and one log."""

from __future__ import annotations

import time
from collections.abc import Callable

from tongguan.trust.access import Policy
from tongguan.trust.database import Database
from tongguan.trust.identity.accounts import Accounts
from tongguan.trust.identity.checking import Checking
from tongguan.trust.identity.context import Context, Record, Sealer
from tongguan.trust.identity.external import External
from tongguan.trust.identity.first import first_accounts
from tongguan.trust.identity.grants import Grants
from tongguan.trust.identity.imports import Imports
from tongguan.trust.identity.lockout import Lockout
from tongguan.trust.identity.oidc import Providers
from tongguan.trust.identity.passwords import Hashing, Passwords
from tongguan.trust.identity.principals import Factor, Principals
from tongguan.trust.identity.proof import Proofs
from tongguan.trust.identity.recovery import Recovery
from tongguan.trust.identity.sessions import Sessions
from tongguan.trust.identity.sign_in import Entrance
from tongguan.trust.identity.teams import Teams
from tongguan.trust.identity.tokens import Tokens
from tongguan.trust.identity.totp import Totp
from tongguan.trust.identity.webauthn import METHOD, SecurityKeys
from tongguan.trust.settings import Identity as Rules

__all__ = ["Identity"]


class Identity:
    """Who there is and who is there. Threads may share one; processes may share the database.

    Each method below is documented where it is written. Those that take `by` ask for the permission themselves; those
    without serve people who are about to prove who they are, or other parts of Tongguan.
    """

    def __init__(
        self,
        database: Database,
        record: Record,
        rules: Rules,
        policy: Policy,
        *,
        seal: Sealer,
        clock: Callable[[], float] = time.time,
        hashing: Hashing | None = None,
    ) -> None:
        context = Context(database, record, rules, policy, seal, clock)
        context.prepare()
        self.context = context
        self.methods: dict[str, Factor] = {}  # second factors by name; further ones may be added

        principals = Principals(context, self.methods)
        self.principal = principals.principal

        sessions = Sessions(context, principals)
        self.session = sessions.session
        self.session_id = sessions.session_id
        self.rotate = sessions.rotate
        self.proved_until = sessions.proved_until
        self.close_session = sessions.close_session
        self.sessions = sessions.sessions
        self.close_sessions = sessions.close_sessions

        lockout = Lockout(context)
        passwords = Passwords(context, sessions, lockout, hashing or Hashing())
        self.set_password = passwords.set_password
        self.first_password = passwords.first_password
        self.change_password = passwords.change_password

        granting = Grants(context, sessions)
        self.grant = granting.grant
        self.revoke = granting.revoke

        accounts = Accounts(context, principals, sessions, granting, self.methods)
        self.users = accounts.users
        self.user = accounts.user
        self.by_name = accounts.by_name
        self.create_user = accounts.create_user
        self.update_user = accounts.update_user
        self.disable = accounts.disable
        self.enable = accounts.enable
        self.delete = accounts.delete
        self.reset_factors = accounts.reset_factors

        entrance = Entrance(context, passwords, lockout, sessions, principals, self.methods)
        self.sign_in = entrance.sign_in
        self.second_factor = entrance.second_factor
        self.admit = entrance.admit
        self.attempt = entrance.attempt

        totp = Totp(context, lockout, sessions)
        self.totp_begin = totp.begin
        self.totp_confirm = totp.confirm
        self.totp_remove = totp.delete
        recovery = Recovery(context)
        self.recovery_codes = recovery.codes
        self.recovery_left = recovery.left
        self.security_keys = SecurityKeys(context, sessions, entrance)
        self.methods |= {"totp": totp, METHOD: self.security_keys, "recovery": recovery}

        proofs = Proofs(context, passwords, lockout, sessions, principals, self.methods)
        self.prove = proofs.prove
        self.proof_ways = proofs.proof_ways

        tokens = Tokens(context, principals)
        self.issue_token = tokens.issue_token
        self.token = tokens.token
        self.tokens = tokens.tokens
        self.revoke_token = tokens.revoke_token
        self.answers_for = tokens.answers_for

        external = External(context, accounts, entrance)
        self.sign_in_external = external.sign_in_external
        self.link_external = external.link_external
        self.unlink_external = external.unlink_external
        self.providers = Providers(database, record, rules.providers, clock)

        teams = Teams(context)
        self.teams = teams.teams
        self.create_team = teams.create_team
        self.update_team = teams.update_team
        self.delete_team = teams.delete_team
        self.import_csv = Imports(context, accounts, granting).import_csv

        self.check_store = Checking(context).check_store

        self._accounts, self._passwords = accounts, passwords

    def first_accounts(self) -> list[tuple[str, str, str]]:
        """At the very first start: (name, role, password) of each account that was made; [] later."""
        return first_accounts(self.context, self._accounts, self._passwords)
