"""What kind of document a text is: a small model that can be trained, measured and asked why."""

from tongguan.identify.kinds.contents import kind_of, kinds_of
from tongguan.identify.kinds.corpus import Corpus, Document, known_names, read_corpus, read_text
from tongguan.identify.kinds.learning import train
from tongguan.identify.kinds.measuring import KindFigures, Report, evaluate
from tongguan.identify.kinds.model import NONE, Evidence, Model, Verdict, load, shipped

__all__ = [
    "NONE",
    "Corpus",
    "Document",
    "Evidence",
    "KindFigures",
    "Model",
    "Report",
    "Verdict",
    "evaluate",
    "kind_of",
    "kinds_of",
    "known_names",
    "load",
    "read_corpus",
    "read_text",
    "shipped",
    "train",
]
