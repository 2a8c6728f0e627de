"""Outlook mailboxes (PST) to text, by kreuzberg."""

from __future__ import annotations

from typing import Any

from .found import Found

__all__ = ["read"]

_TYPE = "application/vnd.ms-outlook-pst"
_DEPTH = 5  # attachments of attachments


def read(data: bytes, max_bytes: int, max_members: int) -> tuple[dict[str, Any], list[bytes]]:
    """The text of a mailbox and of what is attached to its messages; the report is that of `Found`."""
    import kreuzberg  # 80 MB of library: loaded only where a mailbox asks for it

    found = Found(max_bytes, max_members)
    config = kreuzberg.ExtractionConfig(
        use_cache=False,
        disable_ocr=True,
        enable_quality_processing=False,
        concurrency=kreuzberg.ConcurrencyConfig(max_threads=1),
    )
    try:
        result = kreuzberg.extract_bytes_sync(data, _TYPE, config)
    except Exception as error:  # whatever the parser says, the mailbox cannot be read
        locked = "password" in str(error).lower() or "encrypted" in str(error).lower()
        found.end = "encrypted" if locked else "damaged"
        return found.report(), []
    found.text(None, result.content)
    _attached(result, "", found, _DEPTH)
    return found.report(), found.blobs


def _attached(result: Any, above: str, found: Found, depth: int) -> None:
    children = result.children or []
    if lost := max(0, len((result.metadata or {}).get("attachments") or ()) - len(children)):
        found.blind("unsupported", "attachments that cannot be read", lost)
    for child in children:
        entry = child if isinstance(child, dict) else {"path": child.path, "result": child.result}
        path = f"{above}/{entry['path']}" if above else str(entry["path"])
        found.text(path, str(entry["result"].content))
        if depth:
            _attached(entry["result"], path, found, depth - 1)
        elif entry["result"].children:
            found.blind("truncated", "attachments nested too deep")
