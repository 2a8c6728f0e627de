"""识别试验: a text or a file looked at, with what was found marked and explained. Nothing of it is kept."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from fastapi.responses import Response

from tongguan.errors import BadInput
from tongguan.service.console.recognition import may_reveal, recognise
from tongguan.service.console.telling import told
from tongguan.service.console.uploads import FILE_LIMIT, TEXT_LIMIT, HandedIn
from tongguan.service.console.visit import Visit, Visitor, page_at
from tongguan.service.permission import needs

__all__ = ["router"]

router = APIRouter()
LISTED = 200  # findings in the list


@page_at(router, "/recognition", "files.identify")
def recognition(visit: Visitor) -> Response:
    """The form."""
    return visit.page("recognition.html", _data(visit))


@router.post("/recognition", dependencies=[needs("files.identify")])
def look(visit: Visitor, handed: HandedIn) -> Response:
    """What a text or a file holds."""
    visit.check_form(handed.get("csrf"))
    assert visit.principal
    data = _data(visit)
    reveal = handed.get("reveal") == "yes"
    data["asked"] = {"reveal": reveal, "file": handed.content.name if handed.is_file and handed.content else None}
    if handed.content is None:
        return visit.page("recognition.html", {**data, "error": visit.t("uploads.nothing")}, 400)
    try:
        found = recognise(visit.console.trust, visit.principal, handed.content, reveal=reveal, text=True)
    except BadInput as error:
        return visit.page("recognition.html", {**data, "error": told(visit, error)}, 400)
    more = max(0, len(found["findings"]) - LISTED)
    return visit.page("recognition.html", {**data, "found": found, "listed": found["findings"][:LISTED], "more": more})


def _data(visit: Visit) -> dict[str, Any]:
    assert visit.principal
    return {
        "limits": {"file": FILE_LIMIT, "text": TEXT_LIMIT},
        "may_reveal": may_reveal(visit.console.trust, visit.principal),
        "asked": {"reveal": False, "file": None},
        "found": None,
        "listed": [],
        "more": 0,
        "error": None,
    }
