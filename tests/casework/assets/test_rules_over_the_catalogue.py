"""What users decided holds over scans: templates, policy, corrections; and what is found of documents and registered data."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from asset_sources import KEY, by_path, database, people, scanned, settle, view

from tongguan.casework.assets import Catalogue, apply_rules
from tongguan.casework.assets.ruling import verdict_of
from tongguan.errors import BadPack
from tongguan.identify.fingerprints import build_documents, build_table
from tongguan.identify.templates import ChangeRule, LeaveOut, Rulebook, Ruling, Switch, classify


def column(out: Path, name: str) -> dict[str, Any]:
    (found,) = [row for row in view(out, "columns") if row["name"] == name]
    return found


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return database(
        tmp_path / "a.db", "create table members (mobile text, mail text, code text)",
        ("insert into members values (?, ?, ?)", [(phone, f"u{n}@example.com", f"A{n}") for n, _, phone, *_ in people(80)]),
    )  # fmt: skip


def record(*_: object) -> int:
    return 0


def correct(out: Path, name: str, ruling: Ruling) -> str:
    """As a person does on the review page."""
    book = Rulebook(out)
    with Catalogue(out) as catalogue:
        ((_, table, comment, judged),) = next(catalogue.judged_units())
    rules = book.rules()
    result = classify(verdict_of(judged, table, comment), rules.templates, policy=rules.policy)
    (of,) = [one for one in result.columns if one.name == name]
    return book.correct(of, ruling, "试验", by="me", record=record).id


def test_a_correction_stays_over_scans_until_something_else_is_found(tmp_path: Path, source: Path) -> None:
    out = tmp_path / "out"
    scanned(out, source)
    assert column(out, "mobile")["type"] == "phone" and "phone" in by_path(out)["members"]["types"]
    ident = correct(out, "mobile", Ruling(None))
    (outcome,) = scanned(out, source)
    assert outcome.counts["unchanged"] == 1
    corrected = column(out, "mobile")
    assert (corrected["type"], corrected["level"], corrected["correction"]) == (None, None, ident)
    assert corrected["found_type"] == "phone" and "phone" not in by_path(out)["members"]["types"]
    scanned(out, source, full=True)
    assert column(out, "mobile")["correction"] == ident and column(out, "mobile")["type"] is None

    database(
        source,
        "delete from members",
        ("insert into members values (?, ?, ?)", [(p[3], "x@example.com", "A") for p in people(80)]),
    )
    scanned(out, source)
    other = column(out, "mobile")
    assert (other["type"], other["correction"], other["lapsed"]) == ("id_card", None, ident)
    assert [row["name"] for row in view(out, "columns", lapsed=True)] == ["mobile"]
    assert [row["path"] for row in view(out, lapsed=True)] == ["members"]
    assert ("lapsed", "mobile", "id_card") in {(r["what"], r["before"], r["after"]) for r in view(out, "changes")}
    scanned(out, source, full=True)
    assert [row["what"] for row in view(out, "changes")].count("lapsed") == 1

    Rulebook(out).withdraw(ident, by="me", record=record)
    scanned(out, source)
    assert column(out, "mobile")["lapsed"] is None and column(out, "mobile")["type"] == "id_card"


def test_policies_hold_without_reading_anything_again(tmp_path: Path, source: Path) -> None:
    out = tmp_path / "out"
    scanned(out, source)
    before = column(out, "mail")
    assert before["level"] and before["rule"]
    book = Rulebook(out)
    book.edit(ChangeRule(before["rule"], level="general-4"), by="me", record=record)
    book.edit(LeaveOut("members", "mobile", "试验"), by="me", record=record)
    (outcome,) = scanned(out, source)
    assert outcome.counts["unchanged"] == 1 and not outcome.counts["read"]
    assert column(out, "mail")["level"] == "general-4" == by_path(out)["members"]["level"]
    assert column(out, "mobile")["left_out"] == "试验" and by_path(out)["members"]["types"] == ["email"]
    book.edit(Switch(before["rule"], False), by="me", record=record)
    with Catalogue(out, write=True) as catalogue:
        assert apply_rules(catalogue, book.rules()) == 1
        assert apply_rules(catalogue, book.rules()) == 0
    assert column(out, "mail")["rule"] != before["rule"]


def test_a_rulebook_that_cannot_be_read_is_told_before_anything_is(tmp_path: Path, source: Path) -> None:
    out = tmp_path / "out"
    scanned(out, source)
    (out / "policy.yaml").write_text("levels: [", encoding="utf-8")
    with pytest.raises(BadPack):
        scanned(out, source)


def test_kinds_of_documents(tmp_path: Path) -> None:
    folder = tmp_path / "files"
    folder.mkdir()
    code = "".join(
        f"def area_{n}(width: int, height: int) -> int:\n    return width * height + {n}\n\n\n" for n in range(40)
    )
    (folder / "a.py").write_text(code, encoding="utf-8")
    (folder / "noise").write_bytes(bytes(range(256)) * 20)
    settle(folder)
    scanned(tmp_path / "out", folder)
    units = by_path(tmp_path / "out")
    assert units["a.py"]["document"] == "source_code" and 0.5 < units["a.py"]["document_probability"] <= 1
    assert units["noise"]["document"] is None and units["noise"]["document_probability"] is None
    assert set(by_path(tmp_path / "out", document="source_code")) == {"a.py"}


def test_registered_tables_and_documents_are_named(tmp_path: Path) -> None:
    import pyarrow as pa

    from tongguan.identify import Piece

    known = people(200)
    batch = pa.record_batch({"name": [p[1] for p in known], "phone": [p[2] for p in known]})
    build_table([batch], tmp_path / "customers.tgfp", KEY)
    text = "".join(
        f"第{n}条 乙方应当在收到货物后{n}日内按照本合同附件所列的标准完成验收并书面通知甲方。\n" for n in range(1, 40)
    )
    build_documents([("合同一", [Piece(text)])], tmp_path / "contracts.tgfp", KEY)
    folder = tmp_path / "files"
    folder.mkdir()
    (folder / "mail.txt").write_text("".join(f"{p[1]} {p[2]}\n" for p in known[:7]), encoding="utf-8")
    (folder / "copy.txt").write_text("前言\n" + text[: len(text) // 2], encoding="utf-8")
    (folder / "other.txt").write_text("nothing of the kind\n", encoding="utf-8")
    settle(folder)
    out = tmp_path / "out"
    scanned(out, folder)
    assert all(unit["known"] == [] for unit in by_path(out).values())
    scanned(out, folder, registered=[tmp_path / "customers.tgfp", tmp_path / "contracts.tgfp"])
    units = by_path(out)
    assert units["mail.txt"]["known"] == [{"store": "customers.tgfp", "name": "", "share": None, "rows": 7}]
    (match,) = units["copy.txt"]["known"]
    assert match["name"] == "合同一" and 0.3 < match["share"] < 0.7
    assert set(by_path(out, known=True)) == {"mail.txt", "copy.txt"} and set(by_path(out, known=False)) == {"other.txt"}
