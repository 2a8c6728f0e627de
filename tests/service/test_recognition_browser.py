"""Recognition, fingerprints and policies in a real browser: both themes and languages, forms that work without scripts."""

from __future__ import annotations

from collections.abc import Iterator

import protection_sample
import pytest
from console_house import new_app, served
from playwright.sync_api import Browser, expect
from test_assets_browser import FAINT
from test_browser import Visit, browser, pytestmark
from test_law_browser import CUT_OFF, NAMELESS

__all__ = ["browser", "pytestmark"]  # a fixture, and the mark of needing a browser

PAGES = [
    "/recognition", "/fingerprints?name=客户表", "/policies?name=customers", "/policies?name=customers&tab=text",
    "/policies?name=customers&tab=history", "/policies?new=1",
]  # fmt: skip
TEXT = "申请人李娜，手机 13700137000，身份证号 110101199003078515。该客户确诊为高血压。"


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("protection_browser")
    app = new_app(folder)
    protection_sample.build(folder / "home")
    with served(app) as address:
        yield address


@pytest.fixture(params=[True, False], ids=["scripts", "no scripts"])
def visit(browser: Browser, address: str, request: pytest.FixtureRequest) -> Iterator[Visit]:
    context = browser.new_context(
        viewport={"width": 1366, "height": 768}, locale="zh-CN", java_script_enabled=request.param
    )
    found = Visit(context, address)
    yield found
    context.close()
    assert found.wrong == []


@pytest.mark.parametrize("visit", [True], indirect=True)
@pytest.mark.parametrize(
    ("theme", "language"), [(theme, language) for theme in ("light", "dark") for language in ("zh", "en")]
)
def test_pages_draw_without_a_complaint(visit: Visit, theme: str, language: str) -> None:
    visit.sign_in()
    for path in PAGES:
        page = visit.open(path + ("&" if "?" in path else "?") + f"theme={theme}&lang={language}")
        assert page.evaluate("document.documentElement.scrollWidth") <= 1366, path
        assert page.locator("h1").count() == 1
        for look in (CUT_OFF, NAMELESS, FAINT):
            assert page.evaluate(look) == [], path


def test_a_text_is_looked_at_matched_and_tried(visit: Visit) -> None:
    page = visit.sign_in("/recognition")
    page.fill("[name=text]", TEXT)
    page.click("main button.primary")
    expect(page.locator(".recog-text")).to_contain_text("137******00")
    expect(page.locator("body")).not_to_contain_text("13700137000")
    expect(page.locator("tr#f0")).to_have_count(1)
    page = visit.open("/fingerprints?name=客户表")
    page.fill("[name=text]", "王小明的手机 13800138000")
    page.click(".drawer button.primary")
    expect(page.locator(".drawer")).to_contain_text("1 处")
    expect(page.locator(".nav a[aria-current]")).to_have_text("指纹库")
    page = visit.open("/policies?name=customers")
    page.fill("[name=text]", "此件绝密")
    page.click(".drawer button.primary")
    expect(page.locator(".recog-held h3 .truth.yes")).to_have_count(1)
