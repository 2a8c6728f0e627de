"""The accounts of the very first start: one for each duty, so that no single one can do everything."""

from __future__ import annotations

import sqlalchemy as sa

from tongguan.trust.identity.accounts import Accounts
from tongguan.trust.identity.context import Context
from tongguan.trust.identity.passwords import Passwords, random_password
from tongguan.trust.identity.tables import grants, password_history, users

__all__ = ["FIRST", "first_accounts"]

FIRST = {
    "sysadmin": "system_administrator",
    "secadmin": "security_administrator",
    "auditor": "auditor",
    "officer": "compliance_officer",
}


def first_accounts(context: Context, accounts: Accounts, passwords: Passwords) -> list[tuple[str, str, str]]:
    """Where there is no account yet: makes these and returns (name, role, password), this once. Else [].

    Of two processes that start at once, one makes them. Each password must be changed at first sign-in.
    """
    with context.database.read() as connection:
        if _any(connection):
            return []
    made = [
        (name, role, random_password(context.rules.password_min))
        for name, role in FIRST.items()
        if role in context.policy.roles
    ]
    hashed = [passwords.hash(password) for _, _, password in made]
    now = context.clock()
    with context.database.write() as connection:
        context.lock(connection)
        if _any(connection):
            return []
        for (name, role, _), password in zip(made, hashed, strict=True):
            user_id = accounts.add(connection, name, "", "", None, "user")
            connection.execute(
                users.update()
                .where(users.c.id == user_id)
                .values(password=password, password_changed=now, must_change=True)
            )
            connection.execute(password_history.insert().values(user_id=user_id, password=password))
            connection.execute(
                grants.insert().values(user_id=user_id, role=role, granted=now, granted_by="first start")
            )
            context.record("user_created", "system", {"user": name, "id": user_id, "kind": "user"})
            context.record("role_granted", "system", {"user": name, "role": role, "entities": None, "teams": None})
    return made


def _any(connection: sa.Connection) -> bool:
    return connection.execute(sa.select(users.c.id).limit(1)).scalar() is not None
