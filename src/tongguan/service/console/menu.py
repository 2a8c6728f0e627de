"""The left menu: eight groups, of which this version has pages for five."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["GROUPS", "Group"]


@dataclass(frozen=True, slots=True)
class Group:
    """One group: a wording key, an icon, and the pages in it as (wording key, address)."""

    key: str
    icon: str
    pages: tuple[tuple[str, str], ...] = ()


GROUPS = (
    Group("menu.workbench", "home", (("menu.workbench", "/"),)),
    Group("menu.activities", "gate", (("menu.decide", "/decide"),)),
    Group(
        "menu.monitoring",
        "flow",
        (("menu.flows", "/flows"), ("menu.recipients", "/recipients"), ("menu.coverage", "/coverage")),
    ),
    Group("menu.assets", "data"),
    Group("menu.protection", "shield"),
    Group("menu.risk", "alert", (("menu.alerts", "/alerts"),)),
    Group("menu.computing", "cube"),
    Group("menu.system", "audit", (("menu.audit", "/audit"),)),
)
