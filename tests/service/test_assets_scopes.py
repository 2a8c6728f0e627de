"""Whose role holds for one entity sees, of data assets, what belongs to it: on pages, in calls, in figures and files."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import assets_sample
import httpx
import pytest
from console_house import add_user, form_token, new_app, signed_in
from fastapi import FastAPI

from tongguan.capture.stores import parse_address
from tongguan.casework import assets
from tongguan.service.console.assetruns import Rooms
from tongguan.trust import workspace_key

V1 = "/api/v1/assets"
SHOP, FILES, LOOSE = (
    ("shop.db", "all_orders", "orders", "gifts", "old_contacts"),
    ("staff.csv", "torn.zip", "notes.txt", "desk-files"),
    ("loose.csv", "place/loose"),
)
REASON = "told by the desk of files"
PAGES = [
    "/assets", "/assets?view=columns", "/assets?state=gone", "/assets?kind=file", "/assets/estate", "/assets/sources",
    "/assets/scans", "/assets/changes", "/assets/changes?scans=all", "/assets/review", "/assets/review?view=corrections",
    "/assets/coverage", "/assets/coverage?days=1", "/assets/templates?what=change&id=general/identity&level=core",
]  # fmt: skip
FILED = ["/assets/export", "/assets/export?view=columns", "/assets/changes/export?scans=all", "/assets/coverage/export"]
CALLS = [
    "",
    "?view=columns",
    "?state=gone",
    "/scans",
    "/changes?every=1",
    "/review",
    "/corrections",
    "/sources",
    "/runs",
]


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> FastAPI:
    folder = tmp_path_factory.mktemp("scopes")
    limits = "service: {requests_per_minute: 100000, sign_ins_per_minute: 1000}"
    app = new_app(folder, inspected=False, settings=f"{limits}\nassets: {{roots: [{folder / 'place'}]}}\n")
    trust = app.state.console.trust
    shop, files = assets_sample.build(folder / "home", folder / "place")
    loose = folder / "place" / "loose"
    loose.mkdir()
    (loose / "loose.csv").write_text("姓名,手机\n王小明,13900000000\n", encoding="utf-8")
    assets.scan([parse_address(str(loose))], folder / "home" / "assets", workspace_key(folder / "home"))
    for name, entities in (("of-shop", ["甲"]), ("of-files", ["乙"]), ("of-none", ["丙"]), ("looker", None)):
        add_user(trust, name, "compliance_officer", entities=entities)
    with signed_in(app) as client:
        client.headers["x-csrf-token"] = form_token(client.get("/profile").text)
        given: list[dict[str, str]] = [
            {"kind": "sqlite", "name": "the shop", "entity": "甲", "path": shop.removeprefix("sqlite:///")},
            {"kind": "folder", "name": "desk-files", "entity": "乙", "path": files},
        ]
        for one in given:
            assert client.post(f"{V1}/sources", json={**one, "owner": "desk"}).status_code == 201
        row = next(row for row in client.get(V1).json()["rows"] if row["name"] == "staff.csv")
        correction = {"column": 0, "level": "core", "reason": REASON}
        assert client.post(f"{V1}/{row['id']}/corrections", json=correction).status_code == 201
    return app


@pytest.fixture(scope="module")
def shop(house: FastAPI) -> Iterator[httpx.Client]:
    with signed_in(house, "of-shop") as client:
        client.headers["x-csrf-token"] = form_token(client.get("/profile").text)
        yield client


def everything(client: httpx.Client) -> str:
    """All that the pages, their twins, the files and the calls say."""
    twins = [path.replace("?", ".json?") if "?" in path else f"{path}.json" for path in PAGES]
    calls = [f"{V1}{path}" for path in CALLS]
    answers = [
        client.get(path)
        for path in (*PAGES, *twins, *FILED, *(f"{p}{'&' if '?' in p else '?'}format=json" for p in FILED), *calls)
    ]
    assert {answer.status_code for answer in answers} == {200}
    return "\n".join(answer.text for answer in answers)


@pytest.mark.parametrize(
    ("user", "seen", "unseen"),
    [
        ("of-shop", SHOP, (*FILES, *LOOSE, REASON)),
        ("of-files", (*FILES, REASON), (*SHOP, *LOOSE)),
        ("of-none", (), (*SHOP, *FILES, *LOOSE, REASON)),
        ("looker", (*SHOP, *FILES, *LOOSE, REASON), ()),
    ],
)
def test_nothing_of_another_entity_is_told(
    house: FastAPI, user: str, seen: tuple[str, ...], unseen: tuple[str, ...]
) -> None:
    with signed_in(house, user) as client:
        told = everything(client)
        assert [word for word in seen if word not in told] == []
        assert [word for word in unseen if word in told] == []


def test_figures_count_what_is_seen(house: FastAPI, shop: httpx.Client) -> None:
    def of(client: httpx.Client) -> dict[str, Any]:
        page = client.get("/assets.json").json()
        estate = client.get("/assets/estate.json").json()
        return {
            "total": page["list"]["total"], "counts": page["totals"]["units"], "gone": page["totals"]["gone"],
            "columns": page["totals"]["columns"], "blind": page["totals"]["blind_spots"], "estate": estate["units"],
            "sources": len(estate["sources"]), "scans": client.get("/assets/scans.json").json()["scans"]["total"],
            "changes": client.get(f"{V1}/changes").json()["total"], "review": client.get(f"{V1}/review").json()["total"],
            "unseen": client.get("/assets/coverage.json").json()["list"]["total"],
        }  # fmt: skip

    found = []
    for name in ("of-files", "of-none", "looker"):
        with signed_in(house, name) as client:
            found.append(of(client))
    mine, (files, none, every) = of(shop), found
    assert set(none.values()) == {0}
    assert mine["total"] == mine["counts"] == mine["estate"] == 4 and mine["sources"] == files["sources"] == 1
    assert all(every[name] > mine[name] + files[name] - 1 for name in every), (mine, files, every)
    loose = {"total": 1, "counts": 1, "estate": 1, "sources": 1, "scans": 1}
    assert all(every[name] == mine[name] + files[name] + more for name, more in loose.items())


def test_what_filters_offer_is_what_is_seen(house: FastAPI) -> None:
    with signed_in(house, "of-files") as client:
        choices = client.get("/assets.json").json()["choices"]
    assert len(choices["source"]) == 1 and "person_name" in choices["type"] and "bank_card" not in choices["type"]


def test_a_table_of_another_entity_looks_as_if_it_were_not_there(house: FastAPI, shop: httpx.Client) -> None:
    with signed_in(house, "looker") as client:
        rows = client.get(V1).json()["rows"]
        theirs = next(row["id"] for row in rows if row["name"] == "staff.csv")
        mine = next(row["id"] for row in rows if row["name"] == "customers")
    nothing = 10**6
    assert shop.get(f"{V1}/{mine}").status_code == 200
    correction = {"column": 0, "level": "core", "reason": "r"}
    for end, body in (("", None), ("/corrections", correction)):
        method = "GET" if body is None else "POST"
        pair = [shop.request(method, f"{V1}/{ident}{end}", json=body) for ident in (theirs, nothing)]
        assert pair[0].status_code == pair[1].status_code == 404 and pair[0].json() == pair[1].json()
    drawers = [shop.get(f"/assets.json?row={ident}").json()["drawer"] for ident in (theirs, nothing)]
    assert drawers == [{"id": ident, "unit": None, "column": None} for ident in (theirs, nothing)]
    form = {"csrf": shop.headers["x-csrf-token"], "row": str(theirs), "col": "0", "level": "core", "reason": "r"}
    assert shop.post("/assets/review", data=form).status_code == 404


def test_a_correction_of_another_entity_is_not_taken_back(house: FastAPI, shop: httpx.Client) -> None:
    with signed_in(house, "of-files") as client:
        (made,) = client.get(f"{V1}/corrections").json()
    assert made["reason"] == REASON
    assert shop.delete(f"{V1}/corrections/{made['id']}").status_code == 404
    form = {"csrf": shop.headers["x-csrf-token"], "id": made["id"]}
    assert shop.post("/assets/review/withdraw", data=form).status_code == 404


def test_sources_and_runs_of_another_entity_are_not_there(house: FastAPI, shop: httpx.Client) -> None:
    trust = house.state.console.trust
    rooms = Rooms(trust)
    theirs = next(one for one in rooms.sources.listed() if one.entity == "乙")
    with signed_in(house, "of-files") as client:
        client.headers["x-csrf-token"] = form_token(client.get("/profile").text)
        run = client.post(f"{V1}/sources/{theirs.id}/scans", json={}).json()
        assert client.get(f"{V1}/runs/{run['id']}").status_code == 200
    before = trust.audit.kinds().get("denied", 0)
    for path in (f"/sources/{theirs.id}", f"/runs/{run['id']}"):
        answer = shop.get(V1 + path)
        assert answer.status_code == 404 and answer.json() == shop.get(f"{V1}/runs/99999").json()
    assert trust.audit.kinds()["denied"] == before + 2
    assert shop.get(f"{V1}/runs").json() == {"rows": [], "total": 0}
    assert shop.get(f"{V1}/runs?source={theirs.id}").json()["total"] == 0
    for page in ("sources", "scans"):
        assert "desk-files" not in shop.get(f"/assets/{page}?row={theirs.id}").text


def test_what_was_scanned_is_not_taken_by_registering_its_place(house: FastAPI, shop: httpx.Client) -> None:
    place = Path(house.state.console.trust.home).parent / "place"
    loose = {"kind": "folder", "name": "mine now", "owner": "o", "entity": "甲", "path": str(place / "loose")}
    answer = shop.post(f"{V1}/sources", json=loose)
    assert answer.status_code == 409 and "所有单位" in answer.json()["error"]["text"]["zh"]
    new = place / "new"
    new.mkdir()
    made = shop.post(f"{V1}/sources", json={**loose, "path": str(new)})
    assert made.status_code == 201
    moved = shop.put(f"{V1}/sources/{made.json()['id']}", json={k: v for k, v in loose.items() if k != "kind"})
    assert moved.status_code == 409
    assert "loose" not in json.dumps(shop.get(V1).json())
    nobody = shop.post(f"{V1}/sources", json={**loose, "entity": None, "name": "n", "path": str(new)})
    assert nobody.status_code == 404
