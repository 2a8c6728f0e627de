"""What must be found, where exactly, and as what. Every person and number here is made up."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from marked_text import marked

from tongguan.model import Finding

NUMBERS = [
    "手机⟦phone|13800138000⟧。",
    "手机⟦phone|138-0013-8000⟧，另一个⟦phone|138 0013 8000⟧",
    "⟦phone|138.0013.8000⟧",
    "⟦phone|１３８００１３８０００⟧",
    "⟦phone|１３８－００１３－８０００⟧",
    "⟦phone|+86 138 0013 8000⟧ ⟦phone|+86-13800138000⟧ ⟦phone|0086 13800138000⟧ ⟦phone|8613800138000⟧",
    "⟦phone|(+86)13800138000⟧".replace("(+86)", "+86)"),
    "⟦phone|1 3 8 0 0 1 3 8 0 0 0⟧",
    "⟦phone|138\u200b0013\u200b8000⟧ ⟦phone|138\u00a00013\u00a08000⟧",
    "⟦phone|一三八零零一三八零零零⟧是我的号码",
    "电话⟦phone|1380013\n8000⟧",
    "tel⟦phone|13800138000⟧",
    r'{"text": "电话\n⟦phone|13800138000⟧"}',
    "q=phone%3D⟦phone|13800138000⟧&x=1",
    "⟦phone|13800138000⟧,⟦phone|13900139000⟧\t⟦phone|15000150000⟧",
    "⟦phone|+852 9123 4567⟧ ⟦phone|+1 415 555 0100⟧",
    "座机⟦landline|0755-86013388⟧，总机⟦landline|010-62345678⟧，⟦landline|02188886666⟧".replace(
        "，⟦landline|021", "，电话⟦landline|021"
    ),
    "身份证⟦id_card|110101199003074514⟧",
    "⟦id_card|44030619881212002 8⟧".replace("002 8", "0028"),
    "⟦id_card|440306 19881212 0028⟧ ⟦id_card|440306-19881212-0028⟧",
    "⟦id_card|４４０３０６１９８８１２１２００２８⟧",
    "证件号码：⟦id_card|110101900307451⟧",
    "银行卡⟦bank_card|6222021234567890128⟧",
    "⟦bank_card|6222 0212 3456 7890 128⟧",
    "⟦bank_card|6217-0000-1234-5670⟧",
    "信用卡号 ⟦bank_card|4532015112830366⟧，⟦bank_card|4532 0151 1283 0366⟧",
    "统一社会信用代码：⟦uscc|91440300MA5EXAMPLA⟧",
    "IMEI：⟦imei|356938035643809⟧ IMSI ⟦imsi|460001234567890⟧",
    "车架号⟦vin|LSVAA4181E2123456⟧",
    "⟦plate|京A12345⟧ ⟦plate|粤B·D12345⟧ ⟦plate|沪AD12345⟧ ⟦plate|川A1234学⟧ ⟦plate|粤Z1234港⟧",
    "护照号：⟦passport|E12345678⟧，护照 ⟦passport|EA1234567⟧，passport no: ⟦passport|G12345678⟧",
    "回乡证⟦hk_macao_permit|H1234567890⟧，港澳通行证 ⟦hk_macao_permit|C12345678⟧",
    "台胞证：⟦taiwan_permit|12345678⟧",
    "永居证号 ⟦foreign_permit|USA110101800101⟧".replace("800101", "800101"),
    "驾驶证号：⟦driving_licence|440301234567⟧",
    "社保号：⟦social_security|1234567890⟧，公积金账号：⟦provident_fund|100200300400⟧",
    "军官证：⟦military_id|军字第1234567号⟧",
    "病历号：⟦medical_record|ZY20260312⟧",
    "QQ：⟦qq|12345678⟧，微信：⟦wechat|zhang_wei88⟧，微信号⟦wechat|wxid_abc123⟧",
]
BIRTHS = [
    "⟦gender|女⟧，⟦ethnicity|壮族⟧，⟦birth_date|1988年10月24日⟧生，住北京。1988年10月24日生效，1988年10月生产。",
    "出 生 ⟦birth_date|2004 年 8 月 16 日⟧",
    "出生年月：⟦birth_date|2002.12⟧ 出生年月：⟦birth_date|1998-07⟧",
    "生日：⟦birth_date|民國45年8月13日⟧",
    "Date of birth (dd-mmm-yyyy): ⟦birth_date|09-APR-2004⟧   Place",
    "⟦gender|男⟧，⟦birth_date|67年8月5日⟧生，⟦education|大专⟧；⟦birth_date|一九八八年十月二十四日⟧生",
    "出生日期（年月日）：⟦birth_date|19900307⟧",
]
SET_APART = [
    "公民身份号码 ⟦id_card|5 3 0 1 0 2 1 9 8 0 1 2 2 8 3 8 1 X⟧",
    "登录IP⟦ip|10.20.3.133⟧，客户端IP⟦ip|203.0.113.249⟧ 登录",
    "Ｑ　　Ｑ　⟦qq|2898402013⟧ V信⟦wechat|yjsvmh_6424⟧",
    "台胞证号码：⟦taiwan_permit|93432356⟧ 澳門居民身份證編號：⟦macao_id|1328711(1)⟧",
]
FACTS = [
    '年龄：⟦age|63岁⟧  {"age": ⟦age|31⟧, "x": 1} Age: ⟦age|42⟧ max-age=3600, age = 18',
    "患者，⟦gender|女⟧，⟦age|71岁⟧。某某，⟦gender|男⟧，⟦ethnicity|汉族⟧，⟦birth_date|1973年6月15日⟧出生",
    "婚姻状况：□未婚 ☑⟦marital_status|已婚⟧ □离异\n4. 婚姻  ( ) 未婚 (√) ⟦marital_status|已婚⟧",
    "Marital status: ⟦marital_status|Married⟧  Nationality: ⟦nationality|CHINA⟧ 国籍：⟦nationality|中国⟧",
    "学历：⟦education|本科⟧   学历：本科及以上 文化程度：⟦education|大专⟧",
    "邮编：⟦postcode|100080⟧ 邮政编码表：518000",
    "缴费基数：⟦income|8,500元⟧ 家庭年收入：☐10万以下 ☑⟦income|10-30万⟧ ☐50万以上 营业收入12890元",
    "某某同学（⟦minor|七岁⟧）今日发热",
    "已录入某人的⟦biometric|指纹模板⟧。宗教信仰 ⟦religion|伊斯兰教⟧",
    "3. 性别 ☑ ⟦gender|男⟧  ☐ 女    4. 性别：□男 ☑⟦gender|女⟧",
    "商品，男，女款，均码 衬衫,男,199",
]
STATEMENTS = [
    "INSERT INTO sys_user (username, `password`, phone) VALUES ('admin', '⟦credential|3d8590674d52244b156ffd7fac2faa19⟧',"
    " '⟦phone|13800138000⟧');",
    "CREATE TABLE `t` (`id` bigint, `birth` date, `no` varchar(9) DEFAULT 'a(b', sex char(1), PRIMARY KEY (`id`));\n"
    "INSERT INTO `t` VALUES (1,'⟦birth_date|1957-12-26⟧','x''y),(','⟦gender|男⟧'),(2,NULL,NOW(),'⟦gender|女⟧');",
    "INSERT INTO dict VALUES (1,'gender','男','M'),(2,'gender','女','F')",
    "insert into staff (birth) values ('⟦birth_date|1957-12-26⟧'",  # cut off
]
NETWORK = [
    "MAC address-table ⟦mac|a4b1.c21d.43f3⟧ vlan 10, 1234.5678.9012",
    "邮箱 ⟦email|someone@example.com⟧。",
    "<⟦email|first.last+tag@mail.example.com.cn⟧>",
    "⟦email|ｓｏｍｅｏｎｅ＠ｅｘａｍｐｌｅ．ｃｏｍ⟧",
    "邮箱⟦email|a@b.cn⟧，mailto:⟦email|x_y@example.org⟧?subject=1",
    "登录IP ⟦ip|203.0.113.7⟧，⟦ip|2001:db8:0:1::7⟧",
    "MAC ⟦mac|00:1A:2B:3C:4D:5E⟧ ⟦mac|00-1a-2b-3c-4d-5e⟧",
]
PERSONS = [
    "姓名：⟦person_name|张伟⟧，性别：⟦gender|男⟧，出生日期：⟦birth_date|1990年3月7日⟧",
    "联系人⟦person_name|李娜⟧ ⟦phone|13800138000⟧",
    "⟦person_name|欧阳晓明⟧，电话：⟦phone|13800138000⟧",
    "⟦person_name|王小芳⟧女士您好，请⟦person_name|刘洋⟧先生回电",
    "我叫⟦person_name|陈静⟧，生日是⟦birth_date|1988-12-12⟧",
    '{"real_name": "⟦person_name|赵磊⟧", "birthday": "⟦birth_date|19880102⟧"}',
    "收件人：⟦person_name|阿卜杜拉·买买提⟧",
    "Passenger name: ⟦person_name|Zhang San⟧",
    "出生于⟦birth_date|一九九〇年三月七日⟧",
    "date of birth: ⟦birth_date|March 7, 1990⟧",
    "住址：⟦address|广东省深圳市南山区科技园南路18号5栋1203室⟧",
    "他住在⟦address|北京市朝阳区建国路88号⟧，",
    "寄到⟦address|浙江省杭州市西湖区文三路478号华星时代广场A座⟧。",
    "就职于⟦organisation|华信科技有限公司⟧",
]
SENSITIVE = [
    "患者确诊⟦health|高血压⟧，服用⟦health|阿司匹林⟧",
    "诊断：⟦health|慢性胃窦炎⟧",
    "他是⟦religion|穆斯林⟧；宗教信仰：⟦religion|佛教⟧",
    "曾因⟦criminal_record|盗窃罪⟧被捕",
    "月收入：⟦income|12,500元⟧",
    "人脸特征: ⟦biometric|QUJDREVGR0hJSktMTU5PUA0123⟧",
    "位置坐标：⟦location|113.941234,22.543123⟧",
]
SECRETS = [
    "密码 ⟦credential|Qwe!9789tiq⟧，root密码 ⟦credential|Hr@0907qXy⟧ 密码 由字母与数字组成，密码 abc123",
    "登录密码：⟦credential|Abc@12345⟧",
    "password=⟦credential|hunter22⟧&user=x",
    '"api_key": "⟦credential|0123456789abcdef0123456789abcdef⟧"',
    "⟦credential|AKIA5Q7RT2MNZX4WLK9P⟧",
    "⟦credential|" + "ghs_" + "a1B2" * 9 + "⟧ ⟦credential|" + "xoxs-" + "1234567890-" * 2 + "abcdef1234⟧",
    "⟦credential|" + "hvs." + "CAESIJa1b2" * 4 + "⟧ ⟦credential|" + "pypi-AgEIcHlwaS5vcmc" + "Ab1_" * 15 + "⟧",
    "db_pass: ⟦credential|hunter2!x⟧",
    "mysql://root:⟦credential|s3cret-pass⟧@db.internal/app",
    "Authorization: Bearer ⟦credential|eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJ0ZXN0In0.c2lnbmF0dXJl⟧",
    "⟦credential|-----BEGIN RSA PRIVATE KEY-----\nMIIBmadeup0123\n-----END RSA PRIVATE KEY-----⟧",
]


@pytest.mark.parametrize(
    "source", NUMBERS + BIRTHS + SET_APART + NETWORK + PERSONS + SENSITIVE + SECRETS + STATEMENTS + FACTS
)
def test_exactly_these(source: str, find: Callable[[str], list[Finding]]) -> None:
    case = marked(source)
    assert [(f.type, f.start, f.end) for f in find(case.text)] == list(case.spans)


def test_findings_carry_the_class_of_their_type(find: Callable[[str], list[Finding]]) -> None:
    (card,) = find("银行卡6222021234567890128")
    assert (card.category, card.level, card.sensitive) == ("property", "general-4", True)
    assert (card.validator, card.detector) == ("luhn", "numbers")
    (number,) = find("身份证110101199003074514")
    assert (number.category, number.sensitive) == ("identity", False)


def test_a_label_raises_the_score(find: Callable[[str], list[Finding]]) -> None:
    (bare,), (labelled,) = find("13800138000"), find("手机：13800138000")
    assert bare.score < labelled.score <= 1


@pytest.mark.parametrize(("born", "minor"), [("20121121", False), ("20121122", True), ("20261121", True)])
def test_fourteen_is_no_minor(born: str, minor: bool, find: Callable[[str], list[Finding]]) -> None:
    text = f"出生日期：{born}"
    found = {f.type: f for f in find(text)}
    assert ("minor" in found) is minor
    if minor:
        assert found["minor"].sensitive
        assert text[found["minor"].start : found["minor"].end] == born


def test_a_licence_number_that_is_an_identity_number_is_both(find: Callable[[str], list[Finding]]) -> None:
    assert {f.type for f in find("驾驶证号：110101199003074514")} == {"id_card", "driving_licence"}


def test_a_series_of_places_is_a_track(find: Callable[[str], list[Finding]]) -> None:
    text = "轨迹 " + " ".join(f"113.94{i}23,22.54{i}12 08:0{i}" for i in range(4))
    tracks = [f for f in find(text) if f.type == "location_track"]
    assert [text[f.start : f.end] for f in tracks] == [text[3:-6]]
    assert tracks[0].sensitive
