"""The left menu: eight groups, of which this version has pages for seven."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

__all__ = ["GROUPS", "Group", "visible"]


@dataclass(frozen=True, slots=True)
class Group:
    """One group: a wording key, an icon, and the pages in it as (wording key, address)."""

    key: str
    icon: str
    pages: tuple[tuple[str, str], ...] = ()


GROUPS = (
    Group("menu.workbench", "home", (("menu.workbench", "/"),)),
    Group(
        "menu.activities",
        "gate",
        (
            ("menu.decide", "/decide"),
            ("law.menu", "/law"),
            ("law.clocks", "/law/clocks"),
            ("law.dest", "/law/destinations"),
            ("law.zones", "/law/zones"),
        ),
    ),
    Group(
        "menu.monitoring",
        "flow",
        (("menu.flows", "/flows"), ("menu.recipients", "/recipients"), ("menu.coverage", "/coverage")),
    ),
    Group(
        "menu.assets",
        "data",
        (
            ("assets.catalogue", "/assets"),
            ("assets.estate", "/assets/estate"),
            ("assets.sources.title", "/assets/sources"),
            ("assets.scans", "/assets/scans"),
            ("assets.changes", "/assets/changes"),
            ("assets.review", "/assets/review"),
            ("assets.templates", "/assets/templates"),
            ("assets.covered", "/assets/coverage"),
        ),
    ),
    Group(
        "menu.protection",
        "shield",
        (("recog.menu", "/recognition"), ("prints.menu", "/fingerprints"), ("policies.menu", "/policies")),
    ),
    Group("menu.risk", "alert", (("menu.alerts", "/alerts"),)),
    Group("menu.computing", "cube"),
    Group(
        "menu.system",
        "audit",
        (
            ("menu.audit", "/audit"),
            ("menu.evidence", "/evidence"),
            ("evidence.check", "/evidence/check"),
            ("menu.keys", "/keys"),
            ("menu.keys_master", "/keys/master"),
            ("menu.keys_register", "/keys/register"),
            ("menu.approvals", "/approvals"),
            ("menu.people", "/people"),
            ("menu.roles", "/roles"),
        ),
    ),
)


def visible(may_open: Callable[[str], bool]) -> list[Group]:
    """The menu of somebody: without the pages that they may not open, and without groups that have none left."""
    mine = [replace(group, pages=tuple(p for p in group.pages if may_open(p[1]))) for group in GROUPS]
    return [group for group, whole in zip(mine, GROUPS, strict=True) if group.pages or not whole.pages]
