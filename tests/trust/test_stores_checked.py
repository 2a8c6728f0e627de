"""All records held against the audit log in one walk over it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from tongguan.errors import Broken, Denied
from tongguan.trust import checking
from tongguan.trust.access import Grant, Principal
from tongguan.trust.checking import Contradiction, check_stores
from tongguan.trust.opening import Trust, open_trust

GATE = Principal(
    "gate", "user", (Grant("system_administrator"), Grant("security_administrator"), Grant("compliance_officer")),
    id="gate",
)  # fmt: skip
AUDITOR = Principal("aud", "system", (Grant("auditor"),), id="aud")


@pytest.fixture
def trust(tmp_path: Path) -> Iterator[Trust]:
    with open_trust(tmp_path) as room:
        user = room.identity.create_user("lin", by=GATE)
        room.identity.grant(user.id, "viewer", by=GATE)
        room.keys.create(name="k", purpose="seal", owner="gate", by=GATE)
        room.evidence.add(b"content", entity="甲", kind="file", name="a", media_type="text/plain", by=GATE)
        room.approvals.request("evidence.release", "ev_1", "a reason", GATE)
        yield room


def sql(trust: Trust, *statements: str) -> None:
    with trust.database.write() as connection:
        for statement in statements:
            connection.execute(sa.text(statement))


def test_all_is_well(trust: Trust) -> None:
    seen: list[tuple[int, int]] = []
    assert check_stores(trust, AUDITOR, lambda done, of: seen.append((done, of))) == []
    assert seen[-1][0] == seen[-1][1] and seen[-1][0] >= 5
    assert {"users_verified", "approvals_verified", "key.verify", "evidence.verified"} <= set(trust.audit.kinds())
    assert check_stores(trust, AUDITOR) == []


@pytest.mark.parametrize(
    ("store", "what", "statements"),
    [
        ("users", "unlogged", ["insert into grants select user_id, 'security_administrator', null, null, 0, 'x' from grants"]),
        ("users", "state", ["update users set state = 'disabled' where name = 'lin'"]),
        ("approvals", "state", ["update approvals set state = 'approved', decider = 'x'"]),
        ("keys", "missing", ["delete from key_versions", "delete from keys"]),
        ("evidence", "missing", ["delete from evidence_origins", "delete from evidence_events", "delete from evidence_manifests"]),
    ],
)  # fmt: skip
def test_what_was_changed_past_us_is_found(trust: Trust, store: str, what: str, statements: list[str]) -> None:
    sql(trust, *statements)
    found = check_stores(trust, AUDITOR)
    assert (store, what) in {(one.store, one.what) for one in found}, found
    assert {one.store for one in found} <= ({store, "evidence"} if store == "keys" else {store})
    assert all(isinstance(one, Contradiction) and one.subject and one.detail for one in found)


def test_the_log_is_read_once_and_a_page_at_a_time(trust: Trust, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(60):
        trust.record("run", "root", {"number": number})
    monkeypatch.setattr(checking, "PAGE", 7)
    read: list[int] = []
    entries = type(trust.audit).entries

    def counted(log: Any, offset: int = 0, limit: int = 100, **more: Any) -> Any:
        page = entries(log, offset, limit, **more)
        if not more:
            read.extend(entry.index for entry in page)
            assert len(page) <= 7
        return page

    monkeypatch.setattr(type(trust.audit), "entries", counted)
    size = trust.audit.size
    assert check_stores(trust, AUDITOR) == []
    assert read == list(range(size))


def test_what_changes_during_the_walk_is_no_alarm(trust: Trust, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checking, "PAGE", 2)

    def meanwhile(done: int, _: int) -> None:
        if done <= 6:
            user = trust.identity.create_user(f"u{done}", by=GATE)
            trust.identity.grant(user.id, "viewer", by=GATE)
            trust.evidence.add(
                f"more {done}".encode(), entity="甲", kind="file", name="a", media_type="text/plain", by=GATE
            )
            trust.approvals.request("evidence.release", f"ev_{done}", "a reason", GATE)
            trust.keys.create(name=f"k{done}", purpose="seal", owner="gate", by=GATE)

    assert check_stores(trust, AUDITOR, meanwhile) == []


def test_who_may_not_is_refused_once_and_logged(trust: Trust) -> None:
    before = trust.audit.size
    viewer = Principal("v", "user", (Grant("viewer"),), id="v")
    with pytest.raises(Denied):
        check_stores(trust, viewer)
    assert [entry.kind for entry in trust.audit.entries(before, 100)] == ["denied"]


@pytest.mark.parametrize("after", [0, 1])
def test_a_part_that_fails_holds_nobody_up(trust: Trust, after: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checking, "PAGE", 2)

    def broken(entries: Any, by: Principal) -> list[Any]:
        for _ in range(after):
            next(entries)
        raise Broken("the store is damaged")

    monkeypatch.setattr(trust.keys, "check_store", broken, raising=False)
    with pytest.raises(Broken, match="the store is damaged"):
        check_stores(trust, AUDITOR)
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("check")]


def test_a_part_that_reads_little_holds_nobody_up(trust: Trust, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checking, "PAGE", 2)
    monkeypatch.setattr(trust.keys, "check_store", lambda entries, by: [], raising=False)
    assert check_stores(trust, AUDITOR) == []


def test_a_damaged_log_and_an_interruption_end_it(trust: Trust, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checking, "PAGE", 2)

    def broken(*_: Any, **__: Any) -> None:
        raise Broken("the log is damaged")

    with monkeypatch.context() as patch:
        patch.setattr(type(trust.audit), "entries", broken)
        with pytest.raises(Broken, match="the log is damaged"):
            check_stores(trust, AUDITOR)

    def interrupted(*_: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(checking, "wait", interrupted)
    with pytest.raises(KeyboardInterrupt):
        check_stores(trust, AUDITOR)
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("check")]
