"""Asking a slow reader about a text: which parts it is asked about, what it answered, and what it was not asked.

Parts with the most signs for their length come first, up to a share of all. Equal parts are read once. The choice
depends on the text alone: the same text, the same findings. What was passed over is said.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from tongguan.model import BlindKind, BlindSpot

__all__ = ["Asked", "Asking", "Read", "ReadsSpans", "Span"]

Span = tuple[str, int, int, float]  # type, start, end, probability
Read = tuple[int, int, Sequence[Span]]  # start and end of what was read, and what it may tell

_REMEMBERED: Final = 20_000  # texts whose answers are kept at hand


class ReadsSpans(Protocol):
    """What reads texts: `identify.readers.EntityReader`, `identify.readers.StatementReader`, or anyone's."""

    def read(self, texts: Sequence[str]) -> Sequence[Sequence[Span] | None]:
        """Type, start, end and probability of what each text may tell; None where it could not read one."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What a reader may be asked about in one text: start and end of parts (n, 2), and what speaks for each (n,).
    `ordinal`: by what the text is told from others of the same request."""

    text: str
    parts: NDArray[np.int64]
    signs: NDArray[np.integer]
    ordinal: int = 0


@dataclass(slots=True)
class _Passed:
    """Of one text: parts that nobody read, those beyond its share, and their characters."""

    unread: int = 0
    unread_size: int = 0
    skipped: int = 0
    skipped_size: int = 0

    def not_read(self, count: int, size: int) -> None:
        self.unread, self.unread_size = self.unread + count, self.unread_size + size

    def left_out(self, count: int, size: int) -> None:
        self.skipped, self.skipped_size = self.skipped + count, self.skipped_size + size


class Asking:
    """Asks a reader for `what`; without one it counts what it would have asked. `share` of a text is read, but `least`
    characters at least; `extra` is the optional part of the package that brings the reader."""

    def __init__(self, what: str, extra: str, reader: ReadsSpans | None, share: float, least: int) -> None:
        self._what, self._extra = what, extra
        self._reader, self._share, self._least = reader, share, least
        self._passed: dict[int, _Passed] = {}  # of the texts, by their ordinals
        self._read: dict[str, Sequence[Span]] = {}

    @property
    def on(self) -> bool:
        """Whether there is a reader."""
        return self._reader is not None

    def ask(self, asked: Sequence[Asked]) -> list[list[Read]]:
        """Of each text start and end of the parts that were read, and their spans, in order of place. Each text is
        asked about as if it were alone, the reader once for all of them."""
        chosen = [self._within_budget(one) for one in asked]
        texts = [one.text[a:b] for one, parts in zip(asked, chosen, strict=True) for a, b in parts]
        answers = iter(self._answers(texts))
        return [
            [(a, b, spans) for a, b in parts if (spans := self._heard(one, b - a, next(answers))) is not None]
            for one, parts in zip(asked, chosen, strict=True)
        ]

    def _heard(self, asked: Asked, size: int, spans: Sequence[Span] | None) -> Sequence[Span] | None:
        if spans is None:
            self._of(asked).not_read(1, size)
        return spans

    def _of(self, asked: Asked) -> _Passed:
        return self._passed.setdefault(asked.ordinal, _Passed())

    def take(self, ordinal: int = 0) -> list[BlindSpot]:
        """What was not read of a text since the last call."""
        spots, passed = [], self._passed.pop(ordinal, _Passed())
        if passed.unread:
            if self.on:
                detail = f"{self._what}: the process that reads them ended"
            else:
                off = f"the model that reads them is switched off or not installed (extra `{self._extra}`)"
                detail = f"{self._what}: {off}"
            spots.append(BlindSpot(BlindKind.DETECTOR_DISABLED, "", detail, passed.unread, passed.unread_size))
        if passed.skipped:
            detail = f"{self._what}: sentences beyond the share of {self._share:.0%} of a text's prose"
            spots.append(BlindSpot(BlindKind.SAMPLED, "", detail, passed.skipped, passed.skipped_size))
        return spots

    def _answers(self, texts: Sequence[str]) -> Sequence[Sequence[Span] | None]:
        """Those of the reader; None for each text that it did not read. What was read lately is remembered."""
        if not texts:
            return ()
        assert self._reader is not None
        if len(self._read) > _REMEMBERED:
            self._read.clear()
        fresh = [text for text in dict.fromkeys(texts) if text not in self._read]
        answers = dict(zip(fresh, self._reader.read(fresh) if fresh else (), strict=True))
        self._read |= {text: spans for text, spans in answers.items() if spans is not None}
        return [self._read.get(text) for text in texts]

    def _within_budget(self, asked: Asked) -> list[tuple[int, int]]:
        """The parts with the most signs for their length, in order of place. Equal ones count once."""
        text, parts, signs = asked.text, asked.parts, asked.signs
        lengths = parts[:, 1] - parts[:, 0]
        if self._reader is None:
            self._of(asked).not_read(len(parts), int(lengths.sum()))
            return []
        left = max(self._least, int(self._share * int(lengths.sum())))
        taken: list[tuple[int, int]] = []
        seen: set[str] = set()
        order = np.argsort(-(signs / np.maximum(lengths, 20)), kind="stable")
        for start, end in parts[order].tolist():
            part = text[start:end]
            if part not in seen:
                if left < end - start:
                    break
                seen.add(part)
                left -= end - start
            taken.append((start, end))
        self._of(asked).left_out(len(parts) - len(taken), int(lengths.sum()) - sum(b - a for a, b in taken))
        return sorted(taken)
