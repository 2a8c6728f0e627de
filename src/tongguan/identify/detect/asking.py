"""Asking a slow reader about a text: which parts it is asked about, what it answered, and what it was not asked.

Parts with the most signs for their length come first, up to a share of all. Equal parts are read once. The choice
depends on the text alone: the same text, the same findings. What was passed over is said.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from tongguan.model import BlindKind, BlindSpot

__all__ = ["Asking", "ReadsSpans", "Span"]

Span = tuple[str, int, int, float]  # type, start, end, probability

_REMEMBERED: Final = 20_000  # texts whose answers are kept at hand


class ReadsSpans(Protocol):
    """What reads texts: `identify.readers.EntityReader`, `identify.readers.StatementReader`, or anyone's."""

    def read(self, texts: Sequence[str]) -> Sequence[Sequence[Span] | None]:
        """Type, start, end and probability of what each text may tell; None where it could not read one."""


class Asking:
    """Asks a reader for `what`; without one it counts what it would have asked. `share` of a text is read, but `least`
    characters at least; `extra` is the optional part of the package that brings the reader."""

    def __init__(self, what: str, extra: str, reader: ReadsSpans | None, share: float, least: int) -> None:
        self._what, self._extra = what, extra
        self._reader, self._share, self._least = reader, share, least
        self._skipped = self._unread = self._skipped_size = self._unread_size = 0
        self._read: dict[str, Sequence[Span]] = {}

    @property
    def on(self) -> bool:
        """Whether there is a reader."""
        return self._reader is not None

    def ask(
        self, text: str, parts: NDArray[np.int64], signs: NDArray[np.integer]
    ) -> list[tuple[int, int, Sequence[Span]]]:
        """Start and end of each part that was read, and its spans, in order of place.

        `parts` (n, 2) are start and end, `signs` (n,) what speaks for asking about each.
        """
        chosen = self._within_budget(text, parts, signs)
        read = []
        for (start, end), spans in zip(chosen, self._answers([text[a:b] for a, b in chosen]), strict=True):
            if spans is None:
                self._unread += 1
                self._unread_size += end - start
            else:
                read.append((start, end, spans))
        return read

    def take(self) -> list[BlindSpot]:
        """What was not read since the last call."""
        spots = []
        if self._unread:
            if self.on:
                detail = f"{self._what}: the process that reads them ended"
            else:
                off = f"the model that reads them is switched off or not installed (extra `{self._extra}`)"
                detail = f"{self._what}: {off}"
            spots.append(BlindSpot(BlindKind.DETECTOR_DISABLED, "", detail, self._unread, self._unread_size))
        if self._skipped:
            detail = f"{self._what}: sentences beyond the share of {self._share:.0%} of a text's prose"
            spots.append(BlindSpot(BlindKind.SAMPLED, "", detail, self._skipped, self._skipped_size))
        self._skipped = self._unread = self._skipped_size = self._unread_size = 0
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

    def _within_budget(self, text: str, parts: NDArray[np.int64], signs: NDArray[np.integer]) -> list[tuple[int, int]]:
        """The parts with the most signs for their length, in order of place. Equal ones count once."""
        lengths = parts[:, 1] - parts[:, 0]
        if self._reader is None:
            self._unread += len(parts)
            self._unread_size += int(lengths.sum())
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
        self._skipped += len(parts) - len(taken)
        self._skipped_size += int(lengths.sum()) - sum(b - a for a, b in taken)
        return sorted(taken)
