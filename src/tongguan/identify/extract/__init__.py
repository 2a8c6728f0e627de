"""Bytes to text: what a content is, which encoding it is in, what lies inside it, and where its records start."""

from tongguan.identify.extract.extraction import Extraction, Limits
from tongguan.identify.extract.kernels import compile_kernels
from tongguan.identify.extract.naming import UNREAD, Once, is_unread, named
from tongguan.identify.extract.stretches import place_to_cut
from tongguan.identify.extract.walk import extract, extract_file, extract_stream

__all__ = [
    "UNREAD", "Extraction", "Limits", "Once", "compile_kernels", "extract", "extract_file", "extract_stream",
    "is_unread", "named", "place_to_cut",
]  # fmt: skip
