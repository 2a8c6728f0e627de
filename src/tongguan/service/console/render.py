"""Templates, and the functions that they may call."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from tongguan import law
from tongguan.law import clocks
from tongguan.law.packs.telling import told
from tongguan.service.console import address, drawing, figures, gauge, lines, names
from tongguan.service.console.menu import visible
from tongguan.unseen import detail_in
from tongguan.wording import on_one_line

if TYPE_CHECKING:
    from tongguan.service.console.visit import Visit

__all__ = ["FOLDER", "render"]

FOLDER = Path(__file__).parent
VENDOR = FOLDER / "static" / "vendor"
BRIEF = 140  # characters of an audit entry's body in the list

Row = Mapping[str, Any]
_UNSEEN = {n: f"\\u{n:04x}" for n in (0x00AD, 0x200B, 0x200C, 0x200D, 0x2060, 0x2061, 0x2062, 0x2063, 0x2064, 0xFEFF)}


@cache
def environment() -> Environment:
    made = Environment(
        loader=FileSystemLoader(FOLDER / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters["shown"] = shown
    made.globals.update(
        exact=figures.exact,
        size=figures.size,
        percent=figures.percent,
        moment=figures.moment,
        clock=figures.clock,
        span=figures.span,
        gauge_of=gauge.gauge_of,
        link=address.link,
        is_sensitive=names.is_sensitive,
        has_word=names.has_word,
        facts_of=facts_of,
        rules_of=rules_of,
        brief=brief,
        pairs=lambda rows, key, text: [(row[key], row[text]) for row in rows],
    )
    return made


def shown(name: str | None) -> str:
    """A name that others gave, with line ends and signs that turn or hide text escaped: none looks like another."""
    return on_one_line(name or "").translate(_UNSEEN)


@cache
def script_there(name: str) -> bool:
    """Whether the build brought a browser script: without Node it did not, and tables stand where charts would."""
    return (VENDOR / name).is_file()


def render(template: str, visit: Visit, data: Row) -> str:
    """A page as HTML."""
    language = visit.language

    def named(values: Iterable[str], name: Callable[[str], str] = str) -> list[tuple[str, str]]:
        return [(value, name(value)) for value in values]

    def pathway(pathway_id: str) -> str:
        return names.pathway_name(pathway_id, language)

    def country(code: str | None) -> str:
        return names.country_name(code, language)

    def known(prefix: str, ident: str, suffix: str = "", otherwise: str | None = None) -> str:
        """A text where there is one; else the identifier, for other rooms may add to their lists."""
        key = f"{prefix}.{ident}{suffix}"
        return visit.t(key) if names.has_word(key) else ident if otherwise is None else otherwise

    return (
        environment()
        .get_template(template)
        .render(
            d=data,
            v=visit,
            t=visit.t,
            lang=language,
            groups=visible(visit.may_open),
            htmx=script_there("htmx.min.js"),
            echarts=script_there("echarts.min.js"),
            named=named,
            pathway=pathway,
            country=country,
            split=lambda n: figures.split(n, language),
            short=lambda n: figures.short(n, language),
            type_name=lambda i: names.type_name(i, language),
            document_kind=lambda kind: names.document_kind(kind, language),
            category=lambda i: names.category_name(i, language),
            fact=lambda path: names.fact_name(path, language),
            fact_value=lambda path, value: names.fact_value(path, value, language),
            regime=lambda r: law.regime_name(r, language),
            book_word=lambda family, ident: law.book_word(family, ident, language),
            clock_word=lambda key: clocks.clock_word(key, language),
            pack_word=lambda key, **values: told(key, language, **values),
            zone_or_place=lambda ident: law.zone_names(language).get(ident) or law.country_name(ident, language),
            zones=lambda found, name: [pathway(zone) for zone in lines.zones(found, name)],
            unseen=lambda detail: detail_in(language, detail),
            kind_word=lambda kind: known("kind", kind),
            basis=lambda basis: known("basis", basis),
            diff_word=lambda rule: known("diff", rule),
            diff_means=lambda rule: known("diff", rule, ".means", ""),
            word_list=lambda prefix, keys: visit.t("comma").join(visit.t(prefix + key) for key in keys),
            sankey_json=lambda found: drawing.sankey(found, visit),
            bars_json=lambda found: drawing.bars(found, visit),
            node_name=lambda found, ident: drawing.node_name(found, ident, visit),
        )
    )


def facts_of(decision: Row) -> dict[str, Any]:
    """Every fact that a decision used, once."""
    return {path: value for reason in decision["reasons"] for path, value in reason["facts"].items()}


def rules_of(decision: Row) -> list[Row]:
    """The rules that a decision used, each once with all its articles."""
    found: dict[str, dict[str, Any]] = {}
    for reason in decision["reasons"]:
        rule = found.setdefault(reason["rule"], {"text": reason.get("text"), "rule": reason["rule"], "cites": []})
        rule["cites"].append(reason)
    return list(found.values())


def brief(body: Row) -> str:
    """The beginning of an audit entry's body."""
    shown = {
        k: v if isinstance(v, str) else json.dumps(v, ensure_ascii=False) for k, v in body.items() if v is not None
    }
    text = " · ".join(f"{key}={value}" for key, value in shown.items())
    return text if len(text) <= BRIEF else text[: BRIEF - 1] + "…"
