"""The numbers and days that texts write out are the same in both languages: a slip in one of them shows."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from tongguan.law.citing import documents

MONTHS = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
]
ONES = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
]
WORDS = {word: at for at, word in enumerate(ONES)} | {month.lower(): at for at, month in enumerate(MONTHS, 1)}
WORDS |= {"sixteen": 16, "twenty": 20, "thirty": 30, "forty-five": 45, "forty": 40, "sixty": 60, "seventy-two": 72}
LOOSE = {
    "once": 1,
    "twice": 2,
    "a": 1,
    "an": 1,
    "another": 1,
    "one": 1,
    "first": 1,
    "second": 2,
    "third": 3,
    "both": 2,
    "may": 5,
}
LOOSE |= {"million": 1_000_000, "thousand": 1000, "hundred": 100}  # often there without a numeral in the other language
ROMAN = {"i": 1, "ii": 2, "iii": 3, "iv": 4, "v": 5, "vi": 6, "vii": 7, "viii": 8}
ARABIC = re.compile(r"\d{4}-\d{2}-\d{2}|\d{1,3}(?:,\d{3})+|\d+(?:\.\d+)?")
CHINESE = "零一二三四五六七八九"
NUMERAL = re.compile(f"[{CHINESE}〇十百千万亿两]+")
SCALED = re.compile(r"(\d+(?:\.\d+)?) ?(万|亿)")


def texts(node: Any, way: str) -> Iterator[tuple[str, str, str]]:
    """Every pair of texts below a node, with the way to it."""
    if isinstance(node, dict):
        zh, en = node.get("zh", node.get("title")), node.get("en")
        if isinstance(zh, str) and isinstance(en, str):
            yield way, zh, en
        for key, child in node.items():
            yield from texts(child, f"{way}.{key}")
    elif isinstance(node, list):
        for at, child in enumerate(node):
            name = child.get("id") or child.get("topic") or at if isinstance(child, dict) else at
            yield from texts(child, f"{way}.{name}")


def plain(text: str) -> str:
    text = re.sub(r"\b(two|five|ten) million", lambda found: f"{WORDS[found[1]]},000,000", text)
    return re.sub(r"\{[^}]*\}|https?://\S+|第三方", " ", text)


def arabic(text: str) -> Counter[float | str]:
    return Counter(value(one) for one in ARABIC.findall(SCALED.sub(lambda found: f"{scaled(found):,.0f}", text)))


def scaled(found: re.Match[str]) -> float:
    return float(found[1]) * (10_000 if found[2] == "万" else 100_000_000)


def value(text: str) -> float | str:
    return text if text[4:5] == "-" else float(text.replace(",", ""))


def of_chinese(text: str) -> Counter[float | str]:
    return arabic(text) + Counter(float(chinese(one)) for one in NUMERAL.findall(SCALED.sub("", text)))


def chinese(text: str) -> int:
    """一百二十, 三万, 二〇二四."""
    if not set(text) & set("十百千万亿"):
        return int("".join(str(CHINESE.index(one)) for one in text.replace("〇", "零").replace("两", "二")))
    total = section = digit = 0
    for one in text.replace("〇", "零").replace("两", "二"):
        if one in "万亿":
            total = ((total + section + digit) or 1) * (10_000 if one == "万" else 100_000_000)
            section = digit = 0
        elif one in "十百千":
            section += (digit or 1) * {"十": 10, "百": 100, "千": 1000}[one]
            digit = 0
        else:
            digit = CHINESE.index(one)
    return total + section + digit


def of_english(text: str) -> Counter[float | str]:
    return strict_english(text) + Counter(float(LOOSE[word]) for word in words(text) if word in LOOSE)


def strict_english(text: str) -> Counter[float | str]:
    roman = Counter(float(ROMAN[one]) for one in re.findall(r"\(([ivx]+)\)", text) if one in ROMAN)
    return arabic(text) + roman + Counter(float(WORDS[word]) for word in words(text) if word in WORDS.keys() - LOOSE)


def words(text: str) -> list[str]:
    return re.findall(r"[a-z]+(?:-[a-z]+)?", text.lower())


ONE_ONLY: dict[str, list[float | str]] = {  # numbers that one of the languages alone writes
    "destinations.destinations.SG.facts.statute": [2012.0],
    "instruments.SECRETS-2010": [2010.0],
    "instruments.SECRETS-2024": [2024.0],
    "instruments.CSL-2017": [2016.0],
    "instruments.CSL-2026": [2025.0],
    "instruments.AUTO-2021.note": [8.0, 20.0, "2021-08-20"],
    "instruments.CSR-2022.issuer": [12.0],  # thirteen, and one and twelve others
    "instruments.FINCLASS-2026.issuer": [5.0],
    "instruments.AUTO-2026.issuer": [7.0],
    "instruments.GBA-PG-HK.issuer": [260.0],
    "instruments.GBA-PG-MO.issuer": [260.0],
    "instruments.QA-2024-03-22": [22.0, 2024.0, 3.0],
    "instruments.TC260-PG-20222A-V1": [1.0],
    "instruments.TC260-PG-20222A-V1.issuer": [260.0],
    "instruments.TC260-PG-20222A.issuer": [260.0],
    "instruments.TC260-PG-20244A.issuer": [260.0],
    "instruments.GBT-35273-2020": [35273.0, 2020.0],
    "instruments.GBT-39335-2020": [39335.0, 2020.0],
    "instruments.GBT-42574-2023": [42574.0, 2023.0],
    "instruments.GBT-43697-2024": [43697.0, 2024.0],
    "instruments.GBT-45574-2025": [45574.0, 2025.0],
    "instruments.GBT-46068-2025": [46068.0, 2025.0],
    "parameters.readings.statutory_duty.says.no_exemption": [16.0],
    "zones/beijing-2024.rules.2": [4.0],  # all but one, of five
    "zones/beijing-2024.rules.2.note": [1_000_000.0, 100_000.0],
    "zones/beijing-2024.sectors.automotive.rules.2": [2021.0],
}


def alone(zh: str, en: str) -> list[float | str]:
    """What one text writes in digits and the other does not say."""
    zh, en = plain(zh), plain(en)
    return [*(arabic(zh) - of_english(en)).elements(), *(strict_english(en) - of_chinese(zh)).elements()]


@pytest.mark.parametrize("document", documents())
def test_numbers_agree_in_both_languages(document: str) -> None:
    found = {way: missing for way, zh, en in texts(documents()[document], document) if (missing := alone(zh, en))}
    assert found == {  # name in ONE_ONLY what one language alone is right to write
        way: missing for way, missing in ONE_ONLY.items() if way.startswith(f"{document}.")
    }


def test_a_number_that_the_other_language_writes_once_more_than_needed() -> None:
    says = documents()["parameters"]["readings"]["ground_for_ciio"]["says"]["open"]  # 这三项
    assert "第七条第二款" in says["zh"] and "art. 7(2) lets arts. 3-6 prevail" in says["en"]


@pytest.mark.parametrize(
    ("zh", "en"),
    [
        ("十五个工作日", "15 working days"),
        ("60 个工作日", "sixty working days"),
        ("自 2022 年 9 月 1 日起", "since 1 September 2022"),
        ("1000 万人以上，或者 1.5 亿", "10,000,000 or more, or 150,000,000"),
        ("第三十七条第一款第二项", "art. 37(1)(ii)"),
        ("一百二十条、二〇二四年、三万五千", "120, 2024 and 35,000"),
        ("截至 2026-02-03", "to 2026-02-03"),
    ],
)
def test_the_same_number_in_other_words(zh: str, en: str) -> None:
    assert alone(zh, en) == []


@pytest.mark.parametrize(
    ("zh", "en"),
    [
        ("15 日", "14 days"),
        ("三年", "2 years"),
        ("第五条所列六项", "the six items of article 6"),
        ("2026-02-03", "2026-02-04"),
        ("1 万", "1,000"),
    ],
)
def test_another_number(zh: str, en: str) -> None:
    assert alone(zh, en)
