"""Made-up documents from templates: a small grammar, filled by Faker from a seed.

A template begins with `=== KIND LANGUAGE FAMILY`. In its lines `[a|b]` chooses, `{slot}` is filled, `\\n` breaks
the line. A line that begins with `? ` may be left out; with `*3-8 ` it stands 3 to 8 times. Between `%any N` and
`%end` stand parts set apart by `--`, of which N stand, in any order or in theirs.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import yaml
from faker import Faker

__all__ = ["Template", "read_templates", "write"]

_CHOICE = re.compile(r"\[([^\[\]]*)\]")
_SLOT = re.compile(r"\{(\w+)\}")
_REPEAT = re.compile(r"\*(\d+)-(\d+) ")
_LEFT_OUT = 0.4
_CODES = "ABCDEFGHJKLMNPQRSTUVWXYZ"
_WORDS: dict[str, dict[str, list[str]]] = yaml.safe_load(Path(__file__).with_name("words.yaml").read_text("utf-8"))


@dataclass(frozen=True, slots=True)
class Template:
    """A template's lines under its heading."""

    kind: str
    language: str
    family: str
    lines: tuple[str, ...]


def read_templates(path: Path) -> list[Template]:
    """The templates of a file."""
    found = []
    for block in re.split(r"^=== ", path.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]:
        heading, _, body = block.partition("\n")
        kind, language, family = heading.split()
        found.append(Template(kind, language, family, tuple(body.strip("\n").split("\n"))))
    return found


def write(template: Template, seed: int) -> str:
    """One document. The same seed gives the same text."""
    chance = random.Random(f"{template.kind} {template.language} {template.family} {seed}")
    fake = Faker("zh_CN" if template.language == "zh" else chance.choice(["en_US", "en_GB"]))
    fake.seed_instance(chance.randrange(1 << 30))
    slots = _slots(fake, template.language, chance)
    return "\n".join(_filled(line, slots, chance) for line in _chosen(list(template.lines), chance)) + "\n"


def _chosen(lines: list[str], chance: random.Random) -> Iterator[str]:
    at = 0
    while at < len(lines):
        line = lines[at]
        at += 1
        if line.startswith("%any "):
            end = lines.index("%end", at)
            parts = "\n".join(lines[at:end]).split("\n--\n")
            picked = chance.sample(range(len(parts)), min(int(line[5:]), len(parts)))
            yield from (parts[i] for i in (picked if chance.random() < 0.3 else sorted(picked)))
            at = end + 1
        elif line.startswith("? "):
            if chance.random() >= _LEFT_OUT:
                yield line[2:]
        elif repeat := _REPEAT.match(line):
            for _ in range(chance.randint(int(repeat[1]), int(repeat[2]))):
                yield line[repeat.end() :]
        else:
            yield line


def _filled(line: str, slots: dict[str, Callable[[], str]], chance: random.Random) -> str:
    text = line.replace(r"\[", "\x01").replace(r"\]", "\x02").replace("[ ]", "\x01 \x02")
    while (choice := _CHOICE.search(text)) is not None:
        text = text[: choice.start()] + chance.choice(choice[1].split("|")) + text[choice.end() :]
    text = _SLOT.sub(lambda slot: slots[slot[1]](), text)
    return text.replace("\x01", "[").replace("\x02", "]").replace(r"\n", "\n")


def _slots(fake: Faker, language: str, chance: random.Random) -> dict[str, Callable[[], str]]:
    people = [fake.name() for _ in range(8)]  # the same few people all through a document
    companies = [fake.company() for _ in range(3)]
    school = (
        (lambda: fake.city()[:2] + chance.choice(_WORDS["schools"]["zh"]))
        if language == "zh"
        else (lambda: f"{fake.city()} {chance.choice(_WORDS['schools']['en'])}")
    )
    surnames = [fake.last_name() for _ in range(5)]
    dates = chance.choice(["%Y-%m-%d", "%Y年%m月%d日", "%Y/%m/%d", "%Y.%m.%d"] if language == "zh" else
                          ["%Y-%m-%d", "%B %d, %Y", "%m/%d/%Y", "%d %b %Y"])  # fmt: skip
    months = chance.choice(["%Y.%m", "%Y年%m月", "%Y/%m"] if language == "zh" else ["%m/%Y", "%b %Y", "%B %Y"])
    return {
        "name": lambda: chance.choice(people),
        "surname": lambda: chance.choice(surnames),
        "company": lambda: chance.choice(companies),
        "city": fake.city,
        "address": lambda: fake.address().replace("\n", ", "),
        "phone": fake.phone_number,
        "email": fake.email,
        "job": lambda: fake.job().split("/")[0],
        "id": lambda: fake.numerify("######19##########") if language == "zh" else fake.bothify("?########").upper(),
        "card": lambda: fake.numerify("622#### #### #### ####"),
        "taxid": lambda: fake.bothify("91######MA########").upper(),
        "code": lambda: chance.choice(_CODES) + fake.numerify("#" * chance.randint(5, 12)),
        "date": lambda: fake.date_between("-8y").strftime(dates),
        "ym": lambda: fake.date_between("-15y").strftime(months),
        "year": lambda: str(chance.randint(2008, 2026)),
        "time": lambda: fake.time("%H:%M"),
        "money": lambda: (
            f"{chance.uniform(50, 9e6):,.2f}" if chance.random() < 0.7 else f"{chance.uniform(50, 9e5):.2f}"
        ),
        "pay": lambda: f"{chance.uniform(300, 32000):.2f}",
        "pct": lambda: f"{chance.uniform(0.5, 60):.{chance.randint(0, 2)}f}%",
        "n": lambda: str(chance.randint(1, 90)),
        "dept": lambda: chance.choice(_WORDS["depts"][language]),
        "major": lambda: chance.choice(_WORDS["majors"][language]),
        "product": lambda: chance.choice(_WORDS["products"][language]),
        "school": school,
    }
