"""Made-up values for the held-out texts, in the writings that documents have. Worked out apart from the detectors.

A maker takes the chance and a variant ("" for any), and gives the text as it is written. Nobody's data: names are put
together at random, and numbers hold by their check digits alone.
"""

from __future__ import annotations

import random
from collections.abc import Callable

from check_digits import id_check, luhn_check, uscc_check, vin_check

__all__ = ["LOOSE", "MAKERS", "NOISE"]

Chance = random.Random
_WIDE = str.maketrans({chr(c): chr(c + 0xFEE0) for c in range(0x21, 0x7F)})
_HAN = str.maketrans("0123456789", "零一二三四五六七八九")
SURNAMES = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶阎余潘杜戴夏钟汪田任姜范方石姚谭廖邹熊金陆郝孔白崔康毛邱秦江史顾侯邵孟龙万段雷钱汤尹黎易常武乔贺赖龚文"
DOUBLE = ("欧阳", "上官", "司马", "诸葛", "慕容", "皇甫", "尉迟", "令狐")
GIVEN = "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平刚桂英华玉萍红梅建国志文斌宇浩然子涵梓轩欣怡雨桐思远佳琪晨曦俊熙诗琪一诺沐宸皓天睿博语嫣若曦嘉懿锦程书瑶景行知远云舒"
PINYIN = (
    "Wang Xiaoming",
    "Li Na",
    "Zhang Weiqiang",
    "Chen Jiayi",
    "Liu Yutong",
    "Zhao Mingxuan",
    "Ouyang Qian",
    "Xu Zhiyuan",
    "He Jing",
    "Lü Siqi",
)
CANTONESE = ("Chan Tai Man", "Wong Ka Yan", "Lee Siu Ming", "Cheung Wing Sze", "Leung Chi Kit")
WESTERN = ("Michael Thompson", "Anna Kowalska", "Jean-Pierre Dubois", "Sarah O'Connor", "Hiroshi Tanaka")
TRADITIONAL = ("陳大文", "黃嘉欣", "張詠詩", "劉德輝", "葉慧儀", "林淑芬", "許志豪", "鄭雅婷", "趙國棟", "蕭敬仁")
UIGHUR = ("阿依古丽·买买提", "艾力·吐尔逊", "古丽娜尔·阿不都", "扎西次仁")
_REGIONS = (
    110105,
    120103,
    130102,
    150102,
    210102,
    230103,
    310115,
    320106,
    330106,
    340104,
    350203,
    370202,
    410105,
    420106,
    440305,
    450103,
    460105,
    500112,
    510107,
    520103,
    530102,
    540102,
    610113,
    620102,
    650102,
)
_MONTHS = ("January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December")  # fmt: skip
_OLD_REGIONS = (310103, 110103, 110104, 320103, 422201, 362201, 512501, 510202, 441900, 442000)
_PREFIXES = (130, 131, 133, 135, 136, 138, 147, 149, 151, 153, 157, 162, 165, 166, 167, 170, 171, 172, 173, 175, 178, 180, 185, 189, 190, 191, 192, 193, 195, 196, 197, 198, 199)  # fmt: skip


def _pick(chance: Chance, variant: str, ways: dict[str, Callable[[], str]]) -> str:
    return ways[variant or chance.choice(sorted(ways))]()


def _digits(chance: Chance, count: int) -> str:
    return "".join(chance.choices("0123456789", k=count))


def _groups(value: str, sign: str, *sizes: int) -> str:
    parts, at = [], 0
    for size in sizes:
        parts.append(value[at : at + size])
        at += size
    return sign.join([*parts, value[at:]] if value[at:] else parts)


def person_name(chance: Chance, variant: str) -> str:
    def han() -> str:
        surname = chance.choice(SURNAMES) if chance.random() < 0.93 else chance.choice(DOUBLE)
        return surname + "".join(chance.choices(GIVEN, k=chance.choice([1, 2, 2, 2])))

    return _pick(chance, variant or "han", {
        "han": han, "pinyin": lambda: chance.choice(PINYIN), "hk": lambda: chance.choice(TRADITIONAL),
        "cantonese": lambda: chance.choice(CANTONESE), "western": lambda: chance.choice(WESTERN),
        "upper": lambda: chance.choice(PINYIN).upper().replace("Ü", "U"), "dot": lambda: chance.choice(UIGHUR),
        "comma": lambda: chance.choice(PINYIN).upper().replace("Ü", "U").replace(" ", ", "),
        "spread": lambda: "　".join(f"{chance.choice(SURNAMES)}{chance.choice(GIVEN)}"),
    })  # fmt: skip


def id_card(chance: Chance, variant: str) -> str:
    region = chance.choice(_OLD_REGIONS if variant == "old" else _REGIONS)
    year = chance.randrange(2014, 2020) if variant == "child" else chance.randrange(1949, 2008)
    body = f"{region}{year}{chance.randrange(1, 13):02}{chance.randrange(1, 29):02}{chance.randrange(1, 1000):03}"
    if variant in ("x", "lower", "widex"):
        while id_check(body) != "X":
            body = body[:14] + f"{chance.randrange(1, 1000):03}"
    value = body + id_check(body)
    short = value[:6] + value[8:17]
    return _pick(chance, variant if variant not in ("old", "child", "") else "plain", {
        "plain": lambda: value, "x": lambda: value, "lower": lambda: value.lower(), "widex": lambda: value[:-1] + "Ｘ",
        "wide": lambda: value.translate(_WIDE), "spaced": lambda: _groups(value, " ", 6, 8, 4),
        "fours": lambda: _groups(value, " ", 6, 4, 4, 4), "hyphen": lambda: _groups(value, "-", 6, 8, 4),
        "split": lambda: value[:10] + "\n" + value[10:], "short": lambda: short, "cells": lambda: " ".join(value),
        "ocr": lambda: _groups(value, " ", 3, 3, 4, 4, 4),
    })  # fmt: skip


def phone(chance: Chance, variant: str) -> str:
    value = f"{chance.choice(_PREFIXES)}{_digits(chance, 8)}"
    return _pick(chance, variant or "plain", {
        "plain": lambda: value, "hyphen": lambda: _groups(value, "-", 3, 4, 4),
        "space": lambda: _groups(value, " ", 3, 4, 4), "plus": lambda: "+86 " + value,
        "plusjoin": lambda: "+86" + value, "plushyphen": lambda: "+86-" + _groups(value, "-", 3, 4, 4),
        "short86": lambda: "86-" + value, "double0": lambda: "0086-" + value, "brackets": lambda: f"(+86) {value}",
        "brackets86": lambda: f"（86）{value}", "han": lambda: value.translate(_HAN),
        "hanyao": lambda: value.translate(_HAN).replace("一", "幺"),
        "wide": lambda: value.translate(_WIDE), "threes": lambda: _groups(value, " ", 3, 3, 3, 2),
        "split": lambda: value[:7] + "\n" + value[7:], "dot": lambda: _groups(value, ".", 3, 4, 4),
        "dotsmid": lambda: _groups(value, "·", 3, 4, 4), "underscore": lambda: _groups(value, "_", 3, 4, 4),
        "zero": lambda: "0" + value, "hk": lambda: f"+852 {chance.choice('569')}{_digits(chance, 3)} {_digits(chance, 4)}",
        "hkbare": lambda: f"{chance.choice('569')}{_digits(chance, 3)} {_digits(chance, 4)}",
        "tw": lambda: f"09{_digits(chance, 2)}-{_digits(chance, 3)}-{_digits(chance, 3)}",
        "twplus": lambda: f"+886 9{_digits(chance, 2)} {_digits(chance, 3)} {_digits(chance, 3)}",
        "macao": lambda: f"+853 6{_digits(chance, 3)} {_digits(chance, 4)}", "us": lambda: f"+1 (415) 555-01{_digits(chance, 2)}",
        "uk": lambda: f"+44 7700 900{_digits(chance, 3)}", "tilde": lambda: _groups(value, "—", 3, 4, 4),
        "emdash": lambda: _groups(value, "－", 3, 4, 4), "slash": lambda: _groups(value, "/", 3, 4, 4),
    })  # fmt: skip


def landline(chance: Chance, variant: str) -> str:
    area, number = (
        chance.choice(["0755", "020", "010", "0571", "021", "0898"]),
        f"{chance.choice('25678')}{_digits(chance, 7)}",
    )
    return _pick(chance, variant, {
        "hyphen": lambda: f"{area}-{number}", "brackets": lambda: f"({area}){number}", "wide": lambda: f"（{area}）{number}",
        "spaced": lambda: f"({area}) {number[:4]} {number[4:]}", "plus": lambda: f"+86-{area[1:]}-{number}",
        "plusspace": lambda: f"+86 {area[1:]} {number[:4]} {number[4:]}", "ext": lambda: f"({area}) {number[:4]} {number[4:]} 转 {_digits(chance, 3)}",
        "extx": lambda: f"{area}-{number} ext. {_digits(chance, 4)}", "exthyphen": lambda: f"{area}-{number}-{_digits(chance, 3)}",
        "hk": lambda: f"+852 2{_digits(chance, 3)} {_digits(chance, 4)}", "tw": lambda: f"(02) 2{_digits(chance, 3)}-{_digits(chance, 4)}",
        "fullwidth": lambda: f"{area}-{number}".translate(_WIDE), "dash7": lambda: f"0{chance.choice(['376', '519', '752'])}-{number[:7]}",
    })  # fmt: skip


def bank_card(chance: Chance, variant: str) -> str:
    bins = {"icbc": ("622202", 19), "abc": ("622848", 19), "ccb": ("621700", 19), "boc": ("621661", 19), "cmb": ("622588", 16), "psbc": ("621098", 19), "bocom": ("622260", 19), "cmbc": ("622622", 16), "cib": ("622908", 18), "citic": ("622690", 16), "spdb": ("622521", 16), "icbcold": ("955880", 19), "visa": ("485611", 16), "master": ("552288", 16), "amex": ("376966", 15), "jcb": ("356890", 16)}  # fmt: skip
    way, _, bank = variant.partition("-")
    prefix, size = bins[
        bank or chance.choice(["icbc", "abc", "ccb", "boc", "cmb", "psbc", "bocom", "cmbc", "cib", "citic"])
    ]
    value = luhn_check_append(prefix + _digits(chance, size - len(prefix) - 1))
    return _pick(chance, way or "plain", {
        "plain": lambda: value, "space": lambda: _groups(value, " ", 4, 4, 4, 4), "hyphen": lambda: _groups(value, "-", 4, 4, 4, 4),
        "wide": lambda: value.translate(_WIDE), "split": lambda: value[:12] + "\n" + value[12:], "amex": lambda: _groups(value, " ", 4, 6, 5),
        "six": lambda: value[:6] + " " + value[6:],
    })  # fmt: skip


def luhn_check_append(body: str) -> str:
    return body + luhn_check(body)


def uscc(chance: Chance, variant: str) -> str:
    head = {"": "91440300", "shop": "92330106", "public": "12110000", "society": "51310000"}.get(variant, "91440300")
    body = head + "".join(chance.choices("0123456789ABCDEFGHJKLMNPQRTUWXY", k=9))
    value = body + uscc_check(body)
    return value.translate(_WIDE) if variant == "wide" else value.lower() if variant == "lower" else value


def email(chance: Chance, variant: str) -> str:
    local = chance.choice(
        ["li.na", "wang_wei", "zhang-san", "hr", "chenjy", "x.liu+work", "12345678", "Zhao.Ming"]
    ) + _digits(chance, 2)
    domain = chance.choice(["example.com", "mail.example.com.cn", "example.org", "corp.example.net", "qq.example"])
    value = f"{local}@{domain}"
    return {"wide": value.translate(_WIDE), "upper": value.upper()}.get(variant, value)


def birth_date(chance: Chance, variant: str) -> str:
    y, m, d = chance.randrange(1950, 2005), chance.randrange(1, 13), chance.randrange(1, 29)
    month = _MONTHS[m - 1]
    numeral = "〇一二三四五六七八九十"
    han = "".join(numeral[int(c)] for c in str(y)) + "年" + ("十" + numeral[m - 10].replace("〇", "") if m >= 10 else numeral[m]) + "月" + (numeral[d // 10] if d >= 20 else "") + ("十" if d >= 10 else "") + (numeral[d % 10] if d % 10 else "") + "日"  # fmt: skip
    return _pick(chance, variant or "iso", {
        "iso": lambda: f"{y}-{m:02}-{d:02}", "slash": lambda: f"{y}/{m}/{d}", "dot": lambda: f"{y}.{m:02}.{d:02}",
        "han": lambda: f"{y}年{m}月{d}日", "han0": lambda: f"{y}年{m:02}月{d:02}日", "numerals": lambda: han,
        "plain": lambda: f"{y}{m:02}{d:02}", "us": lambda: f"{m:02}/{d:02}/{y}", "eu": lambda: f"{d} {month[:3]} {y}",
        "long": lambda: f"{month} {d}, {y}", "roc": lambda: f"民國{y - 1911}年{m}月{d}日", "month": lambda: f"{y}年{m}月",
        "monthdot": lambda: f"{y}.{m:02}", "two": lambda: f"{y % 100:02}年{m}月{d}日", "spaced": lambda: f"{y} 年 {m} 月 {d} 日",
        "wide": lambda: f"{y}-{m:02}-{d:02}".translate(_WIDE), "eudash": lambda: f"{d:02}-{month[:3].upper()}-{y}",
    })  # fmt: skip


def address(chance: Chance, variant: str) -> str:
    n, room = chance.randrange(1, 999), f"{chance.randrange(1, 33)}0{chance.randrange(1, 9)}"
    full = ("广东省深圳市南山区粤海街道科苑路{n}号阳光花园{b}栋{r}室", "北京市海淀区中关村南大街{n}号院{b}号楼{u}单元{r}", "上海市浦东新区张杨路{n}弄{b}号{r}室", "四川省成都市武侯区人民南路四段{n}号附{b}号", "浙江省杭州市余杭区五常街道文一西路{n}号{b}幢{r}", "重庆市渝北区龙溪街道新南路{n}号{b}-{r}", "江苏省南京市鼓楼区汉口路{n}号{b}舍{r}室", "内蒙古自治区呼和浩特市赛罕区大学西街{n}号", "新疆维吾尔自治区乌鲁木齐市天山区解放北路{n}号{b}栋", "香港特别行政区沙田区源禾路{n}号{b}座{r}室")  # fmt: skip
    short = ("深圳市福田区八卦三路{n}号", "朝阳区望京西园四区{b}号楼{r}", "南山区桃园路{n}号", "西湖区文三路{n}号", "洪山区珞喻路{n}号{b}栋{r}室")  # fmt: skip
    rural = ("河南省信阳市固始县陈淋子镇红花村{b}组{n}号", "湖南省邵阳市隆回县桃花坪镇石桥村第{b}村民小组", "贵州省毕节市大方县黄泥塘镇新民村{b}组", "广西壮族自治区桂林市阳朔县白沙镇旧县村委会{n}号")  # fmt: skip
    hk = ("香港九龍旺角彌敦道{n}號旺角中心一期{b}樓A室", "新界沙田沙田正街{n}號好運中心{b}樓C室", "香港灣仔軒尼詩道{n}號{b}樓")  # fmt: skip
    tw = ("台北市信義區松仁路{n}號{b}樓之3", "新北市板橋區文化路一段{n}巷{b}號", "高雄市苓雅區四維三路{n}號")  # fmt: skip
    english = ("Room {r}, Building {b}, No. {n} Keji South Road, Nanshan District, Shenzhen, Guangdong", "Flat A, {b}/F, {n} Nathan Road, Mong Kok, Kowloon, Hong Kong", "{n} Maple Street, Apt {b}, Springfield, IL 62704")  # fmt: skip
    ways = {"full": full, "short": short, "rural": rural, "hk": hk, "tw": tw, "english": english}
    return chance.choice(ways[variant or "full"]).format(
        n=n, b=chance.randrange(1, 30), r=room, u=chance.randrange(1, 5)
    )


def plate(chance: Chance, variant: str) -> str:
    where, tail = (
        chance.choice("京沪粤浙苏川鄂鲁津渝") + chance.choice("ABCDEFG"),
        _digits(chance, 3) + chance.choice("ABCDEFGHJK") + _digits(chance, 1),
    )
    return _pick(chance, variant or "plain", {
        "plain": lambda: where + tail, "dot": lambda: f"{where}·{tail}", "space": lambda: f"{where} {tail}",
        "green": lambda: f"{where}{chance.choice('DF')}{_digits(chance, 5)}", "greendot": lambda: f"{where}·D{_digits(chance, 5)}",
        "truck": lambda: f"{where}{_digits(chance, 5)}{chance.choice('DF')}", "gang": lambda: f"粤Z{_digits(chance, 4)}港",
        "police": lambda: f"{where}{_digits(chance, 4)}警", "trailer": lambda: f"{where}{_digits(chance, 4)}挂", "hyphen": lambda: f"{where}-{tail}",
        "wide": lambda: where[0] + (where[1] + tail).translate(_WIDE), "coach": lambda: f"{where}{_digits(chance, 4)}学",
    })  # fmt: skip


def vin(chance: Chance, variant: str) -> str:
    body = "L" + "".join(chance.choices("ABCDEFGHJKLMNPRSTUVWXYZ", k=2)) + "".join(chance.choices("ABCDEFGHJKLMNPRSTUVWXYZ0123456789", k=5)) + "0" + "LMNPR"[chance.randrange(5)] + "".join(chance.choices("ABCDEFGH", k=1)) + _digits(chance, 6)  # fmt: skip
    return body[:8] + vin_check(body) + body[9:]


def passport(chance: Chance, variant: str) -> str:
    return _pick(chance, variant or "e", {
        "e": lambda: "E" + _digits(chance, 8), "ea": lambda: "E" + chance.choice("ABCDEFGHJK") + _digits(chance, 7),
        "g": lambda: "G" + _digits(chance, 8), "us": lambda: "5" + _digits(chance, 8), "uk": lambda: "9" + _digits(chance, 8),
        "hk": lambda: "K0" + _digits(chance, 7), "hkj": lambda: "KJ" + _digits(chance, 7), "jp": lambda: "TR" + _digits(chance, 7), "diplomatic": lambda: "DE" + _digits(chance, 7),
        "tw": lambda: "3" + _digits(chance, 8),
    })  # fmt: skip


def hkid(chance: Chance, variant: str) -> str:
    letter, digits = chance.choice("ABCDEGHKMPRVYZ"), _digits(chance, 6)
    total = 36 * 9 + (ord(letter) - 55) * 8 + sum(int(d) * w for d, w in zip(digits, range(7, 1, -1), strict=True))
    check = "0123456789A"[(-total) % 11]
    return _pick(chance, variant or "brackets", {"brackets": lambda: f"{letter}{digits}({check})", "bare": lambda: f"{letter}{digits}{check}", "wide": lambda: f"{letter}{digits}（{check}）"})  # fmt: skip


def taiwan_id(chance: Chance, variant: str) -> str:
    letter = chance.choice("ABCDEFGHJKLMNPQRSTUV")
    number = 10 + "ABCDEFGHJKLMNPQRSTUVXYWZIO".index(letter)
    body = chance.choice("89" if variant == "arc" else "12") + _digits(chance, 7)
    total = number // 10 + number % 10 * 9 + sum(int(d) * w for d, w in zip(body, range(8, 0, -1), strict=True))
    return letter + body + str(-total % 10)


def ip(chance: Chance, variant: str) -> str:
    return (
        f"2001:db8:{chance.randrange(16**4):x}::{chance.randrange(16**4):x}"
        if variant == "six"
        else chance.choice(["203.0.113.", "198.51.100.", "10.20.3.", "172.16.8."]) + str(chance.randrange(1, 255))
    )


def credential(chance: Chance, variant: str) -> str:
    letters = "ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnpqrstuvwxyz0123456789"

    def many(n: int) -> str:
        return "".join(chance.choices(letters, k=n))

    return _pick(chance, variant or "password", {
        "password": lambda: f"{chance.choice(['Sum', 'Qwe', 'Tg', 'Hr'])}{chance.choice('@#!')}{_digits(chance, 4)}{many(3)}", "hex": lambda: chance.randbytes(20).hex(), "plain": lambda: many(12),
        "aws": lambda: "AKIA" + "".join(chance.choices("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", k=16)), "awssecret": lambda: many(40),
        "aliyun": lambda: "LTAI5t" + many(18), "github": lambda: "ghp_" + many(36), "tencent": lambda: "AKID" + many(32), "jwt": lambda: f"eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJ0{many(12)}.{many(30)}",
        "slack": lambda: f"xoxb-{_digits(chance, 12)}-{many(24)}", "openai": lambda: "sk-" + many(48),
    })  # fmt: skip


def point(chance: Chance) -> tuple[float, float]:
    return 113.9 + chance.random() / 5, 22.5 + chance.random() / 5


def location_track(chance: Chance, variant: str) -> str:
    (x, y), rows = point(chance), []
    for i in range(8):
        x, y = x + chance.random() / 500, y + chance.random() / 500
        rows.append({
            "json": f'{{"lng":{x:.6f},"lat":{y:.6f},"time":"2026-10-0{i + 1} 08:{i:02}:00"}}', "csv": f"2026-10-03 08:{i:02}:11,{x:.6f},{y:.6f},{30 + i}",
            "latlon": f"[2026-10-03T08:{i:02}:11] lat={y:.5f} lon={x:.5f} speed={20 + i}", "han": f"08:{i:02} 经度{x:.6f} 纬度{y:.6f}",
            "gpx": f'<trkpt lat="{y:.6f}" lon="{x:.6f}"><time>2026-10-03T08:{i:02}:11Z</time></trkpt>', "geo": f"[{x:.6f},{y:.6f}]",
        }[variant or "csv"])  # fmt: skip
    return ("," if variant in ("json", "geo") else "\n").join(rows)


def location(chance: Chance, variant: str) -> str:
    x, y = point(chance)
    return {"": f"{x:.6f},{y:.6f}", "latlon": f"{y:.6f}, {x:.6f}", "degree": f"N{y:.5f}° E{x:.5f}°"}[variant]


def _luhn(head: str, size: int) -> Callable[[Chance, str], str]:
    return lambda chance, variant: luhn_check_append(head + _digits(chance, size - len(head) - 1))


def _shape(*shapes: str) -> Callable[[Chance, str], str]:
    """Shapes in which # is a digit, @ a capital letter and ~ a small one."""

    def make(chance: Chance, variant: str) -> str:
        letters = {"#": "0123456789", "@": "ABCDEFGHJKLMNPQRSTUVWXYZ", "~": "abcdefghijkmnpqrstuvwxyz"}
        shape = shapes[int(variant)] if variant else chance.choice(shapes)
        return "".join(chance.choice(letters[c]) if c in letters else c for c in shape)

    return make


MAKERS: dict[str, Callable[[Chance, str], str]] = {
    "person_name": person_name, "id_card": id_card, "phone": phone, "landline": landline, "bank_card": bank_card, "uscc": uscc, "email": email, "birth_date": birth_date,
    "address": address, "plate": plate, "vin": vin, "passport": passport, "hkid": hkid, "taiwan_id": taiwan_id, "taiwan_arc": lambda c, v: taiwan_id(c, "arc"), "ip": ip,
    "credential": credential, "location_track": location_track, "location": location, "imei": _luhn("86", 15), "imsi": _shape("46000##########", "46001##########", "46011##########"),
    "mac": _shape("3C:22:FB:1#:#A:##", "3c-22-fb-#e-5#-##", "a4b1.c2#d.##f#"), "hk_macao_permit": _shape("C########", "H########", "M########", "C@#######"), "taiwan_permit": _shape("########"), "macao_id": _shape("1######(#)", "5######(#)"),
    "foreign_permit": _shape("USA1101##1#0###"), "military_id": _shape("军字第########号", "武字第#######号", "南字第########号"), "driving_licence": _shape("4403########"),
    "social_security": _shape("6########", "44030########", "HA#######"), "medical_record": _shape("ZY2026####", "00######", "MZ######", "B26######"), "provident_fund": _shape("2##########", "00#########"),
    "qq": _shape("8#######", "1########", "28########"), "wechat": _shape("wxid_~~~~####~~", "~~~~~~_####", "~~~~~~~-##"), "financial_account": _shape("PDAA2026440300######", "E########", "8##########"),
    "username": _shape("~~~~~##", "~~~~.~~~~"),
}  # fmt: skip

NOISE: dict[str, Callable[[Chance], str]] = {
    "order": lambda c: f"2026{c.randrange(1, 13):02}{c.randrange(1, 29):02}{_digits(c, 12)}", "taobao": lambda c: _digits(c, 19).replace("0", "4", 1), "mobileorder": lambda c: phone(c, "plain"),
    "sf": lambda c: f"SF{_digits(c, 13)}", "jd": lambda c: f"JD{_digits(c, 13)}", "yto": lambda c: f"YT{_digits(c, 13)}", "ems": lambda c: f"E@{_digits(c, 9)}CN".replace("@", "Y"),
    "amount": lambda c: f"{c.randrange(1, 10**7):,}.{c.randrange(100):02}", "price": lambda c: f"¥{c.randrange(10**8)}.{c.randrange(100):02}", "when": lambda c: f"2026-{c.randrange(1, 12):02}-{c.randrange(1, 29):02} {c.randrange(24):02}:{c.randrange(60):02}:{c.randrange(60):02}",
    "day": lambda c: f"2026年{c.randrange(1, 12)}月{c.randrange(1, 29)}日", "iso": lambda c: f"2026-{c.randrange(1, 12):02}-{c.randrange(1, 29):02}", "ms": lambda c: str(1_760_000_000_000 + c.randrange(10**10)), "unix": lambda c: str(1_760_000_000 + c.randrange(10**7)),
    "sha": lambda c: c.randbytes(32).hex(), "md5": lambda c: c.randbytes(16).hex(), "isbn": lambda c: f"978-7-{_digits(c, 3)}-{_digits(c, 5)}-{_digits(c, 1)}", "ean": lambda c: f"69{_digits(c, 11)}", "version": lambda c: f"{c.randrange(30)}.{c.randrange(20)}.{c.randrange(99)}.{c.randrange(2000)}",
    "part": lambda c: f"{c.choice(['STM32F', 'BC', 'GRM', 'LM'])}{_digits(c, 3)}-{_digits(c, 4)}", "invoice": lambda c: f"044002{_digits(c, 6)}", "invoiceno": lambda c: _digits(c, 8), "einvoice": lambda c: f"26{_digits(c, 18)}", "regno": lambda c: f"44030{_digits(c, 10)}",
    "orgcode": lambda c: f"{_digits(c, 8)}-{_digits(c, 1)}", "bankline": lambda c: f"10258{_digits(c, 7)}", "contract": lambda c: f"HT-2026-{_digits(c, 5)}", "trace": lambda c: f"{c.randbytes(4).hex()}-{c.randbytes(2).hex()}-4{c.randbytes(2).hex()[:3]}-a{c.randbytes(2).hex()[:3]}-{c.randbytes(6).hex()}",
    "n2": lambda c: str(c.randrange(10, 99)), "n3": lambda c: str(c.randrange(100, 999)), "n5": lambda c: str(c.randrange(10**4, 10**5)), "n12": lambda c: _digits(c, 12), "n16": lambda c: "7" + _digits(c, 15), "n20": lambda c: "9" + _digits(c, 19), "patent": lambda c: f"ZL2024{_digits(c, 8)}.{_digits(c, 1)}",
    "case": lambda c: f"（2026）粤03民初{c.randrange(1000, 9999)}号", "float": lambda c: f"{c.random() * 1000:.8f}", "hexline": lambda c: " ".join(f"{b:02x}" for b in c.randbytes(16)), "b64": lambda c: "".join(c.choices("ABCDEFGHabcdefgh0123456789+/", k=64)),
    "coord": lambda c: f"{c.randrange(1920)},{c.randrange(1080)}", "dollar": lambda c: f"${c.randrange(10**6):,}.{c.randrange(100):02}", "imo": lambda c: f"IMO {_digits(c, 7)}", "container": lambda c: f"COSU{_digits(c, 7)}", "flight": lambda c: f"CA{c.randrange(1000, 9999)}", "hs": lambda c: f"{_digits(c, 4)}.{_digits(c, 2)}.{_digits(c, 4)}",
    "masked": lambda c: f"{c.choice(_PREFIXES)}****{_digits(c, 4)}", "maskedid": lambda c: f"4403**********{_digits(c, 4)}", "badid": lambda c: _bad(id_card(c, "plain")),
}  # fmt: skip


def _bad(value: str) -> str:
    return value[:-1] + str((int(value[-1].replace("X", "9")) + 1) % 10)


def _ends(value: str) -> tuple[tuple[int, int], ...]:
    """Other ends of a telephone number that are as right: without its extension, without an opening bracket."""
    lead = 1 if value[0] in "(（" else 0
    ends = {len(value)}
    for sign in (" 转", " ext.", "-"):
        if (at := value.rfind(sign)) > 8:
            ends.add(at)
    return tuple((start, end) for start in {0, lead} for end in ends)


def _bracket(value: str) -> tuple[tuple[int, int], ...]:
    return ((1, len(value)),) if value[0] in "(（" else ()


LOOSE: dict[str, Callable[[str], tuple[tuple[int, int], ...]]] = {"landline": _ends, "phone": _bracket}
