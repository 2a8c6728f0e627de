"""Uploads that do not come to an end hold few places, for a while, and nobody else up."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack
from urllib.parse import urlsplit

import httpx
import pytest
from api_house import BUSINESS, House, folder_in_memory, served
from console_house import add_user

from tongguan.service.console import guard
from tongguan.service.permission import csrf_of

V1 = "/api/v1"
ASKED = "kind=file&name=a&media_type=text/plain"


@pytest.fixture(scope="module")
def house() -> Iterator[House]:
    with folder_in_memory() as folder:
        yield House(folder)


@pytest.fixture(scope="module")
def address(house: House) -> Iterator[str]:
    with served(house.app) as address:
        yield address


def begin(address: str, session: str) -> socket.socket:
    """An upload of which three bytes come."""
    parts = urlsplit(address)
    raw = socket.create_connection((parts.hostname, parts.port), 10)
    raw.sendall(
        f"POST {V1}/evidence?{ASKED} HTTP/1.1\r\nHost: localhost\r\nCookie: tongguan_session={session}\r\n"
        f"X-CSRF-Token: {csrf_of(session)}\r\nContent-Length: 100000000\r\n\r\nabc".encode()
    )
    return raw


def upload(client: httpx.Client) -> httpx.Response:
    return client.post(f"{V1}/evidence?{ASKED}", content=b"a small one")


def until(client: httpx.Client, status: int) -> httpx.Response:
    """Upload until it goes as expected: the other connections take a moment to be seen."""
    ends = time.monotonic() + 10
    while (answer := upload(client)).status_code != status and time.monotonic() < ends:
        time.sleep(0.05)
    return answer


def test_slow_uploads_hold_up_nobody_but_uploads(house: House, address: str) -> None:
    officers = [add_user(house.trust, house.name(), "compliance_officer") for _ in range(5)]
    with ExitStack() as open_, house.caller(address, officers[0]) as mine, house.caller(address, officers[4]) as other:
        sessions = [house.session(officer) for officer in officers[:4]]
        raws = [open_.enter_context(begin(address, session)) for session in sessions for _ in range(11)]
        own = until(mine, 429)
        assert own.status_code == 429 and own.json()["error"]["kind"] == "too_many" and own.headers["retry-after"]
        assert "两个上传" in own.json()["error"]["text"]["zh"]
        busy = until(other, 503)
        assert busy.status_code == 503 and busy.json()["error"]["kind"] == "busy" and busy.headers["retry-after"]
        began = time.monotonic()
        assert httpx.get(f"{address}/sign-in").status_code == 200 and mine.get(f"{V1}/me").status_code == 200
        assert time.monotonic() - began < 5
        for raw in raws:
            raw.close()
        assert until(other, 201).status_code == 201 and until(mine, 201).status_code == 201  # the places are free again
    assert len(house.trust.evidence.list(BUSINESS)) >= 2


def test_an_upload_that_trickles_is_cut(house: House, address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guard, "PIECE_S", 0.5)
    officer = add_user(house.trust, house.name(), "compliance_officer")
    with begin(address, house.session(officer)) as raw, begin(address, house.session(officer)) as silent:
        told = b""
        began = time.monotonic()
        raw.settimeout(0.05)
        while b"too_slow" not in told and time.monotonic() - began < 10:
            if not told:
                raw.sendall(b"x" * 500)  # some 10 kB a second: fast enough for a form, too slow for an upload
            try:
                told += raw.recv(4000)
            except TimeoutError:
                continue
        assert told.startswith(b"HTTP/1.1 408") and b"too_slow" in told
        silent.settimeout(10)
        assert silent.recv(4000).startswith(b"HTTP/1.1 408")
    with house.caller(address, officer) as client:
        assert until(client, 201).status_code == 201
