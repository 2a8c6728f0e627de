"""How fast tables become verdicts, against a detector per cell and against Presidio Structured, in the same run.

    python bench/bench_tables.py [--rows ROWS] [--seed SEED]
    python bench/bench_tables.py --counts

A table of twelve mixed columns: names, phones, identity cards, cards, addresses, mail, times, amounts, order numbers,
running numbers, states and remarks; every value of the identifying columns is drawn anew, so nearly all are distinct.
Figures are table cells a second of CPU time (`process_time`), the best of three; ours goes from Arrow arrays to the
whole verdict (types, counts, samples, combinations, subjects). The peers:

- our own `Detector` with every cell as a piece, on fewer rows: what one gives away without columns;
- Presidio Structured, where it is installed, on still fewer rows and with spaCy's blank English pipeline: without the
  time and the findings of a statistical model.

With `--counts`: how near the numbers of persons come that are estimated from samples of 10,000 rows, by tables of known
make; estimate divided by truth, the median of ten samples, and in how many of ten the bounds held.
"""

from __future__ import annotations

import argparse
import logging
import random
import time
from collections.abc import Callable
from datetime import date, datetime, timedelta

import numpy as np
import pyarrow as pa
from faker import Faker
from numpy.typing import NDArray

from tongguan.identify import Detector, Piece
from tongguan.identify.tables import Column, Judge, Table
from tongguan.identify.tables.distinct import estimate

DAY = date(2026, 11, 21)


def table(rows: int, seed: int) -> Table:
    """Mixed columns as Arrow arrays."""
    fake, chance = Faker("zh_CN"), random.Random(seed)
    fake.seed_instance(seed)
    pool = 4000
    names, roads = [fake.name() for _ in range(pool)], [fake.street_address() for _ in range(pool)]
    regions = [fake.ssn()[:6] for _ in range(200)]
    remarks = [fake.sentence(nb_words=8) for _ in range(pool)]

    def card_number() -> str:
        born = date.fromordinal(chance.randrange(715_000, 733_000)).strftime("%Y%m%d")
        body = chance.choice(regions) + born + f"{chance.randrange(1000):03}"
        weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
        return body + "10X98765432"[sum(int(d) * w for d, w in zip(body, weights, strict=True)) % 11]

    def bank_card() -> str:
        body = "622202" + f"{chance.randrange(10**12):012}"
        total = sum(
            int(d) if i % 2 else (int(d) * 2 - 9 if int(d) > 4 else int(d) * 2) for i, d in enumerate(body[::-1])
        )
        return body + str(-total % 10)

    makers: dict[str, Callable[[int], object]] = {
        "id": lambda i: i,
        "xm": lambda i: chance.choice(names),
        "mobile": lambda i: f"1{chance.choice((38, 39, 50, 86))}{chance.randrange(10**8):08}",
        "sfzh": lambda i: card_number(),
        "card_no": lambda i: bank_card(),
        "addr": lambda i: f"广东省深圳市南山区{chance.choice(roads)}{chance.randrange(999)}室",
        "email": lambda i: f"u{chance.randrange(10**9)}@example.com",
        "order_no": lambda i: f"2026{chance.randrange(10**14):014}",
        "amount": lambda i: round(chance.random() * 1000, 2),
        "status": lambda i: chance.choice(("NEW", "PAID", "SENT", "DONE")),
        "created_at": lambda i: str(datetime(2026, 1, 1) + timedelta(seconds=chance.randrange(31_000_000))),
        "remark": lambda i: chance.choice(remarks),
    }
    return Table(
        "t_customer_order",
        None,
        [Column(name, None, pa.array(list(map(make, range(rows))))) for name, make in makers.items()],
    )


def speed(work: Callable[[], object], cells: int, rounds: int = 3) -> float:
    """Cells a second of CPU time, the best of some rounds."""
    best = 0.0
    for _ in range(rounds):
        start = time.process_time()
        work()
        best = max(best, cells / (time.process_time() - start))
    return best


def by_cell(given: Table, rows: int) -> Callable[[], object]:
    pieces = [Piece(str(v)) for c in given.columns for v in c.values.slice(0, rows).to_pylist() if v is not None]
    return lambda: Detector(b"benchmark", as_of=DAY).scan(pieces)


def presidio(given: Table, rows: int) -> Callable[[], object] | None:
    try:
        import pandas as pd
        import spacy
        from presidio_analyzer import AnalyzerEngine
        from presidio_analyzer.nlp_engine import SpacyNlpEngine
        from presidio_structured import PandasAnalysisBuilder
    except ImportError:
        return None

    logging.getLogger("tldextract").setLevel(logging.CRITICAL)  # it would fetch a list, and falls back on its own

    class Blank(SpacyNlpEngine):
        def __init__(self) -> None:
            super().__init__()
            self.nlp = {"en": spacy.blank("en")}

    frame = pd.DataFrame({c.name: c.values.slice(0, rows).to_pylist() for c in given.columns}).astype(str)
    builder = PandasAnalysisBuilder(AnalyzerEngine(nlp_engine=Blank()))
    print({"presidio": builder.generate_analysis(frame, language="en").entity_mapping})
    return lambda: builder.generate_analysis(frame, language="en")


def populations(rows: int, seed: int) -> dict[str, NDArray[np.int64]]:
    """Tables of about so many rows, as the numbers of rows of each of their values."""
    chance = np.random.default_rng(seed)
    made = {
        "a key": np.ones(rows),
        "each twice": np.full(rows // 2, 2),
        "each 5 times": np.full(rows // 5, 5),
        "each 100 times": np.full(rows // 100, 100),
        "half once, half 10 times": np.r_[np.ones(rows // 2), np.full(rows // 20, 10)],
        "half once, half 1,000 times": np.r_[np.ones(rows // 2), np.full(rows // 2000, 1000)],
        "90 % once, one value in the others": np.r_[np.ones(rows * 9 // 10), [rows // 10]],
        "geometric": chance.geometric(0.3, rows // 3),
        "lognormal": np.round(chance.lognormal(1, 1, rows // 4)) + 1,
    }
    for a in (0.5, 1.0, 1.5):
        weights = 1 / np.arange(1, rows // 5 + 1) ** a
        made[f"Zipf's law, {a}"] = chance.multinomial(rows, weights / weights.sum())
    return {name: counts[counts > 0].astype(np.int64) for name, counts in made.items()}


def counts(seed: int, sampled: int = 10_000) -> None:
    chance = np.random.default_rng(seed)
    print(f"{'table of':38}{'rows':>12}{'estimate':>10}{'GEE':>8}{'held':>6}")
    for rows in (100_000, 1_000_000, 5_000_000):
        for name, population in populations(rows, seed).items():
            ends, truth = np.cumsum(population), len(population)
            ours, peers, held = [], [], 0
            for _ in range(10):
                places = chance.choice(int(ends[-1]), sampled, replace=False)
                seen = np.unique(np.searchsorted(ends, places, side="right"), return_counts=True)[1].astype(np.int64)
                found = estimate(seen, sampled, int(ends[-1]))
                once = int((seen == 1).sum())
                ours.append(found.count / truth)
                peers.append((len(seen) - once + (ends[-1] / sampled) ** 0.5 * once) / truth)
                held += found.low <= truth <= found.high
            print(f"{name:38}{rows:12,}{np.median(ours):10.2f}{np.median(peers):8.2f}{held:6}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=200_000)
    parser.add_argument("--seed", type=int, default=20261121)
    parser.add_argument("--counts", action="store_true")
    arguments = parser.parse_args()
    if arguments.counts:
        counts(arguments.seed)
        return
    given = table(arguments.rows, arguments.seed)
    width = len(given.columns)
    judge = Judge(b"benchmark", as_of=DAY)
    judge.judge(table(100, 1))
    ours = speed(lambda: judge.judge(given), arguments.rows * width)
    print(f"{'work':42}{'cells/s':>14}{'ratio':>10}")
    print(f"{f'tongguan, {arguments.rows:,} rows':42}{ours:14,.0f}{'':>10}")
    for name, rows, make in (
        ("our detector, a piece a cell", 5_000, by_cell),
        ("presidio structured", 1_000, presidio),
    ):
        rows = min(rows, arguments.rows)
        work = make(given, rows)
        if work is None:
            print(f"{name:42}{'not installed':>14}")
            continue
        rate = speed(work, rows * width, 2)
        print(f"{f'{name}, {rows:,} rows':42}{rate:14,.0f}{ours / rate:10.1f}")
    print({column.name: column.type for column in judge.judge(given).columns})


if __name__ == "__main__":
    main()
