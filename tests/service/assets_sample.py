"""A catalogue made by real scans: a made database and folder, scanned, changed, and scanned again."""

from __future__ import annotations

import random
import sqlite3
from pathlib import Path

from faker import Faker

from tongguan.capture.stores import parse_address
from tongguan.casework import assets
from tongguan.trust import workspace_key

ROWS = 300


def build(home: Path, place: Path, *, again: bool = True) -> list[str]:
    """Scan a database and a folder into the catalogue of a home, twice where `again`; the names of the sources."""
    place.mkdir()
    database, folder = place / "shop.db", place / "files"
    fake, dice = Faker("zh_CN"), random.Random(5)
    fake.seed_instance(5)
    made = sqlite3.connect(database)
    made.execute(
        "create table customers (id integer, customer_name text, mobile text, id_card text, city text, ref text)"
    )
    made.executemany(
        "insert into customers values (?, ?, ?, ?, ?, ?)",
        [
            (n, fake.name(), fake.phone_number(), fake.ssn(), fake.city(), f"R{dice.randrange(10**9)}")
            for n in range(ROWS)
        ],
    )
    made.execute("create table orders (order_no text, amount real, paid text)")
    made.executemany("insert into orders values (?, ?, ?)", [(f"{n:012}", n / 7, "yes") for n in range(ROWS)])
    made.execute("create table old_contacts (phone text)")
    made.executemany("insert into old_contacts values (?)", [(fake.phone_number(),) for _ in range(50)])
    # Columns that are not what they are called, or hardly.
    made.execute("create table odd (mobile text, email text, id_card text, code text)")
    made.executemany("insert into odd values (?, ?, ?, ?)", [
        (fake.phone_number() if n % 5 < 3 else f"{n:05}", f"user {n}", f"{dice.randrange(10**17):018}", f"A{n}") for n in range(ROWS)
    ])  # fmt: skip
    made.execute("create view all_orders as select * from orders")
    made.commit()
    folder.mkdir()
    (folder / "staff.csv").write_text(
        "姓名,手机\n" + "".join(f"{fake.name()},{fake.phone_number()}\n" for _ in range(40)), encoding="utf-8"
    )
    (folder / "notes.txt").write_text("Nothing personal here.\n", encoding="utf-8")
    (folder / "torn.zip").write_bytes(b"PK\x03\x04 torn")
    sources = [f"sqlite:///{database}", str(folder)]
    addresses = [parse_address(source) for source in sources]
    key = workspace_key(home)
    assets.scan(addresses, home / "assets", key)
    if again:
        made.execute("drop table old_contacts")
        made.execute("alter table orders add column bank_card text")
        made.execute("update orders set bank_card = '4111111111111111'")
        made.execute('create table "<b>gifts" (phone text)')
        made.executemany('insert into "<b>gifts" values (?)', [(fake.phone_number(),) for _ in range(30)])
        made.commit()
        (folder / "notes.txt").unlink()
        assets.scan(addresses, home / "assets", key)
    made.close()
    return [address.name for address in addresses]
