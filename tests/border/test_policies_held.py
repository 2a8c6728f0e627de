"""Exchanges held against policies: rows, alerts by rule and recipient, what nobody can decide, kinds of documents."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import border_scenes
import pyarrow as pa
import pytest
from border_scenes import MEMBERS, OUTSIDE, RETAILER, at, org_of

from tongguan.border import (
    HeldBatch,
    InForce,
    Ledger,
    LedgerBatch,
    Locator,
    Watch,
    kinds_by_recipient,
    reconcile,
    summarise,
)
from tongguan.border.reconcile import alert_dict
from tongguan.identify import Detector, Piece
from tongguan.identify.fingerprints import Stores, TableSegments
from tongguan.identify.fingerprints.policy import parse_policy
from tongguan.model import BlindKind, BlindSpot, Content, Exchange

KEY, DAY = b"a key of tests, long enough to be one", date(2026, 11, 20)
POLICY = {
    "policy": "出境检查",
    "rules": [
        {
            "id": "secret",
            "severity": "high",
            "when": {"keyword": {"any": ["绝密"]}},
            "except": {"recipient": ["parent.example"]},
        },
        {"id": "rows", "severity": "low", "when": {"table": {"index": "customers", "least": 2, "within": 40}}},
        {"id": "zips", "when": {"file_type": ["zip"]}},
        {"id": "mail", "when": {"all": [{"sender": ["bad.example"]}, {"keyword": {"any": ["附件"]}}]}},
    ],
}
LUMORA, PARENT = "api.lumora.example", "api.parent.example"


def sent(text: str, to: str = LUMORA, *, hidden: bool = False, name: str | None = None, **more: Any) -> Exchange:
    data = text.encode()
    spots = (BlindSpot(BlindKind.ENCRYPTED, "x"),) if hidden else ()
    made = border_scenes.exchange(
        MEMBERS, OUTSIDE, names=(to,), application=to, blind_spots=spots, size=len(data), **more
    )
    return replace(made, contents=(Content(name, "", len(data), data),) if text else ())


def tables(folder: Path) -> dict[str, TableSegments]:
    stores = Stores(folder / "fingerprints", KEY)
    rows = pa.RecordBatch.from_pydict({"姓名": ["王小明", "李雷雷"], "手机": ["13800138000", "13900139000"]})
    stores.make_table("customers", [rows], by="t", source="t")
    known = stores.open("customers")
    assert isinstance(known, TableSegments)
    return {"customers": known}


def watch_of(folder: Path, *, loaded: bool = True, kinds: bool = False, policy: dict[str, Any] = POLICY) -> Watch:
    text = json.dumps(policy)
    one = InForce("check", text, parse_policy(text, "check"))
    return Watch([one], tables(folder) if loaded else {}, {}, kinds=kinds)


def run(folder: Path, exchanges: Sequence[Exchange], watch: Watch) -> tuple[Ledger, list[Any], Any]:
    org = org_of(RETAILER, folder)
    locator, detector = Locator(org), Detector(KEY)
    rows, held = LedgerBatch(), HeldBatch(watch)
    taken, pieces, found = [], list[Piece](), []
    for exchange in exchanges:
        held.exchange()
        spans = []
        for content in exchange.contents:
            own = [Piece(content.read().decode())]
            spans.append((len(pieces), len(pieces) + len(own)))
            held.keep(own)
            pieces += own
        taken.append((locator.locate(exchange), spans, []))
    found = detector.scan(pieces)
    held.judge(taken, found, rows)
    for crossing, spans, unseen in taken:
        findings = [f for first, last in spans for i in range(first, last) for f in found[i]]
        rows.add(crossing, findings, (), 1, unseen)
    ledger = Ledger(folder / "ledger")
    ledger.commit("s", 0, rows)
    ledger.close()
    summary = summarise(Ledger(folder / "ledger"), org, DAY)
    alerts = [a for a in reconcile(org, summary, DAY, Ledger(folder / "ledger")) if a.rule == "policy_matched"]
    return Ledger(folder / "ledger"), alerts, summary


def undecided(summary: Any) -> dict[str, int]:
    return {s["where"]: s["count"] for s in summary.to_dict()["blind_spots"] if s["kind"] == "undecided"}


def test_rules_that_fire_are_alerts_by_rule_and_recipient(tmp_path: Path) -> None:
    exchanges = [
        sent("此件绝密，绝密"), sent("此件绝密", ts=at("2026-09-02T12:00")), sent("无关"), sent("此件绝密", PARENT),
        sent("王小明 13800138000；李雷雷 13900139000"), sent("王小明 13900139000", PARENT),
    ]  # fmt: skip
    _, alerts, summary = run(tmp_path, exchanges, watch_of(tmp_path))
    told = {(a.recipient, a.detail["policy_rule"]): a for a in alerts}
    assert set(told) == {("lumora", "secret"), ("lumora", "rows")}
    secret, rows = told["lumora", "secret"], told["lumora", "rows"]
    assert (secret.severity, secret.detail["crossings"], secret.detail["found"]) == ("high", 2, 3)
    assert [row["found"] for row in secret.evidence] == [2, 1]  # the plainest first
    assert "绝密" in secret.evidence[0]["masked"][0]["zh"] and "asked 1" in secret.evidence[0]["masked"][0]["en"]
    assert rows.detail["found"] == 2 and secret.title["zh"].startswith("策略“出境检查”规则 secret 命中：发往Lumora")
    shown = json.dumps([alert_dict(alert) for alert in alerts], ensure_ascii=False)
    assert "王小明" not in shown and "13800138000" not in shown
    assert len({alert_dict(alert)["id"] for alert in alerts}) == 2
    assert undecided(summary) == {}


def test_what_something_hides_is_counted_and_never_silent(tmp_path: Path) -> None:
    exchanges = [sent("", hidden=True), sent("此件绝密", hidden=True), sent("无关", hidden=True), sent("无关")]
    _, alerts, summary = run(tmp_path, exchanges, watch_of(tmp_path))
    assert [a.detail["policy_rule"] for a in alerts] == ["secret"]
    assert undecided(summary) == {"check/secret": 2, "check/rows": 3, "check/zips": 3, "check/mail": 3}


def test_fingerprints_that_are_not_there_are_told(tmp_path: Path) -> None:
    _, alerts, summary = run(tmp_path, [sent("王小明 13800138000"), sent("无关")], watch_of(tmp_path, loaded=False))
    assert alerts == [] and undecided(summary) == {"check/rows": 2}


def test_senders_of_mail_and_formats(tmp_path: Path) -> None:
    mail = "From: Wang <boss@bad.example>\r\nTo: x@lumora.example\r\nSubject: y\r\n\r\n见附件"
    exchanges = [
        sent(mail, "lumora.example", protocol="smtp"), sent(mail.replace("bad.", "good."), "lumora.example", protocol="smtp"),
        sent("PK\x03\x04 and so on", name="a.zip"),
    ]  # fmt: skip
    _, alerts, _ = run(tmp_path, exchanges, watch_of(tmp_path))
    assert sorted((a.recipient, a.detail["policy_rule"], a.detail["crossings"]) for a in alerts) == [
        ("lumora", "mail", 1), ("lumora", "zips", 1),
    ]  # fmt: skip


def test_kinds_of_documents_by_recipient(tmp_path: Path) -> None:
    log = "".join(f"2026-11-0{d} 12:00:0{d} INFO service started in {d} ms\n" for d in range(1, 9))
    exchanges = [sent(log), sent(log), sent("短"), sent(log, PARENT)]
    ledger, _, summary = run(tmp_path, exchanges, watch_of(tmp_path, kinds=True))
    assert kinds_by_recipient(ledger, summary.window) == {"lumora": {"log": 2, "unknown": 1}, "parent": {"log": 1}}


def test_an_exchange_that_is_too_long_is_not_passed_in_silence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import tongguan.border.policies as module

    monkeypatch.setattr(HeldBatch.exchange, "__code__", (lambda self: setattr(self, "_room", 1000)).__code__)
    _, alerts, summary = run(tmp_path, [sent("x" * 5000 + "绝密"), sent("绝密")], watch_of(tmp_path))
    assert [a.detail["crossings"] for a in alerts] == [1]
    assert undecided(summary)["check/secret"] == 1 and module._ROOM > 1 << 20


def test_marks_tell_policies_and_stores_apart(tmp_path: Path) -> None:
    other = {**POLICY, "rules": POLICY["rules"][:1]}
    marks = {
        watch_of(tmp_path / "a").mark,
        watch_of(tmp_path / "b", policy=other).mark,
        watch_of(tmp_path / "c", kinds=True).mark,
    }
    assert len(marks) == 3 and Watch([], {}, {}).mark == ""
    assert Watch([], {}, {}, stores=["a 1"]).mark != Watch([], {}, {}, stores=["a 2"]).mark


def test_many_exchanges_are_as_few(tmp_path: Path) -> None:
    pick = random.Random(3)
    texts = [pick.choice(["绝密", "无关", "王小明 13800138000", "王小明"]) for _ in range(400)]
    _, alerts, _ = run(tmp_path, [sent(text) for text in texts], watch_of(tmp_path))
    counts = {a.detail["policy_rule"]: a.detail["crossings"] for a in alerts}
    assert counts == {"secret": texts.count("绝密"), "rows": texts.count("王小明 13800138000")}
