"""Occupations, and other facts, secrets and identifiers that the words beside them tell; and what looks like them."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from marked_text import marked

from tongguan.model import Finding

FOUND = [
    "职业：⟦occupation|小学教师⟧",
    "受访者现任⟦occupation|财务总监⟧，",
    "他的岗位是⟦occupation|焊工⟧。",
    "Occupation: ⟦occupation|civil engineer⟧",
    "已接受⟦health|胆囊切除手术⟧，恢复中",
    "血型：⟦health|B型⟧",
    "请假：王某（⟦health|化疗第三天⟧）",
    "忌口：⟦health|海鲜过敏⟧",
    "Procedure: ⟦health|colonoscopy⟧ on 3 May",
    "Event: ⟦health|severe hepatitis⟧, resolved",
    "每月退休金仅⟦income|4150元⟧",
    "每月收入：⟦income|港幣兩萬八千元⟧",
    "月薪：⟦income|新臺幣 48,500 元⟧",
    'face_vector: "⟦biometric|[0.1234,-0.2345,0.3456,0.0123]⟧"',
    "该客户被列为⟦credit|失信被执行人⟧。",
    "后台密码改成了 ⟦credential|Kq7vTn2p⟧，记一下",
    '{"pin": "⟦credential|204817⟧"}',
    "WeChat ⟦wechat|wxid_q81z77p3⟧. Thanks",
    '"mac":"⟦mac|a41f72b90c3d⟧"',
    "学籍号 G⟦id_card|11010119900307002X⟧",
    '"licence_no":"⟦id_card|11010119900307002X⟧"',
]
NONE = [
    "岗位职责：负责维护设备",
    "诚聘文员，岗位：会计，五险一金",
    "occupation: string",
    "任何工程师都可以修改",
    "手术室在三楼，手术费另计",
    "血型鉴定试剂盒",
    "抗过敏，防过敏配方",
    "（化疗）药品目录",
    "Event: World Cancer Day",
    "Procedure: call the helpdesk",
    "养老金制度改革",
    'vertices: "[0.1234,-0.2345,0.3456,0.0123]"',
    "失信被执行人名单制度解读",
    "密码改成功后请重新登录",
    '"spin":"204817"',
    '"mac":"123456789012"',
    "学籍号 G110101199003070021",
    "体脂率20%以上的人群",
]
WANTED = frozenset(
    [
        "occupation",
        "health",
        "income",
        "biometric",
        "credit",
        "credential",
        "wechat",
        "mac",
        "id_card",
        "driving_licence",
        "imsi",
        "bank_card",
    ]
)


@pytest.mark.parametrize("source", FOUND + NONE)
def test_told_by_the_words_beside(source: str, find: Callable[[str], list[Finding]]) -> None:
    case = marked(source)
    assert [(f.type, f.start, f.end) for f in find(case.text) if f.type in WANTED] == list(case.spans)


POINTS = ["31.2201,121.4401", "31.2203,121.4405", "31.2207,121.4409", "31.2209,121.4413"]


def test_a_point_of_its_own_beside_a_track(find: Callable[[str], list[Finding]]) -> None:
    track = "\n".join(f"2026-05-01 08:0{i},{point}" for i, point in enumerate(POINTS))
    text = f"轨迹\n{track}\n急刹车于 31.2310,121.4500\n"
    found = [(f.type, text[f.start : f.end]) for f in find(text) if f.type.startswith("location")]
    assert [type for type, _ in found] == ["location_track", "location"] or found[-1][0] == "location"
    assert found[-1][1] == "31.2310,121.4500"


def test_a_point_written_the_other_way_round_is_none_of_a_track(find: Callable[[str], list[Finding]]) -> None:
    points = ", ".join(f'{{"t":"08:0{i}","la":{a},"lo":{b}}}' for i, (a, b) in enumerate(p.split(",") for p in POINTS))
    text = f'{{"lnglat":"121.4500,31.2310","start":"08:00","track":[{points}]}}'
    found = [(f.type, text[f.start : f.end]) for f in find(text) if f.type.startswith("location")]
    assert ("location", "121.4500,31.2310") in found
    assert next(value for type, value in found if type == "location_track").startswith(POINTS[0][:7])
