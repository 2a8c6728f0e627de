"""The own profile: password, factors, sessions, tokens; and that nobody reaches another's."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pyotp
import pytest
from console_house import PASSWORD, form_token
from identity_support import soft_authenticator
from signin_house import House, at_home, browser_of, csrf_of, enter, new_house

from tongguan.trust.access import Principal

SESSION = "tongguan_session"
NEW = "a long new sentence"


@pytest.fixture
def house(tmp_path: Path) -> House:
    return new_house(tmp_path)


@pytest.fixture
def address(house: House) -> Iterator[str]:
    with at_home(house.app) as address:
        yield address


@pytest.fixture
def wang(address: str) -> Iterator[httpx.Client]:
    with browser_of(address) as client:
        assert enter(client, "wang").status_code == 303
        yield client


@pytest.fixture
def other(address: str) -> Iterator[httpx.Client]:
    """wang in another browser."""
    with browser_of(address) as client:
        assert enter(client, "wang").status_code == 303
        yield client


def by(house: House, name: str = "wang") -> Principal:
    return house.identity.principal(house.users[name])


def send(client: httpx.Client, path: str, **data: str | list[str]) -> httpx.Response:
    return client.post(path, data={"csrf": csrf_of(client), **data})


def kinds(house: House) -> list[str]:
    return [kind for kind, _, _ in house.kinds()]


# ---- the page


def test_every_tab_and_its_twin(wang: httpx.Client) -> None:
    for tab in ("access", "sessions", "tokens", "display", "no-such-tab"):
        page = wang.get("/profile", params={"tab": tab})
        assert page.status_code == 200 and page.text.count("<h1>") == 1
        twin = wang.get("/profile.json", params={"tab": tab}).json()
        assert twin["account"]["name"] == "wang" and twin["account"]["display"] == "王小明"
        assert wang.get("/profile", params={"tab": tab, "lang": "en"}).text.count("My settings")
        wang.get("/profile", params={"lang": "zh"})
    assert wang.get("/profile.json").json()["totp"] is False


def test_strangers_and_forgers(wang: httpx.Client, other: httpx.Client, address: str) -> None:
    paths = (
        "password",
        "totp",
        "totp/confirm",
        "totp/remove",
        "keys",
        "keys/options",
        "keys/x/remove",
        "recovery",
        "sessions",
        "tokens",
        "tokens/x/revoke",
        "links/x",
        "links/x/remove",
    )
    theirs = csrf_of(other)
    for path in paths:
        assert wang.post(f"/profile/{path}", data={}).status_code == 403, path
        assert wang.post(f"/profile/{path}", data={"csrf": theirs}).status_code == 403, path  # of another session
        assert (
            wang.post(
                f"/profile/{path}", data={"csrf": csrf_of(wang)}, headers={"Origin": "https://evil.example"}
            ).status_code
            == 403
        )
    with browser_of(address) as stranger:
        assert stranger.get("/profile").headers["location"] == "/sign-in?next=%2Fprofile"
        for path in paths:
            assert stranger.post(f"/profile/{path}", data={"csrf": theirs}).status_code == 303, path
        assert stranger.get("/profile.json").status_code == 401


# ---- password


def test_the_password_is_changed(wang: httpx.Client, other: httpx.Client, house: House, address: str) -> None:
    before = wang.cookies[SESSION]
    assert send(wang, "/profile/password", old="wrong", new=NEW, again=NEW).status_code == 400
    assert send(wang, "/profile/password", old=PASSWORD, new=NEW, again="else").status_code == 400
    answer = send(wang, "/profile/password", old=PASSWORD, new="wang", again="wang")
    assert answer.status_code == 400 and "不合要求" in answer.text
    answer = send(wang, "/profile/password", old=PASSWORD, new=NEW, again=NEW)
    assert answer.headers["location"] == "/profile?done=password"
    assert wang.cookies[SESSION] != before and house.identity.session(before) is None
    assert "密码已修改" in wang.get("/profile?done=password").text
    assert other.get("/profile").status_code == 303  # ended
    with browser_of(address) as again:
        assert enter(again, "wang").status_code == 401
        assert enter(again, "wang", NEW).status_code == 303
    assert "password_changed" in kinds(house) and NEW not in json.dumps(house.kinds())


def test_guessing_the_present_password_makes_one_wait(wang: httpx.Client) -> None:
    for _ in range(7):
        answer = send(wang, "/profile/password", old="wrong", new=NEW, again=NEW)
    assert answer.status_code == 400 and "失败次数过多" in answer.text
    assert send(wang, "/profile/password", old=PASSWORD, new=NEW, again=NEW).status_code == 400


# ---- authenticator and recovery codes


def test_an_authenticator_is_set_up_and_taken_away(
    wang: httpx.Client, other: httpx.Client, house: House, address: str
) -> None:
    page = send(wang, "/profile/totp")
    assert page.status_code == 200 and page.headers["cache-control"] == "no-store"
    secret = re.search(r'data-text="([A-Z2-7 ]{32,})"', page.text)
    picture = re.search(r"<svg[^>]*viewBox=[^>]*>.*?</svg>", page.text.split('class="qr"')[1], re.S)
    assert secret and picture and "style" not in picture[0]
    plain = secret[1].replace(" ", "")
    assert plain not in wang.get("/profile").text and plain not in wang.get("/profile.json").text  # shown once
    answer = send(wang, "/profile/totp/confirm", code="000000")
    assert answer.status_code == 400 and "密钥不再显示" in answer.text and plain not in answer.text
    answer = send(wang, "/profile/totp/confirm", code=pyotp.TOTP(plain).now())
    assert answer.headers["location"] == "/profile?done=totp"
    assert wang.get("/profile.json").json()["totp"] is True and other.get("/profile").status_code == 303
    assert send(wang, "/profile/totp").status_code == 409
    with browser_of(address) as again:
        assert enter(again, "wang").headers["location"].startswith("/sign-in/second?method=totp")
    assert send(wang, "/profile/totp/remove").headers["location"] == "/profile?done=totp_remove"
    assert wang.get("/profile.json").json()["totp"] is False
    assert {"second_factor_added", "second_factor_removed"} <= set(kinds(house)) and plain not in json.dumps(
        house.kinds()
    )


def test_the_picture_says_what_the_text_says(wang: httpx.Client) -> None:
    twin = wang.post("/profile/totp", data={"csrf": csrf_of(wang)}, headers={"Accept": "application/json"}).json()[
        "offer"
    ]
    parsed = pyotp.parse_uri(twin["picture"])
    assert isinstance(parsed, pyotp.TOTP)
    assert (parsed.secret, parsed.name, parsed.issuer) == (twin["secret"].replace(" ", ""), "wang", "Tongguan")


def test_recovery_codes_are_shown_once(wang: httpx.Client, house: House) -> None:
    codes = re.findall(r'<li class="mono">([a-z0-9-]{19})</li>', send(wang, "/profile/recovery").text)
    assert len(set(codes)) == 10
    page = wang.get("/profile").text
    assert "剩余 10 个" in page and not any(code in page for code in codes)
    again = re.findall(r'<li class="mono">([a-z0-9-]{19})</li>', send(wang, "/profile/recovery").text)
    assert not set(codes) & set(again)
    assert not any(code in json.dumps(house.kinds()) for code in codes)


# ---- security keys


def add_key(client: httpx.Client, name: str) -> tuple[soft_authenticator.SoftKey, httpx.Response]:
    key = soft_authenticator.SoftKey(origin=str(client.base_url).rstrip("/"))
    options = send(client, "/profile/keys/options")
    assert options.status_code == 200, options.text
    return key, send(client, "/profile/keys", name=name, answer=key.create(options.json()))


def test_a_security_key_is_added_used_and_removed(
    wang: httpx.Client, other: httpx.Client, house: House, address: str
) -> None:
    key, answer = add_key(wang, "<b>蓝色</b>")
    assert answer.headers["location"] == "/profile?done=key" and other.get("/profile").status_code == 303
    page = wang.get("/profile").text
    assert "&lt;b&gt;蓝色&lt;/b&gt;" in page and "还没有用过" in page
    with browser_of(address) as again:
        assert enter(again, "wang", next="/profile").headers["location"].startswith("/sign-in/second?method=webauthn")
        csrf = form_token(again.get("/sign-in/second").text)
        options = again.post("/sign-in/second/options", data={"csrf": csrf}).json()
        came = again.post(
            "/sign-in/second", data={"csrf": csrf, "method": "webauthn", "answer": key.get(options), "next": "/profile"}
        )
        assert came.status_code == 303 and "安全密钥" in again.get("/profile?tab=sessions").text
    with browser_of(address) as alone:  # and alone, as a passkey
        csrf = form_token(alone.get("/sign-in").text)
        options = alone.post("/sign-in/passkey/options", data={"csrf": csrf}).json()
        answer_ = key.get(options)
        came = alone.post("/sign-in/passkey", data={"csrf": csrf, "answer": answer_, "next": "/profile"})
        assert came.status_code == 303 and "通行密钥" in alone.get("/profile?tab=sessions").text
        with browser_of(address) as thief:  # the same answer in another browser
            mine = form_token(thief.get("/sign-in").text)
            assert thief.post("/sign-in/passkey", data={"csrf": mine, "answer": answer_}).status_code == 401
    held = wang.get("/profile.json").json()["keys"][0]
    assert held["last_used"] is not None
    assert send(wang, f"/profile/keys/{held['id']}/remove").headers["location"] == "/profile?done=key_remove"
    assert wang.get("/profile.json").json()["keys"] == []
    assert send(wang, f"/profile/keys/{held['id']}/remove").status_code in (400, 404)


def test_keys_that_do_not_fit(wang: httpx.Client) -> None:
    for answer in ("", "{}", "null", "[" * 3000):
        refused = send(wang, "/profile/keys", name="n", answer=answer)
        assert refused.status_code == 400 and "没有登记" in refused.text
    key = soft_authenticator.SoftKey(origin="https://evil.example")
    refused = send(wang, "/profile/keys", name="n", answer=key.create(send(wang, "/profile/keys/options").json()))
    assert refused.status_code == 400 and wang.get("/profile.json").json()["keys"] == []


# ---- sessions


def test_sessions_are_listed_and_ended(wang: httpx.Client, other: httpx.Client, house: House, address: str) -> None:
    with browser_of(address) as li:
        enter(li, "li")
        rows = wang.get("/profile.json?tab=sessions").json()["sessions"]
        assert [row["current"] for row in rows].count(True) == 1 and len(rows) == 2
        theirs = next(row for row in li.get("/profile.json?tab=sessions").json()["sessions"])
        send(wang, "/profile/sessions", session=theirs["id"])  # another's: nothing happens
        assert li.get("/profile").status_code == 200
        elsewhere = next(row for row in rows if not row["current"])
        assert (
            send(wang, "/profile/sessions", session=elsewhere["id"]).headers["location"]
            == "/profile?tab=sessions&done=sessions"
        )
        assert other.get("/profile").status_code == 303 and wang.get("/profile").status_code == 200
    for _ in range(2):
        with browser_of(address) as more:
            enter(more, "wang")
    assert len(wang.get("/profile.json?tab=sessions").json()["sessions"]) == 3
    send(wang, "/profile/sessions")
    rows = wang.get("/profile.json?tab=sessions").json()["sessions"]
    assert len(rows) == 1 and rows[0]["current"]
    assert send(wang, "/profile/sessions", session=rows[0]["id"]).headers["location"] == "/sign-in"
    assert wang.get("/profile").status_code == 303
    assert kinds(house).count("sessions_ended") >= 2


@pytest.mark.parametrize(
    ("agent", "shown"),
    [
        ("Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/131.0 Safari/537.36 Edg/131.0", "Edge · Windows"),
        ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox · Linux"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605 Version/18.0 Mobile Safari/604.1", "Safari · iOS"),
        ("curl/8.0", "curl/8.0"),
        ("<script>alert(1)</script>", "<script>alert(1)</script>"),
    ],
)  # fmt: skip
def test_browsers_have_names(agent: str, shown: str, address: str) -> None:
    with browser_of(address) as client:
        client.headers["User-Agent"] = agent
        enter(client, "wang")
        page = client.get("/profile?tab=sessions").text
        assert f">{html.escape(shown)}</span>" in page and "<script>alert" not in page


# ---- tokens


def test_a_token_is_issued_used_and_revoked(wang: httpx.Client, house: House, address: str) -> None:
    page = send(wang, "/profile/tokens", name="夜间同步", days="30", scopes=["decisions.ask"])
    token = re.search(r"tgk_[0-9A-Za-z_]{50,}", page.text)
    assert page.status_code == 200 and token
    assert token[0] not in wang.get("/profile?tab=tokens").text and token[0] not in json.dumps(house.kinds())
    with browser_of(address) as program:
        program.headers["Authorization"] = f"Bearer {token[0]}"
        assert program.get("/api/v1/session").json()["operations"] == ["decisions.ask"]
        assert program.get("/profile.json").status_code == 403  # a token does not see to its owner's affairs
        assert program.post("/profile/recovery").status_code == 403
        assert program.post("/profile/totp").status_code == 403
        held = wang.get("/profile.json?tab=tokens").json()["tokens"][0]
        assert (
            send(wang, f"/profile/tokens/{held['id']}/revoke").headers["location"] == "/profile?tab=tokens&done=token"
        )
        assert program.get("/api/v1/session").json()["user"] is None
    assert {"token_issued", "token_revoked", "token_refused"} <= set(kinds(house))


@pytest.mark.parametrize(
    "form",
    [
        {"name": "", "days": "30", "scopes": ["decisions.ask"]},
        {"name": "n", "days": "0", "scopes": ["decisions.ask"]},
        {"name": "n", "days": "400", "scopes": ["decisions.ask"]},
        {"name": "n", "days": "soon", "scopes": ["decisions.ask"]},
        {"name": "n", "days": "٣", "scopes": ["decisions.ask"]},
        {"name": "n", "days": "30"},
        {"name": "n", "days": "30", "scopes": ["keys.destroy"]},
        {"name": "n", "days": "30", "scopes": ["profile.own"]},
        {"name": "n", "days": "30", "scopes": ["no.such.thing"]},
    ],
)  # fmt: skip
def test_tokens_that_are_not_issued(form: dict[str, str | list[str]], wang: httpx.Client) -> None:
    answer = send(wang, "/profile/tokens", **form)
    assert answer.status_code == 400 and "令牌没有签发" in answer.text and "tgk_" not in answer.text
    assert wang.get("/profile.json?tab=tokens").json()["tokens"] == []


def test_nobody_revokes_anothers_token_here(wang: httpx.Client, house: House) -> None:
    theirs, _ = house.identity.issue_token(
        house.users["li"], name="n", scopes=["results.read"], days=3, by=by(house, "li")
    )
    assert send(wang, f"/profile/tokens/{theirs}/revoke").status_code in (400, 404)
    assert house.identity.tokens(house.users["li"], by(house, "li"))[0].revoked is None


# ---- who must set up a second factor


def test_whoever_must_have_a_second_factor_sets_it_up_first(tmp_path: Path) -> None:
    house = new_house(tmp_path / "strict", second_factor="administrators")
    with at_home(house.app) as address, browser_of(address) as zhao:
        assert enter(zhao, "zhao", next="/audit").status_code == 303
        assert zhao.get("/audit").headers["location"] == "/profile"
        assert "您的角色要求第二因素" in zhao.get("/profile").text
        _, answer = add_key(zhao, "钥匙")
        assert answer.status_code == 303
        with browser_of(address) as wang:
            enter(wang, "wang")
            assert "您的角色要求第二因素" not in wang.get("/profile").text


def test_whoever_has_no_role_yet_sees_to_their_own_affairs(address: str) -> None:
    with browser_of(address) as newcomer:
        enter(newcomer, "newcomer")
        assert newcomer.get("/").headers["location"] == "/profile"
        assert "还没有角色" in newcomer.get("/profile").text
        assert "您的角色没有可以交给令牌的操作" in newcomer.get("/profile?tab=tokens").text
        assert send(newcomer, "/profile/password", old=PASSWORD, new=NEW, again=NEW).status_code == 303
        assert newcomer.get("/flows").status_code == 403
        assert newcomer.post("/sign-out", data={"csrf": csrf_of(newcomer)}).headers["location"] == "/sign-in"
