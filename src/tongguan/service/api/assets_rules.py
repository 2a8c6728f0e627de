"""The rules of classification: the policy over the templates, changes of it, and what a change would do."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import Annotated, Any, Literal

from fastapi import APIRouter
from pydantic import Field

from tongguan.errors import BadInput, NotFound
from tongguan.identify.templates import Policy
from tongguan.service.api.assets import Level
from tongguan.service.api.calling import TrustRoom
from tongguan.service.api.shapes import Line, Shown, Strict
from tongguan.service.console import assetlist
from tongguan.service.console.assetrules import book_of, edit_of, preview, rules_of
from tongguan.service.permission import needs
from tongguan.trust.access import Principal

__all__ = ["router"]

router = APIRouter(prefix="/assets/rules", tags=["assets"])
Reader = Annotated[Principal, needs("assets.read")]
Ruler = Annotated[Principal, needs("assets.rules")]
Word = Annotated[Line, Field(max_length=200)]


class Edit(Strict):
    """One change. `switch`: a template or rule by `id`, `on` or off. `change`: what the rule `id` says instead
    (`level`, `class`, `sensitive`); nothing given takes its change back. `rename`: what a `level` is called, `zh` and
    `en`; neither gives its own name back. `leave_out` and `take_in`: patterns of a `table` and a `column`, and `why`.
    `scope`: `tables` by their highest column and what columns say together, or by columns alone; `columns` by their own
    level or that of their table."""

    what: Literal["switch", "change", "rename", "leave_out", "take_in", "scope"]
    id: Word = ""
    on: bool = True
    level: Level | None = None
    class_: Annotated[Word | None, Field(alias="class")] = None
    sensitive: bool | None = None
    zh: Word = ""
    en: Word = ""
    table: Word = "*"
    column: Word = "*"
    why: Word = ""
    tables: Literal["highest", "columns"] | None = None
    columns: Literal["own", "table"] | None = None


class PolicyShown(Shown):
    """How the organisation uses the templates. `levels`: names of levels, its own where it renamed them."""

    enabled: list[str]
    disabled: list[str]
    changes: dict[str, dict[str, Any]]
    filters: list[dict[str, Any]]
    levels: dict[str, dict[str, str]]
    tables: str
    columns: str


class Preview(Shown):
    """What a change would do: `looked` of the `of` tables and files with findings were held against both; by level, how
    many of them and of their columns were and would be of it; how many columns change, and some of them."""

    changes: bool
    looked: int
    of: int
    levels: list[dict[str, Any]]
    sensitive: dict[str, dict[str, int]]
    changed: int
    rows: list[dict[str, Any]]


@router.get("")
def policy(trust: TrustRoom, by: Reader) -> PolicyShown:
    """The policy."""
    rules = rules_of(trust.home)
    return _shown(rules.policy, {level: dict(name) for level, name in rules.levels.items()})


@router.post("/preview")
def look(trust: TrustRoom, by: Reader, given: Edit) -> Preview:
    """What a change would do to what the catalogue holds. Nothing is changed."""
    with assetlist.opened(trust, by) as catalogue, _named():
        return Preview.model_validate(preview(catalogue, trust.home, _edit(given)))


@router.post("")
def change(trust: TrustRoom, by: Ruler, given: Edit) -> PolicyShown:
    """Change the rules. The entry of the log is written first; scans after it go by the rules as they are then."""
    with _named():
        book_of(trust.home).edit(_edit(given), by=by.name, record=trust.record)
    return policy(trust, by)


@contextmanager
def _named() -> Iterator[None]:
    """A template, rule or class that is none is a fault of the body, which is told; the address is there."""
    try:
        yield
    except NotFound as error:
        raise BadInput(error.text or str(error)) from error


def _edit(given: Edit) -> Any:
    return edit_of(given.model_dump(by_alias=True))


def _shown(found: Policy, levels: dict[str, dict[str, str]]) -> PolicyShown:
    return PolicyShown(
        enabled=sorted(found.enabled), disabled=sorted(found.disabled),
        changes={rule: asdict(change) for rule, change in found.changes.items()},
        filters=[asdict(one) for one in found.filters], levels=levels, tables=found.tables, columns=found.columns,
    )  # fmt: skip
