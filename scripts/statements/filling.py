"""The texts of `texts/` with their marks filled: what the model learns from.

A file holds genres under lines `=== name`. A mark `⟦type|one way|another⟧` says that its words tell something of a
person; copy after copy takes the next way. `⟦_name⟧` and the like are values that are nobody's. `{job}`, in a line or a
way, is one of the words that `words.yaml` has under `job`; texts with such words are filled more often.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final, NamedTuple

import yaml
from faker import Faker

__all__ = ["TYPES", "Filled", "filled"]

TYPES: Final = (
    "age", "biometric", "credit", "criminal_record", "disability", "education", "ethnicity", "gender", "health",
    "income", "location_track", "marital_status", "minor", "nationality", "occupation", "religion", "sexual_life",
    "sexual_orientation", "specific_identity",
)  # fmt: skip

_MARK: Final = re.compile(r"⟦(_?[a-z]\w*)(?:\|([^⟦⟧]*))?⟧")
_WORD: Final = re.compile(r"\{([a-z_]+)\}")
_MORE: Final = 4  # times as many fillings of a text with words out of lists
_HAN: Final = re.compile("[\u4e00-\u9fff]")
_CALLED: Final = ("姐", "哥", "总", "老师", "阿姨", "工", "主任", "女士", "先生", "师傅")


class Filled(NamedTuple):
    """A genre's texts in one filling; spans are type, start and end."""

    genre: str
    text: str
    spans: list[tuple[str, int, int]]


def filled(folder: Path, copies: int, seed: int) -> Iterator[Filled]:
    """Each genre `copies` times, and once where it holds no mark; more often with words out of lists. Raises ValueError
    where a mark's type is unknown."""
    chance = random.Random(seed)
    values = _Values(chance)
    for file in sorted(folder.glob("*.txt")):
        for number, block in enumerate(re.split(r"(?m)^===.*\n", file.read_text(encoding="utf-8"))):
            lines = [line for line in block.split("\n") if line.strip()]
            told = any(not mark[1].startswith("_") for line in lines for mark in _MARK.finditer(line))
            times = (copies if told else 1) * (_MORE if _WORD.search(block) else 1)
            for copy in range(times if lines else 0):
                yield _one(f"{file.stem}#{number}", lines, copy, values)


def _one(genre: str, lines: list[str], copy: int, values: _Values) -> Filled:
    text, spans = "", []
    for line in lines:
        line = values.worded(line)
        done, chinese = 0, bool(_HAN.search(_MARK.sub("", line)))
        for ordinal, mark in enumerate(_MARK.finditer(line)):
            text += line[done : mark.start()]
            done = mark.end()
            if mark[1].startswith("_"):
                text += values.of(mark[1], chinese)
                continue
            if mark[1] not in TYPES:
                raise ValueError(f"{genre}: a mark of type {mark[1]}; expected one of {', '.join(TYPES)}")
            ways = mark[2].split("|")
            way = ways[(copy + ordinal) % len(ways)]
            spans.append((mark[1], len(text), len(text) + len(way)))
            text += way
        text += line[done:] + "\n"
    return Filled(genre, text, spans)


def _listed(words: str) -> list[str]:
    """Words between commas, or between blanks where there is no comma."""
    return [word.strip() for word in words.split(",")] if "," in words else words.split()


class _Values:
    """Made-up values that are nobody's."""

    def __init__(self, chance: random.Random) -> None:
        self._chance, self._zh, self._en = chance, Faker("zh_CN"), Faker("en_US")
        self._zh.seed_instance(chance.randrange(1 << 30))
        self._en.seed_instance(chance.randrange(1 << 30))
        listed = yaml.safe_load(Path(__file__).with_name("words.yaml").read_text(encoding="utf-8"))
        self._words = {name: _listed(words) for name, words in listed.items()}
        self._makers: dict[str, Callable[[bool], str]] = {
            "_name": self._name,
            "_phone": lambda chinese: "1" + chance.choice("3578") + self._digits(9),
            "_n": lambda chinese: str(chance.randint(1, 9999)),
            "_day": self._day,
            "_hm": lambda chinese: f"{chance.randint(0, 23):02}:{chance.randint(0, 59):02}",
            "_amount": lambda chinese: str(
                chance.choice([chance.randint(10, 99_999), chance.randint(999, 10**6) / 100])
            ),
            "_place": lambda chinese: self._zh.city_name() if chinese else self._en.city(),
            "_org": lambda chinese: self._zh.company() if chinese else self._en.company(),
        }

    def worded(self, line: str) -> str:
        """The line with words out of lists where their names stand in braces."""
        return _WORD.sub(lambda word: self._chance.choice(self._words.get(word[1], [word[0]])), line)

    def of(self, name: str, chinese: bool) -> str:
        maker = self._makers.get(name)
        return maker(chinese) if maker else self._digits(8)

    def _digits(self, count: int) -> str:
        return "".join(self._chance.choice("0123456789") for _ in range(count))

    def _name(self, chinese: bool) -> str:
        if not chinese:
            return self._en.name()
        whole = self._chance.random() < 0.7
        return self._zh.name() if whole else self._zh.last_name() + self._chance.choice(_CALLED)

    def _day(self, chinese: bool) -> str:
        month, day = self._chance.randint(1, 12), self._chance.randint(1, 28)
        ways = [f"{month}月{day}日", f"2026-{month:02}-{day:02}", "周" + self._chance.choice("一二三四五六日")]
        return self._chance.choice(ways) if chinese else str(self._en.date())
