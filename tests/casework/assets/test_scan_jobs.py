"""Scans in processes of their own: how they end, by themselves, by a person, by a kill, with and without the service."""

from __future__ import annotations

import json
import os
import signal
import socket
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tongguan.casework.assets import Catalogue, processes, totals
from tongguan.casework.assets import jobs as jobs_module
from tongguan.casework.assets.background import process_age
from tongguan.casework.assets.catalogue import FILE
from tongguan.casework.assets.failures import Why
from tongguan.casework.assets.jobs import Job, Jobs, Options
from tongguan.casework.assets.reach import Reach
from tongguan.casework.assets.schedule import Schedule
from tongguan.casework.assets.sources import Given, Secret, Sources
from tongguan.errors import BadInput, Conflict, Denied, NotFound
from tongguan.trust import workspace_key
from tongguan.trust.access import Grant, Principal
from tongguan.trust.opening import HouseKey, Trust, open_trust

OFFICER = Principal("officer", "user", (Grant("compliance_officer"),), id="officer")
VIEWER = Principal("viewer", "user", (Grant("viewer"),), id="viewer")
LONG = 200  # files: some seconds of work


@dataclass
class House:
    trust: Trust
    shared: Path
    networks: tuple[str, ...] = ()
    now: float | None = None

    @property
    def reach(self) -> Reach:
        return Reach([str(self.shared)], self.networks, self.trust.home)

    @property
    def sources(self) -> Sources:
        key = HouseKey(self.trust, "asset-sources")
        return Sources(self.trust.database, key, self.trust.record, self.trust.policy, self.reach, self.clock)

    @property
    def jobs(self) -> Jobs:
        """Made anew each time, as by a service that started again."""
        places, key = ([str(self.shared)], self.networks), workspace_key(self.trust.home)
        return Jobs(self.trust.database, self.sources, self.trust.record, self.trust.home, places, key, self.clock)

    def clock(self) -> float:
        return time.time() if self.now is None else self.now

    def source(self, name: str, files: int) -> str:
        folder = self.shared / name
        folder.mkdir()
        for n in range(files):
            (folder / f"{n:04}.csv").write_text("姓名,手机\n" + "王小明,13900000000\n" * 400, encoding="utf-8")
        return self.sources.register(Given(name, "folder", "desk", path=str(folder)), Secret(), OFFICER).id

    def wait(self, job: int, until: Callable[[Job], bool], seconds: float = 90) -> Job:
        ends = time.monotonic() + seconds
        while not until(found := self.jobs.get(job)):
            assert time.monotonic() < ends, found
            time.sleep(0.05)
        return found

    def kinds(self, *kinds: str) -> list[dict[str, object]]:
        return [
            {"kind": e.kind, "actor": e.actor, **e.body} for e in self.trust.audit.entries(0, 1000) if e.kind in kinds
        ]


def running(job: Job) -> bool:
    return job.state == "running" and job.note is not None and job.note.get("units", 0) > 2


def ended(job: Job) -> bool:
    return job.state not in jobs_module.OPEN


def said(why: Why | None, language: str = "en") -> str:
    return why[language] if why else ""


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    (tmp_path / "home").mkdir()
    (tmp_path / "shared").mkdir()
    with open_trust(tmp_path / "home") as trust:
        made = House(trust, tmp_path / "shared")
        yield made
        for child in processes._CHILDREN:
            child.kill()
            child.wait()
        processes._CHILDREN.clear()


def test_a_scan_runs_to_its_end_and_others_wait_for_it(house: House) -> None:
    first, second = house.source("one", 12), house.source("two", 2)
    one = house.jobs.start(first, Options(rows=50), OFFICER)
    two = house.jobs.start(second, Options(), OFFICER)
    assert (one.state, two.state) == ("running", "waiting")
    with pytest.raises(Conflict):
        house.jobs.start(first, Options(), OFFICER)
    with pytest.raises(Conflict):
        house.jobs.start(second, Options(full=True), OFFICER)
    done = house.wait(one.id, ended)
    assert done.state == "complete" and done.note and done.note["end"]["outcome"]["counts"]["read"] == 12
    house.jobs.tick()  # as the service does every few seconds
    assert house.wait(two.id, ended).state == "complete"
    house.jobs.tick()
    kept = house.jobs.get(two.id)
    assert kept.state == "complete" and kept.outcome and kept.outcome["counts"] == {"read": 2, **dict.fromkeys(
        set(kept.outcome["counts"]) - {"read"}, 0)}  # fmt: skip
    with Catalogue(house.trust.home / "assets") as catalogue:
        assert totals(catalogue)["units"] == 14
    log = house.kinds("scan_started", "scan")
    assert [entry["kind"] for entry in log] == ["scan_started", "scan_started", "scan", "scan"]
    asked = {"rows": 50, "full": False, "whole": False, "names": None, "ocr": True, "sector": None}
    assert log[0]["options"] == asked and log[2]["state"] == "complete"
    assert {entry["actor"] for entry in log} == {"officer"}
    assert [job.id for job in house.jobs.listed()[0]] == [two.id, one.id] and set(house.jobs.newest()) == {
        first,
        second,
    }


def test_it_outlives_the_service_and_is_stopped_and_resumed_by_the_next_one(house: House) -> None:
    source = house.source("long", LONG)
    job = house.jobs.start(source, Options(), OFFICER)
    note = house.wait(job.id, running).note
    assert note and os.getsid(note["pid"]) == note["pid"]  # in a session of its own: no signal of the terminal meets it
    arguments = Path(f"/proc/{note['pid']}/cmdline").read_bytes() + Path(f"/proc/{note['pid']}/environ").read_bytes()
    assert workspace_key(house.trust.home).hex().encode() not in arguments
    house.jobs.stop(job.id, OFFICER)
    stopped = house.wait(job.id, ended)
    assert stopped.state == "stopped" and process_age(note["pid"]) is None
    with pytest.raises(Conflict):
        house.jobs.stop(job.id, OFFICER)
    with Catalogue(house.trust.home / "assets") as catalogue:
        before = totals(catalogue)["units"]
    assert 2 < before < LONG
    again = house.jobs.resume(source, OFFICER)
    done = house.wait(again.id, ended)
    assert done.state == "complete" and done.note and done.note["end"]["outcome"]["resumed"]
    counts = done.note["end"]["outcome"]["counts"]
    assert counts["done_before"] == before and counts["read"] == LONG - before
    assert [entry["scan"] for entry in house.kinds("scan_stop_asked")] == [job.id]


def test_what_was_killed_is_told_so_at_once_and_goes_on(house: House) -> None:
    source = house.source("long", LONG)
    job = house.jobs.start(source, Options(), OFFICER)
    note = house.wait(job.id, running).note
    assert note
    os.kill(note["pid"], signal.SIGKILL)
    processes._CHILDREN[0].wait()
    assert house.jobs.get(job.id).state == "interrupted"  # before anybody wrote it down
    house.jobs.tick()
    assert house.jobs.get(job.id).state == "interrupted" and house.kinds("scan")[-1]["state"] == "interrupted"
    house.jobs.tick()
    assert len(house.kinds("scan")) == 1
    again = house.jobs.resume(source, OFFICER)
    assert house.wait(again.id, ended).state == "complete"


def test_a_number_that_was_given_anew_is_not_told_to_end(house: House) -> None:
    source = house.source("long", LONG)
    job = house.jobs.start(source, Options(), OFFICER)
    note = house.wait(job.id, running).note
    assert note
    place = house.jobs._runs._place(job.id)
    os.kill(note["pid"], signal.SIGSTOP)  # it writes no more notes
    place.write_text(json.dumps({**note, "pid": os.getpid(), "age": "1"}), encoding="utf-8")
    house.jobs.stop(job.id, OFFICER)  # else this very test would end here
    house.now = time.time() + 1000
    house.jobs.tick()
    place.write_text(json.dumps(note), encoding="utf-8")
    house.jobs.tick()  # it does not end when it is told to, and is killed
    processes._CHILDREN[0].wait(20)
    assert house.jobs.get(job.id).state in ("stopped", "interrupted")
    house.jobs.tick()
    assert house.jobs.get(job.id).state == "stopped"


def test_a_scan_at_the_terminal_holds_the_others_up(house: House) -> None:
    source = house.source("one", 1)
    with Catalogue(house.trust.home / "assets", write=True):
        job = house.jobs.start(source, Options(), OFFICER)
        assert job.state == "waiting"
        house.jobs.tick()
        assert house.jobs.get(job.id).state == "waiting" and not processes._CHILDREN
        stopped = house.jobs.stop(job.id, OFFICER)
        assert stopped.state == "stopped"
    house.jobs.tick()
    assert not processes._CHILDREN


def test_schedules_start_scans_and_missed_turns_are_one(house: House) -> None:
    source = house.source("one", 1)
    house.now = 1_795_268_022.0
    house.sources.plan(source, Schedule("day", 2, options={"rows": 9}, by="officer"), OFFICER)
    house.now += 30 * 86_400  # a month in which no service ran
    house.jobs.tick()
    house.jobs.tick()
    (job,), total = house.jobs.listed()
    assert total == 1 and job.scheduled and job.options.rows == 9 and job.by == "officer"
    due = house.sources.get(source).due
    assert due is not None and house.now < due <= house.now + 86_400
    assert house.wait(job.id, ended).state == "complete"
    house.now = due + 1
    house.jobs.tick()
    assert house.jobs.listed()[1] == 2
    house.wait(house.jobs.listed()[0][0].id, ended)


def test_a_source_that_cannot_be_reached_fails_with_one_message(house: House) -> None:
    given = Given("db", "postgresql", "desk", host="localhost", database="d", user="u")
    source = house.sources.register(given, Secret(password="made-up-secret"), OFFICER)
    assert "assets.networks" in said(house.jobs.test(source.id, OFFICER))
    job = house.jobs.start(source.id, Options(), OFFICER)
    assert job.state == "failed" and "assets.networks" in said(job.error) and "本机" in said(job.error, "zh")
    gone = house.source("gone", 1)
    (house.shared / "gone" / "0000.csv").unlink()
    (house.shared / "gone").rmdir()
    assert "no such folder" in said(house.jobs.test(gone, OFFICER))
    assert house.jobs.start(gone, Options(), OFFICER).state == "failed"
    assert "made-up-secret" not in json.dumps(house.kinds("asset_source_tested", "scan", "scan_started"))
    assert house.jobs.test(house.source("there", 1), OFFICER) is None


@pytest.mark.parametrize("kind", ["postgresql", "mysql"])
def test_a_server_that_refuses_is_told_in_both_languages(house: House, kind: str) -> None:
    """As a process of its own says it, and as the record keeps it."""
    house.networks = ("127.0.0.0/8",)
    with socket.socket() as taken:  # bound and not listening
        taken.bind(("127.0.0.1", 0))
        given = Given("db", kind, "desk", host="127.0.0.1", port=taken.getsockname()[1], database="d", user="u")
        source = house.sources.register(given, Secret(password="made-up-secret"), OFFICER)
        job = house.jobs.start(source.id, Options(), OFFICER)
        house.wait(job.id, ended)
        house.jobs.tick()
        for why in (house.jobs.test(source.id, OFFICER), house.jobs.get(job.id).error):
            assert "连接被拒绝" in said(why, "zh") and "connection refused" in said(why)
            assert "made-up-secret" not in str(why)


def test_a_catalogue_that_is_none_is_told_in_both_languages(house: House) -> None:
    source = house.source("one", 1)
    (house.trust.home / "assets").mkdir(mode=0o700, exist_ok=True)
    (house.trust.home / "assets" / FILE).write_bytes(b"no database " * 500)
    job = house.jobs.start(source, Options(), OFFICER)
    assert house.wait(job.id, ended).state == "failed"
    house.jobs.tick()
    error = house.jobs.get(job.id).error
    assert "已损坏" in said(error, "zh") and "damaged" in said(error)


def test_records_of_older_versions_are_read(house: House) -> None:
    job = house.jobs.start(house.source("one", 1), Options(), OFFICER)
    house.wait(job.id, ended)
    for old in ("db does not answer", '"quoted"', "12", '{"zh": 1}'):
        with house.trust.database.write() as connection:
            connection.execute(jobs_module._jobs.update().values(error=old, state="failed"))
        error = house.jobs.get(job.id).error
        assert said(error) == old and said(error, "zh") == f"未能完成；原文：{old}"


def test_who_may_not_scan_does_not(house: House) -> None:
    source = house.source("one", 1)
    house.sources.enable(source, False, OFFICER)
    with pytest.raises(Conflict):
        house.jobs.start(source, Options(), OFFICER)
    for act in (lambda: house.jobs.start(source, Options(), VIEWER), lambda: house.jobs.test(source, VIEWER)):
        with pytest.raises(Denied):
            act()
    for missing in (lambda: house.jobs.start("none", Options(), OFFICER), lambda: house.jobs.stop(99, OFFICER),
                    lambda: house.jobs.resume(source, OFFICER)):  # fmt: skip
        with pytest.raises(NotFound):
            missing()
    for rows in (0, -1, 1_000_001):
        with pytest.raises(BadInput):
            Options(rows=rows)
