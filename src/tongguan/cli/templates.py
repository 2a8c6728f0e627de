"""`tongguan templates`: rules of classification and grading seen, checked, laid over files, changed and corrected.

Exit codes: 0 done · 1 what --fail-on names was found · 2 bad input, or not allowed.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tongguan.cli.template_edits import LEVELS, TEXTS, edit_arguments, flag, recording, rulebook, ruling_arguments
from tongguan.cli.terminal import Actions, say, table
from tongguan.cli.who import allowed
from tongguan.errors import NotFound
from tongguan.unseen import why_in
from tongguan.wording import Language, readable, wording

if TYPE_CHECKING:
    from tongguan.identify.templates import Classified, ColumnResult, Template

__all__ = ["arguments"]

NOTHING, AS_FOUND = "none", "as-found"


def arguments(parser: argparse.ArgumentParser, language: Language = "zh") -> None:
    """The sub-commands of `templates`; `language` is that of the terminal."""
    actions = Actions(parser, language)
    seen = actions.add("list", _list, "every template: used or not, its rules, what it rests on")
    show = actions.add("show", _show, "the rules of a template as the policy has them")
    show.add_argument("id", metavar="TEMPLATE")
    check = actions.add("check", _check, "whether a template of your own is well made; the first fault with its line")
    check.add_argument("file", type=Path, metavar="FILE")
    classify = actions.add("classify", _classify, "tables in files: class and level of each column, and why")
    classify.add_argument("paths", nargs="+", type=Path, metavar="PATH", help="files or folders of any type")
    classify.add_argument("--as-of", type=_day, metavar="DATE", help="the day whose rules are asked; else today")
    classify.add_argument("--fail-on", choices=(*LEVELS[2:], "sensitive"), help="exit with 1 where a column is so")
    classify.add_argument("--all", action="store_true", help="also columns that no rule speaks of")
    for action in (seen, show, classify):
        action.add_argument("--sector", metavar="SECTOR", help="with its templates: finance, health, telecom, …")
    edit_arguments(actions)
    correct = actions.add("correct", _correct, "what a column really is: an exception, and a regression case")
    correct.add_argument("path", type=Path, metavar="FILE")
    correct.add_argument("--column", required=True, metavar="NAME")
    correct.add_argument("--table", metavar="NAME", help="where the file has several")
    correct.add_argument("--is", dest="type", default=AS_FOUND, metavar="TYPE", help=f"a data type, or {NOTHING}")
    ruling_arguments(correct)
    correct.add_argument("--reason", required=True, metavar="TEXT")
    withdraw = actions.add("withdraw", _withdraw, "take a correction back")
    withdraw.add_argument("id", metavar="ID")
    cases = actions.add("cases", _cases, "corrections, and whether each still comes out as corrected")
    cases.add_argument("--fail-on", choices=("case",), help="exit with 1 where one does not")
    for action in (seen, show, check, classify, correct, cases):
        action.add_argument("--json", action="store_true")


# ---- seen ----------------------------------------------------------------------------------------------------------


def _list(given: argparse.Namespace) -> int:
    allowed("assets.read")
    book = rulebook()
    rules = book.rules(given.sector)
    used = {one.id for one in rules.templates} - rules.policy.disabled
    rows = [
        {
            "id": one.id,
            "name": one.names[given.lang],
            "sector": one.sector,
            "used": one.id in used,
            "rules": len(one.rules),
            "known": _known(one),
            "bases": [asdict(basis) for basis in one.bases.values()],
        }
        for one in book.every_template()
    ]
    if not given.json:
        rows = [{**row, "used": _yes(bool(row["used"]), given.lang), "known": _counted(row["known"])} for row in rows]
    table(rows, ["id", "used", "sector", "rules", "known", "name"], given.json)
    return 0


def _show(given: argparse.Namespace) -> int:
    allowed("assets.read")
    book = rulebook()
    template = next((one for one in book.every_template() if one.id == given.id), None)
    if template is None:
        raise NotFound(f"no template {given.id!r}; there are {', '.join(one.id for one in book.every_template())}")
    policy = book.policy()
    used = {rule.id: rule for _, rule in policy.rules((template,))}
    rows: list[dict[str, Any]] = []
    for rule in template.rules:
        now = used.get(rule.id, rule)
        rows.append({
            "rule": rule.id,
            "used": rule.id in used,
            "changed": now != rule,
            "text": dict(rule.text),
            "class": now.class_id,
            "level": now.level,
            "sensitive": now.sensitive,
            "instrument": rule.basis.title if rule.basis else None,
            "article": rule.article,
            "known": rule.known,
            "from": rule.since and rule.since.isoformat(),
            "to": rule.until and rule.until.isoformat(),
        })  # fmt: skip
    if not given.json:
        rows = [{**row, "used": _yes(row["used"], given.lang), "text": row["text"][given.lang]} for row in rows]
    table(rows, ["rule", "used", "level", "class", "known", "article", "text"], given.json)
    return 0


def _check(given: argparse.Namespace) -> int:
    from tongguan.identify.templates import check_template

    allowed("assets.read")
    template = check_template(given.file)
    if given.json:
        told = {"id": template.id, "sector": template.sector, "rules": len(template.rules), "known": _known(template)}
        print(json.dumps(told, ensure_ascii=False))
    else:
        rules, known = len(template.rules), _counted(_known(template))
        say(TEXTS, "well_made", given.lang, id=template.id, rules=rules, known=known)
    return 0


def _known(template: Template) -> dict[str, int]:
    """How many rules rest on a text that was read, on descriptions, or on nothing that was found."""
    known = [rule.known for rule in template.rules]
    return {how: known.count(how) for how in ("text", "digest", "unverified") if how in known}


def _counted(known: Any) -> str:
    return " ".join(f"{how}:{count}" for how, count in known.items())


def _yes(is_so: bool, language: Language) -> str:
    return wording("tongguan.cli", TEXTS).text("yes" if is_so else "no", language)


# ---- laid over files -----------------------------------------------------------------------------------------------


def _classify(given: argparse.Namespace) -> int:
    from tongguan import trust
    from tongguan.identify.templates import classify_files

    allowed("files.identify")
    rules = rulebook().rules(given.sector)
    reached = False
    for found in classify_files(given.paths, trust.workspace_key(trust.home()), rules, as_of=given.as_of):
        reached |= any(_reaches(c, given.fail_on) for t in found.tables for c in t.columns)
        for spot in found.blind_spots:
            why = readable(why_in(given.lang, spot.kind, spot.detail))
            say(TEXTS, "unseen", given.lang, to=sys.stderr, path=readable(spot.where or found.path), why=why)
        if given.json:
            told = [one.to_dict() for one in found.tables]
            spots = [{"where": spot.where, "kind": str(spot.kind), "detail": spot.detail} for spot in found.blind_spots]
            print(json.dumps({"path": found.path, "tables": told, "blind_spots": spots}, ensure_ascii=False))
        else:
            _tell(found, given)
    return 1 if given.fail_on and reached else 0


def _reaches(column: ColumnResult, least: str | None) -> bool:
    if least is None or least == "sensitive":
        return least is not None and column.sensitive
    return column.level is not None and LEVELS.index(column.level) >= LEVELS.index(least)


def _tell(found: Classified, given: argparse.Namespace) -> None:
    texts = wording("tongguan.cli", TEXTS)
    for one in found.tables:
        level = one.level_name[given.lang] if one.level_name else texts.text("no_level", given.lang)
        mark = texts.text("sensitive", given.lang) if one.sensitive else ""
        print(
            texts.text("table", given.lang, path=readable(found.path), table=one.name, level=level, mark=mark).rstrip()
        )
        rows = []
        for column in one.columns:
            if not (given.all or column.match or column.filtered):
                continue
            match = column.match
            rows.append({
                "column": column.name,
                "type": column.type,
                "level": column.level_name[given.lang] if column.level_name else None,
                "sensitive": _yes(column.sensitive, given.lang) if match else None,
                "rule": match.rule if match else None,
                "known": match.known if match else None,
                "why": column.filtered or ("; ".join(e.text[given.lang] for e in match.evidence) if match else None),
            })  # fmt: skip
        table(rows, ["column", "type", "level", "sensitive", "rule", "known", "why"], as_json=False)
        for match in one.matches:
            print(texts.text("together", given.lang, text=match.text[given.lang], rule=match.rule))
        for review in dict.fromkeys(_reviews(one.matches, *(c.matches for c in one.columns), language=given.lang)):
            print(texts.text("review", given.lang, text=review))


def _reviews(*groups: Any, language: Language) -> Iterator[str]:
    for matches in groups:
        yield from (match.review[language] for match in matches if match.review)


# ---- corrected -----------------------------------------------------------------------------------------------------


def _correct(given: argparse.Namespace) -> int:
    from tongguan import trust
    from tongguan.identify.templates import Ruling, classify_files

    by = allowed("assets.correct").name
    book = rulebook()
    kinds = {AS_FOUND: "as found", NOTHING: None}
    ruling = Ruling(kinds.get(given.type, given.type), given.level, given.class_id, flag(given.sensitive))
    found = [
        column
        for one in classify_files([given.path], trust.workspace_key(trust.home()), book.rules())
        for of in one.tables
        for column in of.columns
        if column.name == given.column and given.table in (None, of.name)
    ]
    if len(found) != 1:
        what = "no such column" if not found else "several columns of this name; say which with --table"
        raise NotFound(f"{given.path}: {given.column}: {what}")
    with recording() as record:
        made = book.correct(found[0], ruling, given.reason, by=by, record=record)
    if given.json:
        print(json.dumps({key: value for key, value in asdict(made).items() if key != "case"}, ensure_ascii=False))
    else:
        say(TEXTS, "corrected", given.lang, id=made.id, table=made.table, column=made.column)
    return 0


def _withdraw(given: argparse.Namespace) -> int:
    by = allowed("assets.correct").name
    with recording() as record:
        gone = rulebook().withdraw(given.id, by=by, record=record)
    say(TEXTS, "withdrawn", given.lang, table=gone.table, column=gone.column)
    return 0


def _cases(given: argparse.Namespace) -> int:
    from tongguan.identify.templates import cases

    allowed("assets.read")
    rules = rulebook().rules()
    rows, wrong = [], 0
    for one, case in zip(rules.exceptions, cases(rules.exceptions), strict=True):
        outcome = case.check(rules.templates, policy=rules.policy, exceptions=rules.exceptions)
        wrong += not outcome.ok
        expected, got = dict(outcome.expected), dict(outcome.got)
        rows.append({"id": one.id, "table": one.table, "column": one.column, "ok": outcome.ok, "expected": expected,
                     "got": got, "by": one.by, "at": one.at, "reason": one.reason})  # fmt: skip
    if not given.json:
        rows = [{**row, "ok": _yes(bool(row["ok"]), given.lang)} for row in rows]
    table(rows, ["id", "ok", "table", "column", "by", "at", "reason"], given.json)
    return 1 if given.fail_on and wrong else 0


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no date; expected YYYY-MM-DD") from None
