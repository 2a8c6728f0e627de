"""What holds for all tests, and packages of others to be found by them."""

import sys
from pathlib import Path
from textwrap import dedent

import pytest
from hypothesis import settings

from tongguan import registry

settings.register_profile("house", deadline=None)  # a loaded machine is slow, which is no property's fault
settings.load_profile("house")


@pytest.fixture
def use(monkeypatch, tmp_path):
    """Makes what is installed in a folder importable here."""
    monkeypatch.delenv(registry.VARIABLE, raising=False)
    monkeypatch.setenv("TONGGUAN_HOME", str(tmp_path / "home"))

    def forget() -> None:
        registry.plugins.cache_clear()
        registry.parts.cache_clear()

    def one(folder: Path) -> None:
        monkeypatch.syspath_prepend(folder)
        for module in folder.glob("*.py"):
            monkeypatch.delitem(sys.modules, module.stem, raising=False)
        forget()

    yield one
    forget()


@pytest.fixture
def install(tmp_path, use):
    """Makes packages importable: a module and the entry points of a distribution each."""

    def put(package: str, code: str, entries: str, metadata: str | None = None) -> None:
        place = tmp_path / package
        about = place / f"{package}-0.1.dist-info"
        about.mkdir(parents=True)
        (place / f"{package}.py").write_text(dedent(code))
        (about / "entry_points.txt").write_text(dedent(entries))
        if metadata is None:
            metadata = f"Metadata-Version: 2.1\nName: {package}\nVersion: 0.1\n"
        (about / "METADATA").write_text(metadata)
        use(place)

    return put
