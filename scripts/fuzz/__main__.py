"""Fuzz the boundaries at which bytes from outside are parsed, by atheris (libFuzzer).

    python scripts/fuzz [--seconds 60] [--crashes DIR] [TARGET …]

Each target runs in a process of its own for that long, from seeds made by code (`seeds.py`), guided by the coverage of
whatever is Python; compiled kernels are mutated without. `targets.py` says what must hold; besides, nothing may take
longer than ten seconds or more than 2 GB. An input that breaks it is saved in DIR, and the command ends with 1. Such an
input runs again by `python scripts/fuzz --again FILE TARGET`. Needs the extra `fuzz`.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path

from seeds import seeds
from targets import TARGETS

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "src"
LONGEST = 80_000  # bytes of an input
SLOWEST = 10  # seconds of one input
LARGEST = 2048  # megabytes of a process
GUIDED = ["tongguan", "isolated", "olefile"]  # packages whose coverage leads


def compiled() -> list[str]:
    """Modules that Numba compiles: it cannot where they are watched."""
    return [
        ".".join(path.relative_to(SOURCE).with_suffix("").parts)
        for path in SOURCE.rglob("*.py")
        if re.search(r"numba|kernels\.compiled", path.read_text(encoding="utf-8"))
    ]


def run(name: str, arguments: list[str]) -> None:
    """One target, in this process, until libFuzzer ends it."""
    import atheris

    sys.path[:0] = [str(SOURCE), str(SOURCE / "tongguan/identify/extract"), str(ROOT / "tests/identify/extract")]
    with atheris.instrument_imports(include=GUIDED, exclude=compiled()):
        target = TARGETS[name]()
        target(b" ")  # what is loaded late is loaded here
    atheris.Setup([sys.argv[0], *arguments], lambda data: target(data) if data else None)
    atheris.Fuzz()


def fuzz(name: str, seconds: int, crashes: Path, corpus: dict[str, bytes]) -> bool:
    """Whether a target held. What it says of itself is one line; of a fault, the end of its report."""
    with tempfile.TemporaryDirectory() as place:
        for number, data in enumerate(corpus.values()):
            Path(place, str(number)).write_bytes(data)
        limits = [
            f"-max_total_time={seconds}",
            f"-max_len={LONGEST}",
            f"-timeout={SLOWEST}",
            f"-rss_limit_mb={LARGEST}",
        ]
        command = [sys.executable, str(Path(__file__).parent), "--run", name, *limits]
        done = subprocess.run(
            [*command, f"-artifact_prefix={crashes}/{name}-", place],
            capture_output=True,
            text=True,
            errors="replace",
            env={**os.environ, "TMPDIR": place},
        )
    inputs = re.findall(r"^#(\d+)\s", done.stderr, re.MULTILINE)
    parts = re.findall(r" cov: (\d+)", done.stderr)
    good = done.returncode == 0
    told = f"{inputs[-1] if inputs else 0} inputs, {parts[-1] if parts else 0} places reached"
    print(f"{name}: {len(corpus)} seeds, {told}, {'ok' if good else 'FAILED'}", flush=True)
    if not good:
        print(done.stdout[-3000:], done.stderr[-3000:], flush=True)
    return good


def small(corpus: dict[str, bytes]) -> dict[str, bytes]:
    return {name: data for name, data in corpus.items() if len(data) <= LONGEST}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("targets", nargs="*", metavar="TARGET", help=", ".join(TARGETS))
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--crashes", type=Path, default=Path("crashes"))
    parser.add_argument("--again", type=Path, metavar="FILE")
    parser.add_argument("--run", choices=TARGETS, help=argparse.SUPPRESS)
    given, rest = parser.parse_known_args()
    if find_spec("atheris") is None:
        sys.exit("fuzzing needs atheris: pip install 'tongguan[fuzz]'")
    if given.run:
        run(given.run, [*rest, *given.targets])
        return 0
    if unknown := set(given.targets) - set(TARGETS):
        parser.error(f"no target {', '.join(sorted(unknown))}; there are {', '.join(TARGETS)}")
    if given.again:
        [name] = given.targets
        run(name, [str(given.again)])
        return 0
    given.crashes.mkdir(parents=True, exist_ok=True)
    made = seeds()
    held = [fuzz(name, given.seconds, given.crashes.resolve(), small(made[name])) for name in given.targets or TARGETS]
    return 0 if all(held) else 1


if __name__ == "__main__":
    sys.exit(main())
