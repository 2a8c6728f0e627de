"""The decision wizard in a real browser: steps, live answers, links that fill in, the keyboard, and no scripts at all."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from urllib.parse import urlencode

import pytest
from console_house import OFFICER, PASSWORD, new_app, served
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from tongguan import law
from tongguan.service.console import render
from tongguan.service.console.pages.decide_form import STEPS

CHROMIUM = shutil.which("chromium")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync", "--lang=en-US"]  # fmt: skip
FULL = {
    "date": "2026-11-20", "exporter.ciio": "no", "recipient.country": "US", "data.personal": "yes",
    "data.important": "no", "data.core": "no", "data.state_secret": "no", "data.persons": "150000",
    "data.sensitive_persons": "0", "activity.act": "transmission",
}  # fmt: skip

pytestmark = [
    pytest.mark.skipif(CHROMIUM is None, reason="needs Debian's chromium"),
    pytest.mark.skipif(not (render.VENDOR / "htmx.min.js").is_file(), reason="needs the browser scripts"),
]
# What a person with a keyboard or a screen reader would stumble over: ids twice, controls or regions without a name,
# references to nothing, text that its box cuts off.
STUMBLES = """() => {
  const found = [], ids = [...document.querySelectorAll('[id]')].map(e => e.id);
  for (const id of new Set(ids)) if (ids.filter(i => i === id).length > 1) found.push('twice: ' + id);
  for (const e of document.querySelectorAll('input:not([type=hidden]), select, button, a[href], [role=radiogroup]')) {
    const by = (e.getAttribute('aria-labelledby') || '').split(' ').filter(Boolean);
    const text = by.map(i => document.getElementById(i)?.textContent).join('') || e.getAttribute('aria-label')
      || [...(e.labels || [])].map(l => l.textContent).join('') || e.textContent;
    if (!text.trim()) found.push('no name: ' + e.outerHTML.slice(0, 90));
  }
  for (const e of document.querySelectorAll('[aria-describedby], [aria-labelledby], label[for]'))
    for (const id of [e.getAttribute('aria-describedby'), e.getAttribute('aria-labelledby'), e.getAttribute('for')].join(' ').split(/\\s+/))
      if (id && !document.getElementById(id)) found.push('points nowhere: ' + id);
  for (const e of document.querySelectorAll('.decide *')) {
    const s = getComputedStyle(e);
    if (e.checkVisibility() && s.overflowX === 'visible' && e.scrollWidth > e.clientWidth + 1 && e.clientWidth && s.display !== 'inline')
      found.push('too wide: ' + e.outerHTML.slice(0, 90));
  }
  return found;
}"""
# Contrast of every visible text against what it stands on (WCAG 2.1: 4.5, large text 3).
FAINT = """() => {
  const parse = c => { const m = c.match(/[\\d.]+/g).map(Number); return m.length < 4 ? [...m, 1] : m; };
  const light = ([r, g, b]) => { const f = v => { v /= 255; return v <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4; };
    return .2126 * f(r) + .7152 * f(g) + .0722 * f(b); };
  const found = [];
  for (const e of document.querySelectorAll('.decide *')) {
    if (![...e.childNodes].some(n => n.nodeType === 3 && n.nodeValue.trim()) || !e.checkVisibility() || e.tagName === 'OPTION') continue;
    let ground = e; while (ground.parentElement && parse(getComputedStyle(ground).backgroundColor)[3] === 0) ground = ground.parentElement;
    const s = getComputedStyle(e), one = light(parse(s.color)), two = light(parse(getComputedStyle(ground).backgroundColor));
    const ratio = (Math.max(one, two) + .05) / (Math.min(one, two) + .05), large = parseFloat(s.fontSize) >= 24;
    if (ratio < (large ? 3 : 4.5)) found.push(ratio.toFixed(2) + ' ' + e.outerHTML.slice(0, 80));
  }
  return found;
}"""


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with served(new_app(tmp_path_factory.mktemp("wizard"))) as address:
        yield address


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def page(browser: Browser, address: str) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1366, "height": 768}, locale="zh-CN", base_url=address)
    wrong: list[str] = []
    page = enter(context, wrong)
    yield page
    context.close()
    assert wrong == []


def enter(context: BrowserContext, wrong: list[str]) -> Page:
    page = context.new_page()
    page.set_default_timeout(15_000)
    page.on("console", lambda m: wrong.append(m.text) if m.type in ("error", "warning") else None)
    page.on("pageerror", lambda e: wrong.append(str(e)))
    page.goto("/sign-in")
    page.fill("[name=user]", OFFICER)
    page.fill("[name=password]", PASSWORD)
    page.click("form.signin button.primary")
    page.wait_for_selector("#view")
    return page


def at(page: Page, **facts: str) -> Page:
    """The wizard with these facts, once its form listens."""
    page.goto(f"/decide?{urlencode({**FULL, **facts})}")
    page.wait_for_function("window.htmx !== undefined && document.querySelector('#facts[data-htmx-powered]') !== null")
    return page


def answers(page: Page, pathway: str) -> None:
    expect(page.locator("#answer .pw.lg")).to_have_attribute("data-p", pathway, timeout=20_000)
    page.wait_for_selector("body:not([data-busy])")


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_step_can_be_read_in_either_language_and_theme(page: Page, language: str, theme: str) -> None:
    for step in STEPS:
        at(page, step=step, lang=language, theme=theme, other="2023-06-01", **{"activity.ground": "hr"})
        expect(page.locator(f"#step-{step}")).to_have_attribute("open", "")
        page.evaluate("document.querySelector('.trace').open = true")
        assert page.evaluate("document.documentElement.scrollWidth") <= 1366
        assert page.evaluate(STUMBLES) == [] and page.evaluate(FAINT) == []


def test_wrong_fields_can_be_read_too(page: Page) -> None:
    at(page, date="2026-02-30", step="who", **{"recipient.country": "Mars", "data.personal": "no"})
    assert page.evaluate(STUMBLES) == [] and page.evaluate(FAINT) == []
    expect(page.locator("#facts [name=date]")).to_have_value("2026-02-30")
    expect(page.locator("#facts [name=date]")).to_have_attribute("aria-invalid", "true")
    page.click("#answer a[data-go='recipient.country']")
    expect(page.locator("#f-recipient-country")).to_be_focused()
    expect(page.locator("#f-recipient-country")).to_have_value("Mars")


def test_the_keyboard_walks_through_all_steps_to_the_answer(page: Page) -> None:
    """From an empty form to a definite answer by Tab, arrows, Space, Enter and typing alone."""
    page.goto("/decide?step=who")
    page.wait_for_function("document.querySelector('#facts[data-htmx-powered]') !== null")
    wanted = {**FULL, "data.persons": "300000"}
    opened: list[str] = []
    page.locator("#step-who > summary").focus()
    for _ in range(400):
        page.keyboard.press("Tab")
        here = page.evaluate("""() => { const e = document.activeElement, p = e.closest('.pane');
            return {name: e.name || '', type: e.type || '', move: e.dataset.move || '', id: e.id,
                    step: p && p.open ? p.dataset.step : '', value: e.value || ''}; }""")
        if here["step"] and here["step"] not in opened:
            opened.append(here["step"])
        if here["move"] in ("1", "answer"):
            page.keyboard.press("Enter")
            if here["move"] == "answer":
                break
        elif here["name"] in wanted:
            fill_in(page, here, wanted.pop(here["name"]))
    assert opened == list(STEPS) and wanted == {}
    expect(page.locator("#answer")).to_be_focused()
    answers(page, "standard_contract_or_certification")
    assert "step=readings" in page.url


def fill_in(page: Page, here: dict[str, str], value: str) -> None:
    """Give the focused control a value as a keyboard does."""
    if here["type"] == "radio":
        options = page.evaluate(f"[...document.getElementsByName('{here['name']}')].map(e => e.value)")
        for _ in range((options.index(value) - options.index(here["value"])) % len(options)):
            page.keyboard.press("ArrowRight")
    elif here["type"] == "date":  # a browser in US English has the month first
        page.keyboard.type(f"{value[5:7]}{value[8:]}{value[:4]}")
    else:
        page.keyboard.type(value)
    page.wait_for_timeout(30)


def test_the_form_follows_a_link_that_fills_in_what_would_change_it(page: Page) -> None:
    at(page, step="data")
    page.evaluate("window.kept = true")
    page.locator("#answer a.fill", has_text="1,000,000").click()
    answers(page, "security_assessment")
    expect(page.locator("#facts [name='data.persons']")).to_have_value("1000000")
    assert page.evaluate("window.kept") is True and "data.persons=1000000" in page.url
    page.go_back()
    answers(page, "standard_contract_or_certification")


def test_a_missing_fact_opens_its_step_and_has_the_focus(page: Page) -> None:
    at(page, step="readings", **{"exporter.ciio": ""})
    answers(page, "undetermined")
    page.locator("#answer .miss a[data-go='exporter.ciio']").click()
    expect(page.locator("#step-who")).to_have_attribute("open", "")
    assert page.evaluate("document.activeElement.name") == "exporter.ciio"
    assert "step=who" in page.url
    page.keyboard.press("ArrowLeft")
    answers(page, "standard_contract_or_certification")


def test_a_fact_is_left_unknown_with_one_press(page: Page) -> None:
    at(page, step="data")
    button = page.locator("#a-data-persons [data-unknown]")
    expect(button).to_have_attribute("aria-pressed", "false")
    button.click()
    answers(page, "undetermined")
    expect(button).to_have_attribute("aria-pressed", "true")
    assert "data.persons=" not in page.url
    page.keyboard.type("5")
    answers(page, "exempt")
    expect(button).to_have_attribute("aria-pressed", "false")


def test_messages_stand_beside_fields_while_one_types_and_what_was_typed_stays(page: Page) -> None:
    at(page, step="data")
    page.fill("#facts [name='data.persons']", "lots")
    expect(page.locator("#e-data-persons")).to_contain_text("120000")
    expect(page.locator("#facts [name='data.persons']")).to_have_attribute("aria-invalid", "true")
    expect(page.locator("#s-data")).to_contain_text("1 处有误")
    expect(page.locator("#spoken")).to_contain_text("1")
    page.fill("#facts [name='data.persons']", "7")
    expect(page.locator("#e-data-persons")).to_be_empty()
    answers(page, "exempt")
    expect(page.locator("#facts [name='data.persons']")).not_to_have_attribute("aria-invalid", "true")
    page.locator("#facts [name='data.personal'][value=no]").check(force=True)
    expect(page.locator("#e-data-persons")).to_contain_text(law.fact_name("data.personal", "zh"))
    expect(page.locator("#e-data-personal")).to_contain_text(law.fact_name("data.persons", "zh"))


def test_steps_turn_grey_while_one_fills_in(page: Page) -> None:
    at(page, step="data")
    page.locator("#facts [name='data.core'][value=yes]").check(force=True)
    answers(page, "prohibited")
    expect(page.locator("#s-zone")).to_contain_text("已定")
    expect(page.locator("#s-zone .because")).to_contain_text(law.fact_name("data.core", "zh"))
    page.locator("#facts [name='data.core'][value=no]").check(force=True)
    answers(page, "standard_contract_or_certification")
    expect(page.locator("#s-zone .because")).to_have_count(0)


def test_lists_follow_the_day(page: Page) -> None:
    at(page, step="zone", date="2024-09-01")
    options = page.locator("#f-activity-zone_list option")
    then = set(options.evaluate_all("found => found.map(o => o.value)"))
    page.click("#step-who > summary")
    page.fill("#facts [name=date]", "2026-11-20")
    expect(page.locator("#f-activity-zone_list option[value='BJ-2024']")).to_have_count(0)
    assert set(options.evaluate_all("found => found.map(o => o.value)")) != then


def test_a_reading_and_another_day_are_part_of_the_address(page: Page) -> None:
    facts = {"activity.ground": "hr", "activity.conditions.labour_rules": "yes",
             "activity.conditions.collective_contract": "no", "activity.conditions.necessary": "yes"}  # fmt: skip
    at(page, step="readings", **facts)
    answers(page, "standard_contract_or_certification")
    page.locator("#facts [name='reading.hr_documents'][value=either]").check()
    answers(page, "exempt")
    expect(page.locator("#s-readings")).to_contain_text("1 处")
    page.fill("#facts [name=other]", "2023-06-01")
    expect(page.locator(".days th[scope=col]")).to_have_text(["2026-11-20", "2023-06-01"])
    page.wait_for_selector("body:not([data-busy])")
    shown = page.url
    page.goto("/")
    page.goto(shown)
    answers(page, "exempt")
    expect(page.locator("#facts [name='reading.hr_documents'][value=either]")).to_be_checked()
    expect(page.locator(".days th[scope=col]")).to_have_text(["2026-11-20", "2023-06-01"])
    page.click("#other a >> text=不比较")
    expect(page.locator(".days")).to_have_count(0)


def test_it_goes_out_and_is_sealed(page: Page) -> None:
    at(page, step="data")
    with page.expect_download() as download:
        page.click("#answer a[download]")
    assert download.value.suggested_filename.endswith(".json")
    page.click("#answer form button.primary")
    expect(page.locator(".note.good")).to_contain_text("已记入审计日志")
    assert "step=data" in page.url and "data.persons=150000" in page.url


def test_the_whole_wizard_works_without_scripts(browser: Browser, address: str) -> None:
    context = browser.new_context(java_script_enabled=False, locale="zh-CN", base_url=address)
    wrong: list[str] = []
    page = enter(context, wrong)
    page.goto("/decide?step=who")
    page.fill("#facts [name=date]", "2026-11-20")
    page.locator("#facts [name='exporter.ciio'][value=no]").check(force=True)
    page.click("#step-act > summary")
    page.select_option("#facts [name='recipient.country']", "US")
    page.locator("#facts [name='activity.act'][value=transmission]").check(force=True)
    page.click("#step-data > summary")
    for name, value in FULL.items():
        if name.startswith("data.") and "persons" not in name:
            page.locator(f"#facts [name='{name}'][value={value}]").check(force=True)
    page.fill("#facts [name='data.persons']", "2,000,000")
    page.fill("#facts [name='data.sensitive_persons']", "0")
    assert page.locator(".js:visible").count() == 0
    page.click("form#facts .foot button")
    expect(page.locator("#answer .pw.lg")).to_have_attribute("data-p", "security_assessment")
    page.locator("#answer a.fill", has_text="999,999").click()
    expect(page.locator("#answer .pw.lg")).to_have_attribute("data-p", "standard_contract_or_certification")
    expect(page.locator("#facts [name='data.persons']")).to_have_value("999999")
    page.click("#answer a[data-go='exporter.ciio']")
    expect(page.locator("#step-who")).to_have_attribute("open", "")
    page.click("#other a >> text=2022-09-01")
    expect(page.locator(".days th[scope=col]")).to_have_text(["2026-11-20", "2022-09-01"])
    page.click("#answer form button.primary")
    expect(page.locator(".note.good")).to_be_visible()
    context.close()
    assert wrong == []
