"""What the console refuses, and what it never says."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from console_house import AUDITOR, OFFICER, PASSWORD, form_token, new_app, signed_in, stranger
from fastapi import FastAPI

from tongguan import service
from tongguan.errors import BadInput, BadSettings, Broken, CannotWrite, TongguanError, Unavailable
from tongguan.service import server
from tongguan.service.console.address import local

PAGES = ["/", "/flows", "/recipients", "/recipient?id=lumora", "/decide", "/alerts", "/coverage", "/audit"]


@pytest.fixture
def outside(app: FastAPI) -> Iterator[httpx.Client]:
    with stranger(app) as client:
        yield client


@pytest.mark.parametrize("path", [*PAGES, "/flows/export", "/audit/proof/0"])
def test_nothing_is_shown_to_a_stranger(outside: httpx.Client, path: str) -> None:
    answer = outside.get(path)
    assert answer.status_code == 303 and answer.headers["location"].startswith("/sign-in")
    assert outside.get(path, headers={"accept": "application/json"}).status_code == 401
    outside.cookies.set("tongguan_session", "guessed")
    assert outside.get(path).status_code == 303


def test_headers(client: httpx.Client) -> None:
    for path in (*PAGES, "/static/kit.css", "/nope", "/sign-in", "/api/v1/session", "/api/v1/me", "/api/nope"):
        headers = client.get(path).headers
        policy = dict(part.strip().partition(" ")[::2] for part in headers["content-security-policy"].split(";"))
        assert policy["script-src"] == policy["style-src"] == policy["default-src"] == "'self'"
        assert policy["frame-ancestors"] == policy["object-src"] == policy["base-uri"] == "'none'"
        assert headers["x-content-type-options"] == "nosniff" and headers["referrer-policy"] == "same-origin"
        assert headers["cache-control"] == ("no-cache" if "static" in path else "no-store")
        assert "server" not in headers


def test_the_session_cookie(outside: httpx.Client) -> None:
    token = form_token(outside.get("/sign-in").text)
    answer = outside.post("/sign-in", data={"user": OFFICER, "password": PASSWORD, "csrf": token, "next": "/flows"})
    assert answer.headers["location"] == "/flows"
    cookie = next(c for c in answer.headers.get_list("set-cookie") if c.startswith("tongguan_session="))
    assert "httponly" in cookie.lower() and "samesite=strict" in cookie.lower()
    assert outside.get("/flows").status_code == 200
    csrf = form_token(outside.get("/flows").text)
    assert outside.post("/sign-out", data={"csrf": csrf}).status_code == 303
    outside.cookies.set("tongguan_session", cookie.split("=", 1)[1].split(";")[0])
    assert outside.get("/flows").status_code == 303  # the old token is worth nothing


@pytest.mark.parametrize("path", ["/sign-out", "/audit/verify", "/decide"])
@pytest.mark.parametrize("csrf", ["", "0" * 64, "é"])
def test_a_form_from_elsewhere_is_refused(client: httpx.Client, auditor: httpx.Client, path: str, csrf: str) -> None:
    answer = (auditor if "audit" in path else client).post(path, data={"csrf": csrf, "data.persons": "1"})
    assert answer.status_code == 403
    entry = auditor.get("/audit.json").json()["list"]["rows"][0]
    assert entry["kind"] == "denied" and entry["body"] == {"resource": f"POST {path}", "why": "forgery"}


def test_a_denial_holds_the_route_and_nothing_that_was_typed(client: httpx.Client, auditor: httpx.Client) -> None:
    assert client.post("/profile/keys/13800138000/remove", data={"csrf": "x"}).status_code == 403
    entry = auditor.get("/audit.json").json()["list"]["rows"][0]
    assert entry["body"] == {"resource": "POST /profile/keys/{key_id}/remove", "why": "forgery"}


def test_the_sign_in_form_from_elsewhere_is_refused(outside: httpx.Client) -> None:
    good = {"user": OFFICER, "password": PASSWORD}
    assert outside.post("/sign-in", data={**good, "csrf": "x"}).status_code == 403
    outside.get("/sign-in")
    assert outside.post("/sign-in", data={**good, "csrf": "x"}).status_code == 403


@pytest.mark.parametrize(
    "host",
    [
        "localhost:1@evil.example",
        "localhost:",
        "localhost:8600:1",
        "[::1]x",
        "evil.example",
        "127.0.0.1.evil.example",
        "",
        "[::2]:8600",
        "10.0.0.1",
    ],
)
def test_other_host_names_are_refused(client: httpx.Client, host: str) -> None:
    answer = client.get("/flows", headers={"host": host})
    assert answer.status_code == 400 and "星野" not in answer.text


@pytest.mark.parametrize("host", ["localhost:8600", "127.0.0.1", "[::1]:8600", "LOCALHOST"])
def test_loopback_names_are_answered(client: httpx.Client, host: str) -> None:
    assert client.get("/flows", headers={"host": host}).status_code == 200


def test_too_large_a_body_is_refused(client: httpx.Client) -> None:
    big = {"csrf": "x", "date": "9" * 1_100_000}
    assert client.post("/decide", data=big).status_code == 413
    assert client.post("/decide", content=(b"a" * 1000 for _ in range(1200))).status_code in (403, 413)
    with socket.create_connection((client.base_url.host, client.base_url.port), 10) as raw:
        raw.sendall(b"POST /decide HTTP/1.1\r\nHost: localhost\r\nContent-Length: -5\r\n\r\n")
        assert raw.recv(100).startswith((b"HTTP/1.1 400", b"HTTP/1.1 413"))


def test_wrong_passwords_wait_longer(tmp_path: Path) -> None:
    with stranger(new_app(tmp_path)) as client:
        seen = []
        for _ in range(7):
            token = form_token(client.get("/sign-in").text)
            answer = client.post("/sign-in", data={"user": OFFICER, "password": "no such one", "csrf": token})
            seen.append(answer.status_code)
        assert seen[:5] == [401] * 5 and 429 in seen[5:]
        assert int(answer.headers.get("retry-after", 1)) >= 1
        assert "no such one" not in answer.text


def test_one_address_may_try_only_so_often(tmp_path: Path) -> None:
    with stranger(new_app(tmp_path, settings="service: {sign_ins_per_minute: 2}")) as client:
        seen = []
        for name in ("one", "two", "three"):
            token = form_token(client.get("/sign-in").text)
            answer = client.post("/sign-in", data={"user": name, "password": "p", "csrf": token})
            seen.append(answer.status_code)
        assert seen == [401, 401, 429] and int(answer.headers["retry-after"]) >= 1
        again = client.post("/api/v1/session", json={"name": "four", "password": "p"})
        assert again.status_code == 429 and again.json()["error"]["kind"] == "too_many"


@pytest.mark.parametrize(
    "bad", ["//evil.example", "https://evil.example", "/\\evil.example", "evil", "/sign-in", "/a\nb"]
)
def test_nobody_is_sent_elsewhere_after_sign_in(bad: str) -> None:
    assert local(bad) == "/"
    assert local("/flows?q=1") == "/flows?q=1"


@pytest.mark.parametrize(
    "path",
    ["/static/../app.py", "/static/%2e%2e/app.py", "/static/..%2fapp.py", "/static//etc/passwd", "/static/%2fetc/passwd",
     "/static/..%5capp.py", "/static/%00", "/static/"],
)  # fmt: skip
def test_no_file_outside_the_folder_is_served(outside: httpx.Client, path: str) -> None:
    answer = outside.request("GET", httpx.URL(str(outside.base_url).rstrip("/") + path))
    assert answer.status_code in (303, 404) and "import" not in answer.text and "root:" not in answer.text


@pytest.mark.parametrize(
    "text", ["<script>alert(1)</script>", '"><img src=x onerror=1>', "' or 1=1 --", "%", "\\", "{{7*7}}"]
)
def test_what_is_typed_comes_back_as_text(client: httpx.Client, text: str) -> None:
    for path, name in (("/flows", "q"), ("/flows", "row"), ("/recipients", "q"), ("/coverage", "q"), ("/decide", "date"),
                       ("/flows", "recipient"), ("/alerts", "rule")):  # fmt: skip
        answer = client.get(path, params={name: text})
        assert answer.status_code == 200, path
        assert "<script>alert" not in answer.text and "<img src=x" not in answer.text and "49" not in text
    assert client.get("/flows.json", params={"q": "' or 1=1 --"}).json()["list"]["total"] == 0


def test_a_fault_is_a_calm_page_without_its_message(
    client: httpx.Client, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    from tongguan.service.console import flowlist

    def broken(*_: object) -> None:
        raise RuntimeError("510101199001011234")

    monkeypatch.setattr(flowlist, "flows", broken)
    answer = client.get("/flows")
    assert answer.status_code == 500 and "Traceback" not in answer.text and "510101199001011234" not in answer.text
    assert client.get("/flows.json").json()["error"]["status"] == 500
    assert "510101199001011234" not in caplog.text and "RuntimeError" in caplog.text


FULL = "cannot use /srv/secret/home/trust.db: database or disk is full"


@pytest.mark.parametrize("error", [CannotWrite(FULL), Unavailable(FULL), Broken(FULL), BadSettings(FULL)])
def test_what_is_wrong_with_our_records_is_told_to_those_who_are_signed_in_only(
    tmp_path: Path, error: TongguanError, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise error

    app = new_app(tmp_path)
    identity, audit = app.state.console.trust.identity, app.state.console.trust.audit
    with signed_in(app, AUDITOR) as auditor:
        monkeypatch.setattr(identity, "sign_in", broken)
        monkeypatch.setattr(type(audit), "search", broken)
        with httpx.Client(base_url=auditor.base_url, timeout=30) as outside:
            csrf = form_token(outside.get("/sign-in").text)
            page = outside.post("/sign-in", data={"user": "x", "password": "y", "csrf": csrf})
            call = outside.post("/api/v1/session", json={"name": "x", "password": "y"})
            for answer in (page, call):
                assert (
                    answer.status_code in (500, 503) and "secret" not in answer.text and "trust.db" not in answer.text
                )
            assert "<h1>" in page.text and all(call.json()["error"]["text"].values())
        told = auditor.get("/api/v1/audit/entries")
        assert told.status_code in (500, 503) and told.json()["error"]["text"]["en"] == FULL
        assert FULL in auditor.get("/audit").text
        monkeypatch.setattr(identity, "session", broken)  # so nobody knows who it is
        page, call = auditor.get("/audit"), auditor.get("/api/v1/audit/entries")
        for answer in (page, call):
            assert answer.status_code in (500, 503) and "secret" not in answer.text
        assert "<h1>" in page.text


def test_there_is_no_machine_description_to_probe(client: httpx.Client) -> None:
    for path in ("/docs", "/redoc", "/openapi.json"):
        assert client.get(path).status_code == 404


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "example.com", ""])
def test_only_loopback_is_served_unless_asked(tmp_path: Path, host: str) -> None:
    with pytest.raises(BadInput, match="loopback"):
        service.serve(tmp_path, tmp_path / "org.yaml", tmp_path, host, 0)
    assert list(tmp_path.iterdir()) == []


def test_serve_says_where_and_the_first_password_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    import uvicorn

    monkeypatch.setattr(uvicorn.Server, "run", lambda self, sockets: [s.close() for s in sockets])
    for expected in (True, False):
        service.serve(tmp_path / "workspace", tmp_path / "org.yaml", tmp_path, "127.0.0.1", 0)
        printed = capsys.readouterr().out
        assert "http://127.0.0.1:" in printed
        for name in ("sysadmin", "secadmin", "auditor", "officer"):
            assert (f"{name} / " in printed) is expected


def test_a_taken_port_is_one_clear_message(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(CannotWrite, match="--port"):
        service.serve(tmp_path, tmp_path / "org.yaml", tmp_path, "127.0.0.1", taken.getsockname()[1])
    assert server._is_loopback("localhost") and server._is_loopback("::1") and not server._is_loopback("::")


def test_a_workspace_that_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(BadInput, match="not a folder"):
        service.create_app(tmp_path / "file", tmp_path / "org.yaml", tmp_path)


def test_masked_samples_are_all_that_is_shown(tmp_path: Path) -> None:
    with signed_in(new_app(tmp_path)) as client:
        page = client.get("/flows?view=exchanges&row=C0-1-0&tab=evidence").text
        assert "5101**********2815" in page and 'class="mask"' in page
