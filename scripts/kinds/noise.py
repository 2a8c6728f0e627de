"""Texts of no kind: random characters, encodings, bare data. A model learns from them what it does not know."""

from __future__ import annotations

import base64
import json
import random
import string
from collections.abc import Callable, Iterator

__all__ = ["FAMILIES", "noise"]


def noise(seed: int, count: int) -> Iterator[tuple[str, str]]:
    """(family, text), `count` of each family."""
    for family, make in FAMILIES.items():
        for number in range(count):
            chance = random.Random(f"{family} {seed} {number}")
            yield family, make(chance, chance.randint(80, 4000))


def _han(chance: random.Random, size: int) -> str:
    return "".join(chr(chance.randint(0x4E00, 0x9FA5)) for _ in range(size))


def _base64(chance: random.Random, size: int) -> str:
    text = base64.b64encode(chance.randbytes(size)).decode()
    return "\n".join(text[i : i + 76] for i in range(0, len(text), 76)) if chance.random() < 0.6 else text


def _hex(chance: random.Random, size: int) -> str:
    return (
        chance.randbytes(size // 2).hex(chance.choice([" ", ":"]), chance.choice([1, 2]))
        if size % 2
        else chance.randbytes(size // 2).hex()
    )


def _ascii(chance: random.Random, size: int) -> str:
    return "".join(chance.choices(string.printable[:96], k=size))


def _binary(chance: random.Random, size: int) -> str:
    return chance.randbytes(size).decode("latin-1")


def _words(chance: random.Random, size: int) -> str:
    return " ".join("".join(chance.choices(string.ascii_lowercase, k=chance.randint(2, 11))) for _ in range(size // 7))


def _numbers(chance: random.Random, size: int) -> str:
    separator = chance.choice([",", "\t", " ", "\n", ";"])
    rows = [
        separator.join(str(round(chance.uniform(-1e4, 1e4), chance.randint(0, 4))) for _ in range(8))
        for _ in range(size // 60 + 2)
    ]
    return "\n".join(rows)


def _table(chance: random.Random, size: int) -> str:
    names = ["".join(chance.choices(string.ascii_lowercase, k=6)) for _ in range(6)]
    cells = [[f"{chance.choice('abcdef')}{chance.randint(1, 99)}" for _ in names] for _ in range(size // 40 + 2)]
    return "\n".join(",".join(row) for row in [names, *cells])


def _json(chance: random.Random, size: int) -> str:
    keys = ["".join(chance.choices(string.ascii_lowercase, k=5)) for _ in range(6)]
    rows = [
        {key: chance.choice([chance.random(), chance.randint(0, 999), None, True, key]) for key in keys}
        for _ in range(size // 90 + 1)
    ]
    return json.dumps(rows, indent=chance.choice([None, 1, 2]))


def _mixed(chance: random.Random, size: int) -> str:
    return "".join(
        chr(chance.choice([chance.randint(32, 126), chance.randint(0x4E00, 0x9FA5), chance.randint(0x400, 0x4FF)]))
        for _ in range(size)
    )


FAMILIES: dict[str, Callable[[random.Random, int], str]] = {
    "han": _han, "base64": _base64, "hex": _hex, "ascii": _ascii, "binary": _binary, "words": _words,
    "numbers": _numbers, "table": _table, "json": _json, "mixed": _mixed,
}  # fmt: skip
