"""Accounts, names, teams, roles, and the accounts of the first start."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pyotp
import pytest
from identity_house import HERE, PASSWORD, House

from tongguan.errors import BadInput, Conflict, Denied, NotFound, TongguanError
from tongguan.trust.access import Grant, Principal
from tongguan.trust.identity import tables
from tongguan.trust.identity.names import RESERVED, account_name


@pytest.mark.parametrize(
    "given, kept",
    [
        ("Lin", "lin"), ("ＬＩＮ", "lin"), ("lin ", "lin"), ("张伟", "张伟"), ("Zhang.Wei-2_a@x", "zhang.wei-2_a@x"),
        ("ﬁnance", "finance"), ("STRASSE", "strasse"), ("\u212aelvin", "kelvin"), ("⼀⼆", "一二"), ("①", "1"), ("𝓁𝒾𝓃", "lin"), ("𠀀", "𠀀"),
    ],
)  # fmt: skip
def test_one_form_of_a_name(given: str, kept: str) -> None:
    assert account_name(given) == kept == account_name(kept)


@pytest.mark.parametrize(
    "name",
    [
        "", " ", "a b", "аdmin", "αdmin", "adm\u0131n", "ad\u200bmin", "admin\u202e", "a\0", "a\n", "a\t", "-a", ".a", "@a", "_a", "a/b", "a;b", "a'b",
        "éa", "カ", "ロ", "ㄱ", "〇", "々", "a" * 65, "x" * 1_000_000, "\ud800", "😀", "a\u0301", "<b>", "=1+1", "system", "ＣＯＮＳＯＬＥ", "anonymous", "\ufeffa", "a\u00adb",
    ],
)  # fmt: skip
def test_names_that_look_like_others_are_refused(house: House, name: str) -> None:
    with pytest.raises(BadInput) as refusal:
        house.identity.create_user(name, by=house.system)
    assert len(str(refusal.value)) < 300
    assert house.identity.by_name(name) is None
    assert not house.rows(tables.users)


def test_reserved_names_are_folded() -> None:
    assert all(name == name.casefold() for name in RESERVED)


def test_a_name_is_taken_in_every_spelling_and_for_ever(any_house: House) -> None:
    house = any_house
    user = house.person("strasse")
    for spelling in ("STRASSE", "straße", "ｓtrasse", "strasſe"):
        with pytest.raises(Conflict):
            house.identity.create_user(spelling, by=house.system)
        assert house.identity.by_name(spelling).id == user.id
    house.identity.delete(user.id, house.system)
    with pytest.raises(Conflict):
        house.identity.create_user("strasse", by=house.system)


def test_of_many_that_want_one_name_one_gets_it(any_house: House) -> None:
    house = any_house

    def create(n: int) -> bool:
        try:
            house.identity.create_user(("lin", "LIN", "ｌｉｎ")[n % 3], by=house.system)
        except Conflict:
            return False
        return True

    with ThreadPoolExecutor(6) as pool:
        assert sum(pool.map(create, range(6))) == 1
    assert len(house.rows(tables.users)) == 1 and house.log.kinds().count("user_created") == 1


@pytest.mark.parametrize(
    "fields",
    [
        {"display": "a\nb"}, {"display": "\u202eevil"}, {"display": "=cmd|'/c calc'!A1"}, {"display": "+1"}, {"display": "-1"}, {"display": "@x"}, {"display": "x" * 121}, {"display": "\ud800"},
        {"email": "nobody"}, {"email": "a@b@c"}, {"email": "a b@c"}, {"email": "=a@b.example"}, {"email": "a@-"}, {"email": "x" * 300 + "@b.example"},
        {"entity": "\0"}, {"entity": "=A"}, {"entity": "x" * 200}, {"kind": "robot"},
    ],
)  # fmt: skip
def test_fields_that_are_refused(house: House, fields: dict) -> None:
    with pytest.raises(BadInput):
        house.identity.create_user("lin", by=house.system, **fields)
    assert not house.rows(tables.users)


def test_reading_and_changing(any_house: House) -> None:
    house, identity = any_house, any_house.identity
    lin = identity.create_user("lin", display="林 小雨", email="lin@xingye.example", entity="SZ", by=house.system)
    identity.create_user("robot", kind="service", by=house.system)
    wei = house.person("wei_1", entity="BJ")
    assert [u.name for u in identity.users(house.auditor)] == ["lin", "robot", "wei_1"]
    assert [u.name for u in identity.users(house.auditor, kind="service")] == ["robot"]
    assert [u.name for u in identity.users(house.auditor, entity="SZ")] == ["lin"]
    assert [u.name for u in identity.users(house.auditor, text="小雨")] == ["lin"]
    assert [u.name for u in identity.users(house.auditor, text="WEI_")] == ["wei_1"]
    assert identity.users(house.auditor, text="%") == []
    assert [u.name for u in identity.users(house.auditor, offset=1, limit=1)] == ["robot"]
    assert len(identity.users(house.auditor, offset=-5, limit=-5)) == 1
    changed = identity.update_user(lin.id, display="林", entity="", by=house.system)
    assert (changed.display, changed.email, changed.entity) == ("林", "lin@xingye.example", None)
    assert house.log.of("user_updated") == [{"user": "lin", "fields": ["display", "entity"]}]
    identity.disable(wei.id, house.system)
    assert [u.name for u in identity.users(house.auditor, state="disabled")] == ["wei_1"]
    assert "lin@xingye.example" not in house.log.text() and "林" not in house.log.text()


def test_who_may(house: House) -> None:
    user = house.person("lin", "viewer")
    me = house.identity.principal(user.id)
    assert house.identity.user(user.id, me).name == "lin"
    token = Principal("lin", "user", me.grants, only=frozenset({"results.read"}), id=user.id)
    other = house.person("wei").id
    attempts = [
        lambda: house.identity.users(me),
        lambda: house.identity.user(other, me),
        lambda: house.identity.user(user.id, token),
        lambda: house.identity.teams(me),
        lambda: house.identity.create_user("x", by=house.security),
        lambda: house.identity.create_user("x", by=house.auditor),
        lambda: house.identity.update_user(user.id, display="x", by=me),
        lambda: house.identity.disable(other, house.security),
        lambda: house.identity.enable(other, me),
        lambda: house.identity.delete(other, house.auditor),
        lambda: house.identity.create_team("t", by=me),
        lambda: house.identity.import_csv(b"userName\nx\n", house.security),
        lambda: house.identity.grant(other, "viewer", by=house.system),
        lambda: house.identity.revoke(user.id, "viewer", house.system),
    ]
    for attempt in attempts:
        before = len(house.log.of("denied"))
        with pytest.raises(Denied) as denied:
            attempt()
        assert len(house.log.of("denied")) == before + 1 and set(denied.value.text) == {"zh", "en"}
    with pytest.raises(NotFound):
        house.identity.user("nobody", house.system)
    for change in (house.identity.disable, house.identity.enable, house.identity.delete):
        with pytest.raises(NotFound):
            change("nobody", house.system)


def test_disabling_ends_everything_at_once(any_house: House) -> None:
    house, identity = any_house, any_house.identity
    user = house.person("lin", "viewer")
    me = identity.principal(user.id)
    session = house.enter()
    _, token = identity.issue_token(user.id, name="n", scopes=["results.read"], days=9, by=me)
    other_process = house.again()
    identity.disable(user.id, house.system)
    for one in (identity, other_process):
        assert one.session(session) is None and one.token(token, address=HERE) is None
        assert one.sign_in("lin", PASSWORD, address=HERE).outcome == "no"
        with pytest.raises(NotFound):
            one.principal(user.id)
    identity.enable(user.id, house.system)
    assert identity.session(session) is None and identity.token(token, address=HERE) is None
    house.enter()


def test_deleting_forgets_the_person(house: House, tmp_path: Path) -> None:
    identity = house.identity
    user = house.person("lin", "viewer", display="林小雨", email="lin@xingye.example", entity="SZ")
    team = identity.create_team("customs", by=house.system)
    identity.update_team(team.id, add=[user.id], by=house.system)
    me = identity.principal(user.id)
    secret = identity.totp_begin(user.id, me).secret
    identity.totp_confirm(user.id, pyotp.TOTP(secret).at(house.clock.now), me)
    identity.recovery_codes(user.id, me)
    identity.issue_token(user.id, name="n", scopes=["results.read"], days=9, by=me)
    identity.delete(user.id, house.system)
    row = house.rows(tables.users)[0]
    assert (row.name, row.state, row.display, row.email, row.password, row.entity) == (
        "lin",
        "deleted",
        "",
        "",
        None,
        None,
    )
    for table in (tables.grants, tables.password_history, tables.team_members, tables.sessions, tables.totp_secrets, tables.recovery_codes, tables.familiar_addresses):  # fmt: skip
        assert not house.rows(table), table.name
    assert identity.by_name("lin") is None and identity.users(house.system) == []
    assert [u.name for u in identity.users(house.system, state="deleted")] == ["lin"]
    with pytest.raises(NotFound):
        identity.grant(user.id, "viewer", by=house.security)
    with pytest.raises(NotFound):
        identity.enable(user.id, house.system)


def test_nobody_closes_himself(house: House) -> None:
    user = house.person("wei", "system_administrator")
    me = house.identity.principal(user.id)
    for act in (house.identity.disable, house.identity.delete, house.identity.enable):
        with pytest.raises(Denied, match="own account"):
            act(user.id, me)


# ---- roles


def test_grants_carry_their_scope(any_house: House) -> None:
    house, identity = any_house, any_house.identity
    user = house.person()
    team = identity.create_team("customs", entity="SZ", by=house.system)
    identity.grant(user.id, "viewer", entities=["SZ", "BJ"], teams=[team.id], by=house.security)
    assert identity.principal(user.id).grants == (Grant("viewer", frozenset({"SZ", "BJ"}), frozenset({team.id})),)
    identity.grant(user.id, "viewer", entities=[], by=house.security)
    assert identity.principal(user.id).grants == (Grant("viewer", frozenset(), None),), "none is not all"
    identity.grant(user.id, "viewer", by=house.security)
    identity.grant(user.id, "auditor", by=house.security)
    assert identity.principal(user.id).roles == {"viewer", "auditor"}
    identity.revoke(user.id, "viewer", house.security)
    assert identity.user(user.id, house.system).grants == (Grant("auditor"),)
    body = house.log.of("role_granted")[0]
    assert body == {"user": "lin", "role": "viewer", "entities": ["BJ", "SZ"], "teams": [team.id]}


def test_duties_stay_apart(house: House) -> None:
    user = house.person("lin", "auditor")
    for role in ("system_administrator", "security_administrator", "compliance_officer"):
        with pytest.raises(Denied, match="different hands"):
            house.identity.grant(user.id, role, by=house.security)
        assert house.log.kinds()[-1] == "denied"
    house.identity.grant(user.id, "viewer", by=house.security)
    with pytest.raises(Denied, match="terminal"):
        house.identity.grant(user.id, "local_operator", by=house.terminal)
    assert house.identity.principal(user.id).roles == {"auditor", "viewer"}


@pytest.mark.parametrize(
    "grant",
    [
        {"role": "root"},
        {"role": ""},
        {"role": "viewer", "teams": ["no-such"]},
        {"role": "viewer", "entities": "SZ"},
        {"role": "viewer", "teams": "x"},
        {"role": "viewer", "entities": ["\0"]},
        {"role": "viewer", "entities": [""]},
    ],
)
def test_grants_that_make_no_sense(house: House, grant: dict) -> None:
    user = house.person()
    with pytest.raises(BadInput):
        house.identity.grant(user.id, by=house.security, **grant)
    assert not house.rows(tables.grants)


def test_nobody_grants_to_himself(house: House) -> None:
    user = house.person("sec2", "security_administrator")
    me = house.identity.principal(user.id)
    for attempt in (
        lambda: house.identity.grant(user.id, "viewer", by=me),
        lambda: house.identity.grant(user.id, "security_administrator", by=me),
        lambda: house.identity.revoke(user.id, "security_administrator", me),
    ):
        with pytest.raises(Denied, match="himself"):
            attempt()
        assert house.log.kinds()[-1] == "denied"
    with pytest.raises(NotFound):
        house.identity.revoke(house.person().id, "viewer", me)


def test_the_last_who_can_grant_stays(any_house: House) -> None:
    house, identity = any_house, any_house.identity
    first, second = house.person("sec1", "security_administrator"), house.person("sec2", "security_administrator")
    by_first, by_second = identity.principal(first.id), identity.principal(second.id)
    identity.disable(first.id, house.system)
    for attempt in (
        lambda: identity.disable(second.id, house.system),
        lambda: identity.delete(second.id, house.system),
        lambda: identity.revoke(second.id, "security_administrator", by_first),
        lambda: identity.import_csv(b"userName,active\nsec2,false\n", house.system),
    ):
        with pytest.raises(Denied, match="last security"):
            attempt()
        assert house.log.kinds()[-1] == "denied"
    assert identity.principal(second.id).grants == (Grant("security_administrator"),)
    identity.enable(first.id, house.system)
    identity.revoke(first.id, "security_administrator", by_second)


def test_administrators_roles_reach_over_everything(house: House) -> None:
    user = house.person("wei")
    for role in ("system_administrator", "security_administrator", "auditor"):
        for scope in ({"entities": ["SZ"]}, {"entities": []}):
            with pytest.raises(BadInput, match="reaches over all"):
                house.identity.grant(user.id, role, by=house.security, **scope)
    assert house.identity.principal(user.id).grants == ()


def test_two_administrators_do_not_remove_each_other(any_house: House) -> None:
    house, identity = any_house, any_house.identity
    for _ in range(5):
        users = [house.identity.by_name(n) or house.person(n) for n in ("sec1", "sec2")]
        for user in users:
            identity.grant(user.id, "security_administrator", by=house.security)
        principals = [identity.principal(user.id) for user in users]

        def revoke(n: int, users: list = users, principals: list = principals) -> bool:
            try:
                identity.revoke(users[1 - n].id, "security_administrator", principals[n])
            except TongguanError:
                return False
            return True

        with ThreadPoolExecutor(2) as pool:
            assert sorted(pool.map(revoke, range(2))) == [False, True]
        assert len(house.rows(tables.grants)) == 1


def test_conflicting_roles_granted_at_once(any_house: House) -> None:
    house, identity = any_house, any_house.identity
    user = house.person()
    roles = ["auditor", "compliance_officer", "system_administrator", "security_administrator"]

    def grant(role: str) -> bool:
        try:
            identity.grant(user.id, role, by=house.security)
        except Denied:
            return False
        return True

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(grant, roles)) == 1
    assert len(house.rows(tables.grants)) == 1


# ---- teams


def test_teams(any_house: House) -> None:
    house, identity = any_house, any_house.identity
    lin, wei = house.person(), house.person("wei")
    team = identity.create_team("报关组", entity="SZ", by=house.system)
    team = identity.update_team(team.id, add=[lin.id, wei.id, lin.id], by=house.system)
    assert team.members == tuple(sorted([lin.id, wei.id]))
    team = identity.update_team(
        team.id, name="关务组", entity="", add=[lin.id], remove=[wei.id, "nobody"], by=house.system
    )
    assert (team.name, team.entity, team.members) == ("关务组", None, (lin.id,))
    assert identity.user(lin.id, house.system).teams == (team.id,)
    assert identity.teams(house.auditor) == [team]
    with pytest.raises(Conflict):
        identity.create_team("关务组", by=house.system)
    with pytest.raises(NotFound):
        identity.update_team(team.id, add=["nobody"], by=house.system)
    for name in ("", "a;b", "=x", "a\nb", "x" * 200):
        with pytest.raises(BadInput):
            identity.create_team(name, by=house.system)
    identity.grant(lin.id, "viewer", teams=[team.id], by=house.security)
    with pytest.raises(Conflict):
        identity.delete_team(team.id, house.system)
    identity.revoke(lin.id, "viewer", house.security)
    identity.delete_team(team.id, house.system)
    assert identity.teams(house.auditor) == [] and not house.rows(tables.team_members)
    with pytest.raises(NotFound):
        identity.delete_team(team.id, house.system)


# ---- the first start


def test_the_first_accounts(any_house: House) -> None:
    house, identity = any_house, any_house.identity
    made = identity.first_accounts()
    assert [(name, role) for name, role, _ in made] == [
        ("sysadmin", "system_administrator"),
        ("secadmin", "security_administrator"),
        ("auditor", "auditor"),
        ("officer", "compliance_officer"),
    ]
    assert identity.first_accounts() == [] == house.again().first_accounts()
    for name, role, password in made:
        assert password not in house.log.text()
        came = identity.sign_in(name, password, address=HERE)
        who = identity.session(came.token)
        assert (who.roles, who.pending) == ({role}, "password")
        with pytest.raises(BadInput):
            identity.change_password(who.id, password, password)
        token = identity.change_password(who.id, password, f"my own phrase, {who.id[:6]}", session=came.token)
        assert identity.session(token).pending is None
    assert len({password for _, _, password in made}) == 4


def test_of_several_first_starts_one_makes_them(any_house: House) -> None:
    house = any_house
    identities = [house.again() for _ in range(5)]
    with ThreadPoolExecutor(5) as pool:
        made = list(pool.map(lambda identity: identity.first_accounts(), identities))
    assert sorted(map(len, made)) == [0, 0, 0, 0, 4]
    assert len(house.rows(tables.users)) == 4
