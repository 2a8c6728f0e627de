"""Made-up results in the shape of `result.json`. Nobody and nothing in them exists; articles cited are real."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

Result = dict[str, Any]


def persons(count: int, low: int | None = None, high: int | None = None) -> dict[str, int]:
    return {"count": count, "low": count if low is None else low, "high": count if high is None else high}


def decision(pathway: str = "standard_contract_or_certification", **more: Any) -> dict[str, Any]:
    return {
        "date": "2026-11-20",
        "regime": "2024",
        "pathway": pathway,
        "options": ["standard_contract", "certification"] if "contract" in pathway else [],
        "reasons": [
            {
                "instrument": "促进和规范数据跨境流动规定",
                "article": "第八条",
                "rule": "persons_band_2024",
                "facts": {"data.persons": 842310, "exporter.ciio": False, "data.important": False},
                "text": {
                    "zh": "自当年 1 月 1 日起累计向境外提供 100,000 人以上、不满 1,000,000 人个人信息。",
                    "en": "Since 1 January, data of 100,000 to fewer than 1,000,000 persons went abroad.",
                },
            },
            {
                "instrument": "个人信息出境认证办法",
                "article": "第五条",
                "rule": "persons_band_2024",
                "facts": {"data.persons": 842310},
                "text": {
                    "zh": "自当年 1 月 1 日起累计向境外提供 100,000 人以上、不满 1,000,000 人个人信息。",
                    "en": "Since 1 January, data of 100,000 to fewer than 1,000,000 persons went abroad.",
                },
            },
        ],
        "missing": [],
        "obligations": [
            {
                "what": "impact_assessment",
                "instrument": "个人信息保护法",
                "article": "第五十五条",
                "due": None,
                "text": {
                    "zh": "出境前完成个人信息保护影响评估。",
                    "en": "Finish an impact assessment before the export.",
                },
            },
            {
                "what": "file_standard_contract",
                "instrument": "个人信息出境标准合同办法",
                "article": "第七条",
                "due": "2026-12-04",
                "text": {
                    "zh": "合同生效之日起十个工作日内向所在地省级网信部门备案。",
                    "en": "File with the provincial cyberspace administration within 10 working days.",
                },
            },
        ],
        "warnings": [{"id": "no_splitting", "text": {"zh": "不得拆分数量。", "en": "The quantity must not be split."}}],
        "would_change": [
            {
                "fact": "data.persons",
                "value": 1000000,
                "pathway": "security_assessment",
                "difference": 157690,
                "text": {
                    "zh": "人数达到 1,000,000（还差 157,690）→ 安全评估",
                    "en": "persons reaches 1,000,000 (157,690 more) → security assessment",
                },
            }
        ],
        **more,
    }


def undetermined() -> dict[str, Any]:
    return decision(
        "undetermined", missing=["exporter.ciio", "activity.conditions.collective_contract"], obligations=[]
    )


def recipient(id: str, name: str, country: str | None, counts: dict[str, int], **more: Any) -> dict[str, Any]:
    return {
        "id": id,
        "name": name,
        "country": country,
        "basis": "register",
        "confidence": 1.0,
        "persons": counts,
        "sensitive_persons": persons(0),
        "types": ["phone", "email"],
        "sensitive_types": [],
        "type_persons": {"phone": counts["count"], "email": counts["count"] // 2},
        "crossings": 1200,
        "bytes": 41_600_000_000,
        "first": "2026-11-18T01:00:00Z",
        "last": "2026-11-20T09:00:00Z",
        "activity": None,
        "activities": [],
        "filed": None,
        "differences": [],
        "exempt": False,
        "decision": decision(),
        **more,
    }


def flow(system: str, to: dict[str, Any], count: int) -> dict[str, Any]:
    return {
        "system": system,
        "recipient": to["name"],
        "recipient_id": to["id"],
        "country": to["country"],
        "persons": count,
        "bytes": count * 4096,
        "crossings": count // 7 + 1,
        "pathway": to["decision"]["pathway"],
    }


def retailer() -> Result:
    """A retailer with a parent abroad: every chapter has something in it."""
    lumora = recipient(
        "lumora",
        "Lumora Analytics, Inc.",
        "US",
        persons(648930, 645002, 656000),
        types=["phone", "email", "id_card", "address"],
        type_persons={"phone": 412006, "email": 501933, "id_card": 3117},
        activity="ACT-2026-014",
        activities=["ACT-2026-014"],
        filed={
            "path": "standard_contract",
            "number": "SCC-川-2026-0042",
            "persons": 500000,
            "types": ["phone", "email", "address"],
            "expires": "2027-03-12",
        },
        differences=[
            {"kind": "type_not_filed", "types": ["id_card"], "filed": ["phone"], "type_persons": {"id_card": 3117}},
            {"kind": "scale_above_filed", "persons": {"filed": 500000, "seen": persons(648930, 645002, 656000)}},
        ],
    )
    parent = recipient(
        "xingye-intl",
        "星野国际（新加坡）私人有限公司",
        "SG",
        persons(331420, 330000, 333800),
        sensitive_persons=persons(6284, 6190, 6910),
        types=["person_name", "phone", "bank_card"],
        sensitive_types=["bank_card"],
        type_persons={"person_name": 331420, "phone": 268800, "bank_card": 6284},
        activities=["ACT-2026-002", "ACT-2026-003"],
        filed={
            "path": "standard_contract",
            "number": None,
            "persons": 400000,
            "types": ["person_name", "phone", "bank_card"],
            "expires": "2026-10-01",
        },
        differences=[{"kind": "activity_expired", "crossings": 31, "starts": None, "ends": "2026-10-01"}],
    )
    portline = recipient(
        "portline", "港线履约有限公司", "HK", persons(421800), exempt=True, decision=decision("exempt", would_change=[])
    )
    kitefin = recipient("kitefin", "Kitefin Payments", "SG", persons(96100), exempt=True, decision=decision("exempt"))
    hr = recipient(
        "pagewell",
        "Pagewell HR",
        "IE",
        persons(11840),
        decision=undetermined(),
        basis="certificate",
        confidence=0.9,
        activities=["ACT-2026-005"],
        filed={"path": None, "number": None, "persons": None, "types": ["phone", "email"], "expires": None},
    )
    unknown = recipient(
        "mx.quillmark.example",
        "mx.quillmark.example",
        None,
        persons(9310, 8000, 12000),
        basis="sni",
        confidence=0.4,
        decision=undetermined(),
        differences=[{"kind": "recipient_unknown", "cause": "unregistered", "types": ["person_name"]}],
        unread=31,
    )
    recipients = [portline, lumora, parent, kitefin, hr, unknown]
    return {
        "version": 1,
        "as_of": "2026-11-20",
        "generated": "2026-11-21T06:00:00Z",
        "exporter": {"name": "星野零售（成都）有限公司", "city": "成都", "ciio": False, "zone": None},
        "run": {
            "id": "20261121T060000Z-5f2a",
            "sources": [
                {"path": "captures/2026-11-18.pcapng", "kind": "capture", "size": 318_200_000, "sha256": "5f" * 32},
                {"path": "exports/members.xlsx", "kind": "file", "size": 48_213},
            ],
            "seconds": 12.4,
            "window": ["2026-01-01", "2026-11-20"],
            "audit": {"index": 48213, "root": "9c" * 32},
        },
        "coverage": {
            "packets": 4_812_000,
            "bytes": 3_918_000_000,
            "flows": 52_100,
            "exchanges": 483_400,
            "read": 446_178,
            "unread": 37_222,
            "unread_bytes": 214_000_000,
            "directions": {"export": 120_400, "import": 118_000, "inside": 244_200, "outside": 0, "undetermined": 800},
            "from": "2026-11-18T01:00:00Z",
            "to": "2026-11-20T09:00:00Z",
            "detectors_off": ["religion"],
        },
        "totals": {
            "exchanges": 483_400,
            "crossings": 120_400,
            "bytes": 392_200_000_000,
            "persons": persons(1_384_220, 1_380_000, 1_401_000),
            "sensitive_persons": persons(6284, 6190, 6910),
            "counted": {"persons": persons(842_310, 838_000, 863_000), "sensitive_persons": persons(6284, 6190, 6910)},
            "exempt": {"persons": persons(517_900), "sensitive_persons": persons(0)},
        },
        "decision": decision(),
        "recipients": recipients,
        "flows": [
            flow("会员中心", lumora, 561_000),
            flow("会员中心", parent, 269_000),
            flow("数据仓库", lumora, 88_200),
            flow("数据仓库", parent, 144_000),
            flow("订单中台", portline, 421_800),
            flow("订单中台", kitefin, 96_100),
            flow("人力资源系统", hr, 11_840),
            flow("客服工单", unknown, 9_310),
            flow("客服工单", parent, 6_000),
        ],
        "alerts": [
            {
                "id": "A-2",
                "rule": "recipient_unknown",
                "severity": "mid",
                "title": "接收方没有登记：mx.quillmark.example",
                "title_en": "Recipient not registered: mx.quillmark.example",
                "recipient": "mx.quillmark.example",
                "activity": None,
                "evidence": [],
                "citation": "《个人信息保护法》第三十九条",
                "citations": [],
                "detail": {},
            },
            {
                "id": "A-1",
                "rule": "type_not_filed",
                "severity": "high",
                "title": "备案外的数据类型：居民身份证号 3,117 人",
                "title_en": "Data type not filed: resident identity cards of 3,117 persons",
                "recipient": "lumora",
                "activity": "ACT-2026-014",
                "evidence": [
                    {
                        "exchange": f"CHhAvVGS1DHFjwGM9-{n}",
                        "ts": "2026-11-18T08:42:10Z",
                        "operation": "POST /v2/batch",
                        "application": "ingest.lumora.example",
                        "types": ["id_card", "phone"],
                        "masked": ["5101**********0012", "137****7000"],
                    }
                    for n in range(8)
                ],
                "citation": "《个人信息出境标准合同办法》第八条",
                "citations": [{"instrument": "个人信息出境标准合同办法", "article": "第八条"}],
                "detail": {"types": ["id_card"], "persons": 3117},
            },
        ],
        "blind_spots": [
            {
                "kind": "encrypted",
                "count": 1204,
                "where": "C2:kitefin.example:443",
                "detail": "TLS 1.3",
                "size": 210_000_000,
            },
            {"kind": "gap", "count": 218, "where": "captures/2026-11-18.pcapng", "detail": "", "size": 3_100_000},
            {"kind": "unreadable", "count": 31, "where": "members.zip!/old.xls", "detail": "password", "size": 900_000},
            {"kind": "location_unknown", "count": 2, "where": "203.0.113.9", "detail": "anycast", "size": 0},
        ],
    }


def quiet() -> Result:
    """Nothing left, nothing was found, nothing was hidden; only keys that must be there."""
    return {
        "as_of": "2026-11-20",
        "coverage": {},
        "totals": {"exchanges": 0, "crossings": 0, "bytes": 0, "persons": persons(0), "sensitive_persons": persons(0)},
        "decision": {"pathway": "not_export"},
        "recipients": [],
        "alerts": [],
        "blind_spots": [],
    }


def crowded(recipients: int = 300) -> Result:
    """More of everything than a page can tell one by one."""
    result = deepcopy(retailer())
    result["recipients"] = [
        recipient(f"r{n}", f"Recipient {n} Holdings", ("US", "SG", "DE", "JP")[n % 4], persons(10_000 - 30 * n))
        for n in range(recipients)
    ]
    result["flows"] = [flow(f"系统 {n % 40}", to, 10_000 - 30 * n) for n, to in enumerate(result["recipients"])]
    result["blind_spots"] = [
        {"kind": "encrypted", "count": 1, "where": f"C{n}", "detail": "TLS", "size": n} for n in range(500)
    ]
    return result
