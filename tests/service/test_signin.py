"""Signing in: by password, second factor and provider, over real HTTP; the browser's part is in test_signin_browser."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx
import pyotp
import pytest
from console_house import PASSWORD, form_token
from identity_support import evil_provider, oidc_server
from oidc_console import console_with_provider
from signin_house import House, at_home, browser_of, csrf_of, enter, new_house

from tongguan.trust.settings import Provider

needs_node = pytest.mark.skipif(not oidc_server.THERE, reason="needs npm's oidc-provider")
SESSION = "tongguan_session"


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> House:
    return new_house(tmp_path_factory.mktemp("signin"))


@pytest.fixture(scope="module")
def address(house: House) -> Iterator[str]:
    with at_home(house.app) as address:
        yield address


@pytest.fixture
def client(address: str) -> Iterator[httpx.Client]:
    with browser_of(address) as client:
        yield client


# ---- by password


def test_in_and_out(client: httpx.Client, house: House) -> None:
    before = len(house.kinds())
    answer = enter(client, "wang", next="/profile?tab=sessions")
    assert (answer.status_code, answer.headers["location"]) == (303, "/profile?tab=sessions")
    cookie = next(c for c in answer.headers.get_list("set-cookie") if c.startswith(SESSION))
    assert "HttpOnly" in cookie and "samesite=strict" in cookie.lower()
    assert client.get("/profile").status_code == 200
    assert client.get("/sign-in").headers["location"] == "/"
    token = client.cookies[SESSION]
    assert client.post("/sign-out", data={"csrf": csrf_of(client)}).headers["location"] == "/sign-in"
    assert house.identity.session(token) is None
    assert [k for k, _, _ in house.kinds()[before:]] == ["sign_in", "sign_out"]


def test_a_session_from_before_ends_and_none_is_taken_over(client: httpx.Client, house: House) -> None:
    """Session fixation: a token that somebody left in the browser never becomes a session."""
    client.cookies.set(SESSION, "chosen-by-somebody-else", domain="localhost.local")
    enter(client, "wang")
    first = client.cookies[SESSION]
    assert house.identity.session("chosen-by-somebody-else") is None and house.identity.session(first)
    client.cookies.delete(SESSION)
    client.cookies.set(SESSION, first, domain="localhost.local")
    token = form_token(client.get("/profile").text)
    assert token  # signed in; a second sign-in in the same browser ends the first session
    with browser_of(str(client.base_url)) as other:
        page = other.get("/sign-in")
        other.cookies.set(SESSION, first, domain="localhost.local")
        answer = other.post(
            "/sign-in", data={"user": "li", "password": PASSWORD, "csrf": form_token(page.text), "next": "/"}
        )
        assert answer.status_code == 303
    assert house.identity.session(first) is None


@pytest.mark.parametrize("user", ["wang", "nobody-of-that-name", "", "x" * 5000, "wang\x00", "' or 1=1 --"])
def test_a_wrong_password_and_an_unknown_name_look_alike(user: str, client: httpx.Client) -> None:
    answer = enter(client, user, "not the password")
    assert answer.status_code == 401
    assert "用户或密码不对" in answer.text and SESSION not in client.cookies
    if user:
        assert user[:40] not in answer.text or user == "wang"


def test_forms_of_other_sites_are_not_taken(client: httpx.Client) -> None:
    data = {"user": "wang", "password": PASSWORD, "next": "/"}
    assert client.post("/sign-in", data=data).status_code == 403
    client.get("/sign-in")
    for csrf in ("", "guess", "ü" * 30):
        for path in (
            "/sign-in",
            "/sign-in/second",
            "/sign-in/second/options",
            "/sign-in/passkey",
            "/sign-in/passkey/options",
        ):
            assert client.post(path, data={**data, "csrf": csrf}).status_code == 403, path
    assert SESSION not in client.cookies


@pytest.mark.parametrize(
    "target",
    ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)", "/sign-out", "/a\r\nSet-Cookie: x=y", "http:evil", "\t//evil.example"],
)  # fmt: skip
def test_nobody_is_sent_elsewhere(target: str, client: httpx.Client) -> None:
    assert enter(client, "wang", next=target).headers["location"] == "/"
    with browser_of(str(client.base_url)) as other:
        other.cookies = client.cookies
        assert other.get("/sign-in", params={"next": target}).headers["location"] == "/"


def test_the_waiting_time_is_told(tmp_path: Path) -> None:
    house = new_house(tmp_path, lock_after=2)
    with at_home(house.app) as address, browser_of(address) as client:
        for _ in range(3):
            answer = enter(client, "wang", "wrong wrong wrong")
        assert answer.status_code == 429 and int(answer.headers["retry-after"]) >= 1
        assert "秒后再来" in answer.text
        assert enter(client, "wang").status_code == 429  # the right password opens nothing meanwhile


def test_one_address_does_not_try_for_ever(tmp_path: Path) -> None:
    house = new_house(tmp_path, sign_ins=3)
    with at_home(house.app) as address, browser_of(address) as client:
        answers = [enter(client, f"name{n}", "wrong wrong wrong").status_code for n in range(5)]
        assert answers == [401, 401, 401, 429, 429]
        assert client.get("/sign-in").status_code == 200  # the page itself still comes, and says so
        assert (
            client.post(
                "/sign-in/passkey", data={"csrf": form_token(client.get("/sign-in").text), "answer": "{}"}
            ).status_code
            == 429
        )


def test_the_first_password_is_changed_before_anything_else(tmp_path: Path) -> None:
    house = new_house(tmp_path)
    with at_home(house.app) as address, browser_of(address) as client:
        answer = enter(client, "qian", next="/decide")
        assert answer.headers["location"] == "/profile/password?next=%2Fdecide"
        assert client.get("/decide").headers["location"] == "/profile"
        assert client.get("/profile").headers["location"] == "/profile/password"
        page = client.get(answer.headers["location"])
        assert "请设置新密码" in page.text
        form = {"csrf": form_token(page.text), "next": "/decide", "old": PASSWORD}
        for new, again in (("short", "short"), ("a long new sentence", "another sentence"), (PASSWORD, PASSWORD)):
            answer = client.post("/profile/password", data={**form, "new": new, "again": again})
            assert answer.status_code == 400 and 'role="alert"' in answer.text, new
        token = client.cookies[SESSION]
        answer = client.post(
            "/profile/password", data={**form, "new": "a long new sentence", "again": "a long new sentence"}
        )
        assert (answer.status_code, answer.headers["location"]) == (303, "/decide")
        assert client.cookies[SESSION] != token and house.identity.session(token) is None
        assert client.get("/decide").status_code == 200


# ---- the second factor


@pytest.fixture
def guarded(tmp_path: Path) -> Iterator[tuple[House, httpx.Client, str, list[str]]]:
    """wang with an authenticator and recovery codes: the house, a browser, the secret, the codes."""
    house = new_house(tmp_path)
    by = house.identity.principal(house.users["wang"])
    offer = house.identity.totp_begin(by.id, by)
    house.identity.context.clock = lambda: 1_795_000_000.0
    house.identity.totp_confirm(by.id, pyotp.TOTP(offer.secret).at(1_794_999_970), by)
    codes = house.identity.recovery_codes(by.id, by)
    with at_home(house.app) as address, browser_of(address) as client:
        yield house, client, offer.secret, codes


def second(client: httpx.Client, method: str, answer: str, next: str = "/profile") -> httpx.Response:
    csrf = form_token(client.get("/sign-in/second").text)
    return client.post("/sign-in/second", data={"csrf": csrf, "method": method, "answer": answer, "next": next})


def test_a_password_alone_does_not_open(guarded: tuple[House, httpx.Client, str, list[str]]) -> None:
    _house, client, secret, _ = guarded
    answer = enter(client, "wang", next="/profile?tab=tokens")
    assert answer.headers["location"] == "/sign-in/second?method=totp&next=%2Fprofile%3Ftab%3Dtokens"
    assert SESSION not in client.cookies and client.get("/profile").status_code == 303
    page = client.get(answer.headers["location"])
    assert "6 位验证码" in page.text and 'value="/profile?tab=tokens"' in page.text
    assert second(client, "totp", "000000").status_code == 401
    code = pyotp.TOTP(secret).at(1_795_000_000)
    answer = second(client, "totp", f"{code[:3]} {code[3:]}", "/profile?tab=tokens")
    assert (answer.status_code, answer.headers["location"]) == (303, "/profile?tab=tokens")
    assert client.get("/profile").status_code == 200
    assert "tongguan_pending" not in client.cookies
    with browser_of(str(client.base_url)) as other:  # the same code again
        enter(other, "wang")
        assert second(other, "totp", code).status_code == 401


def test_a_recovery_code_opens_once(guarded: tuple[House, httpx.Client, str, list[str]]) -> None:
    _house, client, _, codes = guarded
    enter(client, "wang")
    assert second(client, "recovery", codes[0].upper()).status_code == 303
    assert "剩余 9 个" in client.get("/profile").text
    with browser_of(str(client.base_url)) as other:
        enter(other, "wang")
        answer = second(other, "recovery", codes[0])
        assert answer.status_code == 401 and "恢复码不正确或已用过" in answer.text


def test_five_wrong_codes_and_one_begins_again(guarded: tuple[House, httpx.Client, str, list[str]]) -> None:
    _house, client, _, _codes = guarded
    enter(client, "wang")
    answers = [second(client, "recovery", "wrong") for _ in range(5)]
    assert [a.status_code for a in answers] == [401] * 4 + [303]
    assert answers[-1].headers["location"].startswith("/sign-in?again=1")
    assert client.get("/sign-in/second").headers["location"].startswith("/sign-in?again=1")
    assert "没有完成或已过期" in client.get("/sign-in?again=1").text


def test_a_second_step_without_a_first(guarded: tuple[House, httpx.Client, str, list[str]]) -> None:
    house, client, secret, codes = guarded
    csrf = form_token(client.get("/sign-in").text)
    for method, answer in (("totp", pyotp.TOTP(secret).at(1_795_000_000)), ("recovery", codes[0]), ("nothing", "x")):
        gone = client.post("/sign-in/second", data={"csrf": csrf, "method": method, "answer": answer})
        assert gone.status_code == 303 and gone.headers["location"].startswith("/sign-in?again=1")
    assert client.post("/sign-in/second/options", data={"csrf": csrf}).status_code == 401
    assert SESSION not in client.cookies
    # A step begun by one person cannot be finished with another's code.
    enter(client, "wang")
    other_by = house.identity.principal(house.users["li"])
    theirs = house.identity.recovery_codes(other_by.id, other_by)
    assert second(client, "recovery", theirs[0]).status_code == 401


def test_wrong_codes_make_one_wait(guarded: tuple[House, httpx.Client, str, list[str]]) -> None:
    _house, client, _, _ = guarded
    for _ in range(3):
        enter(client, "wang")
        for _ in range(4):
            answer = second(client, "totp", "000000")
    assert answer.status_code == 429 and "秒后再来" in answer.text and int(answer.headers["retry-after"]) >= 1


def test_twins(guarded: tuple[House, httpx.Client, str, list[str]]) -> None:
    _, client, _, _ = guarded
    twin = client.get("/sign-in", headers={"Accept": "application/json"}).json()
    assert (
        set(twin) == {"next", "error", "form", "providers", "passkeys", "local", "elsewhere"}
        and twin["passkeys"] is True
    )
    answer = client.post(
        "/sign-in",
        data={"user": "wang", "password": "no no no", "csrf": twin["form"]},
        headers={"Accept": "application/json"},
    )
    assert answer.status_code == 401 and answer.json()["error"]
    enter(client, "wang")
    twin = client.get("/sign-in/second", headers={"Accept": "application/json"}).json()
    assert twin["methods"] == ["totp", "recovery"] and twin["method"] == "totp"


def test_no_page_has_scripts_or_styles_in_it(client: httpx.Client) -> None:
    page = client.get("/sign-in")
    assert "script-src 'self'" in page.headers["content-security-policy"]
    assert re.findall(r"<script(?![^>]*src=)[^>]*>|<style| on\w+=", page.text) == []
    assert client.get("/static/webauthn.js").status_code == 200


def test_by_number_there_are_no_passkeys(house: House, address: str) -> None:
    with browser_of(address.replace("localhost", "127.0.0.1")) as client:
        page = client.get("/sign-in")
        assert "webauthn.js" not in page.text and f'href="{address}/sign-in"' in page.text
        options = client.post("/sign-in/passkey/options", data={"csrf": form_token(page.text)})
        assert options.status_code == 400 and options.json()["error"]
        enter(client, "wang")
        assert "localhost" in client.get("/profile").text


# ---- a provider


@pytest.fixture
def corporate(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[House, httpx.Client, oidc_server.Server]]:
    """A console with a real provider, whose redirect address is the console's own."""
    monkeypatch.setenv("CORP_SECRET", oidc_server.SECRET)
    with console_with_provider(tmp_path) as (house, address, server), browser_of(address) as client:
        yield house, client, server


def follow(client: httpx.Client, address: str) -> httpx.Response:
    """As a browser does with the page that leads on."""
    page = client.get(address)
    onward = re.search(r'http-equiv="refresh" content="0; url=([^"]+)"', page.text)
    assert page.status_code == 200 and onward, page.text
    return client.get(onward[1].replace("&amp;", "&"))


@needs_node
def test_a_person_comes_by_a_provider(corporate: tuple[House, httpx.Client, oidc_server.Server]) -> None:
    _house, client, _ = corporate
    person = oidc_server.Person("li")
    assert "用 集团统一登录 登录" in client.get("/sign-in").text
    out = client.get("/sign-in/external/corp", params={"next": "/profile?tab=sessions"})
    assert out.status_code == 303
    back = person.go(out.headers["location"], str(client.base_url))
    answer = follow(client, back)
    # Nobody has linked it, and the account of that name has a password: names there are not ours to trust.
    assert answer.status_code == 403 and "还没有与本系统的账号关联" in answer.text and SESSION not in client.cookies

    enter(client, "li")
    leaving = client.post("/profile/links/corp", data={"csrf": csrf_of(client)})
    onward = re.search(r'content="0; url=([^"]+)"', leaving.text)
    assert leaving.status_code == 200 and onward
    back = person.go(onward[1].replace("&amp;", "&"), str(client.base_url))
    assert follow(client, back).headers["location"] == "/profile?done=link"
    assert "已关联，可以用它登录" in client.get("/profile").text
    client.post("/sign-out", data={"csrf": csrf_of(client)})

    out = client.get("/sign-in/external/corp", params={"next": "/profile?tab=sessions"})
    back = person.go(out.headers["location"], str(client.base_url))
    answer = follow(client, back)
    assert (answer.status_code, answer.headers["location"]) == (303, "/profile?tab=sessions")
    assert "外部登录" in client.get("/profile?tab=sessions").text
    page = client.post("/sign-out", data={"csrf": csrf_of(client)})
    assert page.status_code == 200 and "/session/end?client_id=tongguan" in page.text
    assert client.get("/profile").status_code == 303

    again = follow(client, back)  # replayed
    assert again.status_code == 403 and "已用过或已过期" in again.text and SESSION not in client.cookies


@needs_node
def test_a_newcomer_gets_an_account_without_roles(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CORP_SECRET", oidc_server.SECRET)
    with console_with_provider(tmp_path, create_users=True) as (house, address, _), browser_of(address) as client:
        for name, status in (("wu", 303), ("li", 403)):  # li has a password here: a name there opens nothing
            out = client.get("/sign-in/external/corp")
            back = oidc_server.Person(name).go(out.headers["location"], address)
            assert follow(client, back).status_code == status
            client.cookies.clear()
        made = house.identity.by_name("wu")
        assert made and made.grants == () and not made.has_password and made.display == "员工 wu"
        assert house.identity.providers.linked(house.users["li"]) == set()


@needs_node
def test_the_way_back_belongs_to_one_browser(corporate: tuple[House, httpx.Client, oidc_server.Server]) -> None:
    """Log-in CSRF: an attacker's answer opens nothing in the victim's browser."""
    house, client, _ = corporate
    out = client.get("/sign-in/external/corp")
    back = oidc_server.Person("mallory").go(out.headers["location"], str(client.base_url))
    with browser_of(str(client.base_url)) as victim:
        victim.get("/sign-in/external/corp")
        answer = follow(victim, back)
        assert answer.status_code == 403 and "不是从这个浏览器开始" in answer.text and SESSION not in victim.cookies
    assert ("sign_in_failed", "unknown", {"method": "oidc:corp", "why": "browser"}) in house.kinds()


@needs_node
def test_a_link_is_made_for_whoever_began_it(corporate: tuple[House, httpx.Client, oidc_server.Server]) -> None:
    house, client, _ = corporate
    enter(client, "li")
    leaving = client.post("/profile/links/corp", data={"csrf": csrf_of(client)})
    onward = re.search(r'content="0; url=([^"]+)"', leaving.text)
    assert onward
    back = oidc_server.Person("li").go(onward[1].replace("&amp;", "&"), str(client.base_url))
    client.post("/sign-out", data={"csrf": csrf_of(client)})
    enter(client, "zhao")
    assert follow(client, back).headers["location"].startswith("/sign-in?again=1")
    assert (
        house.identity.providers.linked(house.users["zhao"])
        == house.identity.providers.linked(house.users["li"])
        == set()
    )


@needs_node
def test_cancelled_there_and_gone_in_the_middle(corporate: tuple[House, httpx.Client, oidc_server.Server]) -> None:
    _house, client, server = corporate
    out = client.get("/sign-in/external/corp")
    answer = follow(client, oidc_server.Person("li").cancel(out.headers["location"], str(client.base_url)))
    assert answer.status_code == 403 and "已取消" in answer.text
    out = client.get("/sign-in/external/corp")
    back = oidc_server.Person("li").go(out.headers["location"], str(client.base_url))
    server.stop()
    answer = follow(client, back)
    assert answer.status_code == 503 and "现在没有回应" in answer.text
    assert enter(client, "li").status_code == 303  # other ways stay open


def test_a_provider_that_lies(tmp_path: Path) -> None:
    with evil_provider.evil_provider() as evil:
        evil.sign = evil_provider.by_other
        house = new_house(tmp_path, providers=[Provider("corp", "集团统一登录", evil.issuer, "tongguan")])
        with at_home(house.app) as address, browser_of(address) as client:
            out = client.get("/sign-in/external/corp")
            state = parse_qs(urlsplit(out.headers["location"]).query)["state"][0]
            answer = follow(client, f"/sign-in/external/corp/callback?code=c&state={state}")
            assert answer.status_code == 403 and "未通过校验" in answer.text and SESSION not in client.cookies


def test_odd_ways_back(tmp_path: Path) -> None:
    with evil_provider.evil_provider() as evil:
        house = new_house(tmp_path, providers=[Provider("corp", "集团统一登录", evil.issuer, "tongguan")])
        with at_home(house.app) as address, browser_of(address) as client:
            for query in (
                "",
                "code=c",
                "state=" + "x" * 4090,
                "state=%00&code=%ff",
                "error=access_denied&error_description=%3Cscript%3E",
            ):
                answer = follow(client, f"/sign-in/external/corp/callback?{query}")
                assert answer.status_code == 403 and "<script>" not in answer.text, query
            page = client.get(
                "/sign-in/external/corp/callback?code=%22%3E%3Cscript%3E&state=;url=https://evil.example&next=https://evil.example"
            )
            assert "<script>" not in page.text and "url=https://evil" not in page.text
            assert (
                follow(client, "/sign-in/external/nowhere/callback?code=c&state=s").status_code == 200
            )  # the sign-in page
            assert client.get("/sign-in/external/nowhere").status_code == 403
            assert client.get("/sign-in/external/nowhere/finish").status_code == 403


def test_the_log_holds_no_secrets(house: House) -> None:
    text = json.dumps(house.kinds(), ensure_ascii=False)
    assert (
        PASSWORD not in text
        and "not the password" not in text
        and "nobody-of-that-name" not in text
        and "127.0.0.1" not in text
    )
