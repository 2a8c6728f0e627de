"""Stores of other packages: scanned like ours, and bounded where they fail."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tongguan.capture.stores import open_store, parse_address
from tongguan.casework.assets import Catalogue, Filter, rows, scan
from tongguan.errors import BadInput, BadPlugin

POINT = "[tongguan.stores]\nacme = acme\n"
CODE = """
    from contextlib import contextmanager
    from functools import partial

    import pyarrow as pa

    from tongguan.capture.stores import Address, Column, FileUnit, Rows, Sample, TableUnit, Unread, Unseen
    from tongguan.model import Content


    def address(text):
        where = text.removeprefix("acme://").partition("@")[2]
        return Address("acme", "acme://" + where)


    def open(address, credentials):
        return Store(address)


    @contextmanager
    def content(text):
        yield iter([Content("note.txt", "text/plain", len(text), text)])


    def people(limit):
        names = pa.array([f"1380013{{n:04d}}" for n in range(50)][:limit], pa.large_string())
        columns = (Column("phone"),)
        return Rows(columns, pa.table([names], ["phone"]), Sample("whole", len(names), len(names)))


    def files():
        yield FileUnit("a/note.txt", "note.txt", 20, 1.0, "1", partial(content, "手机 13800138000".encode()))


    def tables():
        yield TableUnit("people", "", "people", "", 50, 0, "1", people)


    class Store:
        kind = name = "whatever"

        def __init__(self, address):
            pass

        def size(self):
            return 10

        def close(self):
            pass

        def units(self):
            {units}
"""


@pytest.fixture
def acme(install):
    def put(units: str, code: str = CODE) -> None:
        install("acme", code.replace("{units}", units).replace("{{", "{").replace("}}", "}"), POINT)

    return put


def scanned(out: Path, **more: Any) -> tuple[dict[str, dict[str, Any]], list[dict[str, Any]], Any]:
    """Units by path, blind spots, outcome."""
    [outcome] = scan([parse_address("acme://me:secret@host/x")], out, b"key", names=False, **more)
    with Catalogue(out) as catalogue:
        blind = [row for row in rows(catalogue, "blind_spots", Filter()) if row["reason"] != "names_off"]
        return {row["path"]: row for row in rows(catalogue, "units", Filter())}, blind, outcome


@pytest.mark.parametrize("workers", [1, 2])
def test_its_units_are_judged_as_ours(acme, tmp_path: Path, workers: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tongguan.casework.assets.workers.LITTLE_S", -1.0)  # other processes from the first unit on
    acme("yield from files(); yield from tables()")
    units, blind, outcome = scanned(tmp_path, workers=workers)
    assert outcome.complete and not blind
    assert (outcome.source, outcome.kind) == ("acme://host/x", "acme")
    assert units["a/note.txt"]["types"] == units["people"]["types"] == ["phone"]
    assert units["people"]["persons"] == 50
    again = scanned(tmp_path, workers=workers)[2]
    assert again.counts["unchanged"] == 2


@pytest.mark.parametrize(
    ("units", "unit", "said"),
    [
        ("yield from files(); raise KeyError('13800138000')", None, "KeyError"),
        ("yield from files(); exit(0)", None, "SystemExit"),
        ("return 5", None, "TypeError"),
        ("yield from files(); yield 5", None, "TypeError"),
        ("yield from files(); yield TableUnit('t', '', 't', '', 'many', 0, '1', people)", "t", "TypeError"),
        ("yield from files(); yield FileUnit('f', 'f', -1, 1.0, '1', files)", "f", "TypeError"),
        ("yield from files(); yield FileUnit('f', 'f', 1, 1.0, '1', lambda: content(b''))", "f", "AttributeError"),
        ("yield from files(); yield FileUnit('f', 'f', 1, 1.0, '1', int)", "f", "TypeError"),
        ("yield from files(); yield FileUnit('f', 'f', 1, 1.0, '1', partial(content, None))", "f", "TypeError"),
        ("yield from files(); yield TableUnit('t', '', 't', '', 5, 0, '1', lambda limit: 5)", "t", "TypeError"),
        ("yield from files(); yield TableUnit('t', '', 't', '', 5, 0, '1', lambda limit: 1 / 0)", "t", "ZeroDivision"),
        ("yield from files(); yield TableUnit('t', '', 't', '', 5, 0, '1', lambda n: Rows((), pa.table({'a': [1]}), None))", "t", "ValueError"),
    ],
)  # fmt: skip
def test_what_fails_is_a_blind_spot(acme, tmp_path: Path, units: str, unit: str | None, said: str) -> None:
    acme(units)
    found, blind, _ = scanned(tmp_path, workers=1)
    [spot] = blind
    assert spot["unit"] in (unit, "", None) and f"the plug-in acme (acme 0.1) failed: {said}" in spot["detail"]
    assert "1380" not in spot["detail"]
    if "files()" in units:
        assert found["a/note.txt"]["types"] == ["phone"]


@pytest.mark.parametrize(
    "code",
    [
        CODE.replace('where = text', 'raise KeyError(text)\n        where = text'),
        CODE.replace('return Address("acme", "acme://" + where)', "return text"),
        CODE.replace("return Store(address)", "raise OSError(address.name)"),
    ],
)  # fmt: skip
def test_one_that_does_not_open_is_bad_input(acme, code: str) -> None:
    acme("yield from files()", code)
    with pytest.raises(BadInput, match=r"the plug-in acme \(acme 0.1\) failed") as told:
        open_store(parse_address("acme://me:secret@host"))
    assert "secret" not in str(told.value)


def test_ours_keep_their_schemes(install) -> None:
    install("acme", "", "[tongguan.stores]\ns3 = acme\n")
    with pytest.raises(BadPlugin, match="tongguan has a part of this name"):
        parse_address("acme://host")
    assert parse_address("s3://bucket/x").kind == "s3"


def test_names_that_no_address_has(install) -> None:
    install("acme", "", "[tongguan.stores]\nACME Store = acme\n")
    with pytest.raises(BadPlugin, match="small letters"):
        parse_address("acme://host")


def test_what_is_no_kind_of_store(install) -> None:
    install("acme", "def open(address): ...", POINT)
    with pytest.raises(BadPlugin, match="acme is no StoreKind"):
        parse_address("acme://host")
