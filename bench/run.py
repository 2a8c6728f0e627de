"""Measures Tongguan against its peers in one run and writes docs/benchmarks.md. `make bench` runs it.

Figures are whole processes: CPU seconds are user + system of the process and all its children, memory is the peak of the
largest process. Machines drift, so each pair runs alternately and the medians' ratio is what counts.
"""

from __future__ import annotations

import argparse
import os
import platform
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
DATA = ROOT / "bench" / ".data"
TONGGUAN = str(ROOT / ".venv/bin/tongguan")
PYTHON = str(ROOT / ".venv/bin/python")


@dataclass(frozen=True)
class Run:
    """One finished process."""

    cpu: float  # seconds, with children
    wall: float
    peak: int  # bytes, the largest single process


@dataclass(frozen=True)
class Row:
    """One line of the table: medians over the runs of one command."""

    what: str
    runs: tuple[Run, ...]
    size: int  # bytes of input

    @property
    def cpu(self) -> float:
        return statistics.median(r.cpu for r in self.runs)

    @property
    def rate(self) -> float:
        return self.size / self.cpu / 1e6

    def line(self) -> str:
        spread = f"{min(r.cpu for r in self.runs):.2f}-{max(r.cpu for r in self.runs):.2f}"
        wall = statistics.median(r.wall for r in self.runs)
        peak = max(r.peak for r in self.runs) / 1e6
        rate = f"{self.rate:.0f}" if self.size else "–"
        return f"| {self.what} | {self.cpu:.2f} ({spread}) | {wall:.2f} | {rate} | {peak:.0f} |"


def measure(command: Sequence[str], environment: dict[str, str] | None = None) -> Run:
    """Run one command; its figures come from the operating system's own account of it."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    started = time.monotonic()
    with tempfile.TemporaryFile() as errors:
        process = subprocess.Popen(
            command, stdout=subprocess.DEVNULL, stderr=errors, env={**os.environ, **(environment or {})}
        )
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.monotonic() - started
        if code := os.waitstatus_to_exitcode(status):
            errors.seek(0)
            raise SystemExit(f"{command[0]} ended with {code}: {errors.read()[-400:].decode(errors='replace')}")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Run(cpu=max(cpu, usage.ru_utime + usage.ru_stime), wall=wall, peak=usage.ru_maxrss * 1024)


def clean(folder: Path) -> str:
    shutil.rmtree(folder, ignore_errors=True)
    return str(folder)


def http_capture(size: int) -> Path:
    """An HTTP-heavy capture, made once."""
    path = DATA / f"http-{size // 1_000_000}.pcap"
    if not path.exists():
        DATA.mkdir(parents=True, exist_ok=True)
        subprocess.run(
            [PYTHON, str(ROOT / "bench/make_http_capture.py"), str(path), "--size", str(size >> 20)], check=True
        )
    return path


def compare_captures(path: Path, rounds: int, scratch: Path) -> list[Row]:
    """Each round runs every command once, so that drift hits all alike."""
    size = path.stat().st_size
    home = {"TONGGUAN_HOME": str(scratch / "home")}
    commands: dict[str, tuple[Sequence[str], dict[str, str]]] = {
        "tongguan inspect (the whole walk)": (
            [TONGGUAN, "inspect", str(path), "--org", str(ROOT / "bench/org.yaml"), "--as-of", "2026-12-31", "--out", str(scratch / "inspect")],
            home,
        ),
        "tongguan restore (streams → logs and files)": ([TONGGUAN, "restore", str(path), "--out", str(scratch / "restore")], home),
        "tongguan, reassembly alone": ([PYTHON, str(ROOT / "bench/reassemble.py"), str(path)], home),
        "tcpflow (reassembly, writes files)": (["tcpflow", "-q", "-r", str(path), "-o", str(scratch / "tcpflow")], {}),
        "tshark -T fields (http)": (["tshark", "-n", "-r", str(path), "-T", "fields", "-e", "http.host", "-e", "http.request.uri", "-Y", "http"], {}),
    }  # fmt: skip
    found: dict[str, list[Run]] = {name: [] for name in commands}
    for number in range(rounds):
        for name, (command, environment) in commands.items():
            if name.startswith("tshark") and number:
                continue
            for folder in ("inspect", "restore", "tcpflow"):
                clean(scratch / folder)
            found[name].append(measure(command, environment))
            print(f"  {name}: {found[name][-1].cpu:.2f} s CPU", flush=True)
    return [Row(name, tuple(runs), size) for name, runs in found.items() if runs]


def commands_alone(rounds: int, scratch: Path) -> list[Row]:
    """The two short commands: the cold decision and the sample walk."""
    facts = scratch / "facts.yaml"
    facts.write_text(
        "date: 2026-11-20\nexporter: {ciio: false}\nrecipient: {country: SG}\n"
        "data: {personal: true, important: false, core: false, state_secret: false, persons: 230000, sensitive_persons: 0}\n"
        "activity: {act: transmission}\n",
        encoding="utf-8",
    )
    home = {"TONGGUAN_HOME": str(scratch / "home")}
    decide = tuple(measure([TONGGUAN, "decide", str(facts), "--json"], home) for _ in range(rounds))
    sample = tuple(measure(["make", "-s", "-C", str(ROOT), "run", "ONCE=1"], home) for _ in range(rounds))
    return [Row("tongguan decide, cold start", decide, 0), Row("make run ONCE=1, after set-up", sample, 0)]


def decisions() -> str:
    """The section of bench_decide.py."""
    command = [PYTHON, str(ROOT / "bench/bench_decide.py")]
    return subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout


def page(path: Path, rows: list[Row], alone: list[Row], decided: str) -> str:
    by_name = {row.what.split(" (")[0]: row for row in rows}
    inspect, flow, shark = by_name["tongguan inspect"], by_name["tcpflow"], by_name["tshark -T fields"]
    reassembly = by_name["tongguan, reassembly alone"]
    heading = (
        "| command | CPU s, median (min-max) | wall s | MB/s of capture per core | peak MB |\n|---|---|---|---|---|"
    )
    return "\n".join([
        "# Benchmarks",
        "",
        f"Made by `make bench` on {datetime.now(UTC):%Y-%m-%d}, {platform.machine()}, {os.cpu_count()} cores shared with others, "
        f"Python {platform.python_version()}. Whole processes; compare ratios, not seconds.",
        "",
        f"Capture: HTTP-heavy, {path.stat().st_size / 1e6:.0f} MB (`bench/make_http_capture.py`), read from the page cache.",
        "",
        heading,
        *[row.line() for row in rows],
        "",
        f"- inspect against tcpflow (which only reassembles): {inspect.rate / flow.rate:.2f} ×",
        f"- inspect against tshark -T fields: {inspect.rate / shark.rate:.1f} ×",
        f"- reassembly alone against tcpflow: {reassembly.rate / flow.rate:.2f} ×",
        "",
        "tcpflow writes every stream into a file system in memory, reassembly alone keeps streams in memory and lets them go; "
        "`restore` is ours that writes. The detectors by themselves: `bench/bench_identify.py`, figures in docs/architecture.md.",
        "",
        heading,
        *[row.line() for row in alone],
        "",
        decided,
    ])  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", type=int, default=2_000_000_000, help="bytes of the capture")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--page", type=Path, default=ROOT / "docs/benchmarks.md")
    arguments = parser.parse_args()
    path = http_capture(arguments.size)
    scratch_root = "/dev/shm" if Path("/dev/shm").is_dir() else None
    with tempfile.TemporaryDirectory(dir=scratch_root) as folder:
        rows = compare_captures(path, arguments.rounds, Path(folder))
        alone = commands_alone(arguments.rounds, Path(folder))
    arguments.page.write_text(page(path, rows, alone, decisions()), encoding="utf-8")
    print(arguments.page.read_text(encoding="utf-8"))


if __name__ == "__main__":
    sys.exit(main())
