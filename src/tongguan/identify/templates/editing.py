"""Changes of a policy as data: what is switched, graded anew, renamed or left out, held against the templates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal

from tongguan.errors import BadInput, NotFound
from tongguan.identify.templates.pack import LEVELS, Template, Text
from tongguan.identify.templates.policy import Change, Filter, Policy
from tongguan.wording import wording

__all__ = ["ChangeRule", "Edit", "LeaveOut", "RenameLevel", "SetScope", "Switch", "TakeIn", "edited"]

_say: Final = wording("tongguan.identify.templates", "faults.yaml").both
_MOST = 1000  # filters, and characters of a text


@dataclass(frozen=True, slots=True)
class Switch:
    """A template, or a rule (template/rule), on or off."""

    id: str
    on: bool


@dataclass(frozen=True, slots=True)
class ChangeRule:
    """What a rule says instead; None leaves it as the template has it, so that all None takes a change back.

    `class_id`: a class of the rule's own template.
    """

    rule: str
    level: str | None = None
    class_id: str | None = None
    sensitive: bool | None = None


@dataclass(frozen=True, slots=True)
class RenameLevel:
    """What a level is called; None gives it its own name back."""

    level: str
    name: Text | None


@dataclass(frozen=True, slots=True)
class LeaveOut:
    """Tables and columns that are not classified: patterns such as `tmp_*`."""

    table: str = "*"
    column: str = "*"
    why: str = ""


@dataclass(frozen=True, slots=True)
class TakeIn:
    """Take a filter back."""

    table: str = "*"
    column: str = "*"


@dataclass(frozen=True, slots=True)
class SetScope:
    """`tables`: highest or columns; `columns`: own or table (see `Policy`); None leaves it."""

    tables: Literal["highest", "columns"] | None = None
    columns: Literal["own", "table"] | None = None


Edit = Switch | ChangeRule | RenameLevel | LeaveOut | TakeIn | SetScope


def edited(policy: Policy, edit: Edit, templates: Sequence[Template]) -> Policy:
    """The policy after the change. `templates`: all that there are, for every sector, and the organisation's own.

    Raises NotFound for a template, rule, class or filter that is not there, BadInput for what cannot be.
    """
    match edit:
        case Switch():
            return _switched(policy, edit, templates)
        case ChangeRule():
            return _changed(policy, edit, templates)
        case RenameLevel():
            return _renamed(policy, edit)
        case LeaveOut():
            return _left_out(policy, edit)
        case TakeIn():
            kept = tuple(f for f in policy.filters if (f.table, f.column) != (edit.table, edit.column))
            if len(kept) == len(policy.filters):
                raise NotFound(_say("filter.none", table=repr(edit.table), column=repr(edit.column)))
            return replace(policy, filters=kept)
        case SetScope():
            if edit.tables not in (None, "highest", "columns") or edit.columns not in (None, "own", "table"):
                raise BadInput(_say("scope"))
            return replace(policy, tables=edit.tables or policy.tables, columns=edit.columns or policy.columns)


def _switched(policy: Policy, edit: Switch, templates: Sequence[Template]) -> Policy:
    by_id = {template.id: template for template in templates}
    if edit.id not in by_id:
        _rule_of(edit.id, templates)
    disabled = policy.disabled - {edit.id} if edit.on else policy.disabled | {edit.id}
    enabled = policy.enabled
    if edit.id in by_id and by_id[edit.id].sector is not None:  # of a sector: used where it is asked for
        enabled = enabled | {edit.id} if edit.on else enabled - {edit.id}
    return replace(policy, enabled=enabled, disabled=disabled)


def _changed(policy: Policy, edit: ChangeRule, templates: Sequence[Template]) -> Policy:
    template = _rule_of(edit.rule, templates)
    if edit.level is not None:
        _known_level(edit.level)
    if edit.class_id is not None and edit.class_id not in template.classes:
        raise NotFound(
            _say("class.none", template=template.id, given=repr(edit.class_id[:60]), known=", ".join(template.classes))
        )
    if edit.sensitive is not None and not isinstance(edit.sensitive, bool):
        raise BadInput(_say("sensitive"))
    changes = dict(policy.changes)
    change = Change(edit.level, edit.class_id, edit.sensitive)
    if change == Change():
        changes.pop(edit.rule, None)
    else:
        changes[edit.rule] = change
    return replace(policy, changes=changes)


def _renamed(policy: Policy, edit: RenameLevel) -> Policy:
    _known_level(edit.level)
    levels = {level: name for level, name in policy.levels.items() if level != edit.level}
    if edit.name is not None:
        if set(edit.name) != {"zh", "en"}:
            raise BadInput(_say("level.name"))
        levels[edit.level] = {language: _line(edit.name[language], _say("what.level")) for language in ("zh", "en")}
    return replace(policy, levels=levels)


def _left_out(policy: Policy, edit: LeaveOut) -> Policy:
    if (edit.table, edit.column) == ("*", "*"):
        raise BadInput(_say("filter.all"))
    patterns = _line(edit.table, _say("what.table")), _line(edit.column, _say("what.column"))
    why = _line(edit.why, _say("what.why"))
    others = tuple(f for f in policy.filters if (f.table, f.column) != patterns)
    if len(others) >= _MOST:
        raise BadInput(_say("filter.many", most=_MOST))
    return replace(policy, filters=(*others, Filter(*patterns, why)))


def _rule_of(id: str, templates: Sequence[Template]) -> Template:
    """The template of a rule. Raises NotFound."""
    name = id.partition("/")[0]
    template = next((one for one in templates if one.id == name), None)
    if template is None:
        raise NotFound(_say("template.none", given=repr(name[:60]), known=", ".join(one.id for one in templates)))
    if all(rule.id != id for rule in template.rules):
        rules = ", ".join(rule.id for rule in template.rules)
        raise NotFound(_say("rule.none", given=repr(id[:120]), template=name, known=rules))
    return template


def _known_level(level: str) -> None:
    if level not in LEVELS:
        raise BadInput(_say("level.none", given=repr(level[:60]), known=", ".join(LEVELS)))


def _line(text: str, what: dict[str, str]) -> str:
    tidy = text.strip()
    if not tidy or len(tidy) > _MOST or any(ord(sign) < 32 for sign in tidy):
        raise BadInput(_say("line", what=what, most=_MOST))
    return tidy
