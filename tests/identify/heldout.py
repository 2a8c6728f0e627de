"""Held-out texts as business writes them, filled with made-up values, and a judge of what is found in them.

`heldout_documents.txt` and `heldout_lookalikes.txt` hold the texts, each under a line `=== name.suffix`. In them
`⟦type⟧` is a value made anew, `⟦type.variant⟧` one in a certain writing, `⟦type.variant#id⟧` the same value wherever it
stands, `⟦type|a|b⟧` one of these words, and `⟦_noise⟧` a value that is nobody's: an order number, an amount, a hash.
They were written from what such documents look like, apart from the detectors and without looking at them. The
detectors were then mended by the first set; the second (`…_2.txt`), by the same hand, was shown to nobody until it had
been measured. The third (`…_3.txt`) is by another hand, with names and words of its own and with identifiers of more
countries; it was measured before it was shown, too. The fourth (`…_4.txt`) is by a third hand, with names as often as
they come in China; it was measured before it was shown as well. The tenth (`heldout_statements_10.txt`) is of what is
said of persons alone.
"""

from __future__ import annotations

import random
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from heldout_values import LOOSE, MAKERS, NOISE
from heldout_values_3 import LOOSE_3, MAKERS_3, NOISE_3
from heldout_values_4 import LOOSE_4, MAKERS_4, NOISE_4
from heldout_values_5 import LOOSE_5, MAKERS_5, NOISE_5

__all__ = ["EXACT", "EXACT_3", "EXACT_5", "Document", "Tally", "documents", "judge", "lookalikes", "placed"]

Span = tuple[str, int, int]
Maker = Callable[[random.Random, str], str]
Noise = Callable[[random.Random], str]
Ends = Callable[[str], tuple[tuple[int, int], ...]]

# Types that have one right span. The others are classes of free text: their place is right where it overlaps.
EXACT = frozenset(MAKERS) - {"location_track", "username"}
EXACT_3 = frozenset(MAKERS_3) - {"location_track", "username"}
EXACT_5 = EXACT_3 | frozenset(MAKERS_5) - {"location_track", "username"}
_MARK = re.compile(r"⟦(_?[a-z]\w*?)(?:\.([\w-]+))?(?:#(\w+))?(?:\|([^⟧]*))?⟧")


@dataclass(frozen=True)
class _Set:
    """The files of a set, and what its marks are filled with."""

    suffix: str
    makers: dict[str, Maker]
    noise: dict[str, Noise]
    loose: dict[str, Ends]
    both: str = ""  # the one file that holds both kinds, where it does: what has no mark is a look-alike


_SETS = {
    1: _Set("", MAKERS, NOISE, LOOSE),
    2: _Set("_2", MAKERS, NOISE, LOOSE),
    3: _Set("_3", MAKERS_3, NOISE_3, LOOSE_3),
    4: _Set("_4", MAKERS_4, NOISE_4, LOOSE_4),
    5: _Set("_5", MAKERS_5, NOISE_5, LOOSE_5),
    6: _Set("_6", MAKERS_5, NOISE_5, LOOSE_5),
    7: _Set("_7", MAKERS_5, NOISE_5, LOOSE_5),
    8: _Set("_8", MAKERS_5, NOISE_5, LOOSE_5),
    9: _Set("_9", MAKERS_5, NOISE_5, LOOSE_5),
    10: _Set("_10", MAKERS_5, NOISE_5, LOOSE_5, "statements"),
}


@dataclass(frozen=True)
class Document:
    """A text and where in it is what. `also` holds other ends of a span that are as right."""

    name: str
    text: str
    spans: tuple[Span, ...]
    also: frozenset[Span] = field(default_factory=frozenset)


@dataclass
class Tally:
    """Counts of one type."""

    wanted: int = 0
    found: int = 0  # by the finder, of what is judged
    right: int = 0  # found spans that are wanted: exact for EXACT types
    hit: int = 0  # wanted spans that were found
    near: int = 0  # wanted spans that a finding of the type overlaps

    @property
    def precision(self) -> float:
        return self.right / self.found if self.found else 1.0

    @property
    def recall(self) -> float:
        return self.hit / self.wanted if self.wanted else 1.0

    @property
    def f1(self) -> float:
        p, r = self.precision, self.recall
        return 2 * p * r / (p + r) if p + r else 0.0


def documents(copies: int = 4, seed: int = 20261121, which: int = 1) -> list[Document]:
    """Texts that hold personal data, each filled `copies` times, of the set `which`."""
    return list(_filled("documents", copies, seed, which))


def lookalikes(copies: int = 10, seed: int = 20261121, which: int = 1) -> list[Document]:
    """Texts that hold none."""
    return list(_filled("lookalikes", copies, seed, which))


def _filled(kind: str, copies: int, seed: int, which: int) -> Iterator[Document]:
    texts = _SETS[which]
    source = Path(__file__).with_name(f"heldout_{texts.both or kind}{texts.suffix}.txt").read_text(encoding="utf-8")
    for part in re.split(r"^=== ", source, flags=re.MULTILINE)[1:]:
        name, body = part.split("\n", 1)
        if texts.both and (kind == "documents") != ("⟦" in body):
            continue
        for copy in range(copies):
            chance = random.Random(f"{seed}/{name}/{copy}")
            yield _fill(f"{copy:02}_{name}", body.rstrip("\n") + "\n", chance, texts)


def _fill(name: str, body: str, chance: random.Random, texts: _Set) -> Document:
    text, done = "", 0
    spans: list[Span] = []
    also: set[Span] = set()
    same: dict[str, str] = {}
    for mark in _MARK.finditer(body):
        text += body[done : mark.start()]
        done = mark.end()
        kind, variant, same_as, words = mark.groups()
        if kind.startswith("_"):
            value = texts.noise[kind[1:]](chance)
        elif words is not None:
            value = chance.choice(words.split("|"))
        else:
            value = texts.makers[kind](chance, variant or "")
        if same_as:
            value = same.setdefault(same_as, value)
        if not kind.startswith("_"):
            spans.append((kind, len(text), len(text) + len(value)))
            if kind in texts.loose:
                also |= {(kind, len(text) + start, len(text) + end) for start, end in texts.loose[kind](value)}
        text += value
    return Document(name, text + body[done:], tuple(spans), frozenset(also) - frozenset(spans))


def placed(text: str, lines: Iterable[dict]) -> list[Span]:
    """Spans in the text as written. Places in mails and pages count in what is read out of them: there, what was found
    is looked for in the text, one finding after the other."""
    spans, after = [], 0
    for line in sorted(lines, key=lambda line: (line.get("piece") or 0, line["start"])):
        start, value = line["start"], line["text"]
        if text[start : line["end"]] != value and (at := max(text.find(value, after), text.find(value))) >= 0:
            start, after = at, max(after, at)
        spans.append((line["type"], start, start + line["end"] - line["start"]))
    return spans


def judge(
    cases: Sequence[Document],
    found: Sequence[Iterable[Span]],
    faults: list[str] | None = None,
    exact: frozenset[str] = EXACT,
) -> dict[str, Tally]:
    """Tallies by type; `faults` takes a line for each miss and each false finding."""
    tallies: dict[str, Tally] = defaultdict(Tally)
    for case, spans in zip(cases, found, strict=True):
        mine = set(spans)
        right = {span for span in mine if _is_right(span, case)}
        for span in case.spans:
            tally = tallies[span[0]]
            tally.wanted += 1
            near = any(_overlap(span, other) for other in mine)
            hit = any(_overlap(span, other) for other in right) if span[0] in exact else near
            tally.hit += hit
            tally.near += near
            if not hit and faults is not None:
                faults.append(_line("missed", span, case, mine))
        tracks = [span for span in case.spans if span[0] == "location_track"]
        for span in mine:
            if span[0] == "location" and any(s <= span[1] < e for _, s, e in tracks):
                continue  # a place of a track is one
            if span[0] in exact:
                tallies[span[0]].found += 1
                tallies[span[0]].right += span in right
                if span not in right and faults is not None:
                    faults.append(_line("false", span, case, mine))
            elif any(_overlap(span, other) for other in case.spans):
                tallies[span[0]].found += 1
                tallies[span[0]].right += 1
    return tallies


def _is_right(span: Span, case: Document) -> bool:
    return span in case.spans or span in case.also


def _overlap(one: Span, other: Span) -> bool:
    return one[0] == other[0] and one[1] < other[2] and other[1] < one[2]


def _line(fault: str, span: Span, case: Document, mine: set[Span]) -> str:
    kind, start, end = span
    text = case.text
    instead = sorted((k, text[s:e]) for k, s, e in mine if s < end and start < e and (k, s, e) != span)
    around = f"{text[max(0, start - 24) : start]}⟦{text[start:end]}⟧{text[end : end + 12]}"
    return f"{fault} {kind} {case.name[3:]}: {around!r}" + (f" found instead {instead}" if instead else "")
