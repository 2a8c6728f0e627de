"""What a request carries beside a plain body: query, path, cookies, forms."""

from __future__ import annotations

from urllib.parse import quote_plus, unquote

from tongguan.capture.protocols.body import slices
from tongguan.capture.protocols.http_head import Head, parse_headers
from tongguan.capture.protocols.parts import split
from tongguan.model import Content

__all__ = ["ASIDE", "FORM", "aside", "form"]

ASIDE = frozenset({"query", "path", "cookie"})  # contents that are no bodies
FORM = "form"  # the name of a form's plain fields
_FORM = "application/x-www-form-urlencoded"
_TRIVIAL = 6  # shorter ones hold no identifier
_LARGE_FIELD = 64 << 10


def aside(head: Head, masked: bool) -> list[Content]:
    """Query string, path (where its operation is `masked`) and cookies of a request."""
    found = []
    path, _, query = head.target.partition("?")
    if len(query) >= _TRIVIAL:
        found.append(_content("query", _FORM, query))
    if masked:
        found.append(_content("path", "text/plain", unquote(path).replace("/", " / ")))
    cookie = head.get("cookie")
    if len(cookie) >= _TRIVIAL:
        found.append(_content("cookie", _FORM, cookie.replace("; ", "&")))
    return found


def form(view: memoryview, boundary: str, size: int) -> list[Content]:
    """The parts of multipart/form-data: its plain fields as one form, so that they stay one record, and its files."""
    fields: list[str] = []
    files: list[Content] = []
    for part in split(view, boundary):
        head = Head(headers=parse_headers(part.headers))
        name = head.parameter("content-disposition", "name") or ""
        filename = head.parameter("content-disposition", "filename")
        charset = head.parameter("content-type", "charset")
        if filename is None and len(part.body) <= _LARGE_FIELD and head.media_type in ("", "text/plain"):
            fields.append(f"{quote_plus(name)}={quote_plus(bytes(part.body))}")
        elif head.media_type.startswith(("text/", "application/json")):
            files += (
                Content(filename or name, head.media_type, len(cut), cut, charset) for cut in slices(part.body, size)
            )
        else:
            files.append(Content(filename or name, head.media_type, len(part.body), part.body, charset))
    return [_content(FORM, _FORM, "&".join(fields)), *files] if fields else files


def _content(name: str, media_type: str, text: str) -> Content:
    raw = text.encode("utf-8", "replace")
    return Content(name, media_type, len(raw), raw, "utf-8")
