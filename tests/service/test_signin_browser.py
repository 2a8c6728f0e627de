"""Signing in with a real browser: security keys, a provider, and everything but keys without scripts."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pyotp
import pytest
from console_house import PASSWORD
from identity_support import oidc_server
from oidc_console import console_with_provider
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright
from signin_house import House, at_home, new_house

CHROMIUM = shutil.which("chromium")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync"]  # fmt: skip
WIDTH = 1366

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="needs Debian's chromium")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def house(tmp_path: Path) -> House:
    return new_house(tmp_path)


@pytest.fixture
def address(house: House) -> Iterator[str]:
    with at_home(house.app) as address:
        yield address


class Somebody:
    """A browser of one person, with a record of all that went wrong in it, and a security key plugged in."""

    def __init__(self, context: BrowserContext, address: str) -> None:
        self.address = address
        self.wrong: list[str] = []
        self.page: Page = context.new_page()
        self.page.set_default_timeout(20_000)
        self.page.on("console", lambda m: self.wrong.append(m.text) if m.type in ("error", "warning") else None)
        self.page.on("pageerror", lambda e: self.wrong.append(str(e)))

    def plug_in(self) -> tuple[object, str]:
        client = self.page.context.new_cdp_session(self.page)
        client.send("WebAuthn.enable")
        about = {"protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True,
                 "isUserVerified": True, "automaticPresenceSimulation": True}  # fmt: skip
        return client, client.send("WebAuthn.addVirtualAuthenticator", {"options": about})["authenticatorId"]

    def open(self, path: str) -> Page:
        self.page.goto(self.address + path)
        return self.page

    def enter(self, user: str = "wang", password: str = PASSWORD) -> Page:
        page = self.open("/sign-in?next=/profile")
        page.fill("[name=user]", user)
        page.fill("[name=password]", password)
        page.click("form[action='/sign-in'] button")
        return page

    def leave(self) -> None:
        self.page.click("details.menu summary.pick")
        self.page.click("form[action='/sign-out'] button")
        self.page.wait_for_selector("form.signin")


@pytest.fixture
def wang(browser: Browser, address: str) -> Iterator[Somebody]:
    context = browser.new_context(viewport={"width": WIDTH, "height": 768}, locale="zh-CN")
    somebody = Somebody(context, address)
    yield somebody
    context.close()
    assert somebody.wrong == []


def test_a_key_of_the_browser(wang: Somebody, house: House) -> None:
    client, device = wang.plug_in()
    page = wang.enter()
    page.fill("form[action='/profile/keys'] [name=name]", "办公室的蓝色密钥")
    page.click("form[action='/profile/keys'] button")
    expect(page.locator(".note.good")).to_contain_text("安全密钥已登记")
    # The same key again: the browser itself says no, and the page says it in words.
    page.fill("form[action='/profile/keys'] [name=name]", "又一个")
    page.click("form[action='/profile/keys'] button")
    expect(page.locator("form[action='/profile/keys'] [role=alert]")).to_contain_text("已经登记过了")
    wang.leave()

    wang.enter()
    expect(page.locator("h1")).to_have_text("再证明一次是您本人")
    page.click("form.signin button.primary")
    page.wait_for_selector("#view")
    page.goto(wang.address + "/profile?tab=sessions")
    expect(page.locator("table")).to_contain_text("安全密钥")
    wang.leave()

    page.click("text=用通行密钥登录")
    page.wait_for_selector("#view")
    page.goto(wang.address + "/profile?tab=sessions")
    expect(page.locator("table")).to_contain_text("通行密钥")
    wang.leave()

    # A copy of it, which stands where the key stood before.
    held = client.send("WebAuthn.getCredentials", {"authenticatorId": device})["credentials"][0]  # type: ignore[attr-defined]
    client.send("WebAuthn.removeCredential", {"authenticatorId": device, "credentialId": held["credentialId"]})  # type: ignore[attr-defined]
    client.send("WebAuthn.addCredential", {"authenticatorId": device, "credential": {**held, "signCount": 1}})  # type: ignore[attr-defined]
    page.click("text=用通行密钥登录")
    expect(page.locator(".note.bad")).to_contain_text("没有被接受")
    assert "security_key_refused" in [kind for kind, _, _ in house.kinds()]
    assert wang.wrong == ["Failed to load resource: the server responded with a status of 401 (Unauthorized)"]
    wang.wrong.clear()


def test_a_key_that_is_not_there(wang: Somebody) -> None:
    client, device = wang.plug_in()
    page = wang.open("/sign-in")
    client.send("WebAuthn.removeVirtualAuthenticator", {"authenticatorId": device})  # type: ignore[attr-defined]
    page.context.clear_cookies()  # and a form that has grown old
    page.click("text=用通行密钥登录")
    expect(page.locator(".otherways [role=alert]")).to_be_visible()
    expect(page.locator(".otherways button")).to_be_enabled()
    wang.wrong.clear()


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("language", ["zh", "en"])
def test_pages_fit_the_window(theme: str, language: str, wang: Somebody) -> None:
    look = f"theme={theme}&lang={language}"
    page = wang.open(f"/sign-in?{look}")
    assert page.evaluate("document.documentElement.scrollWidth") <= WIDTH
    wang.enter()
    page.wait_for_selector("#view")
    for path in ("/profile?", "/profile?tab=sessions&", "/profile?tab=tokens&", "/profile?tab=display&"):
        page.goto(wang.address + path + look)
        assert page.evaluate("document.documentElement.dataset.theme") == theme
        assert page.evaluate("document.documentElement.scrollWidth") <= WIDTH, path
        assert page.locator("h1").count() == 1


def test_without_scripts(browser: Browser, address: str, house: House) -> None:
    context = browser.new_context(java_script_enabled=False, locale="zh-CN")
    somebody = Somebody(context, address)
    page = somebody.open("/sign-in")
    assert page.locator("text=用通行密钥登录").is_hidden() and page.locator(".js:visible").count() == 0
    somebody.enter()
    page.click("form[action='/profile/totp'] button")
    expect(page.locator(".qr svg")).to_be_visible()
    box = page.locator(".qr svg").bounding_box()
    assert box and box["width"] == box["height"] > 150
    secret = page.locator(".secret .id").inner_text().replace(" ", "")
    page.fill("[name=code]", pyotp.TOTP(secret).now())
    page.click("form[action='/profile/totp/confirm'] button")
    expect(page.locator(".note.good")).to_contain_text("身份验证器已启用")
    page.click("form[action='/profile/recovery'] button")
    expect(page.locator(".codes li")).to_have_count(10)
    codes = page.locator(".codes li").all_inner_texts()
    page.click("text=我已收好")
    page.click("nav.tabs >> text=接口令牌")
    page.fill("[name=name]", "夜间同步")
    page.check("[name=scopes][value='decisions.ask']")
    page.click("form[action='/profile/tokens'] button")
    assert re.match("tgk_", page.locator(".token").inner_text())
    page.click("nav.tabs >> text=会话")
    page.click("table form button")
    expect(page).to_have_url(address + "/sign-in")
    somebody.enter()
    page.click("nav.tabs >> text=恢复码")
    page.fill("[name=answer]", codes[0])
    page.click("form.signin button.primary")
    expect(page.locator("h1")).to_have_text("个人设置")
    assert page.evaluate("1 + 1") == 2 and page.locator(".js:visible").count() == 0
    context.close()
    assert somebody.wrong == []


def test_recovery_codes_print_without_the_rest(wang: Somebody, tmp_path: Path) -> None:
    page = wang.enter()
    page.click("form[action='/profile/recovery'] button")
    expect(page.locator(".codes li")).to_have_count(10)
    page.emulate_media(media="print")
    expect(page.locator("aside.nav:visible, .top:visible, .btn:visible")).to_have_count(0)
    assert page.locator(".codes li:visible").count() == 10
    page.pdf(path=str(tmp_path / "codes.pdf"))
    assert (tmp_path / "codes.pdf").stat().st_size > 5_000


@pytest.mark.skipif(not oidc_server.THERE, reason="needs npm's oidc-provider")
def test_a_provider_in_a_browser(browser: Browser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Cookies that other sites cannot send, and a policy that lets forms go nowhere else, let this through all the same."""
    monkeypatch.setenv("CORP_SECRET", oidc_server.SECRET)
    with console_with_provider(tmp_path) as (house, address, provider):
        context = browser.new_context(viewport={"width": WIDTH, "height": 768}, locale="zh-CN")
        # The provider of the tests asks for a font of another site.
        context.route(lambda url: not url.startswith((address, provider.issuer)), lambda route: route.abort())
        somebody = Somebody(context, address)
        page = somebody.enter("li")
        page.click("form[action='/profile/links/corp'] button")
        _at_the_provider(page, "li")
        expect(page.locator(".note.good")).to_contain_text("已关联")
        page.click("details.menu summary.pick")
        page.click("form[action='/sign-out'] button")
        page.wait_for_selector("form.signin")
        page.goto(address + "/sign-in?next=/profile%3Ftab=sessions")
        page.click("text=用 集团统一登录 登录")
        page.wait_for_selector("#view")  # still signed in there
        expect(page).to_have_url(address + "/profile?tab=sessions")
        expect(page.locator("table")).to_contain_text("外部登录")
        page.click("details.menu summary.pick")
        page.click("form[action='/sign-out'] button")
        expect(page.locator("h1")).to_have_text("您已退出通关")
        page.click("text=退出 集团统一登录")
        page.wait_for_url(lambda url: url.startswith(provider.issuer))
        page.click("button[value=yes], button[autofocus]")
        page.wait_for_url(address + "/sign-in**")
        context.close()
        assert [k for k, _, _ in house.kinds()].count("link_added") == 1


def _at_the_provider(page: Page, name: str) -> None:
    page.wait_for_selector("[name=login]")
    page.fill("[name=login]", name)
    page.fill("[name=password]", "any")
    page.click("button[type=submit]")
    page.wait_for_selector("input[name=prompt][value=consent]", state="attached")
    page.click("button[type=submit]")
