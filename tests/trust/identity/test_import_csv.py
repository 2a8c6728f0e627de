"""Import of accounts from CSV: encodings, errors by line, all or nothing."""

from __future__ import annotations

import codecs
import random

import pytest
from identity_house import HERE, PASSWORD, House

from tongguan.errors import BadInput, Denied
from tongguan.trust.access import Grant, Principal
from tongguan.trust.identity import tables
from tongguan.trust.identity.import_file import BYTES, ROWS

TABLE = (
    "userName,displayName,email,active,entity,teams,roles\r\n"
    'lin,"林, 小雨",lin@xingye.example,true,深圳,报关组;Audit,\r\n'
    "ＷＥＩ,魏,,,北京,,\r\n"
    "\r\n"
    "zhao,赵,zhao@xingye.example,否,,,\r\n"
)


@pytest.fixture
def teams(house: House) -> None:
    for name in ("报关组", "Audit"):
        house.identity.create_team(name, by=house.system)


@pytest.mark.parametrize(
    "document",
    [TABLE, "\ufeff" + TABLE, TABLE.encode(), codecs.BOM_UTF8 + TABLE.encode(), TABLE.encode("gb18030"), TABLE.replace("\r\n", "\n").encode(), TABLE.replace("userName", " USERNAME ").encode()],
)  # fmt: skip
def test_all_usual_encodings(house: House, teams: None, document: bytes | str) -> None:
    report = house.identity.import_csv(document, house.system)
    assert report.applied and report.errors == [] and report.rows == 3
    assert report.created == ["lin", "wei", "zhao"]
    lin, wei, zhao = house.identity.users(house.system)
    assert (lin.display, lin.email, lin.entity, len(lin.teams)) == ("林, 小雨", "lin@xingye.example", "深圳", 2)
    assert (wei.display, wei.entity, wei.state, zhao.state) == ("魏", "北京", "active", "disabled")
    assert not lin.has_password and house.identity.sign_in("lin", "", address=HERE).outcome == "no"
    body = house.log.of("users_imported")[0]
    assert body["change"] == "created" and body["users"] == ["lin", "wei", "zhao"] and len(body["file"]) == 64
    assert "林" not in house.log.text() and "xingye" not in house.log.text()


def test_both_databases(any_house: House) -> None:
    house = any_house
    for name in ("报关组", "Audit"):
        house.identity.create_team(name, by=house.system)
    first = house.identity.import_csv(TABLE.encode(), house.system)
    again = house.identity.import_csv(TABLE.encode(), house.system)
    assert len(first.created) == 3 and not (again.created or again.updated or again.disabled or again.enabled)


def test_a_dry_run_changes_nothing(house: House, teams: None) -> None:
    entries = len(house.log.entries)
    report = house.identity.import_csv(TABLE, house.system, dry_run=True)
    assert report.created == ["lin", "wei", "zhao"] and report.dry_run and not report.applied
    assert not house.rows(tables.users) and len(house.log.entries) == entries


def test_what_the_file_does_not_say_stays(house: House, teams: None) -> None:
    house.identity.import_csv(TABLE, house.system)
    house.identity.import_csv("userName,displayName\nlin,林新\n", house.system)
    lin = house.identity.by_name("lin")
    assert (lin.display, lin.email, lin.entity, len(lin.teams), lin.state) == (
        "林新",
        "lin@xingye.example",
        "深圳",
        2,
        "active",
    )
    report = house.identity.import_csv("userName,email,teams\nlin,,Audit\nwei,,\n", house.system)
    lin = house.identity.by_name("lin")
    assert (lin.email, len(lin.teams)) == ("", 1) and report.updated == ["lin"]


def test_errors_name_lines_and_nothing_is_kept(house: House, teams: None) -> None:
    house.identity.import_csv(TABLE, house.system)
    house.identity.delete(house.identity.by_name("zhao").id, house.system)
    before = house.rows(tables.users), len(house.log.entries)
    document = (
        "userName,displayName,email,active,entity,teams\n"
        "fresh,Fresh,fresh@xingye.example,,,\n"  # 2: nothing wrong
        "аdmin,,,,,\n"  # 3: Cyrillic
        "a,=cmd(),,,,\n"  # 4: formula
        "b,,nomail,,,\n"  # 5
        "c,,,maybe,,\n"  # 6
        "d,,,,,No such team\n"  # 7
        "FRESH,,,,,\n"  # 8: twice
        "zhao,,,,,\n"  # 9: deleted
        "e,,,\n"  # 10: cells missing
        'f,"two\nlines",,,,\n'  # 11 and 12: a control character
        "lin,,,false,,\n"  # 13: nothing wrong
    )
    report = house.identity.import_csv(document, house.system)
    assert [(e.line, e.column) for e in report.errors] == [
        (3, "userName"), (4, "displayName"), (5, "email"), (6, "active"), (7, ""), (8, "userName"), (9, ""), (10, ""), (12, "displayName"),
    ]  # fmt: skip
    assert not report.applied and (report.created, report.disabled) == ([], [])
    assert (house.rows(tables.users), len(house.log.entries)) == before
    assert house.identity.by_name("lin").state == "active"
    assert not any(word in str(report.errors) for word in ("cmd", "nomail", "maybe", "No such team"))


@pytest.mark.parametrize(
    "document, why",
    [
        (b"", "first line"), (b"\n\n", "first line"), (b"name,mail\nx,y\n", "first line"), (b"displayName\nx\n", "first line"), (b"userName,password\nx,y\n", "first line"),
        (b"userName,email,EMAIL\nx,,\n", "twice"), (b'userName\n"x\n', "line"), (b'userName\n"x"y\n', "line 2"), (b"userName\nx\0y\n", "NUL"),
        (b"\xff\xfe" + "userName\nx\n".encode("utf-16-le"), "UTF-16"), (b"userName\n\x80\xff\xff\n", "neither"), (b"x" * (BYTES + 1), "larger"),
        (b"userName\n" + b"".join(b"u%d\n" % n for n in range(ROWS + 1)), "several files"), (b'userName\n"' + b"x" * 200_000 + b'"\n', "line"),
    ],
)  # fmt: skip
def test_files_that_are_none(house: House, document: bytes, why: str) -> None:
    with pytest.raises(BadInput, match=why):
        house.identity.import_csv(document, house.system)
    assert not house.rows(tables.users)


def test_any_bytes_end_in_a_report_or_one_clear_error(house: House) -> None:
    chance = random.Random(7)
    pieces = [b"userName", b"roles", b",", b'"', b"\n", b"\r", b"lin", b";", "魏".encode(), "魏".encode("gb18030"), b"\xff", b"=", b"\0", b" ", codecs.BOM_UTF8, b"viewer"]  # fmt: skip
    for _ in range(300):
        document = b"".join(chance.choices(pieces, k=chance.randrange(40)))
        try:
            report = house.identity.import_csv(document, house.system, dry_run=chance.random() < 0.5)
        except BadInput:
            continue
        assert report.errors or report.dry_run or house.rows(tables.users) is not None


def test_roles_need_the_right_to_assign_them(house: House) -> None:
    document = "userName,roles\nlin,viewer;business_owner\n"
    report = house.identity.import_csv(document, house.system)
    assert report.applied and report.roles_ignored and report.granted == []
    assert house.log.of("denied")[-1]["operation"] == "roles.assign"
    assert not house.rows(tables.grants)
    report = house.identity.import_csv(document, house.terminal)
    assert report.granted == [("lin", "viewer"), ("lin", "business_owner")] and not report.roles_ignored
    assert house.identity.principal(house.identity.by_name("lin").id).roles == {"viewer", "business_owner"}
    assert house.identity.import_csv(document, house.terminal).granted == []


@pytest.mark.parametrize("roles", ["root", "local_operator", "auditor;compliance_officer", "viewer;system_administrator;auditor", ";".join(f"r{n}" for n in range(60))])  # fmt: skip
def test_roles_obey_the_same_rules(house: House, roles: str) -> None:
    report = house.identity.import_csv(f"userName,roles\nwei,viewer\nlin,{roles}\n", house.terminal)
    assert [e.line for e in report.errors] == [3]
    assert not house.rows(tables.grants) and not house.rows(tables.users)


def test_nobody_imports_rights_for_himself(house: House) -> None:
    user = house.person("root2", "viewer")
    both = Principal("root2", "local", (Grant("local_operator"),), id=user.id)
    report = house.identity.import_csv("userName,roles,active\nroot2,business_owner,\n", both)
    assert [e.line for e in report.errors] == [2] and "himself" in report.errors[0].text
    report = house.identity.import_csv("userName,active\nroot2,false\n", both)
    assert "own account" in report.errors[0].text


def test_disabling_by_import_ends_sessions_and_tokens(house: House) -> None:
    user = house.person("lin", "viewer")
    session = house.enter()
    _, token = house.identity.issue_token(
        user.id, name="n", scopes=["results.read"], days=1, by=house.identity.principal(user.id)
    )
    report = house.identity.import_csv("userName,active\nlin,false\n", house.system)
    assert report.disabled == ["lin"]
    assert house.identity.session(session) is None and house.identity.token(token, address=HERE) is None
    assert house.identity.import_csv("userName,active\nlin,true\n", house.system).enabled == ["lin"]
    house.enter(password=PASSWORD)


def test_who_may_import(house: House) -> None:
    for by in (house.security, house.auditor):
        with pytest.raises(Denied):
            house.identity.import_csv(TABLE, by)
        assert house.log.of("denied")[-1]["operation"] == "people.import"


def test_a_large_import_is_quick_and_its_entries_bounded(house: House) -> None:
    document = "userName,displayName\n" + "".join(f"user{n},User {n}\n" for n in range(2000))
    report = house.identity.import_csv(document, house.system)
    assert len(report.created) == 2000
    bodies = house.log.of("users_imported")
    assert [len(body["users"]) for body in bodies] == [500] * 4
