"""The audit page: search, heads and witnesses, anchors, and the whole log for outsiders."""

from __future__ import annotations

import io
import os
import socket
import subprocess
import tarfile
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from console_house import AUDITOR, OFFICER, add_user, form_token, new_app, signed_in
from fastapi import FastAPI

from tongguan import china_time
from tongguan.trust.audit import AuditLog
from tongguan.trust.audit.anchor.anchoring import deploy
from tongguan.trust.audit.cosignature import Cosigner
from tongguan.trust.audit.offline import verify_export
from tongguan.trust.audit.witness import Witness
from tongguan.trust.audit.witness_server import WitnessServer
from tongguan.trust.settings import Anchor
from tongguan.trust.settings import Witness as Setting

ROOT = Path(__file__).parents[2]
ANVIL = Path(os.environ.get("TONGGUAN_ANVIL") or ROOT / "node_modules/@foundry-rs/anvil-linux-amd64/bin/anvil")
KEY = "0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80"  # anvil's well-known first test account


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> FastAPI:
    made = new_app(tmp_path_factory.mktemp("audit"), inspected=False)
    trust = made.state.console.trust
    add_user(trust, "keeper", "security_administrator")
    trust.audit.append_many([("decision", f"user{n % 3}", {"n": n, "file": f"Probe-{n}.pcap"}) for n in range(130)])
    return made


@pytest.fixture(scope="module")
def auditor(app: FastAPI) -> Iterator[httpx.Client]:
    with signed_in(app, AUDITOR) as client:
        yield client


def post(client: httpx.Client, path: str) -> httpx.Response:
    return client.post(path, data={"csrf": form_token(client.get("/profile").text)})


def found(client: httpx.Client, query: str) -> dict:
    return client.get(f"/audit.json?{query}").json()["list"]


def test_a_search_by_kind_actor_words_and_days(auditor: httpx.Client) -> None:
    assert [row["body"]["n"] for row in found(auditor, "words=probe-12")["rows"]] == [*range(129, 119, -1), 12]
    both = found(auditor, "words=probe-12&actor=user0&kind=decision,run")
    assert {row["actor"] for row in both["rows"]} == {"user0"} and both["total"] == 5 and both["exact"]
    several = found(auditor, "kind=run&kind=decision&size=100")
    assert {row["kind"] for row in several["rows"]} == {"decision"} and several["total"] == 131
    assert found(auditor, "kind=run&kind=decision&words=sources")["rows"][0]["kind"] == "run"
    today = china_time.today()
    day = timedelta(days=1)
    assert found(auditor, f"since={today}&until={today}&kind=decision")["total"] == 130
    assert found(auditor, f"until={today - day}")["rows"] == [] == found(auditor, f"since={today + day}")["rows"]
    assert found(auditor, "actor=nobody")["total"] == 0


def test_pages_follow_each_other_without_gaps(auditor: httpx.Client) -> None:
    seen, before = [], ""
    while True:
        page = found(auditor, f"kind=decision&size=50&before={before}")
        seen += [row["body"]["n"] for row in page["rows"]]
        if page["next"] is None:
            break
        before = page["next"]
    assert seen == list(range(129, -1, -1))
    html = auditor.get("/audit?kind=decision&size=50").text
    assert "before=" in html and "kind=decision" in html.split("before=")[0].rpartition("href=")[2]


def test_nonsense_is_told_or_left_aside(auditor: httpx.Client) -> None:
    for query in ("since=soon", "until=2026-02-30"):
        answer = auditor.get(f"/audit?{query}")
        assert answer.status_code == 200 and 'role="alert"' in answer.text and "YYYY-MM-DD" in answer.text
        assert auditor.get(f"/audit/export?{query}").status_code == 400
    for query in ("kind=nope", "before=x", "before=99999999999999999999", "size=0", "view=nope", "words=%00%ff",
                  "actor=" + "x" * 3000, "since=0001-01-01", "until=9999-12-31"):  # fmt: skip
        assert auditor.get(f"/audit?{query}").status_code == 200, query


def test_what_was_searched_is_what_is_exported(auditor: httpx.Client) -> None:
    answer = auditor.get("/audit/export?words=probe-12&actor=user0&format=json")
    rows = answer.json()
    assert [row["actor"] for row in rows] == ["user0"] * 5 and rows == sorted(rows, key=lambda row: row["index"])
    entry = auditor.get("/audit.json", params={"entry": answer.headers["x-audit-entry"]}).json()["chosen"]
    assert (
        set(entry["body"]["filter"]) == {"words", "actor"}
        and "probe" not in str(entry["body"])
        and entry["body"]["rows"] == 5
    )


def test_the_whole_log_goes_out_and_holds_elsewhere(app: FastAPI, auditor: httpx.Client, tmp_path: Path) -> None:
    answer = post(auditor, "/audit/tiles")
    assert answer.status_code == 200 and answer.headers["content-type"] == "application/x-tar"
    with tarfile.open(fileobj=io.BytesIO(answer.content)) as archive:
        archive.extractall(tmp_path, filter="data")
    page = auditor.get("/audit.json").json()
    report = verify_export(tmp_path, page["verifier"])
    assert report.ok and report.authenticated and report.size > 130
    outside = auditor.get("/audit?view=outside").text
    assert page["verifier"] in outside and 'action="/audit/tiles"' in outside
    assert app.state.console.trust.audit.entry(int(answer.headers["x-audit-entry"])).kind == "export"


def test_who_may_not_sees_no_button_and_is_refused(app: FastAPI) -> None:
    for user in (OFFICER, "keeper"):
        with signed_in(app, user) as client:
            assert client.get("/audit").status_code == 403
            for path in ("/audit/tiles", "/audit/cosign", "/audit/anchor", "/audit/anchor/check", "/audit/verify"):
                assert post(client, path).status_code == 403, path


def test_a_verification_also_holds_the_records_against_the_log(tmp_path: Path) -> None:
    app = new_app(tmp_path, inspected=False)
    trust = app.state.console.trust
    with signed_in(app, AUDITOR) as auditor:

        def problems() -> list[dict[str, str]]:
            token = form_token(auditor.get("/audit").text)
            answer = auditor.post("/audit/verify", data={"csrf": token})
            return auditor.get(answer.headers["location"], headers={"accept": "application/json"}).json()["verified"]

        assert problems()["ok"], problems()
        user = trust.identity.by_name(OFFICER).id
        with trust.database.write() as connection:  # as somebody with the file would
            connection.exec_driver_sql("update grants set role = 'viewer' where user_id = ?", (user,))
        found = problems()
        assert not found["ok"] and any("officer" in problem["zh"] for problem in found["problems"])


def test_a_form_from_elsewhere_does_nothing(auditor: httpx.Client) -> None:
    for path in ("/audit/tiles", "/audit/cosign", "/audit/anchor", "/audit/anchor/check"):
        assert auditor.post(path, data={"csrf": "0" * 64}).status_code == 403


def test_without_chain_and_witnesses_the_page_says_how(auditor: httpx.Client) -> None:
    anchors = auditor.get("/audit?view=anchors").text
    assert "rpc:" in anchors and 'action="/audit/anchor"' not in anchors
    heads = auditor.get("/audit?view=heads").text
    assert "witnesses:" in heads and 'action="/audit/cosign"' not in heads and "tongguan/audit-" in heads
    for path in ("/audit/cosign", "/audit/anchor", "/audit/anchor/check"):
        answer = post(auditor, path)
        assert answer.status_code == 400 and 'role="alert"' in answer.text


def test_witnesses_cosign_and_are_named(app: FastAPI, auditor: httpx.Client, tmp_path: Path, monkeypatch) -> None:
    trust = app.state.console.trust
    key = Cosigner(b"w" * 32, "witness.example/w")
    with AuditLog(tmp_path / "theirs.db") as theirs:
        witness = Witness(tmp_path / "witnessed", key, [trust.audit.verifier], theirs.append)
        server = WitnessServer(witness, "127.0.0.1", 0)
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        settings = (
            Setting("w", key.verifier, f"http://127.0.0.1:{server.server_address[1]}"),
            Setting("gone", Cosigner(b"g" * 32).verifier, "http://127.0.0.1:9"),
            Setting("strange", "no key"),
        )
        monkeypatch.setattr(trust, "settings", replace(trust.settings, witnesses=settings))
        answer = post(auditor, "/audit/cosign")
        server.shutdown()
        server.server_close()
        thread.join(10)
    assert answer.status_code == 200 and "w 已签名" in answer.text and "gone 未签名" in answer.text
    heads = auditor.get("/audit.json?view=heads").json()["heads"]
    assert [one["names"] for one in heads["cosigned"]] == [["w"]] and heads["cosigned"][0]["ours"]
    assert [one["size"] for one in heads["witnesses"]] == [heads["cosigned"][0]["size"], None, None]
    assert [one["valid"] for one in heads["witnesses"]] == [True, True, False]
    monkeypatch.setattr(trust, "settings", replace(trust.settings, witnesses=settings[1:]))
    stranger = auditor.get("/audit.json?view=heads").json()["heads"]["cosigned"][0]
    assert stranger["names"] == [] and stranger["others"] == ["witness.example/w"]


@pytest.fixture
def chain() -> Iterator[str]:
    if not ANVIL.exists():
        pytest.skip("no anvil; npm ci brings it")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    process = subprocess.Popen([ANVIL, "--port", str(port), "--silent"], stdout=subprocess.DEVNULL)
    try:
        until = time.monotonic() + 20
        while True:
            try:
                httpx.post(url, json={"jsonrpc": "2.0", "id": 1, "method": "eth_chainId", "params": []})
                break
            except httpx.HTTPError:
                assert time.monotonic() < until
                time.sleep(0.05)
        yield url
    finally:
        process.terminate()
        process.wait(timeout=10)


def test_a_checkpoint_is_anchored_and_checked(app: FastAPI, auditor: httpx.Client, chain: str, monkeypatch) -> None:
    trust = app.state.console.trust
    monkeypatch.setenv("TONGGUAN_ANCHOR_KEY", KEY)
    monkeypatch.setattr(trust, "settings", replace(trust.settings, anchor=Anchor(rpc=chain)))
    assert "--deploy" in auditor.get("/audit?view=anchors").text
    early = post(auditor, "/audit/anchor")
    assert early.status_code == 400 and 'role="alert"' in early.text
    deploy(trust.audit, trust.settings.anchor, trust.record, "root")
    done = post(auditor, "/audit/anchor")
    assert done.status_code == 303, done.text
    page = auditor.get(done.headers["location"])
    shown = auditor.get("/audit.json?view=anchors").json()["anchors"]
    receipt = shown["receipts"][0]
    assert (receipt["chain_id"], receipt["ours"], shown["total"]) == (31337, True, 1)
    assert receipt["transaction"][:18] in page.text and str(receipt["block"]) in page.text
    checked = post(auditor, "/audit/anchor/check")
    assert checked.status_code == 200 and 'class="verdict good"' in checked.text
    assert trust.audit.entries(0, 1, kind="anchor_check")[0].body["ok"] is True
    monkeypatch.setattr(trust, "settings", replace(trust.settings, anchor=Anchor(rpc="http://127.0.0.1:9")))
    away = post(auditor, "/audit/anchor/check")
    assert away.status_code == 400 and 'role="alert"' in away.text
    receipts = trust.home / "anchors" / "receipts.jsonl"
    receipts.write_text("nonsense\n")
    damaged = auditor.get("/audit?view=anchors")
    assert damaged.status_code == 200 and 'role="alert"' in damaged.text
