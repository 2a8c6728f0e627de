"""What was it: bytes to text, text to findings."""

from tongguan.identify.detect import COUNTED, NAMES_IN_PROSE, Detector, Prose
from tongguan.identify.detect import compile_kernels as _compile_detectors
from tongguan.identify.detect.recognisers import RECOGNISERS, Recogniser
from tongguan.identify.detect.view import Candidate, View
from tongguan.identify.extract import (
    UNREAD,
    Extraction,
    Limits,
    Once,
    extract,
    extract_file,
    extract_stream,
    is_unread,
    named,
    place_to_cut,
)
from tongguan.identify.extract import compile_kernels as _compile_extractors
from tongguan.identify.names import NAME_TYPES, names_in_prose
from tongguan.identify.pieces import Kind, Piece
from tongguan.identify.readers import EntityReader
from tongguan.identify.report import identify_lines
from tongguan.identify.types import CATEGORIES, OWN, TYPES, DataType, types_mark

__all__ = [
    "CATEGORIES",
    "COUNTED",
    "NAMES_IN_PROSE",
    "NAME_TYPES",
    "OWN",
    "RECOGNISERS",
    "TYPES",
    "UNREAD",
    "Candidate",
    "DataType",
    "Detector",
    "EntityReader",
    "Extraction",
    "Kind",
    "Limits",
    "Once",
    "Piece",
    "Prose",
    "Recogniser",
    "View",
    "compile_kernels",
    "extract",
    "extract_file",
    "extract_stream",
    "identify_lines",
    "is_unread",
    "named",
    "names_in_prose",
    "place_to_cut",
    "types_mark",
]


def compile_kernels() -> None:
    """Compile the room's kernels for this machine; what is compiled is kept for later runs."""
    from tongguan.identify import (
        fingerprints,  # noqa: F401 - its kernels are compiled as it is loaded
        kinds,  # noqa: F401 - likewise
    )
    from tongguan.identify.tables import records  # noqa: F401 - likewise
    from tongguan.identify.tables.kernel import compile_kernels as compile_tables  # with Arrow: loaded where it is used
    from tongguan.nets import names  # noqa: F401 - its kernels are compiled as it is loaded
    from tongguan.nets.statements import tagger  # noqa: F401 - likewise

    _compile_extractors()
    _compile_detectors()
    compile_tables()
