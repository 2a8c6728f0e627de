"""What the charting script is told: names in the visitor's language, colours as names of CSS variables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tongguan.service.console import figures, names

if TYPE_CHECKING:
    from tongguan.service.console.visit import Visit

__all__ = ["bars", "node_name", "sankey"]

COLUMNS = ("system", "recipient", "country")
# One hue a pathway, as the badges have them.
HUES = {
    "prohibited": "prohibited",
    "approval_required": "prohibited",
    "security_assessment": "assessment",
    "standard_contract_or_certification": "contract",
    "standard_contract": "contract",
    "certification": "contract",
    "gba_standard_contract": "contract",
    "exempt": "exempt",
    "zone_registration": "exempt",
    "undetermined": "undetermined",
    "no_route": "undetermined",
}


def sankey(found: dict[str, Any], visit: Visit) -> dict[str, Any]:
    """Nodes with their column, label and filter; links with their colour and tooltip."""

    def amount(value: int) -> str:
        return figures.size(value) if found["by"] == "bytes" else figures.short(value, visit.language)

    def told(value: int) -> str:
        return figures.size(value) if found["by"] == "bytes" else visit.t("unit.persons", n=figures.exact(value))

    nodes = []
    for node in found["nodes"]:
        nodes.append(
            {
                "id": node["id"],
                "depth": COLUMNS.index(node["column"]),
                "name": node_name(found, node["id"], visit),
                "amount": ("≤ " if node["at_most"] else "") + amount(node["value"]),
                "filter": [node["column"], node["key"]] if node["key"] else None,
            }
        )
    links = [
        {
            "source": link["source"],
            "target": link["target"],
            "value": link["value"],
            "hue": HUES.get(link["pathway"] or "", "none"),
            "told": f"{node_name(found, link['source'], visit)} → {node_name(found, link['target'], visit)}"
            f"{visit.t('colon')}{'≤ ' if link['at_most'] else ''}{told(link['shown'])}",
        }
        for link in found["links"]
    ]
    heads = [visit.t("col.system"), visit.t("col.recipient"), visit.t("col.country")]
    return {"nodes": nodes, "links": links, "heads": heads}


def node_name(found: dict[str, Any], ident: str, visit: Visit) -> str:
    """A node's name in the visitor's language."""
    node = next(n for n in found["nodes"] if n["id"] == ident)
    if node["column"] == "country":
        return names.country_name(node["name"], visit.language)
    return node["name"] or visit.t("system.unknown" if node["column"] == "system" else "recipient.unknown")


def bars(found: dict[str, Any], visit: Visit) -> list[dict[str, Any]]:
    """One bar an hour or a day, with its label and what it says on hover."""
    hourly = found["step"] == "hour"
    drawn = []
    for bar in found["bars"]:
        at, octets = figures.moment(bar["start"]), figures.size(bar["bytes"] or 0)
        told = f"{figures.exact(bar['crossings'])} {visit.t('unit.times')}{visit.t('comma')}{octets}"
        drawn.append(
            {
                "label": at[11:] if hourly else at[5:10],
                "value": bar["crossings"],
                "told": f"{at if hourly else at[:10]}{visit.t('colon')}{told}",
            }
        )
    return drawn
