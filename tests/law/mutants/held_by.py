"""The tests of the law as an oracle: called as pytest calls them, while the data are changed.

What a test derives from the data when it is read (`parametrize` over entries, say) is derived anew for every mutant, so
that nothing is held against a copy of the right data. Property tests and tests that ask for fixtures are left aside.
"""

from __future__ import annotations

import inspect
import re
import sys
import traceback
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import files
from itertools import chain, product
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any

import pytest
import yaml

from tongguan.errors import TongguanError
from tongguan.law.citing import documents

LAW = Path(__file__).parents[1]
sys.path += [str(folder) for folder in (LAW, *LAW.iterdir()) if folder.is_dir() and str(folder) not in sys.path]
ASIDE = {
    # made from the data themselves
    "test_the_document_is_made_from_the_data",
    "test_the_document_counts_every_parameter_once",
    # these ask for a test of every entry, and hold no value
    "test_every_turn_of_the_law_has_a_case_on_its_day_and_one_on_the_day_before",
    "test_every_rule_decides_or_supports_a_case",
    "test_every_turn_of_the_lists_has_a_case_on_its_day_and_the_day_before",
    "test_every_point_is_met_unmet_and_unknown_somewhere",
    # these look at how the files are written
    "test_no_key_stands_twice_in_any_file",
    "test_no_citation_is_overlooked",
}


class Data:
    """YAML parsed once for each text, so that a value changed here is changed wherever the room reads it."""

    def __init__(self) -> None:
        folder = files("tongguan.law").joinpath("data")
        self.texts = {name: folder.joinpath(f"{name}.yaml").read_text(encoding="utf-8") for name in documents()}
        self.asked = 0
        self._ours = frozenset(self.texts.values())
        self._trees: dict[Any, Any] = {}
        self._checks: dict[str, list[Check]] = {}
        self.derived: set[str] = set()  # test modules that look at the data when they are read
        self._load = yaml.load

    def __enter__(self) -> Data:
        yaml.load = self._parsed
        forget()
        return self

    def __exit__(self, *_: object) -> None:
        yaml.load = self._load
        forget()

    def tree(self, name: str) -> Any:
        return self._parsed(self.texts[name], getattr(yaml, "CSafeLoader", yaml.SafeLoader))

    def checks(self, name: str) -> list[Check]:
        """The checks of a test module that pass as the data are; what fails already tells nothing."""
        if name not in self._checks:
            forget()
            before = self.asked
            found = list(checks(name, read(name)))
            if self.asked > before:
                self.derived.add(name)
            self._checks[name] = [check for check in found if outcome(check) == (False, "")]
        return self._checks[name]

    def _parsed(self, stream: Any, Loader: Any) -> Any:
        if not isinstance(stream, str):
            return self._load(stream, Loader)
        self.asked += stream in self._ours
        key = (stream, Loader)
        if key not in self._trees:
            self._trees[key] = self._load(stream, Loader)
        return self._trees[key]


def room() -> list[ModuleType]:
    return [module for name, module in list(sys.modules.items()) if name.startswith("tongguan.law")]


def forget() -> None:
    """Empty every cache of the room, so that the data are read again."""
    for module in room():
        for value in list(vars(module).values()):
            if hasattr(value, "cache_clear") and value.__module__.startswith("tongguan.law"):
                value.cache_clear()


@dataclass(frozen=True, eq=False)
class Check:
    """A call of a test with one set of its arguments."""

    module: str
    test: str
    at: int
    function: Callable[..., None]
    named: Mapping[str, Any]

    def __str__(self) -> str:
        return f"{self.test}[{self.at}]"


class Suite:
    """The checks of some test modules."""

    def __init__(self, data: Data, names: tuple[str, ...]) -> None:
        self.checks = [check for name in names for check in data.checks(name)]
        self._derived = data.derived
        self._read: dict[str, Mapping[tuple[str, int], Check]] = {}
        self._recent: list[Check] = []
        self._having: dict[Any, list[Check]] = defaultdict(list)
        for check in self.checks:
            for word in frozenset(words(check.named)) - DULL:
                self._having[word].append(check)

    def catches(self, words: set[Any]) -> tuple[str | None, list[str]]:
        """The first check that fails now, those that share words first; and what broke without being a check."""
        forget()
        self._read = {}
        broke: list[str] = []
        for check in self._ordered(words):
            failed, said = self._run(check)
            if failed:
                self._recent = [check, *(one for one in self._recent[:7] if one != check)]
                return f"{check} ({said})", broke
            if said and said not in broke:
                broke.append(said)
        return None, broke

    def _ordered(self, words: set[Any]) -> Iterator[Check]:
        """Each check once: the last that failed, those that share rare words with the mutant, and the others."""
        scores: dict[Check, float] = defaultdict(float)
        for word in words:
            having = self._having.get(word, ())
            for check in having:
                scores[check] += 1 / len(having)
        likely = sorted(scores, key=lambda check: -scores[check])
        seen: set[Check] = set()
        for check in chain(self._recent[:1], likely[:20], self._recent[1:], likely[20:], self.checks):
            if check not in seen:
                seen.add(check)
                yield check

    def _run(self, check: Check) -> tuple[bool, str]:
        if check.module in self._derived:
            try:
                anew = self._anew(check.module).get((check.test, check.at))
            except Exception as crash:
                return False, f"{check.module} cannot be read: {type(crash).__name__}"
            return outcome(anew) if anew else (False, "")
        return outcome(check)

    def _anew(self, name: str) -> Mapping[tuple[str, int], Check]:
        if name not in self._read:
            self._read[name] = {(check.test, check.at): check for check in checks(name, read(name))}
        return self._read[name]


def outcome(check: Check) -> tuple[bool, str]:
    """Whether the check failed, and what was said. Only what a test asserts, or the program refuses, is a failure."""
    try:
        check.function(**check.named)
    except (AssertionError, pytest.fail.Exception) as failure:
        where = Path(traceback.extract_tb(failure.__traceback__)[-1].filename)
        in_test = where.is_relative_to(LAW) or "_pytest" in where.parts
        return in_test, "assertion" if in_test else f"assertion in {where.name}"
    except TongguanError as refused:
        return True, type(refused).__name__
    except Exception as crash:
        return False, f"{type(crash).__name__}: {str(crash)[:80]}"
    return False, ""


@cache
def code(name: str) -> CodeType:
    (path,) = [*LAW.glob(f"{name}.py"), *LAW.glob(f"*/{name}.py")]
    return compile(path.read_text(encoding="utf-8"), str(path), "exec", dont_inherit=True)


def read(name: str) -> ModuleType:
    """A test module, read from the beginning."""
    module = ModuleType(name)
    module.__file__ = code(name).co_filename
    exec(code(name), module.__dict__)
    return module


def checks(name: str, module: ModuleType) -> Iterator[Check]:
    for test, function in list(vars(module).items()):
        if (
            test.startswith("test_")
            and test not in ASIDE
            and inspect.isfunction(function)
            and not hasattr(function, "hypothesis")
        ):
            asked = set(function.__code__.co_varnames[: function.__code__.co_argcount])
            marks = getattr(function, "pytestmark", [])
            argued = [list(arguments(mark)) for mark in marks if mark.name == "parametrize"]
            for at, chosen in enumerate(product(*argued)):
                named = {key: value for one in chosen for key, value in one.items()}
                if asked == set(named):
                    yield Check(name, test, at, function, named)


def arguments(mark: pytest.Mark) -> Iterator[dict[str, Any]]:
    names, rows = mark.args[0], mark.args[1]
    split = [name.strip() for name in names.split(",")] if isinstance(names, str) else list(names)
    for row in rows:
        values = row.values if isinstance(row, type(pytest.param())) else row if len(split) > 1 else (row,)
        yield dict(zip(split, values, strict=True))


DULL = frozenset({None, True, False, ""})


def words(node: Any) -> Iterator[Any]:
    """The scalars of an argument, and the days among them as days."""
    if isinstance(node, Mapping):
        for key, child in node.items():
            yield key
            yield from words(child)
    elif isinstance(node, list | tuple | set | frozenset):
        for child in node:
            yield from words(child)
    elif isinstance(node, str):
        yield node
        yield from node.split()
        for day in re.findall(r"\b[12]\d{3}-\d\d-\d\d\b", node):
            with suppress(ValueError):
                yield date.fromisoformat(day)
    elif isinstance(node, int | date):
        yield node
