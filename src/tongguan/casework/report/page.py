"""`report.html`: one file that asks nothing of the network, to be read on a screen or printed on A4."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from tongguan import whole_file
from tongguan.casework.report import contents, drawings, pictures
from tongguan.casework.report.compare import filing, other_differences
from tongguan.casework.report.particulars import particulars
from tongguan.casework.report.shape import complete
from tongguan.casework.report.words import Words
from tongguan.wording import LANGUAGES, Language

__all__ = ["languages", "write_html"]

ROWS = 60  # of one table; what is more stands in result.json, and the reader is told
CARDS = 40  # recipients told one by one
EVIDENCE = 5  # pieces of one alert
PLACES = 12  # blind spots of one reason


def write_html(result: Mapping[str, Any], path: Path, language: Language | Literal["both"] = "both") -> None:
    """Write the report of a `result.json`. With `both`, the reader chooses; no script is needed for it.

    Raises CannotWrite.
    """
    whole = complete(result)
    page = (
        _environment()
        .get_template("report.html.j2")
        .render(result=whole, bodies=[_body(whole, Words(one)) for one in languages(language)], style=_style())
    )
    whole_file.replace(path, page.encode(), private=False)


def languages(language: Language | Literal["both"]) -> tuple[Language, ...]:
    """One or both, Chinese first."""
    return LANGUAGES if language == "both" else (language,)


def _body(result: dict[str, Any], words: Words) -> dict[str, Any]:
    return {
        "words": words,
        "draw": drawings.Drawings(result, words),
        "recipients": contents.recipients(result),
        "alerts": contents.alerts(result),
        "blind": contents.blind(result),
        "matrix": contents.matrix(result),
    }


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("tongguan.casework.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals |= {
        "mark": lambda name: Markup(pictures.mark(name)),
        "facts_used": contents.facts_used,
        "filed_head": contents.filed_head,
        "rules": contents.rules,
        "filing": filing,
        "other_differences": other_differences,
        "quoted": _quoted,
        "sentence": contents.sentence,
        "strip": contents.strip,
        "exchanges_read": contents.exchanges_read,
        "method": contents.method,
        "next_line": contents.next_line,
        "particulars": particulars,
        "shade": lambda persons, most: round(9 * (persons / most) ** 0.5) if most else 0,
        "limits": {"rows": ROWS, "cards": CARDS, "evidence": EVIDENCE, "places": PLACES},
    }
    environment.filters["svg"] = Markup
    return environment


@cache
def _style() -> Markup:
    folder = files("tongguan.casework.report")
    sheets = ("tokens.css", "report.css", "pictures.css")
    return Markup("\n".join(folder.joinpath(sheet).read_text(encoding="utf-8") for sheet in sheets))


def _quoted(text: str) -> Markup:
    """A text as a CSS string: every character but letters and digits escaped, so that no name can end it."""
    return Markup('"' + "".join(c if c.isalnum() else f"\\{ord(c):x} " for c in text) + '"')
