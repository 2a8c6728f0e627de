"""Documents in formats that are not text inside (PDF, DOC, PPT, RTF, MSG) to text, by kreuzberg."""

from __future__ import annotations

from typing import Any

__all__ = ["read"]

_PROPERTIES = ("title", "subject", "authors", "keywords")
_DEPTH = 5  # attachments of attachments


def read(data: bytes, media_type: str, max_bytes: int) -> tuple[dict[str, Any], list[bytes]]:
    """The text of a document and of what is attached to it.

    Returns a report with `end` (`ok`, `bytes`, `encrypted`, `damaged`), `blank` (pages without any text), `lost`
    (attachments that could not be read) and `parts`; and for each part, its text in UTF-8. A part is None for the
    document itself, `annotations`, `properties`, or the path of an attachment.
    """
    import kreuzberg  # 80 MB of library: loaded only where a document asks for it

    pdf = media_type == "application/pdf"
    config = kreuzberg.ExtractionConfig(
        use_cache=False,
        disable_ocr=True,
        enable_quality_processing=False,
        content_filter=kreuzberg.ContentFilterConfig(
            include_headers=True, include_footers=True, include_watermarks=True, strip_repeating_text=False
        ),
        concurrency=kreuzberg.ConcurrencyConfig(max_threads=1),
        pages=kreuzberg.PageConfig(extract_pages=True) if pdf else None,
        pdf_options=kreuzberg.PdfConfig(extract_annotations=True) if pdf else None,
    )
    try:
        result = kreuzberg.extract_bytes_sync(data, media_type, config)
    except Exception as error:  # whatever the parser says, the document cannot be read
        locked = "password" in str(error).lower() or "encrypted" in str(error).lower()
        return {"end": "encrypted" if locked else "damaged", "blank": 0, "lost": 0, "parts": []}, []
    found: list[tuple[str | None, str]] = [(None, result.content)]
    notes = "\n".join(str(note.content) for note in result.annotations or () if note.content)
    if notes:
        found.append(("annotations", notes))
    if media_type != "application/vnd.ms-outlook" and (lines := _properties(result.metadata)):
        found.append(("properties", lines))
    lost = _attached(result, "", found, _DEPTH)
    texts = [text.encode("utf-8", "replace") for _, text in found]
    kept = 0
    while kept < len(texts) and sum(map(len, texts[: kept + 1])) <= max_bytes:
        kept += 1
    end = "ok" if kept == len(texts) else "bytes"
    if end == "bytes":
        texts[kept] = texts[kept][: max_bytes - sum(map(len, texts[:kept]))]
        texts, found = texts[: kept + 1], found[: kept + 1]
    pages = result.pages or []
    blank = sum(1 for page in pages if not str(page["content"] if isinstance(page, dict) else page.content).strip())
    return {"end": end, "blank": blank, "lost": lost, "parts": [name for name, _ in found]}, texts


def _attached(result: Any, above: str, found: list[tuple[str | None, str]], depth: int) -> int:
    """Add the texts of attachments; returns how many there are without text."""
    children = result.children or []
    named = len((result.metadata or {}).get("attachments") or ())
    lost = max(0, named - len(children))
    for child in children:
        entry = child if isinstance(child, dict) else {"path": child.path, "result": child.result}
        path = f"{above}/{entry['path']}" if above else str(entry["path"])
        inner = entry["result"]
        found.append((path, str(inner.content)))
        lost += _attached(inner, path, found, depth - 1) if depth else len(inner.children or ())
    return lost


def _properties(metadata: dict[str, Any] | None) -> str:
    lines = []
    for name in _PROPERTIES:
        value = (metadata or {}).get(name)
        text = ", ".join(map(str, value)) if isinstance(value, list) else str(value or "")
        if text.strip() and text not in ("untitled", "unspecified", "anonymous"):
            lines.append(f"{name}: {text}")
    return "\n".join(lines)
