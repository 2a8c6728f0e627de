"""Documents in formats that are not text inside (PDF, DOC, PPT, RTF, MSG) to text, by kreuzberg."""

from __future__ import annotations

from typing import Any

__all__ = ["read"]


def read(data: bytes, media_type: str, max_bytes: int) -> tuple[dict[str, Any], list[bytes]]:
    """The text of a document.

    Returns a report with `end` (`ok`, `bytes`, `encrypted`, `damaged`), `pages` and `blank` (pages without any text),
    and one blob: the text in UTF-8.
    """
    import kreuzberg  # 80 MB of library: loaded only where a document asks for it

    config = kreuzberg.ExtractionConfig(
        use_cache=False,
        disable_ocr=True,
        enable_quality_processing=False,
        content_filter=kreuzberg.ContentFilterConfig(
            include_headers=True, include_footers=True, include_watermarks=True, strip_repeating_text=False
        ),
        concurrency=kreuzberg.ConcurrencyConfig(max_threads=1),
        pages=kreuzberg.PageConfig(extract_pages=True) if media_type == "application/pdf" else None,
    )
    try:
        result = kreuzberg.extract_bytes_sync(data, media_type, config)
    except Exception as error:  # whatever the parser says, the document cannot be read
        locked = "password" in str(error).lower() or "encrypted" in str(error).lower()
        return {"end": "encrypted" if locked else "damaged", "pages": 0, "blank": 0}, []
    pages = result.pages or []
    blank = sum(1 for page in pages if not str(page["content"] if isinstance(page, dict) else page.content).strip())
    text = result.content.encode("utf-8", "replace")
    end = "bytes" if len(text) > max_bytes else "ok"
    return {"end": end, "pages": len(pages), "blank": blank}, [text[:max_bytes]]
