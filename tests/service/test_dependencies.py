"""What we stand on: locked by hash, under licences that a company can use, without known advisories."""

from __future__ import annotations

import importlib.metadata
import json
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LOCKS = ["requirements.lock", "requirements-dev.lock"]

ALLOWED = {
    "0BSD", "Apache-2.0", "Apache-2.0 WITH LLVM-exception", "BSD-2-Clause", "BSD-3-Clause", "CC0-1.0", "CNRI-Python", "ISC",
    "MIT", "MIT-0", "MIT-CMU", "MPL-1.1", "MPL-2.0", "PSF-2.0", "Public-Domain", "Unlicense", "Zlib",
}  # fmt: skip
CLASSIFIERS = {
    "MIT License": "MIT", "MIT No Attribution License (MIT-0)": "MIT-0", "BSD License": "BSD-3-Clause",
    "Apache Software License": "Apache-2.0", "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
    "ISC License (ISCL)": "ISC", "Python Software Foundation License": "PSF-2.0", "Public Domain": "Public-Domain",
    "The Unlicense (Unlicense)": "Unlicense", "CC0": "CC0-1.0", "CC0 1.0 Universal (CC0 1.0) Public Domain Dedication": "CC0-1.0",
    "Zero-Clause BSD (0BSD)": "0BSD",
}  # fmt: skip
# Those whose metadata say nothing, or something else than ALLOWED; each looked at by hand.
KNOWN = {
    "psycopg": "LGPL-3.0-only: the extra [postgresql], a library of its own that is not changed; not installed by default",
    "psycopg-binary": "LGPL-3.0-only: as psycopg",
    "protobuf": "BSD-3-Clause, spelled its own way",
    "pypdfium2": "BSD-3-Clause and Apache-2.0; PDFium's own licences are of that kind too",
    "python-stdnum": "LGPL-2.1-or-later: an oracle of the tests, no part of the program",
    "pyftpdlib": "MIT by its licence file; used by tests only",
    "resvg-py": "MIT by its licence file; metadata are empty",
}


def locked(name: str) -> dict[str, tuple[str, int]]:
    """Name → version and number of hashes."""
    found: dict[str, tuple[str, int]] = {}
    text = (ROOT / name).read_text(encoding="utf-8").replace("\\\n", " ")
    for line in filter(None, (line.strip() for line in text.splitlines())):
        if line.startswith("#"):
            continue
        match = re.fullmatch(r"([A-Za-z0-9._-]+)==(\S+?)((?:\s+--hash=sha256:[0-9a-f]{64})+)", line)
        assert match, f"{name}: not pinned by hash: {line[:80]}"
        found[canonical(match[1])] = (match[2], match[3].count("--hash"))
    return found


def canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


@pytest.mark.parametrize("name", LOCKS)
def test_every_package_is_pinned_by_hash(name: str) -> None:
    found = locked(name)
    assert len(found) > 40 and all(hashes for _, hashes in found.values())


def test_the_locks_cover_what_is_asked_for_and_agree() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    run, dev = (locked(name) for name in LOCKS)
    assert {name: version for name, version in run.items() if dev.get(name) != version} == {}
    for wanted, lock in ((project["dependencies"], run), (project["optional-dependencies"]["dev"], dev)):
        assert [w for w in wanted if canonical(re.split(r"[\[<>=!~; ]", w)[0]) not in lock] == []


def licence_of(name: str) -> list[str]:
    """SPDX names, all of which hold; of alternatives the first allowed."""
    metadata = importlib.metadata.metadata(name)
    if expression := metadata.get("License-Expression"):
        return parts_of(expression)
    kinds = [c.split(" :: ")[-1] for c in metadata.get_all("Classifier") or [] if c.startswith("License ::")]
    kinds = [kind for kind in kinds if kind not in ("OSI Approved", "DFSG approved")]
    if kinds:
        return [CLASSIFIERS.get(kind, kind) for kind in kinds]
    text = (metadata.get("License") or "").strip().splitlines()
    return parts_of(CLASSIFIERS.get(text[0], text[0])) if text else ["(none)"]


def parts_of(expression: str) -> list[str]:
    parts = re.split(r"\s+AND\s+", expression.strip("()"))
    return [next((a for a in re.split(r"\s+OR\s+", p.strip("()")) if a in ALLOWED), p) for p in parts]


def test_every_licence_is_one_that_a_company_can_use() -> None:
    wrong = {}
    for name in locked(LOCKS[1]) | locked(LOCKS[0]):
        try:
            licences = licence_of(name)
        except importlib.metadata.PackageNotFoundError:
            continue  # for another system or Python
        if name not in KNOWN and not set(licences) <= ALLOWED:
            wrong[name] = licences
    assert wrong == {}


def test_the_exceptions_are_still_needed_and_none_runs_by_default() -> None:
    assert set(KNOWN) <= set(locked(LOCKS[1]))
    copyleft = {name for name, why in KNOWN.items() if "GPL" in why}
    assert copyleft.isdisjoint(locked(LOCKS[0]))


def test_no_known_advisory() -> None:
    """Asks an advisory database where pip-audit is installed and the database can be reached."""
    program = shutil.which("pip-audit", path=str(Path(sys.executable).parent))
    if program is None:
        pytest.skip("pip-audit is not installed; `pip install pip-audit` to look for known advisories")
    asked = [program, "-r", str(ROOT / LOCKS[0]), "--no-deps", "--disable-pip", "--progress-spinner", "off"]
    asked += ["--timeout", "10", "--format", "json"]
    try:
        done = subprocess.run(asked, capture_output=True, text=True, timeout=240, check=False)
    except subprocess.TimeoutExpired:
        pytest.skip("the advisory database does not answer within four minutes")
    if not done.stdout:
        unreachable = re.search(r"ConnectionError|Max retries|ServiceError|Timeout|timed out", done.stderr)
        assert unreachable, done.stderr
        pytest.skip("the advisory database cannot be reached")
    found = json.loads(done.stdout)["dependencies"]
    assert {one["name"]: one["vulns"] for one in found if one.get("vulns")} == {}
    if unknown := [one["name"] for one in found if "skip_reason" in one]:
        pytest.skip(f"the advisory database does not know {len(unknown)} of {len(found)} packages")
