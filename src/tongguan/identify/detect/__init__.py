"""Text to findings: candidates from compiled kernels, checked, weighed by the labels beside them."""

from tongguan.identify.detect.detector import COUNTED, Detector
from tongguan.identify.detect.digits import compile_kernels
from tongguan.identify.detect.prose import NAMES_IN_PROSE, Prose
from tongguan.identify.detect.statements import SaidInProse

__all__ = ["COUNTED", "NAMES_IN_PROSE", "Detector", "Prose", "SaidInProse", "compile_kernels"]
