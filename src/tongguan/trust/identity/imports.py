"""Import of accounts from a file: all of it or nothing."""

from __future__ import annotations

from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

import sqlalchemy as sa

from tongguan.errors import BadInput
from tongguan.trust.access import Principal, may
from tongguan.trust.identity.accounts import Accounts
from tongguan.trust.identity.context import Context
from tongguan.trust.identity.grants import Grants
from tongguan.trust.identity.import_file import ImportRow, LineError, read_rows
from tongguan.trust.identity.tables import grants, team_members, teams, users

__all__ = ["ImportReport", "Imports"]

NAMES_AN_ENTRY = 500  # an audit entry is bounded


@dataclass
class ImportReport:
    """What an import did, or would do (`dry_run`). With `errors` nothing was changed."""

    dry_run: bool
    encoding: str = ""
    rows: int = 0
    created: list[str] = field(default_factory=list)
    updated: list[str] = field(default_factory=list)
    enabled: list[str] = field(default_factory=list)
    disabled: list[str] = field(default_factory=list)
    granted: list[tuple[str, str]] = field(default_factory=list)  # name, role
    roles_ignored: bool = False  # the file has roles, and whoever imports may not grant any
    errors: list[LineError] = field(default_factory=list)

    @property
    def applied(self) -> bool:
        return not self.dry_run and not self.errors


class _NotKept(Exception):
    """Undoes the transaction."""


class Imports:
    """Creates and updates accounts by name. What a column does not say stays; an absent line changes nothing.

    `teams` replaces an account's teams; `roles` are added, for all entities, and never taken away.
    """

    def __init__(self, context: Context, accounts: Accounts, granting: Grants) -> None:
        self._context = context
        self._accounts = accounts
        self._granting = granting

    def import_csv(self, document: bytes | str, by: Principal, dry_run: bool = False) -> ImportReport:
        """Import a file (see import_file.py). A dry run does all of it and keeps nothing.

        Raises Denied, BadInput where it is no such file; what is wrong in single lines stands in the report.
        """
        self._context.allow(by, "people.import", "users")
        rows, errors, encoding = read_rows(document)
        report = ImportReport(dry_run, encoding, len(rows), errors=errors)
        if any(row.roles for row in rows) and not may(self._context.policy, by, "roles.assign"):
            report.roles_ignored = True
            rows = [ImportRow(row.line, row.name, row.values, row.active, row.teams) for row in rows]
        try:
            with self._granting.kept_assignable(by, "users") as connection:
                self._apply(connection, rows, by, report)
                if report.errors or dry_run:
                    raise _NotKept
                self._log(report, document, by)
        except _NotKept:
            pass
        if report.errors:
            report.errors.sort(key=lambda error: error.line)
            report.created, report.updated, report.enabled, report.disabled, report.granted = [], [], [], [], []
        return report

    # ---- within

    def _apply(self, connection: sa.Connection, rows: list[ImportRow], by: Principal, report: ImportReport) -> None:
        known = {row.name: row for row in connection.execute(sa.select(users))}
        held: dict[str, set[str]] = {}
        for user_id, role in connection.execute(sa.select(grants.c.user_id, grants.c.role)):
            held.setdefault(user_id, set()).add(role)
        members: dict[str, set[str]] = {}
        for team_id, user_id in connection.execute(sa.select(team_members.c.team_id, team_members.c.user_id)):
            members.setdefault(user_id, set()).add(team_id)
        team_ids = {name: team_id for team_id, name in connection.execute(sa.select(teams.c.id, teams.c.name))}
        for row in rows:
            try:
                user_id = self._account(connection, row, known.get(row.name), by, report)
                wanted = self._teams_of(row, team_ids)
                if wanted is not None and wanted != members.get(user_id, set()):
                    self._join(connection, user_id, wanted)
                    _once(report.updated, row.name, unless=report.created)
                for role in row.roles:
                    self._role(connection, user_id, role, held.setdefault(user_id, set()), row, by, report)
            except BadInput as error:
                report.errors.append(LineError(row.line, "", str(error)))

    def _account(
        self, connection: sa.Connection, row: ImportRow, present: Any, by: Principal, report: ImportReport
    ) -> str:
        if present is None:
            values = {"display": "", "email": "", "entity": None} | row.values
            user_id = self._accounts.add(
                connection, row.name, values["display"], values["email"], values["entity"], "user"
            )
            report.created.append(row.name)
            if row.active is False:
                self._accounts.close(connection, user_id)
                report.disabled.append(row.name)
            return user_id
        if present.state == "deleted":
            raise BadInput("this account was deleted; its name is not given again")
        changed = {key: value for key, value in row.values.items() if getattr(present, key) != value}
        if changed:
            connection.execute(users.update().where(users.c.id == present.id).values(**changed))
            report.updated.append(row.name)
        if row.active is not None and row.active != (present.state == "active"):
            if present.id == by.id:
                raise BadInput("nobody disables his own account")
            if row.active:
                connection.execute(users.update().where(users.c.id == present.id).values(state="active"))
                report.enabled.append(row.name)
            else:
                self._accounts.close(connection, present.id)
                report.disabled.append(row.name)
        return str(present.id)

    def _teams_of(self, row: ImportRow, team_ids: dict[str, str]) -> set[str] | None:
        if row.teams is None:
            return None
        if any(name not in team_ids for name in row.teams):
            raise BadInput("a team of this line does not exist; create it first")
        return {team_ids[name] for name in row.teams}

    def _join(self, connection: sa.Connection, user_id: str, wanted: set[str]) -> None:
        connection.execute(team_members.delete().where(team_members.c.user_id == user_id))
        if wanted:
            connection.execute(
                team_members.insert(), [{"team_id": team_id, "user_id": user_id} for team_id in sorted(wanted)]
            )

    def _role(
        self,
        connection: sa.Connection,
        user_id: str,
        role: str,
        held: set[str],
        row: ImportRow,
        by: Principal,
        report: ImportReport,
    ) -> None:
        if role in held:
            return
        if user_id == by.id:
            raise BadInput(self._context.text("own_grant")["en"])
        if why := self._granting.obstacle(held, role):
            raise BadInput(self._context.text(why[0], **why[1])["en"])
        self._granting.put(connection, user_id, role, by)
        held.add(role)
        report.granted.append((row.name, role))

    def _log(self, report: ImportReport, document: bytes | str, by: Principal) -> None:
        data = document if isinstance(document, bytes) else document.encode("utf-8", "surrogatepass")
        file = sha256(data).hexdigest()
        for change in ("created", "updated", "enabled", "disabled", "granted"):
            names: list[Any] = getattr(report, change)
            for start in range(0, len(names), NAMES_AN_ENTRY):
                part = names[start : start + NAMES_AN_ENTRY]
                self._context.record("users_imported", by.name, {"file": file, "change": change, "users": part})
        if report.roles_ignored:
            self._context.record("denied", by.name, {"operation": "roles.assign", "resource": "users", "entity": None})


def _once(names: list[str], name: str, *, unless: list[str]) -> None:
    if name not in names[-1:] and name not in unless[-1:]:
        names.append(name)
