"""What `tongguan templates` changes: templates and rules switched, graded anew, left out; levels renamed."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from tongguan.cli.terminal import Actions, say
from tongguan.cli.who import allowed
from tongguan.errors import BadInput

if TYPE_CHECKING:
    from tongguan.identify.templates import Edit, Record, Rulebook

__all__ = ["LEVELS", "TEXTS", "edit_arguments", "flag", "recording", "rulebook", "ruling_arguments"]

TEXTS = "templates.yaml"
LEVELS = ("general-1", "general-2", "general-3", "general-4", "important", "core")


def edit_arguments(actions: Actions) -> None:
    """The sub-commands that change the policy or the templates of the workspace."""
    actions.add("enable", _enable, "use a template or rule").add_argument("id", metavar="TEMPLATE|RULE")
    actions.add("disable", _disable, "do not use a template or rule").add_argument("id", metavar="TEMPLATE|RULE")
    change = actions.add("change", _change, "another level, class or sensitivity; none takes it back")
    change.add_argument("rule", metavar="RULE")
    ruling_arguments(change)
    rename = actions.add("rename", _rename, "what a level is called; without names its own name again")
    rename.add_argument("level", choices=LEVELS)
    rename.add_argument("--zh", metavar="TEXT")
    rename.add_argument("--en", metavar="TEXT")
    for name, act, about in (
        ("leave-out", _leave_out, "tables or columns that are not classified, by pattern"),
        ("take-in", _take_in, "such a filter taken back"),
    ):
        action = actions.add(name, act, about)
        action.add_argument("--table", default="*", metavar="PATTERN")
        action.add_argument("--column", default="*", metavar="PATTERN")
        if name == "leave-out":
            action.add_argument("--why", required=True, metavar="TEXT")
    scope = actions.add("scope", _scope, "what levels are: of tables and of columns")
    scope.add_argument("--tables", choices=("highest", "columns"), help="with what columns say together, or without")
    scope.add_argument("--columns", choices=("own", "table"), help="their own level, or that of their table")
    actions.add("add", _add, "a template of your own into the workspace").add_argument(
        "file", type=Path, metavar="FILE"
    )
    actions.add("remove", _remove, "a template of your own out of the workspace").add_argument("id", metavar="TEMPLATE")


def ruling_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--level", choices=LEVELS)
    parser.add_argument("--class", dest="class_id", metavar="CLASS")
    parser.add_argument("--sensitive", choices=("yes", "no"))


def _enable(given: argparse.Namespace) -> int:
    from tongguan.identify.templates import Switch

    return _edit(given, Switch(given.id, True))


def _disable(given: argparse.Namespace) -> int:
    from tongguan.identify.templates import Switch

    return _edit(given, Switch(given.id, False))


def _change(given: argparse.Namespace) -> int:
    from tongguan.identify.templates import ChangeRule

    return _edit(given, ChangeRule(given.rule, given.level, given.class_id, flag(given.sensitive)))


def _rename(given: argparse.Namespace) -> int:
    from tongguan.identify.templates import RenameLevel

    if (given.zh is None) != (given.en is None):
        raise BadInput("a level needs a name in both languages: --zh and --en")
    return _edit(given, RenameLevel(given.level, {"zh": given.zh, "en": given.en} if given.zh is not None else None))


def _leave_out(given: argparse.Namespace) -> int:
    from tongguan.identify.templates import LeaveOut

    return _edit(given, LeaveOut(given.table, given.column, given.why))


def _take_in(given: argparse.Namespace) -> int:
    from tongguan.identify.templates import TakeIn

    return _edit(given, TakeIn(given.table, given.column))


def _scope(given: argparse.Namespace) -> int:
    from tongguan.identify.templates import SetScope

    if given.tables is None and given.columns is None:
        raise BadInput("expected --tables or --columns")
    return _edit(given, SetScope(given.tables, given.columns))


def _edit(given: argparse.Namespace, edit: Edit) -> int:
    by = allowed("assets.rules").name
    with recording() as record:
        rulebook().edit(edit, by=by, record=record)
    say(TEXTS, "changed", given.lang)
    return 0


def _add(given: argparse.Namespace) -> int:
    by = allowed("assets.rules").name
    with recording() as record:
        template = rulebook().add_template(given.file, by=by, record=record)
    say(TEXTS, "added", given.lang, id=template.id, rules=len(template.rules))
    return 0


def _remove(given: argparse.Namespace) -> int:
    by = allowed("assets.rules").name
    with recording() as record:
        rulebook().remove_template(given.id, by=by, record=record)
    say(TEXTS, "changed", given.lang)
    return 0


def rulebook() -> Rulebook:
    from tongguan import trust
    from tongguan.identify.templates import Rulebook

    return Rulebook(trust.home() / "assets")


@contextmanager
def recording() -> Iterator[Record]:
    from tongguan import trust
    from tongguan.trust.audit import recorder

    with trust.audit_log() as log:
        yield recorder(log)


def flag(text: str | None) -> bool | None:
    return None if text is None else text == "yes"
