"""Data types of the organisation's own: numbers and words that only its people know, as data packs.

The folder that `TONGGUAN_TYPE_PACKS` names is read when the data types are first asked for; docs/types.md says how a
pack is written, `tongguan types check` whether it is good.
"""

from __future__ import annotations

import importlib
import os
import re
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from tongguan.errors import BadInput, BadPack
from tongguan.identify.check_digits import CHECKS
from tongguan.registry import has_on
from tongguan.wording import readable
from tongguan.yaml_values import Value, read_yaml

__all__ = ["VARIABLE", "OwnType", "pack_files", "read_own_types", "read_pack"]

VARIABLE: Final = "TONGGUAN_TYPE_PACKS"
LEVELS: Final = ("general-1", "general-2", "general-3", "general-4")  # what is important, the authorities say
STRENGTHS: Final = ("document", "personal", "weak", "none")
_SUFFIXES: Final = (".yaml", ".yml")
_ID: Final = re.compile(r"[a-z][a-z0-9_]{1,47}")
_LARGEST: Final = 1 << 20  # bytes of a pack
_MOST_PACKS, _MOST_TYPES, _MOST_PATTERNS, _MOST_WORDS = 100, 200, 20, 20_000
_LONGEST: Final = 500  # characters of a pattern or word
_REQUIRED: Final = ("zh", "en", "category", "level", "strength")
_OPTIONAL: Final = (
    "sensitive", "patterns", "words", "labels", "needs_label", "ignore_case", "inside", "check", "score",
    "found_by", "examples", "counterexamples",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class OwnType:
    """One type of a pack: what it is, how it is found, and texts in which it must and must not be found."""

    id: str
    zh: str
    en: str
    category: str  # a key of `CATEGORIES`
    level: str
    sensitive: bool
    strength: str
    patterns: tuple[str, ...] = ()  # RE2
    words: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    needs_label: bool = False
    ignore_case: bool = False
    inside: bool = False  # may stand within a longer run of letters and digits
    check: str | None = None  # a key of `CHECKS`
    score: float = 0.8  # without a label
    examples: tuple[str, ...] = ()
    counterexamples: tuple[str, ...] = ()

    def compiled(self) -> list[Any]:
        """Its patterns over UTF-8 bytes."""
        return [_compiled(pattern, self.ignore_case) for pattern in self.patterns]


def read_own_types(taken: Collection[str], categories: Collection[str]) -> dict[str, OwnType]:
    """The types of all packs in the folder that the environment names, by id. Raises BadPack for the first bad one.

    `taken`: ids that are ours; `categories`: those there are.
    """
    folder = os.environ.get(VARIABLE)
    found: dict[str, OwnType] = {}
    for path in pack_files(Path(folder)) if folder else ():
        for one in read_pack(path, {*taken, *found}, categories):
            found[one.id] = one
    return found


def pack_files(folder: Path) -> list[Path]:
    """The packs in a folder, by name; hidden files are none. Raises BadPack."""
    try:
        found = sorted(path for path in folder.iterdir() if path.suffix in _SUFFIXES and path.name[0] != ".")
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise BadPack(
            f"{VARIABLE}: the folder {readable(str(folder))} cannot be read: {reason}; expected a folder with *.yaml"
        ) from None
    if len(found) > _MOST_PACKS:
        raise BadPack(f"{VARIABLE}: {len(found)} packs in {readable(str(folder))}; at most {_MOST_PACKS} are read")
    return found


def read_pack(path: Path, taken: Collection[str], categories: Collection[str]) -> list[OwnType]:
    """The types of one file. `taken`: ids that are there already. Raises BadPack naming file, line and field."""
    name = readable(str(path))
    try:
        if path.exists() and not path.is_file():
            raise BadPack(f"{name}: expected a file with data types")
        with path.open("rb") as file:
            raw = file.read(_LARGEST + 1)
        if len(raw) > _LARGEST:
            raise BadPack(f"{name}: more than {_LARGEST:,} bytes; expected one pack of data types")
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadPack(f"{name}: byte {error.start} is not UTF-8; save the file as UTF-8") from None
    except (OSError, ValueError) as error:
        raise BadPack(f"{name}: cannot be read: {getattr(error, 'strerror', None) or error}") from None
    try:
        return _pack(read_yaml(text, name), taken, categories)
    except BadPack:
        raise
    except BadInput as error:
        raise BadPack(str(error)) from None


def _pack(top: Value, taken: Collection[str], categories: Collection[str]) -> list[OwnType]:
    fields = top.table(required=("format", "types"))
    if fields["format"].value != 1:
        fields["format"].refuse("expected `format: 1`")
    rows = fields["types"].value
    if not isinstance(rows, dict) or not 0 < len(rows) <= _MOST_TYPES:
        fields["types"].refuse(f"expected 1 to {_MOST_TYPES} types, each under its id")
    found = []
    for id, row in rows.items():
        if not _ID.fullmatch(id):
            row.refuse("expected an id of small letters, digits and _, at most 48, such as `employee_number`")
        if id in taken:
            row.refuse("a data type has this id already; choose another, such as `our_" + id + "`")
        found.append(_type(id, row, categories))
    return found


def _type(id: str, row: Value, categories: Collection[str]) -> OwnType:
    fields = row.table(required=_REQUIRED, optional=_OPTIONAL)
    ignore_case = _flag(fields, "ignore_case")
    patterns = _texts(fields, "patterns", _MOST_PATTERNS)
    words = _texts(fields, "words", _MOST_WORDS)
    labels = _texts(fields, "labels")
    if "found_by" in fields:
        _has_recogniser(fields["found_by"])
    elif not patterns and not words:
        row.refuse("expected `patterns`, `words` or `found_by`: how its values are found")
    for item in fields["patterns"].items() if patterns else ():
        _try_pattern(item, ignore_case)
    for item in (*(fields["words"].items() if words else ()), *(fields["labels"].items() if labels else ())):
        if len(item.text().strip()) < 2:
            item.refuse("a word of one character would be found everywhere; expected two or more")
    if _flag(fields, "needs_label") and not labels:
        row.refuse("`needs_label` without `labels` would find nothing")
    return OwnType(
        id,
        fields["zh"].text(60),
        fields["en"].text(60),
        fields["category"].choice(tuple(categories)),
        fields["level"].choice(LEVELS),
        _flag(fields, "sensitive"),
        fields["strength"].choice(STRENGTHS),
        patterns,
        words,
        labels,
        _flag(fields, "needs_label"),
        ignore_case,
        _flag(fields, "inside"),
        fields["check"].choice(tuple(CHECKS)) if "check" in fields else None,
        _score(fields["score"]) if "score" in fields else 0.8,
        _texts(fields, "examples"),
        _texts(fields, "counterexamples"),
    )


def _has_recogniser(package: Value) -> None:
    """Refuses a package that has none, or is switched off: the type would never be found."""
    if not has_on("recognisers", package.text(100)):
        package.refuse("no installed package of this name has a recogniser that is on; see `tongguan plugins`")


def _flag(fields: dict[str, Value], name: str) -> bool:
    return name in fields and fields[name].flag()


def _texts(fields: dict[str, Value], name: str, most: int = 200) -> tuple[str, ...]:
    if name not in fields:
        return ()
    items = fields[name].items()
    if len(items) > most:
        fields[name].refuse(f"{len(items)} entries; expected at most {most}")
    return tuple(dict.fromkeys(item.text(_LONGEST) for item in items))


def _score(value: Value) -> float:
    score = value.share()
    if not 0.5 <= score < 1:
        value.refuse("expected a score from 0.5 to below 1")
    return score


def _try_pattern(item: Value, ignore_case: bool) -> None:
    re2 = _re2()
    try:
        compiled = _compiled(item.text(_LONGEST), ignore_case)
    except re2.error as error:
        reason = error.args[0].decode("utf-8", "replace") if isinstance(error.args[0], bytes) else str(error.args[0])
        item.refuse(f"no regular expression of RE2 (which has no look-around and no back-references): {reason}")
    if compiled.fullmatch(b""):
        item.refuse("matches the empty text, and so everything; expected a pattern of one character or more")


def _compiled(pattern: str, ignore_case: bool) -> Any:
    re2 = _re2()
    options = re2.Options()
    options.log_errors = False
    options.case_sensitive = not ignore_case
    compiled: Any = re2.compile(pattern.encode(), options)
    return compiled


def _re2() -> Any:
    return importlib.import_module("re2")  # loaded where an organisation has packs
