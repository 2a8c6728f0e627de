"""The flow list's filter, order, pages and drawer, held against the rows of the sample."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
import workspace_sample

from tongguan.service.console.pages.recipients import filed_against_observed

ROWS, _ = workspace_sample.exchanges()
LEFT = [r for r in ROWS if r["direction"] == "export"]


def exchanges(client: httpx.Client, **params: Any) -> dict[str, Any]:
    found: dict[str, Any] = client.get("/flows.json", params={"view": "exchanges", "size": 100, **params}).json()[
        "list"
    ]
    return found


@pytest.mark.parametrize(
    ("params", "fits"),
    [
        ({}, lambda r: r["direction"] == "export"),
        ({"direction": "all"}, lambda r: True),
        ({"direction": "inside"}, lambda r: r["direction"] == "inside"),
        ({"recipient": "lumora"}, lambda r: r["recipient_id"] == "lumora"),
        ({"recipient": "quillmark.example"}, lambda r: r["recipient"] == "quillmark.example"),
        ({"country": "SG"}, lambda r: r["country"] == "SG"),
        ({"country": "ZZ"}, lambda r: r["country"] is None),
        ({"system": "数据仓库"}, lambda r: r["system"] == "数据仓库"),
        ({"type": "bank_card"}, lambda r: "bank_card" in r["types"]),
        ({"sensitive": "1"}, lambda r: r["sensitive_types"]),
        ({"protocol": "smtp"}, lambda r: r["protocol"] == "smtp"),
        ({"act": "remote_access"}, lambda r: r["act"] == "remote_access"),
        ({"pathway": "exempt"}, lambda r: r["recipient_id"] in ("ganxian", "nordkai")),
        ({"pathway": "undetermined"}, lambda r: r["recipient"] in ("Pagewell HR", "quillmark.example")),
        ({"q": "QUILLMARK"}, lambda r: "quillmark" in r["recipient"]),
        ({"q": "203.0.113.9"}, lambda r: "203.0.113.9" in r["destination_ip"]),
        ({"day_from": "2026-11-20"}, lambda r: str(r["day"]) >= "2026-11-20"),
        ({"day_to": "2026-11-19"}, lambda r: str(r["day"]) <= "2026-11-19"),
        ({"country": "SG", "type": "phone", "act": "transmission"},
         lambda r: r["country"] == "SG" and "phone" in r["types"] and r["act"] == "transmission"),
    ],
)  # fmt: skip
def test_filter(client: httpx.Client, params: dict[str, str], fits: Any) -> None:
    rows = ROWS if params.get("direction") else LEFT
    expected = {r["uid"] for r in rows if fits(r)}
    found = exchanges(client, **params)
    assert found["total"] == len(expected)
    seen = {r["uid"] for r in found["rows"]} | {r["uid"] for r in exchanges(client, page=2, **params)["rows"]}
    assert seen == expected or found["pages"] > 2


def test_flows_sum_up_their_exchanges(client: httpx.Client) -> None:
    rows = client.get("/flows.json", params={"size": 100}).json()["list"]["rows"]
    assert sum(r["crossings"] for r in rows) == len(LEFT)
    assert sum(r["bytes"] for r in rows) == sum(r["size"] for r in LEFT)
    crm = next(r for r in rows if (r["system"], r["recipient_id"]) == ("会员中心", "lumora"))
    assert crm["persons"] == 612480 and crm["pathway"] == workspace_sample.CONTRACT
    assert {d["kind"] for d in crm["differences"]} == {"type_not_filed", "scale_above_filed"}
    assert set(crm["types"]) == {"phone", "id_card", "email", "imei"}


@pytest.mark.parametrize("order", ["persons", "crossings", "bytes", "last"])
@pytest.mark.parametrize("way", ["asc", "desc"])
def test_order(client: httpx.Client, order: str, way: str) -> None:
    rows = client.get("/flows.json", params={"sort": order, "dir": way, "direction": "all"}).json()["list"]["rows"]
    values = [r[order] or 0 for r in rows]
    assert values == sorted(values, reverse=way == "desc")


def test_pages_hold_every_row_once(client: httpx.Client) -> None:
    seen: list[str] = []
    first = exchanges(client, size=20)
    for number in range(1, first["pages"] + 1):
        seen += [r["uid"] for r in exchanges(client, size=20, page=number)["rows"]]
    assert len(seen) == len(set(seen)) == len(LEFT)
    assert exchanges(client, size=20, page=999)["page"] == first["pages"]
    assert exchanges(client, size=0)["size"] == 1 and exchanges(client, size="x", page="-1")["size"] == 20


def test_what_is_not_understood_is_said(client: httpx.Client) -> None:
    answer = client.get("/flows", params={"day_from": "yesterday", "direction": "up"})
    assert "day_from" in answer.text and "direction" in answer.text
    assert client.get("/flows.json", params={"day_from": "yesterday"}).json()["ignored"] == ["day_from"]


def test_the_drawer(client: httpx.Client) -> None:
    rows = client.get("/flows.json").json()["list"]["rows"]
    row = next(r for r in rows if r["recipient_id"] == "lumora")
    drawer = client.get("/flows.json", params={"row": row["id"], "country": "SG"}).json()["drawer"]
    assert drawer["row"]["recipient"] == "Lumora Analytics, Inc." and drawer["recipient"]["id"] == "lumora"
    assert len(drawer["evidence"]) == 12 and drawer["evidence"][0]["found"]
    assert {a["id"] for a in drawer["alerts"]} == {"ALT-001", "ALT-002"}
    assert sum(day["crossings"] for day in drawer["history"]) == row["crossings"]
    one = client.get("/flows.json", params={"view": "exchanges", "row": "C0-1-0"}).json()["drawer"]
    assert one["row"]["uid"] == "C0-1-0" and {f["type"] for f in one["row"]["found"]} == set(one["row"]["types"])


def test_the_pictures_say_what_the_list_says(client: httpx.Client) -> None:
    data = client.get("/flows.json", params={"size": 100}).json()
    first = [link for link in data["sankey"]["links"] if link["source"].startswith("system:")]
    assert {link["value"] for link in first} == {r["persons"] for r in data["list"]["rows"]}
    new = {
        (row["country"], kind) for row in data["matrix"]["rows"] for kind, cell in row["cells"].items() if cell["new"]
    }
    assert new == {("US", "id_card")}
    narrowed = client.get("/flows.json", params={"country": "SG", "by": "bytes"}).json()
    assert [row["country"] for row in narrowed["matrix"]["rows"]] == ["SG"]
    assert narrowed["sankey"]["by"] == "bytes"


def test_a_node_of_the_picture_counts_nobody_twice_without_saying_so(client: httpx.Client) -> None:
    nodes = {n["id"]: n for n in client.get("/flows.json", params={"size": 100}).json()["sankey"]["nodes"]}
    lumora = nodes["recipient:lumora"]  # 612,480 and 88,200 by two systems, 648,930 in all
    assert (lumora["value"], lumora["at_most"]) == (648930, False)
    assert (nodes["country:US"]["value"], nodes["country:US"]["at_most"]) == (648930, False)
    links = client.get("/flows.json", params={"size": 100}).json()["sankey"]["links"]
    onward = next(link for link in links if link["source"] == "recipient:lumora")
    assert (onward["value"], onward["shown"], onward["at_most"]) == (612480 + 88200, 648930, False)
    assert (nodes["system:会员中心"]["value"], nodes["system:会员中心"]["at_most"]) == (612480 + 268900, True)
    one = client.get("/flows.json", params={"system": "数据仓库", "recipient": "lumora"}).json()["sankey"]["nodes"]
    assert {(n["value"], n["at_most"]) for n in one} == {(88200, False)}
    octets = client.get("/flows.json", params={"by": "bytes"}).json()["sankey"]["nodes"]
    assert not any(n["at_most"] for n in octets)


def test_only_the_widest_flows_are_drawn() -> None:
    from tongguan.service.console import pictures

    rows = [
        {"system": f"s{n}", "recipient": f"r{n}", "recipient_id": None, "country": "US", "persons": n, "pathway": None}
        for n in range(40)
    ]
    drawn = pictures.sankey(rows, {"recipients": [], "flows": []}, "persons")
    assert drawn["drawn"] == pictures.WIDEST and drawn["flows"] == 39
    assert min(link["value"] for link in drawn["links"]) == 40 - pictures.WIDEST


def test_filed_and_observed_say_what_the_inspection_found() -> None:
    def states(recipient: dict[str, Any]) -> dict[str, str]:
        return {row["what"]: row["state"] for row in filed_against_observed(recipient)}

    over = workspace_sample.RECIPIENTS[0] | {"last": "2026-11-20"}
    rows = {row["what"]: row for row in filed_against_observed(over)}
    assert (rows["types"]["state"], rows["types"]["new"]) == ("add", ["id_card"])
    assert (rows["persons"]["state"], rows["persons"]["by"]) == ("over", 148_930)
    # More than the main activity's filing, but none of it beyond that of the other activity.
    beside = over | {"differences": []}
    assert {states(beside)[what] for what in ("types", "persons")} == {"several"}
    alone = beside | {"activities": ["ACT-2026-014"]}
    assert {states(alone)[what] for what in ("types", "persons")} == {"same"}
    sensitive = {"kind": "scale_above_filed", "sensitive_persons": {"filed": 0, "seen": {"count": 18}}}
    assert states(beside | {"differences": [sensitive]})["sensitive"] == "over"
