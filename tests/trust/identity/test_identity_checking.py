"""The records of accounts and grants held against the log, after somebody was at the database."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
import sqlalchemy as sa
from identity_house import House

from tongguan.errors import Denied
from tongguan.trust.identity import Contradiction
from tongguan.trust.identity.tables import grants, users


@dataclass
class Line:
    kind: str
    body: dict[str, Any]


def check(house: House) -> list[Contradiction]:
    entries = [Line(kind, body) for kind, _, body in house.log.entries]
    return house.identity.check_store(entries, house.auditor)


def lived_in(house: House) -> str:
    """All that may happen to accounts; gives the id of one of them."""
    identity = house.identity
    assert identity.first_accounts()
    lin, wei = (identity.create_user(name, by=house.system).id for name in ("lin", "wei"))
    identity.grant(lin, "viewer", entities=["甲"], by=house.security)
    identity.grant(lin, "viewer", entities=["甲", "乙"], by=house.security)
    identity.grant(lin, "business_owner", by=house.security)
    identity.revoke(lin, "business_owner", house.security)
    identity.grant(wei, "auditor", by=house.security)
    identity.disable(wei, house.system)
    identity.delete(identity.create_user("gone", by=house.system).id, house.system)
    report = identity.import_csv("userName,active,roles\nzhao,false,viewer\nwei,true,\nlin,false,\n", house.terminal)
    assert report.applied
    identity.enable(lin, house.system)
    return lin


def test_a_house_as_it_was_left_contradicts_nothing(any_house: House) -> None:
    lived_in(any_house)
    assert check(any_house) == []
    assert any_house.log.of("users_verified") == [{"users": 8, "contradictions": 0}]


EDITS: dict[str, tuple[Callable[[str], Any], str, str]] = {
    "a role given": (
        lambda id: grants.insert().values(user_id=id, role="security_administrator", granted=0, granted_by="x"),
        "unlogged",
        "security_administrator",
    ),
    "a role widened": (
        lambda id: grants.update().where(grants.c.user_id == id).values(entities=None),
        "scope",
        "viewer",
    ),
    "a role taken": (lambda id: grants.delete().where(grants.c.user_id == id), "missing", "viewer"),
    "an account closed": (
        lambda id: users.update().where(users.c.id == id).values(state="disabled"),
        "state",
        "disabled",
    ),
    "an account renamed": (
        lambda id: users.update().where(users.c.id == id).values(name="other"),
        "missing",
        "account",
    ),
    "an account made": (
        lambda id: users.insert().values(id="new", name="evil", kind="user", state="active", created=0.0),
        "unlogged",
        "account",
    ),
}


@pytest.mark.parametrize("edit", EDITS)
def test_edited_records_show(any_house: House, edit: str) -> None:
    house = any_house
    statement, what, detail = EDITS[edit]
    id = lived_in(house)
    with house.database.write() as connection:
        connection.execute(statement(id))
    found = check(house)
    assert any(one.what == what and detail in one.detail for one in found), found
    assert house.log.of("users_verified")[-1]["contradictions"] == len(found)


def test_records_that_were_set_back_show(house: House) -> None:
    id = lived_in(house)
    with house.database.read() as connection:
        before = [dict(row._mapping) for row in connection.execute(sa.select(grants).where(grants.c.user_id == id))]
    house.identity.revoke(id, "viewer", house.security)
    house.identity.disable(id, house.system)
    assert check(house) == []
    with house.database.write() as connection:
        connection.execute(grants.insert(), before)
        connection.execute(users.update().where(users.c.id == id).values(state="active"))
    assert {(one.user, one.what) for one in check(house)} == {("lin", "state"), ("lin", "unlogged")}


def test_only_who_verifies_the_log_may_ask(house: House) -> None:
    with pytest.raises(Denied):
        house.identity.check_store([], house.security)
    assert house.log.kinds()[-1] == "denied"
