"""Decisions: how many a second in a batch, and how long one takes over the API.

    python bench/bench_decide.py [--count N] [--requests N] [--seed N]

Prints Markdown; bench/run.py puts it onto docs/benchmarks.md. Facts are made before anything is timed, and no two
questions of a run are equal: counts are drawn wide, each once.

A batch runs in a fresh process on one core; decisions per second of its processor time. `first`: nothing was asked
before; `then`: other questions of the same kind. The mixed questions are of all periods, with grounds, zones and
cities; in every third a fifth of the facts is unknown. The plain ones know everything that the national lines ask for
and nothing else, so that peers can answer them: an if/else by hand, and the rule-engine package with the same rules,
which is installed into a folder of its own that is thrown away. All three must agree on every question.

One over the API: `tongguan serve` in a process of its own, one connection kept alive, an API token; fifty questions and
fifty times the trivial call GET /session of the same caller in turn, so that the machine's drift hits both. `processor`
is the server's own time, which others at work on the machine lengthen less.
"""

from __future__ import annotations

import argparse
import gc
import http.client
import json
import multiprocessing
import os
import platform
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tongguan import law
from tongguan.trust.access import Grant, Principal
from tongguan.trust.opening import open_trust

GOAL_RATE, GOAL_MS = 20_000, 5.0
BLOCK = 50  # calls of one kind after another
PEER = "rule-engine==5.1.0"
FIRST, LAST = date(2017, 1, 1), date(2027, 12, 31)
PLAIN_FIRST = date(2023, 6, 1)  # since when there is a path on either side of each line
COUNTRIES = ("US", "SG", "DE", "HK", "JP", "GB")
SYSTEM = Principal("bench", "system", (Grant("system_administrator"), Grant("security_administrator")), id="bench")
Question = dict[str, Any]


# ---- questions


class Counts:
    """Numbers of persons over many orders of magnitude, each given once."""

    def __init__(self, chance: random.Random) -> None:
        self.chance = chance
        self.given: set[int] = set()

    def __call__(self, most: float = 1e7) -> int:
        while (number := int(most ** self.chance.random() * self.chance.uniform(1, 9))) in self.given:
            pass
        self.given.add(number)
        return number


def day(chance: random.Random, first: date, last: date) -> str:
    return (first + timedelta(chance.randrange((last - first).days))).isoformat()


def plain(chance: random.Random, counts: Counts) -> Question:
    """Every fact that the national lines ask for, and no claim."""
    return {
        "date": day(chance, PLAIN_FIRST, LAST),
        "exporter": {"ciio": chance.random() < 0.1, "processes_persons": counts()},
        "recipient": {"country": chance.choice(COUNTRIES)},
        "data": {
            "state_secret": False, "core": False, "important": chance.random() < 0.1, "personal": True,
            "persons": counts(), "sensitive_persons": counts(1e4) if chance.random() < 0.5 else 0,
        },
        "activity": {"act": "transmission"},
    }  # fmt: skip


def mixed(chance: random.Random, counts: Counts) -> Question:
    """Any period, grounds with their conditions, zones, the Bay Area; in every third some facts are unknown."""
    asked = plain(chance, counts)
    asked["date"] = day(chance, FIRST, LAST)
    conditions = {name: chance.random() < 0.8 for name in ("party", "necessary", "labour_rules", "collective_contract")}
    if chance.random() < 0.4:
        asked["activity"] |= {"ground": chance.choice(("contract", "hr", "trade")), "conditions": conditions}
    if chance.random() < 0.2:
        asked["exporter"]["zone"] = chance.choice(("beijing", "shanghai", "tianjin", "hainan"))
        asked["activity"]["on_zone_list"] = chance.random() < 0.5
    if chance.random() < 0.2:
        asked["exporter"]["city"] = chance.choice(("深圳", "成都", "广州"))
    if chance.random() < 2 / 3:
        return asked
    for part in (asked["exporter"], asked["recipient"], asked["data"], asked["activity"]):
        for name in list(part):
            if chance.random() < 0.2:
                part[name] = None
    return asked


def questions(make: Callable[[random.Random, Counts], Question], count: int, seed: str) -> list[Question]:
    chance = random.Random(seed)
    counts = Counts(chance)
    made = [make(chance, counts) for _ in range(count)]
    assert len({json.dumps(one) for one in made}) == count
    return made


# ---- in a batch


def rate(act: Callable[[], Any], count: int) -> float:
    """Calls per second of processor time."""
    began = time.process_time()
    act()
    return count / (time.process_time() - began)


def batch(kind: str, count: int, seed: int, answers: Any) -> None:
    """Ours, in a process of its own: the first pass, another, and the same facts checked before."""
    gc.set_threshold(50_000, 20, 50)  # as the program does when it starts
    make = {"plain": plain, "mixed": mixed}[kind]
    first, then = questions(make, count, f"{kind} {seed}"), questions(make, count, f"{kind} {seed} then")
    checked = [law.Facts.of(one) for one in questions(make, count, f"{kind} {seed} checked")]
    told: list[str] = []
    figures = {
        "first": rate(lambda: told.extend(one.pathway.value for one in law.decide_many(first)), count),
        "then": rate(lambda: law.decide_many(then), count),
        "checked": rate(lambda: law.decide_many(checked), count),
    }
    answers.put((figures, told))


def alone(kind: str, count: int, seed: int) -> tuple[dict[str, float], list[str]]:
    context = multiprocessing.get_context("spawn")
    answers = context.Queue()
    process = context.Process(target=batch, args=(kind, count, seed, answers))
    process.start()
    found: tuple[dict[str, float], list[str]] = answers.get()
    process.join()
    return found


def by_hand(asked: Question) -> str:
    """The national lines as one would write them down: Measures of 2022 art. 4, provisions of 2024 art. 5, 7 and 8."""
    data, exporter = asked["data"], asked["exporter"]
    persons, sensitive = data["persons"], data["sensitive_persons"]
    if asked["date"] < "2024-03-22":
        large = exporter["ciio"] or exporter["processes_persons"] >= 1_000_000
        if data["important"] or large or persons >= 100_000 or sensitive >= 10_000:
            return "security_assessment"
        return "standard_contract_or_certification"
    if data["important"] or exporter["ciio"] or persons >= 1_000_000 or sensitive >= 10_000:
        return "security_assessment"
    return "standard_contract_or_certification" if persons >= 100_000 or sensitive >= 1 else "exempt"


RULES = (
    ("security_assessment", "important or ciio"),
    ("security_assessment", "day < 20240322 and (processes >= 1000000 or persons >= 100000 or sensitive >= 10000)"),
    ("security_assessment", "day >= 20240322 and (persons >= 1000000 or sensitive >= 10000)"),
    ("standard_contract_or_certification", "day < 20240322 or persons >= 100000 or sensitive >= 1"),
    ("exempt", "true"),
)


def rule_engine() -> Callable[[Question], str]:
    """The same by a general rule engine; the first rule that holds answers."""
    with tempfile.TemporaryDirectory() as folder:
        command = [
            sys.executable,
            "-m",
            "pip",
            "install",
            "-q",
            "--disable-pip-version-check",
            "--target",
            folder,
            PEER,
        ]
        subprocess.run(command, check=True)
        sys.path.append(folder)
        import rule_engine

        sys.path.remove(folder)
        rules = [(pathway, rule_engine.Rule(text)) for pathway, text in RULES]

        def answer(asked: Question) -> str:
            data, exporter = asked["data"], asked["exporter"]
            flat = {
                "day": int(asked["date"].replace("-", "")), "important": data["important"], "ciio": exporter["ciio"],
                "processes": exporter["processes_persons"], "persons": data["persons"],
                "sensitive": data["sensitive_persons"],
            }  # fmt: skip
            return next(pathway for pathway, rule in rules if rule.matches(flat))

        answer(plain(random.Random(0), Counts(random.Random(0))))  # loads what it needs while the folder is there
    return answer


def batches(count: int, seed: int) -> list[str]:
    """The figures of the batches, as Markdown."""
    (mix, _), (ours, told) = alone("mixed", count, seed), alone("plain", count, seed)
    asked = questions(plain, count, f"plain {seed}")
    engine = rule_engine()
    peers = {"an if/else by hand": by_hand, f"{PEER.replace('==', ' ')}, five rules": engine}
    rates = {}
    for name, peer in peers.items():
        found: list[str] = []
        rates[name] = rate(lambda found=found, peer=peer: found.extend(map(peer, asked)), count)
        wrong = [one for one, mine, theirs in zip(asked, told, found, strict=True) if mine != theirs]
        assert not wrong, f"{name} disagrees on {len(wrong)}, such as {wrong[0]}"
    lines = ["| decisions per second of one core | first | then | then, facts checked before |", "|---|---|---|---|"]
    for what, figures in (("mixed, all periods, unknown facts", mix), ("plain, national lines only", ours)):
        lines.append(f"| {what} | {figures['first']:,.0f} | {figures['then']:,.0f} | {figures['checked']:,.0f} |")
    lines += [f"| plain, {name} | {figure:,.0f} | | |" for name, figure in rates.items()]
    ratios = ", ".join(f"{ours['then'] / figure:.2g} × {name}" for name, figure in rates.items())
    lines += [
        "",
        f"{count:,} questions each. Ours checks the facts and gives reasons, duties, cautions and what would change "
        f"the answer, with citations; the peers give the pathway alone. Plain, then: {ratios}. Goal {GOAL_RATE:,} a "
        f"second in the mix: {_held(mix['then'] >= GOAL_RATE)} (first pass: {_held(mix['first'] >= GOAL_RATE)}).",
    ]
    return lines


# ---- one over the API


@dataclass
class Calls:
    """What calls of one kind took, in milliseconds: each, and the server's processor time for all of them."""

    took: list[float] = field(default_factory=list)
    processor: float = 0.0

    @property
    def worst(self) -> float:
        """All but one in a hundred are as fast."""
        return statistics.quantiles(self.took, n=100)[98]

    def line(self, what: str) -> str:
        each = self.processor / len(self.took)
        return f"| {what} | {statistics.median(self.took):.2f} | {self.worst:.2f} | {each:.2f} |"


@contextmanager
def served(home: Path) -> Iterator[tuple[str, str, int]]:
    """The real server on loopback; gives its address, an API token and its process id."""
    (home / "settings.yaml").write_text("service: {requests_per_minute: 100000}", encoding="utf-8")
    org = home / "org.yaml"
    org.write_text("exporter: {name: 样例, city: 成都}\n", encoding="utf-8")
    trust = open_trust(home)
    service = trust.identity.create_user("bench-service", kind="service", by=SYSTEM).id
    trust.identity.grant(service, "viewer", by=SYSTEM)
    issuer = Principal("issuer", "system", tuple(Grant(role) for role in trust.policy.roles), id="issuer")
    scopes = ["decisions.ask", "law.read"]
    token = trust.identity.issue_token(service, name="bench", scopes=scopes, days=1, by=issuer)[1]
    trust.close()
    command = [str(Path(sys.executable).parent / "tongguan"), "serve", "--port", "0", "--workspace", str(home / "none")]
    process = subprocess.Popen(
        [*command, "--org", str(org)], stdout=subprocess.PIPE, env={**os.environ, "TONGGUAN_HOME": str(home)}, text=True
    )
    try:
        assert process.stdout
        line = next(line for line in process.stdout if "http://" in line)
        yield line[line.index("http://") :].strip(), token, process.pid
    finally:
        process.terminate()
        process.wait(30)


def one_by_one(count: int, seed: int) -> list[str]:
    """Single questions over one connection, as Markdown."""
    blocks = max(1, count // BLOCK)
    bodies = [json.dumps(one).encode() for one in questions(mixed, (blocks + 2) * BLOCK, f"api {seed}")]
    asks, trivial = Calls(), Calls()
    with tempfile.TemporaryDirectory() as folder, served(Path(folder)) as (address, token, process):
        connection = http.client.HTTPConnection(urlsplit(address).netloc, timeout=30)
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}

        def call(method: str, path: str, body: bytes | None) -> float:
            began = time.perf_counter()
            connection.request(method, f"/api/v1{path}", body, headers)
            answer = connection.getresponse()
            content = answer.read()
            took = time.perf_counter() - began
            assert answer.status == 200, content
            return took * 1000

        for block in range(blocks + 2):
            mine = bodies[block * BLOCK : (block + 1) * BLOCK]
            for calls, method, path, sent in (
                (asks, "POST", "/decisions/ask", mine),
                (trivial, "GET", "/session", [None] * BLOCK),
            ):
                before = _processor(process)
                took = [call(method, path, body) for body in sent]
                if block >= 2:  # the first warm up
                    calls.took += took
                    calls.processor += _processor(process) - before
        connection.close()
    lines = ["| one call over the API, loopback, ms | median | 99 % | processor |", "|---|---|---|---|"]
    lines += [asks.line("POST /decisions/ask, mixed questions"), trivial.line("GET /session, the trivial call")]
    ratio = asks.worst / trivial.worst
    lines += [
        "",
        f"{len(asks.took):,} of each, one connection kept alive, each question new. At 99 %, {ratio:.2g} × the trivial "
        f"call. Goal {GOAL_MS:g} ms at 99 %: {_held(asks.worst <= GOAL_MS)}.",
    ]
    return lines


def _processor(process: int) -> float:
    """Milliseconds of processor time that a process has used."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK") * 1000


def _held(held: bool) -> str:
    return "held" if held else "missed"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=20_000, help="questions of a batch")
    parser.add_argument("--requests", type=int, default=2_000, help="single questions over the API")
    parser.add_argument("--seed", type=int, default=20261121)
    given = parser.parse_args()
    load = "/".join(f"{one:.1f}" for one in os.getloadavg())
    print("## Decisions\n")
    print(
        f"`bench/bench_decide.py` on {datetime.now(UTC):%Y-%m-%d}, Python {platform.python_version()}, load {load}.\n"
    )
    print("\n".join([*batches(given.count, given.seed), "", *one_by_one(given.requests, given.seed)]))


if __name__ == "__main__":
    main()
