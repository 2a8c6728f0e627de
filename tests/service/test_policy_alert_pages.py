"""Alerts of policies and kinds of documents: as a run leaves them, drawn in every theme and language."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from console_house import new_app, served
from playwright.sync_api import Browser, expect
from test_assets_browser import FAINT
from test_browser import Visit, browser, pytestmark
from test_law_browser import CUT_OFF, NAMELESS

__all__ = ["browser", "pytestmark"]  # a fixture, and the mark of needing a browser

SAID = {
    "zh": "数据标识 居民身份证号（置信度不低于 0.5）：找到 50，要求 5",
    "en": "identifiers Resident identity card (score 0.5 or better): found 50, asked 5",
}


def add_policy_alert(workspace: Path) -> None:
    path = workspace / "result.json"
    result: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    shown = {
        "exchange": "C0-0-0", "ts": "2026-11-17T17:00:05Z", "operation": "POST /v2/batch", "found": 50,
        "application": "collect.lumora.example", "types": ["id_card"], "masked": [SAID],
    }  # fmt: skip
    detail = {"policy": "customers", "title": "客户资料出境", "policy_rule": "a-rule-with-a-rather-long-name",
              "crossings": 3, "found": 50, "types": []}  # fmt: skip
    result["alerts"].append({
        "id": "ALT-P1", "rule": "policy_matched", "severity": "high", "title": "策略“客户资料出境”命中", "citation": "",
        "title_en": "Policy “客户资料出境” set off", "recipient": "lumora", "activity": None, "citations": [],
        "evidence": [shown], "detail": detail,
    })  # fmt: skip
    result["recipients"][0]["kinds"] = {"payroll": 1200, "log": 3, "unknown": 2}
    path.write_text(json.dumps(result, ensure_ascii=False), encoding="utf-8")


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("policy_alert")
    app = new_app(folder)
    add_policy_alert(folder / "workspace")
    with served(app) as address:
        yield address


@pytest.mark.parametrize("language", ["zh", "en"])
def test_what_a_policy_says_is_told_with_its_moment(browser: Browser, address: str, language: str) -> None:
    context = browser.new_context(viewport={"width": 1366, "height": 768}, locale="zh-CN")
    visit = Visit(context, address)
    visit.sign_in()
    for theme in ("light", "dark"):
        for path in ("/alerts?id=ALT-P1", "/alerts?rule=policy_matched&group=rule", "/recipient?id=lumora"):
            page = visit.open(f"{path}&theme={theme}&lang={language}")
            assert page.evaluate("document.documentElement.scrollWidth") <= 1366, path
            for look in (CUT_OFF, NAMELESS, FAINT):
                assert page.evaluate(look) == [], path
    kinds = page.locator("section.card", has_text="发出的文档类型" if language == "zh" else "Kinds of documents sent")
    expect(kinds.locator(".tag")).to_have_count(3)
    expect(kinds).to_contain_text("1,200")
    page = visit.open(f"/alerts?id=ALT-P1&lang={language}")
    chain = page.locator("#alert .chain")
    expect(chain).to_contain_text(SAID[language])
    expect(chain).to_contain_text("2026-11-18 01:00:05")  # in Beijing
    expect(chain.locator("a[href='/policies?name=customers']")).to_have_count(1)
    context.close()
    assert visit.wrong == []
