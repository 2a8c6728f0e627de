"""Every page in both languages and both themes, and the twin that says the same."""

from __future__ import annotations

import html
import re
from pathlib import Path

import httpx
import pytest
import workspace_sample
from console_house import AUDITOR, new_app, signed_in

from tongguan.service.console import figures

PAGES = [
    "/", "/flows", "/flows?view=exchanges", "/flows?picture=matrix&by=bytes", "/flows?direction=all&sort=last&dir=asc",
    "/flows?view=exchanges&row=C0-1-0", "/flows?view=exchanges&row=C0-1-0&tab=evidence",
    "/flows?view=exchanges&row=C0-1-0&tab=law", "/flows?view=exchanges&row=C0-1-0&tab=history",
    "/flows?view=exchanges&direction=inside&row=I0-0-0&tab=law", "/flows?row=nosuchrow", "/flows?q=nothing-like-this",
    "/recipients", "/recipients?pathway=exempt&sort=bytes", "/recipients?q=nobody", "/recipient?id=lumora",
    "/recipient?id=quillmark.example", "/recipient?id=nordkai", "/decide", "/decide?about=ganxian",
    "/decide?activity.ground=hr&exporter.zone=beijing", "/decide?date=2026-13-40&data.persons=many", "/alerts",
    "/alerts?group=rule&severity=high", "/alerts?id=ALT-002", "/alerts?severity=none", "/coverage",
    "/coverage?kind=encrypted", "/coverage?q=nowhere", "/audit", "/audit?entry=0", "/audit?kind=run",
]  # fmt: skip


def twin_of(path: str) -> str:
    bare, _, query = path.partition("?")
    return ("/index.json" if bare == "/" else f"{bare}.json") + (f"?{query}" if query else "")


def words(page: str) -> str:
    """What a reader sees."""
    body = re.sub(r"<(script|style)\b.*?</\1>", " ", page, flags=re.S)
    return html.unescape(re.sub(r"<[^>]+>", " ", body))


def reader(request: pytest.FixtureRequest, path: str) -> httpx.Client:
    """Somebody who may see the page."""
    client: httpx.Client = request.getfixturevalue("auditor" if path.startswith("/audit") else "client")
    return client


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("path", PAGES)
def test_page(request: pytest.FixtureRequest, path: str, language: str, theme: str) -> None:
    client = reader(request, path)
    client.cookies.update({"lang": language, "theme": theme})
    answer = client.get(path)
    assert answer.status_code == 200
    page = answer.text
    assert f'<html lang="{"zh-CN" if language == "zh" else "en"}" data-theme="{theme}">' in page
    text = words(page)
    assert not re.search(r"\{[a-z_]+\}|Undefined|&lt;|\bnan\b|\bNone\b|\bnull\b", text)
    assert "<script>" not in page and " onclick=" not in page and "<style" not in page
    if language == "en":
        known = "".join(str(workspace_sample.result())) + "通关中文保守国家秘密法"
        cited = re.sub(r"《[^》]*》[^ ]*|《[^》]*》", "", text)
        strange = [w for w in re.findall(r"[\u4e00-\u9fff]{2,}", cited) if w not in known]
        assert [w for w in strange if not re.search("条|法|办法|规定|条例|标准", w)] == []


@pytest.mark.parametrize("path", PAGES)
def test_twin_agrees_with_its_page(request: pytest.FixtureRequest, path: str) -> None:
    client = reader(request, path)
    client.cookies.update({"lang": "zh"})
    page, twin = client.get(path).text, client.get(twin_of(path))
    assert twin.headers["content-type"] == "application/json"
    negotiated = client.get(path, headers={"accept": "application/json"})
    assert negotiated.json() == twin.json()
    data, shown = twin.json(), words(page)
    rows = data.get("list", {}).get("rows", [])
    if "list" in data:
        assert page.count('data-row="') == len(rows) + (1 if data.get("drawer") or data.get("chosen") else 0)
    for row in rows:
        if row.get("recipient"):
            assert row["recipient"] in shown
        if row.get("persons"):
            assert figures.short(row["persons"], "zh") in shown
    for recipient in data.get("recipients", []):
        assert (recipient if isinstance(recipient, str) else recipient["name"]) in page
    if data.get("decision"):
        assert f'data-p="{data["decision"]["pathway"]}"' in page
        for reason in data["decision"]["reasons"]:
            assert f"《{reason['instrument']}》{reason['article']}" in shown
    for alert in (a for group in data.get("groups", []) for a in group["alerts"]):
        assert alert["title"] in shown


def test_the_choice_of_language_and_theme_is_kept(client: httpx.Client) -> None:
    answer = client.get("/flows?lang=en&theme=dark")
    kept = answer.headers.get_list("set-cookie")
    assert any(c.startswith("lang=en") for c in kept) and any(c.startswith("theme=dark") for c in kept)
    assert all("httponly" in c.lower() and "samesite=strict" in c.lower() for c in kept)
    assert client.get("/flows?lang=xx&theme=pink").headers.get_list("set-cookie") == []


def test_the_numbers_of_the_workbench(client: httpx.Client) -> None:
    client.cookies.update({"lang": "zh"})
    page = client.get("/").text
    assert 'title="842,316 人"' in page and "84.2<small>万人</small>" in page
    assert "83.8 万–86.3 万" in words(page) and "10 万" in page and "100 万" in page
    assert "92.3" in words(page)  # read out of all
    client.cookies.update({"lang": "en"})
    assert "842.3<small>K</small>" in client.get("/").text


def test_before_anything_was_inspected(tmp_path: Path) -> None:
    app = new_app(tmp_path, inspected=False)
    with signed_in(app, AUDITOR) as auditor:
        assert auditor.get("/audit").status_code == 200
    with signed_in(app) as client:
        for path in ("/", "/flows", "/recipients", "/recipient?id=x", "/alerts", "/coverage", "/flows/export"):
            answer = client.get(path)
            assert answer.status_code == 200 and "tongguan inspect" in answer.text
        assert client.get("/index.json").json() == {"result": None}
        assert 'data-p="' in client.get("/decide").text


def test_a_damaged_result_is_one_calm_page(tmp_path: Path) -> None:
    with signed_in(new_app(tmp_path)) as client:
        (tmp_path / "workspace" / "result.json").write_text('{"totals": ', encoding="utf-8")
        answer = client.get("/flows")
        assert answer.status_code == 500 and "result.json" in answer.text and "Traceback" not in answer.text
        (tmp_path / "workspace" / "result.json").write_text("[]", encoding="utf-8")
        assert "result.json" in client.get("/flows.json").json()["error"]["detail"]
        workspace_sample.build(tmp_path / "workspace")
        assert client.get("/flows").status_code == 200


def test_what_does_not_exist(client: httpx.Client, auditor: httpx.Client) -> None:
    for path in ("/nope", "/recipient?id=nobody", "/audit/proof/99999999", "/audit?entry=99999999"):
        answer = (auditor if "audit" in path else client).get(path)
        assert answer.status_code == 404 and "404" in answer.text
    assert client.get("/nope.json").json()["error"]["status"] == 404
    assert auditor.get("/audit/proof/x").status_code == 422
    assert client.put("/flows").status_code == 405


def test_without_the_browser_scripts_tables_stand_in(client: httpx.Client, monkeypatch: pytest.MonkeyPatch) -> None:
    from tongguan.service.console import render

    monkeypatch.setattr(render, "script_there", lambda name: False)
    client.cookies.update({"lang": "zh"})
    for path in ("/", "/flows"):
        page = client.get(path).text
        assert "hx-get" not in page and "echarts" not in page and "htmx" not in page
        assert "没有装图表脚本" in page and '<details class="twin" open>' in page and "data-chart" not in page
    assert '<button class="btn">判定</button>' in client.get("/decide").text
