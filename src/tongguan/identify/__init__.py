"""What was it: bytes to text, text to findings."""

from tongguan.identify.pieces import Kind, Piece

__all__ = ["Kind", "Piece"]
