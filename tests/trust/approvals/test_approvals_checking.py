"""The records of approvals held against the log, after somebody was at the database."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
import sqlalchemy as sa

from tongguan.errors import Denied
from tongguan.trust.access import Grant, Principal, load_policy
from tongguan.trust.approvals import Approvals
from tongguan.trust.approvals.records import TABLE
from tongguan.trust.database import Database

OFFICER = Grant("compliance_officer")
ASKER, DECIDER = (Principal(name, "user", (OFFICER,), id=name) for name in ("asker", "decider"))
AUDITOR = Principal("auditor", "user", (Grant("auditor"),), id="auditor")


@dataclass
class Line:
    kind: str
    actor: str
    body: dict[str, Any]


class Room:
    def __init__(self, database: Database) -> None:
        self.log: list[Line] = []
        self.approvals = Approvals(database, self.record, load_policy())

    def record(self, kind: str, actor: str, body: Any) -> int:
        self.log.append(Line(kind, actor, json.loads(json.dumps(dict(body)))))
        return len(self.log) - 1

    def lived_in(self) -> str:
        """Requests in every state; gives the id of one that was refused."""
        ids = [self.approvals.request("evidence.release", f"ev_{n}", "why", ASKER, entity="甲").id for n in range(5)]
        self.approvals.decide(ids[1], DECIDER, approve=True)
        self.approvals.decide(ids[2], DECIDER, approve=False)
        self.approvals.withdraw(ids[3], ASKER)
        self.approvals.decide(ids[4], DECIDER, approve=True)
        self.approvals.use("evidence.release", "ev_4", ASKER, entity="甲")
        return ids[2]


@pytest.fixture
def room(database: Database) -> Room:
    return Room(database)


def test_what_was_left_alone_contradicts_nothing(room: Room) -> None:
    room.lived_in()
    assert room.approvals.check_store(list(room.log), AUDITOR) == []
    assert (room.log[-1].kind, room.log[-1].body) == ("approvals_verified", {"contradictions": 0})


EDITS: dict[str, tuple[Callable[[Any], Any], str, str]] = {
    "approved by hand": (lambda row: row.values(state="approved", closed=None), "state", "approved in the records"),
    "for something else": (lambda row: row.values(resource="ev_9"), "altered", "resource"),
    "by somebody else": (lambda row: row.values(decider="other"), "altered", "decider"),
    "made by hand": (lambda row: row.values(id="apr_new"), "unlogged", "no entry"),
    "gone": (lambda row: row.values(id="apr_new"), "missing", "not in the records"),
}


@pytest.mark.parametrize("edit", EDITS)
def test_edited_records_show(room: Room, database: Database, edit: str) -> None:
    change, what, detail = EDITS[edit]
    id = room.lived_in()
    with database.write() as connection:
        connection.execute(change(TABLE.update().where(TABLE.c.id == id)))
    found = room.approvals.check_store(list(room.log), AUDITOR)
    assert any(one.what == what and detail in one.detail for one in found), found


def test_an_approval_that_was_set_back_shows(room: Room, database: Database) -> None:
    room.lived_in()
    with database.write() as connection:
        again = TABLE.update().where(TABLE.c.state == "used").values(state="approved", closed=sa.null())
        connection.execute(again)
    room.approvals.use("evidence.release", "ev_4", ASKER, entity="甲")
    with database.write() as connection:
        connection.execute(again)
    assert [one.what for one in room.approvals.check_store(list(room.log), AUDITOR)] == ["state"]


def test_only_who_verifies_the_log_may_ask(room: Room) -> None:
    with pytest.raises(Denied):
        room.approvals.check_store([], ASKER)
    assert room.log[-1].kind == "denied"
