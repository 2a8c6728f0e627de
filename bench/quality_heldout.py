"""Held-out Chinese business texts: ours by `tongguan identify`, and the peers, on the same texts in the same run.

    python bench/quality_heldout.py [--peers PYTHON] [--copies N] [--seed N] [--second] [--third] [--fourth]
                                    [--fifth] [--sixth] [--seventh] [--eighth] [--ninth] [--tenth] [--names]
                                    [--faults FILE]

The texts are those of `tests/identify/heldout_*.txt`: filled forms, sheets, chats, logs, dumps, and look-alikes that
hold nothing. They were written apart from the detectors. PYTHON is that of an environment with presidio-analyzer and
argus-redact, or two of them, one for each. Precision is reckoned over all findings of types with one right span; of
free-text classes only whether something was found at the place is counted, and what is found in look-alikes stands
apart. A last row asks both of free text: place and class, and precision over all findings of its classes. What ours
tells as doubtful and does not count is no finding. Peers know no landlines of their own: their telephone numbers count
there.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

from quality import PEERS, Peer

from tongguan.identify import TYPES, identify_lines

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests" / "identify"))
from heldout import EXACT, EXACT_3, EXACT_5, Document, Span, Tally, documents, judge, lookalikes, placed

Finder = Callable[[Sequence[Document]], list[list[Span]]]


def ours(names: bool) -> Finder:
    """`tongguan identify` of the texts as files of their own names."""

    def find(cases: Sequence[Document]) -> list[list[Span]]:
        with tempfile.TemporaryDirectory() as name:
            files = [Path(name) / f"{i:05}_{case.name}" for i, case in enumerate(cases)]
            for file, case in zip(files, cases, strict=True):
                file.write_text(case.text, encoding="utf-8")
            found: dict[str, list[dict]] = {file.name: [] for file in files}
            for line in identify_lines([Path(name)], b"held-out", reveal=True, names=names):
                if "blind_spot" not in line and line.get("counted", True):
                    found[Path(line["path"]).name].append(line)
        return [placed(case.text, found[file.name]) for file, case in zip(files, cases, strict=True)]

    return find


def theirs(peer: Peer) -> Finder:
    def find(cases: Sequence[Document]) -> list[list[Span]]:
        return [_landlines(case, spans) for case, spans in zip(cases, peer([case.text for case in cases]), strict=True)]

    return find


def _landlines(case: Document, spans: list[Span]) -> list[Span]:
    fixed = [(start, end) for type, start, end in case.spans if type == "landline"]
    return [
        ("landline", start, end)
        if type == "phone" and any(start < e and s < end for s, e in fixed)
        else (type, start, end)
        for type, start, end in spans
    ]


def bootstrap(
    cases: Sequence[Document], found: Sequence[list[Span]], exact: frozenset[str], rounds: int = 200
) -> tuple[float, float]:
    """Bounds of 95 % of the F1 of all exact types, over texts drawn again."""
    chance = random.Random(0)
    scores = []
    for _ in range(rounds):
        drawn = [chance.randrange(len(cases)) for _ in cases]
        scores.append(_sum(judge([cases[i] for i in drawn], [found[i] for i in drawn], exact=exact), exact).f1)
    scores.sort()
    return scores[int(rounds * 0.025)], scores[int(rounds * 0.975)]


def _sum(tallies: dict[str, Tally], types: frozenset[str]) -> Tally:
    whole = Tally()
    for type, tally in tallies.items():
        if type in types:
            for count, value in vars(tally).items():
                setattr(whole, count, getattr(whole, count) + value)
    return whole


def free_text(cases: Sequence[Document], found: Sequence[list[Span]], exact: frozenset[str]) -> Tally:
    """Of all classes of free text that the texts hold: found where a finding of the class overlaps."""
    types = {type for case in cases for type, _, _ in case.spans} - exact
    tally = Tally()
    for case, spans in zip(cases, found, strict=True):
        wanted, mine = [[s for s in some if s[0] in types] for some in (case.spans, spans)]
        tally.wanted, tally.found = tally.wanted + len(wanted), tally.found + len(mine)
        tally.hit += sum(any(_meet(one, other) for other in mine) for one in wanted)
        tally.right += sum(any(_meet(one, other) for other in wanted) for one in mine)
    return tally


def _meet(one: Span, other: Span) -> bool:
    return one[0] == other[0] and one[1] < other[2] and other[1] < one[2]


def false_findings(cases: Sequence[Document], found: Sequence[list[Span]]) -> Counter[str]:
    """What is found of persons where nobody is."""
    personal = {id for id, type in TYPES.items() if type.category != "non_personal"}
    return Counter(type for spans in found for type, _, _ in spans if type in personal)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--peers", action="append", default=[], help="Python of an environment with peers")
    parser.add_argument("--copies", type=int, default=4, help="fillings of each text")
    parser.add_argument("--seed", type=int, default=20261121)
    parser.add_argument(
        "--second", action="store_const", dest="which", const=2, default=1, help="the second set of texts"
    )
    parser.add_argument("--third", action="store_const", dest="which", const=3, help="the third set, by another hand")
    parser.add_argument("--fourth", action="store_const", dest="which", const=4, help="the fourth set, by a third hand")
    parser.add_argument("--fifth", action="store_const", dest="which", const=5, help="the fifth set, by a fourth hand")
    parser.add_argument("--sixth", action="store_const", dest="which", const=6, help="the sixth set, mostly free text")
    parser.add_argument(
        "--seventh", action="store_const", dest="which", const=7, help="the seventh set, talk and notes, two thirds"
    )
    parser.add_argument(
        "--eighth", action="store_const", dest="which", const=8, help="the eighth set, half talk, half papers"
    )
    parser.add_argument(
        "--ninth", action="store_const", dest="which", const=9, help="the ninth set, among programs, logs and tickets"
    )
    parser.add_argument(
        "--tenth", action="store_const", dest="which", const=10, help="the tenth set, what is said of persons alone"
    )
    parser.add_argument("--names", action="store_true", help="ours with the model of names, too")
    parser.add_argument("--faults", type=Path, help="file for every miss and false finding of ours")
    arguments = parser.parse_args()
    finders: dict[str, Finder] = {"tongguan": ours(False)}
    if arguments.names:
        finders["with --names"] = ours(True)
    peers: dict[str, Peer] = {}
    for python in arguments.peers:
        for name in PEERS:
            if name not in peers and (peer := Peer(python, name)).ready:
                peers[name] = peer
    finders |= {name: theirs(peer) for name, peer in peers.items()}
    which = (arguments.copies, arguments.seed, arguments.which)
    exact = {1: EXACT, 2: EXACT, 3: EXACT_3, 4: EXACT_3}.get(arguments.which, EXACT_5)
    cases, nobody = documents(*which), lookalikes(*which)
    faults: list[str] = []
    results, bounds, false, free = {}, {}, {}, {}
    for name, find in finders.items():
        found = find(cases)
        results[name] = judge(cases, found, faults if name == "tongguan" else None, exact)
        free[name] = free_text(cases, found, exact)
        bounds[name] = bootstrap(cases, found, exact)
        false[name] = false_findings(nobody, find(nobody))
    _print(results, bounds, false, sum(len(case.spans) for case in cases), nobody, exact)
    for name, tally in free.items():
        figures = f"{tally.precision:.3f}, {tally.recall:.3f}, {tally.f1:.3f}"
        print(f"free text, place and class, {name}: precision, recall, F1 {figures} ({tally.wanted} values)")
    if arguments.faults:
        arguments.faults.write_text("\n".join(faults) + "\n", encoding="utf-8")
    for peer in peers.values():
        peer.close()


def _print(
    results: dict[str, dict[str, Tally]],
    bounds: dict[str, tuple[float, float]],
    false: dict[str, Counter[str]],
    spans: int,
    nobody: Sequence[Document],
    exact: frozenset[str],
) -> None:
    mine, others = results["tongguan"], list(results)[1:]
    print(f"{spans} values\n\n| type | values | precision | recall | F1 | " + "".join(f"{n} | " for n in others))
    print("|---" * (5 + len(others)) + "|")
    rows = [(type, {name: tallies[type] for name, tallies in results.items()}) for type in sorted(mine)]
    rows += [("all with one right span", {name: _sum(tallies, exact) for name, tallies in results.items()})]
    rows += [("free text, place alone", {n: _sum(t, frozenset(t) - exact) for n, t in results.items()})]
    for type, tallies in rows:
        tally = tallies["tongguan"]
        if tally.wanted:
            row = f"| {type} | {tally.wanted} | {tally.precision:.3f} | {tally.recall:.3f} | {tally.f1:.3f} | "
            print(row + "".join(f"{tallies[name].f1:.2f} | " for name in others))
    for name, (low, high) in bounds.items():
        print(f"95 % of F1, all with one right span, {name}: {low:.3f} to {high:.3f}")
    size = sum(len(case.text.encode()) for case in nobody) / 1e6
    for name, counts in false.items():
        print(f"in {size:.3f} MB of look-alikes, {name}: {counts.total()} {dict(counts.most_common(8))}")


if __name__ == "__main__":
    sys.exit(main())
