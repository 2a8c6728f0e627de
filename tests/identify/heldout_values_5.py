"""Made-up values for the fifth set of held-out texts.

Surnames are drawn by their share of the people, with a tail of rare and compound ones; given names are put together
from characters that names are made of, by the decades in which they were in fashion. Numbers hold by their check
digits; telephone numbers, IP addresses and test cards come from ranges kept for fiction or documentation where there
are such.
"""

from __future__ import annotations

import random
import uuid
from collections.abc import Callable
from datetime import date, timedelta

from check_digits import id_check, luhn_check, uscc_check, vin_check
from heldout_foreign_5 import FOREIGN, digits, one_of

__all__ = ["LOOSE_5", "MAKERS_5", "NOISE_5"]

Chance = random.Random
Maker = Callable[[Chance, str], str]
Ends = Callable[[str], tuple[tuple[int, int], ...]]

_SHARES = """王Wang72 李Li71 张Zhang67 刘Liu53 陈Chen45 杨Yang31 黄Huang22 赵Zhao22 吴Wu20 周Zhou20 徐Xu15 孙Sun15 马Ma13
朱Zhu12 胡Hu12 郭Guo12 何He11 林Lin11 高Gao10 罗Luo10 郑Zheng9 梁Liang9 谢Xie8 宋Song7 唐Tang7 许Xu7 韩Han7 邓Deng6
冯Feng6 曹Cao6 彭Peng6 曾Zeng6 肖Xiao6 田Tian5 董Dong5 潘Pan5 袁Yuan5 蔡Cai5 蒋Jiang5 余Yu5 于Yu5 杜Du5 叶Ye5 程Cheng4
魏Wei4 苏Su4 吕Lü4 丁Ding4 任Ren4 卢Lu4 姚Yao4 沈Shen4 钟Zhong4 姜Jiang4 崔Cui4 谭Tan4 陆Lu3 范Fan3 汪Wang3 廖Liao3
石Shi3 金Jin3 韦Wei3 贾Jia3 夏Xia3 付Fu3 方Fang3 邹Zou3 熊Xiong2 白Bai2 孟Meng2 秦Qin2 邱Qiu2 侯Hou2 江Jiang2 尹Yin2
薛Xue2 闫Yan2 雷Lei2 龙Long2 黎Li2 史Shi2 陶Tao2 贺He2 毛Mao2 段Duan2 郝Hao2 顾Gu2 龚Gong2 邵Shao2 覃Qin2 武Wu2 钱Qian2
戴Dai2 严Yan2 莫Mo2 孔Kong2 向Xiang2 常Chang2 仝Tong1 昝Zan1 佘She1 缪Miao1 亓Qi1 郜Gao1 宓Mi1 逄Pang1 阚Kan1 车Che1
牛Niu1 米Mi1 欧阳Ouyang1 司马Sima1 上官Shangguan1 诸葛Zhuge1 尉迟Yuchi1 皇甫Huangfu1"""
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyzü"
_SURNAMES: list[tuple[str, str, int]] = []
for _share in _SHARES.split():
    _han = _share.rstrip("0123456789").rstrip(_LETTERS)
    _SURNAMES.append((_han, _share.removeprefix(_han).rstrip("0123456789"), int(_share.lstrip(_han + _LETTERS))))
_OLD = (
    "建Jian 国Guo 华Hua 秀Xiu 英Ying 兰Lan 桂Gui 芳Fang 志Zhi 明Ming 玉Yu 珍Zhen 德De 福Fu 春Chun 生Sheng 红Hong 军Jun"
)
_MID = (
    "伟Wei 丽Li 敏Min 静Jing 磊Lei 涛Tao 鹏Peng 艳Yan 娟Juan 晓Xiao 海Hai 峰Feng 燕Yan 波Bo 斌Bin 婷Ting 慧Hui 超Chao"
)
_NEW = (
    "子Zi 梓Zi 涵Han 轩Xuan 宇Yu 浩Hao 然Ran 欣Xin 怡Yi 诗Shi 晨Chen 沐Mu 泽Ze 雨Yu 桐Tong 依Yi 诺Nuo 一Yi 昕Xin 睿Rui"
)
_DECADES = [[(syllable[0], syllable[1:]) for syllable in decade.split()] for decade in (_OLD, _MID, _NEW)]
_MINORITY = ("古丽娜尔·艾合买提", "买买提·吐尔逊", "阿依古丽·热合曼", "努尔兰·巴合提别克", "扎西·平措", "卓玛央金", "洛桑次仁",
             "乌云其木格", "巴特尔", "阿木古郎", "吉克·木呷", "艾力·卡迪尔")  # fmt: skip
_LATIN = {
    "": ("Margaret Holloway", "Daniel Okafor", "Priya Ramanathan", "Tobias Lindqvist", "Siobhan Byrne", "Marcus Webb",
         "Camille Fournier", "Jürgen Pfeiffer", "Rafael Monteiro", "Anneliese Krämer", "Grace Oyelaran", "Hugo Delacroix",
         "Emily Carter", "Kevin O'Donnell", "Nguyen Thi Lan", "Chloé Marchand", "Ravi Krishnamurthy", "Sofia Petrova"),
    "jp": ("渡辺 健太", "佐々木 美咲", "高橋一郎", "中村 さくら", "小林 直樹"),
    "kr": ("김민준", "박서연", "이도현", "최지우"),
    "ru": ("Иванов Сергей Петрович", "Кузнецова Ольга Викторовна", "Смирнов Алексей"),
    "trad": ("陳志豪", "黃美玲", "張國華", "林怡君", "李嘉怡", "鄭凱文", "何詠詩", "吳俊賢", "劉雅婷", "歐陽婉儀"),
    "hk": ("CHAN Tai Wai", "WONG Ka Yan", "LEUNG Chi Ho", "NG Mei Ling", "CHEUNG Wing Sze"),
    "signed": ("Kelly", "Jason", "Vivian", "Leo", "Sunny"),
}  # fmt: skip


def _han(chance: Chance, decades: range = range(3)) -> tuple[str, str, str, str]:
    """Surname and given name, each in Han characters and in pinyin."""
    surname, letters, _ = chance.choices(_SURNAMES, [share for *_, share in _SURNAMES])[0]
    given = chance.sample(_DECADES[chance.choice(decades)], 1 if chance.random() < 0.14 else 2)
    sounds = "".join(sound for _, sound in given)
    return surname, "".join(sign for sign, _ in given), letters, sounds.capitalize()


def person_name(chance: Chance, variant: str) -> str:
    surname, given, letters, sounds = _han(chance, range(2, 3) if variant == "child" else range(3))
    if variant in ("", "child"):
        return chance.choice(_MINORITY) if not variant and chance.random() < 0.02 else surname + given
    if variant == "minority":
        return chance.choice(_MINORITY)
    if variant == "latin":
        return chance.choice(_LATIN[""])
    if variant in _LATIN:
        return chance.choice(_LATIN[variant])
    if variant in ("lady", "sir", "teacher"):
        return surname + {"lady": "女士", "sir": "先生", "teacher": "老师"}[variant]
    if variant == "boss":
        return surname + chance.choice(("总", "经理", "工", "主任"))
    if variant == "little":
        return chance.choice("小老阿") + surname[0]
    if variant == "only":  # what follows the surname stands beside it
        return surname
    written = {"pinyin": f"{sounds} {letters}", "east": f"{letters} {sounds}", "upper": f"{letters}/{sounds}".upper(),
               "comma": f"{letters.upper()}, {sounds}", "caps": f"{letters} {sounds}".upper()}  # fmt: skip
    return written[variant].replace("Ü", "U").replace("ü", "v")


def _born(chance: Chance, variant: str = "") -> date:
    first, last = {"child": (2013, 2020), "old": (1938, 1962)}.get(variant, (1963, 2003))
    return date(first, 1, 1) + timedelta(days=chance.randrange((last - first) * 365))


def birth_date(chance: Chance, variant: str) -> str:
    day = _born(chance, variant)
    written = {"": "%Y-%m-%d", "child": "%Y-%m-%d", "old": "%Y-%m-%d", "han": "%Y年%m月%d日", "slash": "%Y/%m/%d",
               "dots": "%d.%m.%Y", "us": "%m/%d/%Y", "uk": "%d %B %Y", "flat": "%Y%m%d", "pnr": "%d%b%y",
               "month": "%Y年%m月", "point": "%Y.%m.%d"}  # fmt: skip
    text = day.strftime(written[variant])
    return text.upper() if variant == "pnr" else text.replace("年0", "年").replace("月0", "月")


_REGIONS = ("110108", "310115", "440305", "330106", "320505", "510104", "420111", "610113", "350203", "370202", "230102",
            "530102", "650102", "540102", "210204", "500103")  # fmt: skip


def id_card(chance: Chance, variant: str) -> str:
    body = chance.choice(_REGIONS) + _born(chance, variant).strftime("%Y%m%d") + digits(chance, 3)
    number = body + id_check(body)
    if variant == "spaces":
        return f"{number[:6]} {number[6:14]} {number[14:]}"
    return number.lower() if variant == "lower" else number


def phone(chance: Chance, variant: str) -> str:
    head = chance.choice(
        ("134", "136", "138", "139", "150", "151", "158", "159", "176", "177", "186", "187", "189", "199")
    )
    middle, end = digits(chance, 4), digits(chance, 4)
    if variant == "han":  # read out
        return "".join("零幺二三四五六七八九"[int(digit)] for digit in head + middle + end)
    written = {
        "": f"{head}{middle}{end}", "spaces": f"{head} {middle} {end}", "dashes": f"{head}-{middle}-{end}",
        "plus": f"+86 {head}{middle}{end}", "plus0": f"+86-{head}-{middle}-{end}",
        "us": f"+1 (212) 555-01{digits(chance, 2)}", "usdots": f"415.555.01{digits(chance, 2)}",
        "uk": f"+44 7700 900{digits(chance, 3)}", "de": f"+49 171 {digits(chance, 7, first='2345')}",
        "fr": f"+33 6 39 98 {digits(chance, 2)} {digits(chance, 2)}", "jp": f"090-{digits(chance, 4, first='2468')}-{end}",
        "kr": f"010-{digits(chance, 4, first='2468')}-{end}", "sg": f"+65 9{digits(chance, 3)} {end}",
        "in": f"+91 98{digits(chance, 3)} {digits(chance, 5)}", "br": f"+55 11 9{digits(chance, 4, first='6789')}-{end}",
        "ru": f"+7 916 {digits(chance, 3, first='2345')}-{digits(chance, 2)}-{digits(chance, 2)}",
        "hk": f"+852 {one_of(chance, '569')}{digits(chance, 3)} {end}", "mo": f"+853 6{digits(chance, 3)} {end}",
        "tw": f"09{digits(chance, 2)}-{digits(chance, 3)}-{digits(chance, 3)}", "au": f"+61 491 570 {one_of(chance, ('156', '157', '158', '159'))}",
    }  # fmt: skip
    return written[variant]


def landline(chance: Chance, variant: str) -> str:
    area, size = one_of(
        chance, (("010", 8), ("021", 8), ("0755", 8), ("0571", 8), ("028", 8), ("0773", 7), ("0431", 8))
    )
    body = digits(chance, size, first="2568")
    written = {"": f"{area}-{body}", "ext": f"{area}-{body}-{digits(chance, 3, first='12368')}", "bracket": f"({area}){body}",
               "plus": f"+86 {area[1:]} {body[:4]} {body[4:]}"}  # fmt: skip
    return written[variant]


def email(chance: Chance, variant: str) -> str:
    _, _, letters, sounds = _han(chance)
    local = one_of(
        chance, (f"{sounds}.{letters}", f"{letters}{sounds}", f"{sounds}_{letters}", f"{sounds[0]}{letters}")
    )
    hosts = {"": ("example.com", "example.cn", "mail.example.com.cn"), "free": ("163.com", "qq.com", "gmail.com", "foxmail.com"),
             "abroad": ("example.de", "example.co.uk", "example.co.jp", "example.org")}  # fmt: skip
    number = digits(chance, 3) if variant == "free" else ""
    return f"{local.lower().replace('ü', 'v')}{number}@{one_of(chance, hosts[variant])}"


_CITIES = (("广东省深圳市南山区", "科苑南路", "518057"), ("浙江省杭州市余杭区", "文一西路", "311121"), ("江苏省苏州市工业园区", "星湖街", "215000"),
           ("上海市浦东新区", "张杨路", "200120"), ("北京市朝阳区", "望京西路", "100102"), ("四川省成都市武侯区", "天府大道中段", "610041"),
           ("湖北省武汉市洪山区", "珞喻路", "430070"), ("福建省厦门市湖里区", "仙岳路", "361006"), ("陕西省西安市雁塔区", "科技二路", "710065"))  # fmt: skip
_ABROAD = {
    "us": ("4417 Sycamore Ave Apt 12B, Portland, OR 97214", "208 Old Mill Road, Ithaca, NY 14850"),
    "uk": ("14 Larkspur Close, Reading RG4 7TQ", "Flat 3, 91 Gillott Road, Birmingham B16 0EZ"),
    "de": ("Lindenstraße 27, 50674 Köln", "Am Stadtpark 8a, 90409 Nürnberg"),
    "fr": ("18 rue des Tanneurs, 59000 Lille", "5 avenue Foch, 69006 Lyon"),
    "jp": ("東京都世田谷区桜丘3丁目12番5号", "大阪府豊中市新千里東町1-4-2"),
    "hk": ("九龍旺角彌敦道688號旺角中心12樓B室", "新界沙田大圍美林邨美楓樓1708室"),
    "hken": ("Flat 12B, 3/F, Block C, Mei Lam Estate, Shatin, N.T.", "Room 2301, 688 Nathan Road, Mong Kok, Kowloon"),
    "tw": ("台北市大安區和平東路二段106號5樓", "高雄市左營區博愛二路777號12樓之3"),
    "mo": ("澳門提督馬路133號新美安大廈8樓A座",),
    "sg": ("Blk 512 Bedok North Ave 2 #07-119 Singapore 460512",),
    "br": ("Rua Augusta, 1508, ap. 42, São Paulo - SP, 01304-001",),
}  # fmt: skip


def address(chance: Chance, variant: str) -> str:
    if variant in _ABROAD:
        return one_of(chance, _ABROAD[variant])
    region, road, _ = one_of(chance, _CITIES)
    number, house = (
        chance.randrange(8, 980),
        f"{chance.randrange(1, 30)}栋{chance.randrange(1, 5)}单元{chance.randrange(1, 33)}0{chance.randrange(1, 5)}",
    )
    estate = one_of(chance, ("翠湖花园", "阳光里小区", "锦绣江南", "金色家园", "保利花园"))
    written = {"": f"{region}{road}{number}号{estate}{house}", "short": f"{road}{number}号{estate}{house}",
               "village": one_of(chance, ("湖南省邵东市仙槎桥镇杨柳村6组", "河南省固始县郭陆滩镇王楼村12号", "贵州省凯里市三棵树镇南花村3组17号"))}  # fmt: skip
    return written[variant]


def bank_card(chance: Chance, variant: str) -> str:
    heads = {"": (("622202", 19), ("621700", 19), ("622848", 19), ("621661", 19), ("623058", 19), ("622588", 16), ("625912", 16)),
             "foreign": (("453201", 16), ("540301", 16), ("411111", 16))}  # fmt: skip
    head, size = one_of(chance, heads.get(variant, heads[""]))
    body = head + digits(chance, size - len(head) - 1)
    number = body + luhn_check(body)
    if variant in ("spaces", "foreign"):
        return " ".join(number[i : i + 4] for i in range(0, len(number), 4))
    return number


def uscc(chance: Chance, _: str) -> str:
    body = (
        "91"
        + chance.choice(_REGIONS)
        + "MA"
        + "".join(chance.choice("123456789ABCDEFGHJKLMNPQRTUWXY") for _ in range(7))
    )
    return body + uscc_check(body)


def plate(chance: Chance, variant: str) -> str:
    head = one_of(chance, "京沪粤浙苏川鄂闽陕鲁") + one_of(chance, "ABCDE")
    if variant == "new":
        return f"{head}D{digits(chance, 5)}"
    tail = one_of(chance, "ABCDEFGHJKLMNPQRSTUVWXYZ") + digits(chance, 4)
    return f"{head}·{tail}" if variant == "dot" else head + tail


def vin(chance: Chance, _: str) -> str:
    signs = "ABCDEFGHJKLMNPRSTUVWXYZ0123456789"
    body = (
        one_of(chance, ("LSV", "LFV", "LGX", "LRW", "LBV"))
        + "".join(chance.choice(signs) for _ in range(8))
        + digits(chance, 6)
    )
    return body[:8] + vin_check(body) + body[9:]


def imei(chance: Chance, _: str) -> str:
    body = one_of(chance, ("35", "86")) + digits(chance, 12)
    return body + luhn_check(body)


def ip(chance: Chance, variant: str) -> str:
    if variant == "v6":
        return f"2001:db8:{chance.randrange(4096):x}:{chance.randrange(1, 4096):x}::{chance.randrange(1, 65535):x}"
    return one_of(chance, ("203.0.113.", "198.51.100.", "192.0.2.")) + str(chance.randrange(2, 254))


def mac(chance: Chance, variant: str) -> str:
    parts = [f"{chance.randrange(256):02x}" for _ in range(5)]
    text = ("-" if variant == "dash" else ":").join(["3c", *parts])
    return text.upper() if variant else text


_WORDS = ("lanting", "qingfeng", "maomao", "sunny", "tiger", "haiyang", "xiaobai", "yunduo")


def credential(chance: Chance, variant: str) -> str:
    signs = _LETTERS[:-1] + "0123456789"
    many = lambda count: "".join(chance.choice(signs) for _ in range(count))  # noqa: E731
    made = {
        "": lambda: f"{one_of(chance, _WORDS).capitalize()}{one_of(chance, '@#!$')}{digits(chance, 4)}",
        "aws": lambda: "AKIA" + "".join(chance.choice("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567") for _ in range(16)),
        "aliyun": lambda: "LTAI5t" + many(18), "secret": lambda: many(30), "github": lambda: "ghp_" + many(36),
        "sk": lambda: "sk-" + many(48), "slack": lambda: "xoxb-" + digits(chance, 12) + "-" + digits(chance, 12) + "-" + many(24),
        "jwt": lambda: "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJ1aWQiOjEwMjMsImlhdCI6MTc2" + many(20) + "." + many(43),
        "hex": lambda: "".join(chance.choice("0123456789abcdef") for _ in range(32)), "pin": lambda: digits(chance, 6),
        "stripe": lambda: "sk_live_" + many(24),
    }  # fmt: skip
    return made[variant]()


def username(chance: Chance, _: str) -> str:
    return f"{one_of(chance, _WORDS)}{one_of(chance, ('_', '', '-'))}{digits(chance, 3)}"


def wechat(chance: Chance, variant: str) -> str:
    return (
        "wxid_" + "".join(chance.choice("abcdefghijklmnopqrstuvwxyz0123456789") for _ in range(14))
        if variant
        else username(chance, "")
    )


def passport(chance: Chance, variant: str) -> str:
    made = {"": "E" + one_of(chance, "ABCDEFGHJ") + digits(chance, 7), "old": "G" + digits(chance, 8, first="2345"), "us": digits(chance, 9, first="456"),
            "de": "C" + one_of(chance, "FGHJK") + digits(chance, 7), "jp": "T" + one_of(chance, "KRZ") + digits(chance, 7), "hk": "K" + digits(chance, 8)}  # fmt: skip
    return made[variant]


def hk_macao_permit(chance: Chance, variant: str) -> str:
    return (
        one_of(chance, "HM") + digits(chance, 8)
        if variant == "home"
        else "C" + one_of(chance, "ABCDE") + digits(chance, 7)
    )


def taiwan_permit(chance: Chance, variant: str) -> str:
    return digits(chance, 8, first="0123") if variant == "home" else "L" + digits(chance, 8)


def foreign_permit(chance: Chance, _: str) -> str:
    body = (
        "9"
        + one_of(chance, ("11", "31", "44"))
        + one_of(chance, ("840", "276", "392", "826", "410"))
        + _born(chance).strftime("%Y%m%d")
        + digits(chance, 3)
    )
    return body + id_check(body)


def location(chance: Chance, variant: str) -> str:
    lng, lat = 113 + chance.random() * 8, 23 + chance.random() * 8
    return f"{lat:.6f},{lng:.6f}" if not variant else f"N{lat:.5f} E{lng:.5f}"


def location_track(chance: Chance, variant: str) -> str:
    lng, lat, at, rows = 113 + chance.random() * 8, 23 + chance.random() * 8, 7 * 3600 + chance.randrange(9000), []
    for _ in range(4):
        when = f"{at // 3600:02}:{at // 60 % 60:02}:{at % 60:02}"
        rows.append({"": f"{when},{lng:.6f},{lat:.6f}", "json": f'{{"t":"{when}","lng":{lng:.6f},"lat":{lat:.6f}}}',
                     "prose": f"{when[:5]}经{one_of(chance, ('梅观高速清湖站', '人民路地铁口', '滨海大道红绿灯', '五一广场'))}"}[variant])  # fmt: skip
        lng, lat, at = lng + 0.003, lat + 0.002, at + 61
    return {"": "\n", "json": ",", "prose": "，"}[variant].join(rows)


def financial_account(chance: Chance, variant: str) -> str:
    """Of a bank, a holder of shares, a broker's client, an insurance policy."""
    head, size = {"": ("6", 16), "a": ("A", 9), "fund": ("3", 7), "policy": ("P", 12)}[variant]
    return head + digits(chance, size)


def _number(size: int, head: str = "") -> Maker:
    return lambda chance, _: head + digits(chance, size, first="123456789")


MAKERS_5: dict[str, Maker] = {
    "person_name": person_name, "birth_date": birth_date, "id_card": id_card, "phone": phone, "landline": landline,
    "email": email, "address": address, "bank_card": bank_card, "uscc": uscc, "plate": plate, "vin": vin, "imei": imei,
    "ip": ip, "mac": mac, "credential": credential, "username": username, "wechat": wechat, "qq": _number(9),
    "passport": passport, "hk_macao_permit": hk_macao_permit, "taiwan_permit": taiwan_permit, "foreign_permit": foreign_permit,
    "location": location, "location_track": location_track, "imsi": lambda chance, _: "46000" + digits(chance, 10),
    "medical_record": lambda chance, v: {"": "0", "zy": "ZY", "rx": "31"}[v] + digits(chance, 8, first="123456789"),
    "financial_account": financial_account,
    "social_security": _number(10), "provident_fund": _number(12), "driving_licence": id_card,
    "military_id": lambda chance, _: "军字第" + digits(chance, 7, first="123") + "号",
} | FOREIGN  # fmt: skip


def _untitled(value: str) -> tuple[tuple[int, int], ...]:
    """A name before a title, and what is left of 小王 without 小."""
    for title in ("女士", "先生", "老师", "经理", "主任", "总", "工"):
        if value.endswith(title):
            return ((0, len(value) - len(title)),)
    return ((1, 2),) if len(value) == 2 and value[0] in "小老阿" else ()


def _national(value: str) -> tuple[tuple[int, int], ...]:
    """A number without the country's code, with or without its brackets."""
    ends = [(i, len(value)) for i, sign in enumerate(value) if value[0] == "+" and value[i - 1] in " -"][:1]
    return (*ends, *((start + 1, end) for start, end in ends if value[start] == "("))


def _extension(value: str) -> tuple[tuple[int, int], ...]:
    return (*_national(value), *([(0, value.rindex("-"))] if value.count("-") == 2 else []))


LOOSE_5: dict[str, Ends] = {"person_name": _untitled, "phone": _national, "landline": _extension}

Noise = Callable[[Chance], str]
NOISE_5: dict[str, Noise] = {
    **{f"n{size}": (lambda chance, size=size: digits(chance, size, first="123456789")) for size in (2, 3, 4, 5, 6, 8, 10, 12, 15, 16, 18, 20)},
    "order": lambda chance: f"2026{chance.randrange(1, 13):02}{chance.randrange(1, 29):02}{digits(chance, 10)}",
    "awb": lambda chance: "SF" + digits(chance, 13, first="123"), "ups": lambda chance: "1Z" + digits(chance, 16),
    "amount": lambda chance: f"{chance.randrange(100, 98000):,}.{digits(chance, 2)}", "price": lambda chance: f"{chance.randrange(9, 900)}.{digits(chance, 2)}",
    "uuid": lambda chance: str(uuid.UUID(int=chance.getrandbits(128), version=4)),
    "idfa": lambda chance: str(uuid.UUID(int=chance.getrandbits(128), version=4)).upper(),
    "sha": lambda chance: f"{chance.getrandbits(256):064x}", "md5": lambda chance: f"{chance.getrandbits(128):032x}", "commit": lambda chance: f"{chance.getrandbits(28):07x}",
    "day": lambda chance: (date(2026, 1, 1) + timedelta(days=chance.randrange(320))).isoformat(),
    "hm": lambda chance: f"{chance.randrange(8, 22):02}:{chance.randrange(60):02}", "when": lambda chance: f"2026-{chance.randrange(1, 12):02}-{chance.randrange(1, 29):02} {chance.randrange(8, 22):02}:{chance.randrange(60):02}:{chance.randrange(60):02}",
    "unix": lambda chance: str(1_767_000_000 + chance.randrange(20_000_000)), "ms": lambda chance: str(1_767_000_000_000 + chance.randrange(20_000_000_000)),
    "ver": lambda chance: f"{chance.randrange(1, 9)}.{chance.randrange(30)}.{chance.randrange(60)}", "ean": lambda chance: (body := "69" + digits(chance, 10)) + str(-sum(int(d) * (3 if i % 2 else 1) for i, d in enumerate(body)) % 10),
    "part": lambda chance: f"{one_of(chance, ('GRM', 'STM', 'BQ', 'TPS'))}{digits(chance, 5)}{one_of(chance, ('A1', 'RT', 'DDA'))}", "hs": lambda chance: digits(chance, 4, first="678") + "." + digits(chance, 2) + "." + digits(chance, 4),
    "case": lambda chance: f"（2026）{one_of(chance, ('粤', '沪', '浙'))}03{digits(chance, 2)}民初{digits(chance, 4, first='123')}号",
}  # fmt: skip
