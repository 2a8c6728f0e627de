"""Sources and scans through pages and calls: registered, tested, scanned, stopped, and by whom."""

from __future__ import annotations

import html
import json
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import httpx
import pytest
from console_house import add_user, form_token, new_app, signed_in
from fastapi import FastAPI

from tongguan.casework.assets import jobs, processes
from tongguan.casework.assets.reach import Reach
from tongguan.casework.assets.sources import address_of
from tongguan.service.console.assetruns import Rooms

SECRET = "Made-up!Secret-99231"
V1 = "/api/v1/assets"


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FastAPI]:
    folder = tmp_path_factory.mktemp("sources")
    shared = folder / "shared" / "staff"
    shared.mkdir(parents=True)
    for n in range(3):
        (shared / f"{n}.csv").write_text("姓名,手机\n王小明,13900000000\n", encoding="utf-8")
    limits = "service: {requests_per_minute: 100000, sign_ins_per_minute: 1000}"
    app = new_app(folder, inspected=False, settings=f"{limits}\nassets: {{roots: [{folder / 'shared'}]}}\n")
    add_user(app.state.console.trust, "looker", "viewer")
    add_user(app.state.console.trust, "of-a", "compliance_officer", entities=["A"])
    yield app
    for child in processes._CHILDREN:
        child.wait(60)
    processes._CHILDREN.clear()


@pytest.fixture(scope="module")
def officer(house: FastAPI) -> Iterator[httpx.Client]:
    with signed_in(house) as client:
        client.headers["x-csrf-token"] = form_token(client.get("/assets/sources?form=folder").text)
        yield client


def place(house: FastAPI) -> str:
    return str(Path(house.state.console.trust.home).parent / "shared" / "staff")


def register(client: httpx.Client, **form: str) -> httpx.Response:
    about = {"csrf": client.headers["x-csrf-token"], "owner": "retail desk"}
    return client.post("/assets/sources", data=about | form)


def source_of(answer: httpx.Response) -> str:
    assert answer.status_code == 303, answer.text[-3000:]
    return answer.headers["location"].split("row=")[1].split("&")[0]


def ended(client: httpx.Client, run: int) -> dict[str, Any]:
    for _ in range(600):
        found: dict[str, Any] = client.get(f"{V1}/runs/{run}").json()
        if found["state"] not in jobs.OPEN:
            return found
        time.sleep(0.1)
    raise AssertionError(found)


def test_a_folder_is_registered_tested_scanned_and_removed(house: FastAPI, officer: httpx.Client) -> None:
    ident = source_of(register(officer, kind="folder", name="员工 <b>表</b>", path=place(house)))
    csrf = officer.headers["x-csrf-token"]
    page = officer.get(f"/assets/sources?row={ident}&lang=zh").text
    assert "员工 &lt;b&gt;表&lt;/b&gt;" in page and "<b>表</b>" not in page and "未扫描" in page
    tested = officer.post("/assets/sources/act", data={"csrf": csrf, "id": ident, "act": "test"})
    assert tested.status_code == 200 and "连接成功" in tested.text
    begun = officer.post(
        "/assets/scans", data={"csrf": csrf, "act": "start", "id": ident, "rows": "50", "full": "1", "whole": "1"}
    )
    assert begun.status_code == 303 and "done=started" in begun.headers["location"]
    again = officer.post("/assets/scans", data={"csrf": csrf, "act": "start", "id": ident})
    assert again.status_code == 400 and "正在进行" in again.text
    (run,) = officer.get(f"{V1}/runs").json()["rows"]
    asked = {"rows": 50, "full": True, "whole": True, "names": None, "ocr": True, "sector": None}
    assert run["state"] == "running" and run["options"] == asked
    assert "进行中" in officer.get("/assets/scans?lang=zh").text
    assert ended(officer, run["id"])["state"] == "complete"
    shown = next(row for row in officer.get("/assets/scans.json").json()["list"]["rows"] if row["id"] == ident)
    assert shown["state"] == "complete" and shown["known"]["units"] == 3
    assert officer.get("/api/v1/assets").json()["total"] == 3
    plan = {"csrf": csrf, "act": "plan", "id": ident, "every": "week", "weekday": "6", "at": "02:30", "rows": "9"}
    assert officer.post("/assets/scans", data=plan).status_code == 303
    assert officer.get(f"{V1}/sources/{ident}").json()["schedule"]["options"]["rows"] == 9
    for wrong in ({"every": "month"}, {"at": "25:00"}, {"at": "x"}, {"weekday": "9"}, {"rows": "-1"}, {"rows": "0"}):
        assert officer.post("/assets/scans", data=plan | wrong).status_code == 400, wrong
    disabled = officer.post("/assets/sources/act", data={"csrf": csrf, "id": ident, "act": "disable"})
    assert disabled.status_code == 303
    refused = officer.post("/assets/scans", data={"csrf": csrf, "act": "start", "id": ident})
    assert refused.status_code == 400 and "disabled" in refused.text
    gone = officer.post("/assets/sources/act", data={"csrf": csrf, "id": ident, "act": "remove"})
    assert gone.status_code == 303
    (left,) = officer.get("/assets/sources.json").json()["list"]["rows"]
    assert left["source"] is None and left["known"]["units"] == 3  # what was found stays
    assert officer.get(f"/assets/sources?row={ident}").status_code == 200
    kinds = [e.kind for e in house.state.console.audit.entries(0, 1000) if e.kind.startswith(("asset_s", "scan"))]
    assert kinds == ["asset_source_registered", "asset_source_tested", "scan_started", "asset_schedule_set",
                     "asset_source_disabled", "asset_source_removed"]  # fmt: skip
    Rooms(house.state.console.trust).jobs.tick()  # as the service does every few seconds
    assert [e.kind for e in house.state.console.audit.entries(0, 1, newest=True)] == ["scan"]


def test_links_of_a_page_that_answers_a_form_lead_to_pages(officer: httpx.Client, house: FastAPI) -> None:
    ident = source_of(register(officer, kind="folder", name="links", path=f"{place(house)}/.."))
    csrf = officer.headers["x-csrf-token"]
    tested = officer.post("/assets/sources/act", data={"csrf": csrf, "id": ident, "act": "test"})
    refused = officer.post("/fingerprints/change", data={"csrf": csrf, "name": "none such", "act": "merge"})
    for answer in (tested, refused):
        links = set(re.findall(r'href="(/[^"]*)"', answer.text)) - {"/assets/sources/act"}
        assert len(links) > 15
        for link in links:
            assert officer.get(html.unescape(link)).status_code == 200, link
    officer.post("/assets/sources/act", data={"csrf": csrf, "id": ident, "act": "remove"})


def test_a_duckdb_file_is_registered_tested_and_scanned(house: FastAPI, officer: httpx.Client) -> None:
    path = Path(place(house)) / "shop.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute("create table members (name varchar, mobile varchar)")
        connection.execute("insert into members select '王小明', 13900000000 + i from range(300) r(i)")
    ident = source_of(register(officer, kind="duckdb", name="鸭", path=str(path)))
    assert "DuckDB 数据库" in officer.get(f"/assets/sources?row={ident}&lang=zh").text
    assert officer.get("/assets/sources.json?kind=duckdb").json()["list"]["total"] == 1
    csrf = officer.headers["x-csrf-token"]
    tested = officer.post("/assets/sources/act", data={"csrf": csrf, "id": ident, "act": "test"}, timeout=120)
    assert tested.status_code == 200 and "连接成功" in tested.text
    begun = officer.post(f"{V1}/sources/{ident}/scans", json={})
    assert begun.status_code == 202
    assert ended(officer, begun.json()["id"])["state"] == "complete"
    (row,) = [row for row in officer.get("/api/v1/assets").json()["rows"] if row["path"] == "main.members"]
    assert "phone" in row["types"]
    api = {"kind": "duckdb", "name": "again", "owner": "o", "path": str(path)}
    assert officer.post(f"{V1}/sources", json=api).status_code == 409


def test_secrets_never_come_back(house: FastAPI, officer: httpx.Client) -> None:
    form = {"kind": "postgresql", "name": "members", "host": "db.example", "database": "shop", "user": "scanner"}
    refused = register(officer, **form, password=SECRET, port="99999")
    assert refused.status_code == 400 and SECRET not in refused.text and 'value="db.example"' in refused.text
    ident = source_of(register(officer, **form, password=SECRET))
    moved = register(officer, **form | {"host": "evil.example"}, id=ident)
    assert moved.status_code == 400 and "重新填写" in moved.text
    assert source_of(register(officer, **form | {"name": "renamed"}, id=ident)) == ident
    told = "".join(
        officer.get(path).text
        for path in (f"/assets/sources?row={ident}", f"/assets/sources?row={ident}&form=edit", "/assets/sources.json",
                     "/assets/scans", f"{V1}/sources", f"{V1}/sources/{ident}")
    )  # fmt: skip
    told += json.dumps([dict(e.body) for e in house.state.console.audit.entries(0, 1000)])
    assert SECRET not in told and "renamed" in told
    over = officer.post(
        f"{V1}/sources", json={**form, "name": "n2", "host": "h2.example", "owner": "o", "password": SECRET}
    )
    assert over.status_code == 201 and SECRET not in over.text and over.json()["has_secret"] is True


@pytest.mark.parametrize("path", ["/etc", "/etc/passwd", "/", "../..", "/proc/self/environ", "", "/no such place"])
def test_no_other_place_of_the_machine_is_a_source(house: FastAPI, officer: httpx.Client, path: str) -> None:
    for kind in ("folder", "sqlite", "duckdb"):
        refused = register(officer, kind=kind, name=f"x {path}", path=path)
        assert refused.status_code == 400 and "root:" not in refused.text
        call = officer.post(f"{V1}/sources", json={"kind": kind, "name": "x", "owner": "o", "path": path})
        assert call.status_code == 400
    inside = Path(place(house)) / "out"
    if not inside.is_symlink():
        inside.symlink_to("/etc")
    assert register(officer, kind="folder", name="link", path=str(inside)).status_code == 400


@pytest.mark.parametrize("host", ["127.0.0.1", "169.254.169.254", "0x7f.1", "2130706433", "[::1]", "::ffff:127.0.0.1",
                                  "100.100.100.200", "0"])  # fmt: skip
def test_an_address_of_this_machine_is_not_registered(officer: httpx.Client, host: str) -> None:
    given = {"name": f"db {host}", "owner": "o"}
    calls = [{**given, "kind": "mysql", "host": host, "user": "u", "password": "p"}]
    keys = {"bucket": "abc", "access_key": "k", "secret_key": "s"}
    bracketed = f"[{host}]" if ":" in host and "[" not in host else host
    calls.append({**given, "kind": "s3", "endpoint": f"http://{bracketed}:9000", **keys})
    for call in calls:
        answer = officer.post(f"{V1}/sources", json=call)
        assert answer.status_code == 400, answer.text
        text = answer.json()["error"]["text"]
        assert "本机" in text["zh"] and "this machine" in text["en"] and "assets.networks" in text["zh"]
    refused = register(officer, kind="mysql", name=f"db {host}", host=host, user="u")
    assert refused.status_code == 400 and "本机" in refused.text
    assert f"db {host}" not in json.dumps(officer.get(f"{V1}/sources").json())


def test_a_name_of_this_machine_is_not_reached(officer: httpx.Client) -> None:
    ident = source_of(register(officer, kind="mysql", name="db local", host="localhost", user="u", password="p"))
    answer = officer.post(f"{V1}/sources/{ident}/test").json()
    assert answer["ok"] is False and answer["error"] == answer["text"]["en"] and "assets.networks" in answer["error"]
    run = officer.post(f"{V1}/sources/{ident}/scans", json={}).json()
    assert run["state"] == "failed" and "assets.networks" in run["error"]
    assert run["text"] == answer["text"] and "属于本机" in run["text"]["zh"]
    form = {"csrf": officer.headers["x-csrf-token"], "id": ident, "act": "test"}
    for language, seen, not_seen in (("zh", "属于本机", "of this machine"), ("en", "of this machine", "属于本机")):
        tested = officer.post(f"/assets/sources/act?lang={language}", data=form).text
        assert tested.count(seen) == 2 and not_seen not in tested  # the test, and the drawer's last scan
        page = officer.get(f"/assets/scans?lang={language}").text
        assert seen in page and not_seen not in page
    officer.get("/assets/scans?lang=zh")


@pytest.mark.parametrize(("database", "shown"), [
    ("a?sslmode=disable", "a%3Fsslmode=disable"), ("a#b", "a%23b"), ("a&b", "a%26b"), ("x/../y", "x%2F..%2Fy"),
    ("..", "%2E%2E"), ("a%2fb", "a%252fb"), ("数据", "数据"),
])  # fmt: skip
def test_the_name_of_a_database_says_nothing_else(officer: httpx.Client, database: str, shown: str) -> None:
    form = {"kind": "postgresql", "name": f"pg {database}", "owner": "o", "host": "pg.example", "user": "u",
            "database": database, "tls": "verify"}  # fmt: skip
    answer = officer.post(f"{V1}/sources", json=form)
    assert answer.status_code == 201 and answer.json()["address"] == f"postgresql://pg.example:5432/{shown}"
    made = address_of("postgresql", answer.json()["place"], Reach((), (), Path("/nowhere")))
    assert made.url.database == database and dict(made.url.query)["sslmode"] == "verify-full"


def test_refusals_of_forms_come_in_the_visitors_language(house: FastAPI, officer: httpx.Client) -> None:
    ident = source_of(register(officer, kind="mysql", name="forms", host="forms.example", user="u"))
    csrf = officer.headers["x-csrf-token"]
    wrong_port = register(officer, kind="mysql", name="forms 2", host="b.example", user="u", port="many")
    start = {"csrf": csrf, "act": "start", "id": ident, "rows": "many"}
    plan = {"csrf": csrf, "act": "plan", "id": ident, "every": "day", "at": "noon", "weekday": "0"}
    for answer, zh in (
        (wrong_port, "1 至 65535"),
        (officer.post("/assets/scans", data=start), "抽样为 1 至 1,000,000 行"),
        (officer.post("/assets/scans", data=plan), "应为每天或每周"),
    ):
        assert answer.status_code == 400 and zh in answer.text, answer.text[-2000:]


def test_refusals_come_in_both_languages(house: FastAPI, officer: httpx.Client) -> None:
    mine = {"kind": "mysql", "name": "both", "owner": "o", "host": "both.example", "user": "u"}
    assert officer.post(f"{V1}/sources", json=mine).status_code == 201
    for given in (mine, {**mine, "name": "n2", "host": "a b"}, {**mine, "name": "n3", "user": ""}, {**mine, "port": 1, "owner": " "},
                  {**mine, "kind": "folder", "name": "n4", "path": "/etc"}, {**mine, "kind": "s3", "name": "n5", "bucket": "_"}):  # fmt: skip
        answer = officer.post(f"{V1}/sources", json=given)
        text = answer.json()["error"]["text"]
        assert answer.status_code in (400, 409, 422), answer.text
        assert re.search("[一-鿿]", text["zh"]) and not re.search("[一-鿿]", text["en"]), text


def test_who_may_do_what(house: FastAPI, officer: httpx.Client) -> None:
    of_b = source_of(register(officer, kind="mysql", name="of B", host="b.example", user="u", entity="B"))
    with signed_in(house, "looker") as client:
        page = client.get(f"/assets/sources?row={of_b}").text
        assert "of B" in page and "act" not in [line for line in page.split('"') if line in ("act",)]
        token = form_token(client.get("/profile").text)
        for path, form in (("/assets/sources", {"kind": "folder"}), ("/assets/sources/act", {"id": of_b, "act": "remove"}),
                           ("/assets/scans", {"act": "start", "id": of_b})):  # fmt: skip
            assert client.post(path, data={**form, "csrf": token}).status_code == 403
    with signed_in(house, "of-a") as client:
        token = form_token(client.get("/profile").text)
        client.headers["x-csrf-token"] = token
        for act in ("test", "disable", "remove"):
            denied = client.post("/assets/sources/act", data={"csrf": token, "id": of_b, "act": act})
            assert denied.status_code == 404, act
        assert client.post("/assets/scans", data={"csrf": token, "act": "start", "id": of_b}).status_code == 404
        assert register(client, kind="mysql", name="mine", host="a.example", user="u", entity="B").status_code == 404
        assert register(client, kind="mysql", name="mine", host="a.example", user="u", entity="A").status_code == 303
    for form in ({"id": of_b, "act": "remove"}, {"id": of_b, "act": "remove", "csrf": "wrong"}):
        assert officer.post("/assets/sources/act", data=form).status_code == 403
    assert officer.get(f"{V1}/sources/{of_b}").status_code == 200


@pytest.mark.parametrize(
    "hostile", ["'", "\0", "\u202e", "<script>", "9" * 400, "%ff", "{{7*7}}", "../../etc/passwd", "🚄" * 90]
)
def test_nothing_that_is_typed_meets_a_fault(officer: httpx.Client, hostile: str) -> None:
    for path in ("/assets/sources", "/assets/scans", "/assets/coverage", "/assets/estate", "/assets/templates"):
        names = ("q", "kind", "state", "row", "form", "page", "scans", "source", "days", "reason", "rule", "what", "id")
        answer = officer.get(path, params=dict.fromkeys(names, hostile))
        assert answer.status_code == 200 and "<script>" not in answer.text, (path, hostile)
    csrf = officer.headers["x-csrf-token"]
    for path in ("/assets/sources", "/assets/sources/act", "/assets/scans", "/assets/templates"):
        names = ("id", "kind", "act", "name", "owner", "path", "host", "port", "scan", "rows", "every", "at", "what")
        answer = officer.post(path, data={**dict.fromkeys(names, hostile), "csrf": csrf})
        assert answer.status_code in (400, 404), (path, hostile)
