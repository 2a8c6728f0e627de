"""Recognition, fingerprints and policies in the console: what is looked at, who may, what the log keeps, hostile input."""

from __future__ import annotations

import io
import json
import re
import threading
import zipfile
from collections.abc import Iterator
from html import unescape
from typing import Any
from urllib.parse import quote

import httpx
import protection_sample
import pytest
from console_house import add_user, form_token, new_app, signed_in
from fastapi import FastAPI

from tongguan.service.console import uploads
from tongguan.service.limits import Places
from tongguan.trust.audit import Query

PHONE, CARD = "13700137000", "110101199003078515"
TEXT = f"申请人李娜，手机 {PHONE}，身份证号 {CARD}。该客户确诊为高血压。"
PAGES = [
    "/recognition", "/fingerprints", "/fingerprints?name=客户表", "/fingerprints?name=contracts", "/fingerprints?name=absent",
    "/policies", "/policies?name=customers", "/policies?name=customers&tab=text", "/policies?name=customers&tab=history",
    "/policies?name=customers&version=1", "/policies?new=1", "/policies?name=absent",
]  # fmt: skip
HOSTILE = [
    "'",
    "%",
    "\0",
    "\\",
    "..",
    "../../etc/passwd",
    "[",
    "{{7*7}}",
    "<script>alert(1)</script>",
    "🚄" * 40,
    "\u202e",
    "\ud7ff",
    "x" * 5000,
]


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> FastAPI:
    folder = tmp_path_factory.mktemp("protection")
    app = new_app(folder)
    protection_sample.build(folder / "home")
    add_user(app.state.console.trust, "looker", "viewer")
    add_user(app.state.console.trust, "owner", "business_owner", entities=["星野零售（成都）有限公司"])
    add_user(app.state.console.trust, "other", "business_owner", entities=["别家公司"])
    return app


@pytest.fixture(scope="module")
def officer(house: FastAPI) -> Iterator[httpx.Client]:
    with signed_in(house) as client:
        yield client


def token(client: httpx.Client, path: str = "/recognition") -> str:
    return form_token(client.get(path).text)


def post(
    client: httpx.Client, path: str, file: tuple[str, bytes] | None = None, json: bool = True, **fields: str
) -> Any:
    files: dict[str, Any] = {name: (None, value) for name, value in {"csrf": token(client), **fields}.items()}
    if file:
        files["file"] = (*file, "application/octet-stream")
    headers = {"accept": "application/json"} if json else {}
    return client.post(path, files=files, headers=headers)


def twin(client: httpx.Client, path: str) -> dict[str, Any]:
    bare, _, query = path.partition("?")
    found = client.get(f"{bare}.json?{query}").json()
    assert isinstance(found, dict)
    return found


def log(house: FastAPI, *kinds: str) -> list[dict[str, Any]]:
    return [dict(entry.body) for entry in house.state.console.audit.search(Query(kinds)).entries]


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("path", PAGES)
def test_pages_and_their_twins(officer: httpx.Client, path: str, language: str) -> None:
    officer.cookies.update({"lang": language})
    answer = officer.get(path)
    assert answer.status_code == 200
    text = unescape(re.sub(r"<[^>]+>", " ", answer.text))
    assert not re.search(r"\{[a-z_]+\}|Undefined|\bNone\b|\bnull\b", text)
    assert "<script>" not in answer.text and "<style" not in answer.text
    twin(officer, path)
    if language == "en":
        told = re.sub(r"《[^》]*》\S*", "", text)
        known = {"通关", "星野零售", "成都", "有限公司", "客户表", "姓名", "手机", "客户资料出境", "已脱敏", "绝密"}
        assert set(re.findall(r"[一-鿿]{2,}", told)) <= known


def test_a_text_is_looked_at_and_nothing_is_kept(house: FastAPI, officer: httpx.Client) -> None:
    answer = post(officer, "/recognition", json=False, text=TEXT)
    assert answer.status_code == 200
    assert PHONE not in answer.text and CARD not in answer.text and "137******00" in answer.text
    assert "校验位、行政区划码" in answer.text or "check digit, region" in answer.text
    found = post(officer, "/recognition", text=TEXT, reveal="yes").json()["found"]
    assert found["revealed"] is False and PHONE not in json.dumps(found)  # an officer has no such right
    assert {"phone", "id_card", "person_name", "health"} <= set(found["types"])
    assert next(iter(found["types"])) in ("health", "id_card") and found["types"]["health"]["sensitive"]
    runs = [run for part in found["parts"] for run in part["runs"]]
    assert "".join(run["text"] for run in runs if not run["type"]) in TEXT.replace(PHONE, "") or len(runs) > 5
    entry = log(house, "text_recognised")[0]
    assert entry["types"]["phone"] == 1 and set(entry) == {"digest", "size", "types", "blind_spots", "revealed"}
    assert PHONE not in json.dumps(log(house, "text_recognised"))
    home = house.state.console.trust.home
    assert not [path for path in home.rglob("*") if path.is_file() and PHONE.encode() in path.read_bytes()]


def test_the_same_text_has_another_digest_elsewhere(house: FastAPI, officer: httpx.Client) -> None:
    """A plain hash of a telephone number can be tried out; this one is keyed."""
    import hashlib

    post(officer, "/recognition", text=PHONE)
    told = json.dumps(log(house, "text_recognised"))
    for algorithm in ("sha256", "sha1", "md5", "blake2b"):
        assert hashlib.new(algorithm, PHONE.encode()).hexdigest()[:32] not in told


def test_values_as_they_stand_need_the_right(tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("reveal")
    app = new_app(folder)
    source = folder / "home" / "roles.yaml"
    from importlib.resources import files as resources

    rules = resources("tongguan.trust.access").joinpath("roles.yaml").read_text(encoding="utf-8")
    source.write_text(
        rules.replace("inspections.run, files.identify,", "inspections.run, files.identify, files.reveal,", 1),
        encoding="utf-8",
    )
    app.state.console.trust.close()
    from tongguan import service
    from tongguan.trust.opening import open_trust

    app = service.create_app(
        folder / "workspace", folder / "org.yaml", folder / "home", trust=open_trust(folder / "home")
    )
    with signed_in(app) as client:
        assert "reveal" in client.get("/recognition").text
        found = post(client, "/recognition", text=TEXT, reveal="yes").json()["found"]
        assert found["revealed"] and PHONE in json.dumps(found)
        assert PHONE not in json.dumps(post(client, "/recognition", text=TEXT).json()["found"])
    assert log(app, "text_recognised")[-1]["revealed"] or log(app, "text_recognised")[0]["revealed"]


def bomb() -> bytes:
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("zeros", bytes(200 << 20))
    outer = io.BytesIO()
    with zipfile.ZipFile(outer, "w", zipfile.ZIP_DEFLATED) as archive:
        for i in range(8):
            archive.writestr(f"{i}.zip", inner.getvalue())
    return outer.getvalue()


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("bomb.zip", None),
        ("x.docx", b"PK\x03\x04 not a document" * 50),
        ("x.pdf", b"%PDF-1.7\n" + b"\x00" * 4000),
        ("x.bin", b"\x7fELF" + bytes(5000)),
        ("", b"\xff\xfe" * 100),
        ("<script>.txt", b"\x80\x81" * 50),
        ("../../x.txt", ("手机 " + PHONE).encode("gb18030")),
        ("empty.txt", b""),
    ],
)
def test_hostile_files_are_told_as_not_seen(officer: httpx.Client, name: str, data: bytes | None) -> None:
    answer = post(officer, "/recognition", file=(name, bomb() if data is None else data))
    assert answer.status_code in (200, 400), answer.text[:300]
    if name in ("bomb.zip", "x.docx", "x.bin"):
        assert answer.json()["found"]["blind_spots"], name
    if name.endswith("x.txt"):
        assert answer.json()["found"]["types"]["phone"]["places"] == 1
    page = post(officer, "/recognition", file=(name, b"x"), json=False)
    assert "<script>" not in page.text


def test_what_is_too_large_is_refused_and_nothing_is_spooled(officer: httpx.Client) -> None:
    answer = post(officer, "/recognition", file=("big", bytes(uploads.FORM_LIMIT + 10)))
    assert answer.status_code == 413
    answer = post(officer, "/recognition", file=("big", b"x" * (uploads.FILE_LIMIT + 5)))
    assert answer.status_code == 400 and "16" in answer.text
    for language, why in (("zh", "文本有 300,005 个字符"), ("en", "a text of 300,005 characters")):
        officer.cookies.update({"lang": language})
        answer = post(officer, "/recognition", text="x" * (uploads.TEXT_LIMIT + 5))
        assert answer.status_code == 400 and why in answer.text
    officer.cookies.update({"lang": "zh"})
    assert post(officer, "/recognition").status_code == 400


@pytest.mark.parametrize(
    "kind",
    ["application/x-www-form-urlencoded", "multipart/form-data", "text/plain", "multipart/form-data; boundary=x"],
)
def test_bodies_that_are_no_form(officer: httpx.Client, kind: str) -> None:
    answer = officer.post("/recognition", content=b"csrf=x&text=y", headers={"content-type": kind})
    assert answer.status_code in (400, 403)


def test_one_look_at_a_time(house: FastAPI, officer: httpx.Client, monkeypatch: pytest.MonkeyPatch) -> None:
    places = Places(total=2, each=1)
    monkeypatch.setattr(uploads, "_looking", places)
    with places.one("officer"):
        answer = post(officer, "/recognition", json=False, text="x")
        assert answer.status_code == 429 and int(answer.headers["retry-after"]) > 0
    with places.one("a"), places.one("b"):
        assert post(officer, "/recognition", text="x").status_code == 503
    assert post(officer, "/recognition", text="x").status_code == 200
    assert threading.active_count() < 100


def test_a_form_of_another_page_is_refused(officer: httpx.Client) -> None:
    for path in ("/recognition", "/fingerprints", "/policies"):
        files: dict[str, Any] = {"csrf": (None, "wrong"), "text": (None, "x"), "name": (None, "customers")}
        assert officer.post(path, files=files).status_code == 403
    for path in ("/fingerprints/change", "/policies/register", "/policies/change"):
        assert officer.post(path, data={"csrf": "wrong", "name": "customers"}).status_code == 403


# ---- fingerprints


def test_a_text_is_held_against_a_table(house: FastAPI, officer: httpx.Client) -> None:
    text = "王小明的手机是 138-0013-8000；另有 13900139000。"
    found = post(officer, "/fingerprints", name="客户表", rows="2", text=text).json()["matched"]
    assert (found["total"], found["found"][0]["row"], found["found"][0]["columns"]) == (1, 0, ["姓名", "手机"])
    cells = post(officer, "/fingerprints", name="客户表", rows="", text=text).json()["matched"]
    assert cells["total"] == 3 and cells["distinct"] == 3
    page = post(officer, "/fingerprints", json=False, name="客户表", rows="2", text=text)
    assert "13800138000" not in page.text.replace(text, "") and page.status_code == 200
    told = json.dumps(log(house, "fingerprints_matched"), ensure_ascii=False)
    assert '"found": 3' in told and "王小明" not in told and "0013" not in told
    for bad in ("0", "65", "x", "-1"):
        assert post(officer, "/fingerprints", name="客户表", rows=bad, text=text).status_code == 400


def test_documents_are_found_in_a_file(officer: httpx.Client) -> None:
    data = protection_sample.CONTRACT[:700].encode()
    found = post(officer, "/fingerprints", file=("mail.txt", data), name="contracts").json()["matched"]
    assert found["found"][0]["document"] == "contract-1.txt" and found["found"][0]["share_of_text"] > 0.8
    assert post(officer, "/fingerprints", file=("x", b"x"), name="absent").status_code == 404


def test_stores_of_others_are_not_there(house: FastAPI) -> None:
    with signed_in(house, "other") as client:
        assert [store["name"] for store in twin(client, "/fingerprints")["stores"]] == ["contracts"]
        assert twin(client, "/fingerprints?name=客户表")["chosen"] is None
        assert client.get("/api/v1/fingerprints/客户表").status_code == 404
    with signed_in(house, "owner") as client:
        assert len(twin(client, "/fingerprints")["stores"]) == 2
        assert "multipart/form-data" not in client.get("/fingerprints?name=客户表").text
        assert client.post("/fingerprints", files={"csrf": (None, "x")}).status_code == 403
    with signed_in(house, "looker") as client:
        assert client.get("/fingerprints").status_code == 403 and client.get("/policies").status_code == 403


# ---- policies


def test_a_policy_is_tried(officer: httpx.Client) -> None:
    held = post(officer, "/policies", name="customers", text="此件绝密").json()["held"]
    truths = {rule["rule"]: rule["fires"] for rule in held["rules"]}
    assert held["fires"] is True and truths == {"customers": False, "secret": True, "gone": None}
    page = post(officer, "/policies", json=False, name="customers", text="王小明 13800138000，此件无碍")
    assert page.status_code == 200 and ("命中" in page.text or "Fires" in page.text)
    assert "13800138000" not in page.text and "王小明" not in page.text
    assert post(officer, "/policies", name="absent", text="x").status_code == 404


def test_a_policy_is_registered_changed_and_removed(house: FastAPI, officer: httpx.Client) -> None:
    good = "policy: 测试\nrules:\n  - {id: a, when: {keyword: {any: [机密]}}}\n"

    def send(path: str, **fields: str) -> httpx.Response:
        return officer.post(path, data={"csrf": token(officer), **fields})

    answer = send("/policies/register", name="made", text=good.replace("keyword", "keywrd"))
    assert answer.status_code == 400 and "第 3 行" in answer.text and "keywrd" in answer.text
    assert send("/policies/register", name="../made", text=good).status_code == 400
    assert send("/policies/register", name="made", text=good, off="yes").status_code == 303
    assert twin(officer, "/policies?name=made")["chosen"]["enabled"] is False
    assert send("/policies/register", name="made", text=good).status_code == 400  # in force already
    assert send("/policies/register", name="made", text=good.replace("机密", "绝密")).status_code == 303
    shown = twin(officer, "/policies?name=made&version=1")
    assert shown["told"]["version"] == 1 and "机密" in shown["told"]["text"] and len(shown["chosen"]["versions"]) == 2
    assert send("/policies/change", name="made", act="enable").status_code == 303
    assert twin(officer, "/policies?name=made")["chosen"]["enabled"] is True
    assert send("/policies/change", name="made", act="remove").status_code == 400
    assert send("/policies/change", name="made", act="remove", reason="不再需要").status_code == 303
    assert send("/policies/change", name="made", act="remove", reason="x").status_code == 404
    assert twin(officer, "/policies?name=made")["chosen"] is None
    assert log(house, "policy_removed")[0]["reason"] == "不再需要"


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_input_is_data(officer: httpx.Client, text: str) -> None:
    for page in ("/fingerprints", "/policies"):
        for name in ("name", "tab", "version", "done"):
            answer = officer.get(page, params={name: text})
            assert answer.status_code == 200 and "<script>alert" not in answer.text
    for path in ("/recognition", "/fingerprints", "/policies"):
        answer = post(officer, path, json=False, text=text, name=text.replace("\0", ""), rows=text[:9], within=text[:9])
        assert answer.status_code in (200, 400, 404) and "<script>alert" not in answer.text
    if text != "..":
        answer = officer.put(f"/api/v1/policies/{quote(text[:50], safe='')}", json={"text": text})
        assert answer.status_code in (400, 403, 404, 405, 422)
