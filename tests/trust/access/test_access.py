"""The one check: what roles grant, what scopes and tokens narrow, and what a denial tells."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from tongguan.errors import BadSettings, Denied
from tongguan.trust.access import UNNAMED, Grant, Principal, check, grounds, load_policy, may, within

POLICY = load_policy()
ROLES = sorted(POLICY.roles)
OPERATIONS = sorted(POLICY.operations)
SCOPED = [name for name in OPERATIONS if POLICY.operations[name].scoped]
ADMINISTRATORS = ("system_administrator", "security_administrator", "auditor")

# What belongs to one of the three administrators alone: the others must not be able to do it.
OWN_WORK = {
    "system_administrator": {"people.manage", "people.import", "settings.manage"},
    "security_administrator": {"roles.assign", "sessions.revoke", "tokens.revoke", "keys.create",
                               "keys.manage", "keys.destroy", "keys.backup", "keys.restore"},
    "auditor": {"audit.read", "audit.verify", "audit.export", "audit.anchor"},
}  # fmt: skip


def somebody(*roles: str, **more: object) -> Principal:
    return Principal("somebody", "user", tuple(Grant(role) for role in roles), **more)


@pytest.mark.parametrize("role", ADMINISTRATORS)
def test_none_of_the_three_can_do_the_work_of_another(role: str) -> None:
    others = set().union(*(work for other, work in OWN_WORK.items() if other != role))
    assert OWN_WORK[role] <= POLICY.roles[role].grants
    assert not POLICY.roles[role].grants & others


def test_administrators_do_not_see_business_data() -> None:
    seen = {"evidence.read", "evidence.reveal", "results.read", "results.export", "files.reveal", "keys.use"}
    assert all(not POLICY.roles[role].grants & seen for role in ADMINISTRATORS)


def test_roles_of_different_duties_do_not_lie_in_one_hand() -> None:
    for one, other in itertools.combinations(ADMINISTRATORS, 2):
        assert POLICY.conflict([one, other])
    for role in ADMINISTRATORS:
        assert POLICY.conflict([role, "compliance_officer"])
        assert POLICY.conflict([role, "viewer"]) is None
    assert POLICY.conflict(["compliance_officer", "data_provider", "viewer"]) is None


@pytest.mark.parametrize("role", ROLES)
def test_a_role_may_do_what_it_grants_and_nothing_else(role: str) -> None:
    allowed = {name for name in OPERATIONS if may(POLICY, somebody(role), name)}
    assert allowed == POLICY.roles[role].grants | {"profile.own"}


@given(role=st.sampled_from(ROLES), operation=st.sampled_from(SCOPED), held=st.frozensets(st.sampled_from("ABC")),
       asked=st.sampled_from("ABC"))  # fmt: skip
def test_a_role_for_some_entities_covers_no_other(role: str, operation: str, held: frozenset[str], asked: str) -> None:
    for scope in ("entity", "team"):
        grant = Grant(role, **{"entities" if scope == "entity" else "teams": held})
        allowed = may(POLICY, Principal("x", "user", (grant,)), operation, **{scope: asked})
        assert allowed == (operation in POLICY.roles[role].grants and asked in held)


@pytest.mark.parametrize("entity", ["A", UNNAMED])
def test_a_role_for_some_teams_covers_no_record_without_one(entity: str) -> None:
    for grant in (Grant("compliance_officer", None, frozenset({"T"})), Grant("compliance_officer", None, frozenset())):
        who = Principal("x", "user", (grant,))
        assert may(POLICY, who, "evidence.reveal")  # somewhere at least, as routes ask
        assert not may(POLICY, who, "evidence.reveal", entity=entity)
        with pytest.raises(Denied):
            check(POLICY, who, "evidence.reveal", entity=entity)
    both = Principal("x", "user", (Grant("compliance_officer", frozenset({"A"}), frozenset({"T"})),))
    assert [may(POLICY, both, "evidence.reveal", entity="A", team=team) for team in (None, "T", "U")] == [
        False,
        True,
        False,
    ]


@given(st.sets(st.sampled_from(OPERATIONS)), st.sampled_from(ROLES))
def test_a_token_never_widens(only: set[str], role: str) -> None:
    for operation in OPERATIONS:
        allowed = may(POLICY, somebody(role, only=frozenset(only)), operation)
        assert allowed == (operation in only and operation in POLICY.roles[role].grants)


@pytest.mark.parametrize("pending", ["password", "second_factor"])
def test_with_own_affairs_pending_nothing_else_is_open(pending: str) -> None:
    who = somebody("compliance_officer", pending=pending)
    assert [name for name in OPERATIONS if may(POLICY, who, name)] == ["profile.own"]


def test_without_a_role_only_ones_own_affairs_are_open() -> None:
    for who in (somebody(), somebody("emperor")):
        assert [name for name in OPERATIONS if may(POLICY, who, name)] == ["profile.own"]
    for kind in ("service", "local", "system"):
        assert not any(may(POLICY, Principal("x", kind), name) for name in OPERATIONS)
    token = somebody("viewer", only=frozenset({"results.read"}))
    assert not may(POLICY, token, "profile.own")


def test_an_unknown_operation_is_a_fault_of_ours() -> None:
    with pytest.raises(KeyError):
        may(POLICY, somebody("auditor"), "audit.rewrite")


def test_a_denial_says_what_is_missing_and_who_has_it() -> None:
    with pytest.raises(Denied) as denied:
        check(POLICY, somebody("viewer"), "audit.export")
    assert "audit.export" in str(denied.value)
    assert "Auditor" in denied.value.text["en"] and "审计员" in denied.value.text["zh"]
    narrow = Principal("x", "user", (Grant("compliance_officer", frozenset({"A"})),))
    assert "B" in grounds(POLICY, narrow, "evidence.read", entity="B")["en"]
    assert "scope" in grounds(POLICY, somebody("auditor", only=frozenset()), "audit.read")["en"]


def test_an_installation_may_bring_its_own_roles(tmp_path: Path) -> None:
    document = yaml.safe_load(Path("src/tongguan/trust/access/roles.yaml").read_text(encoding="utf-8"))
    document["roles"]["viewer"]["grants"] = ["results.read"]
    (tmp_path / "roles.yaml").write_text(yaml.safe_dump(document, allow_unicode=True), encoding="utf-8")
    assert load_policy(tmp_path).roles["viewer"].grants == {"results.read"}
    assert load_policy().roles["viewer"].grants > {"results.read"}


@pytest.mark.parametrize(
    ("damage", "told"),
    [
        (lambda d: d["roles"]["viewer"]["grants"].append("results.forge"), "results.forge"),
        (lambda d: d["operations"].pop("audit.read"), "audit.read"),
        (lambda d: d["roles"]["viewer"].update(duty="leisure"), "leisure"),
        (lambda d: d.pop("separation"), "separation"),
        (lambda d: d["roles"].update(viewer=None), "shape"),
    ],
)
def test_roles_that_are_malformed_are_refused_by_name(tmp_path: Path, damage: object, told: str) -> None:
    document = yaml.safe_load(Path("src/tongguan/trust/access/roles.yaml").read_text(encoding="utf-8"))
    damage(document)
    (tmp_path / "roles.yaml").write_text(yaml.safe_dump(document), encoding="utf-8")
    with pytest.raises(BadSettings, match=told):
        load_policy(tmp_path)
    (tmp_path / "roles.yaml").write_bytes(b"\xff\xfe: [")
    with pytest.raises(BadSettings):
        load_policy(tmp_path)


def test_nobody_hands_out_more_than_they_have() -> None:
    def officer(*entities: str) -> Principal:
        return Principal("o", "user", (Grant("compliance_officer", frozenset(entities) or None),))

    assert within(POLICY, officer("A"), officer(), "evidence.reveal")
    assert within(POLICY, officer("A"), officer("A", "B"), "evidence.reveal")
    assert not within(POLICY, officer(), officer("A"), "evidence.reveal")
    assert not within(POLICY, officer("A", "C"), officer("A", "B"), "evidence.reveal")
    assert not within(POLICY, officer(), somebody("security_administrator"), "evidence.reveal")
    assert not within(POLICY, officer(), somebody("compliance_officer", only=frozenset()), "evidence.reveal")
    assert not within(POLICY, officer(), somebody("compliance_officer", pending="password"), "evidence.reveal")


def test_who_approves_is_named_or_whoever_may_do_it() -> None:
    assert POLICY.operations["keys.destroy"].approvers == {"security_administrator", "compliance_officer"}
    assert POLICY.operations["audit.export"].approvers == {"auditor", "local_operator"}
