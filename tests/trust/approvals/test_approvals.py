"""Four eyes: who may ask, decide and use; once; in time; two at once."""

from __future__ import annotations

import hmac
import json
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from tongguan.errors import BadInput, Conflict, Denied, NotFound
from tongguan.trust.access import Grant, Principal, load_policy
from tongguan.trust.approvals import Approvals
from tongguan.trust.approvals.records import TABLE
from tongguan.trust.database import Database

A, B = frozenset({"甲"}), frozenset({"乙"})


def person(
    name: str, role: str = "compliance_officer", entities: frozenset[str] | None = None, **more: Any
) -> Principal:
    return Principal(name, "user", (Grant(role, entities),), id=f"u-{name}", **more)


ASKER, DECIDER, OTHER = person("asker", "business_owner"), person("decider"), person("other")


class Log:
    def __init__(self) -> None:
        self.entries: list[tuple[str, str, dict[str, Any]]] = []
        self.broken = False

    def __call__(self, kind: str, actor: str, body: Any) -> int:
        if self.broken:
            raise OSError("the log cannot be written")
        self.entries.append((kind, actor, json.loads(json.dumps(dict(body)))))
        return len(self.entries) - 1

    @property
    def kinds(self) -> list[str]:
        return [kind for kind, _, _ in self.entries]


class Clock:
    now = 1_790_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def log() -> Log:
    return Log()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def approvals(database: Database, log: Log, clock: Clock) -> Approvals:
    return Approvals(
        database, log, load_policy(), answers_for=lambda who: {"svc": ("u-boss",)}.get(who.name, ()), clock=clock
    )


def asked(approvals: Approvals, by: Principal = ASKER, **more: Any) -> str:
    return approvals.request("keys.destroy", "key_1", "它不再使用", by, **more).id


def test_asked_decided_and_used_once(approvals: Approvals, log: Log, clock: Clock) -> None:
    made = approvals.request("keys.destroy", "key_1", "no longer used", ASKER, detail={"版本": [1, 2]}, entity="甲")
    assert (made.state, made.requester, made.detail, made.entity, made.decider) == (
        "asked",
        "asker",
        {"版本": [1, 2]},
        "甲",
        None,
    )
    with pytest.raises(Denied):
        approvals.use("keys.destroy", "key_1", ASKER, entity="甲")
    clock.now += 60
    decided = approvals.decide(made.id, DECIDER, approve=True, note="看过了")
    assert (decided.state, decided.decider, decided.decided, decided.note) == (
        "approved",
        "decider",
        clock.now,
        "看过了",
    )
    clock.now += 60
    used = approvals.use("keys.destroy", "key_1", ASKER, entity="甲")
    assert (used.id, used.state, used.closed) == (made.id, "used", clock.now)
    with pytest.raises(Denied, match="approved, unused and in time"):
        approvals.use("keys.destroy", "key_1", ASKER, entity="甲")
    assert log.kinds == ["approval.asked", "denied", "approval.approved", "approval.used", "denied"]
    assert [actor for _, actor, _ in log.entries] == ["asker", "asker", "decider", "asker", "asker"]
    assert log.entries[-1][2] == {
        "operation": "keys.destroy",
        "resource": "key_1",
        "entity": "甲",
        "why": "no_approval",
    }


def test_refused_cannot_be_used(approvals: Approvals, log: Log) -> None:
    id = asked(approvals)
    assert approvals.decide(id, DECIDER, approve=False).state == "refused"
    with pytest.raises(Denied):
        approvals.use("keys.destroy", "key_1", ASKER)
    with pytest.raises(Conflict, match="is refused already"):
        approvals.decide(id, OTHER, approve=True)
    assert log.kinds == ["approval.asked", "approval.refused", "denied"]


@pytest.mark.parametrize(
    ("operation", "resource", "entity", "by"),
    [
        ("evidence.release", "key_1", "甲", ASKER),
        ("keys.destroy", "key_2", "甲", ASKER),
        ("keys.destroy", "key_1", "乙", ASKER),
        ("keys.destroy", "key_1", None, ASKER),
        ("keys.destroy", "key_1", "甲", OTHER),
        ("keys.destroy", "key_1", "甲", DECIDER),
        ("keys.destroy", "key_1", "甲", Principal("asker", "user", ASKER.grants, id="u-namesake")),
        ("keys.destroy", "key_1", "甲", Principal("asker", "user", ASKER.grants)),
    ],
)
def test_only_for_what_was_approved(
    approvals: Approvals, operation: str, resource: str, entity: str | None, by: Principal
) -> None:
    id = asked(approvals, entity="甲")
    approvals.decide(id, DECIDER, approve=True)
    with pytest.raises(Denied):
        approvals.use(operation, resource, by, entity=entity)
    assert approvals.get(id, ASKER).state == "approved"


def test_nobody_decides_his_own(approvals: Approvals, log: Log) -> None:
    officer = person("officer")
    id = asked(approvals, officer)
    for same in (
        officer,
        person("renamed").__class__("renamed", "user", officer.grants, id=officer.id),
        Principal("officer", "user", officer.grants, id="u-2"),
    ):
        with pytest.raises(Denied, match="nobody decides what he asked for himself") as refusal:
            approvals.decide(id, same, approve=True)
        assert "另一位" in refusal.value.text["zh"]
    assert log.kinds == ["approval.asked", *["denied"] * 3]
    assert log.entries[1][2]["why"] == "own"
    assert approvals.decide(id, OTHER, approve=True).state == "approved"


def test_services_and_tokens_do_not_decide(approvals: Approvals) -> None:
    id = asked(approvals)
    grants = (Grant("compliance_officer"),)
    for who in (
        Principal("robot", "service", grants, id="s-1"),
        Principal("decider", "user", grants, only=frozenset({"approvals.decide"}), id="u-decider"),
        Principal("here", "local", grants),
        Principal("tongguan", "system", grants),
    ):
        with pytest.raises(Denied, match="a person who signed in decides"):
            approvals.decide(id, who, approve=True)


def test_who_answers_for_a_service_does_not_decide_for_it(approvals: Approvals) -> None:
    service = Principal("svc", "service", (Grant("business_owner"),), id="s-svc")
    id = asked(approvals, service)
    with pytest.raises(Denied, match="you answer for the service account"):
        approvals.decide(id, person("boss"), approve=True)
    approvals.decide(id, DECIDER, approve=True)
    assert approvals.use("keys.destroy", "key_1", service).id == id
    with pytest.raises(Denied, match="nobody is known to answer"):
        asked(approvals, Principal("stray", "service", (Grant("business_owner"),), id="s-stray"))


def test_rights_and_entities(approvals: Approvals, log: Log) -> None:
    with pytest.raises(Denied):
        asked(approvals, person("guest", "viewer"))
    with pytest.raises(Denied):
        asked(approvals, person("owner", "business_owner", A), entity="乙")
    id = asked(approvals, entity="甲")
    for who in (person("no", "viewer"), person("nor", "business_owner"), person("far", entities=B)):
        with pytest.raises(Denied):
            approvals.decide(id, who, approve=True)
    assert log.kinds.count("denied") == 5
    assert approvals.decide(id, person("near", entities=A), approve=True).state == "approved"


def test_what_belongs_to_no_entity_is_decided_by_a_role_for_all(approvals: Approvals, log: Log) -> None:
    id = asked(approvals, entity=None)
    with pytest.raises(Denied, match="held for all entities") as denied:
        approvals.decide(id, person("near", entities=A), approve=True)
    assert not denied.value.scope and log.kinds[-1] == "denied"
    assert approvals.decide(id, DECIDER, approve=True).state == "approved"


def test_withdrawing_does_not_tell_what_is_there(approvals: Approvals) -> None:
    id = asked(approvals, entity="乙")
    with pytest.raises(Denied) as denied:
        approvals.withdraw(id, person("near", entities=A))
    assert denied.value.scope


def test_reading_is_scoped(approvals: Approvals, log: Log) -> None:
    ids = {entity: asked(approvals, entity=entity) for entity in ("甲", "乙", None)}
    near = person("near", entities=A)
    assert {a.id for a in approvals.list(near)} == {ids["甲"], ids[None]}
    assert {a.id for a in approvals.list(OTHER)} == set(ids.values())
    assert approvals.list(person("guest", "viewer")) == []
    assert len(approvals.list(ASKER)) == 3
    assert approvals.get(ids["甲"], near).entity == "甲"
    with pytest.raises(Denied):
        approvals.get(ids["乙"], near)
    assert log.kinds[-1] == "denied"
    mine = asked(approvals, near, entity="甲")
    assert [a.id for a in approvals.list(OTHER, requester="near")] == [mine]
    assert [a.id for a in approvals.list(near, state="approved")] == []
    assert len(approvals.list(OTHER, limit=2)) == 2 == len(approvals.list(OTHER, offset=2))
    assert approvals.list(OTHER, operation="\0") == [] == approvals.list(OTHER, resource="\ud800")
    for wrong in ({"state": "maybe"}, {"limit": 10**6}, {"offset": -1}, {"offset": 10**30}):
        with pytest.raises(BadInput):
            approvals.list(OTHER, **wrong)


def test_time_runs_out(approvals: Approvals, log: Log, clock: Clock) -> None:
    waiting, approved = asked(approvals, valid_s=3600), asked(approvals, valid_s=7200)
    approvals.decide(approved, DECIDER, approve=True)
    clock.now += 3600
    with pytest.raises(Conflict, match="is expired already"):
        approvals.decide(waiting, DECIDER, approve=True)
    clock.now += 3600
    with pytest.raises(Denied):
        approvals.use("keys.destroy", "key_1", ASKER)
    assert {a.id: (a.state, a.closed) for a in approvals.list(OTHER, state="expired")} == {
        waiting: ("expired", clock.now - 3600),
        approved: ("expired", clock.now),
    }
    clock.now -= 7200  # a clock set back revives nothing
    with pytest.raises(Denied):
        approvals.use("keys.destroy", "key_1", ASKER)
    expiries = [entry for entry in log.entries if entry[0] == "approval.expired"]
    assert [(actor, body["id"]) for _, actor, body in expiries] == [("system", waiting), ("system", approved)]


def test_withdrawn(approvals: Approvals, log: Log) -> None:
    first, second = asked(approvals), asked(approvals)
    approvals.decide(second, DECIDER, approve=True)
    with pytest.raises(Denied, match="only the one who asked"):
        approvals.withdraw(first, DECIDER)
    assert approvals.withdraw(first, ASKER).state == approvals.withdraw(second, ASKER).state == "withdrawn"
    with pytest.raises(Denied):
        approvals.use("keys.destroy", "key_1", ASKER)
    with pytest.raises(Conflict, match="is withdrawn already"):
        approvals.withdraw(first, ASKER)
    assert log.kinds.count("approval.withdrawn") == 2


def test_what_was_typed_is_not_in_the_log(approvals: Approvals, log: Log, database: Database) -> None:
    made = approvals.request("keys.destroy", "key_1", "张三的手机号 13800000000", ASKER, detail={"name": "张三"})
    approvals.decide(made.id, DECIDER, approve=True, note="问过李四")
    for who in (ASKER, person("guest", "viewer")):
        with pytest.raises((BadInput, Denied)):
            approvals.request("keys.destroy", "张三 13800000000", "why", who)
    text = json.dumps(log.entries, ensure_ascii=False)
    assert not any(word in text for word in ("张三", "13800000000", "李四"))
    with database.read() as connection:
        salt = connection.execute(sa.select(TABLE.c.salt)).scalar_one()
    expected = hmac.digest(salt, "张三的手机号 13800000000".encode(), "sha256").hex()
    assert log.entries[0][2]["reason"] == {"hmac_sha256": expected, "length": 18}
    assert log.entries[1][2]["note"]["length"] == 4


@pytest.mark.parametrize(
    "wrong",
    [
        {"operation": "keys.melt"},
        {"resource": ""},
        {"resource": "a\nb"},
        {"resource": "x" * 401},
        {"resource": "key_1 "},
        {"resource": " key_1"},
        {"resource": "张三"},
        {"resource": "Zhang San 13800000000"},
        {"reason": "  \n"},
        {"reason": "x" * 2001},
        {"reason": "a\0"},
        {"reason": "\ud800"},
        {"entity": ""},
        {"detail": {"a": {1, 2}}},
        {"detail": {"a": float("nan")}},
        {"detail": {"a": "x" * 20_000}},
        {"valid_s": 1},
        {"valid_s": 1e9},
        {"valid_s": float("nan")},
    ],
    ids=str,
)
def test_bad_requests(approvals: Approvals, log: Log, wrong: dict[str, Any]) -> None:
    values = {"operation": "keys.destroy", "resource": "key_1", "reason": "x"} | wrong
    with pytest.raises(BadInput):
        approvals.request(values.pop("operation"), values.pop("resource"), values.pop("reason"), ASKER, **values)
    assert log.entries == [] and approvals.list(OTHER) == []


def test_unknown_ids(approvals: Approvals) -> None:
    for id in ("apr_0", "", "\0", "\ud800", "' or 1=1 --"):
        for act in (
            lambda i: approvals.get(i, OTHER),
            lambda i: approvals.decide(i, OTHER, approve=True),
            lambda i: approvals.withdraw(i, OTHER),
        ):
            with pytest.raises(NotFound, match="there is no approval"):
                act(id)


def test_one_requester_does_not_flood(approvals: Approvals) -> None:
    for _ in range(100):
        id = asked(approvals)
    with pytest.raises(Conflict, match="undecided"):
        asked(approvals)
    approvals.withdraw(id, ASKER)
    assert asked(approvals)


def test_without_a_log_nothing_changes(approvals: Approvals, log: Log) -> None:
    id = asked(approvals)
    log.broken = True
    for act in (
        lambda: asked(approvals),
        lambda: approvals.decide(id, DECIDER, approve=True),
        lambda: approvals.withdraw(id, ASKER),
    ):
        with pytest.raises(OSError):
            act()
    assert [a.state for a in approvals.list(OTHER)] == ["asked"]
    log.broken = False
    approvals.decide(id, DECIDER, approve=True)
    log.broken = True
    with pytest.raises(OSError):
        approvals.use("keys.destroy", "key_1", ASKER)
    assert approvals.get(id, ASKER).state == "approved"


def test_use_within_the_deed_is_undone_with_it(approvals: Approvals, database: Database) -> None:
    id = asked(approvals)
    approvals.decide(id, DECIDER, approve=True)
    with pytest.raises(RuntimeError), database.write() as connection:
        approvals.use("keys.destroy", "key_1", ASKER, within=connection)
        raise RuntimeError("the deed failed")
    assert approvals.get(id, ASKER).state == "approved"
    with database.write() as connection:
        approvals.use("keys.destroy", "key_1", ASKER, within=connection)
    assert approvals.get(id, ASKER).state == "used"


def together(acts: list[Callable[[], object]]) -> list[object]:
    """What each gave or raised, all begun at once."""
    results: list[object] = [None] * len(acts)
    barrier = threading.Barrier(len(acts))

    def run(n: int) -> None:
        barrier.wait()
        try:
            results[n] = acts[n]()
        except Exception as error:
            results[n] = error

    threads = [threading.Thread(target=run, args=(n,)) for n in range(len(acts))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return results


def test_of_many_deciders_one_wins(approvals: Approvals, log: Log) -> None:
    for _ in range(5):
        id = asked(approvals)
        results = together(
            [lambda n=n, id=id: approvals.decide(id, person(f"d{n}"), approve=n % 2 == 0) for n in range(6)]
        )
        won = [r for r in results if not isinstance(r, Exception)]
        assert len(won) == 1 and all(isinstance(r, Conflict) for r in results if r is not won[0]), results
        assert approvals.get(id, ASKER).decider == won[0].decider
    assert len([kind for kind in log.kinds if kind in ("approval.approved", "approval.refused")]) == 5


def test_of_many_uses_one_wins(approvals: Approvals, log: Log) -> None:
    for _ in range(5):
        approvals.decide(asked(approvals), DECIDER, approve=True)
        results = together([lambda: approvals.use("keys.destroy", "key_1", ASKER)] * 6)
        assert sum(isinstance(r, Denied) for r in results) == 5, results
    assert log.kinds.count("approval.used") == 5


def test_two_approvals_are_two_uses(approvals: Approvals) -> None:
    ids = {asked(approvals), asked(approvals)}
    for id in ids:
        approvals.decide(id, DECIDER, approve=True)
    results = together([lambda: approvals.use("keys.destroy", "key_1", ASKER)] * 4)
    assert {r.id for r in results if not isinstance(r, Exception)} == ids, results


WORKER = """
import sys
from pathlib import Path
from tongguan.errors import Denied
from tongguan.trust.access import Grant, Principal, load_policy
from tongguan.trust.approvals import Approvals
from tongguan.trust.database import Database
place = sys.argv[1]
approvals = Approvals(Database(place if place.startswith("postgresql") else Path(place)), lambda *_: 0, load_policy())
asker = Principal("asker", "user", (Grant("business_owner"),), id="u-asker")
print("ready", flush=True)
sys.stdin.readline()
won = 0
for n in range(20):
    try:
        approvals.use("keys.destroy", f"key_{n}", asker)
        won += 1
    except Denied:
        pass
print(won)
"""


def test_processes_at_once(place: Path | str, database: Database) -> None:
    import time

    approvals = Approvals(database, Log(), load_policy(), clock=time.time)
    for n in range(20):
        made = approvals.request("keys.destroy", f"key_{n}", "x", ASKER)
        approvals.decide(made.id, DECIDER, approve=True)
    workers = [
        subprocess.Popen(
            [sys.executable, "-c", WORKER, str(place)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for _ in range(3)
    ]
    for worker in workers:
        assert worker.stdout.readline() == "ready\n"
    for worker in workers:
        worker.stdin.write("\n")
        worker.stdin.flush()
    assert sum(int(worker.communicate(timeout=60)[0]) for worker in workers) == 20
