"""Every pattern of the program on texts made to let it step back: what it almost matches, again and again, and then not.

A pattern with two ways to read each line takes twice as long with each line more. Such a text is drawn from the pattern
itself: its parts, repeated as often as they may be, and an end that does not fit.
"""

from __future__ import annotations

import importlib
import pkgutil
import random
import re
import signal
import time
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import pytest

import tongguan

# The names and numbers of the standard library's own parser of patterns.
PARSER: Any = importlib.import_module("re._parser")
OPS: Any = importlib.import_module("re._constants")
SIGNS = [*map(chr, range(1, 127)), *"中张省市号年月日，。：；、（）０Ａé\u3000\u200b"]
AGAIN = 30  # times: two ways each are a thousand million
MOST = 400  # characters of a text: patterns are held to windows
TRIES = 20
LONGEST_S = 1.0


class Overdue(Exception):
    pass


def patterns() -> dict[tuple[str | bytes, int], str]:
    """Patterns that stand in modules, by themselves or in what they hold, and where."""
    found: dict[tuple[str | bytes, int], str] = {}
    for module in pkgutil.walk_packages(tongguan.__path__, "tongguan."):
        if module.name.endswith("__main__"):
            continue
        try:
            held = vars(importlib.import_module(module.name))
        except ImportError:  # of an extra that is not installed, or a process of its own
            continue
        for name, value in held.items():
            for one in value.values() if isinstance(value, dict) else value if isinstance(value, tuple) else (value,):
                if isinstance(one, re.Pattern):
                    found.setdefault((one.pattern, one.flags), f"{module.name}.{name}")
    return found


class Drawn:
    """A text that a pattern matches, or almost, by chance."""

    def __init__(self, chance: random.Random) -> None:
        self._chance, self._left, self._groups, self._depth = chance, MOST, dict[int, str](), 0

    def text(self, parts: Any) -> str:
        return "".join(self._part(op, given) for op, given in parts)

    def _part(self, op: Any, given: Any) -> str:
        if self._left <= 0:
            return ""
        if op in (OPS.LITERAL, OPS.NOT_LITERAL, OPS.ANY, OPS.IN):
            self._left -= 1
            return chr(given) if op is OPS.LITERAL else self._chance.choice(fitting(op, str(given), given) or " ")
        if op is OPS.BRANCH:
            return self.text(self._chance.choice(given[1]))
        if op is OPS.SUBPATTERN:
            self._groups[given[0]] = self.text(given[3])
            return self._groups[given[0]]
        if op is OPS.GROUPREF:
            return self._groups.get(given, "")
        if op is OPS.ATOMIC_GROUP:
            return self.text(given)
        if op in (OPS.MAX_REPEAT, OPS.MIN_REPEAT, OPS.POSSESSIVE_REPEAT):
            return self._repeated(*given)
        return ""  # what looks around and takes nothing

    def _repeated(self, least: int, most: int, parts: Any) -> str:
        """The outermost often, those within it seldom: what can be read in two ways is short."""
        most = min(most, max(least, AGAIN))
        few = min(most, least + 1)
        times = self._chance.choice((few, few, least, most) if self._depth else (least, few, most, most))
        self._depth += 1
        if times > 3 and self._chance.random() < 0.6:
            one = self.text(parts)
            self._left -= len(one) * times
            told = one * times
        else:
            told = "".join(self.text(parts) for _ in range(times))
        self._depth -= 1
        return told


_FITTING: dict[tuple[Any, str], list[str]] = {}


def fitting(op: Any, key: str, given: Any) -> list[str]:
    """The signs of ours that a part of a pattern takes."""
    if (op, key) not in _FITTING:
        _FITTING[op, key] = [sign for sign in SIGNS if takes(op, given, sign)]
    return _FITTING[op, key]


def takes(op: Any, given: Any, sign: str) -> bool:
    if op is OPS.ANY:
        return sign != "\n"
    if op is OPS.NOT_LITERAL:
        return ord(sign) != given
    negated = given[0][0] is OPS.NEGATE
    return negated != any(holds(kind, value, sign) for kind, value in given)


def holds(kind: Any, value: Any, sign: str) -> bool:
    if kind is OPS.LITERAL:
        return bool(ord(sign) == value)
    if kind is OPS.RANGE:
        return bool(value[0] <= ord(sign) <= value[1])
    return kind is OPS.CATEGORY and of_category(value)(sign)


@cache
def of_category(value: Any) -> Callable[[str], bool]:
    letter = {"SPACE": "s", "DIGIT": "d", "WORD": "w"}[str(value).rpartition("_")[2]]
    form = re.compile(rf"\{letter.upper() if '_NOT_' in str(value) else letter}")
    return lambda sign: form.match(sign) is not None


def texts(pattern: re.Pattern[Any]) -> Iterator[str | bytes]:
    chance, parts = random.Random(repr(pattern.pattern)), PARSER.parse(pattern.pattern, pattern.flags)
    for _ in range(TRIES):
        text = Drawn(chance).text(parts)[:MOST]
        for cut in (0, 1, 3, chance.randint(0, len(text) // 2)):  # so that it fails late
            told = text[: len(text) - cut] + chance.choice(("", "\x01", "!"))
            yield told if isinstance(pattern.pattern, str) else told.encode("latin-1", "replace")


def slowest(pattern: re.Pattern[Any]) -> float:
    """CPU seconds of the slowest of its texts, cut off a little above what is allowed."""
    worst = 0.0
    for text in texts(pattern):
        started = time.process_time()
        signal.setitimer(signal.ITIMER_PROF, 1.5 * LONGEST_S)
        try:
            pattern.search(text)
        except Overdue:
            pass
        finally:
            signal.setitimer(signal.ITIMER_PROF, 0)
        worst = max(worst, time.process_time() - started)
        if worst > LONGEST_S:
            break
    return worst


@pytest.fixture(autouse=True)
def _cut_off() -> Iterator[None]:
    def overdue(*_: object) -> None:
        raise Overdue

    before = signal.signal(signal.SIGPROF, overdue)
    yield
    signal.signal(signal.SIGPROF, before)


def test_no_pattern_steps_back_without_end() -> None:
    found = patterns()
    assert len(found) > 500
    slow = {where: slowest(re.compile(text, flags)) for (text, flags), where in found.items()}
    assert not {where: seconds for where, seconds in slow.items() if seconds > LONGEST_S}


@pytest.mark.parametrize("bad", [r"(?:(?:#[^\n]*|version:[^\n]*)\r?\n\s*+)*dn:", r"(?:[a-z]+,?)+;"])
def test_patterns_that_do_are_seen(bad: str) -> None:
    assert slowest(re.compile(bad)) > LONGEST_S
