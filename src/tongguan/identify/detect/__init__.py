"""Text to findings: candidates from compiled kernels, checked, weighed by the labels beside them."""

from tongguan.identify.detect.detector import COUNTED, Detector
from tongguan.identify.detect.digits import compile_kernels
from tongguan.identify.detect.prose import Prose, ReadsEntities

__all__ = ["COUNTED", "Detector", "Prose", "ReadsEntities", "compile_kernels"]
