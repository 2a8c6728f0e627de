"""`tongguan types`: the data types that are recognised, and whether a pack of the organisation's own is good."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tongguan.cli.terminal import Actions, say, table
from tongguan.errors import BadPack
from tongguan.wording import Language, readable, wording

if TYPE_CHECKING:
    from tongguan.identify.type_packs import OwnType

__all__ = ["arguments"]

TEXTS = "types.yaml"


def arguments(parser: argparse.ArgumentParser, language: Language = "zh") -> None:
    """The sub-commands of `types`; `language` is that of the terminal."""
    actions = Actions(parser, language)
    listed = actions.add("list", _list, "every data type: category, level, whether sensitive")
    listed.add_argument("--own", action="store_true", help="only those of the organisation's packs")
    check = actions.add("check", _check, "whether packs of data types can be used, and find what their examples say")
    check.add_argument("packs", nargs="+", type=Path, metavar="FILE|FOLDER")
    for action in (listed, check):
        action.add_argument("--json", action="store_true")


def _list(given: argparse.Namespace) -> int:
    from tongguan.identify.types import CATEGORIES, OWN, TYPES

    rows = [
        {
            "id": one.id, "zh": one.zh, "en": one.en, "category": one.category, "level": one.level,
            "sensitive": one.sensitive, "strength": one.strength, "own": one.id in OWN,
        }
        for one in TYPES.values() if one.id in OWN or not given.own
    ]  # fmt: skip
    shown = [row | {"name": row[given.lang], "class": CATEGORIES[str(row["category"])][given.lang]} for row in rows]
    if not given.json:
        words = wording("tongguan.cli", TEXTS)
        shown = [
            row | {"sensitive": words.text("sensitive" if row["sensitive"] else "plain", given.lang)} for row in shown
        ]
    table(shown, ("id", "name", "class", "level", "sensitive"), given.json)
    return 0


def _check(given: argparse.Namespace) -> int:
    """0 where every pack can be used and finds what its examples say, else 2."""
    from tongguan.identify.type_packs import pack_files, read_pack
    from tongguan.identify.types import CATEGORIES, OWN, TYPES

    taken = set(TYPES) - set(OWN)
    good = True
    types: list[OwnType] = []
    files: list[tuple[Path, dict[str, Any]]] = []
    for path in given.packs:
        for file in pack_files(path) if path.is_dir() else [path]:
            try:
                found = read_pack(file, taken, CATEGORIES)
            except BadPack as error:
                files.append((file, {"fault": str(error)}))
                good = False
                continue
            taken |= {one.id for one in found}
            types += found
            files.append((file, {"types": [one.id for one in found]}))
    wrong = _wrong_examples(types)
    for file, row in files:
        _tell(given, file, row, [one for one in wrong if one["type"] in row.get("types", ())])
    return 0 if good and not wrong else 2


def _wrong_examples(types: list[OwnType]) -> list[dict[str, Any]]:
    """Examples in which a type is not found, and counterexamples in which it is, by their place (from 1)."""
    from tongguan.identify import Detector, Piece

    detector = Detector(b"examples", own=types)
    wrong: list[dict[str, Any]] = []
    for one in types:
        for kind, texts, expected in (("example", one.examples, True), ("counterexample", one.counterexamples, False)):
            found = detector.scan([Piece(text) for text in texts])
            for place, findings in enumerate(found, 1):
                if any(finding.type == one.id for finding in findings) != expected:
                    instead = sorted({finding.type for finding in findings} - {one.id})
                    wrong.append({"type": one.id, "kind": kind, "place": place, "found_instead": instead})
    return wrong


def _tell(given: argparse.Namespace, file: Path, row: dict[str, Any], wrong: list[dict[str, Any]]) -> None:
    name = readable(str(file))
    if given.json:
        print(json.dumps({"file": name, **row, "wrong": wrong}, ensure_ascii=False))
    elif "fault" in row:
        print(row["fault"])
    else:
        for one in wrong:
            instead = ", ".join(one["found_instead"]) or "–"
            say(TEXTS, one["kind"], given.lang, file=name, type=one["type"], place=one["place"], instead=instead)
        if not wrong:
            say(TEXTS, "good", given.lang, file=name, count=len(row["types"]), types=", ".join(row["types"]))
