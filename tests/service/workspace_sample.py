"""A made-up workspace of a made-up retailer, shaped as `tongguan inspect` leaves one."""

from __future__ import annotations

import json
import random
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from tongguan.border.rows import SCHEMAS

AS_OF = "2026-11-20"
CONTRACT = "standard_contract_or_certification"
MASKED = {"phone": "138****2207", "id_card": "5101**********2815", "email": "li***@example.com", "imei": "86******1207",
          "person_name": "李*", "bank_card": "6222********0017", "address": "成都市****"}  # fmt: skip
RULES = "促进和规范数据跨境流动规定"
LAST = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)  # 17:00 in Beijing


def count(number: int, low: int | None = None, high: int | None = None) -> dict[str, int]:
    return {"count": number, "low": number if low is None else low, "high": number if high is None else high}


def decision(pathway: str, article: str, zh: str, en: str, missing: list[str] | None = None) -> dict[str, Any]:
    facts = {
        "activity.act": "transmission", "recipient.country": "US", "data.personal": True, "data.state_secret": False,
        "data.core": False, "exporter.ciio": False, "data.important": False, "data.persons": 842316,
        "data.sensitive_persons": 6284,
    }  # fmt: skip
    return {
        "date": AS_OF,
        "regime": "2024",
        "pathway": pathway,
        "options": ["standard_contract", "certification"] if pathway == CONTRACT else [],
        "reasons": [
            {"instrument": RULES, "article": article, "rule": "R", "facts": facts, "text": {"zh": zh, "en": en}}
        ],
        "missing": missing or [],
        "obligations": [
            {
                "what": "notice_and_consent",
                "instrument": "个人信息保护法",
                "article": "第三十九条",
                "due": "before_export",
                "text": {"zh": "告知并取得单独同意", "en": "Give notice and obtain separate consent"},
            }
        ],
        "warnings": [],
        "would_change": [
            {
                "fact": "data.persons",
                "value": 1000000,
                "pathway": "security_assessment",
                "text": {"zh": "累计到 100 万人：安全评估", "en": "Reaching 1,000,000 persons: security assessment"},
            }
        ],
    }


ASSESS = decision(
    CONTRACT,
    "第八条",
    "10 万人以上不满 100 万人，且敏感个人信息不满 1 万人：订立标准合同，或通过个人信息保护认证。",
    "100,000 or more but fewer than 1,000,000 persons, and fewer than 10,000 of sensitive data: standard contract or "
    "certification.",
)
EXEMPT = decision(
    "exempt",
    "第五条",
    "为订立、履行个人作为一方的合同确需提供。",
    "Needed for a contract with the person.",
)
OPEN = decision(
    "undetermined",
    "第五条",
    "人力资源管理情形缺一项条件。",
    "One condition of the HR ground is not known.",
    ["activity.conditions.collective_contract"],
)

# id, name, country, basis, persons, sensitive, types, crossings, bytes, activity, decision, exempt, filed, differences
RECIPIENTS: list[dict[str, Any]] = [
    {
        "id": "lumora", "name": "Lumora Analytics, Inc.", "country": "US", "basis": "register", "confidence": 1.0,
        "persons": count(648930, 645000, 656000), "sensitive_persons": count(0),
        "types": ["phone", "id_card", "email", "imei"], "sensitive_types": [],
        "type_persons": {"phone": 412006, "id_card": 3117, "email": 501933, "imei": 287540},
        "crossings": 483400, "bytes": 392_200_000_000, "activity": "ACT-2026-014",
        "activities": ["ACT-2026-014", "ACT-2026-015"],
        "filed": {"path": "standard_contract", "number": "蜀-2026-0312", "persons": 500000,
                  "types": ["phone", "email", "imei"], "expires": "2029-03-12"},
        "differences": [{"kind": "type_not_filed", "types": ["id_card"]},
                        {"kind": "scale_above_filed",
                         "persons": {"filed": 500000, "seen": count(648930, 645000, 656000)}}],
        "exempt": False, "decision": ASSESS,
    },
    {
        "id": "xingye-intl", "name": "星野国际", "country": "SG", "basis": "register", "confidence": 1.0,
        "persons": count(331240, 329000, 334000), "sensitive_persons": count(6284, 6190, 6910),
        "types": ["person_name", "phone", "bank_card"], "sensitive_types": ["bank_card"],
        "type_persons": {"person_name": 268900, "phone": 268900, "bank_card": 6284},
        "crossings": 104980, "bytes": 155_300_000_000, "activity": "ACT-2026-003", "activities": ["ACT-2026-003"],
        "filed": {"path": "standard_contract", "number": "蜀-2026-0107", "persons": 400000,
                  "types": ["person_name", "phone", "bank_card"], "expires": "2028-01-07"},
        "differences": [], "exempt": False, "decision": ASSESS,
    },
    {
        "id": "ganxian", "name": "港线履约", "country": "HK", "basis": "register", "confidence": 1.0,
        "persons": count(421700, 420000, 423000), "sensitive_persons": count(0),
        "types": ["person_name", "phone", "address"], "sensitive_types": [],
        "type_persons": {"person_name": 421700, "phone": 421700, "address": 421700},
        "crossings": 1036220, "bytes": 22_900_000_000, "activity": "ACT-2026-006", "activities": ["ACT-2026-006"],
        "filed": {"path": "exempt", "number": "", "persons": 0, "types": ["person_name", "phone", "address"],
                  "expires": ""},
        "differences": [], "exempt": True, "decision": EXEMPT,
    },
    {
        "id": "nordkai", "name": "Nordkai Logistik", "country": "DE", "basis": "certificate", "confidence": 0.9,
        "persons": count(184200, 183000, 185000), "sensitive_persons": count(0),
        "types": ["person_name", "phone", "address"], "sensitive_types": [],
        "type_persons": {"person_name": 184200, "phone": 184200, "address": 184200},
        "crossings": 201455, "bytes": 8_400_000_000, "activity": "ACT-2026-007", "activities": ["ACT-2026-007"],
        "filed": None, "differences": [], "exempt": True, "decision": EXEMPT,
    },
    {
        "id": "pagewell", "name": "Pagewell HR", "country": "IE", "basis": "register", "confidence": 1.0,
        "persons": count(11840, 11800, 11900), "sensitive_persons": count(0),
        "types": ["person_name"], "sensitive_types": [], "type_persons": {"person_name": 11840},
        "crossings": 5212, "bytes": 3_000_000_000, "activity": "ACT-2026-009", "activities": ["ACT-2026-009"],
        "filed": None, "differences": [], "exempt": False, "decision": OPEN,
    },
    {
        "id": None, "name": "quillmark.example", "country": None, "basis": "sni", "confidence": 0.5,
        "persons": count(9310, 8000, 11000), "sensitive_persons": count(0),
        "types": ["phone"], "sensitive_types": [], "type_persons": {"phone": 9310},
        "crossings": 418, "bytes": 600_000_000, "activity": None, "activities": [],
        "filed": None, "differences": [{"kind": "recipient_unknown"}], "exempt": False, "decision": OPEN,
    },
]  # fmt: skip
# system, index of the recipient, persons, bytes, crossings
FLOWS = [
    ("会员中心", 0, 612480, 318_200_000_000, 482116), ("数据仓库", 0, 88200, 74_000_000_000, 1284),
    ("会员中心", 1, 268900, 41_700_000_000, 96402), ("数据仓库", 1, 143600, 112_500_000_000, 648),
    ("客服工单", 1, 6284, 1_100_000_000, 7930), ("订单中台", 2, 421700, 22_900_000_000, 1036220),
    ("订单中台", 3, 184200, 8_400_000_000, 201455), ("人力资源系统", 4, 11840, 3_000_000_000, 5212),
    ("客服工单", 5, 9310, 600_000_000, 418),
]  # fmt: skip


def result() -> dict[str, Any]:
    moments = {"first": "2026-01-04T01:12:00Z", "last": "2026-11-20T08:58:00Z"}
    recipients = [{**r, **moments} for r in RECIPIENTS]
    flows = [
        {
            "system": system, "recipient": recipients[i]["name"], "recipient_id": recipients[i]["id"],
            "country": recipients[i]["country"], "persons": persons, "bytes": size, "crossings": crossings,
            "pathway": recipients[i]["decision"]["pathway"],
        }
        for system, i, persons, size, crossings in FLOWS
    ]  # fmt: skip
    return {
        "version": 1, "as_of": AS_OF, "generated": "2026-11-20T09:02:11Z",
        "exporter": {"name": "星野零售（成都）有限公司", "city": "成都", "ciio": False, "zone": None},
        "run": {"id": "R-0001", "sources": [{"path": "captures/edge.pcapng", "kind": "capture", "size": 41_600_000}],
                "seconds": 12.4, "window": ["2026-01-01", AS_OF], "audit": {"index": 0, "root": "ab" * 32}},
        "coverage": {
            "packets": 1_204_311, "bytes": 612_000_000, "flows": 19_204, "exchanges": 15_640, "read": 14_436,
            "unread": 1_204, "unread_bytes": 44_000_000,
            "directions": {"export": 9000, "import": 2100, "inside": 4400, "outside": 20, "undetermined": 120},
            "from": "2026-11-19T16:00:00Z", "to": "2026-11-20T09:00:00Z", "detectors_off": ["biometric"],
        },
        "totals": {
            "exchanges": 15_640, "crossings": 1_831_685, "bytes": 582_400_000_000,
            "persons": count(1_544_200, 1_540_000, 1_561_000), "sensitive_persons": count(6284, 6190, 6910),
            "counted": {"persons": count(842316, 838000, 863000), "sensitive_persons": count(6284, 6190, 6910)},
            "exempt": {"persons": count(702200, 700000, 705000), "sensitive_persons": count(0)},
        },
        "decision": ASSESS,
        "recipients": recipients,
        "flows": flows,
        "alerts": alerts(),
        "blind_spots": [
            {"kind": "encrypted", "count": 1204, "where": "10.21.4.18:51244 → 203.0.113.44:443", "detail": "tls",
             "size": 44_000_000},
            {"kind": "truncated", "count": 218, "where": "captures/edge.pcapng", "detail": "snaplen", "size": 92000},
            {"kind": "unreadable", "count": 37, "where": "mail/archive.zip", "detail": "password", "size": 3_100_000},
            {"kind": "location_unknown", "count": 418, "where": "198.51.100.7", "detail": "anycast", "size": 0},
        ],
    }  # fmt: skip


def alerts() -> list[dict[str, Any]]:
    def evidence(uid: str, operation: str, application: str, types: list[str], masked: list[str]) -> dict[str, Any]:
        return {"exchange": uid, "ts": "2026-11-20T08:42:08Z", "operation": operation, "application": application,
                "types": types, "masked": masked}  # fmt: skip

    def alert(n: int, rule: str, severity: str, zh: str, en: str, recipient: str | None, activity: str | None,
              proof: list[dict[str, Any]], instrument: str, article: str) -> dict[str, Any]:  # fmt: skip
        return {
            "id": f"ALT-{n:03d}", "rule": rule, "severity": severity, "title": zh, "title_en": en,
            "recipient": recipient, "activity": activity, "evidence": proof, "citation": f"《{instrument}》{article}",
            "citations": [{"instrument": instrument, "article": article}], "detail": {},
        }  # fmt: skip

    contract = "个人信息出境标准合同办法"
    return [
        alert(1, "type_not_filed", "high", "备案外数据：身份证号发往 Lumora Analytics",
              "Data type not filed: ID card numbers to Lumora Analytics", "lumora", "ACT-2026-014",
              [evidence("C0-0-0", "POST /v2/batch", "collect.lumora.example", ["id_card", "phone"],
                        ["5101**********2815", "138****2207"])], contract, "第八条"),
        alert(2, "scale_above_filed", "mid", "人数超出备案：Lumora Analytics", "More persons than filed: Lumora Analytics",
              "lumora", "ACT-2026-014", [], contract, "第八条"),
        alert(3, "recipient_unknown", "high", "未登记接收方：quillmark.example",
              "Recipient not registered: quillmark.example", "quillmark.example", None,
              [evidence("C8-0-0", "POST /tickets", "quillmark.example", ["phone"], ["139****0021"])],
              "个人信息保护法", "第三十八条"),
        alert(4, "path_not_taken", "low", "人力资源情形缺集体合同：Pagewell HR",
              "HR ground lacks the collective contract: Pagewell HR", "pagewell", "ACT-2026-009", [], RULES, "第五条"),
    ]  # fmt: skip


def exchanges() -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    chance = random.Random(7)
    rows, findings = [], []
    protocols = [("http", "POST /v2/batch"), ("http", "GET /export"), ("smtp", "MAIL report.xlsx"), ("mysql", "SELECT")]
    for n, (system, i, _, _, _) in enumerate(FLOWS):
        recipient = RECIPIENTS[i]
        for k in range(24 if n < 3 else 9):
            uid = f"C{n}-{k}-0"
            at = LAST - timedelta(minutes=37 * k + n)
            protocol, operation = protocols[(n + k) % 4 if n % 2 else 0]
            types = recipient["types"] if k % 3 else recipient["types"][:1]
            sensitive = [t for t in types if t in recipient["sensitive_types"]]
            blind = ["encrypted"] if k % 7 == 6 else []
            rows.append(
                {
                    "uid": uid, "conn": f"C{n}-{k}", "ts": at.timestamp(), "day": (at + timedelta(hours=8)).date(),
                    "source_ip": f"10.21.{n}.18", "source_port": 51244 + k, "destination_ip": f"203.0.113.{n + 7}",
                    "destination_port": 443 if protocol == "http" else 25, "protocol": "tls" if blind else protocol,
                    "application": f"collect.{recipient['id'] or 'quillmark'}.example", "account": None,
                    "operation": "" if blind else operation, "role": "response" if k % 5 == 4 else "request",
                    "act": "remote_access" if k % 5 == 4 else "transmission", "direction": "export", "system": system,
                    "recipient_id": recipient["id"], "recipient": recipient["name"], "country": recipient["country"],
                    "basis": recipient["basis"], "confidence": recipient["confidence"],
                    "size": chance.randrange(2_000, 4_000_000), "contents": 0 if blind else 1,
                    "records": 0 if blind else chance.randrange(1, 4096), "findings": 0 if blind else 40 * len(types),
                    "types": [] if blind else types, "sensitive_types": [] if blind else sensitive, "blind": blind,
                    "capture": "captures/edge.pcapng", "activity": recipient["activity"],
                }
            )  # fmt: skip
            for t in [] if blind else types:
                findings.append(
                    {"uid": uid, "type": t, "count": 40, "distinct": 38, "sensitive": t in sensitive,
                     "level": "general-3", "category": "身份", "masked": [MASKED.get(t, "**")]}
                )  # fmt: skip
    for k in range(6):
        inside = dict(rows[k], uid=f"I{k}-0-0", direction="inside", country="CN", recipient="数据仓库",
                      recipient_id=None, types=["phone"], sensitive_types=[], activity=None)  # fmt: skip
        rows.append(inside)
    return rows, findings


def build(folder: Path) -> Path:
    """Write the workspace and return its folder."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "result.json").write_text(json.dumps(result(), ensure_ascii=False), encoding="utf-8")
    rows, findings = exchanges()
    spots = [{**spot, "capture": "captures/edge.pcapng"} for spot in result()["blind_spots"]]
    files = {}
    for name, found in (("exchanges", rows), ("findings", findings), ("blind_spots", spots)):
        path = folder / "ledger" / name / "000001.parquet"
        path.parent.mkdir(parents=True, exist_ok=True)
        pq.write_table(pa.Table.from_pylist(found, schema=SCHEMAS[name]), path)
        files[name] = [f"{name}/{path.name}"]
    commit = {"source": "edge", "ordinal": 0, "files": files, "rows": len(rows)}
    (folder / "ledger" / "manifest.jsonl").write_text(json.dumps(commit) + "\n", encoding="utf-8")
    return folder
