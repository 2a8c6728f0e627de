"""An organisation's own rules, kept in one folder: its templates, its policy, its corrections.

    templates/*.yaml    templates of its own
    policy.yaml         how it uses them and ours
    exceptions.yaml     corrections

Every change is held against the templates, put on record, and written whole or not at all; of several processes one
changes after another.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from tongguan import whole_file
from tongguan.errors import BadInput, CannotWrite, NotFound
from tongguan.identify.templates.corrections import (
    Exception_,
    Ruling,
    correct,
    exceptions_text,
    load_exceptions,
)
from tongguan.identify.templates.editing import Edit, edited
from tongguan.identify.templates.pack import Template
from tongguan.identify.templates.policy import Policy, load_policy, parse_policy, policy_text
from tongguan.identify.templates.results import ColumnResult
from tongguan.identify.templates.shelf import check_template, load_templates, own_ids
from tongguan.identify.templates.writing import alone
from tongguan.wording import wording

__all__ = ["Record", "Rulebook", "Rules"]

Record = Callable[[str, str, Mapping[str, Any]], int]
"""Kind, actor, body → index: how an entry comes into the audit log."""

_say: Final = wording("tongguan.identify.templates", "faults.yaml").both
_POLICY: Final = "policy.yaml"
_EXCEPTIONS: Final = "exceptions.yaml"
_TEMPLATES: Final = "templates"


@dataclass(frozen=True, slots=True)
class Rules:
    """What `classify` asks for."""

    templates: tuple[Template, ...]
    policy: Policy
    exceptions: tuple[Exception_, ...]


class Rulebook:
    """The rules in a folder, which need not be there yet. Reading raises BadPack for a malformed file."""

    def __init__(self, folder: Path) -> None:
        self._policy = folder / _POLICY
        self._exceptions = folder / _EXCEPTIONS
        self._templates = folder / _TEMPLATES

    def rules(self, sector: str | None = None) -> Rules:
        """Templates for every sector, for the given one, those that the policy enables, and the organisation's own."""
        policy = self.policy()
        every = self.every_template()
        ours = {one.id for one in load_templates()}
        own = {check_template(path).id for path in self._files()}
        used = tuple(one for one in every if one.id in ours | own | policy.enabled or (sector and one.sector == sector))
        return Rules(used, policy, self.exceptions())

    def policy(self) -> Policy:
        return load_policy(self._policy) if self._policy.is_file() else Policy()

    def exceptions(self) -> tuple[Exception_, ...]:
        return load_exceptions(self._exceptions)

    def every_template(self) -> tuple[Template, ...]:
        """Ours of every sector, and the organisation's own, which take the place of ours of the same id."""
        return load_templates(own_ids(), paths=self._files())

    def edit(self, edit: Edit, *, by: str, record: Record) -> Policy:
        """Change the policy. Raises NotFound, BadInput, BadPack, CannotWrite; the policy is then as it was."""
        with alone(self._policy):
            before = self.policy()
            after = edited(before, edit, self.every_template())
            if after == before:
                return before
            text = policy_text(after)
            if parse_policy(text.encode(), _POLICY) != after:
                raise BadInput(_say("not_yaml"))
            record("asset_rules_changed", by, {"edit": type(edit).__name__, **asdict(edit)})
            whole_file.replace(self._policy, text.encode())
        return after

    def add_template(self, path: Path, *, by: str, record: Record) -> Template:
        """Take a template of the organisation's own in, or anew. Raises BadPack, CannotWrite."""
        template = check_template(path)
        place = self._templates / f"{template.id}.yaml"
        with alone(self._policy):
            others = [file for file in self._files() if file != place and check_template(file).id == template.id]
            if others:
                raise BadInput(_say("template.second", other=others[0], id=repr(template.id)))
            try:
                text = path.read_bytes().decode("utf-8-sig")
                self._templates.mkdir(mode=0o700, exist_ok=True)
            except (OSError, UnicodeDecodeError) as error:
                raise CannotWrite(f"{self._templates}: {error}") from None
            record("asset_template_added", by, {"template": template.id, "rules": len(template.rules)})
            whole_file.replace(place, text.encode())
        return template

    def remove_template(self, id: str, *, by: str, record: Record) -> None:
        """Raises NotFound where it is none of the organisation's own: ours are switched off instead."""
        with alone(self._policy):
            place = next((file for file in self._files() if check_template(file).id == id), None)
            if place is None:
                raise NotFound(_say("template.not_own", given=repr(id[:60])))
            record("asset_template_removed", by, {"template": id})
            place.unlink()

    def correct(
        self, result: ColumnResult, ruling: Ruling | str | None, reason: str, *, by: str, record: Record
    ) -> Exception_:
        """Keep what a column really is (see `correct`). Raises BadInput, BadPack, CannotWrite."""
        with alone(self._exceptions):
            before = self.exceptions()
            made = correct(result, ruling, reason, by=by)
            text = exceptions_text((*before, made))
            record("asset_corrected", by, _said(made))
            whole_file.replace(self._exceptions, text.encode())
        return made

    def withdraw(self, id: str, *, by: str, record: Record) -> Exception_:
        """Take a correction back. Raises NotFound, BadPack, CannotWrite."""
        with alone(self._exceptions):
            before = self.exceptions()
            gone = next((one for one in before if one.id == id), None)
            if gone is None:
                raise NotFound(_say("correction.none", given=repr(id[:60])))
            text = exceptions_text([one for one in before if one.id != id])
            record("asset_correction_withdrawn", by, _said(gone))
            whole_file.replace(self._exceptions, text.encode())
        return gone

    def _files(self) -> Sequence[Path]:
        return sorted(self._templates.glob("*.yaml"))


def _said(one: Exception_) -> dict[str, Any]:
    return {"id": one.id, "table": one.table, "column": one.column, "found": one.found, **asdict(one.now)}
