"""The pages of data assets in a real browser: both themes and languages, the drawer, a correction, no scripts."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import assets_sample
import pytest
from console_house import new_app, served
from playwright.sync_api import Browser, expect
from test_browser import Visit, browser, needs_scripts, params, pytestmark
from test_law_browser import CUT_OFF, NAMELESS

__all__ = ["browser", "pytestmark"]  # a fixture, and the mark of needing a browser

PAGES = [
    "/assets", "/assets?view=columns", "/assets?row=1", "/assets?row=1&tab=evidence", "/assets?row=1&tab=law&sector=finance",
    "/assets?row=2&tab=history", "/assets/scans", "/assets/changes", "/assets/review", "/assets/review?row=1&col=1",
    "/assets/templates?sector=health", "/assets/templates?view=policy", "/assets/sources", "/assets/sources?form=postgresql",
    "/assets/templates?what=change&id=general/identity&level=core", "/assets/estate", "/assets/coverage",
]  # fmt: skip
# Text against its ground, as WCAG reckons it; grounds that are no plain colour are left out.
FAINT = """() => {
  const rgb = c => (c.match(/[\\d.]+/g) || []).map(Number);
  const lum = c => { const [r, g, b] = c.slice(0, 3).map(v => { v /= 255; return v <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4; }); return .2126 * r + .7152 * g + .0722 * b; };
  const ground = e => { for (; e; e = e.parentElement) { const c = rgb(getComputedStyle(e).backgroundColor); if (c.length === 3 || c[3] === 1) return c; } return [255, 255, 255]; };
  return [...document.querySelectorAll('main *, #drawer *')].filter(e => [...e.childNodes].some(n => n.nodeType === 3 && n.data.trim()) && e.getBoundingClientRect().width && !e.closest('[aria-disabled], svg, .sr'))
    .map(e => { const a = lum(rgb(getComputedStyle(e).color)), b = lum(ground(e)); return [(Math.max(a, b) + .05) / (Math.min(a, b) + .05), e]; })
    .filter(([ratio]) => ratio < 4.5).map(([ratio, e]) => ratio.toFixed(2) + ' ' + e.outerHTML.slice(0, 100));
}"""


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("assets_browser")
    app = new_app(folder)
    assets_sample.build(folder / "home", folder / "place")
    with served(app) as address:
        yield address


@pytest.fixture
def visit(browser: Browser, address: str) -> Iterator[Visit]:
    context = browser.new_context(viewport={"width": 1366, "height": 768}, locale="zh-CN")
    found = Visit(context, address)
    yield found
    context.close()
    assert found.wrong == []


@pytest.mark.parametrize("language", ["zh", "en"])
def test_pages_of_assets_draw_without_a_complaint(visit: Visit, language: str) -> None:
    visit.sign_in()
    for path in PAGES:
        for theme in ("light", "dark"):
            page = visit.open(path + ("&" if "?" in path else "?") + f"theme={theme}&lang={language}")
            assert page.evaluate("document.documentElement.dataset.theme") == theme
            assert page.evaluate("document.documentElement.scrollWidth") <= 1366, path
            assert page.locator("h1").count() == 1
            assert page.evaluate(CUT_OFF) == [], path
            assert page.evaluate(NAMELESS) == [], path
            assert page.evaluate(FAINT) == [], (path, theme)


def test_a_narrow_window_scrolls_cards_and_not_the_page(visit: Visit) -> None:
    visit.sign_in()
    visit.page.set_viewport_size({"width": 390, "height": 844})
    for path in PAGES:
        page = visit.open(path)
        assert page.evaluate("document.documentElement.scrollWidth") <= 390, path


@needs_scripts
def test_a_table_is_filtered_opened_and_closed(visit: Visit) -> None:
    page = visit.sign_in("/assets")
    page.evaluate("window.kept = true")
    page.select_option("[name=type]", "id_card")
    page.click("form.filter button.primary")
    page.wait_for_url("**type=id_card**")
    visit.still()
    assert params(page) == {"type": "id_card"}
    expect(page.locator("tr.pickable")).to_have_count(1)
    page.locator("tr.pickable").first.click(position={"x": 300, "y": 8})
    page.wait_for_selector("aside.drawer")
    expect(page.locator("tr.sel")).to_have_count(1)
    page.click(".tabs >> text=证据")
    page.wait_for_selector(".asset-col .mask")
    page.click(".tabs >> text=法规依据")
    page.wait_for_selector(".asset-col .cite")
    page.click(".asset-sectors >> text=金融")
    page.wait_for_url("**sector=finance**")
    page.keyboard.press("Escape")
    page.wait_for_selector("aside.drawer", state="detached")
    assert page.evaluate("window.kept") is True


def test_a_wrong_finding_is_corrected_and_the_correction_taken_back(visit: Visit) -> None:
    page = visit.sign_in("/assets?view=columns&q=odd")
    page.locator("tr.pickable", has_text="mobile").locator("a.open").click()
    page.click("aside.drawer >> text=不对？更正")
    page.fill("[name=reason]", "这是货架编号")
    expect(page.locator(".drawer [name=type]")).to_have_value("")  # nobody's choice until it is made
    page.click("text=记录更正")
    expect(page.locator(".drawer [name=type]:invalid")).to_have_count(1)
    page.select_option(".drawer [name=type]", "none")
    page.click("text=记录更正")
    expect(page.locator(".note.good")).to_contain_text("更正已生效")
    row = page.locator("main tbody tr")
    expect(row).to_have_count(1)
    expect(row).to_contain_text("这是货架编号")
    visit.open("/assets?view=columns&q=odd")
    expect(page.locator("tr.pickable", has_text="mobile")).to_contain_text("已更正")
    visit.open("/assets/review?view=corrections")
    page.click("text=撤回")
    expect(page.locator(".note.good")).to_contain_text("更正已撤回")


@needs_scripts
def test_a_scan_under_way_is_followed_on_its_page(browser: Browser, tmp_path: Path) -> None:
    from tongguan.casework.assets import Catalogue

    app = new_app(tmp_path)
    name = assets_sample.build(tmp_path / "home", tmp_path / "place", again=False)[0]
    with served(app) as address, Catalogue(tmp_path / "home" / "assets", write=True) as writer:
        scan = writer.begin(name, "sqlite", {"rows": 5})
        context = browser.new_context(viewport={"width": 1366, "height": 768}, locale="zh-CN")
        visit = Visit(context, address)
        page = visit.sign_in("/assets/scans")
        bar = page.locator("[role=progressbar]")
        expect(bar).to_have_attribute("aria-valuenow", "0")
        for path in ("customers", "odd"):
            writer.unchanged(scan, [writer.seen_of(scan, [path])[path]])
        expect(bar).to_have_attribute("aria-valuenow", "50", timeout=15_000)
        context.close()
    assert visit.wrong == []


def test_the_pages_work_without_scripts(browser: Browser, address: str) -> None:
    context = browser.new_context(java_script_enabled=False, locale="zh-CN")
    visit = Visit(context, address)
    page = visit.sign_in("/assets")
    page.fill("[name=q]", "customers")
    page.click("form.filter button.primary")
    page.wait_for_url("**q=customers**")
    page.locator("tr.pickable a.open").first.click()
    page.wait_for_selector("aside.drawer .def")
    page.click(".tabs >> text=历史")
    page.wait_for_selector(".timeline")
    context.close()
    assert visit.wrong == []
