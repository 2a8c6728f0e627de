"""`tongguan users`: accounts, roles, passwords and tokens, for whoever sets a machine up or rescues it.

Exit codes: 0 done · 2 bad input, also in a file to import, or not allowed.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tongguan.cli.terminal import Actions, moment, new_secret, room, say, table
from tongguan.cli.who import allowed
from tongguan.errors import BadInput, NotFound
from tongguan.wording import Language

if TYPE_CHECKING:
    from tongguan.trust.identity import Identity, User

__all__ = ["arguments"]

TEXTS = "users.yaml"
PAGE = 100
IMPORT_LIMIT = 16 << 20  # bytes


def arguments(parser: argparse.ArgumentParser, language: Language = "zh") -> None:
    """The sub-commands of `users`; `language` is that of the terminal."""
    actions = Actions(parser, language)
    listing = actions.add("list", _list, "accounts by name")
    listing.add_argument("--text", default="", help="a part of the name or the display name")
    listing.add_argument("--kind", choices=("user", "service"))
    listing.add_argument("--state", choices=("active", "disabled", "deleted"))
    listing.add_argument("--entity")
    listing.add_argument("--json", action="store_true")

    add = actions.add("add", _add, "a new account; a person's first password is printed once")
    add.add_argument("name")
    add.add_argument("--display", default="")
    add.add_argument("--email", default="")
    add.add_argument("--entity")
    add.add_argument("--service", action="store_true", help="a service account: it has tokens, and no password")

    for name, command, help in (
        ("disable", _disable, "close an account; its sessions and tokens end"),
        ("enable", _enable, "open a disabled account again"),
        ("factors", _factors, "take away the second factors that somebody lost"),
    ):
        actions.add(name, command, help).add_argument("name")

    grant = actions.add("grant", _grant, "give a role, for all or for some entities and teams")
    grant.add_argument("name")
    grant.add_argument("role")
    grant.add_argument("--entity", action="append", help="only for this entity; may be given several times")
    grant.add_argument("--team", action="append", help="only for this team, by its id")
    revoke = actions.add("revoke", _revoke, "take a role back")
    revoke.add_argument("name")
    revoke.add_argument("role")

    password = actions.add("password", _password, "set a password, asked for without echo; to be changed at sign-in")
    password.add_argument("name")
    password.add_argument("--generate", action="store_true", help="a random one, printed once")

    bring = actions.add("import", _import, "accounts out of a CSV file: all of it or nothing")
    bring.add_argument("file", type=Path)
    bring.add_argument("--dry-run", action="store_true", help="say what would happen, and change nothing")

    tokens = actions.add("tokens", _tokens, "an account's API tokens")
    tokens.add_argument("name")
    tokens.add_argument("--revoke", metavar="ID", help="end this one")
    tokens.add_argument("--json", action="store_true")
    token = actions.add("token", _token, "issue an API token for a service account; it is printed once")
    token.add_argument("name")
    token.add_argument("--label", required=True, help="what the token is for")
    token.add_argument(
        "--scope", action="append", required=True, metavar="OPERATION", help="what it may do, as keys.use"
    )
    token.add_argument("--days", type=int, default=90, help="1 to 366; 90 where absent")


def _list(given: argparse.Namespace) -> int:
    by = allowed("people.read")
    rows: list[dict[str, Any]] = []
    with room() as trust:
        while True:
            found = trust.identity.users(
                by, kind=given.kind, state=given.state, entity=given.entity, text=given.text,
                offset=len(rows), limit=PAGE,
            )  # fmt: skip
            rows += [_row(user) for user in found]
            if len(found) < PAGE:
                break
    table(rows, ["name", "display", "kind", "state", "entity", "roles", "last_sign_in"], given.json)
    return 0


def _row(user: User) -> dict[str, Any]:
    return {
        "id": user.id, "name": user.name, "display": user.display, "email": user.email, "kind": user.kind,
        "state": user.state, "entity": user.entity, "teams": list(user.teams),
        "roles": [grant.role for grant in user.grants],
        "grants": [
            {"role": g.role, "entities": None if g.entities is None else sorted(g.entities),
             "teams": None if g.teams is None else sorted(g.teams)}
            for g in user.grants
        ],
        "second_factors": list(user.second_factors), "last_sign_in": moment(user.last_sign_in),
    }  # fmt: skip


def _add(given: argparse.Namespace) -> int:
    by = allowed("people.manage")
    with room() as trust:
        made = trust.identity.create_user(
            given.name, display=given.display, email=given.email, entity=given.entity,
            kind="service" if given.service else "user", by=by,
        )  # fmt: skip
        _say("added", given, name=made.name, id=made.id)
        if not given.service:
            _say("password", given, name=made.name, password=trust.identity.first_password(made.id, by))
    return 0


def _disable(given: argparse.Namespace) -> int:
    by = allowed("people.manage")
    with room() as trust:
        trust.identity.disable(_id(trust.identity, given.name), by)
    return _done(given)


def _enable(given: argparse.Namespace) -> int:
    by = allowed("people.manage")
    with room() as trust:
        trust.identity.enable(_id(trust.identity, given.name), by)
    return _done(given)


def _factors(given: argparse.Namespace) -> int:
    by = allowed("factors.reset")
    with room() as trust:
        trust.identity.reset_factors(_id(trust.identity, given.name), by)
    return _done(given)


def _grant(given: argparse.Namespace) -> int:
    by = allowed("roles.assign")
    with room() as trust:
        user = _id(trust.identity, given.name)
        trust.identity.grant(user, given.role, entities=given.entity, teams=given.team, by=by)
    return _done(given)


def _revoke(given: argparse.Namespace) -> int:
    by = allowed("roles.assign")
    with room() as trust:
        trust.identity.revoke(_id(trust.identity, given.name), given.role, by)
    return _done(given)


def _password(given: argparse.Namespace) -> int:
    by = allowed("people.read")  # whose password somebody may set, the identity part decides
    with room() as trust:
        user = _id(trust.identity, given.name)
        if given.generate:
            _say("password", given, name=given.name, password=trust.identity.first_password(user, by))
            return 0
        trust.identity.set_password(user, new_secret(_text("new", given), _text("again", given)), by)
    return _done(given)


def _import(given: argparse.Namespace) -> int:
    by = allowed("people.import")
    with given.file.open("rb") as file:
        content = file.read(IMPORT_LIMIT + 1)
    if len(content) > IMPORT_LIMIT:
        raise BadInput(f"{given.file} has more than {IMPORT_LIMIT} bytes; split it")
    with room() as trust:
        report = trust.identity.import_csv(content, by, dry_run=given.dry_run)
    for error in report.errors:
        _say("line", given, to=sys.stderr, line=error.line, column=error.column or "-", text=error.text)
    if report.roles_ignored:
        _say("roles_ignored", given, to=sys.stderr)
    key = "imported" if report.applied else "not_imported" if report.errors else "would_import"
    counts = {name: len(getattr(report, name)) for name in ("created", "updated", "enabled", "disabled")}
    _say(key, given, rows=report.rows, problems=len(report.errors), **counts)
    return 2 if report.errors else 0


def _tokens(given: argparse.Namespace) -> int:
    by = allowed("tokens.revoke" if given.revoke else "tokens.read")
    with room() as trust:
        user = _id(trust.identity, given.name)
        if given.revoke:
            if given.revoke not in {token.id for token in trust.identity.tokens(user, by)}:
                raise NotFound(f"{given.name} has no such token; see `tongguan users tokens {given.name}`")
            trust.identity.revoke_token(given.revoke, by)
            return _done(given)
        rows = [
            {"id": t.id, "name": t.name, "scopes": sorted(t.scopes), "expires": moment(t.expires),
             "last_used": moment(t.last_used), "revoked": moment(t.revoked), "issued_by": t.issued_by}
            for t in trust.identity.tokens(user, by)
        ]  # fmt: skip
    table(rows, ["id", "name", "expires", "last_used", "revoked", "scopes"], given.json)
    return 0


def _token(given: argparse.Namespace) -> int:
    by = allowed("tokens.issue")
    with room() as trust:
        user = _id(trust.identity, given.name)
        _, token = trust.identity.issue_token(user, name=given.label, scopes=given.scope, days=given.days, by=by)
    _say("token", given, to=sys.stderr)
    print(token)
    return 0


def _id(identity: Identity, name: str) -> str:
    user = identity.by_name(name)
    if user is None:
        raise NotFound(f"there is no account {name[:80]!r}; see `tongguan users list`")
    return user.id


def _done(given: argparse.Namespace) -> int:
    _say("done", given)
    return 0


def _say(key: str, given: argparse.Namespace, *, to: Any = None, **values: object) -> None:
    say(TEXTS, key, given.lang, to=to, **values)


def _text(key: str, given: argparse.Namespace) -> str:
    from tongguan.wording import wording

    return wording("tongguan.cli", TEXTS).text(key, given.lang)
