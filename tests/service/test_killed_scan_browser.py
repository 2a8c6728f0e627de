"""A scan begun in a real browser whose server and processes are killed: shown truly, gone on with, and nothing lost."""

from __future__ import annotations

import os
import random
import re
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import pytest
from console_house import OFFICER, ORG, SETTINGS, add_user
from faker import Faker
from playwright.sync_api import Browser, expect
from test_browser import Visit, browser, needs_scripts, pytestmark

from tongguan.capture.stores import parse_address
from tongguan.casework import assets
from tongguan.trust import workspace_key
from tongguan.trust.opening import open_trust

__all__ = ["browser", "pytestmark"]

FILES = 180
TOGETHER = 32  # files that are kept at once
SOON = 60_000
HELD = (
    "select path, kind, size, state, level, sensitive, types, persons_low, persons, persons_high from units",
    "select path, columns.name, within, type, inside, columns.level, score, samples from columns"
    " join units on units.id = unit",
    'select "where", reason, kind, count from blinds',
)


@pytest.fixture
def shared(tmp_path: Path) -> Path:
    """Files of several kinds, some seconds of work."""
    fake, dice = Faker("zh_CN"), random.Random(11)
    fake.seed_instance(11)
    people = [f"{fake.name()},{fake.phone_number()},{fake.ssn()}\n" for _ in range(2_000)]
    folder = tmp_path / "shared" / "files"
    folder.mkdir(parents=True)
    for n in range(FILES):
        rows = "".join(dice.sample(people, 1_000))
        made = {0: f"姓名,手机,身份证号\n{rows}", 1: f"值班记录 {n}\n{rows}", 2: f"order {n}\n" * 30_000}[n % 3]
        (folder / f"{n:03}.{('csv', 'txt', 'log')[n % 3]}").write_text(made, encoding="utf-8")
    (folder / "torn.zip").write_bytes(b"PK\x03\x04 torn")
    for path in folder.iterdir():
        os.utime(path, (1_700_000_000, 1_700_000_000))
    return folder


@pytest.fixture
def home(tmp_path: Path, shared: Path) -> Path:
    home = tmp_path / "home"
    home.mkdir()
    (tmp_path / "org.yaml").write_text(ORG, encoding="utf-8")
    (home / "settings.yaml").write_text(f"{SETTINGS}\nassets: {{roots: [{shared.parent}]}}\n", encoding="utf-8")
    with open_trust(home) as trust:
        add_user(trust, OFFICER, "compliance_officer")
    return home


@contextmanager
def serving(home: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """The console as it is begun at a terminal, in a process of its own; and its address."""
    given = ["serve", "--workspace", str(home.parent / "none"), "--org", str(home.parent / "org.yaml"), "--port", "0"]
    environment = {**os.environ, "TONGGUAN_HOME": str(home)}
    with subprocess.Popen(
        [sys.executable, "-m", "tongguan.cli", *given], env=environment, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        try:
            found = re.search(r"http://\S+(?=/)", process.stdout.readline())
            assert found
            yield process, found[0]
        finally:
            process.kill()


def scanning(folder: Path) -> list[int]:
    """Processes of the scan of this folder's home: the one that holds its lock, and all that it began."""
    found = []
    for place in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if int(place.name) != os.getpid() and any(
                str(file.readlink()).startswith(str(folder)) for file in (place / "fd").iterdir()
            ):
                found.append(int(place.name))
    for process in found:
        with suppress(OSError):
            found += map(int, Path(f"/proc/{process}/task/{process}/children").read_text().split())
    return found


def kept(home: Path) -> dict[str, float]:
    """Files that the catalogue holds, and when each was kept."""
    place = home / "assets" / "catalogue.db"
    if not place.exists():
        return {}
    with closing(sqlite3.connect(f"file:{place}?mode=ro", uri=True)) as connection, suppress(sqlite3.OperationalError):
        return dict(connection.execute("select path, last_seen from units").fetchall())
    return {}


def held(folder: Path) -> list[list[str]]:
    """What a catalogue says of each file."""
    with closing(sqlite3.connect(folder / "catalogue.db")) as connection:
        return [sorted(map(repr, connection.execute(query))) for query in HELD]


def wait_for(home: Path, more: int) -> dict[str, float]:
    ends = time.monotonic() + 120
    before = len(kept(home))
    while len(now := kept(home)) < before + more:
        assert time.monotonic() < ends, len(now)
        time.sleep(0.05)
    return now


@needs_scripts
def test_a_scan_killed_with_its_server_is_gone_on_with_to_its_end(browser: Browser, home: Path, shared: Path) -> None:
    context = browser.new_context(viewport={"width": 1366, "height": 768}, locale="zh-CN")
    before: dict[str, float] = {}
    for turn in range(3):
        with serving(home) as (server, address):
            visit = Visit(context, address)
            page = visit.page
            if turn == 0:
                visit.sign_in("/assets/sources?form=folder")
                for name, value in (("name", "共享盘"), ("owner", "desk"), ("path", str(shared))):
                    page.fill(f"aside [name={name}]", value)
                page.click("aside button.primary")
                visit.open("/assets/scans")
                page.click("text=开始扫描")
                page.select_option("aside [name=names] >> nth=0", "0")
                page.click("aside form:has([value=start]) button.primary")
            else:
                visit.open("/assets/scans")  # whoever was signed in still is
                expect(page.locator(".run.interrupted")).to_be_visible()
                expect(page.locator(".run.running")).to_have_count(0)
                expect(page.locator("[role=progressbar]")).to_have_count(0)
                expect(page.locator(".job .meta")).to_contain_text(f"已处理 {len(before)} 项")
                page.click("text=继续")
            expect(page.locator(".run.running")).to_be_visible(timeout=SOON)
            if turn == 2:
                expect(page.locator(".run.complete")).to_be_visible(timeout=4 * SOON)
                expect(page.locator("main table.tight tbody tr").first).to_contain_text("完成", timeout=SOON)
                assert visit.wrong == []
                break
            expect(page.locator("[role=progressbar]")).to_be_visible(timeout=SOON)
            shown = re.search(r"已处理 (\d+) 项", page.locator(".job .meta").inner_text())
            assert shown and int(shown[1]) <= len(kept(home)) + TOGETHER
            now = wait_for(home, 40)
            assert {path: at for path, at in now.items() if path in before} == before  # not read twice
            os.kill(server.pid, signal.SIGKILL)
            for process in scanning(home / "assets"):
                with suppress(ProcessLookupError):
                    os.kill(process, signal.SIGKILL)
            assert visit.wrong == []
            page.close()
            before = kept(home)
            assert 0 < len(before) < FILES
    context.close()
    after = kept(home)
    assert {path: after[path] for path in before} == before
    (alone,) = assets.scan([parse_address(str(shared))], home.parent / "alone", workspace_key(home), names=False)
    assert alone.complete and held(home / "assets") == held(home.parent / "alone")
    assert len(after) == FILES + 1
    left = {path.name for path in (home / "assets").rglob("*") if path.is_file()}
    assert not [name for name in left if "tmp" in name or name.startswith(".")], left
    assert scanning(home / "assets") == []
