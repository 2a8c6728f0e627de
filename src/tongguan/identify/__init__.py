"""What was it: bytes to text, text to findings."""

from tongguan.identify.detect import Detector, compile_kernels
from tongguan.identify.pieces import Kind, Piece
from tongguan.identify.types import CATEGORIES, TYPES, DataType

__all__ = ["CATEGORIES", "TYPES", "DataType", "Detector", "Kind", "Piece", "compile_kernels"]
