"""Findings summed up as they come, and subjects that are written before their batch is whole."""

from __future__ import annotations

from pathlib import Path

from border_scenes import MEMBERS, OUTSIDE, RETAILER, Scene, exchange, finding, findings_of, org_of, people

from tongguan.border import Ledger, LedgerBatch, Tally, coverer, subjects


def test_parts_sum_up_to_the_whole() -> None:
    findings = [finding("phone", str(n % 7), start=20 * n) for n in range(50)]
    findings.append(finding("bank_card", "3", start=2000))
    whole, parts = Tally(findings), Tally()
    for first in range(0, len(findings), 9):
        parts.add(findings[first : first + 9])
    assert len(parts) == len(whole) == 51
    for type in ("phone", "bank_card"):
        assert parts.types[type].samples == whole.types[type].samples
        assert parts.types[type].distinct.bounds == whole.types[type].distinct.bounds
    assert parts.types["phone"].distinct.bounds[0] == 7
    assert len(parts.types["phone"].samples) == 5
    assert parts.sensitive == ["bank_card"]


def put_aside(folder: Path) -> Scene:
    """A batch of one exchange with nine persons, six of them written in two parts before its end."""
    scene = Scene(folder, org_of(RETAILER, folder))
    moved = exchange(MEMBERS, OUTSIDE)
    crossing = scene.locator.locate(moved)
    for first in (0, 3, 6):
        found = findings_of(people(first, first + 3, "phone"))
        scene.batch.subjects(crossing, subjects(moved, [found], 0, first))
        if first < 6:
            scene.ledger.put_aside(scene.batch)
            assert scene.batch.waiting == 0
    scene.batch.add(crossing, Tally(findings_of(people(0, 9, "phone"))))
    return scene


def test_subjects_put_aside_count_with_their_batch(tmp_path: Path) -> None:
    with put_aside(tmp_path).committed() as ledger:
        told = ledger.query("SELECT count(*) AS n, count(DISTINCT record) AS records FROM subjects").to_pylist()
        assert told == [{"n": 9, "records": 9}]
        assert ledger.query('SELECT "count", "distinct" FROM findings').to_pylist() == [{"count": 9, "distinct": 9}]


def test_subjects_put_aside_are_nothing_where_the_batch_never_came(tmp_path: Path) -> None:
    scene = put_aside(tmp_path)
    written = list((tmp_path / "ledger" / "subjects").rglob("*.parquet"))
    assert len(written) == 2
    scene.ledger.close()
    with Ledger(tmp_path / "ledger") as again:
        assert again.query("SELECT count(*) AS n FROM subjects").to_pylist() == [{"n": 0}]
        again.commit("scene", 1, LedgerBatch(coverer(scene.org)))
    assert not [path for path in written if path.exists()]
