"""Text to findings: candidates from compiled kernels, checked, weighed by the labels beside them."""

from tongguan.identify.detect.detector import Detector
from tongguan.identify.detect.digits import compile_kernels

__all__ = ["Detector", "compile_kernels"]
