"""Whether an office document that is an archive of XML parts holds the parts that its text stands in."""

from __future__ import annotations

import re
from typing import Any

__all__ = ["lacking"]

_BODY = re.compile(rb"<(?:\w+:)?(?:body|glossaryDocument|docParts)[\s>/]")
_SLIDE = re.compile(rb"<(?:\w+:)?sldId\s[^>]{0,200}?\w:id\s?=")  # those of sections have no relationship
_PAGE = re.compile(rb"<Page\s")


def lacking(parts: list[tuple[dict[str, Any], bytes]]) -> int:
    """How many of the bodies that a document should have are not among its parts (each with its entry).

    ECMA-376 part 1, 11.3.10 and 13.3.6; [MS-VSDX] 2.2.3; ODF 1.3 part 2, 3.1.
    """
    held = {entry["name"]: body for entry, body in parts}
    if any(name.startswith("ppt/") for name in held):
        listed = held.get("ppt/presentation.xml")
        slides = sum(name.startswith("ppt/slides/") and name.endswith(".xml") for name in held)
        return max(0, len(_SLIDE.findall(listed)) - slides) if listed is not None else int(not slides)
    if any(name.startswith("visio/") for name in held):
        listed = held.get("visio/pages/pages.xml")
        pages = sum(name.startswith("visio/pages/page") and name != "visio/pages/pages.xml" for name in held)
        return max(0, len(_PAGE.findall(listed)) - pages) if listed is not None else 1
    if any(name.startswith("xl/") for name in held):  # a workbook of which only the cells were read elsewhere
        return 0
    return int(not any(_BODY.search(body) for name, body in held.items() if name.endswith(".xml")))
