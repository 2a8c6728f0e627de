"""The console in a real browser: what scripts add, and that everything works without them."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from console_house import AUDITOR, OFFICER, PASSWORD, new_app, served
from playwright.sync_api import Browser, BrowserContext, Page, Request, expect, sync_playwright

from tongguan import law
from tongguan.service.console import render

CHROMIUM = shutil.which("chromium")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync"]  # fmt: skip
PAGES = ["/", "/flows", "/flows?view=exchanges&row=C0-1-0", "/recipients", "/recipient?id=lumora", "/decide", "/alerts",
         "/coverage"]  # fmt: skip
AUDIT = ["/audit", "/audit?entry=0"]

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="needs Debian's chromium")
needs_scripts = pytest.mark.skipif(
    not (render.VENDOR / "htmx.min.js").is_file(), reason="needs the browser scripts that `make setup` brings"
)


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with served(new_app(tmp_path_factory.mktemp("browser"))) as address:
        yield address


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


class Visit:
    """A page with a record of all that went wrong on it."""

    def __init__(self, context: BrowserContext, address: str) -> None:
        self.address = address
        self.wrong: list[str] = []
        self.page: Page = context.new_page()
        self.page.set_default_timeout(15_000)
        self.page.on("console", lambda m: self.wrong.append(m.text) if m.type in ("error", "warning") else None)
        self.page.on("pageerror", lambda e: self.wrong.append(str(e)))
        self.page.on("request", lambda r: None if r.url.startswith((address, "data:")) else self.wrong.append(r.url))
        self.page.on("requestfailed", self._failed)

    def _failed(self, request: Request) -> None:
        """A request that failed, save one that a click on a link cut off."""
        if request.failure != "net::ERR_ABORTED":
            self.wrong.append(f"{request.failure}: {request.url}")

    def open(self, path: str) -> Page:
        self.page.goto(self.address + path)
        return self.page

    def sign_in(self, path: str = "/", user: str = OFFICER) -> Page:
        page = self.open(path)
        page.fill("[name=user]", user)
        page.fill("[name=password]", PASSWORD)
        page.click("form.signin button.primary")
        page.wait_for_selector("#view")
        page.wait_for_load_state("networkidle")
        return page

    def still(self) -> None:
        """Until no work is in progress."""
        self.page.wait_for_selector("body:not([data-busy])")


@pytest.fixture
def visit(browser: Browser, address: str) -> Iterator[Visit]:
    context = browser.new_context(viewport={"width": 1366, "height": 768}, locale="zh-CN")
    found = Visit(context, address)
    yield found
    context.close()
    assert found.wrong == []


def params(page: Page) -> dict[str, Any]:
    return dict(page.evaluate("Object.fromEntries(new URLSearchParams(location.search))"))


def test_sign_in_comes_back_to_where_one_wanted_to_go(visit: Visit) -> None:
    page = visit.open("/recipients?pathway=exempt")
    assert "/sign-in" in page.url
    visit.sign_in("/recipients?pathway=exempt")
    assert page.url.endswith("/recipients?pathway=exempt")
    page.click("details.menu summary.pick")
    page.click("text=退出登录")
    expect(page).to_have_url(visit.address + "/sign-in")
    visit.open("/flows")
    assert "/sign-in" in page.url


@needs_scripts
def test_every_page_draws_without_a_complaint(visit: Visit) -> None:
    for user, paths in ((AUDITOR, AUDIT), (OFFICER, PAGES)):
        visit.page.context.clear_cookies()
        visit.sign_in(user=user)
        for path in paths:
            for theme in ("light", "dark"):
                page = visit.open(path + ("&" if "?" in path else "?") + f"theme={theme}")
                assert page.evaluate("document.documentElement.dataset.theme") == theme
                assert page.evaluate("document.documentElement.scrollWidth") <= 1366, path
                assert page.locator("h1").count() == 1
    visit.open("/")
    assert visit.page.locator("[data-chart=sankey] svg path").count() > 5
    assert visit.page.locator("[data-chart=bars] svg").count() == 1


@needs_scripts
def test_filter_sort_and_drawer_swap_regions_and_keep_the_address(visit: Visit) -> None:
    page = visit.sign_in("/flows")
    page.evaluate("window.kept = true")
    page.select_option("[name=country]", "US")
    page.fill("[name=q]", "collect")
    page.click("form.filter button.primary")
    page.wait_for_url("**/flows?*country=US*")
    visit.still()
    assert params(page) == {"country": "US", "q": "collect", "direction": "leaving"}
    expect(page.locator("tr.pickable")).to_have_count(2)
    page.click("th a.sort >> text=数据量")
    page.wait_for_url("**sort=bytes**")
    visit.still()

    page.locator("tr.pickable").nth(1).click(position={"x": 5, "y": 5})
    page.wait_for_selector("aside.drawer")
    expect(page.locator("tr.sel")).to_have_count(1)
    expect(page.locator("#pane")).to_have_class("drawer-open")
    link = page.url
    page.click(".tabs >> text=证据")
    page.wait_for_selector(".drawer .mask")
    page.click(".tabs >> text=法规依据")
    page.wait_for_selector(".drawer .why")
    page.keyboard.press("Escape")
    page.wait_for_selector("aside.drawer", state="detached")
    expect(page.locator("tr.sel")).to_have_count(0)
    assert page.evaluate("window.kept") is True  # never loaded anew

    shown = visit.open(link.removeprefix(visit.address))  # a copied link shows the same
    expect(shown.locator("aside.drawer")).to_have_count(1)
    expect(shown.locator("tr.pickable")).to_have_count(2)
    shown.go_back()
    shown.wait_for_selector("tr.pickable")


@needs_scripts
def test_a_click_in_the_picture_filters_the_list(visit: Visit) -> None:
    page = visit.sign_in("/flows")
    page.wait_for_selector("[data-chart=sankey] svg text")
    page.locator("[data-chart=sankey] svg text", has_text="Lumora").first.click(force=True)
    page.wait_for_url("**recipient=lumora**")
    expect(page.locator("tr.pickable")).to_have_count(2)


@needs_scripts
def test_the_wizard_answers_while_one_fills_it_in(visit: Visit) -> None:
    page = visit.sign_in("/decide")
    answer = page.locator("#answer .pw.lg")
    expect(answer).to_have_attribute("data-p", "standard_contract_or_certification")
    page.wait_for_load_state("networkidle")
    page.wait_for_function("window.htmx !== undefined")
    page.wait_for_timeout(500)  # what listens for input is attached once the page has settled
    page.fill("[name='data.persons']", "1,200,000")
    expect(answer).to_have_attribute("data-p", "security_assessment", timeout=20_000)
    assert "1%2C200%2C000" in page.url or "1,200,000" in page.url
    page.click("#step-ground > summary")
    page.select_option("[name='activity.ground']", "hr")
    expect(page.locator("#conditions .field")).to_have_count(len(law.GROUNDS["hr"]))
    expect(answer).to_have_attribute("data-p", "undetermined")
    for name in ("labour_rules", "collective_contract", "necessary"):
        page.locator(f"[name='activity.conditions.{name}'][value=yes]").check(force=True)
    expect(answer).to_have_attribute("data-p", "exempt")
    page.fill("[name='data.persons']", "many")
    expect(page.locator("#answer")).to_contain_text("整数")
    page.fill("[name='data.persons']", "12")
    expect(answer).to_have_attribute("data-p", "exempt")
    visit.still()
    page.click("#answer button.primary")
    expect(page.locator(".note.good")).to_contain_text("已记入审计日志")
    entry = params(page)["logged"]
    page.context.clear_cookies()
    visit.sign_in(f"/audit?entry={entry}", AUDITOR)
    expect(page.locator(".drawer .code")).to_contain_text('"pathway": "exempt"')


@needs_scripts
def test_a_session_that_ended_leads_to_the_sign_in_page(visit: Visit) -> None:
    page = visit.sign_in("/flows")
    page.context.clear_cookies(name="tongguan_session")
    page.click("th a.sort >> text=数据量")
    page.wait_for_selector("form.signin")
    assert "/sign-in?next=%2Fflows" in page.url


@needs_scripts
def test_language_and_theme_are_one_click_and_stay(visit: Visit) -> None:
    page = visit.sign_in("/flows?view=exchanges")
    page.click("a.lang")
    expect(page.locator("h1")).to_have_text("Flow list")
    assert params(page)["view"] == "exchanges"
    page.click("a.to-dark")
    page.click("nav a >> text=Recipients")
    expect(page.locator("h1")).to_have_text("Recipients")
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"
    page.click("a.to-light")
    page.click("a.lang")
    expect(page.locator("h1")).to_have_text("接收方")


def test_everything_works_without_scripts(browser: Browser, address: str) -> None:
    context = browser.new_context(java_script_enabled=False, locale="zh-CN")
    visit = Visit(context, address)
    page = visit.sign_in()
    for path in PAGES:
        visit.open(path)
        assert page.locator("h1").count() == 1
        assert page.locator(".js:visible").count() == 0
    visit.open("/flows")
    page.select_option("[name=system]", "订单中台")
    page.click("form.filter button.primary")
    page.wait_for_url("**system=*")
    expect(page.locator("tr.pickable")).to_have_count(2)
    page.locator("tr.pickable a.open").first.click()
    page.wait_for_selector("aside.drawer")
    expect(page.locator("#pane")).to_have_class("drawer-open")
    page.click(".drawer a.close")
    page.wait_for_selector("aside.drawer", state="detached")
    page.click("details.twin summary")
    expect(page.locator("details.twin td").first).to_be_visible()
    visit.open("/decide")
    page.fill("[name='data.persons']", "2000000")
    page.click("form#facts .foot button")
    expect(page.locator("#answer .pw.lg")).to_have_attribute("data-p", "security_assessment")
    context.clear_cookies()
    visit.sign_in("/audit", AUDITOR)
    page.click("form[action='/audit/verify'] button")
    expect(page.locator(".verdict.good")).to_contain_text("完整")
    context.close()
    assert visit.wrong == []


def test_a_tab_key_reaches_the_content_and_the_rows(visit: Visit) -> None:
    page = visit.sign_in("/flows")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.locator("tr.pickable a.open").first.focus()
    page.keyboard.press("Enter")
    page.wait_for_selector("aside.drawer")


def test_print_leaves_the_menu_out(visit: Visit, tmp_path: Path) -> None:
    page = visit.sign_in("/")
    page.emulate_media(media="print")
    assert page.locator("aside.nav:visible").count() == 0
    page.pdf(path=str(tmp_path / "page.pdf"))
    assert (tmp_path / "page.pdf").stat().st_size > 20_000
