"""Made-up values for the fourth set of held-out texts.

Names come as often as they do in China: surnames by their share of the people, given names that many bear, a few rare
ones. Numbers hold by their check digits; where a range is kept for fiction or documentation they come from it.
"""

from __future__ import annotations

import random
from collections.abc import Callable

from check_digits import id_check
from heldout_values_3 import LOOSE_3, MAKERS_3, NOISE_3

__all__ = ["LOOSE_4", "MAKERS_4", "NOISE_4"]

Chance = random.Random
Maker = Callable[[Chance, str], str]

_SURNAMES = {
    "王": (72, "Wang"), "李": (71, "Li"), "张": (67, "Zhang"), "刘": (53, "Liu"), "陈": (45, "Chen"), "杨": (32, "Yang"),
    "黄": (22, "Huang"), "赵": (22, "Zhao"), "吴": (20, "Wu"), "周": (20, "Zhou"), "徐": (14, "Xu"), "孙": (14, "Sun"),
    "马": (12, "Ma"), "朱": (12, "Zhu"), "胡": (12, "Hu"), "郭": (11, "Guo"), "何": (11, "He"), "林": (11, "Lin"),
    "罗": (10, "Luo"), "高": (10, "Gao"), "郑": (9, "Zheng"), "梁": (9, "Liang"), "谢": (7, "Xie"), "宋": (7, "Song"),
    "唐": (7, "Tang"), "许": (7, "Xu"), "邓": (6, "Deng"), "冯": (6, "Feng"), "韩": (6, "Han"), "曹": (6, "Cao"),
    "曾": (5, "Zeng"), "彭": (5, "Peng"), "萧": (3, "Xiao"), "蔡": (5, "Cai"), "潘": (5, "Pan"), "田": (4, "Tian"),
    "董": (4, "Dong"), "袁": (4, "Yuan"), "于": (4, "Yu"), "余": (4, "Yu"), "叶": (4, "Ye"), "蒋": (4, "Jiang"),
    "杜": (4, "Du"), "苏": (4, "Su"), "魏": (4, "Wei"), "程": (4, "Cheng"), "吕": (4, "Lü"), "丁": (4, "Ding"),
    "沈": (3, "Shen"), "任": (3, "Ren"), "姚": (3, "Yao"), "卢": (3, "Lu"), "钟": (3, "Zhong"), "崔": (3, "Cui"),
    "方": (2, "Fang"), "石": (2, "Shi"), "白": (2, "Bai"), "江": (2, "Jiang"), "孟": (2, "Meng"), "段": (2, "Duan"),
    "欧阳": (1, "Ouyang"), "尹": (1, "Yin"), "时": (1, "Shi"), "宁": (1, "Ning"),
}  # fmt: skip
_GIVEN = {
    "伟": "Wei", "敏": "Min", "静": "Jing", "磊": "Lei", "军": "Jun", "洋": "Yang", "勇": "Yong", "艳": "Yan", "杰": "Jie",
    "娟": "Juan", "涛": "Tao", "明": "Ming", "超": "Chao", "霞": "Xia", "平": "Ping", "刚": "Gang", "婷": "Ting",
    "鹏": "Peng", "丽": "Li", "强": "Qiang", "秀英": "Xiuying", "桂英": "Guiying", "建华": "Jianhua", "建国": "Jianguo",
    "志强": "Zhiqiang", "玉兰": "Yulan", "海燕": "Haiyan", "晓东": "Xiaodong", "春梅": "Chunmei", "国强": "Guoqiang",
    "小红": "Xiaohong", "丽娜": "Lina", "文静": "Wenjing", "雪梅": "Xuemei", "志明": "Zhiming", "俊杰": "Junjie",
    "宇航": "Yuhang", "子轩": "Zixuan", "梓涵": "Zihan", "欣怡": "Xinyi", "浩然": "Haoran", "雨桐": "Yutong",
    "嘉琪": "Jiaqi", "思远": "Siyuan", "佳慧": "Jiahui", "雅琴": "Yaqin", "永康": "Yongkang", "德胜": "Desheng",
    "晨": "Chen", "帅": "Shuai", "倩": "Qian", "丹": "Dan", "亮": "Liang", "华": "Hua",
}  # fmt: skip
_OTHER = {
    "rare": ("昝立群", "逄晓琳", "亓文博", "仝海霞", "牟春生", "乜小军", "缑建民", "阚若曦"),
    "minority": ("买买提·吐尔逊", "古丽米热·艾合买提", "扎西顿珠", "卓玛央金", "巴特尔", "阿布都热合曼·依明", "娜仁托娅"),
    "child": ("陈一诺", "王梓萱", "李沐阳", "张语桐", "刘奕辰", "周可馨", "吴宸睿", "赵若溪"),
    "trad": ("陳嘉豪", "黃詩雅", "張國豪", "鄭慧敏", "劉俊傑", "蘇雅雯", "吳美鳳", "許家瑋", "謝宗翰"),
    "cantonese": ("Chan Ka Ho", "Wong Mei Ling", "Cheung Kwok Wai", "Lam Sze Ki", "Ng Wing Yan", "Leung Chun Kit"),
    "foreign": ("Emily Carter", "Daniel Hughes", "Priya Raman", "Lukas Brandt", "Sofia Marchetti", "Kevin O'Brien",
                "Marta Nowak", "Ahmed Al-Sayed", "Thomas Lindqvist", "Grace Mbeki"),
    "translit": ("安德烈·伊万诺夫", "玛丽亚·加西亚", "约翰·史密斯", "田中健一", "金秀妍"),
}  # fmt: skip


def person_name(chance: Chance, variant: str) -> str:
    if variant in _OTHER:
        return chance.choice(_OTHER[variant])
    surname = chance.choices(list(_SURNAMES), [share for share, _ in _SURNAMES.values()])[0]
    given = chance.choice(list(_GIVEN))
    family, called = _SURNAMES[surname][1], _GIVEN[given]
    return {
        "": surname + given, "pinyin": f"{family} {called}", "first": f"{called} {family}", "upper": f"{family} {called}".upper().replace("Ü", "U"),
        "comma": f"{family.upper().replace('Ü', 'U')}, {called}", "spread": f"{surname} {given}" if len(given) == 1 else surname + given,
        "ms": f"{surname}女士", "mr": f"{surname}先生",
    }[variant]  # fmt: skip


def id_card(chance: Chance, variant: str) -> str:
    if variant:
        return MAKERS_3["id_card"](chance, variant)
    region = chance.choice(["110108", "310104", "320102", "370703", "410303", "420111", "440106", "510105", "610103"])
    body = f"{region}{chance.randrange(1958, 2006)}{chance.randrange(1, 13):02}{chance.randrange(1, 29):02}"
    body += f"{chance.randrange(1, 1000):03}"
    return body + id_check(body)


_ROADS = (
    "北京市朝阳区建国路{n}号院{b}号楼{u}单元{r}室", "上海市闵行区都市路{n}弄{b}号{r}室", "广州市天河区体育西路{n}号{b}栋{r}房",
    "江苏省苏州市吴中区东吴北路{n}号{b}幢{r}室", "湖北省武汉市江汉区解放大道{n}号", "陕西省西安市雁塔区小寨东路{n}号{b}号楼{r}",
    "山东省青岛市市北区敦化路{n}号{b}号楼{u}单元{r}户", "成都市锦江区东大街{n}号{b}栋{u}单元{r}号", "浙江省宁波市鄞州区中兴路{n}号{r}室",
    "福建省厦门市思明区湖滨南路{n}号{b}单元{r}", "河南省周口市沈丘县白集镇王庄行政村{b}号", "安徽省阜阳市颍上县慎城镇城北新区{b}栋{r}",
)  # fmt: skip
_HOUSES = {
    "": _ROADS,
    "us": ("{n} Oak Street, Apt {b}, Portland, OR 97205", "{n}5 Lakeview Drive, Austin, TX 78704"),
    "uk": ("{b} Victoria Road, Leeds LS6 1AB", "Flat {b}, {n} High Street, Bristol BS1 4QA"),
    "de": ("Lindenstraße {b}, 10969 Berlin", "Hauptstr. {n}, 50667 Köln"),
    "hk": ("香港九龍觀塘道{n}號{b}樓B室", "新界荃灣青山公路{n}號{b}座{r}室"),
    "tw": ("臺北市大安區和平東路二段{n}號{b}樓", "臺中市西屯區文心路三段{n}號"),
    "pinyin": ("Room {r}, Unit {u}, Building {b}, No. {n} Jianguo Road, Chaoyang District, Beijing 100022",),
    "short": ("海淀区知春路{n}号{b}号楼{r}", "浦东新区世纪大道{n}号{r}室", "雨花台区软件大道{n}号{b}栋"),
}


def address(chance: Chance, variant: str) -> str:
    return chance.choice(_HOUSES[variant]).format(
        n=chance.randrange(11, 999), b=chance.randrange(1, 30), u=chance.randrange(1, 5), r=chance.randrange(101, 2905)
    )


def email(chance: Chance, variant: str) -> str:
    _, family = chance.choice(list(_SURNAMES.values()))
    called = chance.choice(list(_GIVEN.values()))
    family, called = family.lower().replace("ü", "v"), called.lower()
    local = chance.choice([f"{called}.{family}", f"{family}{called}", f"{family}_{called}{chance.randrange(70, 99)}"])
    return f"{local}@{chance.choice(['example.com', 'mail.example.com', 'example.net', 'corp.example.org'])}"


MAKERS_4: dict[str, Maker] = MAKERS_3 | {
    "person_name": person_name, "id_card": id_card, "address": address, "email": email,
}  # fmt: skip
NOISE_4 = NOISE_3
LOOSE_4 = LOOSE_3
