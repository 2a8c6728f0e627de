"""The pages of the law in a real browser: clicks in the picture, the drawer, the form, and that names are there."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect
from test_browser import Visit, address, browser, needs_scripts, params, pytestmark

__all__ = ["address", "browser", "pytestmark"]  # fixtures, and the mark of needing a browser

CASE = "procedure=security_assessment&as_of=2026-11-21&events.accepted=2026-09-01&events.passed=2026-10-13"
PAGES = [
    "/law", "/law?kind=rule&entry=rule/ciio_2024", "/law?kind=reading&entry=reading/hr_documents",
    "/law?entry=instrument/CSL-2017&words=网络安全", "/law/clocks", f"/law/clocks?{CASE}",
    f"/law/clocks?{CASE}&view=month&month=2026-10&step=result_valid~0", f"/law/clocks?{CASE}&view=steps",
    "/law/clocks?events.filed=2026-02-31", "/law/destinations", "/law/destinations?country=US&n=10000&category=health",
    "/law/zones", "/law/zones?list=BJ-2024&day=2025-03-01", "/law/zones?view=differences&day=2025-03-01",
]  # fmt: skip
# What is cut off: boxes of text that are wider than their place and neither scroll nor say so by an ellipsis.
CUT_OFF = """() => [...document.querySelectorAll('main :is(h1,h2,h3,p,td,th,dd,dt,a,span,b,label)')].filter(e => {
  const s = getComputedStyle(e); const r = e.getBoundingClientRect();
  return r.width && r.right > innerWidth + 1 && s.position !== 'absolute' && !e.closest('svg, .sr');
}).map(e => e.outerHTML.slice(0, 120))"""
NAMELESS = """() => [...document.querySelectorAll('main :is(input:not([type=hidden]),select,textarea,a[href],button), #drawer *')]
  .filter(e => e.matches('input:not([type=hidden]),select,textarea,a[href],button') && !e.closest('svg'))
  .filter(e => !(e.labels?.length || e.getAttribute('aria-label') || e.getAttribute('aria-labelledby')
                 || e.textContent.trim() || e.title))
  .map(e => e.outerHTML.slice(0, 120))"""


@pytest.fixture
def visit(browser: Browser, address: str) -> Iterator[Visit]:
    context = browser.new_context(viewport={"width": 1366, "height": 768}, locale="zh-CN")
    found = Visit(context, address)
    yield found
    context.close()
    assert found.wrong == []


@pytest.mark.parametrize("language", ["zh", "en"])
def test_pages_of_the_law_draw_without_a_complaint(visit: Visit, language: str) -> None:
    visit.sign_in()
    for path in PAGES:
        for theme in ("light", "dark"):
            page = visit.open(path + ("&" if "?" in path else "?") + f"theme={theme}&lang={language}")
            assert page.evaluate("document.documentElement.dataset.theme") == theme
            assert page.evaluate("document.documentElement.scrollWidth") <= 1366, path
            assert page.locator("h1").count() == 1
            assert page.evaluate(CUT_OFF) == [], path
            assert page.evaluate(NAMELESS) == [], path


@needs_scripts
def test_a_click_in_the_timeline_moves_the_day(visit: Visit) -> None:
    page = visit.sign_in("/law?kind=matter&day=2025-12-31")
    row = page.locator("tr[data-row='matter/ciio_localisation']")
    expect(row).to_contain_text("第三十七条")
    day = page.locator("a.turn-at", has=page.locator("title", has_text="2026-01-01")).first
    day.locator("circle").dispatch_event("click")
    page.wait_for_url("**day=2026-01-01**")
    expect(row).to_contain_text("第三十九条")
    assert params(page)["kind"] == "matter"
    page.click(".law-time a >> text=前一转折")
    page.wait_for_url(lambda url: "2026-01-01" not in url)
    visit.still()
    expect(row).to_contain_text("第三十七条")


@needs_scripts
def test_an_entry_opens_beside_the_list_and_closes(visit: Visit) -> None:
    page = visit.sign_in("/law?kind=rule")
    page.evaluate("window.kept = true")
    page.locator("tr.pickable").first.click(position={"x": 60, "y": 8})
    page.wait_for_selector("aside.drawer")
    expect(page.locator("tr.sel")).to_have_count(1)
    shown = page.locator(".drawer h2").inner_text()
    page.keyboard.press("Escape")
    page.wait_for_selector("aside.drawer", state="detached")
    assert page.evaluate("window.kept") is True
    page.go_back()
    expect(page.locator(".drawer h2")).to_have_text(shown)


def test_a_case_is_filled_in_and_reckoned(visit: Visit) -> None:
    page = visit.sign_in("/law/clocks?procedure=standard_contract&as_of=2026-11-21")
    page.fill("[name='events.effective']", "2026-11-13")
    page.click(".clk-go button")
    page.wait_for_url("**events.effective=2026-11-13**")
    expect(page.locator("table tr.pickable").first).to_be_visible()
    expect(page.locator(".clk-answer")).to_contain_text("2026-11-27")  # ten working days after, by the usual reading
    page.click(".clk-answer .seg >> text=月历")
    page.wait_for_url("**view=month**")
    expect(page.locator(".clk-cal td", has=page.locator("time[datetime='2026-11-27']")).locator("a.it")).to_have_count(
        1
    )
    with page.expect_download() as download:
        page.click(".actions a.btn")
    assert "BEGIN:VCALENDAR" in download.value.path().read_text(encoding="utf-8")
    page.fill("[name='as_of']", "")
    page.evaluate("document.querySelector('[name=\"events.effective\"]').type = 'text'")
    page.fill("[name='events.effective']", "2026-02-31")
    page.click(".clk-go button")
    expect(page.locator(".clk-event", has=page.locator("[name='events.effective']"))).to_contain_text("2026-02-31")


def test_a_threshold_is_asked_in_the_card(visit: Visit) -> None:
    page = visit.sign_in("/law/destinations")
    page.click("[data-card=US] h2 a")
    page.wait_for_selector(".drawer .dest-bulk")
    page.fill(".dest-bulk [name=n]", "10,000")
    page.check(".dest-bulk [value=health]")
    page.check(".dest-bulk [value=covered_identifiers]")
    page.click(".dest-bulk button")
    expect(page.locator(".dest-answer")).to_contain_text("达到")
    assert params(page)["category"] == "health,covered_identifiers"
    page.select_option(".dest-bulk [name=reading]", "more_than")
    page.click(".dest-bulk button")
    expect(page.locator(".dest-answer b").first).to_have_text("未达到")


def test_they_work_without_scripts(browser: Browser, address: str) -> None:
    context = browser.new_context(java_script_enabled=False, locale="zh-CN")
    visit = Visit(context, address)
    page = visit.sign_in("/law")
    page.fill("[name=words]", "标准合同")
    page.click("form.filter button.primary")
    page.wait_for_url("**words=**")
    page.locator("tr.pickable a.open").first.click()
    page.wait_for_selector("aside.drawer")
    visit.open("/law/zones?day=2025-03-01")
    page.click(".zl-tabs a >> nth=1")
    expect(page.locator(".zl-side").first).to_be_visible()
    context.close()
    assert visit.wrong == []
