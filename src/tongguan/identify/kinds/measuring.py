"""How well a model does on labelled texts: by kind, by confusion, by calibration."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any, Final

from tongguan.identify.kinds.corpus import Corpus
from tongguan.identify.kinds.model import NONE, Model

__all__ = ["KindFigures", "Report", "evaluate"]

UNKNOWN: Final = "unknown"
_BINS: Final = 10


@dataclass(frozen=True, slots=True)
class KindFigures:
    """Figures of one kind, each 0 to 1; precision is None where no text was given the kind."""

    texts: int
    precision: float | None
    recall: float
    f1: float


@dataclass(frozen=True, slots=True)
class Report:
    """`unknown` is an answer too: right for texts of no kind and of kinds that the model does not know, else wrong."""

    texts: int
    accuracy: float
    macro_f1: float  # mean over the kinds that occur, texts of no kind apart
    kinds: dict[str, KindFigures]
    confusion: dict[tuple[str, str], int]  # (labelled, answered) -> texts
    refused: float  # share of the texts of known kinds that were answered with unknown
    false_answers: float | None  # share of the texts of no known kind that were given a kind; None where there are none
    calibration: list[tuple[float, float, int]]  # mean probability, share right, texts; by tenths of probability
    calibration_error: float  # expected calibration error, 0 to 1, of the likeliest kind before any refusal

    def to_dict(self) -> dict[str, Any]:
        """As JSON can hold it."""
        return {
            "texts": self.texts,
            "accuracy": self.accuracy,
            "macro_f1": self.macro_f1,
            "refused": self.refused,
            "false_answers": self.false_answers,
            "calibration_error": self.calibration_error,
            "kinds": {
                kind: {"texts": f.texts, "precision": f.precision, "recall": f.recall, "f1": f.f1}
                for kind, f in self.kinds.items()
            },
            "confusion": [[*pair, count] for pair, count in sorted(self.confusion.items())],
            "calibration": [list(row) for row in self.calibration],
        }


def evaluate(model: Model, corpus: Corpus) -> Report:
    """The model's answers held against the labels. Give it texts of sources that it was not trained on."""
    known = set(model.kinds) - {NONE}
    confusion: Counter[tuple[str, str]] = Counter()
    sure: list[tuple[float, bool]] = []
    for document in corpus.documents:
        verdict = model.classify(document.text)
        label = document.kind if document.kind in known else UNKNOWN
        confusion[label, verdict.kind or UNKNOWN] += 1
        if label != UNKNOWN:
            sure.append((verdict.probability, verdict.likely[0][0] == label))
    calibration = _calibration(sure)
    figures = {kind: _figures(kind, confusion) for kind in sorted({label for label, _ in confusion} - {UNKNOWN})}
    texts, of_known = sum(confusion.values()), len(sure)
    strange = texts - of_known
    return Report(
        texts,
        round(sum(n for (label, answer), n in confusion.items() if label == answer) / texts, 4),
        round(sum(f.f1 for f in figures.values()) / max(1, len(figures)), 4),
        figures,
        dict(confusion),
        round(sum(n for (label, answer), n in confusion.items() if answer == UNKNOWN != label) / max(1, of_known), 4),
        round(1 - confusion[UNKNOWN, UNKNOWN] / strange, 4) if strange else None,
        calibration,
        round(sum(abs(p - right) * n for p, right, n in calibration) / max(1, of_known), 4),
    )


def _figures(kind: str, confusion: Counter[tuple[str, str]]) -> KindFigures:
    right = confusion[kind, kind]
    texts = sum(n for (label, _), n in confusion.items() if label == kind)
    given = sum(n for (_, answer), n in confusion.items() if answer == kind)
    precision = right / given if given else None
    recall = right / texts
    f1 = 2 * right / (texts + given)
    return KindFigures(texts, None if precision is None else round(precision, 4), round(recall, 4), round(f1, 4))


def _calibration(sure: list[tuple[float, bool]]) -> list[tuple[float, float, int]]:
    rows = []
    for number in range(_BINS):
        inside = [(p, right) for p, right in sure if min(_BINS - 1, int(p * _BINS)) == number]
        if inside:
            mean, share = sum(p for p, _ in inside) / len(inside), sum(right for _, right in inside) / len(inside)
            rows.append((round(mean, 4), round(share, 4), len(inside)))
    return rows
