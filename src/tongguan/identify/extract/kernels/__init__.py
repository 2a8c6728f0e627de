"""Compiled scans over UTF-8 bytes that find where records and cells lie. Offsets given back are characters.

All structure that is looked for is ASCII, so the scans walk over bytes and count characters as they go
(every byte that is not a UTF-8 continuation byte starts one). Every array access is bounds-checked.
"""

from tongguan.identify.extract.kernels.document import document
from tongguan.identify.extract.kernels.notation import elements, json_records, tuples, unescape
from tongguan.identify.extract.kernels.page import page
from tongguan.identify.extract.kernels.plain import cells, paragraphs

__all__ = [
    "cells",
    "compile_kernels",
    "document",
    "elements",
    "json_records",
    "page",
    "paragraphs",
    "tuples",
    "unescape",
]


def compile_kernels() -> None:
    """Nothing to do beyond the import: every kernel has an explicit signature and is compiled, or loaded, there."""
