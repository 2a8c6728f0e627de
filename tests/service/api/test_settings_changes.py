"""Settings changed from outside of the machine: the entry first, the file whole or as it was."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
import yaml
from api_house import House, folder_in_memory, served

from tongguan.errors import CannotWrite
from tongguan.trust.settings import load_settings

V1 = "/api/v1"


@pytest.fixture
def house() -> Iterator[House]:
    with folder_in_memory() as folder:
        yield House(folder)


@pytest.fixture
def sysadmin(house: House) -> Iterator[httpx.Client]:
    with served(house.app) as address, house.caller(address, house.people["system_administrator"]) as client:
        yield client


def changed(house: House) -> list[dict[str, object]]:
    return [dict(entry.body) for entry in house.trust.audit.entries(0, 1000, kind="settings_changed")]


def test_a_change_is_an_entry_and_the_file_before_stays(house: House, sysadmin: httpx.Client) -> None:
    path = house.trust.home / "settings.yaml"
    path.write_text("# a comment\n" + path.read_text(encoding="utf-8"), encoding="utf-8")
    before = path.read_text(encoding="utf-8")
    answer = sysadmin.patch(f"{V1}/settings", json={"identity": {"lock_after": 7}, "service": {}})
    assert answer.status_code == 200 and answer.json()["changed"] == {"identity": {"lock_after": 7}}
    assert load_settings(house.trust.home).identity.lock_after == 7
    assert yaml.safe_load(path.read_text(encoding="utf-8"))["service"] == yaml.safe_load(before)["service"]
    kept = path.with_name("settings.yaml.before")
    assert kept.read_text(encoding="utf-8") == before and kept.stat().st_mode & 0o777 == 0o600
    assert changed(house) == [{"changes": {"identity": {"lock_after": 7}}}]


def test_what_cannot_be_logged_is_not_changed(
    house: House, sysadmin: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = house.trust.home / "settings.yaml"
    before = path.read_bytes()

    def full(*_: object) -> int:
        raise CannotWrite("the disk is full")

    monkeypatch.setattr(house.trust, "record", full)
    answer = sysadmin.patch(f"{V1}/settings", json={"identity": {"lock_after": 7}})
    assert answer.status_code == 500 and path.read_bytes() == before


def test_an_entry_without_its_change_is_what_a_full_disk_leaves(house: House, sysadmin: httpx.Client) -> None:
    path = house.trust.home / "settings.yaml"
    before = path.read_bytes()
    kept: Path = path.with_name("settings.yaml.before")
    kept.mkdir()  # nothing can be written there
    answer = sysadmin.patch(f"{V1}/settings", json={"identity": {"lock_after": 7}})
    assert answer.status_code == 500 and path.read_bytes() == before and len(changed(house)) == 1


def test_a_broken_file_is_not_built_upon(house: House, sysadmin: httpx.Client) -> None:
    path = house.trust.home / "settings.yaml"
    path.write_text("identity: [", encoding="utf-8")
    answer = sysadmin.patch(f"{V1}/settings", json={"identity": {"lock_after": 7}})
    assert answer.status_code == 500 and path.read_text(encoding="utf-8") == "identity: [" and changed(house) == []
