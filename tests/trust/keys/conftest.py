"""Houses over SQLite and PostgreSQL, and a software HSM for the whole run."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path[:0] = [str(Path(__file__).parents[1]), str(Path(__file__).parent)]
from keys_house import PIN, House, SoftToken  # noqa: E402
from postgres_server import postgres, postgres_url  # noqa: E402

__all__ = ["postgres", "postgres_url"]


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    house = House(tmp_path, tmp_path / "trust.db")
    yield house
    house.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def either(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[House]:
    """A house on each of the databases."""
    place = tmp_path / "trust.db" if request.param == "sqlite" else request.getfixturevalue("postgres_url")
    house = House(tmp_path, place)
    yield house
    house.close()


@pytest.fixture(scope="session")
def softhsm(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of SoftHSM's tokens; the library reads its place once in a process."""
    folder = tmp_path_factory.mktemp("softhsm") / "tokens"
    folder.mkdir()
    settings = folder.parent / "softhsm2.conf"
    settings.write_text(f"directories.tokendir = {folder}\nobjectstore.backend = file\nlog.level = ERROR\n")
    os.environ["SOFTHSM2_CONF"] = str(settings)
    return folder


@pytest.fixture
def token(softhsm: Path, monkeypatch: pytest.MonkeyPatch) -> SoftToken:
    monkeypatch.setenv("TONGGUAN_TEST_PIN", PIN)
    return SoftToken(softhsm)
