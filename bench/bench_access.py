"""What one request pays before it does anything: the permission check and the look-up of its session or token.

    python bench/bench_access.py [--checks N] [--lookups N] [--database URL]

Wall time on one thread, the best of three, in microseconds. The check is held against every role × operation of
roles.yaml, with and without scope; its peer is casbin, where it is installed, with the same roles and operations as an
RBAC model of its own, without scope. Look-ups go to SQLite in a temporary folder, or to the PostgreSQL server of
--database; 1,000 accounts have three sessions each.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from tongguan.errors import Denied
from tongguan.trust.access import Grant, Policy, Principal, check, load_policy, may
from tongguan.trust.database import Database
from tongguan.trust.identity import Hashing, Identity
from tongguan.trust.settings import Identity as Rules

LINE_US = 20.0  # what a check may cost
ACCOUNTS, SESSIONS = 1000, 3
MODEL = """
[request_definition]
r = sub, act
[policy_definition]
p = sub, act
[role_definition]
g = _, _
[policy_effect]
e = some(where (p.eft == allow))
[matchers]
m = r.act == p.act && g(r.sub, p.sub)
"""


class NoSeal:
    """Nothing is sealed here: no account has an authenticator."""

    def seal(self, plain: bytes, context: bytes) -> bytes:
        raise NotImplementedError

    def unseal(self, sealed: bytes, context: bytes) -> bytes:
        raise NotImplementedError


def best(act: Callable[[], int]) -> float:
    """Microseconds a call; `act` says how many calls it made."""
    times = []
    for _ in range(3):
        began = time.perf_counter()
        calls = act()
        times.append((time.perf_counter() - began) / calls * 1e6)
    return min(times)


def checks(policy: Policy, count: int) -> dict[str, float]:
    """The check over all roles and operations."""
    some = frozenset(f"entity-{n}" for n in range(20))
    people = [Principal(role, "user", (Grant(role),)) for role in policy.roles]
    scoped = [Principal(role, "user", (Grant("viewer", some), Grant(role, some))) for role in policy.roles]
    tokens = [
        Principal(role, "user", (Grant(role),), only=frozenset(list(policy.operations)[:9])) for role in policy.roles
    ]

    def every(who: list[Principal], **scope: str) -> int:
        rounds = max(1, count // (len(who) * len(policy.operations)))
        for _ in range(rounds):
            for principal in who:
                for operation in policy.operations:
                    may(policy, principal, operation, **scope)
        return rounds * len(who) * len(policy.operations)

    def denied() -> int:
        for _ in range(count // 10):
            try:
                check(policy, people[0], "audit.export")
            except Denied:
                continue
            raise AssertionError
        return count // 10

    return {
        "may, one role": best(lambda: every(people)),
        "may, two roles, 20 entities": best(lambda: every(scoped, entity="entity-7")),
        "may, API token": best(lambda: every(tokens)),
        "check that denies, with its grounds in two languages": best(denied),
    }


def casbin_check(policy: Policy, count: int) -> float | None:
    """The peer, over the same roles and operations; None where it is not installed."""
    try:
        import casbin
    except ImportError:
        return None
    model = casbin.Model()
    model.load_model_from_text(MODEL)
    enforcer = casbin.Enforcer(model)
    for role in policy.roles.values():
        enforcer.add_policies([[role.id, operation] for operation in sorted(role.grants)])
        enforcer.add_grouping_policy(f"person-{role.id}", role.id)
    for role in policy.roles:  # the same answers, or the comparison is none
        for operation in policy.operations:
            asked = may(policy, Principal("x", "user", (Grant(role),)), operation)
            assert enforcer.enforce(f"person-{role}", operation) == asked

    def every() -> int:
        calls = 0
        while calls < count:
            for role in policy.roles:
                for operation in policy.operations:
                    enforcer.enforce(f"person-{role}", operation)
                    calls += 1
        return calls

    return best(every)


def lookups(place: Path | str, policy: Policy, count: int) -> dict[str, float]:
    """Sessions and API tokens, of many accounts in turn."""
    identity = Identity(
        Database(place), lambda *_: 0, Rules(), policy, seal=NoSeal(), hashing=Hashing(passes=1, memory_kib=64, lanes=1)
    )
    system = Principal("sys", "user", (Grant("system_administrator"),), id="sys")
    security = Principal("sec", "user", (Grant("security_administrator"),), id="sec")
    lines = "".join(f"person{n}\n" for n in range(ACCOUNTS))
    identity.import_csv(f"userName\n{lines}", system)
    sessions, tokens = [], []
    for user in identity.users(system, limit=ACCOUNTS):
        if len(tokens) < 100:
            identity.grant(user.id, "viewer", by=security)
            me = identity.principal(user.id)
            tokens.append(identity.issue_token(user.id, name="t", scopes=["results.read"], days=1, by=me)[1])
        for _ in range(SESSIONS):
            sessions.append(identity.admit(user.id, method="bench", address="192.0.2.1").token or "")

    def look(known: list[str], find: Callable[[str], Principal | None]) -> Callable[[], int]:
        def act() -> int:
            for n in range(count):
                assert find(known[n % len(known)]) is not None
            return count

        return act

    found = {
        "session": best(look(sessions, identity.session)),
        "API token": best(look(tokens, lambda token: identity.token(token, address="192.0.2.1"))),
    }
    began = time.perf_counter()
    for n in range(count):
        assert identity.session(f"no such token {n}") is None
    found["no session"] = (time.perf_counter() - began) / count * 1e6
    identity.context.database.close()
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--checks", type=int, default=100_000)
    parser.add_argument("--lookups", type=int, default=3_000)
    parser.add_argument("--database", help="URL of an empty PostgreSQL database")
    given = parser.parse_args()
    policy = load_policy()
    ours = checks(policy, given.checks)
    for name, took in ours.items():
        print(f"{name:<56}{took:9.2f} µs")
    worst = max(took for name, took in ours.items() if name.startswith("may"))
    print(f"{'the dearest permission check, of at most ' + str(LINE_US) + ' µs':<56}{worst:9.2f} µs")
    peer = casbin_check(policy, given.checks // 50)
    if peer is None:
        print("casbin is not installed: pip install casbin")
    else:
        ratio = peer / ours["may, one role"]
        print(f"{'casbin, the same roles and operations':<56}{peer:9.2f} µs   {ratio:.0f} times ours")
    with tempfile.TemporaryDirectory() as folder:
        for name, took in lookups(given.database or Path(folder) / "trust.db", policy, given.lookups).items():
            print(f"{'look-up of: ' + name:<56}{took:9.2f} µs")
    raise SystemExit(worst > LINE_US)


if __name__ == "__main__":
    main()
