"""Made-up sources for scans: folders and SQLite files of made-up persons, and the scan itself."""

from __future__ import annotations

import os
import sqlite3
import time
from pathlib import Path
from typing import Any

from faker import Faker

from tongguan.capture.stores import parse_address
from tongguan.casework.assets import Catalogue, Filter, Outcome, rows, scan

KEY = b"k" * 32


def people(count: int, seed: int = 7) -> list[tuple[int, str, str, str, str, str]]:
    """number, name, phone, id card, address, bank card; phones and identity numbers are well-formed and made up."""
    fake = Faker("zh_CN")
    fake.seed_instance(seed)
    return [
        (n, fake.name(), fake.phone_number(), fake.ssn(), fake.address(), fake.credit_card_number("mastercard"))
        for n in range(count)
    ]


def database(path: Path, *statements: str | tuple[str, list[Any]]) -> Path:
    connection = sqlite3.connect(path)
    connection.execute("pragma synchronous = off")
    for statement in statements:
        if isinstance(statement, str):
            connection.execute(statement)
        else:
            connection.executemany(*statement)
    connection.commit()
    connection.close()
    settle(path)
    return path


def settle(path: Path, ago_s: float = 3600) -> None:
    """Files changed just now are looked into again next time: these were not."""
    at = time.time() - ago_s
    for each in path.rglob("*") if path.is_dir() else (path,):
        os.utime(each, (at, at))


def members(path: Path, count: int = 200) -> Path:
    return database(
        path, "create table members (id integer primary key, name text, mobile text, id_card text, address text, 银行卡号 text)",
        ("insert into members values (?, ?, ?, ?, ?, ?)", people(count)),
        "create table numbers (a int, b real)", ("insert into numbers values (?, ?)", [(n, n / 7) for n in range(50)]),
    )  # fmt: skip


def scanned(folder: Path, *sources: str | Path, **more: Any) -> list[Outcome]:
    """Without the model that reads names in prose, where the test does not ask for it."""
    more.setdefault("names", False)
    typed = [f"sqlite:///{one}" if str(one).endswith(".db") else str(one) for one in sources]
    return scan([parse_address(one) for one in typed], folder, KEY, **more)


def view(folder: Path, name: str = "units", **chosen: Any) -> list[dict[str, Any]]:
    """Rows; without the blind spot that the model of names was off."""
    with Catalogue(folder) as catalogue:
        return [row for row in rows(catalogue, name, Filter(**chosen)) if row.get("reason") != "names_off"]


def by_path(folder: Path, name: str = "units", **chosen: Any) -> dict[str, dict[str, Any]]:
    return {row["path"]: row for row in view(folder, name, **chosen)}
