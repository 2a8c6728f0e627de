"""The register of sources: what is taken in and what is not, whose it is, and that no secret comes out."""

from __future__ import annotations

import json
import logging
import re
import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest
import sqlalchemy as sa

from tongguan.casework.assets import sources as casework_sources
from tongguan.casework.assets.reach import Reach
from tongguan.casework.assets.schedule import Schedule
from tongguan.casework.assets.sources import Given, Secret, Sources
from tongguan.errors import BadInput, Conflict, Denied, NotFound
from tongguan.trust.access import Grant, Principal
from tongguan.trust.ciphers import Tampered
from tongguan.trust.opening import HouseKey, Trust, open_trust
from tongguan.wording import wording

OFFICER = Principal("officer", "user", (Grant("compliance_officer"),), id="officer")
OF_A = Principal("of-a", "user", (Grant("compliance_officer", entities=frozenset({"A"})),), id="of-a")
VIEWER = Principal("viewer", "user", (Grant("viewer"),), id="viewer")
PASSWORD = "Made-up!Passw0rd-7281"
SHOP = Given("Shop", "postgresql", "retail desk", host="db.example", database="shop", user="scanner")


@pytest.fixture
def trust(tmp_path: Path) -> Iterator[Trust]:
    (tmp_path / "home").mkdir()
    (tmp_path / "shared").mkdir()
    with open_trust(tmp_path / "home") as room:
        yield room


@pytest.fixture
def register(trust: Trust, tmp_path: Path) -> Sources:
    reach = Reach([str(tmp_path / "shared")], [], trust.home)
    return Sources(trust.database, HouseKey(trust, "asset-sources"), trust.record, trust.policy, reach)


def test_a_source_is_registered_read_changed_and_removed(register: Sources, trust: Trust) -> None:
    made = register.register(replace(SHOP, note="two\nlines", entity="A"), Secret(password=PASSWORD), OFFICER)
    assert (
        register.get(made.id) == made and register.listed(text="RETAIL") == [made] and register.listed(text="zzz") == []
    )
    assert made.address == "postgresql://db.example:5432/shop" and made.has_secret and made.enabled
    assert register.secret(made) == Secret(password=PASSWORD)
    named = register.change(made.id, replace(SHOP, name="Renamed"), None, OFFICER)
    assert named.name == "Renamed" and register.secret(named).password == PASSWORD and named.entity is None
    assert not register.enable(made.id, False, OFFICER).enabled
    register.remove(made.id, OFFICER)
    assert register.listed() == [] and register.find(made.id) is None
    kinds = [e.kind for e in trust.audit.entries(0, 1000) if e.kind.startswith("asset_source")]
    assert kinds == ["asset_source_registered", "asset_source_changed", "asset_source_disabled", "asset_source_removed"]
    for act in (lambda: register.get(made.id), lambda: register.remove(made.id, OFFICER),
                lambda: register.enable("none", True, OFFICER), lambda: register.change("x", SHOP, None, OFFICER)):  # fmt: skip
        with pytest.raises(NotFound):
            act()


def test_no_secret_lies_open_anywhere(register: Sources, trust: Trust, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    given = Given("Bucket", "s3", "desk", bucket="data", endpoint="https://s3.example")
    made = register.register(given, Secret(access_key="AKIAMADEUP", secret_key=PASSWORD), OFFICER)
    register.change(
        made.id, replace(given, note="n"), Secret(access_key="AKIAOTHER", secret_key=PASSWORD + "2"), OFFICER
    )
    told = repr(made) + repr(register.secret(made)) + caplog.text
    told += json.dumps([dict(e.body) for e in trust.audit.entries(0, 1000)])
    on_disk = b"".join(path.read_bytes() for path in trust.home.rglob("*") if path.is_file())
    assert PASSWORD not in told and "AKIAMADEUP" not in told and "AKIAOTHER" not in told
    assert PASSWORD.encode() not in on_disk and b"AKIAOTHER" not in on_disk


def test_another_place_asks_for_the_password_again(register: Sources) -> None:
    """Else whoever may edit, and does not know the password, could have it sent to a server of his own."""
    made = register.register(SHOP, Secret(password=PASSWORD), OFFICER)
    for moved in (replace(SHOP, host="evil.example"), replace(SHOP, port=5433), replace(SHOP, user="other"),
                  replace(SHOP, database="x"), replace(SHOP, tls="verify")):  # fmt: skip
        with pytest.raises(BadInput, match="again"):
            register.change(made.id, moved, None, OFFICER)
    moved = replace(SHOP, host="new.example")
    assert register.secret(register.change(made.id, moved, Secret(password="other"), OFFICER)).password == "other"


def test_a_place_that_is_changed_in_the_database_opens_no_secret(register: Sources, trust: Trust) -> None:
    made = register.register(SHOP, Secret(password=PASSWORD), OFFICER)
    with trust.database.write() as connection:
        place = json.dumps({**made.place, "host": "evil.example"})
        connection.execute(sa.text("update asset_sources set place = :place"), {"place": place})
    with pytest.raises(Tampered):
        register.secret(register.get(made.id))


def test_who_may_not_manage_an_entity_may_not_touch_its_sources(register: Sources, trust: Trust) -> None:
    made = register.register(replace(SHOP, entity="B"), Secret(), OFFICER)
    acts = [
        lambda: register.register(replace(SHOP, name="n", host="o.example", entity="B"), Secret(), OF_A),
        lambda: register.change(made.id, replace(SHOP, entity="A"), None, OF_A),
        lambda: register.enable(made.id, False, OF_A),
        lambda: register.plan(made.id, Schedule("day", 2), OF_A),
        lambda: register.remove(made.id, OF_A),
        lambda: register.register(replace(SHOP, name="v", host="v.example"), Secret(), VIEWER),
    ]
    for act in acts:
        with pytest.raises(Denied):
            act()
    assert len([e for e in trust.audit.entries(0, 1000) if e.kind == "denied"]) == len(acts)
    mine = register.register(replace(SHOP, name="mine", host="a.example", entity="A"), Secret(), OF_A)
    with pytest.raises(Denied):  # nor may it be handed over to another entity
        register.change(mine.id, replace(SHOP, host="a.example", entity="B"), None, OF_A)


def test_names_and_places_are_taken_once(register: Sources) -> None:
    register.register(SHOP, Secret(), OFFICER)
    for twin in (replace(SHOP, host="other.example"), replace(SHOP, name="other", user="another")):
        with pytest.raises(Conflict):
            register.register(twin, Secret(), OFFICER)


WRONG = [
    {"name": ""}, {"name": "x" * 101}, {"name": "a\nb"}, {"name": "a\u202eb"}, {"owner": " "}, {"kind": "oracle"},
    {"note": "x" * 1001}, {"note": "\x1b[0m"}, {"host": ""}, {"host": "/var/run/postgresql"}, {"host": "a b"},
    {"host": "a,b"}, {"host": "user@host"}, {"host": "host/path"}, {"host": "h?sslkey=/etc/passwd"}, {"host": "-h"},
    {"host": "x" * 300}, {"port": 0}, {"port": 65536}, {"user": ""}, {"user": "a\0"}, {"database": ""},
    {"tls": "none"}, {"kind": "s3", "bucket": "a/b"}, {"kind": "s3", "bucket": ""},
    {"kind": "s3", "bucket": "data", "endpoint": "http://a@b"}, {"kind": "s3", "bucket": "data", "endpoint": "ftp://a"},
    {"kind": "s3", "bucket": "data", "endpoint": "http://h/path?x"}, {"kind": "s3", "bucket": "data", "region": "A B"},
    {"kind": "folder", "path": "/etc"}, {"kind": "folder", "path": ""}, {"kind": "sqlite", "path": "/etc/passwd"},
    {"kind": "sqlite", "path": ":memory:"}, {"kind": "duckdb", "path": "/etc/passwd"}, {"kind": "duckdb", "path": ""},
]  # fmt: skip


@pytest.mark.parametrize("wrong", WRONG, ids=str)
def test_what_cannot_be_a_source_is_refused(register: Sources, wrong: dict[str, object]) -> None:
    secret = Secret(access_key="a", secret_key="b") if wrong.get("kind") == "s3" else Secret()
    with pytest.raises(BadInput):
        register.register(replace(SHOP, **wrong), secret, OFFICER)
    assert register.listed() == []


def test_secrets_that_are_none_are_refused(register: Sources, tmp_path: Path) -> None:
    bucket = Given("b", "s3", "desk", bucket="data")
    folder = Given("f", "folder", "desk", path=str(tmp_path / "shared"))
    for given, secret in ((bucket, Secret()), (bucket, Secret(access_key="a")), (folder, Secret(password="x")),
                          (SHOP, Secret(password="x" * 5000)), (SHOP, Secret(password="a\0"))):  # fmt: skip
        with pytest.raises(BadInput):
            register.register(given, secret, OFFICER)


def test_hostile_words_stay_what_they_are(register: Sources) -> None:
    odd = "库 '\"; drop table asset_sources; -- <script>%20{}"
    made = register.register(
        replace(SHOP, name=odd, database="a/b?sslmode=disable#x@y", user="u:p@h/"), Secret(), OFFICER
    )
    address = register.reachable(replace(made, place={**made.place, "host": "10.0.0.1"}))
    assert address.url.database == "a/b?sslmode=disable#x@y" and address.url.username == "u:p@h/"
    assert address.url.password is None and not address.url.query and register.get(made.id).name == odd


def test_a_folder_that_leaves_its_root_later_is_not_scanned(register: Sources, tmp_path: Path) -> None:
    inside = tmp_path / "shared" / "data"
    inside.mkdir()
    made = register.register(Given("f", "folder", "desk", path=str(inside)), Secret(), OFFICER)
    assert register.reachable(made).path == inside
    inside.rmdir()
    inside.symlink_to(tmp_path / "home")
    with pytest.raises(BadInput):
        register.reachable(made)


@pytest.mark.parametrize("kind", ["sqlite", "duckdb"])
def test_a_file_that_is_a_database_is_a_source(register: Sources, tmp_path: Path, kind: str) -> None:
    path = tmp_path / "shared" / "a.db"
    (sqlite3.connect if kind == "sqlite" else duckdb.connect)(path).close()
    given = Given("f", kind, "desk", path=str(path))
    with pytest.raises(BadInput):
        register.register(given, Secret(password="x"), OFFICER)
    made = register.register(given, Secret(), OFFICER)
    assert made.address == f"{kind}:///{path}" and register.reachable(made).path == path


# ---- schedules


def test_schedules_keep_the_time_of_china() -> None:
    at = 1_795_268_022.0  # 2026-11-21 21:33:42 in China, a Saturday
    assert Schedule("day", 22).after(at) - at == 26 * 60 + 18
    assert Schedule("day", 21, 33).after(at) - at == 86_400 - 42
    assert Schedule("week", 22, 0, 5).after(at) - at == 26 * 60 + 18
    assert Schedule("week", 21, 0, 5).after(at) - at == 7 * 86_400 - 33 * 60 - 42
    for weekday in range(7):
        first = Schedule("week", 3, 5, weekday).after(at)
        assert at < first <= at + 7 * 86_400 and Schedule("week", 3, 5, weekday).after(first) == first + 7 * 86_400
    for wrong in (("hour", 1), ("day", 24), ("day", -1), ("day", 1, 60), ("week", 1, 0, 7)):
        with pytest.raises(BadInput):
            Schedule(*wrong)


def test_a_schedule_is_kept_and_its_missed_turns_are_one(register: Sources) -> None:
    made = register.register(SHOP, Secret(), OFFICER)
    schedule = Schedule("day", 2, 30, options={"rows": 7}, by="officer")
    planned = register.plan(made.id, schedule, OFFICER)
    assert planned.schedule == schedule and planned.due is not None
    assert register.due(planned.due - 1) == [] and register.due(planned.due + 9e6) == [planned]
    register.put_off(planned)
    assert register.get(made.id).due == planned.due  # the next turn after now, whatever was missed
    register.enable(made.id, False, OFFICER)
    assert register.due(planned.due + 1) == []
    assert register.plan(made.id, None, OFFICER).due is None


def test_refusals_are_in_both_languages_and_none_is_unused() -> None:
    texts = wording("tongguan.casework.assets").texts
    place = Path(casework_sources.__file__).parent
    used = "".join(path.read_text(encoding="utf-8") for path in place.glob("*.py"))
    for key, both in texts.items():
        assert (
            set(both) == {"zh", "en"} and re.search("[一-鿿]", both["zh"]) and not re.search("[一-鿿]", both["en"])
        ), key
        assert f'"{key}"' in used, key
    fields = [{text: sorted(re.findall(r"\{(\w+)", both[text])) for text in both} for both in texts.values()]
    assert all(one["zh"] == one["en"] for one in fields)
