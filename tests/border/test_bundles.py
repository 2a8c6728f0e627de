"""Subjects in bundles: however small these are, the counts are the same; and memory does not grow with the subjects."""

from __future__ import annotations

import random
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from border_scenes import MEMBERS, RETAILER, Row, Scene, exchange, org_of

from tongguan.border import bundles, hubs, summarise
from tongguan.border.spool import Spool, part_of
from tongguan.border.summary import Summary

PARENT, AS_OF = "203.0.113.9", date(2026, 11, 20)


def rows_of(chance: random.Random, people: int) -> list[Row]:
    kinds = ["id_card", "passport", "phone", "email", "bank_card", "person_name", "address", "ip", "health"]
    return [
        {
            kind: "|".join(str(chance.randrange(people)) for _ in range(chance.choice([1, 1, 1, 2])))
            for kind in chance.sample(kinds, chance.randrange(1, 4))
        }
        for _ in range(chance.randrange(1, 40))
    ]


def counted(summary: Summary) -> list[object]:
    return [
        summary.seen, summary.counted, summary.exempt,
        sorted((total.id, repr(total.seen), sorted(total.type_persons.items())) for total in summary.recipients),
    ]  # fmt: skip


@pytest.mark.parametrize("seed", range(12))
def test_counts_do_not_depend_on_the_size_of_bundles(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    chance, org = random.Random(seed), org_of(RETAILER, tmp_path)
    scene = Scene(tmp_path, org)
    for _ in range(8):
        destination = chance.choice([PARENT, "198.51.100.3", "192.0.2.1"])
        scene.sent(exchange(MEMBERS, destination), rows_of(chance, chance.choice([12, 60, 400])))
    ledger = scene.committed()
    whole = counted(summarise(ledger, org, AS_OF))
    monkeypatch.setattr(bundles, "SUBJECTS", chance.choice([1, 3, 10]))
    monkeypatch.setattr(bundles, "_BATCH", chance.choice([1, 7, 50]))
    assert counted(summarise(ledger, org, AS_OF)) == whole


def common_rows(chance: random.Random, common: dict[str, str]) -> list[Row]:
    """Records of which most hold the same phone, mail or card, with few or many names beside it."""
    names, made = chance.choice([3, 200]), []
    for number in range(chance.randrange(5, 60)):
        row: Row = {"address": str(number)}
        for kind, value in common.items():
            if chance.random() < 0.9:
                row[kind] = value
        for kind in chance.sample(["person_name", "phone", "id_card", "email", "bank_card"], chance.randrange(4)):
            if kind not in row:
                row[kind] = str(chance.randrange(names if kind == "person_name" else 300))
        made.append(row)
    return made


@pytest.mark.parametrize("seed", range(16))
def test_what_very_many_have_in_common_changes_no_count(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    """Each way of putting subjects apart gives what they give as one bundle, tied by everything."""
    chance, org = random.Random(1000 + seed), org_of(RETAILER, tmp_path)
    scene = Scene(tmp_path, org)
    kinds = chance.sample(["phone", "email", "id_card", "bank_card", "person_name"], chance.choice([1, 1, 2]))
    common = {kind: f"{chance.randrange(2)}" for kind in kinds}
    for _ in range(5):
        destination = chance.choice([PARENT, "198.51.100.3", "192.0.2.1"])
        rows = common_rows(chance, common) if chance.random() < 0.7 else rows_of(chance, 60)
        scene.sent(exchange(MEMBERS, destination), rows)
    ledger = scene.committed()
    monkeypatch.setattr(hubs, "MANY", 10**9)
    whole = counted(summarise(ledger, org, AS_OF))
    for many, size in ((1, 1), (chance.choice([2, 5, 20]), chance.choice([3, 10, 10**6]))):
        monkeypatch.setattr(hubs, "MANY", many)
        monkeypatch.setattr(bundles, "SUBJECTS", size)
        monkeypatch.setattr(bundles, "_BATCH", chance.choice([1, 7, 50]))
        for module in (hubs, bundles):
            monkeypatch.setattr(module, "CHUNK", chance.choice([1, 20, 500_000]))
        assert counted(summarise(ledger, org, AS_OF)) == whole


def test_rows_put_aside_come_back_by_part(tmp_path: Path) -> None:
    chance = np.random.default_rng(1)
    with Spool(16, np.dtype([("key", "u8"), ("lot", "u4")]), tmp_path) as spool:
        keys = [chance.integers(0, 2**64, size, dtype=np.uint64) for size in (1000, 0, 1, 77)]
        for lot, key in enumerate(keys):
            spool.add(part_of(key, 16), key, np.full(len(key), lot))
        parts = [spool.read(part) for part in range(16)]
        assert len(spool) == 1078
    assert not list(tmp_path.iterdir())
    assert all((part_of(rows["key"], 16) == part).all() for part, rows in enumerate(parts))
    assert all(len(rows) and (np.diff(rows["lot"].astype(int)) >= 0).all() for rows in parts)
    assert sorted(np.concatenate([rows["key"] for rows in parts])) == sorted(np.concatenate(keys))
