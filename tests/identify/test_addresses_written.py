"""Addresses as companies and letters write them: towers without a number, wings, floors, rooms, places beside them."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from marked_text import marked

from tongguan.model import Finding

WHOLE = [
    "苏州市虎丘区竹园路209号创业园4号楼",
    "成都市锦江区东大街99号平安金融大厦1802室",
    "深圳市南山区粤海街道科苑路15号讯美科技广场2栋B座2201",
    "广州市天河区体育东路116号财富广场东塔2303",
    "北京市海淀区北四环西路58号理想国际大厦17层1701A",
    "上海市闵行区申虹路1188弄2号北楼803室",
    "武汉市洪山区珞喻路10号群光中心A栋20F",
    "杭州市滨江区江南大道3688号潮人汇3幢2层",
    "重庆市渝中区民权路28号英利国际金融中心第41楼",
    "南京市建邺区江东中路与集庆门大街交汇处万达广场C座1208",
    "西安市雁塔区科技路33号（高新国际商务中心旁）5号楼4层",
    "中国广东省东莞市长安镇振安西路6号兴发工业区5栋",
    "新疆乌鲁木齐市水磨沟区会展大道599号",
    "天府大道北段1700号环球中心W6区1502",
    "西航港大道南延线2999号",
    "珠江新城广晟国际大厦801室",
    "河西区国华大厦",
]
WITHIN = [
    "发票请寄⟦address|杭州市西湖区文二路391号西湖国际科技大厦B座1206⟧，谢谢",
    "他住在⟦address|青岛市市南区香港中路12号丰合广场A区8层⟧，每天步行上班",
    "⟦address|长宁区中山西路1065号SOHO中山广场19楼⟧的租约到期了",
    "地址大概在⟦address|青岛市市南区香港中路12号丰合广场A区8层⟧，住址现为⟦address|河北省保定市竞秀区天鹅路33号⟧",
    "仓库在⟦address|南京东路300号恒基名人大厦⟧。",
    "办公地址：⟦address|大连市高新园区黄浦路523号奥特莱斯创业大厦A座1203⟧\n电话：0411-39521000",
]
ABROAD = [
    ("Address: 41 Harrowgate Crescent, Leeds LS8 9ZZ\nPassport", "41 Harrowgate Crescent, Leeds LS8 9ZZ"),
    ("Anschrift: Tannenstraße 44, 50999 Köln\nHandy", "Tannenstraße 44, 50999 Köln"),
    ("Ship to: 918 Willow Run, Santa Clara, NM 87999\nNotes", "918 Willow Run, Santa Clara, NM 87999"),
    ("address: Error 55, see The Manual", ""),
    ("Address: Section 41, Chapter Two of the Manual", ""),
    ("address 192.0.2.17, Port Number 5", ""),
]
NONE = [
    "她在大厦3个月，中心2次通知，广场5元停车",
    "北京市与天津市的规划，上海自贸试验区或者临港新片区",
    "活动中心\n数据中心3\n服务中心1",
    "服务大楼的中心任务是安全",
    "按照《上海市城市规划条例》和上海市城镇职工社会保险的规定，上海市水务局是本市河道的主管部门",
    "澳门特别行政区居民和台湾地区居民可以凭有效证件办理",
]


@pytest.mark.parametrize("address", WHOLE)
def test_a_line_that_is_an_address_is_found_whole(address: str, find: Callable[[str], list[Finding]]) -> None:
    text = f"备注\n{address}\n第二行"
    assert [text[f.start : f.end] for f in find(text) if f.type == "address"] == [address]


@pytest.mark.parametrize("source", WITHIN)
def test_in_a_sentence_it_ends_where_it_ends(source: str, find: Callable[[str], list[Finding]]) -> None:
    case = marked(source)
    assert [(f.type, f.start, f.end) for f in find(case.text) if f.type == "address"] == list(case.spans)


@pytest.mark.parametrize("text", NONE)
def test_words_of_buildings_alone_are_no_address(text: str, find: Callable[[str], list[Finding]]) -> None:
    assert [f for f in find(text) if f.type == "address"] == []


@pytest.mark.parametrize(("text", "wanted"), ABROAD)
def test_abroad_behind_a_label(text: str, wanted: str, find: Callable[[str], list[Finding]]) -> None:
    assert [text[f.start : f.end] for f in find(text) if f.type == "address"] == ([wanted] if wanted else [])
